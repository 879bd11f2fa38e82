// SPDX-License-Identifier: Apache-2.0
//
// What a foreign key of the desired schema does when the row that it refers to is deleted; and the rows that foreign keys of the current one need.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "testgen/table_tests.h"

namespace contraflow::testgen {

void TableTests::references(TestFile& file, State state) const {
  const auto fresh = new_rows_.find(labelled);
  if (fresh == new_rows_.end() || new_key_.empty()) return;
  long long number = 700;
  for (const Ruled& ruled : rules_) {
    const Rule& rule = ruled.rule;
    const auto* key = world_.desired.database().find_body<catalog::Constraint>({catalog::Kind::constraint, table_.new_name.schema, table_.new_name.name, rule.name, {}});
    if (rule.kind != Rule::Kind::foreign_key || rule.old_side || state < rule.from || key == nullptr || !key->references || *key->references == table_.new_name) continue;
    const std::optional<Row> parent = world_.desired.make(*key->references, ++number);
    if (!parent) continue;
    Row child = fresh->second;
    std::vector<std::string> parts;
    bool whole = true;
    for (std::size_t i = 0; i < key->columns.size(); ++i) {
      const auto value = parent->find(key->referenced_columns[i]);
      whole = whole && value != parent->end() && value->second;
      if (!whole) break;
      child[key->columns[i]] = value->second;
      parts.push_back(fmt::format("{}::text = {}", sql::quote_identifier(value->first), literal(value->second)));
    }
    if (!whole) continue;
    const std::string add_parent = world_.desired.insert(*key->references, *parent), add_child = world_.desired.insert(table_.new_name, child);
    const std::string remove = fmt::format("DELETE FROM {} WHERE {}", sql::quote(*key->references), join(parts, " AND "));
    if (!world_.desired.accepts(add_parent + "; " + add_child)) continue;
    const std::optional<std::string> refusal = world_.desired.refusal(add_parent + "; " + add_child + "; " + remove);
    const bool cascades = key->definition.find(" ON DELETE CASCADE") != std::string::npos, clears = key->definition.find(" ON DELETE SET NULL") != std::string::npos;
    if (refusal.has_value() == (cascades || clears)) continue;  // another key decides
    const std::string parent_name = sql::quote(*key->references), child_name = sql::quote(table_.new_name);
    file.lives(add_parent, fmt::format("{} takes a row for {} to refer to", parent_name, rule.name));
    file.lives(add_child, fmt::format("{} takes a row that refers to it", child_name));
    if (refusal) {
      file.refuses(remove, *refusal, fmt::format("{} keeps the row of {} that is referred to", rule.name, parent_name));
      file.run(fmt::format("DELETE FROM {} WHERE {}", child_name, where(child, false)));
      file.run(remove);
      continue;
    }
    file.lives(remove, fmt::format("{} lets the row of {} go", rule.name, parent_name));
    if (cascades) {
      file.gives(select(table_.new_name, new_key_) + " WHERE " + where(child, false), {}, new_key_.size(), fmt::format("the row of {} goes with it", child_name));
      continue;
    }
    file.gives(select(table_.new_name, key->columns) + " WHERE " + where(child, false), {std::vector<pg::Value>(key->columns.size())}, key->columns.size(),
               fmt::format("the row of {} refers to nothing then", child_name));
    file.run(fmt::format("DELETE FROM {} WHERE {}", child_name, where(child, false)));
  }
}

// After a way back from where the plan gives contents up, the rows that the tests' own ones refer to are gone, or empty there. Before the plan this changes nothing.
void TableTests::referenced_again(TestFile& file) const {
  if (!table_.from || !table_.lossy) return;
  std::set<std::string> referenced;
  for (const auto& [id, object] : world_.before.database().objects) {
    const auto* key = std::get_if<catalog::Constraint>(&object.body);
    if (key && key->type == catalog::ConstraintType::foreign_key && key->references == table_.old_name) referenced.insert(key->referenced_columns.begin(), key->referenced_columns.end());
  }
  if (referenced.empty()) return;
  for (const Seed& seed : world_.seeds.at(table_.old_name)) {
    if (!table_.to) {
      Row row = seed.old_row;
      for (const ColumnPair& pair : table_.columns) {
        if (pair.from && pair.from->generated != catalog::Generated::none) row.erase(pair.old_name);
      }
      file.run(world_.before.insert(table_.old_name, row) + " ON CONFLICT DO NOTHING");
      continue;
    }
    for (const ColumnPair& pair : table_.columns) {
      if (!pair.from || pair.to || !referenced.contains(pair.old_name) || pair.from->generated != catalog::Generated::none || old_key_.empty()) continue;
      if (std::find(old_key_.begin(), old_key_.end(), pair.old_name) != old_key_.end()) continue;
      const std::string column = sql::quote_identifier(pair.old_name), value = literal(seed.old_row.at(pair.old_name));
      file.run(fmt::format("UPDATE {} SET {} = {} WHERE {} AND {}::text IS DISTINCT FROM {}", sql::quote(table_.old_name), column, value, where(seed.old_row, true), column, value));
    }
  }
}

}  // namespace contraflow::testgen
