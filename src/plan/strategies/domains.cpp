// SPDX-License-Identifier: Apache-2.0
//
// Changes of domains in place: defaults, NOT NULL, CHECKs. Domains over another type, and those whose rows would have to be tested in large tables, are exchanged (replace_types.cpp).
#include <fmt/format.h>

#include <optional>

#include "catalog/alter.h"
#include "catalog/ddl.h"
#include "plan/strategies/domain_parts.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

constexpr const char* kLeaveNotValid = "leave it NOT VALID in the desired schema: what is written obeys it all the same";

// ALTER DOMAIN … VALIDATE CONSTRAINT, ADD CHECK and SET NOT NULL take SHARE on every user and read it until the end of the transaction
// (typecmds.c, get_rels_with_domain; seen on 14 to 18): writers wait. No form of them takes a weaker lock.
std::vector<effects::Effect> tests_rows(Planner& p, Action& action, const ObjectId& domain, const std::string& what, const std::string& instead) {
  std::vector<effects::Effect> out;
  if (const std::optional<ObjectId> holder = holds_inside(p, domain)) {
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
  if (const std::optional<ObjectId> holder = holds_inside(p, domain)) {
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
    operation.step.notes.push_back(fmt::format(
        "a rollback validates {} under SHARE on {}: writers wait while the rows are read; no form of it takes a weaker lock. The CHECK is there before, NOT VALID: "
        "who would rather have it so stops there",
        describe(id), names));
  }
  return p.operations.size() - 1;
}

}  // namespace

void plan_domains(Planner& p) {
  for (const auto& [id, aspects] : p.altered) {
    if (id.kind != Kind::domain || p.done.contains(id)) continue;
    const Object& a = p.from.objects.at(id);
    const Object& b = p.to.objects.at(id);
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
