// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/source_script.h"

namespace contraflow::rehearse {

// One direction of a hand-written migration.
struct Script {
  std::string path;  // as messages name it
  std::vector<catalog::ScriptItem> items;
  // The runner that the file is for would open one transaction around it: no BEGIN, no statement that refuses
  // to run in one, no marker that says so.
  bool one_transaction = true;
  bool needs_psql = false;  // \gset, \if and the like
  bool empty() const;       // no statement that could change anything
};

struct Migration {
  Script forward;
  std::optional<Script> rollback;
  std::string layout;  // the markers or names by which it was recognised: "golang-migrate", "dbmate", …; ""
                       // for a plain file
};

// Reads FILE and finds its rollback: behind a marker in the file (dbmate, goose, …), or beside it:
// X.rollback.sql, X.down.sql, X_down.sql, X.undo.sql, X.revert.sql, X.up.sql -> X.down.sql, up.sql or
// migration.sql or deploy.sql -> down.sql, rollback.sql, revert.sql, V1__x.sql -> U1__x.sql, deploy/x.sql ->
// revert/x.sql, up/x.sql -> down/x.sql. FILE may be the folder that holds them. `rollback`: this file
// instead.
Migration read_migration(const std::string& path, const std::string& rollback = {});

// Where FILE's rollback lies, or nothing.
std::optional<std::string> find_rollback(const std::string& path);

}  // namespace contraflow::rehearse
