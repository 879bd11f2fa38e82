// SPDX-License-Identifier: Apache-2.0
#include "pg/sandbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "base/error.h"
#include "base/text.h"
#include "pg/connection.h"
#include "pg/conninfo.h"
#include "pg/server.h"

namespace contraflow::pg {
namespace {

constexpr long long kLargeDatabase = 64LL << 20;

const ServerBinaries& choose(const std::vector<ServerBinaries>& servers, std::optional<int> major) {
  for (const ServerBinaries& server : servers)
    if (!major || server.major == *major) return server;
  std::vector<std::string> majors;
  for (const ServerBinaries& server : servers) majors.push_back(std::to_string(server.major));
  const std::string wanted = major ? fmt::format(" {}", *major) : "";
  throw Error(
      ErrorCode::environment,
      fmt::format("no PostgreSQL{} server binaries found (found: {})", wanted,
                  majors.empty() ? "none" : join(majors, ", ")),
      fmt::format(
          "install them (Debian: apt-get install postgresql{}), name their folder with --pg-bindir or "
          "CONTRAFLOW_PG_BINDIR, or use a server of yours with --sandbox-url",
          major ? fmt::format("-{}", *major) : ""));
}

// A folder that the user names wins over a newer server of the system.
ServerBinaries wanted_server(const SandboxOptions& options) {
  const std::vector<ServerBinaries> servers = find_servers(options.bindirs);
  if (options.bindirs.empty() || options.major) return choose(servers, options.major);
  std::vector<ServerBinaries> named;
  for (const std::string& folder : options.bindirs)
    for (const ServerBinaries& server : servers)
      if (named_by(folder, server)) named.push_back(server);
  std::stable_sort(named.begin(), named.end(),
                   [](const auto& a, const auto& b) { return a.major > b.major; });
  return choose(named, {});
}

std::string database_label(const std::string& label) {
  std::string out;
  for (const char c : to_lower(label))
    if (out.size() < 30) out += ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) ? c : '_';
  return out.empty() ? "db" : out;
}

std::string random_token() {
  std::random_device random;
  return fmt::format("{:08x}", random());
}

constexpr std::string_view kUrlPrefix = "contraflow_sb_";

}  // namespace

struct Sandbox::Impl {
  std::unique_ptr<Server> server;  // empty with --sandbox-url
  std::unique_ptr<Connection> maintenance;
  std::string url;
  std::string prefix;  // of database names; empty on a server of our own
  std::string host;
  int port = kServerPort;
  std::string user = kServerUser;
  int created = 0;
  std::map<std::string, std::string> databases;  // connection string -> name
  std::mutex mutex;

  explicit Impl(const SandboxOptions& options);
  ~Impl();
  void start(const SandboxOptions& options);
  void attach(const std::string& address);
  void collect_databases_of_dead_owners();
  void wait_until_unused(const std::string& database);
  void drop(const std::string& database);
  std::string strategy(const std::string& source);
  void create_copy(const std::string& name, const std::string& source);
  void create_empty(const std::string& name);
};

Sandbox::Impl::Impl(const SandboxOptions& options) {
  if (options.url.empty()) {
    start(options);
  } else {
    attach(options.url);
    if (options.major && maintenance->server_major() != *options.major)
      throw Error(ErrorCode::environment, fmt::format("the sandbox server is PostgreSQL {}, {} is wanted",
                                                      maintenance->server_major(), *options.major));
  }
}

// On a server of our own the databases go with its folder.
Sandbox::Impl::~Impl() {
  if (server) return;
  try {
    for (const auto& [conninfo, name] : databases) drop(name);
  } catch (const Error&) {
    // The connection is lost; the next start on that server collects them.
  }
}

void Sandbox::Impl::start(const SandboxOptions& options) {
  server = std::make_unique<Server>(wanted_server(options), options.settings, options.programs);
  host = server->host();
  maintenance = std::make_unique<Connection>(server->conninfo("postgres"), "contraflow sandbox");
}

void Sandbox::Impl::attach(const std::string& address) {
  const std::string token = random_token();
  url = address;
  prefix = fmt::format("{}{}_", kUrlPrefix, token);
  // The application name marks us as alive: see collect_databases_of_dead_owners().
  maintenance = std::make_unique<Connection>(with_setting(address, "application_name", prefix), prefix);
  host = maintenance->host();
  port = maintenance->port();
  user = maintenance->user();
  collect_databases_of_dead_owners();
}

// A database of ours is left behind when no session carries its owner's name any more. Only databases of our
// own role: a role sees the application names of its own sessions only.
void Sandbox::Impl::collect_databases_of_dead_owners() {
  const Result dead = maintenance->query(
      "select d.datname from pg_database d where d.datdba = (select oid from pg_roles where rolname = "
      "current_user)"
      " and d.datname ~ '^contraflow_sb_[0-9a-f]{8}_' and not exists (select from pg_stat_activity a"
      " where a.application_name = left(d.datname, 23))");
  for (int row = 0; row < dead.rows(); ++row) drop(dead.string(row, 0));
}

// CREATE DATABASE and DROP DATABASE wait for sessions that are about to end in steps of 100 ms; this is
// quicker.
void Sandbox::Impl::wait_until_unused(const std::string& database) {
  for (int tries = 0; tries < 100; ++tries) {
    const Result used =
        maintenance->query("select count(*) from pg_stat_activity where datname = $1", {database});
    if (used.integer(0, 0) == 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

void Sandbox::Impl::drop(const std::string& database) {
  maintenance->query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", {database});
  wait_until_unused(database);
  const bool force = maintenance->server_major() >= 13;
  maintenance->execute(
      fmt::format("drop database if exists \"{}\"{}", database, force ? " with (force)" : ""));
}

// FILE_COPY writes no WAL but makes two checkpoints (documentation, CREATE DATABASE). Those cost nothing on a
// server that does not sync: measured twice as fast there. On a server of the user's only a large database is
// worth them.
std::string Sandbox::Impl::strategy(const std::string& source) {
  if (maintenance->server_major() < 15) return "";
  if (server) return " strategy file_copy";
  const Result size = maintenance->query("select pg_database_size($1::name)", {source});
  return size.integer(0, 0) >= kLargeDatabase ? " strategy file_copy" : " strategy wal_log";
}

void Sandbox::Impl::create_copy(const std::string& name, const std::string& source) {
  wait_until_unused(source);
  maintenance->execute(
      fmt::format("create database \"{}\" template \"{}\"{}", name, source, strategy(source)));
}

void Sandbox::Impl::create_empty(const std::string& name) {
  const std::string create =
      fmt::format("create database \"{}\" template template0 encoding 'UTF8'{}", name, strategy("template0"));
  try {
    maintenance->execute(create);
  } catch (const ServerError& error) {
    if (error.sqlstate() == "42501")
      throw Error(ErrorCode::environment, fmt::format("role \"{}\" may not create databases on the server of --sandbox-url", user),
                  "grant it there (ALTER ROLE … CREATEDB), use a superuser, or leave --sandbox-url out", error.sqlstate());
    if (error.sqlstate() != "22023") throw;  // the server's locale demands another encoding
    maintenance->execute(create + " lc_collate 'C' lc_ctype 'C'");
  }
}

Sandbox::Sandbox(const SandboxOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Sandbox::~Sandbox() = default;
Sandbox::Sandbox(Sandbox&&) noexcept = default;
Sandbox& Sandbox::operator=(Sandbox&&) noexcept = default;

int Sandbox::major() const { return impl_->maintenance->server_major(); }
const std::string& Sandbox::host() const { return impl_->host; }
int Sandbox::port() const { return impl_->port; }
const std::string& Sandbox::user() const { return impl_->user; }

std::string Sandbox::create_database(const std::string& label, const std::string& source_conninfo) {
  const std::lock_guard guard(impl_->mutex);
  const std::string name = fmt::format("{}{}_{}", impl_->prefix, database_label(label), ++impl_->created);
  if (source_conninfo.empty()) {
    impl_->create_empty(name);
  } else {
    const auto source = impl_->databases.find(source_conninfo);
    if (source == impl_->databases.end())
      throw Error(ErrorCode::usage, "only a database of the same sandbox can be copied");
    impl_->create_copy(name, source->second);
  }
  const std::string conninfo =
      impl_->server ? impl_->server->conninfo(name) : with_setting(impl_->url, "dbname", name);
  impl_->databases.emplace(conninfo, name);
  return conninfo;
}

std::string Sandbox::as_user(const std::string& conninfo, const std::string& user) {
  return with_setting(conninfo, "user", user);
}

void Sandbox::drop_database(const std::string& conninfo) {
  const std::lock_guard guard(impl_->mutex);
  const auto database = impl_->databases.find(conninfo);
  if (database == impl_->databases.end())
    throw Error(ErrorCode::usage, "this database is not one of the sandbox");
  impl_->drop(database->second);
  impl_->databases.erase(database);
}

}  // namespace contraflow::pg
