// SPDX-License-Identifier: Apache-2.0
#include "plan/strategies/domain_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string_view>

#include "catalog/constraint_name.h"
#include "catalog/ddl.h"
#include "plan/strategies/column_parts.h"
#include "plan/strategies/conversion.h"
#include "plan/strategies/enum_labels.h"
#include "plan/strategies/second_tables.h"
#include "sql/scan.h"

namespace contraflow::plan {

using namespace catalog;

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

namespace {

// `inside`: the type itself stands inside another one.
std::optional<ObjectId> found_inside(const Planner& p, const ObjectId& type, bool inside) {
  const auto it = p.dependents.find(type);
  if (it == p.dependents.end()) return std::nullopt;
  for (const ObjectId& user : it->second) {
    std::optional<ObjectId> found;
    if (user.kind == Kind::column) {
      const bool array = std::get<Column>(p.from.objects.at(user).body).type_base == quoted_name(type) + "[]";
      if (inside || array) found = user;
    } else if (user.kind == Kind::domain) {
      found = found_inside(p, user, inside || std::get<Domain>(p.from.objects.at(user).body).base_type.ends_with("[]"));
    } else if (user.kind == Kind::composite_type || user.kind == Kind::range_type) {
      found = found_inside(p, user, true);
    }
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<ObjectId> holds_inside(const Planner& p, const ObjectId& domain) { return found_inside(p, domain, false); }

std::vector<const Object*> checks_of_domain(const Database& database, const ObjectId& domain) {
  std::vector<const Object*> out;
  if (domain.kind != Kind::domain) return out;
  for (auto it = database.objects.lower_bound(ObjectId{Kind::domain_constraint, domain.schema, domain.name, "", ""}); it != database.objects.end(); ++it) {
    const ObjectId& id = it->first;
    if (id.kind != Kind::domain_constraint || id.schema != domain.schema || id.relation != domain.name) break;
    out.push_back(&it->second);
  }
  return out;
}

Statements make_type_as(const Database& database, const ObjectId& type, const std::string& name) {
  Object made = database.objects.at(type);
  made.id.name = name;
  // From 17 on NOT NULL is a constraint, whose name stays when the domain gets its own.
  if (auto* domain = std::get_if<Domain>(&made.body); domain && domain->not_null && domain->not_null_name.empty() && name != type.name && database.major() >= 17) {
    domain->not_null_name = default_constraint_name(type.name, "", "not_null");
  }
  Statements out = create_all(made, database);
  for (const Object* check : checks_of_domain(database, type)) {
    Object copy = *check;
    copy.id.relation = name;
    append(out, create_all(copy, database));
  }
  return out;
}

std::string domain_is(const Database& database, const ObjectId& domain) {
  const auto& body = std::get<Domain>(database.objects.at(domain).body);
  std::vector<std::string> checks;
  for (const Object* check : checks_of_domain(database, domain)) checks.push_back(sql::quote_literal(check->id.name + " " + std::get<DomainConstraint>(check->body).definition));
  std::sort(checks.begin(), checks.end());
  return fmt::format(
      "EXISTS (SELECT FROM pg_type WHERE oid = to_regtype({}) AND format_type(typbasetype, typtypmod) = {} AND {}typnotnull AND "
      "ARRAY(SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE contypid = pg_type.oid AND contype = 'c' ORDER BY 1) <@ ARRAY[{}]::text[] AND "
      "{} = (SELECT count(*) FROM pg_constraint WHERE contypid = pg_type.oid AND contype = 'c'))",
      sql::quote_literal(quoted_name(domain)), sql::quote_literal(body.base_type), body.not_null ? "" : "NOT ", fmt::join(checks, ", "), checks.size());
}

std::string refused_by_domain(const Database& before, const Database& database, const ObjectId& domain, const std::string& value) {
  const auto *old = before.find_body<Domain>(domain), *now = database.find_body<Domain>(domain);
  if (!old || !now) return {};
  std::vector<std::string> refused;
  if (now->not_null && !old->not_null) refused.push_back(value + " IS NULL");
  for (const Object* check : checks_of_domain(database, domain)) {
    const std::string& definition = std::get<DomainConstraint>(check->body).definition;
    const auto* same = before.find_body<DomainConstraint>(check->id);
    if ((same && same->definition == definition) || !definition.starts_with("CHECK ")) continue;
    std::string condition;
    std::size_t done = std::string_view("CHECK ").size();
    const std::size_t end = definition.ends_with(" NOT VALID") ? definition.size() - std::string_view(" NOT VALID").size() : definition.size();
    for (const sql::Token& token : sql::scan(definition)) {
      if (std::string_view(definition).substr(token.begin, token.end - token.begin) != "VALUE") continue;
      condition += definition.substr(done, token.begin - done) + value;
      done = token.end;
    }
    refused.push_back(condition + definition.substr(done, end - done) + " IS FALSE");
  }
  return any_of(refused);
}

std::string through_base(const Planner& p, const ObjectId& type, const std::string& value, const std::string& type_of_value, const std::string& target, bool back) {
  const auto base_in = [&](const Database& database) { return std::get<Domain>(database.objects.at(type).body).base_type; };
  if (type.kind != Kind::domain || type_of_value != quoted_name(type)) return fmt::format("{}::text{}::{}", value, type_of_value.substr(quoted_name(type).size()), target);
  const std::string base = back ? convert(p.from, value, base_in(p.to), base_in(p.from)).expression : convert(p.to, value, base_in(p.from), base_in(p.to)).expression;
  return base == value ? fmt::format("{}::{}", value, target) : fmt::format("({})::{}", base, target);
}

// Its rows can be told apart in a second table, and it inherits from nothing.
static bool may_be_exchanged(const Planner& p, const ObjectId& table) {
  const ObjectId root = root_of(p.from, table);
  if (key_of_rows(root, p.to, p.from).empty() || key_of_rows(root, p.from, p.to).empty()) return false;
  std::vector<QualifiedName> all = Planner::descendants(p.from, name_of(root));
  all.push_back(name_of(root));
  return std::all_of(all.begin(), all.end(), [&](const QualifiedName& name) {
    const auto* body = p.from.find_body<Table>(table_id(name));
    return body && body->inherits.empty() && (body->partition_of || name == name_of(root));
  });
}

bool tested_by_exchange(const Planner& p, const ObjectId& domain) {
  const auto *before = p.from.find_body<Domain>(domain), *after = p.to.find_body<Domain>(domain);
  if (!before || !after || p.options.allow_blocking.contains("scan")) return false;
  const std::vector<const Object*> checks = checks_of_domain(p.to, domain);
  const bool tests = (after->not_null && !before->not_null) || std::any_of(checks.begin(), checks.end(), [&](const Object* check) {
                       const auto* old = p.from.find_body<DomainConstraint>(check->id);
                       const auto& desired = std::get<DomainConstraint>(check->body);
                       return desired.validated && (!old || *old != desired);
                     });
  const auto users = p.dependents.find(domain);
  if (!tests || users == p.dependents.end()) return false;
  // What is made anew with the domain calls no function that needs it, and nothing else is built on it.
  for (const Database* database : {&p.from, &p.to}) {
    for (const Object* check : checks_of_domain(*database, domain)) {
      if (std::any_of(check->depends_on.begin(), check->depends_on.end(), [&](const ObjectId& id) {
            const Object* needed = database->find(id);
            return id.kind == Kind::routine && needed && needed->depends_on.contains(domain);
          })) return false;
    }
  }
  bool needed = false;
  for (const ObjectId& user : users->second) {
    switch (user.kind) {
      case Kind::column: {
        const Object* table = p.from.find(table_id({user.schema, user.relation}));
        if (!table || !p.to.find(user) || is_partition_column(p.from, user)) return false;
        const bool large = !p.is_small(name_of(table->id)), array = std::get<Column>(p.from.objects.at(user).body).type != quoted_name(domain);
        if (large && !array && !may_be_exchanged(p, table->id)) return false;
        needed = needed || large || array;
        break;
      }
      case Kind::domain:
      case Kind::composite_type:
      case Kind::range_type:
      case Kind::materialized_view:
      case Kind::table: return false;
      default: break;
    }
  }
  return needed;
}

}  // namespace contraflow::plan
