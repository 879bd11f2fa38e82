// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <tuple>

#include "catalog/alter.h"
#include "catalog/ddl.h"
#include "catalog/rename.h"
#include "plan/strategies/column_parts.h"
#include "plan/strategies/conversion.h"
#include "plan/strategies/replace.h"
#include "sql/functions.h"

namespace contraflow::plan {

using namespace catalog;

bool has_volatile_default(const Database& database, const Column& column) {
  if (column.default_expression.empty()) return false;
  for (const sql::FunctionCall& call : sql::functions_in(column.default_expression)) {
    if (call.schema.empty() || call.schema == "pg_catalog") {
      if (sql::is_volatile_built_in(call.name)) return true;
      continue;
    }
    // A function of the schema says itself; one of an extension is not in the model and is taken to be volatile.
    bool stable = false;
    for (auto it = database.objects.lower_bound(ObjectId{Kind::routine, call.schema, "", call.name, ""});
         it != database.objects.end() && it->first.kind == Kind::routine && it->first.schema == call.schema && it->first.name == call.name; ++it) {
      stable = std::get<Routine>(it->second.body).volatility != 'v';
    }
    if (!stable) return true;
  }
  return false;
}

bool has_checked_domain(const Database& database, const Column& column) {
  const Object* domain = Planner::type_named(database, Kind::domain, column.type_base);
  if (!domain) return false;
  if (std::get<Domain>(domain->body).not_null) return true;
  const auto check = database.objects.lower_bound(ObjectId{Kind::domain_constraint, domain->id.schema, domain->id.name, "", ""});
  return check != database.objects.end() && check->first.kind == Kind::domain_constraint && check->first.schema == domain->id.schema &&
         check->first.relation == domain->id.name;
}

std::string neutral_value(const Database& database, const Column& column) {
  static const std::map<std::string, std::string> values{
      {"text", "''"}, {"character varying", "''"}, {"character", "''"}, {"bpchar", "''"}, {"name", "''"}, {"bytea", "''"}, {"xml", "''"},
      {"smallint", "0"}, {"integer", "0"}, {"bigint", "0"}, {"numeric", "0"}, {"real", "0"}, {"double precision", "0"}, {"money", "0"}, {"oid", "0"},
      {"boolean", "false"}, {"uuid", "'00000000-0000-0000-0000-000000000000'"}, {"json", "'{}'"}, {"jsonb", "'{}'"},
      {"date", "'epoch'"}, {"timestamp without time zone", "'epoch'"}, {"timestamp with time zone", "'epoch'"},
      {"time without time zone", "'00:00'"}, {"time with time zone", "'00:00+00'"}, {"interval", "'0'"}, {"inet", "'0.0.0.0/0'"}, {"cidr", "'0.0.0.0/0'"}};
  const auto typed = [&](const std::string& literal) { return fmt::format("{}::{}", literal, column.type); };
  if (column.type.ends_with("[]")) return typed("'{}'");
  if (auto it = values.find(column.type_base); it != values.end()) return typed(it->second);
  if (const Object* enum_type = Planner::type_named(database, Kind::enum_type, column.type)) {
    const auto& labels = std::get<EnumType>(enum_type->body).labels;
    if (!labels.empty()) return typed(sql::quote_literal(labels.front()));
  }
  return {};
}

std::string column_target(const Database& database, const ObjectId& id) { return alter_table(database, id.schema, id.relation); }

void set_not_null(Planner& p, Phase phase, const ObjectId& id, const std::string& name_now, std::vector<std::size_t> after) {
  const std::string target = column_target(p.to, id);
  const std::string column = sql::quote_identifier(name_now);
  const ObjectId now{Kind::column, id.schema, id.relation, name_now, ""};
  const std::string table = sql::quote(QualifiedName{id.schema, id.relation});
  const Precondition no_nulls{fmt::format("rows of {} whose {} is NULL", table, column),
                              fmt::format("SELECT count(*) FROM {} WHERE {} IS NULL", table, column),
                              fmt::format("give them a value: --fill {}=EXPR", sql::quote(QualifiedName{id.schema, id.relation}) + "." + sql::quote_identifier(id.name))};
  const auto finish = [&](Operation& operation) -> Operation& {
    operation.needs.insert(id);
    operation.after.insert(operation.after.end(), after.begin(), after.end());
    p.not_null_operations[id].push_back(p.operations.size() - 1);
    return operation;
  };
  const std::string set_not_null = fmt::format("{} {}", target, set_not_null_action(now, std::get<Column>(p.to.objects.at(id).body)));
  const std::string drop_not_null = fmt::format("{} ALTER COLUMN {} DROP NOT NULL", target, column);
  const std::string done = column_is_not_null(now);
  if (p.to.find(ObjectId{Kind::foreign_table, id.schema, "", id.relation, ""})) {
    // Its rows are on another server, and nobody looks at them.
    finish(p.add(phase, "set NOT NULL on", id, brief({set_not_null}, negate(done)), brief({drop_not_null}, all_of({exists(now), done}))));
    return;
  }
  if (p.is_small({id.schema, id.relation})) {
    Action action = blocking({set_not_null}, negate(done));
    p.allow_blocking(action, "scan", {{id.schema, id.relation}}, "SET NOT NULL");
    Operation& operation = finish(p.add(phase, "set NOT NULL on", id, action, brief({drop_not_null}, all_of({exists(now), done}))));
    operation.step.preconditions.push_back(no_nulls);
    operation.step.effects = {{{id.schema, id.relation}, effects::LockMode::access_exclusive, effects::Work::scan}};
    return;
  }
  const std::string check = p.spare_constraint(id.schema, id.relation, name_now, "not_null");
  const ObjectId check_id{Kind::constraint, id.schema, id.relation, check, ""};
  const std::string drop_check = fmt::format("{} DROP CONSTRAINT IF EXISTS {}", target, sql::quote_identifier(check));
  const std::string not_yet = negate(done);
  Operation& add = finish(p.add(phase, "prepare NOT NULL on", id,
                                brief({fmt::format("{} ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID", target,
                                                   sql::quote_identifier(check), column)},
                                      all_of({not_yet, absent(check_id)})),
                                brief({drop_check, drop_not_null}, exists(now))));
  add.step.effects = {{{id.schema, id.relation}, effects::LockMode::access_exclusive, effects::Work::none}};
  add.step.preconditions.push_back(no_nulls);
  const std::size_t first = p.operations.size() - 1;
  after = {first};
  Operation& validate = finish(p.add(phase, "prove NOT NULL on", id,
                                     scan({fmt::format("{} VALIDATE CONSTRAINT {}", target, sql::quote_identifier(check))},
                                          all_of({not_yet, exists(check_id)})),
                                     Action{}));
  validate.step.effects = {{{id.schema, id.relation}, effects::LockMode::share_update_exclusive, effects::Work::scan}};
  after = {p.operations.size() - 1};
  Operation& set = finish(p.add(phase, "set NOT NULL on", id,
                                brief({set_not_null, drop_check}), Action{}));
  set.step.effects = {{{id.schema, id.relation}, effects::LockMode::access_exclusive, effects::Work::none}};
}

namespace {

// Rows that were written without a value stop the way back: said beforehand, and by the step itself with their number.
std::string expect_no_null(const QualifiedName& table, const std::string& column) {
  const std::string name = sql::quote(table);
  return fmt::format("DO {}", sql::dollar_quote(fmt::format("DECLARE found bigint; BEGIN SELECT count(*) INTO found FROM {} WHERE {} IS NULL; IF found > 0 THEN RAISE EXCEPTION "
                                                            "USING MESSAGE = found || {}, HINT = {}; END IF; END",
                                                            name, column, sql::quote_literal(fmt::format(" rows of {} hold NULL in {}, which was NOT NULL", name, column)),
                                                            sql::quote_literal(fmt::format("UPDATE {} SET {} = … WHERE {} IS NULL; then run this file again", name, column, column))),
                                                "check"));
}

}  // namespace

// `fill`: what rows get, on the way back, that were written without a value in the meantime; empty: they stop it.
void drop_not_null(Planner& p, Phase phase, const ObjectId& id, bool contents_may_be_lost, const std::string& fill) {
  const std::string target = column_target(p.from, id);
  const std::string column = sql::quote_identifier(id.name);
  const QualifiedName table{id.schema, id.relation};
  const Statements forward{fmt::format("{} ALTER COLUMN {} DROP NOT NULL", target, column)};
  const std::string set_not_null = fmt::format("{} {}", target, set_not_null_action(id, std::get<Column>(p.from.objects.at(id).body)));
  std::string not_yet = all_of({exists(id), negate(column_is_not_null(id))});
  if (p.from.find(ObjectId{Kind::foreign_table, id.schema, "", id.relation, ""})) {
    p.add(phase, "drop NOT NULL of", id, brief(forward, column_is_not_null(id)), brief({set_not_null}, not_yet)).detaches.insert(id);
    p.null_operations[id].push_back(p.operations.size() - 1);
    return;
  }
  if (contents_may_be_lost) {
    const std::string holes = fmt::format("EXISTS (SELECT FROM {} WHERE {} IS NULL)", sql::quote(table), column);
    const std::string warning = fmt::format("{} stays without NOT NULL: rows hold NULL in it", describe(id));
    Operation& warn = p.add(phase, "way back: warn of rows without a value for", id, Action{},
                            brief({fmt::format("DO {}", sql::dollar_quote(fmt::format("BEGIN RAISE WARNING USING MESSAGE = {}; END", sql::quote_literal(warning)), "warn"))}, all_of({not_yet, holes})));
    warn.detaches.insert(id);
    warn.groupable = false;
    not_yet = all_of({not_yet, "NOT " + holes});
  }
  if (p.is_small(table)) {
    Operation& operation = p.add(phase, "drop NOT NULL of", id, brief(forward, column_is_not_null(id)),
                                 blocking({fill.empty() ? expect_no_null(table, column) : fmt::format("UPDATE {} SET {} = {} WHERE {} IS NULL", sql::quote(table), column, fill, column),
                                           set_not_null}, not_yet));
    operation.detaches.insert(id);
    p.null_operations[id].push_back(p.operations.size() - 1);
    return;
  }
  // The way back proves NOT NULL without a scan under ACCESS EXCLUSIVE; undo runs from the last operation to the first.
  const std::string check = p.spare_constraint(id.schema, id.relation, id.name, "not_null");
  const ObjectId check_id{Kind::constraint, id.schema, id.relation, check, ""};
  const std::string quoted_check = sql::quote_identifier(check);
  Operation& first = p.add(phase, "drop NOT NULL of", id, brief(forward, column_is_not_null(id)),
                           brief({set_not_null, fmt::format("{} DROP CONSTRAINT IF EXISTS {}", target, quoted_check)},
                                 contents_may_be_lost ? exists(check_id) : exists(id)));
  first.detaches.insert(id);
  first.step.effects = {{table, effects::LockMode::access_exclusive, effects::Work::none}};
  const std::size_t before = p.operations.size() - 1;
  Operation& second = p.add(phase, "way back: prove NOT NULL of", id, Action{},
                            scan({fmt::format("{} VALIDATE CONSTRAINT {}", target, quoted_check)}, exists(check_id)));
  second.after.push_back(before);
  second.detaches.insert(id);
  std::vector<std::size_t> all{before, before + 1};
  if (fill.empty()) {
    Operation& counted = p.add(phase, "way back: look for rows without a value for", id, Action{}, brief({expect_no_null(table, column)}, exists(check_id)));
    counted.detaches.insert(id);
  } else {
    Action action;
    action.mode = Mode::batched;
    action.todo = exists(check_id);
    action.backfill = Backfill{table, usable_key(p, table), fmt::format("{} = {}", column, fill), column + " IS NULL"};
    Operation& filled = p.add(phase, "way back: fill rows that have no value for", id, Action{}, std::move(action));
    filled.detaches.insert(id);
  }
  p.operations.back().after.push_back(before + 1);
  p.operations.back().groupable = false;
  all.push_back(before + 2);
  Operation& third = p.add(phase, "way back: prepare NOT NULL of", id, Action{},
                           brief({fmt::format("{} ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID", target, quoted_check, column)},
                                 all_of({not_yet, absent(check_id)})));
  third.after.push_back(before + 2);
  third.detaches.insert(id);
  all.push_back(before + 3);
  for (const std::size_t i : all) p.null_operations[id].push_back(i);
}

namespace {

bool inherited_only(const Object& object) {
  const Column& column = std::get<Column>(object.body);
  return column.inherited && !column.local;
}

std::vector<QualifiedName> tables_of(const Database& database, const ObjectId& id) {
  std::vector<QualifiedName> tables{{id.schema, id.relation}};
  for (QualifiedName& child : Planner::descendants(database, tables.front())) tables.push_back(std::move(child));
  return tables;
}

bool everything_small(const Planner& p, const ObjectId& id) {
  const auto tables = tables_of(p.from, id);
  return std::all_of(tables.begin(), tables.end(), [&](const QualifiedName& t) { return p.is_small(t); });
}

void add_column(Planner& p, const ObjectId& id) {
  const Object& object = p.to.objects.at(id);
  const Column& column = std::get<Column>(object.body);
  const std::string target = column_target(p.to, id);
  const std::string quoted = sql::quote_identifier(id.name);
  const Action undo = brief({fmt::format("{} DROP COLUMN IF EXISTS {}", target, quoted)});
  const bool rewrites = column.identity != Identity::none || column.generated == Generated::stored ||
                        has_volatile_default(p.to, column) || has_checked_domain(p.to, column);
  const bool fill = p.options.fill.contains(option_key(id));
  const bool late_not_null = column.not_null && column.default_expression.empty() && column.identity == Identity::none &&
                             column.generated == Generated::none;
  const bool staged = rewrites && column.generated == Generated::none && !everything_small(p, id) &&
                      !has_checked_domain(p.to, column) && !p.options.allow_blocking.contains("rewrite");
  if (staged) {
    add_column_in_stages(p, id);
    return;
  }
  Column first = column;
  if (late_not_null) first.not_null = false;
  Statements statements{fmt::format("{} ADD COLUMN IF NOT EXISTS {}", target, column_definition(id, first, p.to.major()))};
  const bool foreign = p.to.find(ObjectId{Kind::foreign_table, id.schema, "", id.relation, ""}) != nullptr;
  Statements whole = create(object, p.to);
  // Storage, compression, statistics and options are statements of their own.
  if (!foreign && !whole.empty()) statements.insert(statements.end(), whole.begin() + 1, whole.end());
  if (foreign && !whole.empty()) statements = whole;
  for (std::string& statement : describe_state(object, p.to)) statements.push_back(std::move(statement));
  Action forward = brief(std::move(statements), foreign ? absent(id) : std::string());
  if (rewrites) {
    forward.todo = absent(id);
    p.allow_blocking(forward, "rewrite", tables_of(p.from, id), "adding " + describe(id));
  }
  Operation& operation = p.add(Phase::expand, "add", id, std::move(forward), undo);
  operation.provides = Planner::with_copies(p.to, id);
  operation.needs.insert(object.depends_on.begin(), object.depends_on.end());
  // A table that stops inheriting would take the column along.
  const std::vector<QualifiedName> heirs = Planner::descendants(p.from, {id.schema, id.relation});
  for (const auto* leaving : {&p.leaves_parent, &p.leaves_partition}) {
    for (const auto& [table, i] : *leaving) {
      const bool heir = std::find(heirs.begin(), heirs.end(), QualifiedName{table.schema, table.name}) != heirs.end();
      if (heir && !p.to.find(column_id(table.schema, table.name, id.name))) operation.after.push_back(i);
    }
  }
  operation.step.effects = {{{id.schema, id.relation}, effects::LockMode::access_exclusive,
                             rewrites ? effects::Work::rewrite : effects::Work::none}};
  const std::size_t added = p.operations.size() - 1;
  std::vector<std::size_t> after{added};
  if (fill) {
    backfill_column(p, Phase::backfill, id, p.options.fill.at(option_key(id)), fmt::format("{} IS NULL", quoted));
    p.operations.back().after.push_back(added);
    after.push_back(p.operations.size() - 1);
  }
  if (late_not_null) {
    set_not_null(p, Phase::contract, id, id.name, after);
    for (std::size_t i = added; i < p.operations.size(); ++i) {
      if (i != added) p.operations[i].detaches.erase(id);
    }
    p.notes.push_back(fmt::format("{} is NOT NULL without a default: the deployed version does not write it, so NOT NULL is set in contract, when every "
                                  "writer does{}", describe(id),
                                  fill ? std::string() : fmt::format("; rows that are there hold NULL in it until something fills them: --fill {}=EXPR does",
                                                                     sql::quote(QualifiedName{id.schema, id.relation}) + "." + sql::quote_identifier(id.name))));
  }
}

void note_rows_without_value(Planner& p, const ObjectId& id, const std::string& value, std::string_view otherwise) {
  p.notes.push_back(value.empty() ? fmt::format("{}: rows that the next version writes without it {}; --fill {}.{}=EXPR gives them one there",
                                                describe(id), otherwise, sql::quote(QualifiedName{id.schema, id.relation}), sql::quote_identifier(id.name))
                                  : fmt::format("{}: rows that the next version writes without it get {} on the way back", describe(id), value));
}

// A constraint or a unique index of the column says what values its rows may hold: the same value in all of them is not safe.
bool values_are_constrained(const Database& database, const ObjectId& id) {
  const auto names = [&](const std::vector<std::string>& columns) { return std::find(columns.begin(), columns.end(), id.name) != columns.end(); };
  for (const Object* member : Planner::members(database, ObjectId{Kind::table, id.schema, "", id.relation, ""})) {
    if (const auto* constraint = std::get_if<Constraint>(&member->body); constraint && constraint->type != ConstraintType::not_null && names(constraint->columns)) return true;
    if (const auto* index = std::get_if<Index>(&member->body); index && index->unique && (names(index->columns) || member->depends_on.contains(id))) return true;
  }
  return false;
}

void retire_column(Planner& p, const ObjectId& id) {
  const Object& object = p.from.objects.at(id);
  const Column& column = std::get<Column>(object.body);
  const std::string target = column_target(p.from, id);
  const std::string quoted = sql::quote_identifier(id.name);
  const bool foreign = p.from.find(ObjectId{Kind::foreign_table, id.schema, "", id.relation, ""}) != nullptr;
  std::set<ObjectId> gone = Planner::with_copies(p.from, id);
  const std::set<ObjectId> copies = gone;
  Statements sequences, owned;
  // A sequence that the column owns goes with it.
  for (auto it = p.from.objects.lower_bound(ObjectId{Kind::sequence, "", "", "", ""});
       it != p.from.objects.end() && it->first.kind == Kind::sequence; ++it) {
    const auto& sequence = std::get<Sequence>(it->second.body);
    if (sequence.owned_by != id || p.to.find(it->first) || !p.take(it->first)) continue;
    gone.insert(it->first);
    Object free = it->second;
    std::get<Sequence>(free.body).owned_by.reset();
    for (std::string& statement : create_all(free, p.from)) sequences.push_back(std::move(statement));
    for (std::string& statement : alter_sequence(it->first, std::get<Sequence>(free.body), sequence)) owned.push_back(std::move(statement));
  }
  const bool bare_not_null = column.not_null && column.default_expression.empty() && column.identity == Identity::none &&
                             column.generated == Generated::none && !column.not_null_inherited && !foreign;
  const std::string neutral = bare_not_null && !values_are_constrained(p.from, id) ? neutral_value(p.from, column) : std::string();
  const auto add_back = [&](const std::string& name) {
    ObjectId renamed = id;
    renamed.name = name;
    Object copy = object;
    copy.id = renamed;
    // It comes back without its contents: rows that are there hold NULL, and NOT NULL, where it has no default, is proven afterwards.
    auto& body = std::get<Column>(copy.body);
    const bool bare = body.default_expression.empty() && body.identity == Identity::none;
    if (name != id.name && bare) body.not_null = false;
    if (bare) body.default_expression = neutral;
    // Its contents are lost: where it may hold NULL its default is for new rows alone, and is not computed for those that are there.
    std::string later;
    if (!bare && !body.not_null && body.generated == Generated::none && body.identity == Identity::none) std::swap(later, body.default_expression);
    Statements out = sequences;
    Statements whole = create_all(copy, p.from);
    out.insert(out.end(), whole.begin(), whole.end());
    if (!later.empty()) out.push_back(fmt::format("{} ALTER COLUMN {} SET DEFAULT {}", target, sql::quote_identifier(name), later));
    if (bare && !neutral.empty()) out.push_back(fmt::format("{} ALTER COLUMN {} DROP DEFAULT", target, sql::quote_identifier(name)));
    return out;
  };
  const auto own = [&](Statements statements, const std::string& name) {
    for (const std::string& statement : owned) {
      statements.push_back(name == id.name ? statement
                                           : fmt::format("ALTER SEQUENCE {} OWNED BY {}.{}", quoted_name(*std::find_if(gone.begin(), gone.end(), [](const ObjectId& g) { return g.kind == Kind::sequence; })),
                                                         sql::quote(QualifiedName{id.schema, id.relation}), sql::quote_identifier(name)));
    }
    return statements;
  };
  if (column.generated != Generated::none || foreign) {
    // Nothing is lost: the values are computed (or live elsewhere).
    Action undo = brief(add_back(id.name), absent(id));
    if (column.generated == Generated::stored) undo.mode = Mode::blocking;
    Operation& operation = p.add(Phase::contract, "drop", id, brief({fmt::format("{} DROP COLUMN IF EXISTS {}", target, quoted)}), undo,
                                 Grade::order);
    operation.removes = gone;
    return;
  }
  // Heirs that keep the column: a rename of it would reach them, and so would the drop, but with ONLY.
  const auto keepers = std::count_if(copies.begin(), copies.end(), [&](const ObjectId& copy) { return copy != id && p.to.find(copy); });
  if (keepers > 0) {
    if (keepers + 1 != static_cast<std::ptrdiff_t>(copies.size())) {
      p.refuse(fmt::format("{} goes from the parent and from some of the tables that inherit it, but not from all: not supported", describe(id)));
      return;
    }
    const std::string only = fmt::format("ALTER TABLE ONLY {} DROP COLUMN IF EXISTS {}", sql::quote(QualifiedName{id.schema, id.relation}), quoted);
    Operation& operation = p.add(Phase::contract, "drop", id, brief({only}), brief(own(add_back(id.name), id.name), absent(id)), Grade::data);
    operation.removes = {id};
    operation.step.notes.push_back(fmt::format("the contents of {} are lost from here on; the tables that inherited it keep it as their own, also after a rollback where they have grown beyond 1 MiB or have children", describe(id)));
    return;
  }
  std::vector<std::size_t> after;
  const bool in_key = std::any_of(p.from.objects.begin(), p.from.objects.end(), [&](const auto& entry) {
    if (entry.first.kind != Kind::constraint || entry.first.schema != id.schema || entry.first.relation != id.relation) return false;
    const auto& constraint = std::get<Constraint>(entry.second.body);
    return constraint.type == ConstraintType::primary_key &&
           std::find(constraint.columns.begin(), constraint.columns.end(), id.name) != constraint.columns.end();
  });
  if (bare_not_null && !in_key) {
    // The next version of the application no longer writes it.
    const std::size_t first = p.operations.size();
    const auto given = p.options.fill.find(option_key(id));
    const std::string value = given != p.options.fill.end() ? given->second : neutral;
    drop_not_null(p, Phase::expand, id, value.empty(), value);
    note_rows_without_value(p, id, value, "keep it from being NOT NULL again on the way back, which warns");
    for (std::size_t i = first; i < p.operations.size(); ++i) {
      p.operations[i].detaches.erase(id);
      after.push_back(i);
    }
  }
  const std::string retired = p.spare_column(id.schema, id.relation, id.name, "retired");
  const ObjectId retired_id = column_id(id.schema, id.relation, retired);
  if (p.options.drops == Drops::direct) {
    Operation& operation = p.add(Phase::contract, "drop", id, brief({fmt::format("{} DROP COLUMN IF EXISTS {}", target, quoted)}),
                                 brief(own(add_back(id.name), id.name), absent(id)), Grade::data);
    operation.removes = gone;
    operation.after = after;
    return;
  }
  const std::string quoted_retired = sql::quote_identifier(retired);
  Operation& retire = p.add(Phase::contract, "retire", id,
                            brief({fmt::format("{} RENAME COLUMN {} TO {}", target, quoted, quoted_retired)}, all_of({exists(id), absent(retired_id)})),
                            brief({fmt::format("{} RENAME COLUMN {} TO {}", target, quoted_retired, quoted)}, exists(retired_id)));
  retire.removes = copies;
  retire.after = after;
  retire.step.effects = {{{id.schema, id.relation}, effects::LockMode::access_exclusive, effects::Work::none}};
  const std::size_t retired_at = p.operations.size() - 1;
  Operation& purge = p.add(Phase::purge, "purge", id,
                           brief({fmt::format("{} DROP COLUMN IF EXISTS {}", target, quoted_retired)}),
                           brief(own(add_back(retired), retired), all_of({absent(retired_id), absent(id)})), Grade::data);
  purge.removes = gone;
  purge.after.push_back(retired_at);
  purge.step.effects = {{{id.schema, id.relation}, effects::LockMode::access_exclusive, effects::Work::none}};
  purge.step.notes.push_back(fmt::format("the contents of {} are lost from here on", describe(id)));
  if (bare_not_null && !in_key) {
    purge.step.notes.push_back(neutral.empty() ? fmt::format("going back from here, {} comes back without NOT NULL where the table has rows: they hold NULL in it", describe(id))
                                               : fmt::format("going back from here, the rows hold {} in {}", neutral, describe(id)));
  }
}

// Fills the NULLs of a column that becomes NOT NULL. What was filled in is remembered until purge, so that the way back takes out just that: not
// what the application wrote in the meantime. Returns the filling operation.
std::size_t fill_column(Planner& p, const ObjectId& id, const Column& column, const std::string& expression) {
  const bool as_text = !has_equality(column.type) || Planner::type_named(p.from, Kind::domain, column.type_base) != nullptr;
  const std::string target = column_target(p.to, id), quoted = sql::quote_identifier(id.name);
  const std::string memory = p.spare_column(id.schema, id.relation, id.name, "filled");
  const std::string quoted_memory = sql::quote_identifier(memory);
  const ObjectId memory_id = column_id(id.schema, id.relation, memory);
  const Action forget = brief({fmt::format("{} DROP COLUMN IF EXISTS {}", target, quoted_memory)});
  const std::vector<effects::Effect> brief_lock{{{id.schema, id.relation}, effects::LockMode::access_exclusive, effects::Work::none}};

  Operation& remember = p.add(Phase::backfill, "remember what is filled into", id,
                              brief({fmt::format("{} ADD COLUMN IF NOT EXISTS {} {}", target, quoted_memory, as_text ? "text" : column.type)},
                                    all_of({exists(id), negate(column_is_not_null(id))})),
                              forget);
  remember.step.effects = brief_lock;
  remember.groupable = false;
  const std::size_t remembered = p.operations.size() - 1;
  backfill_column(p, Phase::backfill, id, expression, fmt::format("{} IS NULL", quoted));
  Operation& fill = p.operations.back();
  fill.after.push_back(remembered);
  fill.step.forward.todo = exists(memory_id);
  fill.step.forward.backfill->assignments =
      fmt::format("({}, {}) = (SELECT v, v{} FROM (SELECT ({})::{} AS v) AS filled)", quoted, quoted_memory, as_text ? "::text" : "", expression, column.type);
  Action undo = fill.step.forward;
  undo.backfill->assignments = quoted + " = NULL";
  undo.backfill->pending = fmt::format("{} IS NOT NULL AND {}{} = {}", quoted_memory, quoted, as_text ? "::text" : "", quoted_memory);
  fill.step.undo = std::move(undo);
  const std::size_t filled = p.operations.size() - 1;
  Operation& purge = p.add(Phase::purge, "forget what was filled into", id, forget, Action{}, Grade::data);
  purge.step.effects = brief_lock;
  purge.step.notes.push_back(fmt::format("from here on the rows that held NULL in {} are no longer known: going back leaves what was filled in", describe(id)));
  purge.after.push_back(filled);
  // The deployed version may have written NULL until it was gone.
  Action again_action = p.operations[filled].step.forward;
  again_action.todo = all_of({again_action.todo, negate(column_is_not_null(id))});
  Operation& again = p.add(Phase::contract, "fill what is still NULL in", id, std::move(again_action), Action{});
  again.needs.insert(id);
  again.groupable = false;
  again.after.push_back(filled);
  again.step.effects = {{{id.schema, id.relation}, effects::LockMode::row_exclusive, effects::Work::none}};
  return p.operations.size() - 1;
}

void alter_column(Planner& p, const ObjectId& id) {
  const Object& a = p.from.objects.at(id);
  const Object& b = p.to.objects.at(id);
  const Column& old_column = std::get<Column>(a.body);
  const Column& new_column = std::get<Column>(b.body);
  const auto simple = [&](Phase phase, std::string verb, Statements forward, Statements back) {
    if (forward.empty() && back.empty()) return;
    Operation& operation = p.add(phase, std::move(verb), id, brief(std::move(forward)), brief(std::move(back), exists(id)));
    // An undo of this must find the column under its name; forward, the dependencies of the new state must be there.
    operation.needs = b.depends_on;
    operation.needs.insert(id);
    operation.detaches.insert(id);
    operation.step.effects = {{{id.schema, id.relation}, effects::LockMode::access_exclusive, effects::Work::none}};
  };
  const bool from_parent = inherited_only(b) && inherited_only(a);
  const std::size_t first_operation = p.operations.size();
  const bool identity = p.claim(id, Aspect::identity) && !from_parent;
  // serial <-> identity: the default goes or comes in the same step.
  if (identity && (old_column.identity == Identity::none) != (new_column.identity == Identity::none)) p.claim(id, Aspect::default_expression);
  if (p.claim(id, Aspect::generated) && new_column.generated == Generated::none && !from_parent) {
    const std::string target = column_target(p.to, id);
    Statements back{fmt::format("{} DROP COLUMN IF EXISTS {}", target, sql::quote_identifier(id.name))};
    for (std::string& statement : create_all(a, p.from)) back.push_back(std::move(statement));
    back = with_dependents_made_anew(p, id, std::move(back));
    Operation& operation = p.add(Phase::contract, "drop the generation expression of", id,
                                 brief({fmt::format("{} ALTER COLUMN {} DROP EXPRESSION IF EXISTS", target, sql::quote_identifier(id.name))}),
                                 blocking(std::move(back), fmt::format("EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass({}) AND attname = {} AND attgenerated = '')",
                                                                       sql::quote_literal(sql::quote(QualifiedName{id.schema, id.relation})), sql::quote_literal(id.name))),
                                 Grade::order);
    operation.detaches.insert(id);
    operation.needs.insert(id);
    // What the model calls the default was the expression.
    if (p.claim(id, Aspect::default_expression) && !new_column.default_expression.empty()) {
      operation.step.forward.statements.push_back(fmt::format("{} ALTER COLUMN {} SET DEFAULT {}", target, sql::quote_identifier(id.name), new_column.default_expression));
    }
  }
  if (p.claim(id, Aspect::default_expression)) {
    const auto set = [&](const Column& column) {
      return Statements{fmt::format("ALTER {}TABLE ONLY {} ALTER COLUMN {} {}",
                                    p.to.find(ObjectId{Kind::foreign_table, id.schema, "", id.relation, ""}) ? "FOREIGN " : "",
                                    sql::quote(QualifiedName{id.schema, id.relation}), sql::quote_identifier(id.name),
                                    column.default_expression.empty() ? "DROP DEFAULT" : "SET DEFAULT " + column.default_expression)};
    };
    const bool dropped = new_column.default_expression.empty();
    simple(dropped ? Phase::contract : Phase::expand, dropped ? "drop the default of" : "set the default of", set(new_column), set(old_column));
  }
  // A partition may have lost or got its NOT NULL by itself, with a key of its own.
  if (p.claim(id, Aspect::not_null) && !(from_parent && (old_column.not_null_inherited || new_column.not_null_inherited))) {
    if (new_column.not_null) {
      std::vector<std::size_t> after;
      if (p.options.fill.contains(option_key(id))) after.push_back(fill_column(p, id, old_column, p.options.fill.at(option_key(id))));
      const std::size_t first = p.operations.size();
      set_not_null(p, Phase::contract, id, id.name, after);
      for (std::size_t i = first; i < p.operations.size(); ++i) p.operations[i].detaches.insert(id);
    } else {
      const std::size_t first = p.operations.size();
      const auto given = p.options.fill.find(option_key(id));
      const std::string value = given != p.options.fill.end() ? given->second : std::string();
      drop_not_null(p, Phase::expand, id, false, value);
      note_rows_without_value(p, id, value, "stop the way back until they have a value");
      if (not_null_needed_by_dropped_key(p, id)) {
        for (std::size_t i = first; i < p.operations.size(); ++i) p.operations[i].step.phase = Phase::contract;
      }
    }
  }
  if (identity) {
    plan_identity(p, id);
    const std::size_t last = p.operations.size() - 1;
    // An identity column is NOT NULL: that comes before and goes after.
    for (std::size_t i = first_operation; i < last; ++i) {
      if (new_column.identity != Identity::none) p.operations[last].after.push_back(i);
      else p.operations[i].after.push_back(last);
    }
  }
  if (p.claim(id, Aspect::storage)) simple(Phase::expand, "set the storage of", alter_column_storage(id, new_column), alter_column_storage(id, old_column));
  if (p.claim(id, Aspect::compression)) {
    simple(Phase::expand, "set the compression of", alter_column_compression(id, new_column), alter_column_compression(id, old_column));
  }
  if (p.claim(id, Aspect::statistics_target)) {
    simple(Phase::expand, "set the statistics target of", alter_column_statistics(id, new_column.statistics_target),
           alter_column_statistics(id, old_column.statistics_target));
  }
  if (p.claim(id, Aspect::options)) {
    if (old_column.options != new_column.options) {
      simple(Phase::expand, "set the options of", alter_column_options(id, old_column.options, new_column.options),
             alter_column_options(id, new_column.options, old_column.options));
    }
    if (old_column.fdw_options != new_column.fdw_options) {
      Operation& operation = p.add(Phase::contract, "set the options of", id,
                                   brief(alter_fdw_options(id, old_column.fdw_options, new_column.fdw_options), negate(fdw_options_are(id, new_column.fdw_options))),
                                   brief(alter_fdw_options(id, new_column.fdw_options, old_column.fdw_options), negate(fdw_options_are(id, old_column.fdw_options))));
      operation.needs.insert(id);
    }
  }
}

// From PostgreSQL 18 on NOT NULL is a constraint, whose name stays when the table or column is renamed.
void rename_not_null(Planner& p, const ObjectId& id) {
  const Column& before = std::get<Column>(p.from.objects.at(id).body);
  const Column& after = std::get<Column>(p.to.objects.at(id).body);
  const QualifiedName table{id.schema, id.relation};
  if (before.not_null_inherited && after.not_null_inherited) {
    // The server renames it with the parent's of the same name, and in no other way.
    for (const auto& [above, aspects] : p.altered) {
      if (above.kind != Kind::column || above.name != id.name || !aspects.contains(Aspect::not_null_name)) continue;
      const std::vector<QualifiedName> heirs = Planner::children(p.from, {above.schema, above.relation});
      if (std::find(heirs.begin(), heirs.end(), table) == heirs.end()) continue;
      if (p.from.find_body<Column>(above)->not_null_name == before.not_null_name && p.to.find_body<Column>(above)->not_null_name == after.not_null_name) return;
    }
    p.refuse(fmt::format("the NOT NULL constraint of {} is inherited and has another name than its parent's: no ALTER renames it to {}", describe(id), sql::quote_identifier(after.not_null_name)));
    return;
  }
  const ObjectId now{Kind::constraint, id.schema, id.relation, before.not_null_name, ""}, then{Kind::constraint, id.schema, id.relation, after.not_null_name, ""};
  const auto rename = [](const ObjectId& from, const ObjectId& to) { return brief({rename_statement(from, to.name)}, all_of({exists(from), absent(to)})); };
  Operation& operation = p.add(Phase::expand, "rename the NOT NULL constraint of", id, rename(now, then), rename(then, now));
  operation.step.effects = {{table, effects::LockMode::access_exclusive, effects::Work::none}};
  const std::size_t renamed = p.operations.size() - 1;
  p.not_null_operations[id].push_back(renamed);
  // While it is not inherited.
  for (std::size_t i = 0; i < renamed; ++i) {
    if (!p.operations[i].detaches.contains(id)) continue;
    if (before.not_null_inherited) p.operations[renamed].after.push_back(i);
    else if (after.not_null_inherited) p.operations[i].after.push_back(renamed);
  }
  for (const auto* leaving : {&p.leaves_parent, &p.leaves_partition}) {
    for (const auto& [child, i] : *leaving) {
      if (before.not_null_inherited && name_of(child) == table) p.operations[renamed].after.push_back(i);
    }
  }
}

}  // namespace

bool not_null_needed_by_dropped_key(const Planner& p, const ObjectId& id) {
  for (const ObjectId& other : p.dropped) {
    if (other.kind != Kind::constraint || other.schema != id.schema || other.relation != id.relation) continue;
    const auto& constraint = std::get<Constraint>(p.from.objects.at(other).body);
    if (constraint.type == ConstraintType::primary_key &&
        std::find(constraint.columns.begin(), constraint.columns.end(), id.name) != constraint.columns.end()) {
      return true;
    }
  }
  for (const auto& [other, aspects] : p.altered) {
    if (other.kind != Kind::constraint || other.schema != id.schema || other.relation != id.relation || !aspects.contains(Aspect::definition)) continue;
    const auto& constraint = std::get<Constraint>(p.from.objects.at(other).body);
    if (constraint.type == ConstraintType::primary_key &&
        std::find(constraint.columns.begin(), constraint.columns.end(), id.name) != constraint.columns.end()) {
      return true;
    }
  }
  return false;
}

void backfill_column(Planner& p, Phase phase, const ObjectId& id, const std::string& expression, const std::string& pending) {
  Action action;
  action.mode = Mode::batched;
  action.backfill = Backfill{{id.schema, id.relation}, usable_key(p, {id.schema, id.relation}),
                             fmt::format("{} = {}", sql::quote_identifier(id.name), expression), pending};
  Operation& operation = p.add(phase, "backfill", id, std::move(action), Action{});
  operation.needs.insert(id);
  operation.groupable = false;
  operation.step.effects = {{{id.schema, id.relation}, effects::LockMode::row_exclusive, effects::Work::none}};
}

std::vector<std::string> usable_key(const Planner& p, const QualifiedName& table) {
  // A single-column primary key of an integer type gives the tightest ranges; anything else goes by ctid.
  for (const Object* member : Planner::members(p.from, ObjectId{Kind::table, table.schema, "", table.name, ""})) {
    const auto* constraint = std::get_if<Constraint>(&member->body);
    if (!constraint || constraint->type != ConstraintType::primary_key || constraint->columns.size() != 1) continue;
    const auto* column = p.from.find_body<Column>(column_id(table.schema, table.name, constraint->columns.front()));
    if (column && (column->type == "integer" || column->type == "bigint" || column->type == "smallint")) return constraint->columns;
  }
  return {};
}

void plan_columns(Planner& p) {
  // In the order in which they stand, so that it is the one that comes out.
  const auto by_position = [](const std::set<ObjectId>& ids, const Database& database) {
    std::vector<ObjectId> out;
    for (const ObjectId& id : ids) {
      if (id.kind == Kind::column) out.push_back(id);
    }
    std::sort(out.begin(), out.end(), [&](const ObjectId& a, const ObjectId& b) {
      const auto key = [&](const ObjectId& id) { return std::tuple(id.schema, id.relation, std::get<Column>(database.objects.at(id).body).position); };
      return key(a) < key(b);
    });
    return out;
  };
  const std::vector<ObjectId> added = by_position(p.created, p.to);
  std::optional<std::size_t> previous;
  const ObjectId* previous_id = nullptr;
  for (const ObjectId& id : added) {
    if (p.done.contains(id)) continue;
    const Object* table = Planner::relation(p.to, id.schema, id.relation);
    if (table && p.created.contains(table->id)) continue;
    if (!p.take(id) || inherited_only(p.to.objects.at(id))) continue;
    const std::size_t first = p.operations.size();
    add_column(p, id);
    if (p.operations.size() == first) continue;
    if (previous && previous_id->schema == id.schema && previous_id->relation == id.relation) p.operations[first].rather_after.push_back(*previous);
    previous = first;
    previous_id = &id;
  }
  // The last one goes first: on the way back the first one comes first.
  std::vector<ObjectId> leaving = by_position(p.dropped, p.from);
  std::reverse(leaving.begin(), leaving.end());
  for (const ObjectId& id : leaving) {
    if (p.done.contains(id)) continue;
    const Object* table = Planner::relation(p.from, id.schema, id.relation);
    if (table && p.dropped.contains(table->id)) continue;
    if (!p.take(id) || inherited_only(p.from.objects.at(id))) continue;
    retire_column(p, id);
  }
  for (const auto& [id, aspects] : p.altered) {
    if (id.kind == Kind::column && !p.done.contains(id)) alter_column(p, id);
  }
  for (const auto& [id, aspects] : p.altered) {
    if (id.kind == Kind::column && p.claim(id, Aspect::not_null_name)) rename_not_null(p, id);
  }
}

}  // namespace contraflow::plan
