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
#include "plan/strategies/domain_parts.h"
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
  for (const Object* domain = Planner::type_named(database, Kind::domain, column.type_base); domain; domain = Planner::type_named(database, Kind::domain, std::get<Domain>(domain->body).base_type)) {
    if (std::get<Domain>(domain->body).not_null || !checks_of_domain(database, domain->id).empty()) return true;
  }
  return false;
}

bool has_domain_default(const Database& database, const Column& column) {
  for (const Object* domain = Planner::type_named(database, Kind::domain, column.type); domain; domain = Planner::type_named(database, Kind::domain, std::get<Domain>(domain->body).base_type)) {
    if (!std::get<Domain>(domain->body).default_expression.empty()) return true;
  }
  return false;
}

std::optional<std::string> type_below_domain(const Database& database, const Column& column) {
  if (!has_domain_default(database, column) && !has_checked_domain(database, column)) return std::nullopt;
  std::string type = column.type;
  while (const Object* domain = Planner::type_named(database, Kind::domain, type)) type = std::get<Domain>(domain->body).base_type;
  return type;
}

std::string neutral_value(const Database& database, const Column& column) {
  static const std::map<std::string, std::string> values{
      {"text", "''"}, {"character varying", "''"}, {"character", "''"}, {"bpchar", "''"}, {"name", "''"}, {"bytea", "''"}, {"xml", "''"}, {"smallint", "0"}, {"integer", "0"}, {"bigint", "0"}, {"numeric", "0"}, {"real", "0"}, {"double precision", "0"}, {"money", "0"}, {"oid", "0"}, {"boolean", "false"}, {"uuid", "'00000000-0000-0000-0000-000000000000'"}, {"json", "'{}'"}, {"jsonb", "'{}'"}, {"date", "'epoch'"}, {"timestamp without time zone", "'epoch'"}, {"timestamp with time zone", "'epoch'"}, {"time without time zone", "'00:00'"}, {"time with time zone", "'00:00+00'"}, {"interval", "'0'"}, {"inet", "'0.0.0.0/0'"}, {"cidr", "'0.0.0.0/0'"}};
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

void add_after_leaving(const Planner& p, const ObjectId& id, Operation& add) {
  const std::vector<QualifiedName> heirs = Planner::descendants(p.from, {id.schema, id.relation});
  for (const auto* leaving : {&p.leaves_parent, &p.leaves_partition}) {
    for (const auto& [table, i] : *leaving) {
      const QualifiedName name{table.schema, table.name};
      const bool heir = std::find(heirs.begin(), heirs.end(), name) != heirs.end() && !p.to.find(column_id(name.schema, name.name, id.name));
      if (heir || (leaving == &p.leaves_partition && name == QualifiedName{id.schema, id.relation})) add.after.push_back(i);
      if (heir && p.operations[i].step.phase == Phase::contract && add.step.notes.empty()) {
        add.step.notes.push_back(fmt::format("{} comes in contract, when {} has left, which is not to have it: the next version cannot use it before; in two plans it comes first", describe(id), sql::quote(name)));
      }
    }
  }
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

// The deployed version may have written NULL until it was gone: what operation `filled` did, once more in contract. Returns that operation.
std::size_t fill_again(Planner& p, const ObjectId& id, std::size_t filled) {
  Action action = p.operations[filled].step.forward;
  action.todo = all_of({action.todo, negate(column_is_not_null(id))});
  Operation& again = p.add(Phase::contract, "fill what is still NULL in", id, std::move(action), Action{});
  again.needs.insert(id);
  again.groupable = false;
  again.after.push_back(filled);
  again.step.effects = {{{id.schema, id.relation}, effects::LockMode::row_exclusive, effects::Work::none}};
  // The value may be computed from a column that goes.
  for (const ObjectId& gone : p.dropped) {
    if (gone.kind == Kind::column && gone.schema == id.schema && gone.relation == id.relation) again.detaches.insert(gone);
  }
  return p.operations.size() - 1;
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
  // Its NOT NULL is named even where the server would choose that name: it chooses another one while a table of the schema has it (18 and later).
  const bool named = first.not_null && !first.not_null_name.empty();
  Column nullable = first;
  if (named) nullable.not_null = false;
  Statements statements{fmt::format("{} ADD COLUMN IF NOT EXISTS {}", target, column_definition(id, nullable, p.to.major()))};
  if (named) statements.front() += fmt::format(" CONSTRAINT {} NOT NULL", sql::quote_identifier(first.not_null_name));
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
  add_after_leaving(p, id, operation);
  operation.step.effects = {{{id.schema, id.relation}, effects::LockMode::access_exclusive, rewrites ? effects::Work::rewrite : effects::Work::none}};
  const std::size_t added = p.operations.size() - 1;
  std::vector<std::size_t> after{added};
  if (fill) {
    backfill_column(p, Phase::backfill, id, p.options.fill.at(option_key(id)), fmt::format("{} IS NULL", quoted));
    p.operations.back().after.push_back(added);
    after.push_back(late_not_null ? fill_again(p, id, p.operations.size() - 1) : p.operations.size() - 1);
  }
  if (late_not_null) {
    set_not_null(p, Phase::contract, id, id.name, after);
    for (std::size_t i = added; i < p.operations.size(); ++i) {
      if (i != added) p.operations[i].detaches.erase(id);
    }
    p.notes.push_back(fmt::format(
        "{} is NOT NULL without a default: the deployed version does not write it, so NOT NULL is set in contract, when every "
        "writer does{}",
        describe(id),
        fill ? std::string() : fmt::format("; rows that are there hold NULL in it until something fills them: --fill {}=EXPR does", sql::quote(QualifiedName{id.schema, id.relation}) + "." + sql::quote_identifier(id.name))));
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
  return fill_again(p, id, filled);
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

}  // namespace

void backfill_column(Planner& p, Phase phase, const ObjectId& id, const std::string& expression, const std::string& pending) {
  Action action;
  action.mode = Mode::batched;
  action.backfill = Backfill{{id.schema, id.relation}, usable_key(p, {id.schema, id.relation}), fmt::format("{} = {}", sql::quote_identifier(id.name), expression), pending};
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
  // What is computed from others goes before them.
  std::stable_partition(leaving.begin(), leaving.end(), [&](const ObjectId& id) { return std::get<Column>(p.from.objects.at(id).body).generated != Generated::none; });
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
