// SPDX-License-Identifier: Apache-2.0
//
// What stands beside the shape that a version uses: a whole table that follows the first; values that the server makes; names that are gone.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "testgen/table_tests.h"

namespace contraflow::testgen {

namespace {

bool rows_may_be_missing(const plan::Plan& plan) {
  return std::any_of(plan.steps.begin(), plan.steps.end(), [](const plan::Step& step) {
    return std::any_of(step.undo_preconditions.begin(), step.undo_preconditions.end(), [](const plan::Precondition& one) { return one.what.find("that its old form cannot hold") != std::string::npos; });
  });
}

}  // namespace

// A table that is made anew is filled beside the old one, and follows it; from contract on the old one follows for the way back.
void TableTests::twin(TestFile& file, State state, bool old) const {
  const QualifiedName& other = old ? table_.next : table_.followed;
  const auto& rows = old ? new_of_old_ : new_rows_;
  if (other.name.empty() || !rows.contains(changed_to) || (old ? state < after(plan::Phase::expand) : state >= after(plan::Phase::purge))) return;
  const Row& row = old ? old_rows_.at(changed_to) : new_rows_.at(changed_to);
  const auto& key = old ? old_key_ : new_key_;
  if (key.empty()) return;
  const QualifiedName& name = old ? table_.old_name : table_.new_name;
  std::vector<std::string> columns, before;
  std::vector<pg::Value> values;
  std::string where_other;
  for (const ColumnPair& pair : table_.columns) {
    if (!pair.from || !pair.to || (!pair.conversion.empty() && !old) || pair.from->generated != catalog::Generated::none || pair.to->generated != catalog::Generated::none) continue;
    const std::string& here = old ? pair.old_name : pair.new_name;
    const std::string& there = pair.new_name;  // the first table has it, too, from the exchange on
    const Row& becomes = old ? new_of_old_.at(changed_to) : row;
    if (!row.contains(here) || !becomes.contains(pair.new_name) || (old ? old_altered_ : new_altered_).contains(here)) continue;
    columns.push_back(there);
    before.push_back(pair.old_name);
    values.push_back(becomes.at(pair.new_name));
    if (std::find(key.begin(), key.end(), here) != key.end())
      where_other += fmt::format("{}{}::text = {}", where_other.empty() ? "" : " AND ", sql::quote_identifier(there), literal(becomes.at(pair.new_name)));
  }
  if (columns.empty() || where_other.empty()) return;
  if (!old && rows_may_be_missing(world_.plan)) {
    // The way back counts what the old form cannot hold: such a row is not there.
    Row kept = old_rows_.at(changed_to);
    for (std::size_t i = 0; i < columns.size(); ++i) kept[before[i]] = values[i];
    for (const ColumnPair& pair : table_.columns) {
      if (!pair.from || !pair.to || pair.conversion.empty() || !row.contains(pair.new_name)) continue;
      try {
        kept[pair.old_name] = world_.desired.evaluate(fmt::format("({}::{})::text::{}::text", literal(row.at(pair.new_name)), pair.to->type, pair.from->type));
      } catch (const Error&) {
        if (pair.from->not_null) return;
      }
    }
    if (!world_.before.accepts(world_.before.insert(table_.old_name, kept))) return;
  }
  const std::string quoted = sql::quote(other);
  std::vector<std::string> texts;
  for (const std::string& column : columns) texts.push_back(sql::quote_identifier(column) + "::text");
  const std::string query = fmt::format("SELECT {} FROM {} WHERE {}", join(texts, ", "), quoted, where_other);
  file.run(maker(old).insert(name, row));
  file.gives(query, {values}, columns.size(), fmt::format("{} follows an INSERT into {}", quoted, says(old)));
  file.run(fmt::format("DELETE FROM {} WHERE {}", sql::quote(name), where(row, old)));
  file.gives(query, {}, columns.size(), fmt::format("{} follows a DELETE from {}", quoted, says(old)));
}

// Columns that the server numbers, or gives another value for each row: a row that comes without them gets one.
void TableTests::numbered(TestFile& file, bool old) const {
  const auto& rows = old ? old_rows_ : new_rows_;
  if (!rows.contains(with_default)) return;
  for (const ColumnPair& pair : table_.columns) {
    const catalog::Column* column = old ? pair.from : pair.to;
    const std::string& name = old ? pair.old_name : pair.new_name;
    if (column == nullptr || constant(*column, world_) || column->generated != catalog::Generated::none || !column->not_null || !rows.at(with_default).contains(name)) continue;
    Row row = rows.at(with_default);
    row.erase(name);
    if (row.empty() || !maker(old).accepts(maker(old).insert(old ? table_.old_name : table_.new_name, row))) continue;
    const QualifiedName& table = old ? table_.old_name : table_.new_name;
    std::vector<std::string> parts;
    for (const auto& [other, value] : row) {
      if (!(old ? old_altered_ : new_altered_).contains(other)) parts.push_back(fmt::format("{}::text IS NOT DISTINCT FROM {}", sql::quote_identifier(other), literal(value)));
    }
    file.lives(maker(old).insert(table, row), fmt::format("{} takes a row without {}, and gives it a value", says(old), sql::quote_identifier(name)));
    if (!parts.empty()) file.run(fmt::format("DELETE FROM {} WHERE {}", sql::quote(table), join(parts, " AND ")));
  }
}

// Names that the next version must not find any more.
void TableTests::gone(TestFile& file, State state) const {
  if (!table_.from || state < world_.shape.contract) return;
  for (const ColumnPair& pair : table_.columns) {
    if (!pair.from || (pair.to && pair.new_name == pair.old_name)) continue;
    const bool taken = std::any_of(table_.columns.begin(), table_.columns.end(), [&](const ColumnPair& other) { return other.to && other.new_name == pair.old_name; });
    if (taken) continue;
    // A table's column may stay as long as a partition that goes later: until it is retired, or dropped.
    const std::string quoted = sql::quote_identifier(pair.old_name);
    State leaves = state_of(world_.plan, &table_, {fmt::format("RENAME COLUMN {} TO ", quoted)}, true);
    if (leaves == 0) leaves = state_of(world_.plan, &table_, {fmt::format("DROP COLUMN IF EXISTS {}\n", quoted)}, true);
    if (state < leaves) continue;
    file.refuses(fmt::format("SELECT {} FROM {}", sql::quote_identifier(pair.old_name), sql::quote(table_.new_name)), "42703",
                 fmt::format("{} has no column {} any more", says(false), sql::quote_identifier(pair.old_name)));
  }
}

}  // namespace contraflow::testgen
