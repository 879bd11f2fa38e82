// SPDX-License-Identifier: Apache-2.0
//
// Changes of types in place: values added to enums, attributes of composite types. Domains are in domains.cpp, types that must be exchanged for new ones in
// replace_types.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "catalog/alter.h"
#include "catalog/ddl.h"
#include "catalog/rename.h"
#include "plan/planner.h"
#include "plan/strategies/index_trees.h"
#include "plan/strategies/replace.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

// Values of the enum that this plan renames: name afterwards -> name before.
std::map<std::string, std::string> old_names(const Planner& p, const ObjectId& type) {
  std::map<std::string, std::string> out;
  for (const diff::Rename& rename : p.renames) {
    if (is_enum_value(rename.to) && type_of_value(rename.to) == type) out.emplace(rename.to.name, rename.from.name);
  }
  return out;
}

// A generated column keeps the type of what it computes with: its table is made anew with the type.
std::set<ObjectId> computing_tables(const Planner& p, const ObjectId& id) {
  std::set<ObjectId> out;
  const auto look = [&](const ObjectId& of) {
    auto it = p.dependents.find(of);
    if (it == p.dependents.end()) return;
    for (const ObjectId& dependent : it->second) {
      const auto* column = p.from.find_body<Column>(dependent);
      if (column && column->generated != Generated::none) out.insert(table_id({dependent.schema, dependent.relation}));
    }
  };
  look(id);
  if (auto it = p.dependents.find(id); it != p.dependents.end()) {
    for (const ObjectId& dependent : it->second) {
      if (dependent.kind == Kind::column) look(dependent);
    }
  }
  return out;
}

// The table with the first type again, its rows converted.
Statements rebuilt_for(const Planner& p, const ObjectId& table, const ObjectId& type) {
  std::vector<std::string> copied;
  std::map<std::string, std::string> conversions;
  for (const Object* member : Planner::members(p.from, table)) {
    const auto* column = std::get_if<Column>(&member->body);
    if (!column || column->generated != Generated::none) continue;
    copied.push_back(member->id.name);
    if (member->depends_on.contains(type)) conversions[member->id.name] = fmt::format("{}::text::{}", sql::quote_identifier(member->id.name), column->type);
  }
  return rebuild_table(p.from, table, copied, conversions);
}

// Something holds values of the composite type, or shows them: ALTER TYPE … ALTER ATTRIBUTE is refused, or leaves it behind.
bool is_stored(const Planner& p, const ObjectId& composite) {
  auto it = p.dependents.find(composite);
  return it != p.dependents.end() && std::any_of(it->second.begin(), it->second.end(), [](const ObjectId& id) { return id.kind != Kind::routine && id.kind != Kind::aggregate && id.kind != Kind::cast; });
}

// PostgreSQL takes no value out of an enum: the way back makes the type anew and converts every column of it, with what hangs
// on them taken down and put back.
// `tables`: those with renamed columns, which must have their old names only.
Statements shrink_enum(const Planner& p, const ObjectId& id, bool& possible, std::set<QualifiedName>& tables) {
  const Object& old_type = p.from.objects.at(id);
  const std::string spare = p.spare_relation(id.schema, id.name, "more");
  std::set<ObjectId> hanging;
  std::vector<ObjectId> columns, composites;
  const std::set<ObjectId> rebuilt = computing_tables(p, id);
  const auto is_rebuilt = [&](const ObjectId& member) {
    const Object* object = p.from.find(member);
    return object && rebuilt.contains(table_id(Planner::home(p.from, *object)));
  };
  for (const ObjectId& table : rebuilt) {
    const bool renamed = std::any_of(p.renames.begin(), p.renames.end(), [&](const diff::Rename& r) { return r.to.kind == Kind::column && r.to.schema == table.schema && r.to.relation == table.name; });
    if (!stands_alone(p.from, table) || renamed) possible = false;
    for (const ObjectId& outside : outside_dependents(p, table)) {
      if (!is_rebuilt(outside)) hanging.insert(outside);
    }
  }
  const std::function<void(const ObjectId&)> collect = [&](const ObjectId& of) {
    auto it = p.dependents.find(of);
    if (it == p.dependents.end()) return;
    for (const ObjectId& dependent : it->second) {
      if (is_rebuilt(dependent)) continue;
      switch (dependent.kind) {
        case Kind::column: {
          if (of != id) break;
          if (is_partition_column(p.from, dependent)) possible = false;
          columns.push_back(dependent);
          collect(dependent);
          break;
        }
        case Kind::table:
          if (of == id) possible = false;
          break;
        case Kind::index:
        case Kind::constraint: {
          const auto* index = p.from.find_body<Index>(dependent);
          const auto* constraint = p.from.find_body<Constraint>(dependent);
          const bool plain = index ? (!index->constraint.empty() || (index->predicate.empty() && std::find(index->columns.begin(), index->columns.end(), "") == index->columns.end()))
                                   : constraint->type != ConstraintType::check && constraint->type != ConstraintType::exclusion;
          if ((!plain || of.kind == Kind::materialized_view) && hanging.insert(dependent).second) collect(dependent);
          break;
        }
        case Kind::statistics: break;
        case Kind::composite_type:
          if (of != id || is_stored(p, dependent)) possible = false;
          else composites.push_back(dependent);
          break;
        case Kind::domain:
        case Kind::range_type: possible = false; break;
        default:
          if (hanging.insert(dependent).second) collect(dependent);
      }
    }
  };
  collect(id);
  Statements out;
  // What is read from a table that is made anew goes before its columns, and comes back after it; functions by which they are computed, and what belongs to these, the other way round.
  std::set<ObjectId> around, inside;
  for (const ObjectId& table : rebuilt) {
    for (const ObjectId& outside : outside_dependents(p, table)) {
      if (hanging.contains(outside)) around.insert(outside);
    }
  }
  for (const ObjectId& one : hanging) {
    if (!around.contains(one)) inside.insert(one);
  }
  const std::vector<ObjectId> order = dependency_order(around, p.from), order_inside = dependency_order(inside, p.from);
  for (auto it = order.rbegin(); it != order.rend(); ++it) append(out, drop(p.from.objects.at(*it)));
  for (const ObjectId& table : rebuilt) {
    for (const Object* member : Planner::columns(p.from, table)) {
      const auto& column = std::get<Column>(member->body);
      const bool computed_by_them = std::any_of(member->depends_on.begin(), member->depends_on.end(), [&](const ObjectId& need) { return inside.contains(need); });
      if (!computed_by_them) continue;
      // The rows are copied without it.
      out.push_back(column.generated != Generated::none ? fmt::format("ALTER TABLE {} DROP COLUMN {}", quoted_name(table), sql::quote_identifier(member->id.name))
                                                        : fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT", quoted_name(table), sql::quote_identifier(member->id.name)));
    }
  }
  Statements defaults;
  for (const auto& [other, object] : p.from.objects) {
    const auto* column = std::get_if<Column>(&object.body);
    if (!column || column->default_expression.empty() || column->generated != Generated::none || is_rebuilt(other) || std::find(columns.begin(), columns.end(), other) != columns.end()) continue;
    if (std::none_of(object.depends_on.begin(), object.depends_on.end(), [&](const ObjectId& need) { return inside.contains(need); })) continue;
    const std::string alter = fmt::format("ALTER TABLE ONLY {} ALTER COLUMN {}", sql::quote(QualifiedName{other.schema, other.relation}), sql::quote_identifier(other.name));
    out.push_back(alter + " DROP DEFAULT");
    defaults.push_back(fmt::format("{} SET DEFAULT {}", alter, column->default_expression));
  }
  for (auto it = order_inside.rbegin(); it != order_inside.rend(); ++it) append(out, drop(p.from.objects.at(*it)));
  out.push_back(fmt::format("ALTER TYPE {} RENAME TO {}", quoted_name(id), sql::quote_identifier(spare)));
  append(out, create_all(old_type, p.from));
  Statements retyped, set_again;  // partitions and children have defaults of their own, which are not converted with the parent's column
  for (const ObjectId& column_id : columns) {
    const Column& column = std::get<Column>(p.from.objects.at(column_id).body);
    const std::string table = alter_table(p.from, column_id.schema, column_id.relation);
    const std::string name = sql::quote_identifier(column_id.name);
    const std::string only = "ALTER TABLE ONLY " + sql::quote(QualifiedName{column_id.schema, column_id.relation});
    if (!column.default_expression.empty()) {
      out.push_back(fmt::format("{} ALTER COLUMN {} DROP DEFAULT", only, name));
      set_again.push_back(fmt::format("{} ALTER COLUMN {} SET DEFAULT {}", only, name, column.default_expression));
    }
    if (!column.inherited) retyped.push_back(fmt::format("{} ALTER COLUMN {} TYPE {} USING {}::text::{}", table, name, column.type, name, column.type));
  }
  append(out, std::move(retyped));
  for (const ObjectId& column_id : columns) append(out, restore_parts_of_indexes(p.from, column_id));
  append(out, std::move(set_again));
  for (const ObjectId& composite : composites) {
    for (const CompositeAttribute& attribute : std::get<CompositeType>(p.from.objects.at(composite).body).attributes) {
      if (attribute.type != quoted_name(id) && attribute.type != quoted_name(id) + "[]") continue;
      out.push_back(fmt::format("ALTER TYPE {} ALTER ATTRIBUTE {} SET DATA TYPE {}", quoted_name(composite), sql::quote_identifier(attribute.name), attribute.type));
    }
  }
  for (const ObjectId& dependent : order_inside) append(out, create_all(p.from.objects.at(dependent), p.from));
  for (const ObjectId& table : rebuilt) append(out, rebuilt_for(p, table, id));
  for (const ObjectId& dependent : order) append(out, create_all(p.from.objects.at(dependent), p.from));
  append(out, std::move(defaults));
  for (const ObjectId& table : rebuilt) append(out, publish_again(p.from, table));
  out.push_back("DROP TYPE " + sql::quote(QualifiedName{id.schema, spare}));
  // All of this is spelled as `from` reads, with the new names of columns and values.
  hanging.insert(columns.begin(), columns.end());
  for (const diff::Rename& rename : renamed_columns_of(p, hanging)) tables.insert({rename.to.schema, rename.to.relation});
  out = under_new_names(p, hanging, std::move(out), false);
  for (const auto& [now, before] : old_names(p, id)) {
    out.insert(out.begin(), fmt::format("ALTER TYPE {} RENAME VALUE {} TO {}", quoted_name(id), sql::quote_literal(before), sql::quote_literal(now)));
    out.push_back(fmt::format("ALTER TYPE {} RENAME VALUE {} TO {}", quoted_name(id), sql::quote_literal(now), sql::quote_literal(before)));
  }
  return out;
}

void add_enum_values(Planner& p, const ObjectId& id) {
  const auto& old_labels = std::get<EnumType>(p.from.objects.at(id).body).labels;
  const auto& new_labels = std::get<EnumType>(p.to.objects.at(id).body).labels;
  std::vector<std::string> have = old_labels, added;
  Statements statements;
  const std::map<std::string, std::string> before = old_names(p, id);
  const auto now_called = [&](const std::string& label) {
    auto it = before.find(label);
    return sql::quote_literal(it == before.end() ? label : it->second);
  };
  for (std::size_t i = 0; i < new_labels.size(); ++i) {
    if (std::find(have.begin(), have.end(), new_labels[i]) != have.end()) continue;
    std::string statement = fmt::format("ALTER TYPE {} ADD VALUE IF NOT EXISTS {}", quoted_name(id), sql::quote_literal(new_labels[i]));
    if (i > 0) {
      statement += " AFTER " + now_called(new_labels[i - 1]);
      have.insert(std::find(have.begin(), have.end(), new_labels[i - 1]) + 1, new_labels[i]);
    } else {
      if (!have.empty()) statement += " BEFORE " + now_called(have.front());
      have.insert(have.begin(), new_labels[i]);
    }
    statements.push_back(std::move(statement));
    added.push_back(enum_has_label(id, new_labels[i]));
  }
  bool possible = true;
  std::set<QualifiedName> tables;
  Statements back = shrink_enum(p, id, possible, tables);
  // On the way back second columns go first.
  for (Operation& other : p.operations) {
    const bool second = other.step.phase == Phase::expand && other.step.title.starts_with("add the second column for ");
    if (second && std::any_of(other.step.tables.begin(), other.step.tables.end(), [&](const QualifiedName& table) { return tables.contains(table); })) {
      other.after.push_back(p.operations.size());
    }
  }
  Action undo = blocking(std::move(back), any_of(added));
  Operation& operation = p.add(Phase::expand, "add values to", id, brief(std::move(statements)), possible ? undo : Action{});
  operation.groupable = false;
  operation.by_old_names.insert(id);
  operation.provides.insert(id);  // what uses the new values (a default, a CHECK) comes in a later transaction
  operation.needs = p.to.objects.at(id).depends_on;
  operation.detaches.insert(id);
  operation.step.notes.push_back(fmt::format(
      "a client that runs already may not know the new values of {}: deploy readers before writers; "
      "the way back rewrites each table that has a column of the type, under ACCESS EXCLUSIVE (on a large one that is an outage: keep the values instead), and refuses where a row holds a new value",
      describe(id)));
  if (!possible) {
    operation.step.grade = Grade::order;
    operation.step.notes.push_back("values that were added to " + describe(id) + " stay after a rollback: a type or partition key is built on it");
  }
}

}  // namespace

void plan_types(Planner& p) {
  for (const auto& [id, aspects] : p.altered) {
    if (p.done.contains(id)) continue;
    const Object& a = p.from.objects.at(id);
    const Object& b = p.to.objects.at(id);
    if (id.kind == Kind::enum_type && p.claim(id, Aspect::labels)) add_enum_values(p, id);
    if (id.kind == Kind::composite_type && p.claim(id, Aspect::definition)) {
      auto forward = alter_composite(id, std::get<CompositeType>(a.body), std::get<CompositeType>(b.body));
      auto back = alter_composite(id, std::get<CompositeType>(b.body), std::get<CompositeType>(a.body));
      if (forward && back) {
        Operation& operation = p.add(Phase::expand, "change the attributes of", id, brief(std::move(*forward), {}), brief(std::move(*back)));
        operation.needs = b.depends_on;
        operation.detaches.insert(id);
        operation.provides.insert(id);  // ALTER TYPE is refused once a column is of the type: one that is added comes after it
        std::vector<std::string> names, old_names;
        const auto same = [&, &id = id](const CompositeType& type) {
          std::string list;
          for (const auto& attribute : type.attributes) list += (list.empty() ? "" : ", ") + sql::quote_literal(attribute.name + " " + attribute.type);
          return fmt::format(
              "(SELECT array_agg(attname || ' ' || format_type(atttypid, atttypmod) ORDER BY attnum) FROM pg_attribute WHERE attrelid = "
              "to_regclass({}) AND attnum > 0 AND NOT attisdropped) IS NOT DISTINCT FROM ARRAY[{}]::text[]",
              sql::quote_literal(quoted_name(id)), list);
        };
        operation.step.forward.todo = negate(same(std::get<CompositeType>(b.body)));
        operation.step.undo.todo = negate(same(std::get<CompositeType>(a.body)));
        operation.groupable = false;
      } else {
        p.refuse(fmt::format("{}: its attributes cannot be changed in place and back", describe(id)));
      }
    }
    if (id.kind == Kind::composite_type && p.claim(id, Aspect::column_comments)) {
      p.add(Phase::expand, "comment on the attributes of", id, brief(describe_state(b, p.to)), brief(describe_state(a, p.from)));
    }
  }
}

}  // namespace contraflow::plan
