// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "catalog/alter.h"
#include "catalog/ddl.h"
#include "plan/planner.h"
#include "plan/strategies/column_parts.h"
#include "plan/strategies/partition_columns.h"
#include "plan/strategies/partitions.h"
#include "plan/strategies/table_parts.h"

namespace contraflow::plan {

using namespace catalog;

bool is_foreign_key(const Object& object) {
  const auto* constraint = std::get_if<Constraint>(&object.body);
  return constraint && constraint->type == ConstraintType::foreign_key;
}

bool comes_with_table(const Object& object) {
  switch (object.id.kind) {
    case Kind::column:
    case Kind::index:
    case Kind::statistics: return true;
    case Kind::constraint: return !is_foreign_key(object);
    default: return false;
  }
}

std::vector<const Object*> owned_sequences(const Database& database, const ObjectId& table) {
  std::vector<const Object*> out;
  for (auto it = database.objects.lower_bound(ObjectId{Kind::sequence, "", "", "", ""});
       it != database.objects.end() && it->first.kind == Kind::sequence; ++it) {
    const auto& owner = std::get<Sequence>(it->second.body).owned_by;
    if (owner && owner->schema == table.schema && owner->relation == table.name) out.push_back(&it->second);
  }
  return out;
}

// Columns that its parent has only in the other schema, and has still, or already, when the partition is attached: they go with the parent's.
Statements passing_columns(const Object& object, const Database& database, const Database& other) {
  Statements out;
  const auto& parent = std::get<Table>(object.body).partition_of;
  if (!parent) return out;
  for (const Object* member : Planner::members(other, ObjectId{Kind::table, parent->schema, "", parent->name, ""})) {
    const auto* column = std::get_if<Column>(&member->body);
    if (!column || database.find(member->id) || !database.find(ObjectId{Kind::table, parent->schema, "", parent->name, ""})) continue;
    Column bare = *column;
    bare.default_expression.clear();
    bare.identity = Identity::none;
    bare.generated = Generated::none;
    out.push_back(fmt::format("ALTER TABLE {} ADD COLUMN {}", quoted_name(object.id), column_definition(member->id, bare, database.major())));
  }
  return out;
}

// The second columns of its parent, which has them until purge: a partition has the columns of its parent, no less. They go with the parent's.
Statements second_columns(const Object& object, const Database& database, const Database& other) {
  const auto& parent = std::get<Table>(object.body).partition_of;
  const ObjectId parent_id = table_id(parent.value_or(QualifiedName{}));
  if (!parent || !database.find(parent_id) || !other.find(parent_id)) return {};
  const std::string above = sql::quote_literal(sql::quote(*parent)), here = sql::quote_literal(quoted_name(object.id));
  return {"DO " + sql::dollar_quote(fmt::format("DECLARE\n  missing text;\nBEGIN\n"
                                                "  FOR missing IN SELECT format('%I %s', attname, format_type(atttypid, atttypmod)) FROM pg_attribute AS a WHERE attrelid = to_regclass({0}) AND attnum > 0 AND NOT attisdropped\n"
                                                "    AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass({1}) AND attname = a.attname AND NOT attisdropped)\n  LOOP\n"
                                                "    EXECUTE format('ALTER TABLE %s ADD COLUMN %s', to_regclass({1}), missing);\n  END LOOP;\nEND",
                                                above, here),
                                    "columns")};
}

// Constraints in an order in which indexes exist before what refers to them; members by kind otherwise.
Statements create_with_members(const Object& table, const Database& database, const Database& other, const std::vector<const Object*>& members, bool joins, bool second) {
  const auto* partition = std::get_if<Table>(&table.body);
  if (partition && partition->partition_of) {
    // Made alone and attached: ATTACH PARTITION adopts its keys and indexes under their own names, PARTITION OF would clone the parent's.
    Statements out = create_standalone(table, database), attached;
    for (const Object* member : members) {
      const auto* constraint = std::get_if<Constraint>(&member->body);
      if (constraint && constraint->type == ConstraintType::check && constraint->inherited && !constraint->local) {
        out.push_back(fmt::format("ALTER TABLE ONLY {} ADD CONSTRAINT {} {}", quoted_name(table.id), sql::quote_identifier(member->id.name),
                                  constraint->definition));
      }
      if (member->id.kind == Kind::column) continue;
      for (std::string& statement : create_all(*member, database)) {
        const bool attaches = statement.starts_with("ALTER INDEX ") && statement.find(" ATTACH PARTITION ") != std::string::npos;
        (attaches ? attached : out).push_back(std::move(statement));
      }
    }
    if (joins) {
      append(out, passing_columns(table, database, other));
      if (second) append(out, second_columns(table, database, other));
      append(out, attach_partition(table));
      append(out, std::move(attached));
    }
    append(out, describe_state(table, database));
    return out;
  }
  Statements out = create(table, database);
  append(out, describe_state(table, database));
  for (const bool inherited : {false, true}) {
    for (const Object* member : members) {
      if (member->id.kind == Kind::column) continue;
      const auto* index = std::get_if<Index>(&member->body);
      if ((index && index->parent.has_value()) != inherited) continue;
      append(out, create_all(*member, database));
    }
  }
  return out;
}

namespace {

// A new partition of a table that is there, with partitions of its own: they come in one transaction, or rows that went to the default partition would find no place meanwhile. The
// uppermost new one; nothing for a table that comes by itself.
std::optional<ObjectId> comes_with(const Planner& p, const ObjectId& id) {
  ObjectId top = id;
  for (const Table* body = p.to.find_body<Table>(top); body && body->partition_of; body = p.to.find_body<Table>(top)) {
    const ObjectId parent = table_id(*body->partition_of);
    if (!p.created.contains(parent)) return p.from.find(parent) ? std::optional(top) : std::nullopt;
    top = parent;
  }
  return std::nullopt;
}

// What comes with a new table. An index of a partition that is attached to a parent's index comes after that one; here only when that one is there.
std::vector<const Object*> take_members(Planner& p, const ObjectId& table, Operation& operation) {
  std::vector<const Object*> out;
  for (const Object* member : Planner::members(p.to, table)) {
    if (!comes_with_table(*member)) continue;
    p.take(member->id);
    out.push_back(member);
    operation.provides.insert(member->id);
    operation.needs.insert(member->depends_on.begin(), member->depends_on.end());
  }
  return out;
}

// The statements and bookkeeping of the partitions that come with it, each after the one above it.
void create_partitions_below(Planner& p, const ObjectId& id, Operation& operation, Statements& statements) {
  for (const QualifiedName& child : Planner::children(p.to, {id.schema, id.name})) {
    const ObjectId part = table_id(child);
    if (!p.created.contains(part)) continue;  // a foreign table, or a table that is there
    const Object& object = p.to.objects.at(part);
    p.take(part);
    operation.provides.insert(part);
    operation.needs.insert(object.depends_on.begin(), object.depends_on.end());
    append(statements, create_with_members(object, p.to, p.from, take_members(p, part, operation), true, false));
    create_partitions_below(p, part, operation, statements);
  }
}

void create_table(Planner& p, const ObjectId& id) {
  const std::optional<ObjectId> top = comes_with(p, id);
  if (top && *top != id) return;
  const Object& object = p.to.objects.at(id);
  Operation operation;
  Statements statements, undo;
  operation.provides.insert(id);
  operation.needs = object.depends_on;
  const std::vector<const Object*> members = take_members(p, id, operation);
  // A sequence that a default names must be there first; it is owned afterwards.
  Statements owned;
  for (const Object* sequence : owned_sequences(p.to, id)) {
    if (p.from.find(sequence->id) || !p.take(sequence->id)) continue;
    Object free = *sequence;
    std::get<Sequence>(free.body).owned_by.reset();
    append(statements, create_all(free, p.to));
    append(owned, alter_sequence(sequence->id, std::get<Sequence>(free.body), std::get<Sequence>(sequence->body)));
    operation.provides.insert(sequence->id);
    operation.needs.insert(sequence->depends_on.begin(), sequence->depends_on.end());
  }
  const auto& joined = std::get<Table>(object.body).partition_of;
  const bool second = joined && std::any_of(p.renames.begin(), p.renames.end(), [&](const diff::Rename& rename) {
                        return rename.to.kind == Kind::column && rename.to.schema == joined->schema && rename.to.relation == joined->name;
                      });
  append(statements, create_with_members(object, p.to, p.from, members, true, second));
  append(statements, std::move(owned));
  if (top) create_partitions_below(p, id, operation, statements);
  const Table& body = std::get<Table>(object.body);
  std::vector<QualifiedName> parents = body.inherits;
  if (body.partition_of) parents.push_back(*body.partition_of);
  for (const QualifiedName& parent : parents) {
    for (const Object* member : Planner::members(p.to, ObjectId{Kind::table, parent.schema, "", parent.name, ""})) {
      if (member->id.kind == Kind::column) operation.needs.insert(member->id);
    }
  }
  for (const ObjectId& made : operation.provides) operation.needs.erase(made);
  operation.step.phase = Phase::expand;
  operation.step.title = "create " + describe(id);
  operation.step.id = "expand.create-" + quoted_name(id);
  operation.step.tables = {{id.schema, id.name}};
  operation.step.forward = brief(std::move(statements), absent(id));
  operation.step.undo = brief(drop(object), Planner::relation(p.from, id.schema, id.name) ? exists(id) : std::string());  // another kind of relation may have its name
  operation.groupable = false;
  const Table& table = std::get<Table>(object.body);
  if (table.partition_of) {
    // ATTACH PARTITION takes no more than this on the parent (12 and later).
    operation.step.effects.push_back({*table.partition_of, effects::LockMode::share_update_exclusive, effects::Work::none});
    // A partition that foreign keys reference through its parent can be dropped only when it is none any more.
    Statements leave{fmt::format("ALTER TABLE {} DETACH PARTITION {}", sql::quote(*table.partition_of), quoted_name(id))};
    operation.step.undo.todo = is_partition_of(id, *table.partition_of);
    const auto leaves_first = [&] {
      append(leave, std::move(operation.step.undo.statements));
      operation.step.undo.statements = std::move(leave);
    };
    if (p.from.find(ObjectId{Kind::table, table.partition_of->schema, "", table.partition_of->name, ""})) {
      const DefaultProof proof = prove_default_excludes(p, Phase::expand, id);
      operation.after = proof.before;
      operation.step.preconditions = proof.preconditions;
      append(leave, rows_to_default(p, proof, id));
      leaves_first();
      const std::size_t created = p.operations.size();
      p.operations.push_back(std::move(operation));
      drop_default_proof(p, Phase::expand, proof, created);
      return;
    }
    leaves_first();
  }
  p.operations.push_back(std::move(operation));
}

// A policy, rule or trigger that needs what needs the table (a policy over a view of it) goes by itself, before both.
bool goes_before_table(const Planner& p, const Object& member, const ObjectId& table) {
  if (member.id.kind != Kind::policy && member.id.kind != Kind::rule && member.id.kind != Kind::trigger) return false;
  const QualifiedName home = name_of(table);
  std::set<ObjectId> seen;
  std::vector<ObjectId> open(member.depends_on.begin(), member.depends_on.end());
  bool outside = false;
  while (!open.empty()) {
    const ObjectId id = open.back();
    open.pop_back();
    const Object* object = p.from.find(id);
    if (!object || !p.dropped.contains(id) || Planner::home(p.from, *object) == home || !seen.insert(id).second) continue;
    outside = outside || std::any_of(object->depends_on.begin(), object->depends_on.end(), [&](const ObjectId& need) {
                const Object* needed = p.from.find(need);
                return needed && Planner::home(p.from, *needed) == home;
              });
    open.insert(open.end(), object->depends_on.begin(), object->depends_on.end());
  }
  return outside;
}

// The key's tables both go, and reference each other, directly or through others that go, or through partitions and parents of these: neither can go first.
bool closes_circle(const Planner& p, const Object& key) {
  const ObjectId home{Kind::table, key.id.schema, "", key.id.relation, ""};
  std::set<ObjectId> seen;
  std::vector<ObjectId> open{table_id(*std::get<Constraint>(key.body).references)};
  while (!open.empty()) {
    const ObjectId id = open.back();
    open.pop_back();
    if (!p.dropped.contains(id) || !seen.insert(id).second) continue;
    for (const Object* member : Planner::members(p.from, id)) {
      const auto* constraint = std::get_if<Constraint>(&member->body);
      if (constraint && constraint->references && member->id != key.id) open.push_back(table_id(*constraint->references));
    }
    for (const QualifiedName& child : Planner::children(p.from, name_of(id))) open.push_back(table_id(child));
    if (const auto* table = p.from.find_body<Table>(id); table && table->partition_of) open.push_back(table_id(*table->partition_of));
  }
  return table_id(*std::get<Constraint>(key.body).references) != home && seen.contains(home);
}

void drop_table(Planner& p, const ObjectId& id) {
  const Object& object = p.from.objects.at(id);
  const Table& table = std::get<Table>(object.body);
  const bool partition = table.partition_of.has_value();
  const bool parent_goes = partition && p.dropped.contains(ObjectId{Kind::table, table.partition_of->schema, "", table.partition_of->name, ""});
  std::set<ObjectId> gone{id};
  std::vector<const Object*> members;
  Statements before, owned, late;
  std::vector<const Object*> foreign_keys;
  for (const Object* member : Planner::members(p.from, id)) {
    if (is_foreign_key(*member)) {
      const auto& key = std::get<Constraint>(member->body);
      if (!(key.inherited && !key.local)) {
        foreign_keys.push_back(member);
        continue;
      }
      if (parent_goes && p.take(member->id)) continue;  // with the parent's key
    }
    if (goes_before_table(p, *member, id)) continue;
    p.take(member->id);
    gone.insert(member->id);
    if (comes_with_table(*member)) {
      members.push_back(member);
    } else {
      append(late, create_all(*member, p.from));
    }
  }
  for (const Object* sequence : owned_sequences(p.from, id)) {
    if (p.to.find(sequence->id) || !p.take(sequence->id)) continue;
    gone.insert(sequence->id);
    Object free = *sequence;
    std::get<Sequence>(free.body).owned_by.reset();
    append(before, create_all(free, p.from));
    append(owned, alter_sequence(sequence->id, std::get<Sequence>(free.body), std::get<Sequence>(sequence->body)));
  }
  Statements whole = before;
  // A parent that stays gets it again by the undo of the detach, in contract, when its columns have their names again.
  append(whole, create_with_members(object, p.from, p.to, members, !partition || parent_goes));
  append(whole, std::move(owned));
  append(whole, std::move(late));

  std::set<ObjectId> leaving = gone;
  for (const Object* key : foreign_keys) leaving.insert(key->id);
  const std::string name = quoted_name(id);
  const bool has_children = !Planner::children(p.from, {id.schema, id.name}).empty();
  if (p.options.drops == Drops::direct || partition || has_children || table.partitioned) {
    // A partition (or a parent) is not renamed out of the way: its rows would still be reached through its parent.
    if (partition && !parent_goes) {
      // A key of a circle goes by itself, before both tables.
      std::erase_if(foreign_keys, [&](const Object* key) { return closes_circle(p, *key) && leaving.erase(key->id) != 0; });
      detach_before_drop(p, id, leaving);
      const std::size_t detached = p.operations.size() - 1;
      for (const Object* key : foreign_keys) append(whole, create_all(*key, p.from));
      Operation& purge = p.add(p.options.drops == Drops::direct ? Phase::contract : Phase::purge, "drop", id, brief(drop(object), exists(id)),
                               brief(std::move(whole), absent(id)), Grade::data);
      purge.removes = leaving;
      purge.after.push_back(detached);
      for (const Object* key : foreign_keys) p.take(key->id);
      return;
    }
    for (const Object* key : foreign_keys) {
      if (closes_circle(p, *key)) {
        leaving.erase(key->id);  // goes by itself, before both
        continue;
      }
      p.take(key->id);
      append(whole, create_all(*key, p.from));
    }
    Operation& operation = p.add(p.options.drops == Drops::direct ? Phase::contract : Phase::purge, "drop", id, brief(drop(object), exists(id)),
                                 brief(std::move(whole), absent(id)), Grade::data);
    operation.removes = leaving;
    return;
  }
  const std::string retired = p.spare_relation(id.schema, id.name, "retired");
  const ObjectId retired_id{Kind::table, id.schema, "", retired, ""};
  const std::string retired_name = sql::quote(QualifiedName{id.schema, retired});
  const std::string rename = fmt::format("ALTER TABLE {} RENAME TO {}", name, sql::quote_identifier(retired));
  Operation& retire = p.add(Phase::contract, "retire", id, brief({rename}, all_of({exists(id), absent(retired_id)})),
                            brief({fmt::format("ALTER TABLE {} RENAME TO {}", retired_name, sql::quote_identifier(id.name))}, exists(retired_id)));
  retire.removes = gone;
  retire.step.effects = {{{id.schema, id.name}, effects::LockMode::access_exclusive, effects::Work::none}};
  const std::size_t retired_at = p.operations.size() - 1;
  whole.push_back(rename);
  Operation& purge = p.add(Phase::purge, "purge", id, brief({fmt::format("DROP TABLE IF EXISTS {}", retired_name)}),
                           brief(std::move(whole), all_of({absent(retired_id), absent(id)})), Grade::data);
  purge.removes = gone;
  purge.after.push_back(retired_at);
  purge.step.effects = {{{id.schema, id.name}, effects::LockMode::access_exclusive, effects::Work::none}};
  purge.step.notes.push_back(fmt::format("the contents of {} are lost from here on", describe(id)));
}

std::string inherits_condition(const ObjectId& id, const QualifiedName& parent) { return is_partition_of(id, parent); }

// INHERIT asks for the parent's columns and CHECKs in the table beforehand, and what the table declares is its own for good. What it is to have from the parent alone, and the parent
// has in both schemas, it inherits first from a parent that lives no longer than this transaction: the way of ADD COLUMN on a parent, without the real one's other children.
struct GivenMembers {
  Statements join, leave;
  std::vector<const Object*> members;
  std::string work;  // the --allow-blocking kind; empty: none
  std::vector<Precondition> preconditions;

  // `with`: the schema in which the table inherits, `without`: the other one.
  GivenMembers(const Planner& p, const Database& with, const Database& without, const ObjectId& id, const QualifiedName& parent, const Statements& join_alone, const Statements& leave_alone) {
    const std::string table = alter_table(with, id.schema, id.name), helper = sql::quote(QualifiedName{id.schema, p.spare_relation(id.schema, id.name, "parent")});
    std::vector<std::pair<int, const Object*>> columns;
    std::vector<const Object*> checks;
    for (const Object* member : Planner::members(with, id)) {
      const auto* column = std::get_if<Column>(&member->body);
      const auto* constraint = std::get_if<Constraint>(&member->body);
      ObjectId of_parent = member->id;
      of_parent.relation = parent.name;
      of_parent.schema = parent.schema;
      if (without.find(member->id) || !with.find(of_parent) || p.done.contains(member->id)) continue;
      // A parent that gets it in this plan gives it to the table by itself; a CHECK that the parent loses goes before the table leaves.
      if (!without.find(of_parent) && (constraint || &with == &p.to)) continue;
      if (column && column->inherited && !column->local) columns.emplace_back(column->position, member);
      if (constraint && constraint->type == ConstraintType::check && constraint->inherited && !constraint->local) checks.push_back(member);
    }
    std::sort(columns.begin(), columns.end());
    Statements made, described;
    for (const auto& [position, member] : columns) {
      const Column& column = std::get<Column>(member->body);
      members.push_back(member);
      made.push_back(fmt::format("ALTER TABLE {} ADD COLUMN {}", helper, column_definition(member->id, column, with.major())));
      Statements own = create(*member, with);  // what sets it apart from the parent's
      std::erase_if(own, [](const std::string& statement) { return statement.find(" SET DEFAULT ") != std::string::npos || statement.find(" SET NOT NULL") != std::string::npos; });
      append(described, std::move(own));
      append(described, describe_state(*member, with));
      if (column.generated == Generated::stored || has_volatile_default(with, column) || has_checked_domain(with, column)) work = "rewrite";
      if (column.not_null && column.default_expression.empty()) {
        preconditions.push_back({fmt::format("rows of {} that would hold NULL in {}", quoted_name(id), sql::quote_identifier(member->id.name)), fmt::format("SELECT count(*) FROM {}", quoted_name(id)),
                                 "give the table the column first, filled, in a plan of its own"});
      }
    }
    for (const Object* member : checks) {
      members.push_back(member);
      made.push_back(fmt::format("ALTER TABLE {} ADD CONSTRAINT {} {}", helper, sql::quote_identifier(member->id.name), std::get<Constraint>(member->body).definition));
      append(described, describe_state(*member, with));
      if (work.empty()) work = "scan";
    }
    join = join_alone;
    leave = leave_alone;
    if (members.empty()) return;
    join = {fmt::format("CREATE TABLE {} ()", helper), fmt::format("{} INHERIT {}", table, helper)};
    append(join, std::move(made));
    append(join, join_alone);
    append(join, {fmt::format("{} NO INHERIT {}", table, helper), fmt::format("DROP TABLE {}", helper)});
    append(join, std::move(described));
    for (auto it = members.rbegin(); it != members.rend(); ++it) {
      leave.push_back(fmt::format("{} DROP {} IF EXISTS {}", table, (*it)->id.kind == Kind::column ? "COLUMN" : "CONSTRAINT", sql::quote_identifier((*it)->id.name)));
    }
  }
};

void change_parents(Planner& p, const ObjectId& id, const std::vector<QualifiedName>& a, const std::vector<QualifiedName>& b) {
  const std::string table = alter_table(p.to, id.schema, id.name);
  const auto step = [&](const QualifiedName& parent, bool joining) {
    const Statements join_alone{fmt::format("{} INHERIT {}", table, sql::quote(parent))}, leave_alone{fmt::format("{} NO INHERIT {}", table, sql::quote(parent))};
    for (const Object* leaving : joining ? Planner::columns(p.from, table_id(parent)) : std::vector<const Object*>()) {
      if (p.to.find(leaving->id) || p.to.find(column_id(id.schema, id.name, leaving->id.name))) continue;
      p.refuse(fmt::format("{} inherits from {}, which loses {} in the same plan: make two plans, one that drops the column, one that inherits", describe(id), sql::quote(parent), describe(leaving->id)));
    }
    if (joining) refuse_renamed_columns(p, id, parent);
    GivenMembers given(p, joining ? p.to : p.from, joining ? p.from : p.to, id, parent, join_alone, leave_alone);
    Action join = brief(joining ? given.join : join_alone, negate(inherits_condition(id, parent)));
    const Action leave = brief(joining ? given.leave : leave_alone, inherits_condition(id, parent));
    if (joining && !given.work.empty()) p.allow_blocking(join, given.work, {name_of(id)}, fmt::format("letting {} inherit from {}", describe(id), sql::quote(parent)));
    Operation& operation = joining ? p.add(Phase::expand, "let inherit", id, join, leave) : p.add(Phase::contract, "stop the inheritance of", id, leave, join);
    operation.needs = p.to.objects.at(id).depends_on;
    operation.detaches.insert(id);
    if (joining) {
      for (const Object* member : given.members) {
        p.take(member->id);
        operation.provides.insert(member->id);
        operation.needs.insert(member->depends_on.begin(), member->depends_on.end());
      }
      for (const ObjectId& made : operation.provides) operation.needs.erase(made);
      operation.step.preconditions = given.preconditions;
      return;
    }
    p.leaves_parent.emplace(id, p.operations.size() - 1);
    const bool orphans = std::any_of(p.from.objects.begin(), p.from.objects.end(), [&](const auto& entry) {
      const auto* column = std::get_if<Column>(&entry.second.body);
      if (!column || entry.first.schema != id.schema || entry.first.relation != id.name || column->local) return false;
      const auto* after = p.to.find_body<Column>(entry.first);
      return after && !after->inherited;
    });
    if (orphans || !given.members.empty()) {
      operation.step.grade = Grade::order;
      operation.step.notes.push_back("after a rollback the columns that " + describe(id) +
                                     " inherits are its own too where it has grown beyond 1 MiB or has children: dropping them from the "
                                     "parent leaves them here");
    }
    // NO INHERIT makes them the table's own; then they go as its own do.
    const std::size_t left = p.operations.size() - 1;
    for (const Object* member : given.members) {
      if (!p.take(member->id)) continue;
      if (member->id.kind == Kind::column) {
        retire_column(p, member->id);
      } else {
        p.add(Phase::contract, "drop", member->id, brief({fmt::format("{} DROP CONSTRAINT IF EXISTS {}", table, sql::quote_identifier(member->id.name))}),
              blocking({fmt::format("{} ADD CONSTRAINT {} {}", table, sql::quote_identifier(member->id.name), std::get<Constraint>(member->body).definition)}, absent(member->id)));
        p.operations.back().removes.insert(member->id);
      }
    }
    for (std::size_t i = left + 1; i < p.operations.size(); ++i) p.operations[i].after.push_back(left);
  };
  for (const QualifiedName& parent : a) {
    if (std::find(b.begin(), b.end(), parent) == b.end()) step(parent, false);
  }
  for (const QualifiedName& parent : b) {
    if (std::find(a.begin(), a.end(), parent) == a.end()) step(parent, true);
  }
}

void alter_table_properties(Planner& p, const ObjectId& id) {
  const Table& a = std::get<Table>(p.from.objects.at(id).body);
  const Table& b = std::get<Table>(p.to.objects.at(id).body);
  const QualifiedName table{id.schema, id.name};
  const auto simple = [&](Phase phase, const char* verb, Statements forward, Statements back) -> Operation& {
    Operation& operation = p.add(phase, verb, id, brief(std::move(forward)), brief(std::move(back)));
    operation.needs = p.to.objects.at(id).depends_on;
    operation.detaches.insert(id);
    return operation;
  };
  const auto heavy = [&](const char* verb, const std::string& forward, const std::string& back) {
    Action action = blocking({forward});
    p.allow_blocking(action, "rewrite", {table}, std::string(verb) + " " + describe(id));
    Operation& operation = p.add(Phase::expand, verb, id, std::move(action), blocking({back}));
    operation.groupable = false;
    operation.needs = p.to.objects.at(id).depends_on;
  };
  const std::string alter = "ALTER TABLE " + quoted_name(id);
  if (p.claim(id, Aspect::options)) {
    simple(Phase::expand, "set the storage parameters of", alter_table_options(id, a.options, b.options), alter_table_options(id, b.options, a.options)).step.effects = {{table, effects::LockMode::share_update_exclusive, effects::Work::none}};
  }
  if (p.claim(id, Aspect::replica_identity)) {
    // A column that was lost in between comes back without NOT NULL where rows hold NULL in it: then its index cannot identify them.
    std::vector<std::string> not_null;
    if (const auto* index = p.from.find_body<Index>(ObjectId{Kind::index, id.schema, "", a.replica_identity_index, ""})) {
      for (const std::string& column : index->columns) {
        if (const ObjectId column_at = column_id(id.schema, id.name, column); !p.to.find(column_at)) not_null.push_back(column_is_not_null(column_at));
      }
    }
    if (!not_null.empty()) {
      const std::string warning = fmt::format("{} does not get its replica identity back: index {} has a column without NOT NULL", describe(id), sql::quote_identifier(a.replica_identity_index));
      simple(Phase::expand, "way back: warn of the replica identity of", {},
             {fmt::format("DO {}", sql::dollar_quote(fmt::format("BEGIN RAISE WARNING USING MESSAGE = {}; END", sql::quote_literal(warning)), "warn"))})
          .step.undo.todo = negate(all_of(not_null));
      p.operations.back().groupable = false;
    }
    Operation& operation = simple(Phase::expand, "set the replica identity of", alter_replica_identity(id, b), alter_replica_identity(id, a));
    if (!not_null.empty()) {
      operation.step.undo.todo = all_of(not_null);
      operation.after.push_back(p.operations.size() - 2);
      operation.groupable = false;
    }
    p.replica_identity_operations[id] = p.operations.size() - 1;
    const ObjectId old_index{Kind::index, id.schema, "", a.replica_identity_index, ""};
    const Index* goes = p.dropped.contains(old_index) ? p.from.find_body<Index>(old_index) : nullptr;
    const auto over_retyped_columns = [&](const Index* index) {
      return index && std::any_of(index->columns.begin(), index->columns.end(), [&](const std::string& column) {
               const auto *before = p.from.find_body<Column>(column_id(id.schema, id.name, column)), *after = p.to.find_body<Column>(column_id(id.schema, id.name, column));
               return before && after && before->type != after->type;
             });
    };
    const bool over_retyped = over_retyped_columns(goes);
    if (!b.replica_identity_index.empty()) operation.needs.insert(ObjectId{Kind::index, id.schema, "", b.replica_identity_index, ""});
    if (over_retyped) {
      // The old index goes before its column changes, the new one comes after it: on the way back the same.
      operation.step.undo = Action{};
      p.add(Phase::contract, "way back: set the replica identity of", id, Action{}, brief(alter_replica_identity(id, a), exists(old_index))).detaches.insert(old_index);
      const ObjectId new_index{Kind::index, id.schema, "", b.replica_identity_index, ""};
      const bool comes = p.created.contains(new_index);
      if (comes && !over_retyped_columns(p.to.find_body<Index>(new_index))) {
        p.operations.back().needs.insert(new_index);  // it goes on the way back when the old one has taken over
      } else if (comes) {
        p.notes.push_back(fmt::format(
            "{} has no replica identity between the drop of {} and the build of {}, which is over a column that gets another type in between: where it is published, UPDATE and DELETE fail meanwhile. "
            "ALTER TABLE {} REPLICA IDENTITY FULL before contract avoids it",
            describe(id), describe(old_index), describe(new_index), quoted_name(id)));
      }
    }
  }
  if (p.claim(id, Aspect::row_security)) {
    simple(b.row_security || b.force_row_security ? Phase::contract : Phase::expand, "set the row security of", alter_row_security(id, a, b), alter_row_security(id, b, a));
  }
  if (p.claim(id, Aspect::tablespace)) {
    const auto move = [&](const Table& t) { return alter + " SET TABLESPACE " + (t.tablespace.empty() ? "pg_default" : sql::quote_identifier(t.tablespace)); };
    heavy("move", move(b), move(a));
  }
  if (p.claim(id, Aspect::persistence)) {
    const auto set = [&](const Table& t) { return alter + (t.persistence == Persistence::unlogged ? " SET UNLOGGED" : " SET LOGGED"); };
    heavy("set the persistence of", set(b), set(a));
  }
  if (p.claim(id, Aspect::access_method)) {
    const auto set = [&](const Table& t) { return alter + " SET ACCESS METHOD " + (t.access_method.empty() ? "heap" : sql::quote_identifier(t.access_method)); };
    heavy("set the access method of", set(b), set(a));
  }
  if (p.claim(id, Aspect::inheritance)) change_parents(p, id, a.inherits, b.inherits);
  if (p.claim(id, Aspect::partition)) change_partition(p, id, a.partition_of, a.partition_bound, b.partition_of, b.partition_bound);
}

}  // namespace

namespace {

// Columns that the table inherited and is to declare as well: those of a table that leaves its parent are its own, and stay so when it comes back.
void declare_inherited_columns(Planner& p, const ObjectId& id, const Table& table) {
  const auto* before = p.from.find_body<Table>(id);
  if (!before || before->inherits != table.inherits) return;
  bool declares = false, all = true;
  for (const Object* member : Planner::members(p.to, id)) {
    const auto* after = std::get_if<Column>(&member->body);
    const auto* constraint = std::get_if<Constraint>(&member->body);
    if (constraint && constraint->inherited && !constraint->local) all = false;
    if (!after || !after->inherited) continue;
    const auto* column = p.from.find_body<Column>(member->id);
    declares = declares || (after->local && column && column->inherited && !column->local);
    all = all && after->local;
  }
  if (!declares) return;
  if (!all || table.inherits.size() != 1 || !Planner::children(p.from, name_of(id)).empty()) {
    p.refuse(fmt::format("{} declares columns that it only inherited before: no ALTER leads there", describe(id)));
    return;
  }
  const std::string alter = "ALTER TABLE " + quoted_name(id), parent = sql::quote(table.inherits.front());
  Operation& operation = p.add(Phase::contract, "declare the inherited columns of", id, brief({fmt::format("{} NO INHERIT {}", alter, parent), fmt::format("{} INHERIT {}", alter, parent)}), Action{});
  operation.groupable = false;
  operation.step.effects = {{name_of(id), effects::LockMode::access_exclusive, effects::Work::none}};
  for (const ObjectId& other : p.created) {
    if (other.kind == Kind::column && other.schema == table.inherits.front().schema && other.relation == table.inherits.front().name) operation.needs.insert(other);
  }
}

// A column that the table declared itself is its own for good: ADD COLUMN on the parent joins the two, and nothing takes the declaration back.
void change_declarations(Planner& p) {
  for (auto it = p.to.objects.lower_bound(ObjectId{Kind::table, "", "", "", ""}); it != p.to.objects.end() && it->first.kind == Kind::table; ++it) {
    const Table& table = std::get<Table>(it->second.body);
    if (table.inherits.empty()) continue;
    declare_inherited_columns(p, it->first, table);
    for (const Object* member : Planner::columns(p.to, it->first)) {
      const auto* before = p.from.find_body<Column>(member->id);
      if (!before || !before->local || std::get<Column>(member->body).local) continue;
      p.refuse(fmt::format("{} is declared by its table and would only be inherited: no ALTER leads there; declare it in both, or let the table be dropped and made anew", describe(member->id)));
    }
  }
}

}  // namespace

void plan_tables(Planner& p) {
  change_declarations(p);
  for (const ObjectId& id : p.created) {
    if (id.kind == Kind::table && p.take(id)) create_table(p, id);
  }
  std::map<ObjectId, std::pair<std::size_t, std::size_t>> drops;  // table -> its operations
  for (const ObjectId& id : p.dropped) {
    if (id.kind != Kind::table || !p.take(id)) continue;
    const std::size_t first = p.operations.size();
    drop_table(p, id);
    drops[id] = {first, p.operations.size()};
  }
  // Contents go from the table that points before those that it points at: who stops between the two and goes back has no rows that point at nothing.
  for (const auto& [id, range] : drops) {
    for (const Object* member : Planner::members(p.from, id)) {
      if (!is_foreign_key(*member)) continue;
      const auto& key = std::get<Constraint>(member->body);
      const auto other = key.references ? drops.find(table_id(*key.references)) : drops.end();
      if (other == drops.end() || other->first == id || range.first == range.second || other->second.first == other->second.second) continue;
      p.operations[other->second.second - 1].rather_after.push_back(range.second - 1);
    }
  }
  for (const auto& [id, aspects] : p.altered) {
    if (p.done.contains(id)) continue;
    if (id.kind == Kind::table) alter_table_properties(p, id);
    if (id.kind == Kind::foreign_table) {
      const auto& a = std::get<ForeignTable>(p.from.objects.at(id).body);
      const auto& b = std::get<ForeignTable>(p.to.objects.at(id).body);
      if (p.claim(id, Aspect::inheritance)) change_parents(p, id, a.inherits, b.inherits);
      if (p.claim(id, Aspect::partition)) change_partition(p, id, a.partition_of, a.partition_bound, b.partition_of, b.partition_bound);
    }
  }
  // The position of columns after a column that was purged came back: only a new table has them as they were.
  std::set<ObjectId> leave;
  for (const auto* columns : {&p.dropped, &p.moved_columns}) {
    for (const ObjectId& id : *columns) {
      if (id.kind == Kind::column) leave.insert(table_id({id.schema, id.relation}));
    }
  }
  for (const ObjectId& id : leave) {
    if (p.from.find(id) && p.to.find(id) && !p.done.contains(id)) restore_column_order(p, id);
  }
  for (auto it = p.from.objects.lower_bound(ObjectId{Kind::table, "", "", "", ""}); it != p.from.objects.end() && it->first.kind == Kind::table; ++it) {
    if (p.to.find(it->first) && !p.done.contains(it->first)) restore_inheritance(p, it->first);
  }
}

}  // namespace contraflow::plan
