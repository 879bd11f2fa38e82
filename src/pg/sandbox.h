// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace contraflow::pg {

// A folder with `initdb` and `postgres`, and what it needs to run.
struct ServerBinaries {
  std::string bindir;
  int major = 0;            // 15
  std::string version;      // "15.18"
  std::string library_dir;  // for LD_LIBRARY_PATH; empty where the system finds the libraries itself
};

// All server installations on this machine: `extra` (--pg-bindir) first, then CONTRAFLOW_PG_BINDIR
// (colon-separated), PATH, pg_config, the distributions' usual folders. Newest major first; each folder once.
std::vector<ServerBinaries> find_servers(const std::vector<std::string>& extra = {});

// Whether `folder` (a bindir or the root of a package) is where this server lies.
bool named_by(const std::string& folder, const ServerBinaries& server);

struct SandboxOptions {
  std::optional<int> major;           // the major wanted; empty: the newest
  std::vector<std::string> bindirs;   // --pg-bindir
  std::string url;                    // --sandbox-url: use this server instead (fresh databases, dropped afterwards)
  std::vector<std::string> settings;  // more postgresql.conf lines, such as "wal_level = logical"
  bool programs = false;              // whether SQL may start programs of this machine: COPY … PROGRAM, in whatever disguise
};

// A throwaway PostgreSQL server on a private Unix socket: no TCP, fsync off, run by an unprivileged user.
// `initdb` runs once per major and settings into the user's cache folder and is copied from there. The server
// stops and its folder goes when the object dies, on SIGINT/SIGTERM, and (by the next start's collection of
// dead owners' leftovers) after SIGKILL. Throws Error{environment} with what is missing and how to install
// it.
class Sandbox {
 public:
  explicit Sandbox(const SandboxOptions& options = {});
  ~Sandbox();
  Sandbox(Sandbox&&) noexcept;
  Sandbox& operator=(Sandbox&&) noexcept;

  int major() const;
  // Creates an empty database (encoding UTF8, from template0, or a copy of `source`) and returns its
  // connection string (superuser). Names are made unique; the database is dropped with the sandbox.
  std::string create_database(const std::string& label, const std::string& source_conninfo = {});
  void drop_database(const std::string& conninfo);
  // The same connection string for another role; a sandbox of our own trusts every role on its private socket.
  static std::string as_user(const std::string& conninfo, const std::string& user);
  // Socket folder, port, and superuser name, for running psql or pg_dump against it.
  const std::string& host() const;
  int port() const;
  const std::string& user() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace contraflow::pg
