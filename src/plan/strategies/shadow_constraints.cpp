// SPDX-License-Identifier: Apache-2.0
//
// NOT NULL, checks and foreign keys of second columns: added NOT VALID and proven before the swap.
#include "plan/strategies/shadows.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/strategies/reference_parts.h"
#include "sql/rewrite_definition.h"

namespace contraflow::plan {

using namespace catalog;

// A foreign key whose key is exchanged cannot stay beside it.
bool Shadows::points_at_swapped_key(const Object& member) const {
  const auto* key = std::get_if<Constraint>(&member.body);
  if (!key || key->type != ConstraintType::foreign_key || !key->references) return false;
  const auto& columns = columns_of(*key->references);
  return std::any_of(columns.begin(), columns.end(), [&](const ShadowColumn& c) {
    return c.shadow_wins && std::find(key->referenced_columns.begin(), key->referenced_columns.end(), c.id.name) != key->referenced_columns.end();
  });
}

void Shadows::prove_not_null(const Direction& direction, const QualifiedName& table, const ShadowColumn& column, const std::string& spare, const std::string& todo) {
  const ObjectId spare_id{Kind::constraint, table.schema, table.name, spare, ""};
  const std::string name = sql::quote_identifier(direction.built(column));
  Action add_check = brief({fmt::format("{} ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID", alter(table), sql::quote_identifier(spare), name)}, all_of({todo, absent(spare_id)}));
  Action removal = brief({fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(table), sql::quote_identifier(spare))});
  Action validate = scan({fmt::format("{} VALIDATE CONSTRAINT {}", alter(table), sql::quote_identifier(spare))}, all_of({todo, exists(spare_id), negate(constraint_is_validated(spare_id))}));
  // A rule that is new may refuse what the deployed version writes: it comes in contract, before the swap.
  const bool new_rule = direction.forward && !std::get<Column>(p_.from.objects.at(column.id).body).not_null;
  if (direction.forward && !new_rule) {
    restore("prove NOT NULL of the second column for", column.id, validate);
    restore("prepare NOT NULL of the second column for", column.id, add_check);
  }
  build(direction, "prepare NOT NULL of the second column for", column.id, std::move(add_check), std::move(removal), {{table, effects::LockMode::access_exclusive, effects::Work::none}});
  if (!direction.forward) {
    auto& expected = p_.operations.back().step.undo_preconditions;
    expected = column.down_preconditions;
    if (column.down_may_fail || !std::get<Column>(p_.to.objects.at(column.id).body).not_null) {
      const std::string quoted = sql::quote(table), now = sql::quote_identifier(column.id.name);
      expected.push_back({fmt::format("rows of {} whose {} has no value that the old column, which is NOT NULL, can hold", quoted, now), fmt::format("SELECT count(*) FROM {} WHERE {} IS NULL", quoted, name),
                          fmt::format("give them one: they are those whose {} is NULL, the column in which the old value is kept; then roll back again", name)});
    }
  }
  if (new_rule) {
    const std::string quoted = sql::quote(table);
    p_.operations.back().step.preconditions.push_back({fmt::format("rows of {} whose {} is NULL", quoted, sql::quote_identifier(column.old_name)),
                                                       fmt::format("SELECT count(*) FROM {} WHERE {} IS NULL", quoted, name),
                                                       fmt::format("give them a value: --fill {}.{}=EXPR", quoted, sql::quote_identifier(column.id.name))});
    hold_until_contract();
  }
  const std::size_t added = p_.operations.size() - 1;
  build(direction, "prove NOT NULL of the second column for", column.id, std::move(validate), Action{}, {{table, effects::LockMode::share_update_exclusive, effects::Work::scan}});
  if (!new_rule) return;
  p_.operations.back().after.push_back(added);
  hold_until_contract();
}

void Shadows::constrain(const Direction& direction, const QualifiedName& table, const Object& member, const std::string& spare, const std::string& statement, bool validated,
                        const std::string& todo, std::vector<effects::Effect> effects) {
  if (const std::vector<ReferencePart> parts = reference_parts(*direction.target, member); !parts.empty()) {
    constrain_partitions(direction, member, parts, spare, todo, std::move(effects));
    return;
  }
  const ObjectId spare_id{Kind::constraint, table.schema, table.name, spare, ""};
  const std::string quoted = sql::quote_identifier(spare);
  const Action addition = brief({statement}, all_of({todo, absent(spare_id)}));
  const Action validation = scan({fmt::format("{} VALIDATE CONSTRAINT {}", alter(table), quoted)}, all_of({todo, exists(spare_id), negate(constraint_is_validated(spare_id))}));
  std::vector<effects::Effect> scanned{{table, effects::LockMode::share_update_exclusive, effects::Work::scan}};
  build(direction, "add NOT VALID for the second column", member.id, addition,
        brief({fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(table), quoted)}), std::move(effects));
  if (validated) build(direction, "validate for the second column", member.id, validation, Action{}, std::move(scanned));
  p_.done.insert(member.id);
  swap_.touches.insert(member.id);
  Statements& drops = direction.forward ? drops_back_ : drops_forward_;
  Statements& places = direction.forward ? places_forward_ : places_back_;
  // Before keys go: a foreign key depends on the key that it points at.
  drops.insert(drops.begin(), direction.forward && !points_at_swapped_key(member)
                                  ? fmt::format("{} RENAME CONSTRAINT {} TO {}", alter(table), sql::quote_identifier(member.id.name), quoted)
                                  : fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(table), sql::quote_identifier(member.id.name)));
  if (direction.forward && points_at_swapped_key(member)) {
    if (validated) restore("validate for the second column", member.id, validation);
    restore("add NOT VALID for the second column", member.id, addition);
  }
  places.push_back(fmt::format("{} RENAME CONSTRAINT {} TO {}", alter(table), quoted, sql::quote_identifier(member.id.name)));
  append(places, describe_state(member, *direction.target));
}

// A foreign key of a partitioned table that points at the second column.
void Shadows::constrain_partitions(const Direction& direction, const Object& member, const std::vector<ReferencePart>& parts, const std::string& spare, const std::string& todo,
                                   std::vector<effects::Effect> effects) {
  const auto& key = std::get<Constraint>(member.body);
  const std::string quoted = sql::quote_identifier(spare);
  const auto over = [&](const QualifiedName& table) {
    return sql::constraint_over({sql::quote(table), spare, key.definition, names({member.id.schema, member.id.relation}, direction, true), names(*key.references, direction, true), false, {}});
  };
  std::vector<std::pair<ObjectId, std::pair<Action, Action>>> made;  // what it is on, how it is made and removed
  for (const ReferencePart& part : parts) {
    if (!part.leaf) continue;
    const ObjectId spare_id{Kind::constraint, part.id.schema, part.id.relation, spare, ""};
    const QualifiedName table{part.id.schema, part.id.relation};
    const std::string there = all_of({todo, exists(ObjectId{Kind::table, table.schema, "", table.name, ""})});
    made.push_back({part.id, {brief({over(table) + " NOT VALID"}, all_of({there, absent(spare_id)})), brief({fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(table), quoted)}, exists(spare_id))}});
    made.push_back({part.id, {scan({fmt::format("{} VALIDATE CONSTRAINT {}", alter(table), quoted)}, all_of({there, exists(spare_id), negate(constraint_is_validated(spare_id))})), Action{}}});
  }
  const QualifiedName home{member.id.schema, member.id.relation};
  const ObjectId spare_id{Kind::constraint, home.schema, home.name, spare, ""};
  made.push_back({member.id, {brief({over(home)}, all_of({todo, absent(spare_id)})), brief({fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(home), quoted)})}});
  for (const auto& [id, actions] : made) {
    const bool validates = actions.first.mode == Mode::scan;
    const QualifiedName table{id.schema, id.relation};
    build(direction, validates ? "validate for the second column" : id == member.id ? "join for the second column"
                                                                                    : "add NOT VALID for the second column",
          id, actions.first, actions.second,
          validates ? std::vector<effects::Effect>{{table, effects::LockMode::share_update_exclusive, effects::Work::scan}} : effects);
  }
  const bool leaves = points_at_swapped_key(member);  // else it only steps aside on the way back
  if (direction.forward && leaves) {
    for (auto it = made.rbegin(); it != made.rend(); ++it) {
      restore(it->second.first.mode == Mode::scan ? "validate for the second column" : "add for the second column", it->first, it->second.first);
    }
  }
  Statements& drops = direction.forward ? drops_back_ : drops_forward_;
  Statements& places = direction.forward ? places_forward_ : places_back_;
  if (direction.forward && !leaves) {
    for (const ReferencePart& part : parts) {
      drops.insert(drops.begin(), fmt::format("{} RENAME CONSTRAINT {} TO {}", alter({part.id.schema, part.id.relation}), sql::quote_identifier(part.id.name), quoted));
    }
    drops.insert(drops.begin(), fmt::format("{} RENAME CONSTRAINT {} TO {}", alter(home), sql::quote_identifier(member.id.name), quoted));
  } else {
    drops.insert(drops.begin(), fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(home), sql::quote_identifier(member.id.name)));
  }
  p_.done.insert(member.id);
  swap_.touches.insert(member.id);
  places.push_back(fmt::format("{} RENAME CONSTRAINT {} TO {}", alter(home), quoted, sql::quote_identifier(member.id.name)));
  append(places, describe_state(member, *direction.target));
  const Database& other = direction.forward ? p_.from : p_.to;
  for (const ReferencePart& part : parts) {
    if (!other.find(part.id)) continue;  // the partition comes or goes in this plan
    p_.done.insert(part.id);
    swap_.touches.insert(part.id);
    places.push_back(fmt::format("{} RENAME CONSTRAINT {} TO {}", alter({part.id.schema, part.id.relation}), quoted, sql::quote_identifier(part.id.name)));
    append(places, describe_state(*direction.target->find(part.id), *direction.target));
  }
}

// Foreign keys of the table, and those of other tables that point at its columns.
void Shadows::build_foreign_keys(const QualifiedName& table, const Direction& direction) {
  const Database& other = direction.forward ? p_.from : p_.to;
  for (auto it = direction.target->objects.lower_bound(ObjectId{Kind::constraint, "", "", "", ""});
       it != direction.target->objects.end() && it->first.kind == Kind::constraint; ++it) {
    const ObjectId& id = it->first;
    const auto& key = std::get<Constraint>(it->second.body);
    if (key.type != ConstraintType::foreign_key || !key.references || !other.find(id)) continue;
    if ((key.inherited && !key.local) || p_.crossing_foreign_keys.contains(id)) continue;  // the parent's carries it, or an exchange
    const QualifiedName home{id.schema, id.relation};
    const auto wins = [](const std::vector<ShadowColumn>& columns, const std::vector<std::string>& used) {
      return std::any_of(columns.begin(), columns.end(), [&](const ShadowColumn& c) { return c.shadow_wins && std::find(used.begin(), used.end(), c.id.name) != used.end(); });
    };
    const bool mine = home == table && wins(columns_of(home), key.columns);
    const bool points_here = *key.references == table && wins(columns_of(table), key.referenced_columns);
    if (!mine && !points_here) continue;
    auto& built = direction.forward ? built_forward_ : built_back_;
    if (!built.insert(id).second) continue;  // both ends are in the swap
    const std::string spare = p_.spare_constraint(id.schema, id.relation, id.name, direction.suffix);
    constrain(direction, home, it->second, spare,
              sql::constraint_over({sql::quote(home), spare, key.definition, names(home, direction, true), names(*key.references, direction, true), true, {}}), key.validated,
              gate(table, direction),
              {{home, effects::LockMode::share_row_exclusive, effects::Work::none}, {*key.references, effects::LockMode::share_row_exclusive, effects::Work::none}});
  }
}

}  // namespace contraflow::plan
