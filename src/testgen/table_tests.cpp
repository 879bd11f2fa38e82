// SPDX-License-Identifier: Apache-2.0
#include "testgen/table_tests.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "rehearse/row_values.h"

namespace contraflow::testgen {
namespace {

using catalog::Column;
using plan::Phase;

// Numbers of the rows that the tests write: one for each purpose, so that they do not get in each other's way.
enum Number : long long { written = 101,
                          changed_to = 102,
                          with_default = 103,
                          refused = 104,
                          labelled = 105,
                          rival = 106 };
constexpr Number kNumbers[] = {written, changed_to, with_default, refused, labelled, rival};

}  // namespace

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

namespace {

// The values of an enum type, by its name as columns have it; null: it is none.
const std::vector<std::string>* labels_of(const Database& database, const std::string& type) {
  for (const auto& [id, object] : database.objects) {
    const auto* labels = std::get_if<catalog::EnumType>(&object.body);
    if (labels && sql::quote(QualifiedName{id.schema, id.name}) == type) return &labels->labels;
  }
  return nullptr;
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
  const auto refers_to_changed = [&](const Rule& rule) {
    const QualifiedName& name = rule.old_side ? table.old_name : table.new_name;
    const auto* key = maker(rule.old_side).database().find_body<catalog::Constraint>({catalog::Kind::constraint, name.schema, name.name, rule.name, {}});
    return rule.kind == Rule::Kind::foreign_key && key && key->references && std::any_of(world.shape.tables.begin(), world.shape.tables.end(), [&](const TablePair& other) {
             return other.changed && (rule.old_side ? other.old_name : other.new_name) == *key->references;
           });
  };
  const std::vector<Rule> all = rules_of(table, world.plan, world.shape, world.before.database(), world.desired.database());
  for (const Rule& rule : all) {
    if (!table.changed && !refers_to_changed(rule)) continue;
    Ruled ruled{.rule = rule, .old_refused = {}, .new_refused = {}};
    const auto& rows = rule.old_side ? old_rows_ : new_rows_;
    if (!rows.contains(refused)) continue;
    auto& found = rule.old_side ? ruled.old_refused : ruled.new_refused;
    const QualifiedName& name = rule.old_side ? table.old_name : table.new_name;
    // Beside a row of its own, so that it says the same where the rows of before are gone.
    if (rule.kind == Rule::Kind::unique && rows.contains(rival)) {
      found = maker(rule.old_side).violate(name, rule, rows.at(refused), &rows.at(rival));
      if (found) ruled.rival = rows.at(rival);
    }
    if (!found) found = maker(rule.old_side).violate(name, rule, rows.at(refused));
    if (!found) {
      if (rule.kind != Rule::Kind::not_null)
        world.notes.push_back(fmt::format("{} on {}: no row was found that it alone refuses", rule.name, sql::quote(rule.old_side ? table.old_name : table.new_name)));
      continue;
    }
    if (const auto next = std::find_if(all.begin(), all.end(), [&](const Rule& other) { return rule.old_side && !other.old_side && says_the_same(rule, other); }); next != all.end()) ruled.successor = *next;
    // What the desired schema will refuse the old one takes: the same contents by the old names.
    if (!rule.old_side && table.from && old_rows_.contains(refused)) {
      Row old_row = old_rows_.at(refused), first;
      if (ruled.rival && old_rows_.contains(rival)) first = old_rows_.at(rival);
      bool mapped = true;
      for (const std::string& column : rule.columns) {
        const auto pair = std::find_if(table.columns.begin(), table.columns.end(), [&](const ColumnPair& p) { return p.to && p.new_name == column; });
        mapped = mapped && pair != table.columns.end() && pair->from && pair->conversion.empty();
        if (!mapped) break;
        old_row[pair->old_name] = found->at(column);
        if (!first.empty()) first[pair->old_name] = ruled.rival->at(column);
      }
      const std::string before_it = first.empty() ? "" : world.before.insert(table.old_name, first) + "; ";
      if (mapped && !rule.columns.empty() && world.before.accepts(before_it + world.before.insert(table.old_name, old_row))) {
        ruled.old_refused = old_row;
        if (!first.empty()) ruled.old_rival = first;
      }
    }
    rules_.push_back(ruled);
  }
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

namespace {
std::vector<pg::Value> values_of(const Row& row, const std::vector<std::string>& columns) {
  std::vector<pg::Value> out;
  for (const std::string& column : columns) out.push_back(row.contains(column) ? row.at(column) : pg::Value());
  return out;
}
}  // namespace

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
    if (state > 0) rows_kept(file, state);
    if (state > 0) beside(file, state);
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

// Where the second columns are: the table itself, and not the view that may stand under its old name.
const QualifiedName& TableTests::itself(State state) const { return table_.renamed != 0 && state >= table_.renamed ? table_.new_name : table_.old_name; }

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
    file.gives(select(itself(state), second) + " WHERE " + where(row, true), {{expected(pair, written)}}, 1, fmt::format("{} follows an INSERT of {}", name, old_name));
    if (std::find(old_key_.begin(), old_key_.end(), pair.old_name) != old_key_.end() || old_key_.empty()) continue;
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
  }
  twin(file, state, true);
  numbered(file, true);
  defaults(file, state, true);
  rules(file, state, true);
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

void TableTests::new_shape(TestFile& file, State state) const {
  const bool has_contract = world_.shape.contract != 99;
  if (has_contract || !table_.from) {
    const std::vector<std::string> columns = stable(false);
    std::vector<std::vector<pg::Value>> rows;
    if (table_.from) {
      for (const Seed& seed : world_.seeds.at(table_.old_name)) rows.push_back(values_of(seed.new_row, columns));
      if (!columns.empty()) file.gives(select(table_.new_name, columns) + without_attached(), rows, columns.size(), fmt::format("{} holds the rows of before, in the new shape", says(false)));
      shown_by_parent(file, state);
    }
  }
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
      if (!pair.from || !pair.to || pair.retired.empty()) continue;
      pg::Value was = old_rows_.at(changed_to).contains(pair.old_name) ? old_rows_.at(changed_to).at(pair.old_name) : pg::Value();
      if (!pair.conversion.empty()) {
        try {
          const std::string cast = fmt::format("({}::{})::{}::text", literal(back.at(pair.new_name)), pair.to->type, pair.from->type);
          const pg::Value returned = world_.desired.evaluate(cast);
          if (returned != was && pair.from->type != pair.to->type) continue;
          was = returned;  // an enum made anew: a value that was mapped stays what it became
        } catch (const pg::ServerError&) {
          continue;
        }
      }
      if (!wrote) file.lives(world_.desired.insert(table_.new_name, back), fmt::format("the next version writes a second row of {}", says(false)));
      wrote = true;
      file.gives(select(table_.new_name, {pair.retired}) + " WHERE " + where(back, false), {{was}}, 1,
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
    file.gives(select(table, {name}) + " WHERE " + where(row, old), {{value}}, 1, fmt::format("it has {} in {}", literal(value), sql::quote_identifier(name)));
    file.run(fmt::format("DELETE FROM {} WHERE {}", sql::quote(table), where(row, old)));
  }
}

void TableTests::rules(TestFile& file, State state, bool old) const {
  for (const Ruled& ruled : rules_) {
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
      if ((rule.kind != Rule::Kind::unique || beside_rival) && !(old ? old_key_ : new_key_).empty()) file.run(fmt::format("DELETE FROM {} WHERE {}", sql::quote(table), where(*row, old)));
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
