// SPDX-License-Identifier: Apache-2.0
//
// Defaults, and the values of enums.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "catalog/ddl.h"
#include "catalog/of_kind.h"
#include "testgen/table_tests.h"

namespace contraflow::testgen {

namespace {

bool has_own_trigger(const Database& database, const QualifiedName& table) {
  return std::any_of(database.objects.begin(), database.objects.end(), [&](const auto& entry) {
    return entry.first.kind == catalog::Kind::trigger && QualifiedName{entry.first.schema, entry.first.relation} == table;
  });
}

// A column without a default of its own takes its domain's.
std::string default_of(const Database& database, const catalog::Column& column) {
  if (!column.default_expression.empty()) return column.default_expression;
  std::string type = column.type;
  for (bool below = true; below;) {
    below = false;
    for (const auto& [id, object] : catalog::of_kind(database, catalog::Kind::domain)) {
      if (catalog::quoted_name(id) != type) continue;
      const auto& domain = std::get<catalog::Domain>(object.body);
      if (!domain.default_expression.empty()) return domain.default_expression;
      type = domain.base_type;
      below = true;
      break;
    }
  }
  return {};
}

}  // namespace

using catalog::Column;
using plan::Phase;

void TableTests::defaults(TestFile& file, State state, bool old) const {
  const auto& rows = old ? old_rows_ : new_rows_;
  if (!rows.contains(with_default) || (old ? old_key_ : new_key_).empty()) return;
  if (!old && table_.from && world_.shape.contract == 99 && state < world_.shape.last) return;
  for (const ColumnPair& pair : table_.columns) {
    const Column* column = old ? pair.from : pair.to;
    const std::string& name = old ? pair.old_name : pair.new_name;
    if (!column || !rows.at(with_default).contains(name)) continue;
    const auto& key = old ? old_key_ : new_key_;
    if (std::find(key.begin(), key.end(), name) != key.end() || (old ? old_altered_ : new_altered_).contains(name)) continue;
    std::string expression = column->default_expression;
    bool from_desired = !old;
    if (old && pair.to && pair.from->type == pair.to->type && pair.to->default_expression != expression) {
      const std::string action = fmt::format("ALTER COLUMN {} {} DEFAULT", sql::quote_identifier(name), pair.to->default_expression.empty() ? "DROP" : "SET");
      const State moved = state_of(world_.plan, &table_, {action});
      if (moved != 0 && state >= moved) {
        expression = pair.to->default_expression;
        from_desired = true;
        column = pair.to;
      }
    }
    if (!constant(*column, world_)) continue;
    if (expression.empty() && column->generated == catalog::Generated::none) expression = default_of((from_desired ? world_.desired : world_.before).database(), *column);
    Row row = rows.at(with_default);
    row.erase(name);
    pg::Value value;
    try {
      if (!expression.empty()) value = (from_desired ? world_.desired : world_.before).evaluate(fmt::format("(({})::{})::text", expression, column->type));
    } catch (const pg::ServerError&) {
      continue;
    }
    const QualifiedName& table = old ? table_.old_name : table_.new_name;
    if (!maker(old).accepts(maker(old).insert(table, row))) continue;  // it must be given: a rule below says so
    if (!value && old && state > 0 && !pair.to) continue;              // a column that goes may get a default for the rows that come without it
    file.lives(maker(old).insert(table, row), fmt::format("{} takes a row without {}", says(old), sql::quote_identifier(name)));
    if (!value && has_own_trigger(maker(old).database(), table)) {
      file.run(fmt::format("DELETE FROM {} WHERE {}", sql::quote(table), where(row, old)));  // which may give it one
      continue;
    }
    file.gives(select(table, {name}) + " WHERE " + where(row, old), {{value}}, 1, fmt::format("it has {} in {}", literal(value), sql::quote_identifier(name)));
    file.run(fmt::format("DELETE FROM {} WHERE {}", sql::quote(table), where(row, old)));
  }
}

// Every value of an enum can be written into the columns of its type.
void TableTests::enum_values(TestFile& file, State) const {
  if (!new_rows_.contains(labelled) || new_key_.empty()) return;
  for (const ColumnPair& pair : table_.columns) {
    if (!pair.to || !new_rows_.at(labelled).contains(pair.new_name)) continue;
    for (const auto& [id, object] : world_.desired.database().objects) {
      const auto* type = std::get_if<catalog::EnumType>(&object.body);
      if (!type || sql::quote(QualifiedName{id.schema, id.name}) != pair.to->type) continue;
      for (const std::string& label : type->labels) {
        Row row = new_rows_.at(labelled);
        row[pair.new_name] = label;
        if (!world_.desired.accepts(world_.desired.insert(table_.new_name, row))) continue;
        round_trip(file, table_.new_name, row, {pair.new_name}, false, fmt::format("{}.{} takes {}", says(false), sql::quote_identifier(pair.new_name), literal(label)));
        file.run(fmt::format("DELETE FROM {} WHERE {}", sql::quote(table_.new_name), where(row, false)));
      }
    }
  }
}

}  // namespace contraflow::testgen
