// SPDX-License-Identifier: Apache-2.0
//
// A nullable timestamptz that the plan adds, with an index WHERE (it IS NULL): a soft delete.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "testgen/table_tests.h"

namespace contraflow::testgen {

// A row that another refers to, where there is one.
const Seed& TableTests::referenced_seed() const {
  const std::vector<Seed>& seeds = world_.seeds.at(table_.old_name);
  for (const auto& [id, object] : world_.desired.database().objects) {
    const auto* foreign = std::get_if<catalog::Constraint>(&object.body);
    const auto other = world_.seeds.find({id.schema, id.relation});
    if (!foreign || !foreign->references || *foreign->references != table_.new_name || foreign->columns.size() != 1 || other == world_.seeds.end()) continue;
    for (const Seed& seed : seeds) {
      for (const Seed& each : other->second) {
        const auto value = each.new_row.find(foreign->columns[0]);
        const auto key = seed.new_row.find(foreign->referenced_columns[0]);
        if (value != each.new_row.end() && key != seed.new_row.end() && value->second == key->second) return seed;
      }
    }
  }
  return seeds.front();
}

void TableTests::soft_delete(TestFile& file, State state) const {
  if (!table_.from || !table_.to || world_.seeds.at(table_.old_name).empty()) return;
  const Database& to = world_.desired.database();
  for (const ColumnPair& pair : table_.columns) {
    if (pair.from || !pair.to || pair.to->not_null || pair.to->type != "timestamp with time zone" || state < pair.added) continue;
    const std::string live = fmt::format("({} IS NULL)", sql::quote_identifier(pair.new_name));
    bool soft = false;
    for (const auto& [id, object] : to.objects) {
      const auto* index = std::get_if<catalog::Index>(&object.body);
      soft = soft || (index && id.schema == table_.new_name.schema && index->table == table_.new_name.name && index->predicate.find(live.substr(1, live.size() - 2)) != std::string::npos);
    }
    const bool old = state < world_.shape.contract;
    const auto& key = old ? old_key_ : new_key_;
    if (!soft || key.empty()) continue;
    const QualifiedName& name = old ? table_.old_name : table_.new_name;
    const std::string table = sql::quote(name), column = sql::quote_identifier(pair.new_name);
    const Seed& seed = referenced_seed();
    const Row& row = old ? seed.old_row : seed.new_row;
    const std::string here = where(row, old);
    const std::vector<pg::Value> contents = [&] {
      std::vector<pg::Value> out;
      for (const std::string& part : key) out.push_back(row.at(part));
      return out;
    }();
    // Rows elsewhere that refer to it.
    std::vector<std::pair<std::string, std::string>> references;
    for (const auto& [id, object] : to.objects) {
      const auto* foreign = std::get_if<catalog::Constraint>(&object.body);
      if (!foreign || !foreign->references || *foreign->references != table_.new_name || foreign->columns.size() != 1 || !seed.new_row.contains(foreign->referenced_columns[0])) continue;
      const auto other = world_.seeds.find({id.schema, id.relation});
      if (other == world_.seeds.end()) continue;
      long long count = 0;
      for (const Seed& each : other->second) count += each.new_row.contains(foreign->columns[0]) && each.new_row.at(foreign->columns[0]) == seed.new_row.at(foreign->referenced_columns[0]) ? 1 : 0;
      references.emplace_back(fmt::format("SELECT count(*)::text FROM {} WHERE {}::text = {}", sql::quote(QualifiedName{id.schema, id.relation}), sql::quote_identifier(foreign->columns[0]),
                                          literal(seed.new_row.at(foreign->referenced_columns[0]))),
                              std::to_string(count));
    }
    file.heading(fmt::format("{}: soft delete by {}", table, column));
    file.lives(fmt::format("UPDATE {} SET {} = now() WHERE {}", table, column, here), fmt::format("a row of {} is deleted softly", table));
    file.gives(fmt::format("{} WHERE {}", select(name, key), here), {contents}, key.size(), "the deleted row is kept");
    for (const auto& [query, count] : references) file.gives(query, {{count}}, 1, "rows that refer to the deleted row are kept");
    file.gives(fmt::format("{} WHERE {} AND {}", select(name, key), here, live), {}, key.size(), "reads of live rows do not return it");
    for (const auto& [id, object] : to.objects) {  // views over live rows
      const auto* view = std::get_if<catalog::View>(&object.body);
      if (!view || world_.before.database().find(id) || view->definition.find(live) == std::string::npos || state < world_.shape.last) continue;
      file.gives(fmt::format("{} WHERE {}", select({id.schema, id.name}, key), here), {}, key.size(), fmt::format("{} does not show it", sql::quote(QualifiedName{id.schema, id.name})));
    }
    // A unique value of a deleted row can be used again, from the phase on in which uniqueness is that of live rows.
    std::vector<std::string> reused;
    if (old_rows_.contains(105) && new_of_old_.contains(105)) {
      for (const auto& [id, object] : to.objects) {
        const auto* index = std::get_if<catalog::Index>(&object.body);
        if (!index || !index->unique || index->table != table_.new_name.name || id.schema != table_.new_name.schema || index->predicate.find(live.substr(1, live.size() - 2)) == std::string::npos) continue;
        if (std::any_of(index->columns.begin(), index->columns.end(), [&](const std::string& part) { return part.empty() || !row.contains(part); })) continue;
        if (std::any_of(index->columns.begin(), index->columns.end(), [&](const std::string& part) { return row.at(part) == std::nullopt; })) continue;
        Row again = old ? old_rows_.at(105) : new_of_old_.at(105);
        std::vector<std::string> columns;
        for (const std::string& part : index->columns) {
          again[part] = row.at(part);
          columns.push_back(sql::quote_identifier(part));
        }
        // Another key may forbid it for good.
        Row next = new_of_old_.at(105);
        for (const std::string& part : index->columns) next[part] = seed.new_row.at(part);
        if (!world_.desired.accepts(fmt::format("UPDATE {} SET {} = now() WHERE {}; {}", sql::quote(table_.new_name), column, where(seed.new_row, false), world_.desired.insert(table_.new_name, next)))) continue;
        State from = state_of(world_.plan, &table_, {"UNIQUE INDEX", sql::quote_identifier(id.name)});
        if (from == 0) from = world_.shape.last;
        const std::string statement = maker(old).insert(name, again);
        if (state < from) {
          file.refuses(statement, "23505", fmt::format("({}) of the deleted row is still taken", join(columns, ", ")));
          continue;
        }
        file.lives(statement, fmt::format("({}) of the deleted row can be used again", join(columns, ", ")));
        file.refuses(fmt::format("UPDATE {} SET {} = NULL WHERE {}", table, column, here), "23505", fmt::format("it is not restored while ({}) is used by another", join(columns, ", ")));
        file.run(fmt::format("DELETE FROM {} WHERE {}", table, where(again, old)));
      }
    }
    file.lives(fmt::format("UPDATE {} SET {} = NULL WHERE {}", table, column, here), "the deleted row is restored");
    file.gives(fmt::format("{} WHERE {} AND {}", select(name, key), here, live), {contents}, key.size(), "reads of live rows return it again");
  }
}

}  // namespace contraflow::testgen
