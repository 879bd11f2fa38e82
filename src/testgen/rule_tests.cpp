// SPDX-License-Identifier: Apache-2.0
//
// What NOT NULL, checks, keys and foreign keys refuse in the states in which they hold, and let pass in the others.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "testgen/table_tests.h"

namespace contraflow::testgen {

void TableTests::find_rules() {
  const auto refers_to_changed = [&](const Rule& rule) {
    const QualifiedName& name = rule.old_side ? table_.old_name : table_.new_name;
    const auto* key = maker(rule.old_side).database().find_body<catalog::Constraint>({catalog::Kind::constraint, name.schema, name.name, rule.name, {}});
    return rule.kind == Rule::Kind::foreign_key && key && key->references && std::any_of(world_.shape.tables.begin(), world_.shape.tables.end(), [&](const TablePair& other) {
             return other.changed && (rule.old_side ? other.old_name : other.new_name) == *key->references;
           });
  };
  const std::vector<Rule> all = rules_of(table_, world_.plan, world_.shape, world_.before.database(), world_.desired.database());
  for (const Rule& rule : all) {
    if (!table_.changed && !refers_to_changed(rule)) continue;
    Ruled ruled{.rule = rule, .old_refused = {}, .new_refused = {}, .rival = {}};
    const auto& rows = rule.old_side ? old_rows_ : new_rows_;
    if (!rows.contains(refused)) continue;
    auto& found = rule.old_side ? ruled.old_refused : ruled.new_refused;
    const QualifiedName& name = rule.old_side ? table_.old_name : table_.new_name;
    // Beside a row of its own, so that it says the same where the rows of before are gone.
    if (rule.beside_another() && rows.contains(rival)) {
      found = maker(rule.old_side).violate(name, rule, rows.at(refused), &rows.at(rival));
      if (found) ruled.rival = rows.at(rival);
    }
    if (!found) found = maker(rule.old_side).violate(name, rule, rows.at(refused));
    if (!found) {
      if (rule.kind != Rule::Kind::not_null)
        world_.notes.push_back(fmt::format("{} on {}: no row was found that it alone refuses", rule.name, sql::quote(rule.old_side ? table_.old_name : table_.new_name)));
      continue;
    }
    if (const auto next = std::find_if(all.begin(), all.end(), [&](const Rule& other) { return rule.old_side && !other.old_side && says_the_same(rule, other); }); next != all.end()) ruled.successor = *next;
    // What the desired schema will refuse the old one takes: the same contents by the old names.
    if (!rule.old_side && table_.from && old_rows_.contains(refused)) {
      Row old_row = old_rows_.at(refused), first;
      if (ruled.rival && old_rows_.contains(rival)) first = old_rows_.at(rival);
      bool mapped = true;
      for (const std::string& column : rule.columns) {
        const auto pair = std::find_if(table_.columns.begin(), table_.columns.end(), [&](const ColumnPair& p) { return p.to && p.new_name == column; });
        mapped = mapped && pair != table_.columns.end() && pair->from && pair->conversion.empty();
        if (!mapped) break;
        old_row[pair->old_name] = found->at(column);
        if (!first.empty()) first[pair->old_name] = ruled.rival->at(column);
      }
      const std::string before_it = first.empty() ? "" : world_.before.insert(table_.old_name, first) + "; ";
      if (mapped && !rule.columns.empty() && world_.before.accepts(before_it + world_.before.insert(table_.old_name, old_row))) {
        ruled.old_refused = old_row;
        if (!first.empty()) ruled.old_rival = first;
      }
    }
    rules_.push_back(ruled);
  }
}

// A foreign key or a check in whose place one of another name comes.
bool TableTests::says_the_same(const Rule& old_rule, const Rule& new_rule) const {
  if (old_rule.kind != new_rule.kind || old_rule.name == new_rule.name) return false;
  if (old_rule.kind == Rule::Kind::check) return old_rule.expression == new_rule.expression;
  const auto points_at = [&](const Rule& rule) {
    const QualifiedName& name = rule.old_side ? table_.old_name : table_.new_name;
    const auto* key = maker(rule.old_side).database().find_body<catalog::Constraint>({catalog::Kind::constraint, name.schema, name.name, rule.name, {}});
    return key ? key->references : std::nullopt;
  };
  return old_rule.kind == Rule::Kind::foreign_key && old_rule.columns == new_rule.columns && points_at(old_rule) == points_at(new_rule);
}

bool TableTests::fleeting(const Rule& rule) const {
  return rule.old_side && table_.lossy && std::any_of(table_.columns.begin(), table_.columns.end(), [&](const ColumnPair& pair) {
           return pair.from && !pair.to && std::find(rule.columns.begin(), rule.columns.end(), pair.old_name) != rule.columns.end();
         });
}

void TableTests::rules_kept(TestFile& file) const {
  if (table_.from) rules(file, 0, true, Which::fleeting);
}

void TableTests::rules(TestFile& file, State state, bool old, Which which) const {
  for (const Ruled& ruled : rules_) {
    if (which != Which::all && fleeting(ruled.rule) != (which == Which::fleeting)) continue;
    const Rule& rule = ruled.rule;
    const std::optional<Row>& row = old ? ruled.old_refused : ruled.new_refused;
    if (!row) continue;
    const QualifiedName& table = old ? table_.old_name : table_.new_name;
    const std::string statement = maker(old).insert(table, *row);
    const std::string name = rule.kind == Rule::Kind::not_null ? rule.definition : rule.name;
    const bool holds = state >= rule.from && state < rule.until;
    const std::optional<Row>& first = rule.old_side == old ? ruled.rival : old ? ruled.old_rival
                                                                               : ruled.rival;
    const bool beside_rival = first && (rule.old_side == old || old);
    if (beside_rival && (holds || old)) file.run(maker(old).insert(table, *first));
    if (holds && (rule.old_side == old || old)) {
      file.refuses(statement, sqlstate_of(rule.kind), fmt::format("{} refuses what {} forbids", says(old), name));
      const auto* constraint = maker(rule.old_side).database().find_body<catalog::Constraint>({catalog::Kind::constraint, table.schema, table.name, rule.name, {}});
      // Rows cannot tell a constraint from its index; ON CONFLICT can. (In between a view may stand under the table's name.)
      if (beside_rival && !rule.by_index && constraint && !constraint->deferrable && (!old || state == 0))
        file.lives(fmt::format("{} ON CONFLICT ON CONSTRAINT {} DO NOTHING", statement, sql::quote_identifier(rule.name)), fmt::format("{} has the constraint {}", says(old), name));
      // Where it was taken, it must not stand in the way of the next.
      if ((!rule.beside_another() || beside_rival) && !(old ? old_key_ : new_key_).empty()) file.run(fmt::format("DELETE FROM {} WHERE {}", sql::quote(table), where(*row, old)));
    } else if (!holds && old && ruled.successor && state >= ruled.successor->from) {
      file.refuses(statement, sqlstate_of(rule.kind), fmt::format("{} refuses what {} forbids, which comes in the place of {}", says(old), ruled.successor->name, name));
    } else if (!holds && old) {
      file.lives(statement, fmt::format("{} takes what {} {} forbids", says(old), name, state < rule.from ? "does not yet" : "no longer"));
      if (!old_key_.empty()) file.run(fmt::format("DELETE FROM {} WHERE {}", sql::quote(table), where(*row, true)));
    }
    if (beside_rival && (holds || old)) file.run(fmt::format("DELETE FROM {} WHERE {}", sql::quote(table), where(*first, old)));
  }
  if (old) return;
  // What the current schema refuses and the desired one takes.
  for (const Ruled& ruled : rules_) {
    if (!ruled.rule.old_side || !ruled.old_refused) continue;
    const std::optional<Row> becomes = converted(world_, table_, *ruled.old_refused);
    if (!becomes) continue;
    const std::string statement = world_.desired.insert(table_.new_name, *becomes);
    const bool beside_rival = ruled.rival && new_of_old_.contains(rival);
    const std::string first = beside_rival ? world_.desired.insert(table_.new_name, new_of_old_.at(rival)) + "; " : "";
    if (!world_.desired.accepts(first + statement)) continue;
    if (beside_rival) file.run(world_.desired.insert(table_.new_name, new_of_old_.at(rival)));
    file.lives(statement, fmt::format("{} takes what {} of the former schema forbade", says(false), ruled.rule.name));
    if (!new_key_.empty()) file.run(fmt::format("DELETE FROM {} WHERE {}", sql::quote(table_.new_name), where(*becomes, false)));
    if (beside_rival && !new_key_.empty()) file.run(fmt::format("DELETE FROM {} WHERE {}", sql::quote(table_.new_name), where(new_of_old_.at(rival), false)));
  }
}

}  // namespace contraflow::testgen
