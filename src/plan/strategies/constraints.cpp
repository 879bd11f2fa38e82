// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "catalog/ddl.h"
#include "plan/strategies/constraint_parts.h"
#include "plan/strategies/column_parts.h"
#include "plan/strategies/index_parts.h"
#include "plan/strategies/partition_keys.h"
#include "plan/strategies/reference_parts.h"
#include "sql/array_casts.h"

namespace contraflow::plan {

using namespace catalog;

std::string add_key_using_index(const Database& database, const ObjectId& id, const std::string& index) {
  const Constraint& constraint = std::get<Constraint>(database.objects.at(id).body);
  std::string out = fmt::format("{} ADD CONSTRAINT {} {} USING INDEX {}", alter_table(database, id.schema, id.relation), sql::quote_identifier(id.name),
                                constraint.type == ConstraintType::primary_key ? "PRIMARY KEY" : "UNIQUE", sql::quote_identifier(index));
  if (constraint.deferrable) out += " DEFERRABLE";
  if (constraint.initially_deferred) out += " INITIALLY DEFERRED";
  return out;
}

namespace {

bool is_key(const Constraint& constraint) {
  return constraint.type == ConstraintType::primary_key || constraint.type == ConstraintType::unique;
}

const Table* table_of(const Database& database, const ObjectId& id) {
  return database.find_body<Table>(ObjectId{Kind::table, id.schema, "", id.relation, ""});
}

}  // namespace

bool partitioned(const Database& database, const ObjectId& id) {
  const Table* table = table_of(database, id);
  return table && table->partitioned;
}

namespace {

std::string drop_statement(const Database& database, const ObjectId& id) {
  return fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter_table(database, id.schema, id.relation), sql::quote_identifier(id.name));
}

std::string validate_statement(const Database& database, const ObjectId& id) {
  return fmt::format("{} VALIDATE CONSTRAINT {}", alter_table(database, id.schema, id.relation), sql::quote_identifier(id.name));
}

// ADD CONSTRAINT … NOT VALID, under `name`.
std::string add_not_valid(const Database& database, const ObjectId& id, const std::string& name) {
  const Constraint& constraint = std::get<Constraint>(database.objects.at(id).body);
  std::string definition = sql::keep_array_casts(constraint.definition);
  if (!definition.ends_with(" NOT VALID")) definition += " NOT VALID";
  return fmt::format("{} ADD CONSTRAINT {} {}", alter_table(database, id.schema, id.relation), sql::quote_identifier(name), definition);
}

// An index that finds the rows that reference a row: it leads with the referencing columns, and leaves out at most those that hold NULL in one of them.
std::optional<ObjectId> index_for_references(const Planner& p, const ObjectId& id, const Constraint& constraint) {
  if (constraint.type != ConstraintType::foreign_key || constraint.columns.empty()) return {};
  for (const Object* member : Planner::members(p.to, ObjectId{Kind::table, id.schema, "", id.relation, ""})) {
    const auto* index = std::get_if<Index>(&member->body);
    if (!index || index->columns.size() < constraint.columns.size()) continue;
    const bool whole = index->predicate.empty() || std::any_of(constraint.columns.begin(), constraint.columns.end(), [&](const std::string& column) {
                         const std::string present = sql::quote_identifier(column) + " IS NOT NULL";
                         return index->predicate == present || index->predicate == "(" + present + ")";
                       });
    const std::set<std::string> leading(index->columns.begin(), index->columns.begin() + static_cast<std::ptrdiff_t>(constraint.columns.size()));
    if (whole && leading == std::set<std::string>(constraint.columns.begin(), constraint.columns.end())) return member->id;
  }
  return {};
}

std::vector<Precondition> preconditions(const ObjectId& id, const Constraint& constraint) {
  const std::string table = sql::quote(QualifiedName{id.schema, id.relation});
  if (constraint.type == ConstraintType::check && !constraint.expression.empty()) {
    return {{fmt::format("rows of {} that {} refuses", table, sql::quote_identifier(id.name)),
             fmt::format("SELECT count(*) FROM {} WHERE NOT ({})", table, constraint.expression), "mend or remove these rows first"}};
  }
  if (constraint.type == ConstraintType::foreign_key && constraint.references) {
    std::string join, not_null;
    for (std::size_t i = 0; i < constraint.columns.size() && i < constraint.referenced_columns.size(); ++i) {
      const std::string column = "child." + sql::quote_identifier(constraint.columns[i]);
      join += fmt::format("{}parent.{} = {}", i ? " AND " : "", sql::quote_identifier(constraint.referenced_columns[i]), column);
      not_null += fmt::format("{}{} IS NOT NULL", i ? " AND " : "", column);
    }
    return {{fmt::format("rows of {} that point at nothing in {}", table, sql::quote(*constraint.references)),
             fmt::format("SELECT count(*) FROM {} AS child WHERE {} AND NOT EXISTS (SELECT FROM {} AS parent WHERE {})", table, not_null,
                         sql::quote(*constraint.references), join),
             "mend or remove these rows first"}};
  }
  return {};
}

// A restriction on columns that the deployed version writes waits for contract.
Phase restriction_phase(const Planner& p, const ObjectId& id, const Constraint& constraint) {
  const bool all_new = !constraint.columns.empty() && std::all_of(constraint.columns.begin(), constraint.columns.end(), [&](const std::string& column) {
    return p.created.contains(column_id(id.schema, id.relation, column));
  });
  const bool new_table = p.created.contains(ObjectId{Kind::table, id.schema, "", id.relation, ""});
  return all_new || new_table ? Phase::expand : Phase::contract;
}

std::vector<QualifiedName> touched(const ObjectId& id, const Constraint& constraint) {
  std::vector<QualifiedName> tables{{id.schema, id.relation}};
  if (constraint.type == ConstraintType::foreign_key && constraint.references) tables.push_back(*constraint.references);
  return tables;
}

bool all_small(const Planner& p, const std::vector<QualifiedName>& tables) {
  return std::all_of(tables.begin(), tables.end(), [&](const QualifiedName& table) { return p.is_small(table); });
}

std::vector<effects::Effect> effects_of(const ObjectId& id, const Constraint& constraint, bool validating, bool blocking_scan) {
  using effects::LockMode;
  using effects::Work;
  std::vector<effects::Effect> out;
  const bool key = constraint.type == ConstraintType::foreign_key;
  out.push_back({{id.schema, id.relation},
                 validating ? LockMode::share_update_exclusive : key ? LockMode::share_row_exclusive
                                                                     : LockMode::access_exclusive,
                 validating || blocking_scan ? Work::scan : Work::none});
  if (key && constraint.references) out.push_back({*constraint.references, validating ? LockMode::row_share : LockMode::share_row_exclusive, Work::none});
  return out;
}

std::vector<effects::Effect> effects_of_drop(const ObjectId& id, const Constraint& constraint) {
  std::vector<effects::Effect> out;
  for (const QualifiedName& table : touched(id, constraint)) out.push_back({table, effects::LockMode::access_exclusive, effects::Work::none});
  return out;
}

// The foreign key in whose place this one comes, or that comes in this one's place: the same columns to the same ones, under another name. Only one of `id` and its pair is in `database`.
const Object* pair_of(const Database& database, const std::set<ObjectId>& among, const ObjectId& id, const Constraint& constraint) {
  if (constraint.type != ConstraintType::foreign_key) return nullptr;
  for (const Object* member : Planner::members(database, table_id({id.schema, id.relation}))) {
    const auto* other = std::get_if<Constraint>(&member->body);
    if (other && member->id != id && among.contains(member->id) && other->type == ConstraintType::foreign_key && other->columns == constraint.columns && other->references == constraint.references &&
        other->referenced_columns == constraint.referenced_columns) {
      return member;
    }
  }
  return nullptr;
}

// ON DELETE or ON UPDATE does something to the referencing rows: CASCADE, SET NULL, SET DEFAULT.
bool acts(const Constraint& constraint) {
  std::string bare;  // without names
  bool quoted = false;
  for (const char c : constraint.definition) {
    if (c == '"') quoted = !quoted;
    else if (!quoted) bare += c;
  }
  for (const std::string_view event : {" ON DELETE ", " ON UPDATE "}) {
    for (const std::string_view action : {"CASCADE", "SET "}) {
      if (bare.find(std::string(event) + std::string(action)) != std::string::npos) return true;
    }
  }
  return false;
}

// Of two that follow each other the old one goes once the new one stands: rows never point at nothing. Where the old one acts, the deployed version relies on it until contract.
std::optional<Phase> phase_of_pair(const Planner& p, const ObjectId& id, const Constraint& constraint, bool adding) {
  const Object* other = adding ? pair_of(p.from, p.dropped, id, constraint) : pair_of(p.to, p.created, id, constraint);
  if (!other) return std::nullopt;
  return acts(adding ? std::get<Constraint>(other->body) : constraint) ? Phase::contract : Phase::expand;
}

// The partitions, at every level, that each get a foreign key of their partitioned table and prove it by themselves: before 18 it takes none NOT VALID itself. Nothing where that is not
// possible, or not needed.
std::optional<std::vector<QualifiedName>> parts_that_prove(const Planner& p, const ObjectId& id, const Constraint& constraint) {
  const QualifiedName table{id.schema, id.relation};
  if (constraint.type != ConstraintType::foreign_key || !constraint.references || *constraint.references == table || p.to.major() >= 18 || !constraint.validated || !partitioned(p.to, id) || !partitioned(p.from, id) ||
      all_small(p, touched(id, constraint)) || p.options.allow_blocking.contains("scan") || !p.to.find_body<Table>(table_id(*constraint.references))) {
    return std::nullopt;
  }
  std::vector<QualifiedName> parts;
  for (const QualifiedName& below : Planner::descendants(p.to, table)) {
    const auto *before = p.from.find_body<Table>(table_id(below)), *after = p.to.find_body<Table>(table_id(below));
    if (!before) {
      if (p.from.find(ObjectId{Kind::foreign_table, below.schema, "", below.name, ""}) || p.to.find(ObjectId{Kind::foreign_table, below.schema, "", below.name, ""})) return std::nullopt;
      continue;  // made by this plan: there is nothing in it to prove
    }
    if (!after || before->partition_of != after->partition_of || before->partitioned != after->partitioned) return std::nullopt;
    if (!after->partitioned) parts.push_back(below);
  }
  return parts;
}

// The table and all below it, where it is partitioned.
std::vector<QualifiedName> with_parts(const Database& database, const QualifiedName& table) {
  std::vector<QualifiedName> out{table};
  const auto* body = database.find_body<Table>(table_id(table));
  if (body && body->partitioned) {
    for (const QualifiedName& below : Planner::descendants(database, table)) out.push_back(below);
  }
  return out;
}

// What ADD CONSTRAINT on the partitioned table locks when each partition has its own that is proven: these become its parts.
std::vector<effects::Effect> effects_of_joining(const Database& database, const ObjectId& id, const Constraint& constraint) {
  std::vector<effects::Effect> out;
  for (const QualifiedName& part : with_parts(database, {id.schema, id.relation})) {
    const auto* body = database.find_body<Table>(table_id(part));
    out.push_back({part, body && body->partitioned ? effects::LockMode::share_row_exclusive : effects::LockMode::access_exclusive, effects::Work::none});
  }
  for (const QualifiedName& part : with_parts(database, *constraint.references)) out.push_back({part, effects::LockMode::access_exclusive, effects::Work::none});
  return out;
}

// The foreign key of one partition; where what it points at is partitioned, the whole of that is locked.
std::vector<effects::Effect> effects_of_part(const Database& database, const ObjectId& part, const Constraint& constraint) {
  std::vector<effects::Effect> out = effects_of(part, constraint, false, false);
  for (const QualifiedName& below : with_parts(database, *constraint.references)) {
    if (below != *constraint.references) out.push_back({below, effects::LockMode::share_row_exclusive, effects::Work::none});
  }
  return out;
}

}  // namespace

// Before 18: each partition gets the foreign key and proves it by itself, then the table's own, which takes them for its parts, finds nothing left to prove (seen on 14 to 17).
bool add_part_by_part(Planner& p, const ObjectId& id, Phase phase) {
  const Object& object = p.to.objects.at(id);
  const Constraint& constraint = std::get<Constraint>(object.body);
  const auto parts = parts_that_prove(p, id, constraint);
  if (!parts || std::any_of(parts->begin(), parts->end(), [&](const QualifiedName& part) { return p.from.find(ObjectId{Kind::constraint, part.schema, part.name, id.name, ""}); })) return false;
  std::vector<std::size_t> proven;
  for (const QualifiedName& name_of_part : *parts) {
    const ObjectId part{Kind::constraint, name_of_part.schema, name_of_part.name, id.name, ""};
    const std::string alter = "ALTER TABLE " + sql::quote(name_of_part), name = sql::quote_identifier(id.name);
    Operation& add = p.add(phase, "add NOT VALID", part, brief({fmt::format("{} ADD CONSTRAINT {} {} NOT VALID", alter, name, constraint.definition)}, all_of({absent(part), absent(id)})),
                           brief({fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter, name)}, all_of({exists(part), absent(id)})));
    add.needs = object.depends_on;
    add.groupable = false;
    add.step.preconditions = preconditions(part, constraint);
    add.step.effects = effects_of_part(p.to, part, constraint);
    const std::size_t added = p.operations.size() - 1;
    Operation& validate = p.add(phase, "validate", part, scan({fmt::format("{} VALIDATE CONSTRAINT {}", alter, name)}, all_of({exists(part), negate(constraint_is_validated(part))})), Action{});
    validate.after.push_back(added);
    validate.step.effects = effects_of(part, constraint, true, false);
    proven.push_back(p.operations.size() - 1);
  }
  Operation& whole = p.add(phase, "add", id, brief(create_all(object, p.to), absent(id)), brief({drop_statement(p.to, id)}));
  whole.needs = object.depends_on;
  whole.provides.insert(id);
  whole.after = std::move(proven);
  whole.groupable = false;
  whole.step.effects = effects_of_joining(p.to, id, constraint);
  return true;
}

std::string while_rows_point(const Planner& p, const ObjectId& id, const Constraint& constraint) {
  if (constraint.type != ConstraintType::foreign_key || !constraint.references) return {};
  const QualifiedName& there = *constraint.references;
  const bool lost = p.dropped.contains(table_id(there)) || std::any_of(constraint.referenced_columns.begin(), constraint.referenced_columns.end(), [&](const std::string& column) {
                      return p.dropped.contains(column_id(there.schema, there.name, column));
                    });
  return lost ? fmt::format("({}) = 0", preconditions(id, constraint).front().query) : std::string();
}

// FK and CHECK. The operations come in pairs whose other half is the undo of a dropped one: `adding` says which.
void add_or_restore(Planner& p, const ObjectId& id, bool adding) {
  const Database& database = adding ? p.to : p.from;
  const Object& object = database.objects.at(id);
  const Constraint& constraint = std::get<Constraint>(object.body);
  // Until a column has its new type, what the application writes must be of the old one: its constraints stay as long.
  const bool retyped = !adding && std::any_of(constraint.columns.begin(), constraint.columns.end(), [&](const std::string& column) {
    auto it = p.altered.find(column_id(id.schema, id.relation, column));
    return it != p.altered.end() && it->second.contains(Aspect::type);
  });
  const Phase phase = retyped ? Phase::contract : phase_of_pair(p, id, constraint, adding).value_or(adding ? restriction_phase(p, id, constraint) : Phase::expand);
  const bool foreign = p.from.find(ObjectId{Kind::foreign_table, id.schema, "", id.relation, ""}) != nullptr;
  const bool no_online_way = constraint.type == ConstraintType::not_null || foreign ||
                             (constraint.type == ConstraintType::foreign_key && partitioned(database, id) && database.major() < 18);
  // The table itself may go later in this plan, or on the way back: then this has nothing to do the second time.
  const bool table_goes = !Planner::relation(adding ? p.from : p.to, id.schema, id.relation);
  const Action removal = brief({drop_statement(database, id)}, foreign || table_goes ? exists(id) : "");
  const auto mark = [&](Operation& operation) -> Operation& {
    if (adding) {
      operation.needs = object.depends_on;
    } else {
      operation.removes.insert(id);
    }
    return operation;
  };
  const std::string name = describe(id);
  if (adding && add_part_by_part(p, id, phase)) return;
  const std::string rows_point = adding || no_online_way ? std::string() : while_rows_point(p, id, constraint);
  if (rows_point.empty() && (no_online_way || all_small(p, touched(id, constraint)))) {
    Action addition = blocking(create_all(object, database), absent(id));
    if (foreign || constraint.type == ConstraintType::not_null) {
      addition.mode = Mode::brief;
    } else if (adding) {
      p.allow_blocking(addition, "scan", touched(id, constraint), "adding " + name);
    }
    Operation& operation = mark(adding ? p.add(phase, "add", id, addition, removal) : p.add(phase, "drop", id, removal, addition));
    if (adding) {
      operation.provides.insert(id);
      if (!foreign) operation.step.preconditions = preconditions(id, constraint);  // its rows are on another server
    }
    operation.step.effects = adding ? effects_of(id, constraint, false, true) : effects_of_drop(id, constraint);
    return;
  }
  Statements described = describe_state(object, database);
  Statements add_statements{add_not_valid(database, id, id.name)};
  add_statements.insert(add_statements.end(), described.begin(), described.end());
  const Action addition = brief(std::move(add_statements), absent(id));
  Action validation = constraint.validated ? scan({validate_statement(database, id)}, all_of({exists(id), negate(constraint_is_validated(id))})) : Action{};
  if (!rows_point.empty() && constraint.validated) {
    validation.todo = all_of({validation.todo, rows_point});
    p.notes.push_back(fmt::format("after a rollback from purge {} is NOT VALID where rows point at what was purged", name));
  }
  if (adding) {
    Operation& add = mark(p.add(phase, "add NOT VALID", id, addition, removal));
    if (constraint.validated) add.step.preconditions = preconditions(id, constraint);  // NOT VALID asks nothing of the rows that are there
    if (const auto index = index_for_references(p, id, constraint); index && p.created.contains(*index) && index_phase(p, p.to.objects.at(*index)) <= phase) {
      add.needs.insert(*index);  // before the first DELETE on the referenced table that looks for rows here
    }
    add.step.effects = effects_of(id, constraint, false, false);
    add.groupable = constraint.type != ConstraintType::foreign_key;
    if (!constraint.validated) add.provides.insert(id);
    const std::size_t added = p.operations.size() - 1;
    if (constraint.validated) {
      Operation& validate = mark(p.add(phase, "validate", id, validation, Action{}));
      validate.provides.insert(id);
      validate.after.push_back(added);
      validate.step.effects = effects_of(id, constraint, true, false);
    }
    return;
  }
  // Dropping: the way back adds NOT VALID, then validates; undo runs from the last operation to the first.
  std::size_t first = p.operations.size();
  if (constraint.validated) {
    Operation& validate = mark(p.add(phase, "way back: validate", id, Action{}, validation));
    validate.removes.clear();
  }
  Operation& drop = mark(p.add(phase, "drop", id, removal, addition));
  if (constraint.validated) drop.after.push_back(first);
  drop.step.effects = effects_of_drop(id, constraint);
}

namespace {

void warn_without_index(Planner& p, const ObjectId& id, const Constraint& constraint) {
  if (constraint.type != ConstraintType::foreign_key || constraint.columns.empty() || index_for_references(p, id, constraint)) return;
  p.notes.push_back(fmt::format("{} has no index on its referencing columns: every DELETE and key UPDATE on {} scans {}", describe(id),
                                sql::quote(*constraint.references), sql::quote(QualifiedName{id.schema, id.relation})));
}

// The unique index of the constraint's name is there already. The way back builds it anew beside the constraint's, so that uniqueness holds
// at every moment.
void adopt_index(Planner& p, const ObjectId& id, const Object& old_index) {
  const Object& object = p.to.objects.at(id);
  const Constraint& constraint = std::get<Constraint>(object.body);
  const Object& new_index = p.to.objects.at(old_index.id);
  const Index& body = std::get<Index>(old_index.body);
  if (body.definition != std::get<Index>(new_index.body).definition || !body.valid) {
    exchange_index(p, old_index.id, old_index, new_index);
    return;
  }
  const Phase phase = restriction_phase(p, id, constraint);
  const std::string spare = p.spare_relation(id.schema, id.name, "index");
  const ObjectId spare_id{Kind::index, id.schema, "", spare, ""};
  Statements forward{add_key_using_index(p.to, id, id.name)}, back;
  for (const Object* part : {&object, &new_index}) {
    for (std::string& statement : describe_state(*part, p.to)) forward.push_back(std::move(statement));
  }
  back.push_back(drop_statement(p.to, id));
  back.push_back(fmt::format("ALTER INDEX {} RENAME TO {}", quoted_name(spare_id), sql::quote_identifier(id.name)));
  for (std::string& statement : describe_state(old_index, p.from)) back.push_back(std::move(statement));
  // Foreign keys that stand on the index keep it forward; on the way back the constraint does not go before they do.
  std::vector<std::size_t> validations;
  const auto users = p.dependents.find(old_index.id);
  for (const ObjectId& user : users == p.dependents.end() ? std::vector<ObjectId>() : std::vector<ObjectId>(users->second.begin(), users->second.end())) {
    const Object* key = p.to.find(user);
    const auto* pointing = key ? std::get_if<Constraint>(&key->body) : nullptr;
    if (!pointing || pointing->type != ConstraintType::foreign_key || p.altered.contains(user)) continue;
    back.insert(back.begin(), drop_statement(p.from, user));
    back.push_back(add_not_valid(p.from, user, user.name));
    for (std::string& statement : describe_state(p.from.objects.at(user), p.from)) back.push_back(std::move(statement));
    if (!pointing->validated) continue;
    p.add(phase, "way back: validate", user, Action{}, scan({validate_statement(p.from, user)}, all_of({exists(user), negate(constraint_is_validated(user))})));
    p.operations.back().groupable = false;
    validations.push_back(p.operations.size() - 1);
  }
  Operation& add = p.add(phase, "add", id, brief(std::move(forward), absent(id)), brief(std::move(back), exists(spare_id)));
  add.after = validations;
  add.provides = {id, old_index.id};
  add.removes = {old_index.id};
  add.needs = object.depends_on;
  add.needs.erase(old_index.id);
  add.groupable = false;
  add.step.effects = {{{id.schema, id.relation}, effects::LockMode::access_exclusive, effects::Work::none}};
  const std::size_t added = p.operations.size() - 1;
  Operation& build = p.add(phase, "way back: build the index beside", id, Action{}, build_index(old_index.id, body, spare, exists(id)));
  build.after.push_back(added);
  build.detaches.insert(old_index.id);
}

void add_key(Planner& p, const ObjectId& id) {
  const Object& object = p.to.objects.at(id);
  const Constraint& constraint = std::get<Constraint>(object.body);
  const ObjectId index_id = index_of(id);
  const Object* index = p.to.find(index_id);
  const Phase phase = restriction_phase(p, id, constraint);
  p.take(index_id);
  const auto after_not_null = [&](Operation& operation) {
    for (const std::string& column : constraint.columns) {
      if (auto it = p.not_null_operations.find(column_id(id.schema, id.relation, column)); it != p.not_null_operations.end()) {
        operation.after.insert(operation.after.end(), it->second.begin(), it->second.end());
      }
    }
    operation.provides = {id, index_id};
    operation.needs = object.depends_on;
    operation.needs.erase(index_id);
  };
  const Action removal = brief({drop_statement(p.to, id)});
  if (!index || partitioned(p.to, id)) {
    if (index && p.from.find(index_id)) {
      p.refuse(fmt::format(
          "{}: an index of its name stands on the partitioned table, and only a new one can carry a constraint there: drop or rename that "
          "index first",
          describe(id)));
      return;
    }
    // ON ONLY the parent builds nothing; its partitions' keys follow one by one (partition_keys.cpp).
    after_not_null(p.add(phase, "add", id, brief(create_all(object, p.to), absent(id)), removal));
    return;
  }
  const Index& definition = std::get<Index>(index->body);
  if (const Object* old_index = p.from.find(index_id)) {
    const Index& present = std::get<Index>(old_index->body);
    if (present.table == definition.table && present.constraint.empty()) {
      adopt_index(p, id, *old_index);
      return;
    }
  }
  Operation& build = p.add(phase, "build the index of", id, build_index(index_id, definition, id.name, absent(id)), Action{});
  build.needs = object.depends_on;
  build.needs.insert(index->depends_on.begin(), index->depends_on.end());
  build.needs.erase(index_id);
  build.needs.erase(id);
  build.step.preconditions = unique_precondition(p, index_id, definition);
  build.step.effects = {{{id.schema, id.relation}, effects::LockMode::share_update_exclusive, effects::Work::index_build}};
  build.step.undo = concurrent(fmt::format("DROP INDEX CONCURRENTLY IF EXISTS {}", quoted_name(index_id)),
                               all_of({absent(id), p.contended.contains(index_id) ? belongs_to(index_id, table_id({id.schema, id.relation})) : exists(index_id)}));
  const std::size_t built = p.operations.size() - 1;
  Statements statements{add_key_using_index(p.to, id, id.name)};
  for (const Object* part : {&object, index}) {
    for (std::string& statement : describe_state(*part, p.to)) statements.push_back(std::move(statement));
  }
  Operation& add = p.add(phase, "add", id, brief(std::move(statements), absent(id)), removal);
  after_not_null(add);
  add.after.push_back(built);
  add.step.effects = {{{id.schema, id.relation}, effects::LockMode::access_exclusive, effects::Work::none}};
}

// A primary key cannot come back while a column of it that goes in this plan holds NULL. Empty where none goes.
std::string no_nulls_in_lost_columns(const Planner& p, const ObjectId& id) {
  const Constraint& key = std::get<Constraint>(p.from.objects.at(id).body);
  if (key.type != ConstraintType::primary_key || !Planner::relation(p.to, id.schema, id.relation)) return {};
  std::string nulls;
  for (const std::string& column : key.columns) {
    if (p.dropped.contains(column_id(id.schema, id.relation, column))) nulls += (nulls.empty() ? "" : " OR ") + sql::quote_identifier(column) + " IS NULL";
  }
  return nulls.empty() ? "" : fmt::format("NOT EXISTS (SELECT FROM {} WHERE {})", sql::quote(QualifiedName{id.schema, id.relation}), nulls);
}

void drop_key(Planner& p, const ObjectId& id) {
  const Object& object = p.from.objects.at(id);
  const ObjectId index_id = index_of(id);
  const Object* index = p.from.find(index_id);
  const Object* stays = p.to.find(index_id);
  if (index && stays && !partitioned(p.from, id) && std::get<Index>(stays->body).constraint.empty() &&
      std::get<Index>(stays->body).table == id.relation) {
    // The constraint goes, an index of its name stays.
    p.take(index_id);
    exchange_index(p, index_id, *index, *stays);
    return;
  }
  p.take(index_id);
  const Action removal = brief({drop_statement(p.from, id)}, Planner::relation(p.to, id.schema, id.relation) ? "" : exists(id));
  if (!index || partitioned(p.from, id)) {
    const std::vector<std::size_t> returns = return_partition_keys(p, id);
    Operation& operation = p.add(Phase::contract, "drop", id, removal, brief(create_all(object, p.from), absent(id)));
    operation.removes = {id, index_id};
    operation.after = returns;
    return;
  }
  Statements back{add_key_using_index(p.from, id, id.name)};
  for (const Object* part : {&object, index}) {
    for (std::string& statement : describe_state(*part, p.from)) back.push_back(std::move(statement));
  }
  const std::string whole = no_nulls_in_lost_columns(p, id);
  if (!whole.empty()) p.notes.push_back(fmt::format("after a rollback {} is missing where rows hold NULL in a column of it that the next version did not write, or that was purged", describe(id)));
  Operation& add_back = p.add(Phase::contract, "drop", id, removal, brief(std::move(back), all_of({absent(id), whole})));
  add_back.removes = {id, index_id};
  add_back.step.effects = {{{id.schema, id.relation}, effects::LockMode::access_exclusive, effects::Work::none}};
  const std::size_t dropped_at = p.operations.size() - 1;
  Operation& build = p.add(Phase::contract, "way back: build the index of", id, Action{},
                           build_index(index_id, std::get<Index>(index->body), id.name, all_of({absent(id), whole})));
  build.after.push_back(dropped_at);
  build.removes.insert(index_id);
  build.detaches.insert(id);  // before its columns go, so that on the way back they are there first
}

void exclusion(Planner& p, const ObjectId& id, bool adding) {
  const Database& database = adding ? p.to : p.from;
  const Object& object = database.objects.at(id);
  p.take(index_of(id));
  Action addition = blocking(create_all(object, database), absent(id));
  const Action removal = brief({drop_statement(database, id)});
  if (adding) {
    p.allow_blocking(addition, "exclusion", {{id.schema, id.relation}}, "adding " + describe(id));
    Operation& operation = p.add(Phase::contract, "add", id, std::move(addition), removal);
    operation.needs = object.depends_on;
    operation.provides = {id, index_of(id)};
    operation.needs.erase(index_of(id));
  } else {
    Operation& operation = p.add(Phase::contract, "drop", id, removal, std::move(addition));
    operation.removes = {id, index_of(id)};
  }
}

// The partitions' copies of a foreign key that was made under `spare` get the names that they are to have: RENAME of the table's own leaves them.
Statements rename_copies(const Database& database, const Object& key, const std::string& spare) {
  Statements out;
  for (const ReferencePart& copy : reference_parts(database, key)) {
    out.push_back(fmt::format("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", sql::quote(QualifiedName{copy.id.schema, copy.id.relation}), sql::quote_identifier(spare), sql::quote_identifier(copy.id.name)));
  }
  return out;
}

// A foreign key of a partitioned table before 18 under the same name with another definition: each partition gets and proves the new one beside the old, the table's own takes them
// for its parts, then the old one goes and all of them get its name. The way back does the same.
bool replace_part_by_part(Planner& p, const ObjectId& id) {
  const Object &a = p.from.objects.at(id), &b = p.to.objects.at(id);
  const Constraint &before = std::get<Constraint>(a.body), &after = std::get<Constraint>(b.body);
  const auto parts = parts_that_prove(p, id, after);
  if (!parts || !before.validated || before.type != ConstraintType::foreign_key || !before.references || before.columns != after.columns) return false;
  const std::vector<ReferencePart> old_copies = reference_parts(p.from, a), new_copies = reference_parts(p.to, b);
  const auto below = Planner::descendants(p.to, {id.schema, id.relation});
  if (old_copies.size() != below.size() || new_copies.size() != below.size()) return false;  // one of them is made by this plan
  const std::string spare_new = p.spare_constraint(id.schema, id.relation, id.name, "new"), spare_old = p.spare_constraint(id.schema, id.relation, id.name, "old");
  const auto named = [&](const QualifiedName& table, const std::string& name) { return ObjectId{Kind::constraint, table.schema, table.name, name, ""}; };
  const auto alter = [](const QualifiedName& table) { return "ALTER TABLE " + sql::quote(table); };
  const QualifiedName home{id.schema, id.relation};
  struct Side {
    std::vector<Action> add, validate;
    Action join, swap;
  };
  // One direction; `copies` are what the parts' own are called in the end.
  const auto side = [&](const Object& object, const Database& database, const std::string& spare, const std::vector<ReferencePart>& copies) {
    const std::string definition = sql::keep_array_casts(std::get<Constraint>(object.body).definition), not_yet = negate(has_definition(object)), quoted = sql::quote_identifier(spare);
    Side out;
    for (const QualifiedName& part : *parts) {
      out.add.push_back(brief({fmt::format("{} ADD CONSTRAINT {} {} NOT VALID", alter(part), quoted, definition)}, all_of({not_yet, absent(named(part, spare)), absent(named(home, spare))})));
      out.validate.push_back(scan({fmt::format("{} VALIDATE CONSTRAINT {}", alter(part), quoted)}, all_of({exists(named(part, spare)), negate(constraint_is_validated(named(part, spare)))})));
    }
    out.join = brief({fmt::format("{} ADD CONSTRAINT {} {}", alter(home), quoted, definition)}, all_of({not_yet, absent(named(home, spare))}));
    Statements swap{drop_statement(database, id), fmt::format("{} RENAME CONSTRAINT {} TO {}", alter(home), quoted, sql::quote_identifier(id.name))};
    append(swap, rename_copies(database, object, spare));
    append(swap, describe_state(object, database));
    for (const ReferencePart& copy : copies) append(swap, describe_state(database.objects.at(copy.id), database));
    out.swap = brief(std::move(swap), exists(named(home, spare)));
    return out;
  };
  const Side forward = side(b, p.to, spare_new, new_copies), back = side(a, p.from, spare_old, old_copies);
  const auto remove = [&](const QualifiedName& table, const std::string& spare) { return brief({fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(table), sql::quote_identifier(spare))}, exists(named(table, spare))); };
  const std::size_t first = p.operations.size();
  const auto effects_with = [&](std::vector<effects::Effect> effects) { p.operations.back().step.effects = std::move(effects); };
  for (std::size_t i = 0; i < parts->size(); ++i) {
    const ObjectId part = named((*parts)[i], id.name);
    p.add(Phase::contract, "add NOT VALID the new", part, forward.add[i], remove((*parts)[i], spare_new)).step.preconditions = preconditions(part, after);
    effects_with(effects_of_part(p.to, part, after));
    p.add(Phase::contract, "validate the new", part, forward.validate[i], Action{});
    effects_with(effects_of(part, after, true, false));
  }
  p.add(Phase::contract, "add the new", id, forward.join, remove(home, spare_new));
  effects_with(effects_of_joining(p.to, id, after));
  p.add(Phase::contract, "put in place the new", id, forward.swap, back.swap);
  std::vector<effects::Effect> swapped;
  for (const QualifiedName& table : with_parts(p.to, home)) swapped.push_back({table, effects::LockMode::access_exclusive, effects::Work::none});
  for (const QualifiedName& table : with_parts(p.to, *after.references)) swapped.push_back({table, effects::LockMode::access_exclusive, effects::Work::none});
  effects_with(std::move(swapped));
  const std::size_t in_place = p.operations.size() - 1;
  p.operations.back().provides.insert(id);
  p.operations.back().removes.insert(id);
  p.add(Phase::contract, "way back: add the old", id, Action{}, back.join);
  for (std::size_t i = parts->size(); i-- > 0;) {
    p.add(Phase::contract, "way back: validate the old", named((*parts)[i], id.name), Action{}, back.validate[i]);
    p.add(Phase::contract, "way back: add NOT VALID the old", named((*parts)[i], id.name), Action{}, back.add[i]);
  }
  for (std::size_t i = first; i < p.operations.size(); ++i) {
    p.operations[i].groupable = false;
    p.operations[i].needs = b.depends_on;
    if (i > first) p.operations[i].after.push_back(i - 1);
    if (i > in_place) p.operations[i].removes.insert(id);
  }
  for (const auto* copies : {&old_copies, &new_copies}) {
    for (const ReferencePart& copy : *copies) p.take(copy.id);
  }
  return true;
}

// FK and CHECK of a large table under the same name with another definition.
void replace_constraint(Planner& p, const ObjectId& id) {
  const Object& a = p.from.objects.at(id);
  const Object& b = p.to.objects.at(id);
  if (replace_part_by_part(p, id)) return;
  if (std::get<Constraint>(b.body).type == ConstraintType::foreign_key && partitioned(p.to, id) && p.to.major() < 18) {
    // Before 18 a partitioned table takes no foreign key NOT VALID.
    Statements forward{drop_statement(p.from, id)}, back{drop_statement(p.to, id)};
    append(forward, create_all(b, p.to));
    append(back, create_all(a, p.from));
    Action action = blocking(std::move(forward), negate(has_definition(b)));
    p.allow_blocking(action, "scan", touched(id, std::get<Constraint>(b.body)), "replacing " + describe(id));
    Operation& operation = p.add(Phase::contract, "replace", id, std::move(action), blocking(std::move(back), negate(has_definition(a))));
    operation.step.preconditions = preconditions(id, std::get<Constraint>(b.body));
    operation.step.effects = effects_of(id, std::get<Constraint>(b.body), false, true);
    operation.provides.insert(id);
    operation.removes.insert(id);
    operation.needs = b.depends_on;
    return;
  }
  const std::string spare_new = p.spare_constraint(id.schema, id.relation, id.name, "new");
  const std::string spare_old = p.spare_constraint(id.schema, id.relation, id.name, "old");
  const auto spare_id = [&](const std::string& name) { return ObjectId{Kind::constraint, id.schema, id.relation, name, ""}; };
  const auto parts = [&](const Object& object, const Database& database, const std::string& spare) {
    const Constraint& constraint = std::get<Constraint>(object.body);
    const std::string table = alter_table(database, id.schema, id.relation);
    const std::string not_yet = negate(has_definition(object));
    Statements swap{drop_statement(database, id), fmt::format("{} RENAME CONSTRAINT {} TO {}", table, sql::quote_identifier(spare), sql::quote_identifier(id.name))};
    append(swap, rename_copies(database, object, spare));
    for (std::string& statement : describe_state(object, database)) swap.push_back(std::move(statement));
    return std::tuple{brief({add_not_valid(database, id, spare)}, all_of({not_yet, absent(spare_id(spare))})),
                      constraint.validated ? scan({fmt::format("{} VALIDATE CONSTRAINT {}", table, sql::quote_identifier(spare))}, exists(spare_id(spare)))
                                           : Action{},
                      brief(std::move(swap), exists(spare_id(spare)))};
  };
  auto [add, validate, swap] = parts(b, p.to, spare_new);
  auto [back_add, back_validate, back_swap] = parts(a, p.from, spare_old);
  const Phase phase = Phase::contract;
  const std::size_t first = p.operations.size();
  p.add(phase, "add NOT VALID the new", id, add, brief({fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter_table(p.to, id.schema, id.relation), sql::quote_identifier(spare_new))}));
  p.operations.back().step.preconditions = preconditions(id, std::get<Constraint>(b.body));
  p.add(phase, "validate the new", id, validate, Action{});
  p.add(phase, "put in place the new", id, swap, back_swap);
  p.operations.back().provides.insert(id);
  p.operations.back().removes.insert(id);
  p.add(phase, "way back: validate the old", id, Action{}, back_validate);
  p.add(phase, "way back: add NOT VALID the old", id, Action{}, back_add);
  for (std::size_t i = first; i < p.operations.size(); ++i) {
    p.operations[i].groupable = false;
    p.operations[i].needs = b.depends_on;
    if (i > first) p.operations[i].after.push_back(i - 1);
    if (i > first + 2) p.operations[i].removes.insert(id);
  }
}

void alter_constraint(Planner& p, const ObjectId& id) {
  const Object& a = p.from.objects.at(id);
  const Object& b = p.to.objects.at(id);
  const Constraint& old_constraint = std::get<Constraint>(a.body);
  const Constraint& new_constraint = std::get<Constraint>(b.body);
  // A copy follows its parent's, or follow_checks() sees to it.
  if (old_constraint.inherited && new_constraint.inherited && old_constraint.type == ConstraintType::check) p.claim(id, Aspect::validated);
  if (from_parent(old_constraint) && from_parent(new_constraint)) {
    for (const Aspect aspect : p.altered.at(id)) p.claim(id, aspect);
    return;
  }
  if (p.claim(id, Aspect::definition)) {
    for (const Aspect aspect : {Aspect::validated, Aspect::deferrability, Aspect::comment}) p.claim(id, aspect);
    replace_constraint(p, id);
    return;
  }
  if (p.claim(id, Aspect::validated)) {
    Operation* operation = nullptr;
    const Statements unvalidated_to{drop_statement(p.to, id), add_not_valid(p.to, id, id.name)};
    const Statements unvalidated_from{drop_statement(p.from, id), add_not_valid(p.from, id, id.name)};
    if (new_constraint.validated) {
      operation = &p.add(Phase::contract, "validate", id, scan({validate_statement(p.to, id)}, negate(constraint_is_validated(id))),
                         brief(unvalidated_from, constraint_is_validated(id)));
      operation->step.preconditions = preconditions(id, new_constraint);
    } else {
      operation = &p.add(Phase::expand, "take back the validation of", id, brief(unvalidated_to, constraint_is_validated(id)),
                         scan({validate_statement(p.from, id)}, negate(constraint_is_validated(id))));
    }
    operation->detaches.insert(id);
    operation->step.effects = effects_of(id, new_constraint, new_constraint.validated, false);
    if (!old_constraint.inherited && new_constraint.inherited) {
      // Its table joins a parent, which then holds on to it.
      const std::size_t changed = p.operations.size() - 1;
      for (std::size_t i = 0; i < changed; ++i) {
        if (p.operations[i].provides.contains(table_id({id.schema, id.relation}))) p.operations[i].after.push_back(changed);
      }
    }
  }
  if (p.claim(id, Aspect::deferrability)) {
    const auto alter = [&](const Constraint& constraint) {
      return Statements{fmt::format("{} ALTER CONSTRAINT {} {}", alter_table(p.to, id.schema, id.relation), sql::quote_identifier(id.name),
                                    !constraint.deferrable ? "NOT DEFERRABLE" : constraint.initially_deferred ? "DEFERRABLE INITIALLY DEFERRED"
                                                                                                              : "DEFERRABLE")};
    };
    p.add(Phase::expand, "set the deferrability of", id, brief(alter(new_constraint)), brief(alter(old_constraint)));
  }
  if (p.claim(id, Aspect::partition_parent)) {
    // ATTACH and DETACH PARTITION, or the parent's own change, carry this.
  }
}

}  // namespace

// A primary key and a replica identity stand on NOT NULL columns: it is set before they come, and dropped after they are gone. The way back runs
// the same order backwards.
void plan_constraints(Planner& p) {
  const std::vector<ObjectId> checks = checks_with_copies(p);
  for (const ObjectId& id : p.created) {
    if (id.kind != Kind::constraint || !p.take(id)) continue;
    const Constraint& constraint = std::get<Constraint>(p.to.objects.at(id).body);
    if (is_key(constraint) && is_partition_key(p.to, id) && p.from.find(ObjectId{Kind::table, id.schema, "", id.relation, ""})) {
      add_partition_key(p, id);
      continue;
    }
    if (from_parent(constraint) || constraint.type == ConstraintType::trigger) {
      p.take(index_of(id));
      continue;
    }
    if (is_key(constraint)) {
      add_key(p, id);
    } else if (constraint.type == ConstraintType::exclusion) {
      exclusion(p, id, true);
    } else {
      add_or_restore(p, id, true);
      warn_without_index(p, id, constraint);
    }
  }
  for (const ObjectId& id : p.dropped) {
    if (id.kind != Kind::constraint || !p.take(id)) continue;
    const Constraint& constraint = std::get<Constraint>(p.from.objects.at(id).body);
    if (from_parent(constraint) || constraint.type == ConstraintType::trigger) {
      p.take(index_of(id));
      continue;
    }
    if (is_key(constraint)) {
      drop_key(p, id);
    } else if (constraint.type == ConstraintType::exclusion) {
      exclusion(p, id, false);
    } else {
      const std::size_t first = p.operations.size();
      add_or_restore(p, id, false);
      if (const Object* next = pair_of(p.to, p.created, id, constraint)) {
        for (std::size_t i = first; i < p.operations.size(); ++i) p.operations[i].needs.insert(next->id);
      }
    }
  }
  for (const auto& [id, aspects] : p.altered) {
    if (id.kind != Kind::constraint || p.done.contains(id)) continue;
    const Constraint& constraint = std::get<Constraint>(p.to.objects.at(id).body);
    if (is_key(constraint) && p.has(id, Aspect::definition) && p.from.find(index_of(id)) && p.to.find(index_of(id))) {
      p.take(index_of(id));
      exchange_index(p, index_of(id), p.from.objects.at(index_of(id)), p.to.objects.at(index_of(id)));
      continue;
    }
    alter_constraint(p, id);
  }
  follow_checks(p, checks);
}

}  // namespace contraflow::plan
