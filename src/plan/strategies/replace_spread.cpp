// SPDX-License-Identifier: Apache-2.0
//
// What hangs on an object that goes and comes again goes and comes with it.
#include "plan/strategies/replacements.h"

#include <fmt/format.h>

#include <algorithm>

namespace contraflow::plan {

using namespace catalog;

void Replacements::spread(const ObjectId& id) {
  auto it = p_.dependents.find(id);
  if (it == p_.dependents.end()) return;
  const bool is_replaced = p_.replaced.contains(id);
  const bool exchanged = !is_replaced && items_.contains(id) && id.kind != Kind::column && id.kind != Kind::table;
  for (const ObjectId& dependent : it->second) {
    if (!in_both(dependent)) continue;                                  // its own drop comes before
    if (p_.done.contains(dependent) && p_.done.contains(id)) continue;  // goes over with its table
    if (beside_.contains(dependent)) continue;
    if (dependent.kind == Kind::publication && exchanged_.contains(id)) continue;
    if (dependent.kind == Kind::materialized_view && winning_shadow(id) && stands_beside(dependent, id)) continue;
    if (id.kind == Kind::column && dependent.kind == Kind::table) continue;
    const Object& object = p_.from.objects.at(dependent);
    switch (dependent.kind) {
      case Kind::column:
        if (exchanged) {
          retype_with(dependent, id);
        } else if (is_replaced || id.kind == Kind::column) {
          untie_default(dependent, id);
        }
        break;
      case Kind::table:
        if (is_replaced && (id.kind == Kind::table || id.kind == Kind::foreign_table)) break;
        p_.refuse(fmt::format("{} must be made anew, but {} is built on it: change the table first",
                              describe(id), describe(dependent)));
        break;
      case Kind::constraint:
      case Kind::index:
        // What a second column carries has its own copy of it.
        if ((shadowed_.contains(id) && !converted_.contains(id)) || p_.done.contains(dependent) || (rides_along(id, object) && !p_.replaced.contains(dependent))) break;
        pull_in(dependent, id);
        break;
      case Kind::statistics:
        // ALTER TYPE carries statistics objects along; a second column has none yet.
        if (id.kind == Kind::column && !regenerated_.contains(id) && !winning_shadow(id)) break;
        pull_in(dependent, id);
        break;
      case Kind::domain:
      case Kind::composite_type:
      case Kind::range_type:
        if (exchanged) {
          exchange_with(dependent, id);
        } else {
          untie_default(dependent, id);
        }
        break;
      case Kind::sequence: break;
      case Kind::domain_constraint:
        if (exchanged && id.kind == Kind::domain && dependent.schema == id.schema && dependent.relation == id.name) break;  // made with it
        pull_in(dependent, id);
        break;
      default:
        if (id.kind == Kind::table && p_.done.contains(dependent)) break;  // a rebuilt table makes its own policies and triggers
        pull_in(dependent, id);
    }
  }
}

// ALTER COLUMN … TYPE rebuilds plain indexes and keys by itself. What names the type or computes with the column is
// taken down before.
bool Replacements::rides_along(const ObjectId& id, const Object& object) const {
  if (id.kind != Kind::column || regenerated_.contains(id)) return false;
  if (const auto* index = std::get_if<Index>(&object.body)) {
    if (!index->constraint.empty()) return true;
    const bool expressions = std::find(index->columns.begin(), index->columns.end(), "") != index->columns.end();
    return index->predicate.empty() && !expressions;
  }
  if (const auto* constraint = std::get_if<Constraint>(&object.body)) {
    if (constraint->type == ConstraintType::foreign_key) return !incompatible_key(*constraint, object.id);
    return constraint->type != ConstraintType::check && constraint->type != ConstraintType::exclusion;
  }
  return false;
}

// Both ends of a foreign key change their types: between the two changes no operator may join them.
bool Replacements::incompatible_key(const Constraint& key, const ObjectId& id) const {
  const auto retyped = [&](const std::string& schema, const std::string& table, const std::vector<std::string>& columns) {
    return std::any_of(columns.begin(), columns.end(),
                       [&](const std::string& c) { return retyped_.contains(column_id(schema, table, c)); });
  };
  return key.references && retyped(id.schema, id.relation, key.columns) &&
         retyped(key.references->schema, key.references->name, key.referenced_columns);
}

void Replacements::pull_in(const ObjectId& dependent, const ObjectId& because) {
  if (dependent.kind == Kind::routine && because.kind == Kind::enum_type) {
    // The table that is retired calls it until purge.
    const auto users = p_.dependents.find(dependent);
    for (const ObjectId& user : users == p_.dependents.end() ? std::set<ObjectId>{} : users->second) {
      const Object* object = p_.from.find(user);
      const bool stays = user.kind == Kind::table || user.kind == Kind::column || user.kind == Kind::index || user.kind == Kind::constraint;
      if (object && stays && exchanged_.contains(user)) {
        p_.refuse(fmt::format("{} must be made anew with {}, but {} calls it, whose table is exchanged for a second one: make two plans, one that is without it", describe(dependent), describe(because), describe(user)));
      }
    }
  }
  replace(dependent);
  unite(dependent, because);
}

}  // namespace contraflow::plan
