// SPDX-License-Identifier: Apache-2.0
//
// From the exchange on the next version writes rows that the first table, which is kept in step until purge, may not be able to hold: a value that its type has not, a key or check that
// went. Such a row must not fail where it is written. A column holds NULL for such a value where it may; where it may not the row is missing, and going back waits until there are none.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/of_kind.h"
#include "plan/strategies/second_tables.h"
#include "sql/expression.h"

namespace contraflow::plan {

using namespace catalog;

// `type`: the old column's, under the name that it has from the exchange on.
void SecondTable::hold(const ObjectId& column, const Column& before, const std::string& type, bool may_fail) {
  held_.resize(columns_.size());
  if (!may_fail) return;
  down_may_fail_ = true;
  const std::vector<std::string> key = key_of(p_.from, p_.to);
  const Object* named = Planner::type_named(p_.from, Kind::domain, before.type);
  const bool no_null = before.not_null || (named && std::get<Domain>(named->body).not_null);
  if (no_null || std::find(key.begin(), key.end(), column.name) != key.end()) return;
  held_.back() = type;
  const bool refuses = type != before.type;  // an exchanged enum: its rows are counted before the way back
  out_.notes.push_back(fmt::format("until purge the old table of {} holds NULL in {} for what the next version writes and {} cannot hold; {}", describe(id_), sql::quote_identifier(column.name), before.type,
                                   refuses ? "going back waits until there is none" : "so does it after a rollback"));
}

bool SecondTable::old_table_may_refuse() const {
  if (down_may_fail_) return true;
  const auto same_rule = [&](const Object& member) {
    const Object* after = new_.database.find(member.id);
    if (const auto* constraint = std::get_if<Constraint>(&member.body)) {
      const auto* other = after ? std::get_if<Constraint>(&after->body) : nullptr;
      return other && other->definition == constraint->definition;
    }
    const auto& index = std::get<Index>(member.body);
    const auto* other = after ? std::get_if<Index>(&after->body) : nullptr;
    return !index.unique || (other && other->definition == index.definition);
  };
  const auto members = old_.of_kinds({Kind::constraint, Kind::index});
  if (!std::all_of(members.begin(), members.end(), [&](const Object* member) { return same_rule(*member); })) return true;
  for (const Object* member : old_.of_kinds({Kind::column})) {
    const auto& column = std::get<Column>(member->body);
    const auto* after = new_.database.find_body<Column>(member->id);
    if (!after && member->id.relation != id_.name) continue;  // a partition that goes: see below
    if (column.not_null && after && !after->not_null) return true;
    if (column.generated != Generated::none && (!after || after->default_expression != column.default_expression)) return true;
  }
  if (!std::get<Table>(p_.from.objects.at(id_).body).partitioned) return false;
  const auto bound = [](const Database& database, const ObjectId& id) {
    const auto* table = database.find_body<Table>(id);
    return table ? table->partition_bound + "\n" + table->partition_key : std::string();
  };
  const auto differs = [&](const ObjectId& id) { return bound(p_.from, id) != bound(p_.to, id); };
  return std::any_of(old_.relations.begin(), old_.relations.end(), differs) || std::any_of(new_.relations.begin(), new_.relations.end(), differs);
}

// The way back brings the rows that the old table has.
void SecondTable::expect_all_kept() {
  out_.undo_preconditions = undo_preconditions_;
  if (at_once_ || !old_table_may_refuse()) return;
  std::string same;
  for (const std::string& name : new_key_) {
    const auto at = static_cast<std::size_t>(std::find(columns_.begin(), columns_.end(), name) - columns_.begin());
    same += fmt::format("{}{} = source.{}", same.empty() ? "" : " AND ", sql::qualify_columns(kept_[at], "kept"), sql::quote_identifier(name));
  }
  out_.undo_preconditions.push_back({fmt::format("rows of {} that its old form cannot hold: a value that a column refuses, a key, check or partition that it has alone", sql::quote(table())),
                                     fmt::format("SELECT count(*) FROM {} AS source WHERE NOT EXISTS (SELECT FROM {} AS kept WHERE {})", sql::quote(table()), sql::quote(retired()), same),
                                     fmt::format("they are those that {} has not: change them to what it takes (any UPDATE of such a row brings it over), or delete them; then roll back again", sql::quote(retired()))});
}

}  // namespace contraflow::plan
