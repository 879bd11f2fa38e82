// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/source.h"
#include "pg/sandbox.h"

namespace contraflow::rehearse {

struct ArenaOptions {
  pg::SandboxOptions sandbox;
  std::optional<int> major;
  // The migration runs with all rights: superuser. Else as a role that owns what is there, and is lifted for
  // single statements that need it.
  bool superuser = false;
  std::function<void(const std::string&)> progress;
};

// Where the migration runs: databases of a sandbox, copied for each trial, and the role that it runs as.
// Databases are named by their superuser's connection string.
class Arena {
 public:
  explicit Arena(ArenaOptions options);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  pg::Sandbox& sandbox();
  int major() const;
  bool superuser() const;
  const std::vector<std::string>& bindirs() const;  // --pg-bindir

  // A database with the schema of the source; `before_file`: of a folder of migrations, those that come
  // before this file.
  std::string load(const std::string& source, const std::string& before_file = {});
  // Schema and rows of a clone; see copy_clone().
  std::string load_clone(const std::string& url, bool is_safe);
  std::string empty_database();
  // After loading: from here on the migration's role has no more rights than an owner.
  void settle();

  // A database of its own for one trial; gone with the object, with the roles that the trial made.
  class Trial {
   public:
    Trial(Arena& arena, const std::string& base);
    ~Trial();
    Trial(Trial&& other) noexcept;
    Trial& operator=(Trial&&) = delete;
    const std::string& admin() const { return admin_; }
    std::string migrator() const;

   private:
    Arena* arena_;
    std::string admin_;
    std::vector<std::string> roles_;  // that were there before
  };
  Trial trial(const std::string& base) { return Trial(*this, base); }

  // The connection string of the role that runs migrations.
  std::string migrator(const std::string& admin) const;
  std::function<void(bool)> elevate();  // empty where the migration has all rights anyway
  // Creates a role or tablespace that the error says is missing; false where it is about something else.
  bool supply(const Error& error);

  std::vector<std::string>& notes() { return notes_; }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::vector<std::string> notes_;
};

}  // namespace contraflow::rehearse
