// SPDX-License-Identifier: Apache-2.0
//
// What the deployed version writes and finds until contract, and the next one from then on; the columns that stand beside each other in between.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "testgen/probes.h"
#include "testgen/table_tests.h"

namespace contraflow::testgen {

using catalog::Column;
using plan::Phase;

// Where the second columns are: the table itself, and not the view that may stand under its old name.
const QualifiedName& TableTests::itself(State state) const { return table_.renamed != 0 && state >= table_.renamed ? table_.new_name : table_.old_name; }

// In a schema that is renamed the second column comes in contract.
bool TableTests::comes_after(const ColumnPair& pair, State state) const {
  return state_of(world_.plan, &table_, {"ADD COLUMN IF NOT EXISTS " + sql::quote_identifier(pair.beside)}, true) > state;
}

void TableTests::old_shape(TestFile& file, State state) const {
  if (!old_rows_.contains(written) || !old_rows_.contains(changed_to) || (app_writes() && state > 0)) return;
  const Row& row = old_rows_.at(written);
  std::vector<std::string> columns;
  for (const auto& [name, value] : row) columns.push_back(name);
  round_trip(file, table_.old_name, row, columns, true, fmt::format("the deployed version writes a row of {}", says(true)));
  const Row& other = old_rows_.at(changed_to);
  const bool known = new_of_old_.contains(written) && new_of_old_.contains(changed_to);
  for (const ColumnPair& pair : table_.columns) {
    if (!known || pair.beside.empty() || !table_.synced || state < after(Phase::expand) || !row.contains(pair.old_name)) continue;
    const std::vector<std::string> second = {pair.beside};
    const std::string name = sql::quote_identifier(pair.beside), old_name = sql::quote_identifier(pair.old_name);
    if (comes_after(pair, state)) continue;
    file.gives(select(itself(state), second) + " WHERE " + where(row, true), {{expected(pair, written)}}, 1, fmt::format("{} follows an INSERT of {}", name, old_name));
    if (std::find(old_key_.begin(), old_key_.end(), pair.old_name) != old_key_.end() || old_key_.empty()) continue;
    Row changed = row;  // a foreign key over several columns, say, does not take one of another row
    changed[pair.old_name] = other.at(pair.old_name);
    if (!world_.before.accepts(world_.before.insert(table_.old_name, changed))) continue;
    file.run(fmt::format("UPDATE {} SET {} = {} WHERE {}", sql::quote(table_.old_name), old_name, literal(other.at(pair.old_name)), where(row, true)));
    file.gives(select(itself(state), second) + " WHERE " + where(row, true), {{expected(pair, changed_to)}}, 1, fmt::format("{} follows an UPDATE of {}", name, old_name));
    const std::vector<std::string>*known_labels = labels_of(world_.before.database(), pair.from->type), *kept_labels = pair.to ? labels_of(world_.desired.database(), pair.to->type) : nullptr;
    const std::vector<std::string> labels = known_labels ? *known_labels : std::vector<std::string>{};
    for (std::size_t i = 0; i < labels.size() && i < 12; ++i) {  // each value of an enum by its own way
      Row with_label = row;
      with_label[pair.old_name] = labels[i];
      const std::optional<Row> becomes = pair.relabelled ? with_label : converted(world_, table_, with_label);
      if (!world_.before.accepts(world_.before.insert(table_.old_name, with_label))) continue;
      if (!becomes && kept_labels && std::find(kept_labels->begin(), kept_labels->end(), labels[i]) == kept_labels->end()) {
        // Removed, and mapped to nothing: the deployed version may write it until backfill proves that no row holds it.
        const std::string statement = fmt::format("UPDATE {} SET {} = {} WHERE {}", sql::quote(table_.old_name), old_name, literal(labels[i]), where(row, true));
        if (pair.to->not_null && state >= after(Phase::backfill)) {
          file.refuses(statement, "23514", fmt::format("{} no longer takes {}, which the plan removes", old_name, literal(labels[i])));
        } else {
          file.run(statement);
          file.gives(select(itself(state), second) + " WHERE " + where(row, true), {{std::nullopt}}, 1, fmt::format("{} has nothing for {}, which the plan removes", name, literal(labels[i])));
        }
        continue;
      }
      if (!becomes) continue;
      file.run(fmt::format("UPDATE {} SET {} = {} WHERE {}", sql::quote(table_.old_name), old_name, literal(labels[i]), where(row, true)));
      file.gives(select(itself(state), second) + " WHERE " + where(row, true), {{becomes->at(pair.relabelled ? pair.old_name : pair.new_name)}}, 1, fmt::format("{} follows {} in {}", name, literal(labels[i]), old_name));
    }
    if (!labels.empty()) file.run(fmt::format("UPDATE {} SET {} = {} WHERE {}", sql::quote(table_.old_name), old_name, literal(other.at(pair.old_name)), where(row, true)));
    if (pair.beside != pair.new_name || pair.new_name == pair.old_name) continue;
    // The next version writes by the new name.
    file.run(fmt::format("UPDATE {} SET {} = {} WHERE {}", sql::quote(itself(state)), name, literal(expected(pair, written)), where(row, true)));
    if (pair.conversion.empty())
      file.gives(select(table_.old_name, {pair.old_name}) + " WHERE " + where(row, true), {{row.at(pair.old_name)}}, 1, fmt::format("{} follows an UPDATE of {}", old_name, name));
    if (pair.conversion.empty() && old_rows_.contains(labelled)) {
      Row next = old_rows_.at(labelled);
      const pg::Value value = next.at(pair.old_name);
      next.erase(pair.old_name);
      next[pair.beside] = value;
      file.lives(world_.before.insert(itself(state), next), fmt::format("the next version writes a row of {} by the name {}", sql::quote(itself(state)), name));
      next.erase(pair.beside);
      file.gives(select(table_.old_name, {pair.old_name}) + " WHERE " + where(next, true), {{value}}, 1, fmt::format("{} follows an INSERT of {}", old_name, name));
      file.run(fmt::format("DELETE FROM {} WHERE {}", sql::quote(table_.old_name), where(next, true)));
    }
  }
  for (const ColumnPair& pair : table_.columns) {  // columns that the plan added: the deployed version writes rows without them
    if (pair.from || state < pair.added || !constant(*pair.to, world_) || !pair.conversion.empty() || pair.to->default_expression.empty()) continue;
    const pg::Value value = world_.desired.evaluate(fmt::format("(({})::{})::text", pair.to->default_expression, pair.to->type));
    file.gives(select(itself(state), {pair.new_name}) + " WHERE " + where(row, true), {{value}}, 1,
               fmt::format("a row of the deployed version has {} in {}", literal(value), sql::quote_identifier(pair.new_name)));
  }
  for (const ColumnPair& pair : table_.columns) {  // and where the server gives each row another value, they have one
    if (pair.from || state < pair.added || constant(*pair.to, world_) || pair.to->generated != catalog::Generated::none) continue;
    file.gives(fmt::format("SELECT ({} IS NOT NULL)::text FROM {} WHERE {}", sql::quote_identifier(pair.new_name), sql::quote(itself(state)), where(row, true)), {{"true"}}, 1,
               fmt::format("a row of the deployed version has a value in {}", sql::quote_identifier(pair.new_name)));
  }
  if (table_.renamed != 0 && state >= table_.renamed) {
    file.gives(select(table_.new_name, columns) + " WHERE " + where(row, true), {values_of(row, columns)}, columns.size(), fmt::format("{} shows what was written to {}", says(false), says(true)));
    if (old_rows_.contains(labelled))
      round_trip(file, table_.new_name, old_rows_.at(labelled), columns, true, fmt::format("the next version writes a row of {}", says(false)));
    old_name_reads_by_own_right(file);
  }
  twin(file, state, true);
  numbered(file, true);
  defaults(file, state, true);
  rules(file, state, true, state == 0 ? Which::lasting : Which::all);
}

// The view under a table's old name lets nobody read what the table itself would not.
void TableTests::old_name_reads_by_own_right(TestFile& file) const {
  const std::string name = sql::quote(table_.old_name);
  if (state_of(world_.plan, nullptr, {fmt::format("CREATE VIEW {} WITH (security_invoker='true'", name)}) == 0) return;  // servers before 15 have no such view
  const std::vector<std::string> first{fmt::format("CREATE ROLE {}", kReader), fmt::format("GRANT USAGE ON SCHEMA {} TO {}", sql::quote_identifier(table_.old_name.schema), kReader),
                                       fmt::format("REVOKE SELECT ON {} FROM PUBLIC", sql::quote(table_.new_name)), fmt::format("GRANT SELECT ON {} TO {}", name, kReader), fmt::format("SET LOCAL ROLE {}", kReader)};
  file.shows(first, fmt::format("SELECT count(*)::text FROM {}", name), {"refused: 42501"}, fmt::format("who may read {} by its old name alone reads nothing of {}", says(true), says(false)));
}

// What stands beside the old shape before contract: second columns, added columns, a table's new name.
void TableTests::beside(TestFile& file, State state) const {
  const std::vector<Seed>& seeds = world_.seeds.at(table_.old_name);
  for (const ColumnPair& pair : table_.columns) {
    if (!pair.to) continue;
    const bool added = !pair.from && state >= pair.added && (pair.conversion.empty() || !constant(*pair.to, world_) ? constant(*pair.to, world_) : state >= after(Phase::backfill));
    const bool second = pair.from && !pair.beside.empty() && state >= after(Phase::backfill);
    if (!added && !second) continue;
    const std::string& name = added ? pair.new_name : pair.beside;
    if (second && !added && comes_after(pair, state)) continue;
    std::vector<std::string> columns;
    for (const std::string& key : old_key_) columns.push_back(key);
    columns.push_back(name);
    std::vector<std::vector<pg::Value>> rows;
    for (const Seed& seed : seeds) {
      std::vector<pg::Value> values = values_of(seed.old_row, old_key_);
      values.push_back(pair.relabelled ? seed.old_row.at(pair.old_name) : seed.new_row.contains(pair.new_name) ? seed.new_row.at(pair.new_name)
                                                                                                               : pg::Value());
      rows.push_back(values);
    }
    file.gives(select(itself(state), columns) + without_attached(), rows, columns.size(), fmt::format("{}.{} holds what the rows of before become", sql::quote(itself(state)), sql::quote_identifier(name)));
  }
  for (const ColumnPair& pair : table_.columns) {  // filled, with another value for each row
    if (pair.from || !pair.to || pair.conversion.empty() || constant(*pair.to, world_) || state < after(Phase::backfill)) continue;
    file.gives(fmt::format("SELECT count(*)::text FROM {} WHERE {} IS NULL", sql::quote(itself(state)), sql::quote_identifier(pair.new_name)), {{"0"}}, 1,
               fmt::format("every row of {} has a value in {}", sql::quote(itself(state)), sql::quote_identifier(pair.new_name)));
  }
  if (table_.renamed != 0 && state >= table_.renamed) {
    const std::vector<std::string> columns = stable(true);
    std::vector<std::vector<pg::Value>> rows;
    for (const Seed& seed : seeds) rows.push_back(values_of(seed.old_row, columns));
    file.gives(select(table_.new_name, columns), rows, columns.size(), fmt::format("{} shows the rows of {}", says(false), says(true)));
  }
}

void TableTests::rows_in_new_shape(TestFile& file, State state) const {
  if (world_.shape.contract == 99) return;
  const std::vector<std::string> columns = stable(false);
  std::vector<std::vector<pg::Value>> rows;
  for (const Seed& seed : world_.seeds.at(table_.old_name)) rows.push_back(values_of(seed.new_row, columns));
  std::string query = select(table_.new_name, columns) + without_attached();
  for (const auto& [id, object] : world_.before.database().objects) {  // a partition that leaves takes its rows along
    const auto *was = std::get_if<catalog::Table>(&object.body), *is = world_.desired.database().find_body<catalog::Table>(id);
    const auto has = [&world = world_.desired.database(), &id = id](const std::string& column) { return world.find({catalog::Kind::column, id.schema, id.name, column, {}}) != nullptr; };
    if (was && is && was->partition_of == table_.old_name && !is->partition_of && std::all_of(columns.begin(), columns.end(), has)) query += " UNION ALL " + select({id.schema, id.name}, columns);
  }
  if (!columns.empty()) file.gives(query, rows, columns.size(), fmt::format("{} holds the rows of before, in the new shape", says(false)));
  shown_by_parent(file, state);
}

void TableTests::new_shape(TestFile& file, State state) const {
  const bool has_contract = world_.shape.contract != 99;
  if (!table_.changed) rules(file, state, false);
  if (!table_.changed || !new_rows_.contains(written)) return;
  const Row& row = new_rows_.at(written);
  std::vector<std::string> columns;
  for (const auto& [name, value] : row) columns.push_back(name);
  round_trip(file, table_.new_name, row, columns, false, fmt::format("the next version writes a row of {}", says(false)));
  if (new_of_old_.contains(changed_to) && state < after(Phase::purge) && has_contract && table_.synced) {
    // Until purge the retired column follows, so that a way back finds what was written since.
    const Row& back = new_of_old_.at(changed_to);
    bool wrote = false;
    for (const ColumnPair& pair : table_.columns) {
      if (!pair.from || !pair.to || pair.retired.empty() || pair.from->generated != catalog::Generated::none) continue;
      pg::Value was = old_rows_.at(changed_to).contains(pair.old_name) ? old_rows_.at(changed_to).at(pair.old_name) : pg::Value();
      if (!pair.conversion.empty()) {
        const std::string cast = fmt::format("({}::{})::{}::text", literal(back.at(pair.new_name)), pair.to->type, pair.from->type);
        bool known = false;
        pg::Value returned;
        for (RowMaker* rows : {&world_.desired, &world_.before}) {  // either type may be there alone
          if (known) break;
          try {
            returned = rows->evaluate(cast);
            known = true;
          } catch (const pg::ServerError&) {
            // The other schema may know both.
          }
        }
        if (!known || (returned != was && pair.from->type != pair.to->type)) continue;
        if (returned != was) {
          try {
            world_.before.evaluate(fmt::format("{}::{}::text", literal(returned), pair.from->type));
          } catch (const pg::ServerError&) {
            continue;  // a value that is new: what it comes from goes back, and that may be several
          }
        }
        was = returned;  // an enum made anew: a value that was mapped stays what it became
      }
      if (!wrote) file.lives(world_.desired.insert(table_.new_name, back), fmt::format("the next version writes a second row of {}", says(false)));
      wrote = true;
      file.gives(select(table_.followed.name.empty() ? table_.new_name : table_.followed, {pair.retired}) + " WHERE " + where(back, false), {{was}}, 1,
                 fmt::format("{} follows {} for the way back", sql::quote_identifier(pair.retired), sql::quote_identifier(pair.new_name)));
    }
  }
  gone(file, state);
  twin(file, state, false);
  numbered(file, false);
  defaults(file, state, false);
  rules(file, state, false);
  references(file, state);
  enum_values(file, state);
}

}  // namespace contraflow::testgen
