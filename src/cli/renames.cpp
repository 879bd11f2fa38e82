// SPDX-License-Identifier: Apache-2.0
#include "cli/renames.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "catalog/rename_in_sandbox.h"

namespace contraflow::cli {
namespace {

std::string what_is_lost(const catalog::ObjectId& id) {
  using catalog::Kind;
  if (catalog::is_enum_value(id)) return "the value goes away, and rows that hold it need another one (--map)";
  switch (id.kind) {
    case Kind::column: return "the old column goes with its data, and the new one begins empty";
    case Kind::schema: return "the old schema goes with its tables and their rows, and the new ones begin empty";
    case Kind::table: return "the old table goes with its rows, and the new one begins empty";
    case Kind::sequence: return "the old sequence goes with its value, and the new one begins anew";
    default: return "the old one goes, and the new one is made";
  }
}

// A schema that no sandbox can hold (an extension that is not installed here) is planned without renames that nobody asked for.
bool can_be_carried_out(const catalog::Database& database, const diff::Rename& rename, const RenameOptions& options) {
  try {
    catalog::carry_out(database, {rename}, options.sandbox);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// The live table (of the column, or that uses the type) has no page: there is nothing to lose.
bool holds_nothing(const catalog::Database& database, const catalog::ObjectId& id) {
  using catalog::Kind;
  const auto empty = [&](const std::string& schema, const std::string& table) {
    const auto it = database.sizes.find({schema, table});
    return it != database.sizes.end() && it->second.bytes == 0;
  };
  if (id.kind == Kind::column) return empty(id.schema, id.relation);
  if (id.kind == Kind::table) return empty(id.schema, id.name);
  if (id.kind == Kind::schema) {
    if (database.sizes.empty()) return false;
    return std::all_of(database.sizes.begin(), database.sizes.end(), [&](const auto& size) { return size.first.schema != id.name || size.second.bytes == 0; });
  }
  if (database.sizes.empty() || id.kind == Kind::sequence) return false;
  // A type (or one of its values) matters where a table with rows uses it.
  const catalog::ObjectId type{id.kind, id.schema, "", catalog::is_enum_value(id) ? id.relation : id.name, ""};
  for (const auto& [column, object] : database.objects) {
    if (column.kind == Kind::column && object.depends_on.contains(type) && !empty(column.schema, column.relation)) return false;
  }
  return true;
}

Error stop(const std::vector<diff::Proposal>& open) {
  std::vector<std::string> lines, flags;
  for (const diff::Proposal& proposal : open) {
    lines.push_back(fmt::format("{} may have been renamed to {} ({})", catalog::describe_renamed(proposal.rename.from), diff::new_name_of(proposal.rename), proposal.reason));
    const std::string option = diff::rename_option(proposal.rename);
    flags.push_back("--rename " + (option.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.=") == std::string::npos ? option : "'" + replace_all(option, "'", "'\\''") + "'"));
  }
  return Error(ErrorCode::usage, join(lines, "; "),
               fmt::format("yes: {}; no: --no-rename ({})", join(flags, " "), what_is_lost(open.front().rename.from)));
}

}  // namespace

SettledRenames settle_renames(const catalog::Database& from, const catalog::Database& to, const RenameOptions& options) {
  SettledRenames out;
  diff::ResolvedRenames resolved = diff::resolve_renames(options.requests, from, to);
  out.notes = std::move(resolved.notes);
  out.renames = std::move(resolved.renames);
  if (!out.renames.empty()) out.renamed = catalog::carry_out(from, out.renames, options.sandbox);
  std::set<catalog::ObjectId> declined;
  // What is renamed uncovers more: a table's columns and keys are compared once it has its new name.
  while (true) {
    const catalog::Database& now = out.after(from);
    out.difference = diff::compare(now, to);
    std::vector<diff::Rename> accepted;
    std::vector<diff::Proposal> open;
    for (const diff::Proposal& proposal : diff::propose_renames(out.difference, now, to)) {
      if (declined.contains(proposal.rename.from)) continue;
      if (proposal.harmless) {
        if (!catalog::renamed_in_model(proposal.rename.from) && !can_be_carried_out(now, proposal.rename, options)) {
          declined.insert(proposal.rename.from);
          continue;
        }
        accepted.push_back(proposal.rename);
        out.notes.push_back(fmt::format("{} is renamed to {}: {}", catalog::describe_renamed(proposal.rename.from), diff::new_name_of(proposal.rename), proposal.reason));
      } else if (!options.no_rename && holds_nothing(now, proposal.rename.from)) {
        // Dropped and added, an empty table loses nothing; whoever meant a rename is told how to say so.
        declined.insert(proposal.rename.from);
        out.notes.push_back(fmt::format("{} is dropped and {} added, which loses nothing because the table is empty; if it was renamed: --rename {}",
                                        catalog::describe_renamed(proposal.rename.from), diff::new_name_of(proposal.rename), diff::rename_option(proposal.rename)));
      } else if (!options.no_rename) {
        open.push_back(proposal);
      }
    }
    if (!open.empty() && !options.ask) throw stop(open);
    for (const diff::Proposal& proposal : open) {
      const bool yes = options.ask({fmt::format("Was {} renamed to {}? ({})", catalog::describe_renamed(proposal.rename.from), diff::new_name_of(proposal.rename), proposal.reason),
                                    what_is_lost(proposal.rename.from)});
      if (yes) accepted.push_back(proposal.rename);
      else declined.insert(proposal.rename.from);
    }
    if (accepted.empty()) return out;
    out.renamed = catalog::carry_out(now, accepted, options.sandbox);
    for (diff::Rename& earlier : out.renames) earlier.to = catalog::renamed(earlier.to, accepted);
    out.renames.insert(out.renames.end(), accepted.begin(), accepted.end());
  }
}

}  // namespace contraflow::cli
