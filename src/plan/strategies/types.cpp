// SPDX-License-Identifier: Apache-2.0
//
// Changes of types in place: values added to enums, defaults, NOT NULL and CHECKs of domains, attributes of composite types. Types that must be
// exchanged for new ones are in replace.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
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
  operation.step.notes.push_back(fmt::format("a client that runs already may not know the new values of {}: deploy readers before writers; "
                                             "the way back rewrites each table that has a column of the type, under ACCESS EXCLUSIVE (on a large one that is an outage: keep the values instead), and refuses where a row holds a new value",
                                             describe(id)));
  if (!possible) {
    operation.step.grade = Grade::order;
    operation.step.notes.push_back("values that were added to " + describe(id) + " stay after a rollback: a type or partition key is built on it");
  }
}

constexpr const char* kLeaveNotValid = "leave it NOT VALID in the desired schema: what is written obeys it all the same";

// Tables and materialized views whose rows a CHECK or NOT NULL of the domain is tested on: columns of it, or of a domain over it.
std::vector<QualifiedName> users_of_domain(const Planner& p, const ObjectId& domain) {
  std::set<QualifiedName> out;
  const std::function<void(const ObjectId&)> collect = [&](const ObjectId& of) {
    const auto it = p.dependents.find(of);
    if (it == p.dependents.end()) return;
    for (const ObjectId& user : it->second) {
      if (user.kind == Kind::domain) collect(user);
      const Object* relation = user.kind == Kind::column ? Planner::relation(p.from, user.schema, user.relation) : nullptr;
      if (!relation) continue;
      const auto* table = std::get_if<Table>(&relation->body);
      if (relation->id.kind == Kind::materialized_view || (table && table->partition_key.empty())) out.insert(name_of(relation->id));
    }
  };
  collect(domain);
  return {out.begin(), out.end()};
}

// A column that holds values of the domain inside an array, a composite or a range: what tests the domain's rows refuses then, even without any
// (typecmds.c, get_rels_with_domain -> find_composite_type_dependencies).
std::optional<ObjectId> holds_inside(const Planner& p, const ObjectId& type, bool inside) {
  const auto it = p.dependents.find(type);
  if (it == p.dependents.end()) return std::nullopt;
  for (const ObjectId& user : it->second) {
    std::optional<ObjectId> found;
    if (user.kind == Kind::column) {
      const bool array = std::get<Column>(p.from.objects.at(user).body).type_base == quoted_name(type) + "[]";
      if (inside || array) found = user;
    } else if (user.kind == Kind::domain) {
      found = holds_inside(p, user, inside || std::get<Domain>(p.from.objects.at(user).body).base_type.ends_with("[]"));
    } else if (user.kind == Kind::composite_type || user.kind == Kind::range_type) {
      found = holds_inside(p, user, true);
    }
    if (found) return found;
  }
  return std::nullopt;
}

// ALTER DOMAIN … VALIDATE CONSTRAINT, ADD CHECK and SET NOT NULL take SHARE on every user and read it until the end of the transaction
// (typecmds.c, get_rels_with_domain; seen on 14 to 18): writers wait. No form of them takes a weaker lock.
std::vector<effects::Effect> tests_rows(Planner& p, Action& action, const ObjectId& domain, const std::string& what, const std::string& instead) {
  std::vector<effects::Effect> out;
  if (const std::optional<ObjectId> holder = holds_inside(p, domain, false)) {
    p.refuse(fmt::format("{}: PostgreSQL refuses it while {} holds values of the domain inside another type; {}", what, describe(*holder), instead));
    return out;
  }
  const std::vector<QualifiedName> users = users_of_domain(p, domain);
  if (users.empty()) return out;
  p.allow_blocking(action, "scan", users, what, effects::LockMode::share, instead);
  for (const QualifiedName& user : users) out.push_back({user, effects::LockMode::share, effects::Work::scan});
  return out;
}

std::string validate_statement(const ObjectId& check) {
  return fmt::format("ALTER DOMAIN {} VALIDATE CONSTRAINT {}", sql::quote(QualifiedName{check.schema, check.relation}), sql::quote_identifier(check.name));
}

// ADD CONSTRAINT … NOT VALID: no row is read.
Statements add_check_not_valid(const Database& database, const ObjectId& id) {
  const Object& object = database.objects.at(id);
  std::string definition = std::get<DomainConstraint>(object.body).definition;
  if (!definition.ends_with(" NOT VALID")) definition += " NOT VALID";
  Statements out{fmt::format("ALTER DOMAIN {} ADD CONSTRAINT {} {}", sql::quote(QualifiedName{id.schema, id.relation}), sql::quote_identifier(id.name), definition)};
  append(out, describe_state(object, database));
  return out;
}

// On the way back the CHECK comes NOT VALID, so that what is written obeys it at once; then its users are read, in a step of its own. Returns that step's operation, which
// the one that takes the CHECK away must follow; none where no row is read.
std::optional<std::size_t> validate_on_the_way_back(Planner& p, Phase phase, const ObjectId& id) {
  if (!std::get<DomainConstraint>(p.from.objects.at(id).body).validated) return std::nullopt;
  const ObjectId domain{Kind::domain, id.schema, "", id.relation, ""};
  if (const std::optional<ObjectId> holder = holds_inside(p, domain, false)) {
    p.notes.push_back(fmt::format("after a rollback {} is NOT VALID: PostgreSQL refuses to validate it while {} holds values of the domain inside another type", describe(id), describe(*holder)));
    return std::nullopt;
  }
  const std::vector<QualifiedName> users = users_of_domain(p, domain);
  const std::string pending = fmt::format("EXISTS (SELECT FROM pg_constraint WHERE contypid = to_regtype({}) AND conname = {} AND NOT convalidated)",
                                          sql::quote_literal(sql::quote(QualifiedName{id.schema, id.relation})), sql::quote_literal(id.name));
  Action undo = blocking({validate_statement(id)}, pending);
  const bool small = std::all_of(users.begin(), users.end(), [&](const QualifiedName& user) { return p.is_small(user); });
  if (small) undo.small_tables = users;
  Operation& operation = p.add(phase, "way back: validate", id, Action{}, std::move(undo));
  operation.groupable = false;
  operation.step.undo_skips_large = small && !users.empty();
  std::string names;
  for (const QualifiedName& user : users) names += (names.empty() ? "" : ", ") + sql::quote(user);
  if (operation.step.undo_skips_large) {
    operation.step.notes.push_back(fmt::format("after a rollback {} is NOT VALID where one of {} has grown beyond 1 MiB: its validation would keep writers out for too long", describe(id), names));
  } else if (!users.empty()) {
    operation.step.notes.push_back(fmt::format("a rollback validates {} under SHARE on {}: writers wait while the rows are read; no form of it takes a weaker lock. The CHECK is there before, NOT VALID: "
                                               "who would rather have it so stops there", describe(id), names));
  }
  return p.operations.size() - 1;
}

}  // namespace

void plan_types(Planner& p) {
  for (const auto& [id, aspects] : p.altered) {
    if (p.done.contains(id)) continue;
    const Object& a = p.from.objects.at(id);
    const Object& b = p.to.objects.at(id);
    if (id.kind == Kind::enum_type && p.claim(id, Aspect::labels)) add_enum_values(p, id);
    if (id.kind == Kind::domain) {
      const bool default_changes = p.claim(id, Aspect::default_expression);
      const bool not_null = p.claim(id, Aspect::not_null);
      if (default_changes || not_null) {
        const Domain& old_domain = std::get<Domain>(a.body);
        const Domain& new_domain = std::get<Domain>(b.body);
        const bool scans = not_null && new_domain.not_null;
        Action action = brief(alter_domain(id, old_domain, new_domain));
        std::vector<effects::Effect> effects;
        if (scans) effects = tests_rows(p, action, id, "SET NOT NULL of " + describe(id), "give it a CHECK (VALUE IS NOT NULL) NOT VALID, which holds for what is written from then on");
        Operation& operation = p.add(scans ? Phase::contract : Phase::expand, "change", id, std::move(action), brief(alter_domain(id, new_domain, old_domain)));
        operation.step.effects = std::move(effects);
        operation.needs = b.depends_on;
        operation.detaches.insert(id);
      }
    }
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
          return fmt::format("(SELECT array_agg(attname || ' ' || format_type(atttypid, atttypmod) ORDER BY attnum) FROM pg_attribute WHERE attrelid = "
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
  // CHECKs of domains.
  const auto drop_check = [](const ObjectId& id) {
    return Statements{fmt::format("ALTER DOMAIN {} DROP CONSTRAINT IF EXISTS {}", sql::quote(QualifiedName{id.schema, id.relation}), sql::quote_identifier(id.name))};
  };
  for (const ObjectId& id : p.created) {
    if (id.kind != Kind::domain_constraint || p.done.contains(id)) continue;
    if (p.created.contains(ObjectId{Kind::domain, id.schema, "", id.relation, ""})) continue;
    p.take(id);
    const Object& object = p.to.objects.at(id);
    const auto& check = std::get<DomainConstraint>(object.body);
    Operation& operation = p.add(Phase::contract, "add NOT VALID", id, brief(add_check_not_valid(p.to, id), absent(id)), brief(drop_check(id)));
    operation.provides.insert(id);
    operation.needs = object.depends_on;
    if (check.validated) {
      const std::size_t added = p.operations.size() - 1;
      Action action = brief({validate_statement(id)});
      std::vector<effects::Effect> effects = tests_rows(p, action, {Kind::domain, id.schema, "", id.relation, ""}, "validation of " + describe(id), kLeaveNotValid);
      Operation& validate = p.add(Phase::contract, "validate", id, std::move(action), Action{});
      validate.step.effects = std::move(effects);
      validate.groupable = false;
      validate.after.push_back(added);
    }
  }
  for (const ObjectId& id : p.dropped) {
    if (id.kind != Kind::domain_constraint || p.done.contains(id)) continue;
    if (p.dropped.contains(ObjectId{Kind::domain, id.schema, "", id.relation, ""})) continue;
    p.take(id);
    const std::optional<std::size_t> validated = validate_on_the_way_back(p, Phase::expand, id);
    Operation& operation = p.add(Phase::expand, "drop", id, brief(drop_check(id)), brief(add_check_not_valid(p.from, id), absent(id)));
    operation.removes.insert(id);
    if (validated) operation.after.push_back(*validated);
  }
  for (const auto& [id, aspects] : p.altered) {
    if (id.kind != Kind::domain_constraint || p.done.contains(id)) continue;
    const bool definition = p.claim(id, Aspect::definition), validated = p.claim(id, Aspect::validated);
    if (!definition && !validated) continue;
    const bool tests = std::get<DomainConstraint>(p.to.objects.at(id).body).validated;
    Statements forward = drop_check(id), back = drop_check(id);
    append(forward, create_all(p.to.objects.at(id), p.to));
    append(back, add_check_not_valid(p.from, id));
    const std::optional<std::size_t> proven = validate_on_the_way_back(p, Phase::contract, id);
    Action action = brief(std::move(forward));
    std::vector<effects::Effect> effects;
    if (tests) effects = tests_rows(p, action, {Kind::domain, id.schema, "", id.relation, ""}, (definition ? "replacement of " : "validation of ") + describe(id), kLeaveNotValid);
    Operation& operation = p.add(Phase::contract, "replace", id, std::move(action), brief(std::move(back)));
    operation.step.effects = std::move(effects);
    if (proven) operation.after.push_back(*proven);
    operation.detaches.insert(id);
    operation.needs = p.to.objects.at(id).depends_on;
  }
}

}  // namespace contraflow::plan
