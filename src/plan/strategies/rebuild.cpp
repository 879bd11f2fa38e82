// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/text.h"
#include "catalog/alter.h"
#include "catalog/ddl.h"
#include "catalog/rename.h"
#include "plan/planner.h"
#include "plan/strategies/constraint_parts.h"
#include "plan/strategies/replace.h"
#include "sql/partition_key.h"

namespace contraflow::plan {

using namespace catalog;

// Views, foreign keys of other tables, functions.
std::set<ObjectId> outside_dependents(const Planner& p, const ObjectId& table) {
  const Database& database = p.from;
  const auto& dependents = p.dependents;
  std::set<ObjectId> out;
  const auto inside = [&](const ObjectId& id) {
    const Object* object = database.find(id);
    return object && Planner::home(database, *object) == QualifiedName{table.schema, table.name};
  };
  std::vector<ObjectId> queue{table};
  for (const Object* member : Planner::members(database, table)) queue.push_back(member->id);
  while (!queue.empty()) {
    const ObjectId id = queue.back();
    queue.pop_back();
    auto it = dependents.find(id);
    if (it == dependents.end()) continue;
    for (const ObjectId& dependent : it->second) {
      if (inside(dependent) || !database.find(dependent)) continue;
      // A publication loses the table with it and gets it back at the end.
      if (dependent.kind == Kind::column || dependent.kind == Kind::table || dependent.kind == Kind::sequence || dependent.kind == Kind::publication) continue;
      if (out.insert(dependent).second) queue.push_back(dependent);
    }
  }
  return out;
}

bool stands_alone(const Database& database, const ObjectId& id) {
  const auto* table = database.find_body<Table>(id);
  return table && !table->partition_of && table->inherits.empty() && !table->partitioned && table->of_type.empty() && Planner::children(database, name_of(id)).empty();
}

bool is_partition_column(const Database& database, const ObjectId& column) {
  std::vector<QualifiedName> tables{{column.schema, column.relation}};
  for (QualifiedName& table : Planner::descendants(database, tables.front())) tables.push_back(std::move(table));
  return std::any_of(tables.begin(), tables.end(), [&](const QualifiedName& table) {
    const auto* body = database.find_body<Table>(table_id(table));
    if (!body || !body->partitioned) return false;
    const std::vector<std::string> names = sql::partition_key_columns(body->partition_key);
    return std::find(names.begin(), names.end(), column.name) != names.end();
  });
}

Statements publish_again(const Database& database, const ObjectId& id) {
  Statements out;
  for (const auto& [publication_id, publication] : database.objects) {
    const auto* body = std::get_if<Publication>(&publication.body);
    if (!body) continue;
    for (const PublicationTable& member : body->tables) {
      if (member.table != name_of(id)) continue;
      Publication without = *body;
      std::erase(without.tables, member);
      if (auto alter = alter_publication(publication_id, without, *body)) append(out, *alter);
    }
  }
  return out;
}

Statements rebuild_table(const Database& target, const ObjectId& table, const std::vector<std::string>& copied, const std::map<std::string, std::string>& conversions) {
  const Object& object = target.objects.at(table);
  const QualifiedName name{table.schema, table.name};
  const QualifiedName old{table.schema, sql::truncate_identifier(table.name.substr(0, 50) + "__rebuild")};
  Statements out;
  Statements owned, unowned, identities, drop_parked;
  std::vector<const Object*> members = Planner::members(target, table);
  for (auto it = target.objects.lower_bound(ObjectId{Kind::sequence, "", "", "", ""});
       it != target.objects.end() && it->first.kind == Kind::sequence; ++it) {
    const auto& sequence = std::get<Sequence>(it->second.body);
    if (!sequence.owned_by || sequence.owned_by->schema != table.schema || sequence.owned_by->relation != table.name) continue;
    Sequence free = sequence;
    free.owned_by.reset();
    append(unowned, alter_sequence(it->first, sequence, free));
    append(owned, alter_sequence(it->first, free, sequence));
  }
  for (const Object* member : members) {
    const auto* column = std::get_if<Column>(&member->body);
    if (!column || column->identity == Identity::none) continue;
    // The new identity takes the sequence's name; its value goes on where the old one stood.
    const QualifiedName parked{column->identity_sequence.schema, sql::truncate_identifier(column->identity_sequence.name.substr(0, 50) + "__rebuild")};
    const std::string literal = sql::quote_literal(sql::quote(column->identity_sequence));
    unowned.push_back(fmt::format("ALTER SEQUENCE IF EXISTS {} RENAME TO {}", sql::quote(column->identity_sequence), sql::quote_identifier(parked.name)));
    identities.push_back(fmt::format("SELECT pg_catalog.setval({}, last_value, is_called) FROM {}", literal, sql::quote(parked)));
  }
  out = std::move(unowned);
  // DEFAULT and the like are made by the table's own definition; what the old one still holds goes with it.
  out.push_back(fmt::format("ALTER TABLE {} RENAME TO {}", sql::quote(name), sql::quote_identifier(old.name)));
  // From 18 on the server avoids names of NOT NULL constraints that another table of the schema has.
  for (const Object* member : members) {
    const auto* column = std::get_if<Column>(&member->body);
    if (!column || !column->not_null || column->not_null_inherited || column->not_null_name.empty()) continue;
    const std::string away = sql::truncate_identifier(column->not_null_name.substr(0, 50) + "__rebuild");
    const ObjectId named{Kind::constraint, table.schema, old.name, column->not_null_name, ""};
    out.push_back(rename_statement(named, away));
  }
  append(out, create(object, target));
  std::string columns, values;
  for (const std::string& column : copied) {
    const auto converted = conversions.find(column);
    columns += (columns.empty() ? "" : ", ") + sql::quote_identifier(column);
    values += (values.empty() ? "" : ", ") + (converted == conversions.end() ? sql::quote_identifier(column) : converted->second);
  }
  if (!columns.empty()) {
    out.push_back(fmt::format("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}", sql::quote(name), columns, values, sql::quote(old)));
  }
  append(out, std::move(identities));
  out.push_back(fmt::format("DROP TABLE {}", sql::quote(old)));
  append(out, std::move(owned));
  append(out, describe_state(object, target));
  std::set<ObjectId> ids;
  for (const Object* member : members) {
    if (member->id.kind != Kind::column) ids.insert(member->id);
  }
  for (const ObjectId& id : dependency_order(ids, target)) append(out, create_all(target.objects.at(id), target));
  return out;
}

namespace {

// At the end of the way back renamed columns have their old names again, and what is made anew is written with the new ones: they get those for the time of the transaction.
// The server changes the names in whatever reads the columns. First: to the new names; second: back.
std::pair<Statements, Statements> new_column_names_again(const Planner& p, const ObjectId& table) {
  struct Name {
    std::string on, old, now;  // the table that declares it: a column that is inherited takes its parent's name
  };
  std::vector<Name> names;
  for (const Object* member : Planner::columns(p.from, table)) {
    const std::string old = old_column_name(p, member->id);
    if (old == member->id.name) continue;
    const auto& body = std::get<Column>(member->body);
    const auto above = std::find_if(p.renames.begin(), p.renames.end(), [&](const diff::Rename& r) {
      return r.from.kind == Kind::column && r.from.name == old && r.to.name == member->id.name && Planner::with_copies(p.from, r.to).contains(member->id);
    });
    const bool its_parents = body.inherited && above != p.renames.end();
    names.push_back({its_parents ? sql::quote(QualifiedName{above->to.schema, above->to.relation}) : quoted_name(table), old, member->id.name});
  }
  // Through names in between where two exchange theirs.
  const bool crossed = std::any_of(names.begin(), names.end(), [&](const auto& a) { return std::any_of(names.begin(), names.end(), [&](const auto& b) { return a.old == b.now; }); });
  const auto rename = [&](const Name& name, const std::string& a, const std::string& b) { return fmt::format("ALTER TABLE {} RENAME COLUMN {} TO {}", name.on, sql::quote_identifier(a), sql::quote_identifier(b)); };
  const auto between = [](const std::string& name) { return sql::truncate_identifier(name.substr(0, 50) + "__rebuild"); };
  Statements to_new, to_old;
  for (const Name& name : names) {
    to_new.push_back(rename(name, name.old, crossed ? between(name.old) : name.now));
    to_old.push_back(rename(name, name.now, crossed ? between(name.old) : name.old));
  }
  for (const Name& name : names) {
    if (!crossed) break;
    to_new.push_back(rename(name, between(name.old), name.now));
    to_old.push_back(rename(name, between(name.old), name.old));
  }
  return {to_new, to_old};
}

// The last thing on the way back: the table made anew as `from` has it, rows and all.
void rebuild_on_the_way_back(Planner& p, const ObjectId& id, const std::string& verb, std::string todo) {
  std::vector<std::string> copied;
  for (const Object* member : Planner::columns(p.from, id)) {
    const auto* column = std::get_if<Column>(&member->body);
    if (column->generated == Generated::none) copied.push_back(member->id.name);
  }
  const std::set<ObjectId> outside = outside_dependents(p, id);
  auto [statements, old_columns] = new_column_names_again(p, id);
  const std::vector<ObjectId> ordered = dependency_order(outside, p.from);
  for (auto it = ordered.rbegin(); it != ordered.rend(); ++it) append(statements, drop(p.from.objects.at(*it)));
  // A renamed table is reached through a view as well, which hangs on the table that goes.
  auto [drop_old_name, make_old_name] = old_name_again(p, id);
  append(statements, std::move(drop_old_name));
  append(statements, rebuild_table(p.from, id, copied));
  std::vector<ObjectId> unproven;          // foreign keys of other tables: validated when this transaction is over
  std::vector<QualifiedName> proven_here;  // their tables, where they cannot be NOT VALID
  for (const ObjectId& dependent : ordered) {
    Object object = p.from.objects.at(dependent);
    auto* key = std::get_if<Constraint>(&object.body);
    const auto* home = p.from.find_body<Table>(ObjectId{Kind::table, dependent.schema, "", dependent.relation, ""});
    if (key && key->type == ConstraintType::foreign_key && home && home->partitioned && p.from.major() < 18) {
      proven_here.push_back({dependent.schema, dependent.relation});
    } else if (key && key->type == ConstraintType::foreign_key && key->validated) {
      key->definition += " NOT VALID";
      key->validated = false;
      unproven.push_back(dependent);
    }
    append(statements, create_all(object, p.from));
  }
  append(statements, publish_again(p.from, id));
  append(statements, std::move(old_columns));
  append(statements, std::move(make_old_name));  // reads the columns by their old names
  Action undo = blocking(std::move(statements), std::move(todo));
  // Only a small table is rebuilt on the way back: the copy holds ACCESS EXCLUSIVE. A larger one stays as it is.
  undo.small_tables = {{id.schema, id.name}};
  undo.small_tables.insert(undo.small_tables.end(), proven_here.begin(), proven_here.end());
  // Undo runs from the last operation to the first: these stand before.
  for (const ObjectId& key : unproven) {
    Operation& validate = p.add(Phase::expand, "way back: validate", key, Action{},
                                scan({fmt::format("{} VALIDATE CONSTRAINT {}", alter_table(p.from, key.schema, key.relation), sql::quote_identifier(key.name))},
                                     all_of({exists(key), negate(constraint_is_validated(key)), while_rows_point(p, key, std::get<Constraint>(p.from.objects.at(key).body))})));
    validate.groupable = false;
    validate.first = true;
  }
  Operation& operation = p.add(Phase::expand, verb, id, Action{}, std::move(undo));
  operation.groupable = false;
  operation.first = true;
  operation.step.undo_skips_large = true;
}

}  // namespace

void restore_column_order(Planner& p, const ObjectId& id) {
  std::vector<std::pair<int, std::string>> positions;
  bool lost_in_front = false, lost = false, anew_in_front = false;
  std::string nulls;  // a column that lost its contents may hold NULL where it must not
  for (const Object* member : Planner::columns(p.from, id)) {
    const auto* column = std::get_if<Column>(&member->body);
    positions.emplace_back(column->position, member->id.name);
  }
  std::sort(positions.begin(), positions.end());
  std::vector<std::string> order;
  for (const auto& [position, name] : positions) {
    const ObjectId column = column_id(id.schema, id.name, name);
    const auto& body = std::get<Column>(p.from.objects.at(column).body);
    // What the table only inherits is restore_inheritance()'s.
    const bool goes = (p.dropped.contains(column) || p.moved_columns.contains(column)) && (body.local || !body.inherited);
    // A generated column comes back earlier on the way back than what was purged, or while that still stands.
    if (lost && (!goes || (anew_in_front && body.generated == Generated::none))) lost_in_front = true;
    anew_in_front = anew_in_front || (goes && body.generated != Generated::none && !p.dropped.contains(column));
    const std::string then = old_column_name(p, column);
    if (p.dropped.contains(column) && body.not_null) nulls += fmt::format("{}{} IS NULL", nulls.empty() ? "" : " OR ", sql::quote_identifier(then));
    lost = lost || goes;
    order.push_back(then);
  }
  if (!lost_in_front) return;  // what comes back at the end was at the end
  const bool alone = stands_alone(p.from, id);
  if (!p.from.find_body<Table>(id)->partition_of && (!alone || !p.is_small(name_of(id)))) {  // partitions stand as their parent does
    // Of a table without figures the way back decides by the size that it finds.
    const bool unknown = alone && !p.from.sizes.contains(name_of(id));
    p.notes.push_back(fmt::format("after a rollback from purge the columns of {} stand in another order{}: what was purged comes back at the end, and {}", quoted_name(id),
                                  unknown ? ", unless the table is smaller than 1 MB then" : "",
                                  unknown ? "a larger one is not written anew under a lock"
                                  : alone ? "the table is too large to be written anew under a lock"
                                          : "a table with partitions, parents or children is not made anew for it"));
  }
  if (!alone) return;
  std::string todo = all_of({exists(id), negate(column_order_is(id, order)), columns_present(id, order)});
  if (!nulls.empty()) todo = all_of({todo, fmt::format("NOT EXISTS (SELECT FROM {} WHERE {})", quoted_name(id), nulls)});
  rebuild_on_the_way_back(p, id, "way back: restore the order of columns of", std::move(todo));
}

namespace {

// Some parent that the column came from stays: it goes with that one's.
bool goes_with_parents(const Planner& p, const ObjectId& column) {
  const auto &before = *p.from.find_body<Table>(table_id({column.schema, column.relation})), &after = *p.to.find_body<Table>(table_id({column.schema, column.relation}));
  return std::any_of(before.inherits.begin(), before.inherits.end(), [&](const QualifiedName& parent) {
    return std::find(after.inherits.begin(), after.inherits.end(), parent) != after.inherits.end() && p.from.find(column_id(parent.schema, parent.name, column.name));
  });
}

}  // namespace

void restore_inheritance(Planner& p, const ObjectId& id) {
  const auto* table = p.from.find_body<Table>(id);
  if (!table || table->inherits.empty() || !Planner::children(p.from, name_of(id)).empty()) return;
  std::string owned, nulls;
  std::vector<std::string> columns;
  for (const Object* member : Planner::columns(p.from, id)) {
    const auto* before = std::get_if<Column>(&member->body);
    const std::string then = old_column_name(p, member->id);
    columns.push_back(then);
    if (p.dropped.contains(member->id) && before->not_null) nulls += fmt::format("{}{} IS NULL", nulls.empty() ? "" : " OR ", sql::quote_identifier(then));
    const auto* after = p.to.find_body<Column>(member->id);
    if (before->inherited && !before->local && (after ? after->local : !goes_with_parents(p, member->id))) owned += (owned.empty() ? "" : ", ") + sql::quote_literal(then);
  }
  if (owned.empty()) return;
  const std::string literal = sql::quote_literal(quoted_name(id));
  std::string todo = all_of({exists(id), fmt::format("EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass({}) AND attname IN ({}) AND attislocal AND attinhcount > 0)", literal, owned), columns_present(id, columns)});
  if (!nulls.empty()) todo = all_of({todo, fmt::format("NOT EXISTS (SELECT FROM {} WHERE {})", quoted_name(id), nulls)});
  rebuild_on_the_way_back(p, id, "way back: let inherit alone the columns of", std::move(todo));
}

}  // namespace contraflow::plan
