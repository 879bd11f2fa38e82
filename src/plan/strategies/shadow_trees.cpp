// SPDX-License-Identifier: Apache-2.0
//
// Second columns in trees of tables (partitions, inheritance): ADD COLUMN, RENAME COLUMN, DROP COLUMN and checks reach the tables below by themselves; indexes, keys, defaults,
// settings and NOT NULL that these have of their own are built and set on each.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "catalog/ddl.h"
#include "catalog/of_kind.h"
#include "plan/strategies/index_parts.h"
#include "plan/strategies/shadows.h"
#include "sql/rewrite_definition.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

ObjectId on(const QualifiedName& table, const std::string& column) { return column_id(table.schema, table.name, column); }

std::set<QualifiedName> family_of(const Database& database, const QualifiedName& table) {
  std::set<QualifiedName> out{table};
  for (QualifiedName& child : Planner::descendants(database, table)) out.insert(std::move(child));
  return out;
}

}  // namespace

std::vector<QualifiedName> Shadows::below(const QualifiedName& table) const {
  const auto& columns = columns_of(table);
  if (std::none_of(columns.begin(), columns.end(), [](const ShadowColumn& column) { return column.shadow_wins; })) return {};
  return Planner::descendants(p_.from, table);
}

void Shadows::find_heirs() {
  for (const auto& [table, columns] : tables_) {
    for (const QualifiedName& heir : below(table)) {
      std::vector<ShadowColumn> copies = columns;
      for (ShadowColumn& column : copies) column.id = on(heir, column.id.name);
      heirs_[heir] = std::move(copies);
    }
  }
}

bool Shadows::refused_in_tree(const QualifiedName& table, const std::vector<ShadowColumn>& columns) {
  const std::size_t before = p_.refusals.size();
  const std::set<QualifiedName> family = family_of(p_.from, table);
  const std::string where = fmt::format("a second column of {}, which has tables below it,", sql::quote(table));
  if (family != family_of(p_.to, table)) {
    p_.refuse(fmt::format("{} changes through a second column while tables join or leave those below {}: make two plans", describe(columns.front().id), sql::quote(table)));
    return true;
  }
  for (const ShadowColumn& column : columns) {
    if (column.two_way() && !column.shadow_wins && inherited_from_elsewhere(column)) {
      p_.refuse(fmt::format("{} gets another name, but a table below {} inherits it from another parent, too: rename it in both, with both names at once", describe(column.id), sql::quote(table)));
      continue;
    }
    if (!column.shadow_wins) continue;
    if (is_partition_column(p_.from, column.id)) {
      p_.refuse(fmt::format("{} gets another name and another type, which is not supported on columns of a partition key: make two plans, the new name first", describe(column.id)));
    } else if (inherited_from_elsewhere(column)) {
      p_.refuse(fmt::format("{} changes its type, but is inherited from a parent that does not, or by a table that inherits it from another one, too; allow the rewrite with --allow-blocking rewrite",
                            describe(column.id)));
    } else if (!column.types.empty()) {
      p_.refuse(fmt::format("{} is of a type that is exchanged, and {} cannot take its place: allow the rewrite with --allow-blocking rewrite", describe(column.id), where));
    }
    for (const QualifiedName& member : family) {
      const Table* body = p_.from.find_body<Table>(table_id(member));
      if (!body) {
        p_.refuse(fmt::format("{} cannot reach foreign table {}, whose rows are elsewhere: allow the rewrite with --allow-blocking rewrite", where, sql::quote(member)));
        continue;
      }
      for (const Database* database : {&p_.from, &p_.to}) {
        const Column* copy = database->find_body<Column>(on(member, column.id.name));
        if (copy && member != table && copy->identity != Identity::none && !body->partition_of) {
          p_.refuse(fmt::format("{} cannot take the place of {}, which is an identity of its own: allow the rewrite with --allow-blocking rewrite", where, describe(on(member, column.id.name))));
        }
        for (const Object* part : Planner::members(*database, table_id(member))) {
          const auto* check = std::get_if<Constraint>(&part->body);
          if (!check || check->type != ConstraintType::check || !check->inherited || !check->local || !part->depends_on.contains(on(member, column.id.name))) continue;
          p_.refuse(fmt::format("{} is declared both there and above it: {} cannot have it in both ways; drop the one that is declared there, or --allow-blocking rewrite", describe(part->id), where));
        }
      }
      if (!body->partitioned) continue;
      for (const auto& [id, object] : of_kind(p_.from, Kind::constraint)) {
        const auto* key = std::get_if<Constraint>(&object.body);
        if (!key || key->type != ConstraintType::foreign_key || !key->references || *key->references != member || !p_.to.find(id) || (key->inherited && !key->local)) continue;
        if (std::find(key->referenced_columns.begin(), key->referenced_columns.end(), column.id.name) == key->referenced_columns.end()) continue;
        p_.refuse(fmt::format("{} points at {}: a key of a partitioned table cannot be exchanged beneath a foreign key; make two plans, the new name first, or --allow-blocking rewrite", describe(id),
                              describe(column.id)));
      }
    }
  }
  return p_.refusals.size() > before;
}

// Tables below that declare the column, too: theirs does not go with their parent's.
std::vector<QualifiedName> Shadows::declared_below(const QualifiedName& table, const std::string& column, const Database& database) const {
  std::vector<QualifiedName> out;
  for (const QualifiedName& heir : below(table)) {
    const Column* body = database.find_body<Column>(on(heir, column));
    const Table* home = database.find_body<Table>(table_id(heir));
    if (body && body->local && home && !home->partition_of) out.push_back(heir);
  }
  return out;
}

// From below: a table that has the column already takes the parent's as the same, and keeps it as its own.
Statements Shadows::add_column(const QualifiedName& table, const ShadowColumn& column, const std::string& name, const std::string& type, const Database& database) const {
  std::vector<QualifiedName> tables;
  if (column.shadow_wins) tables = declared_below(table, column.id.name, database);
  std::reverse(tables.begin(), tables.end());
  tables.push_back(table);
  Statements out;
  for (const QualifiedName& one : tables) out.push_back(fmt::format("{} ADD COLUMN IF NOT EXISTS {} {}", alter(one), sql::quote_identifier(name), type));
  return out;
}

Statements Shadows::drop_column(const QualifiedName& table, const ShadowColumn& column, const std::string& name, const Database& database) const {
  std::vector<QualifiedName> tables{table};
  if (column.shadow_wins) {
    for (QualifiedName& heir : declared_below(table, column.id.name, database)) tables.push_back(std::move(heir));
  }
  Statements out;
  for (const QualifiedName& one : tables) out.push_back(fmt::format("{} DROP COLUMN IF EXISTS {}", alter(one), sql::quote_identifier(name)));
  return out;
}

// Defaults that tables below have where the parent has none; its own reaches them.
void Shadows::hand_over_below(Statements& out, const QualifiedName& table, const ShadowColumn& column, bool forward) const {
  const Database& leaving = forward ? p_.from : p_.to;
  if (!std::get<Column>(leaving.objects.at(column.id).body).default_expression.empty()) return;
  for (const QualifiedName& heir : below(table)) {
    const Column* body = leaving.find_body<Column>(on(heir, column.id.name));
    if (!body || body->default_expression.empty() || body->generated != Generated::none) continue;
    out.push_back(fmt::format("ALTER TABLE ONLY {} ALTER COLUMN {} DROP DEFAULT", sql::quote(heir), sql::quote_identifier(forward ? column.old_name : column.id.name)));
  }
}

// From 18 on: a table that declares NOT NULL under a name of its own has it before its parent's, which would give it the parent's name.
void Shadows::own_not_null_below(Statements& out, const QualifiedName& table, const ShadowColumn& column, const Direction& direction) const {
  const Database &target = *direction.target, &leaving = direction.forward ? p_.from : p_.to;
  const std::string now = direction.forward ? column.id.name : column.old_name, loser = direction.forward ? column.retired_name : column.shadow_name;
  const std::string& above = std::get<Column>(target.objects.at(column.id).body).not_null_name;
  for (const QualifiedName& heir : below(table)) {
    const Column* body = target.find_body<Column>(on(heir, column.id.name));
    if (!body || !body->not_null || !body->not_null_inherited || body->not_null_name.empty()) continue;
    p_.claim(on(heir, column.id.name), Aspect::not_null_name);
    if (body->not_null_name == above) continue;  // its parent's
    const Column* old_body = leaving.find_body<Column>(on(heir, column.id.name));
    if (old_body && old_body->not_null_name == body->not_null_name) {  // the loser has that name
      const std::string aside = p_.spare_constraint(heir.schema, heir.name, body->not_null_name, "swap");
      out.push_back(fmt::format("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", sql::quote(heir), sql::quote_identifier(body->not_null_name), sql::quote_identifier(aside)));
    }
    if (!body->not_null_local) p_.owned_not_null.insert(sql::quote(heir));
    out.push_back(fmt::format("ALTER TABLE ONLY {} {}", sql::quote(heir), set_not_null_action(on(heir, now), *body)));
  }
}

// What the column has in the tables below and not from above.
void Shadows::settle_below(Statements& out, const QualifiedName& table, const ShadowColumn& column, const Direction& direction) const {
  const Database &target = *direction.target, &leaving = direction.forward ? p_.from : p_.to;
  const std::string now = direction.forward ? column.id.name : column.old_name, loser = direction.forward ? column.retired_name : column.shadow_name;
  const std::string& above = std::get<Column>(target.objects.at(column.id).body).default_expression;
  for (const QualifiedName& heir : below(table)) {
    const ObjectId id = on(heir, column.id.name);
    const Object& object = target.objects.at(id);
    const Column &body = std::get<Column>(object.body), &old_body = std::get<Column>(leaving.objects.at(id).body);
    // Until 17 NOT NULL leaves with the parent's; from 18 on it is a constraint, which may be declared here as well.
    if (old_body.not_null && old_body.identity == Identity::none && (!old_body.not_null_inherited || target.major() >= 18)) {
      out.push_back(fmt::format("{} ALTER COLUMN {} DROP NOT NULL", alter(heir), sql::quote_identifier(loser)));
    }
    if (body.not_null && !body.not_null_inherited) {
      out.push_back(fmt::format("{} {}", alter(heir), set_not_null_action(on(heir, now), body)));
      const std::string spare = p_.spare_constraint(heir.schema, heir.name, column.id.name, std::string("not_null_") + std::string(direction.suffix));
      out.push_back(fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(heir), sql::quote_identifier(spare)));
    }
    if (body.generated == Generated::none && body.identity == Identity::none && body.default_expression != above) {
      out.push_back(fmt::format("ALTER TABLE ONLY {} ALTER COLUMN {} {}", sql::quote(heir), sql::quote_identifier(now),
                                body.default_expression.empty() ? "DROP DEFAULT" : "SET DEFAULT " + body.default_expression));
    }
    for (const auto& [sequence_id, sequence] : of_kind(target, Kind::sequence)) {
      const auto* owned = std::get_if<Sequence>(&sequence.body);
      if (owned && owned->owned_by == id) out.push_back(fmt::format("ALTER SEQUENCE {} OWNED BY {}.{}", quoted_name(sequence_id), sql::quote(heir), sql::quote_identifier(now)));
    }
    if (direction.forward) append(out, dressed(object, target));
  }
}

// The index of a partitioned table and those that are attached to it, parents first.
std::vector<const Object*> Shadows::tree_of(const Object& index, const Database& database) {
  std::vector<const Object*> out{&index};
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (const auto& [id, object] : of_kind(database, Kind::index)) {
      const auto& part = std::get<Index>(object.body);
      if (part.parent && *part.parent == name_of(out[i]->id)) out.push_back(&object);
    }
  }
  return out;
}

void Shadows::build_part(const Object& part, const std::string& spare, const Direction& direction) {
  const Index& index = std::get<Index>(part.body);
  const QualifiedName table{part.id.schema, index.table};
  Action action = concurrent(sql::index_over(index.definition, spare, names(table, direction, true), true, types(direction)),
                             all_of({gate(table, direction), negate(index_is_valid(ObjectId{Kind::index, table.schema, "", spare, ""}))}));
  action.builds_index = QualifiedName{table.schema, spare};
  Action removal = concurrent(fmt::format("DROP INDEX CONCURRENTLY IF EXISTS {}", sql::quote(QualifiedName{table.schema, spare})));
  build(direction, "build for the second column", part.id, std::move(action), std::move(removal), {{table, effects::LockMode::share_update_exclusive, effects::Work::index_build}});
}

// The partitions' indexes one by one, concurrently; then the parent's ON ONLY its table, which builds nothing, and adopts them. At the swap all of them change names.
void Shadows::build_index_tree(const QualifiedName& table, const Object& member, const Direction& direction) {
  const Database& target = *direction.target;
  const std::vector<const Object*> tree = tree_of(member, target);
  std::map<QualifiedName, std::string> spares;
  for (const Object* part : tree) spares[name_of(part->id)] = p_.spare_relation(part->id.schema, part->id.name, direction.suffix);
  const auto spare_of = [&](const QualifiedName& name) { return QualifiedName{name.schema, spares.at(name)}; };
  Statements made, attached, leave, come;
  for (const Object* part : tree) {
    const Index& index = std::get<Index>(part->body);
    const QualifiedName home{part->id.schema, index.table}, spare = spare_of(name_of(part->id));
    if (index.partitioned) {
      made.push_back(sql::index_over(index.definition, spare.name, names(home, direction, true), false, types(direction)));
    } else {
      build_part(*part, spare.name, direction);
    }
    if (index.parent) attached.push_back(fmt::format("ALTER INDEX {} ATTACH PARTITION {}", sql::quote(spare_of(*index.parent)), sql::quote(spare)));
    p_.done.insert(part->id);
    swap_.touches.insert(part->id);
    if (direction.forward && index.replica_identity) leave.push_back(fmt::format("{} REPLICA IDENTITY DEFAULT", alter(home)));
    if (direction.forward) leave.push_back(fmt::format("ALTER INDEX {} RENAME TO {}", quoted_name(part->id), sql::quote_identifier(spare.name)));
    come.push_back(fmt::format("ALTER INDEX {} RENAME TO {}", sql::quote(spare), sql::quote_identifier(part->id.name)));
    append(come, describe_state(*part, target));
  }
  append(made, std::move(attached));
  const QualifiedName root = spare_of(name_of(member.id));
  if (!direction.forward) leave.push_back(fmt::format("DROP INDEX IF EXISTS {}", quoted_name(member.id)));
  build(direction, "join for the second column", member.id, brief(std::move(made), all_of({gate(table, direction), absent(ObjectId{Kind::index, root.schema, "", root.name, ""})})),
        brief({fmt::format("DROP INDEX IF EXISTS {}", sql::quote(root))}), {{table, effects::LockMode::share, effects::Work::none}});
  append(direction.forward ? drops_back_ : drops_forward_, std::move(leave));
  append(direction.forward ? places_forward_ : places_back_, std::move(come));
}

// What the columns of the target schema are called when they have changed places.
sql::ColumnNames Shadows::after_swap(const QualifiedName& table, const Direction& direction) const {
  sql::ColumnNames out;
  for (const ShadowColumn& column : columns_of(table)) {
    if (!direction.forward && column.two_way()) out[column.id.name] = column.old_name;
  }
  return out;
}

// No statement puts a constraint on an index that a partitioned table has: the partitions get theirs from the indexes that are built, the parents' are made anew and adopt them, in the swap.
void Shadows::build_key_tree(const QualifiedName& table, const Object& member, const Object& index, const Direction& direction) {
  const Database& target = *direction.target;
  Statements keys, attached, described;
  for (const Object* part : tree_of(index, target)) {
    const Index& body = std::get<Index>(part->body);
    const ObjectId key{Kind::constraint, part->id.schema, body.table, body.constraint, ""};
    const Object* constraint = target.find(key);
    p_.done.insert(part->id);
    swap_.touches.insert(part->id);
    if (constraint) {
      p_.done.insert(key);
      swap_.touches.insert(key);
    }
    if (body.partitioned && constraint) {
      const QualifiedName home{part->id.schema, body.table};
      keys.push_back(sql::constraint_over({"ONLY " + sql::quote(home), key.name, std::get<Constraint>(constraint->body).definition, after_swap(home, direction), {}, false, {}}));
    } else {
      const std::string spare = p_.spare_relation(part->id.schema, part->id.name, direction.suffix);
      build_part(*part, spare, direction);
      if (direction.forward) restore("build for the second column", part->id, p_.operations.back().step.forward);
      keys.push_back(fmt::format("ALTER INDEX {} RENAME TO {}", sql::quote(QualifiedName{part->id.schema, spare}), sql::quote_identifier(part->id.name)));
      if (constraint) keys.push_back(add_key_using_index(target, key, key.name));
    }
    if (body.parent) attached.push_back(fmt::format("ALTER INDEX {} ATTACH PARTITION {}", sql::quote(*body.parent), quoted_name(part->id)));
    if (constraint) append(described, describe_state(*constraint, target));
    append(described, describe_state(*part, target));
  }
  (direction.forward ? drops_back_ : drops_forward_).push_back(fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(table), sql::quote_identifier(member.id.name)));
  Statements& places = direction.forward ? places_forward_ : places_back_;
  append(places, std::move(keys));
  append(places, std::move(attached));
  append(places, std::move(described));
}

// Partitions that the plan does not know; empty where there can be none.
std::string Shadows::known_tables(const QualifiedName& table) const {
  const Table* body = p_.from.find_body<Table>(table_id(table));
  if (!body || !body->partitioned) return {};
  std::vector<std::string> known{fmt::format("to_regclass({})", sql::quote_literal(sql::quote(table)))};
  for (const QualifiedName& heir : below(table)) known.push_back(fmt::format("to_regclass({})", sql::quote_literal(sql::quote(heir))));
  return fmt::format("SELECT count(*) FROM pg_partition_tree({}) WHERE relid <> ALL (array_remove(ARRAY[{}], NULL))", sql::quote_literal(sql::quote(table)), contraflow::join(known, ", "));
}

}  // namespace contraflow::plan
