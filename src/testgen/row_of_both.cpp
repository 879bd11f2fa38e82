// SPDX-License-Identifier: Apache-2.0
//
// Rows that both schemas take, and what the plan makes of their contents.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "rehearse/row_values.h"
#include "testgen/table_tests.h"

namespace contraflow::testgen {

using catalog::Column;

bool constant(const Column& column, const World& world) {
  for (const char* word : {"now(", "CURRENT_", "LOCALTIME", "random", "nextval", "uuid", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "SESSION_USER", "txid", "pg_current"}) {
    if (column.default_expression.find(word) != std::string::npos) return false;
  }
  for (const RowMaker* rows : {&world.before, &world.desired}) {  // a function of the schema's own may give another value the next time, unless it says that it does not
    for (const auto& [id, object] : rows->database().objects) {
      const auto* routine = std::get_if<catalog::Routine>(&object.body);
      if (routine && routine->volatility != 'i' && column.default_expression.find(sql::quote(QualifiedName{id.schema, id.name}) + "(") != std::string::npos) return false;
    }
  }
  return column.generated == catalog::Generated::none && column.identity == catalog::Identity::none;
}

const std::vector<std::string>* labels_of(const Database& database, const std::string& type) {
  for (const auto& [id, object] : database.objects) {
    const auto* labels = std::get_if<catalog::EnumType>(&object.body);
    if (labels && sql::quote(QualifiedName{id.schema, id.name}) == type) return &labels->labels;
  }
  return nullptr;
}

namespace {

// Whether a cast leaves something out that an assignment would refuse.
bool cuts(const std::string& type, const pg::Value& value, const std::string& becomes) {
  if (!value || (!type.starts_with("character") && !type.starts_with("bit"))) return false;
  return value->starts_with(becomes) && value->find_last_not_of(' ') != std::string::npos && value->find_last_not_of(' ') >= becomes.size();
}

}  // namespace

std::optional<Row> converted(World& world, const TablePair& table, const Row& row, std::string* failed) {
  std::vector<std::string> typed, text;  // the old columns, as the old types and as text
  for (const ColumnPair& pair : table.columns) {
    if (!pair.from || !row.contains(pair.old_name)) continue;
    const std::string name = sql::quote_identifier(pair.old_name);
    typed.push_back(fmt::format("{}::{} AS {}", literal(row.at(pair.old_name)), pair.from->type, name));
    text.push_back(fmt::format("{}::text AS {}", literal(row.at(pair.old_name)), name));
  }
  Row out;
  for (const ColumnPair& pair : table.columns) {
    if (!pair.to || pair.to->generated != catalog::Generated::none) continue;
    if (pair.conversion.empty()) {
      if (pair.from && row.contains(pair.old_name)) out[pair.new_name] = row.at(pair.old_name);
      if (!pair.fill.empty() && pair.from && row.contains(pair.old_name) && !row.at(pair.old_name)) {
        try {
          out[pair.new_name] = world.desired.evaluate(fmt::format("({})::text FROM (SELECT {}) AS {}", pair.fill, join(typed, ", "), sql::quote_identifier(table.old_name.name)));
        } catch (const pg::ServerError&) {
          if (failed) *failed = fmt::format("{}: {}, which fills it, could not be evaluated on any row", pair.new_name, pair.fill);
          return {};
        }
      }
      continue;
    }
    if (!pair.from && (pair.conversion.find("nextval(") != std::string::npos || !constant(*pair.to, world))) continue;  // another for each row: no test can name it
    // An enum that is made anew has another name until the old one is gone.
    std::string conversion = pair.conversion;
    for (const auto& [id, object] : world.desired.database().objects) {
      if (id.kind == catalog::Kind::enum_type) conversion = replace_all(conversion, sql::quote({id.schema, id.name + "__new"}), sql::quote({id.schema, id.name}));
    }
    const auto value = [&](RowMaker& maker, const std::vector<std::string>& columns, const std::string& type) -> std::optional<pg::Value> {
      try {
        return maker.evaluate(fmt::format("(({})::{})::text FROM (SELECT {}) AS {}", conversion, type, join(columns, ", "), sql::quote_identifier(table.old_name.name)));
      } catch (const pg::ServerError&) {
        return std::nullopt;
      }
    };
    // Where the old schema knows the new type, there; a type that the plan makes or changes is known to the desired one alone.
    std::optional<pg::Value> found = value(world.before, typed, pair.to->type);
    if (!found) found = value(world.desired, typed, pair.to->type);
    if (!found) found = value(world.desired, text, pair.to->type);
    // The old schema's type of that name may still have what the plan removes.
    const std::vector<std::string>* labels = labels_of(world.desired.database(), pair.to->type);
    if (found && *found && labels && std::find(labels->begin(), labels->end(), **found) == labels->end()) found.reset();
    if (pair.assigned && found && *found && cuts(pair.to->type, row.at(pair.old_name), **found)) {
      if (failed) *failed = fmt::format("{}: no row was found whose contents {} can hold", pair.new_name, pair.to->type);
      return {};
    }
    if (!found) {
      if (failed) *failed = fmt::format("{}: its conversion {} could not be evaluated on any row", pair.new_name, pair.conversion);
      return {};
    }
    out[pair.new_name] = *found;
  }
  return out;
}

namespace {

// Contents of the types that columns are converted to, as text of the columns that they come from.
Row of_new_types(World& world, const TablePair& table, long long number) {
  Row out;
  int place = 0;
  for (const ColumnPair& pair : table.columns) {
    ++place;
    if (!pair.from || !pair.to || pair.conversion.empty() || pair.from->type == pair.to->type || pair.from->generated != catalog::Generated::none) continue;
    const std::string expression = rehearse::value_expression({.type = pair.to->type, .unique = true, .salt = place}, world.desired.database());
    if (expression.empty()) continue;
    try {
      out[pair.old_name] = world.desired.evaluate(fmt::format("(({})::{})::text FROM (VALUES ({}::bigint)) AS made(i)", expression, pair.to->type, number));
    } catch (const pg::ServerError&) {
      // What is made up for the old type stays.
    }
  }
  return out;
}

// Enum values that both schemas have, where the desired one has fewer.
Row of_kept_labels(World& world, const TablePair& table, long long number) {
  Row out;
  for (const ColumnPair& pair : table.columns) {
    if (!pair.from || !pair.to || pair.from->generated != catalog::Generated::none) continue;
    const std::vector<std::string>*old = labels_of(world.before.database(), pair.from->type), *now = labels_of(world.desired.database(), pair.to->type);
    if (!old || !now) continue;
    std::vector<std::string> kept;
    for (const std::string& label : *old) {
      if (std::find(now->begin(), now->end(), label) != now->end()) kept.push_back(label);
    }
    if (!kept.empty() && kept.size() < old->size()) out[pair.old_name] = kept[static_cast<std::size_t>(number) % kept.size()];
  }
  return out;
}

}  // namespace

std::optional<Seed> row_of_both(World& world, const TablePair& table, long long number, long long stride) {
  std::string failed;
  enum class Given { nothing,
                     new_types,
                     kept_labels };
  for (const Given source : {Given::nothing, Given::new_types, Given::kept_labels}) {
    for (long long attempt = 0; attempt < 8; ++attempt) {
      const long long i = number + attempt * stride;  // a prime: every value of a short list comes up
      Row given = source == Given::new_types ? of_new_types(world, table, i) : source == Given::kept_labels ? of_kept_labels(world, table, i)
                                                                                                            : Row{};
      for (const ColumnPair& pair : table.columns) {  // every other row of before is one that the plan fills
        if (!pair.fill.empty() && !pair.from->not_null && number % 2 == 0 && number < 100) given[pair.old_name] = std::nullopt;
      }
      if (source != Given::nothing && given.empty()) break;
      const std::optional<Row> row = world.before.make(table.old_name, i, given);
      if (!row) break;
      const std::optional<Row> becomes = converted(world, table, *row, &failed);
      if (becomes && world.desired.accepts(world.desired.insert(table.new_name, *becomes))) return Seed{*row, *becomes};
    }
  }
  world.notes.push_back(failed.empty() ? fmt::format("{}: no further row was found that both schemas take", sql::quote(table.old_name)) : fmt::format("{}.{}", sql::quote(table.new_name), failed));
  return {};
}

}  // namespace contraflow::testgen
