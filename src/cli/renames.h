// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "catalog/model.h"
#include "diff/diff.h"
#include "diff/rename.h"
#include "pg/sandbox.h"

namespace contraflow::cli {

struct RenameQuestion {
  std::string text;    // "Was column public.users.user_name renamed to username? (same type, similar name)"
  std::string if_not;  // what happens then
};

struct RenameOptions {
  std::vector<diff::RenameRequest> requests;
  bool no_rename = false;  // nothing beyond the requests that somebody would have to be asked about
  // Whether it is a rename; empty: nobody can be asked, and Error{usage} says so.
  std::function<bool(const RenameQuestion&)> ask;
  std::function<pg::Sandbox&()> sandbox;
};

struct SettledRenames {
  std::optional<catalog::Database> renamed;  // the current schema after the renames, where there are any
  std::vector<diff::Rename> renames;
  diff::Difference difference;  // the other changes
  std::vector<std::string> notes;

  // The schema that `difference` leads on from: `from` is what settle_renames() was given.
  const catalog::Database& after(const catalog::Database& from) const { return renamed ? *renamed : from; }
};

// Which renames lead from `from` to `to`: those asked for, those that lose nothing, and those that somebody confirms.
SettledRenames settle_renames(const catalog::Database& from, const catalog::Database& to, const RenameOptions& options);

}  // namespace contraflow::cli
