// SPDX-License-Identifier: Apache-2.0
#include "testgen/table_tests.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace contraflow::testgen {

using catalog::Column;
using plan::Phase;

TableTests::TableTests(World& world, const TablePair& table) : world_(world), table_(table) {
  const auto key_of = [&](RowMaker& rows, const QualifiedName& name) {
    std::vector<std::string> best;
    for (const auto& [id, object] : rows.database().objects) {
      const auto* key = std::get_if<catalog::Constraint>(&object.body);
      if (!key || id.schema != name.schema || id.relation != name.name) continue;
      if (key->type == catalog::ConstraintType::primary_key) return key->columns;
      if (key->type == catalog::ConstraintType::unique && best.empty()) best = key->columns;
    }
    return best;
  };
  if (table.from) old_key_ = key_of(world.before, table.old_name);
  if (table.to) new_key_ = key_of(world.desired, table.new_name);
  // A key that only one of the schemas has finds rows in that one alone.
  for (const Number number : kNumbers) {
    if (table.from) {
      if (!table.to) {
        if (std::optional<Row> row = world.before.make(table.old_name, number)) old_rows_[number] = *row;
      } else if (const std::optional<Seed> both = row_of_both(world, table, number, 5'003)) {
        old_rows_[number] = both->old_row;
        new_of_old_[number] = both->new_row;
      }
    }
    if (table.to) {
      if (std::optional<Row> row = world.desired.make(table.new_name, number + 200))
        new_rows_[number] = *row;
      else if (const std::optional<Seed> both = table.from ? row_of_both(world, table, number + 200, 5'003) : std::nullopt)
        new_rows_[number] = both->new_row;  // the old schema says what its contents are like
      else
        world.notes.push_back(fmt::format("{}: no row of the new shape was found", sql::quote(table.new_name)));
    }
  }
  for (const auto& [row, side] : {std::pair{old_rows_.find(written), true}, std::pair{new_rows_.find(written), false}}) {
    if (row == (side ? old_rows_ : new_rows_).end()) continue;
    for (const std::string& column : maker(side).altered(side ? table.old_name : table.new_name, row->second)) {
      (side ? old_altered_ : new_altered_).insert(column);
      for (const ColumnPair& pair : table.columns) {
        if (!pair.from || !pair.to || (side ? pair.old_name : pair.new_name) != column) continue;
        (side ? new_altered_ : old_altered_).insert(side ? pair.new_name : pair.old_name);
      }
      world.notes.push_back(fmt::format("{}.{}: a trigger writes it", says(side), column));
    }
  }
  for (const Database* database : {&world.before.database(), &world.desired.database()}) {
    for (const auto& [id, object] : database->objects) {
      const auto* other = std::get_if<catalog::Table>(&object.body);
      if (other == nullptr) continue;
      for (const QualifiedName& parent : other->inherits) inherited_ = inherited_ || parent == table.old_name || parent == table.new_name;
    }
  }
  if (app_writes()) world.notes.push_back(fmt::format("{}: from expand to contract the application writes both columns: what the deployed version may write then is not tested", sql::quote(table.old_name)));
  // The first row that the tests write is there for the rules where no other can be known: of a new table, and where the server numbers the rows of before.
  const bool own_numbers = std::any_of(table.columns.begin(), table.columns.end(), [&](const ColumnPair& pair) { return !pair.from && pair.to && !constant(*pair.to, world); });
  if ((!table.from || own_numbers) && new_rows_.contains(written)) world.desired.keep(table.new_name, new_rows_.at(written));
  find_rules();
}

std::string TableTests::where(const Row& row, bool old) const {
  std::vector<std::string> parts;
  for (const std::string& column : old ? old_key_ : new_key_) {
    if (!row.contains(column)) continue;
    parts.push_back(fmt::format("{}::text = {}", sql::quote_identifier(column), literal(row.at(column))));
  }
  if (parts.empty()) {
    for (const auto& [column, value] : row) parts.push_back(fmt::format("{}::text IS NOT DISTINCT FROM {}", sql::quote_identifier(column), literal(value)));
  }
  return join(parts, " AND ");
}

std::string TableTests::select(const QualifiedName& name, const std::vector<std::string>& columns) const {
  std::vector<std::string> texts;
  for (const std::string& column : columns) texts.push_back(sql::quote_identifier(column) + "::text");
  return fmt::format("SELECT {} FROM {}{}", join(texts, ", "), inherited_ ? "ONLY " : "", sql::quote(name));
}

std::string TableTests::says(bool old) const { return sql::quote(old ? table_.old_name : table_.new_name); }

// Columns whose contents a test can name: those that the plan adds with a default such as now() are left out.
std::vector<std::string> TableTests::stable(bool old) const {
  std::vector<std::string> out;
  for (const ColumnPair& pair : table_.columns) {
    const Column* column = old ? pair.from : pair.to;
    if (!column) continue;
    const std::string& name = old ? pair.old_name : pair.new_name;
    if ((old ? old_altered_ : new_altered_).contains(name)) continue;
    if (!pair.from && !old && (!constant(*column, world_) || (table_.from == nullptr))) continue;
    out.push_back(name);
  }
  return out;
}

std::vector<pg::Value> values_of(const Row& row, const std::vector<std::string>& columns) {
  std::vector<pg::Value> out;
  for (const std::string& column : columns) out.push_back(row.contains(column) ? row.at(column) : pg::Value());
  return out;
}

void TableTests::rows_kept(TestFile& file, State state) const {
  if (!table_.from) return;
  const std::vector<std::string> columns = stable(true);
  std::vector<std::vector<pg::Value>> rows;
  for (const Seed& seed : world_.seeds.at(table_.old_name)) {
    Row row = seed.old_row;
    for (const ColumnPair& pair : table_.columns) {
      if (state >= after(Phase::backfill) && pair.from && !pair.fill.empty() && !row.at(pair.old_name)) row[pair.old_name] = seed.new_row.at(pair.new_name);
    }
    rows.push_back(values_of(row, columns));
  }
  if (!columns.empty()) file.gives(select(table_.old_name, columns) + (state > 0 ? without_attached() : ""), rows, columns.size(), fmt::format("{} holds the rows of before", says(true)));
}

void TableTests::rows_of_before(TestFile& file, State state) const {
  const bool old = state < world_.shape.contract;
  if (!table_.from || state == 0 || state < table_.created || (!old && !table_.to)) return;
  file.heading(says(old) + ": the rows of before");
  if (old) {
    rows_kept(file, state);
    beside(file, state);
  }
  if (table_.to && state >= std::min(world_.shape.contract, world_.shape.last)) rows_in_new_shape(file, state);
}

void TableTests::write(TestFile& file, State state) const {
  if (state < table_.created) return;
  const bool old = table_.from && state < world_.shape.contract;
  const auto taken = [&](const QualifiedName& name) {
    const Database& to = world_.desired.database();
    return std::any_of(to.objects.begin(), to.objects.end(), [&](const auto& entry) {
      return entry.first.schema == name.schema && entry.first.name == name.name && entry.first.relation.empty() && entry.first.kind != catalog::Kind::enum_type && entry.first.kind != catalog::Kind::domain;
    });
  };
  // A table that goes may stand, empty, until purge.
  State leaves = state_of(world_.plan, nullptr, {fmt::format("ALTER TABLE {} RENAME TO ", says(true))}, true);
  if (leaves == 0) leaves = state_of(world_.plan, nullptr, {fmt::format("DROP TABLE IF EXISTS {}\n", says(true))}, true);
  if (!old && state >= leaves && table_.from && (!table_.to || table_.new_name != table_.old_name) && !taken(table_.old_name) && world_.desired.database().find({catalog::Kind::schema, {}, {}, table_.old_name.schema, {}})) {
    file.heading(says(true));
    file.refuses(fmt::format("SELECT 1 FROM {}", sql::quote(table_.old_name)), "42P01", fmt::format("there is no {} any more", says(true)));
  }
  if (!old && !table_.to) return;
  file.heading(says(old));
  if (state == 0) referenced_again(file);
  if (old) {
    if (table_.changed)
      old_shape(file, state);
    else
      rules(file, state, true);
  }
  // A plan that takes nothing away has no contract: both shapes stand after its last phase.
  if (table_.to && (!table_.from || state >= std::min(world_.shape.contract, world_.shape.last))) new_shape(file, state);
  if (table_.changed) soft_delete(file, state);
}

void TableTests::round_trip(TestFile& file, const QualifiedName& name, const Row& row, const std::vector<std::string>& all, bool old, const std::string& text) const {
  // Without a key its likes cannot be told from it: there are none then.
  if ((old ? old_key_ : new_key_).empty()) file.run(fmt::format("DELETE FROM {} WHERE {}", sql::quote(name), where(row, old)));
  file.lives(maker(old).insert(name, row), text);
  std::vector<std::string> columns;
  for (const std::string& column : all) {
    if (!(old ? old_altered_ : new_altered_).contains(column)) columns.push_back(column);
  }
  if (columns.empty()) return;
  file.gives(select(name, columns) + " WHERE " + where(row, old), {values_of(row, columns)}, columns.size(), text + ", and it reads back");
}

bool TableTests::app_writes() const {
  return !table_.synced && std::any_of(table_.columns.begin(), table_.columns.end(), [](const ColumnPair& pair) { return pair.from && pair.to && !pair.beside.empty(); });
}

// What stands in the second column of a row of the tests before contract.
pg::Value TableTests::expected(const ColumnPair& pair, long long number) const {
  return pair.relabelled ? old_rows_.at(number).at(pair.old_name) : new_of_old_.at(number).at(pair.new_name);
}

// Rows of tables that the plan makes partitions of this one are not its own: they are asked for by themselves.
std::string TableTests::without_attached() const {
  std::vector<std::string> parts;
  if (table_.renamed == 0) {  // a view under its old name has no tableoid
    for (const TablePair& other : world_.shape.tables) {
      if (other.from && other.to && other.to->partition_of == table_.new_name && table_.to)
        parts.push_back(fmt::format("tableoid NOT IN (SELECT relid FROM pg_catalog.pg_partition_tree({}))", sql::quote_literal(sql::quote(other.new_name))));
    }
  }
  return parts.empty() ? std::string() : " WHERE " + join(parts, " AND ");
}

// The rows of a table that becomes a partition, through its parent.
void TableTests::shown_by_parent(TestFile& file, State state) const {
  if (!table_.from || !table_.to || !table_.to->partition_of || state < state_of(world_.plan, nullptr, {fmt::format(" ATTACH PARTITION {} ", sql::quote(table_.new_name))})) return;
  const std::vector<std::string> columns = stable(false);
  if (columns.empty()) return;
  std::vector<std::vector<pg::Value>> rows;
  for (const Seed& seed : world_.seeds.at(table_.old_name)) rows.push_back(values_of(seed.new_row, columns));
  const std::string parent = sql::quote(*table_.to->partition_of), name = sql::quote(table_.new_name);
  file.gives(select(*table_.to->partition_of, columns) + fmt::format(" WHERE tableoid IN (SELECT relid FROM pg_catalog.pg_partition_tree({}))", sql::quote_literal(name)), rows, columns.size(),
             fmt::format("{} shows the rows of {}, its partition", parent, name));
}

}  // namespace contraflow::testgen
