// SPDX-License-Identifier: Apache-2.0
//
// A CHECK that is NOT VALID on a parent may be valid on some of its partitions or children: those that were made after it. ADD … NOT VALID on the parent makes every copy NOT VALID,
// VALIDATE on a copy makes that one valid, and nothing takes the validation of one copy back but the parent's constraint made anew. So: where a copy must lose it, the parent's is
// dropped and added NOT VALID, which reads no row; then those copies that are to be valid are read one by one, under a lock that lets the traffic pass.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/ddl.h"
#include "plan/strategies/constraint_parts.h"
#include "sql/array_casts.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

struct Copy {
  ObjectId id;
  std::optional<bool> before, after;  // validated; none where it is no copy in that schema
};

std::optional<bool> validated_copy(const Database& database, const ObjectId& id) {
  const auto* body = database.find_body<Constraint>(id);
  if (!body || !body->inherited) return std::nullopt;
  return body->validated;
}

std::vector<Copy> copies_of(const Planner& p, const ObjectId& check) {
  std::vector<Copy> out;
  for (const QualifiedName& table : Planner::descendants(p.to, {check.schema, check.relation})) {
    const ObjectId home = table_id(table), id{Kind::constraint, table.schema, table.name, check.name, ""};
    if (!p.from.find(home) || !p.to.find(home)) continue;  // a new table is made with its own
    const std::vector<QualifiedName> before = Planner::descendants(p.from, {check.schema, check.relation});
    if (std::find(before.begin(), before.end(), table) == before.end()) continue;  // joins the parent in this plan
    out.push_back({id, validated_copy(p.from, id), validated_copy(p.to, id)});
  }
  return out;
}

std::string alter(const Database& database, const ObjectId& id) { return alter_table(database, id.schema, id.relation); }

Statements made_anew_not_valid(const Database& database, const ObjectId& check) {
  const Object& object = database.objects.at(check);
  const auto& body = std::get<Constraint>(object.body);
  const std::string quoted = sql::quote_identifier(check.name);
  Statements out{fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(database, check), quoted),
                 fmt::format("{} ADD CONSTRAINT {} {}", alter(database, check), quoted, sql::keep_array_casts(body.definition))};
  append(out, describe_state(object, database));
  return out;
}

Action validation(const Database& database, const ObjectId& copy) {
  Action out = brief({fmt::format("{} VALIDATE CONSTRAINT {}", alter(database, copy), sql::quote_identifier(copy.name))},
                     all_of({exists(copy), negate(constraint_is_validated(copy))}));
  out.mode = Mode::scan;
  return out;
}

// One CHECK whose parent stays: `changing` are the operations that add it, drop it or change it.
void follow(Planner& p, const ObjectId& check, const std::vector<std::size_t>& changing) {
  const auto *before = p.from.find_body<Constraint>(check), *after = p.to.find_body<Constraint>(check);
  const std::vector<Copy> copies = copies_of(p, check);
  const bool parent_invalid = after && !after->validated, parent_was_invalid = before && !before->validated;
  // Unchanged on the parent: a copy that must lose its validation asks for a new one there.
  const auto loses = [](const std::optional<bool>& has, const std::optional<bool>& wants) { return has.value_or(false) && wants && !*wants; };
  bool anew = false, anew_back = false;
  std::vector<std::string> still_valid, still_valid_back;
  if (changing.empty() && parent_invalid && parent_was_invalid) {
    for (const Copy& copy : copies) {
      if (loses(copy.before, copy.after)) still_valid.push_back(constraint_is_validated(copy.id));
      if (loses(copy.after, copy.before)) still_valid_back.push_back(constraint_is_validated(copy.id));
    }
    anew = !still_valid.empty();
    anew_back = !still_valid_back.empty();
  }
  const Phase phase = Phase::contract;
  const bool changes = !changing.empty();
  std::vector<std::size_t> way_back;
  const auto validate = [&](const Copy& copy, bool forward) {
    const Database& database = forward ? p.to : p.from;
    Operation& operation = p.add(phase, forward ? "validate" : "way back: validate", copy.id, forward ? validation(database, copy.id) : Action{}, forward ? Action{} : validation(database, copy.id));
    operation.groupable = false;
    operation.detaches.insert(copy.id);
    if (forward) operation.step.effects = {{{copy.id.schema, copy.id.relation}, effects::LockMode::share_update_exclusive, effects::Work::scan}};
    return p.operations.size() - 1;
  };
  for (const Copy& copy : copies) {
    // What the way back of the parent's change leaves.
    const bool left = changes ? before && before->validated : !anew_back && copy.after.value_or(false);
    if (parent_was_invalid && copy.before.value_or(false) && !left) way_back.push_back(validate(copy, false));
  }
  std::vector<std::size_t> first = changing;
  if (anew || anew_back) {
    const auto action = [&](bool needed, const Database& database, const std::vector<std::string>& conditions) {
      return needed ? brief(made_anew_not_valid(database, check), any_of(conditions)) : Action{};
    };
    Operation& operation = p.add(phase, "take back the validation of all copies of", check, action(anew, p.to, still_valid), action(anew_back, p.from, still_valid_back));
    operation.groupable = false;
    operation.step.effects = {{{check.schema, check.relation}, effects::LockMode::access_exclusive, effects::Work::none}};
    first.push_back(p.operations.size() - 1);
  }
  for (const std::size_t i : first) p.operations[i].after.insert(p.operations[i].after.end(), way_back.begin(), way_back.end());
  for (const Copy& copy : copies) {
    const bool left = changes ? after && after->validated : !anew && copy.before.value_or(false);
    if (!parent_invalid || !copy.after.value_or(false) || left) continue;
    const std::size_t i = validate(copy, true);
    p.operations[i].after.insert(p.operations[i].after.end(), first.begin(), first.end());
    p.operations[i].after.insert(p.operations[i].after.end(), way_back.begin(), way_back.end());
    std::erase(p.operations[i].after, i);
  }
}

}  // namespace

std::vector<ObjectId> checks_with_copies(const Planner& p) {
  std::set<ObjectId> out;
  for (const Database* database : {&p.from, &p.to}) {
    const Database& other = database == &p.from ? p.to : p.from;
    for (auto it = database->objects.lower_bound(ObjectId{Kind::constraint, "", "", "", ""}); it != database->objects.end() && it->first.kind == Kind::constraint; ++it) {
      const ObjectId& id = it->first;
      const auto& body = std::get<Constraint>(it->second.body);
      if (body.type != ConstraintType::check || body.inherited || body.validated || body.no_inherit || (p.done.contains(id) && !p.replaced.contains(id))) continue;
      const auto* same = other.find_body<Constraint>(id);
      if (same && (same->type != ConstraintType::check || same->inherited)) continue;
      const ObjectId table = table_id({id.schema, id.relation});
      if (p.from.find(table) && p.to.find(table) && !p.done.contains(table)) out.insert(id);
    }
  }
  return {out.begin(), out.end()};
}

void follow_checks(Planner& p, const std::vector<ObjectId>& checks) {
  for (const ObjectId& check : checks) {
    std::vector<std::size_t> changing;
    for (std::size_t i = 0; i < p.operations.size(); ++i) {
      const Operation& operation = p.operations[i];
      if (operation.provides.contains(check) || operation.removes.contains(check) || operation.detaches.contains(check)) changing.push_back(i);
    }
    follow(p, check, changing);
  }
}

}  // namespace contraflow::plan
