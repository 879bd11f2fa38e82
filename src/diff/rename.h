// SPDX-License-Identifier: Apache-2.0
//
// Renames: what the user asked for, resolved against both schemas, and what looks like one. Pure.
#pragma once

#include <string>
#include <vector>

#include "diff/diff.h"

namespace contraflow::diff {

// `users.user_name` -> `username`, as given with --rename or in a comment of the desired SQL.
struct RenameRequest {
  std::string from;
  std::string to;
  std::string where;  // "--rename users.user_name=username", "schema.sql:3": for messages
  // A comment stays in the SQL when the rename is done: where the old name is gone, it says nothing any more.
  bool hint = false;
};

// `OLD=NEW`, names quoted where they need it. Throws Error{usage}.
RenameRequest parse_rename(const std::string& option);

struct ResolvedRenames {
  std::vector<Rename> renames;  // `from` as `a` names it, `to` as `b` does
  std::vector<std::string> notes;
};

// Throws Error{usage} where a name is unknown, ambiguous or taken.
ResolvedRenames resolve_renames(const std::vector<RenameRequest>& requests, const catalog::Database& a, const catalog::Database& b);

// What stands out as a rename. `harmless`: nothing but the name differs and nothing could be lost, so nobody needs to be
// asked (indexes, constraints, triggers, policies, …; a sequence of the same column).
struct Proposal {
  Rename rename;
  bool harmless = false;
  std::string reason;  // "same type, similar name"
};
std::vector<Proposal> propose_renames(const Difference& difference, const catalog::Database& a, const catalog::Database& b);

// As --rename takes it: `users.user_name=username`; the schema only where it is not public.
std::string rename_option(const Rename& rename);
// The bare new name; with its schema where the object moves to another one.
std::string new_name_of(const Rename& rename);

// Whether a person would take one name for the other: equal but for separators and case, one's words among the other's, or a few
// letters apart.
bool similar_names(const std::string& a, const std::string& b);

}  // namespace contraflow::diff
