// SPDX-License-Identifier: Apache-2.0
//
// What every kind of object has: owner, privileges, comment, labels.
#include "plan/strategies/common_aspects.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/alter.h"
#include "catalog/ddl.h"

namespace contraflow::plan {

using namespace catalog;

// What is taken away is taken away in contract.
Phase privileges_phase(const std::vector<Grant>& from, const std::vector<Grant>& to) {
  const bool revokes = std::any_of(from.begin(), from.end(), [&](const Grant& grant) { return std::find(to.begin(), to.end(), grant) == to.end(); });
  return revokes ? Phase::contract : Phase::expand;
}

Statements view_column_state(const Object& object) {
  const auto* view = std::get_if<View>(&object.body);
  const auto& columns = view ? view->columns : std::get<MaterializedView>(object.body).columns;
  Statements out;
  for (const ViewColumn& column : columns) {
    const std::string name = sql::quote_identifier(column.name);
    out.push_back(fmt::format("COMMENT ON COLUMN {}.{} IS {}", quoted_name(object.id), name, column.comment ? sql::quote_literal(*column.comment) : "NULL"));
    if (view) {
      out.push_back(fmt::format("ALTER VIEW {} ALTER COLUMN {} {}", quoted_name(object.id), name,
                                column.default_expression.empty() ? "DROP DEFAULT" : "SET DEFAULT " + column.default_expression));
    }
  }
  return out;
}

Statements view_column_grants(const Object& from, const Object& to) {
  const auto columns = [](const Object& object) -> const std::vector<ViewColumn>& {
    const auto* view = std::get_if<View>(&object.body);
    return view ? view->columns : std::get<MaterializedView>(object.body).columns;
  };
  Statements out;
  for (const ViewColumn& column : columns(to)) {
    std::vector<Grant> before;
    for (const ViewColumn& old_column : columns(from)) {
      if (old_column.name == column.name) before = old_column.grants;
    }
    Object stand_in;
    stand_in.id = column_id(to.id.schema, to.id.name, column.name);
    stand_in.owner = to.owner;
    stand_in.body = Column{};
    for (std::string& statement : alter_grants(stand_in, before, column.grants)) out.push_back(std::move(statement));
  }
  return out;
}

namespace {

std::string owner_of_table(const Database& database, const ObjectId& column) {
  const Object* relation = Planner::relation(database, column.schema, column.relation);
  return relation ? relation->owner : std::string();
}

// REVOKE on a table or view takes the same privileges on its columns along: they are granted again.
Statements with_column_grants(const Object& object, const Database& database, Statements statements) {
  const bool revokes = std::any_of(statements.begin(), statements.end(), [](const std::string& statement) { return statement.find("REVOKE") != std::string::npos; });
  if (!revokes || !Planner::is_relation(object.id.kind)) return statements;
  const auto grant = [&](const Object& column) {
    // In the order in which pg_dump writes them: who has kept its own stands before who has lost it.
    const bool several = std::any_of(column.grants.begin(), column.grants.end(), [&](const Grant& one) { return one.grantee != column.grants.front().grantee; });
    if (several) append(statements, alter_grants(column, column.grants, {}, object.owner));
    for (std::string& statement : alter_grants(column, {}, column.grants, object.owner)) statements.push_back(std::move(statement));
  };
  if (object.id.kind == Kind::table || object.id.kind == Kind::foreign_table) {
    for (const Object* member : Planner::members(database, object.id)) {
      if (member->id.kind == Kind::column) grant(*member);
    }
    return statements;
  }
  const auto* view = std::get_if<View>(&object.body);
  for (const ViewColumn& column : view ? view->columns : std::get<MaterializedView>(object.body).columns) {
    Object stand_in;
    stand_in.id = column_id(object.id.schema, object.id.name, column.name);
    stand_in.grants = column.grants;
    stand_in.body = Column{};
    grant(stand_in);
  }
  return statements;
}

// As alter_grants(), in the order in which pg_dump writes them: who has kept privileges and stands behind somebody who gets some is granted them again.
Statements alter_grants_in_order(const Object& object, const std::vector<Grant>& from, const std::vector<Grant>& to, const std::string& owner) {
  const auto has = [&](const Grant& grant) { return std::any_of(from.begin(), from.end(), [&](const Grant& one) { return one.grantee == grant.grantee; }); };
  const auto new_first = std::min_element(to.begin(), to.end(), [&](const Grant& a, const Grant& b) { return std::pair(has(a), a.rank) < std::pair(has(b), b.rank); });
  const bool by_owner = std::all_of(to.begin(), to.end(), [&](const Grant& grant) { return grant.grantor == owner; }) && std::all_of(from.begin(), from.end(), [&](const Grant& grant) { return grant.grantor == owner; });
  if (!by_owner || new_first == to.end() || has(*new_first)) return alter_grants(object, from, to, owner);
  std::vector<Grant> kept;
  for (const Grant& grant : to) {
    if (has(grant) && (grant.rank < new_first->rank || grant.grantee == owner) && std::find(from.begin(), from.end(), grant) != from.end()) kept.push_back(grant);
  }
  const bool all_kept = std::none_of(to.begin(), to.end(), [&](const Grant& grant) { return has(grant) && grant.rank > new_first->rank && grant.grantee != owner; });
  if (all_kept) return alter_grants(object, from, to, owner);
  Statements out = alter_grants(object, from, kept, owner);
  append(out, alter_grants(object, kept, to, owner));
  return out;
}

// Also where there is none any more.
Statements alter_comment(const Object& to) {
  return {fmt::format("COMMENT ON {} IS {}", reference(to), to.comment ? sql::quote_literal(*to.comment) : "NULL")};
}

}  // namespace

void alter_common(Planner& p, const ObjectId& id) {
  const Object& a = p.from.objects.at(id);
  const Object& b = p.to.objects.at(id);
  const auto step = [&](Phase phase, const char* verb, effects::LockMode lock, Statements forward, Statements back) -> void {
    if (forward.empty() && back.empty()) return;
    Operation& operation = p.add(phase, verb, id, brief(std::move(forward)), brief(std::move(back)));
    if (lock == effects::LockMode::none) operation.step.effects.clear();
    for (effects::Effect& effect : operation.step.effects) effect.lock = lock;
    operation.needs.insert(id);
    operation.detaches.insert(id);
    for (const ObjectId& dependency : b.depends_on) {
      if (dependency.kind == Kind::schema) operation.needs.insert(dependency);
    }
  };
  if (p.claim(id, Aspect::owner)) step(Phase::expand, "set the owner of", effects::LockMode::access_exclusive, alter_owner(b), alter_owner(a));
  if (p.claim(id, Aspect::grants)) {
    if (id.kind == Kind::default_privileges) {
      step(Phase::expand, "change", effects::LockMode::none, alter_default_privileges(&a, &b), alter_default_privileges(&b, &a));
    } else {
      const std::string owner = id.kind == Kind::column ? owner_of_table(p.to, id) : b.owner;
      const std::string old_owner = id.kind == Kind::column ? owner_of_table(p.from, id) : a.owner;
      // After a change of owner the privileges are those of the new owner's making.
      const auto handed_over = [](std::vector<Grant> grants, const std::string& from, const std::string& to) {
        if (from == to) return grants;
        for (Grant& grant : grants) {
          if (grant.grantor == from) grant.grantor = to;
          if (grant.grantee == from) grant.grantee = to;
        }
        std::sort(grants.begin(), grants.end());
        return grants;
      };
      const std::vector<Grant> from = handed_over(a.grants, old_owner, owner), back_from = handed_over(b.grants, owner, old_owner);
      step(old_owner == owner ? privileges_phase(from, b.grants) : Phase::expand, id.kind == Kind::privileges ? "change the" : "change the privileges on", effects::LockMode::none, with_column_grants(b, p.to, alter_grants_in_order(b, from, b.grants, owner)),
           with_column_grants(a, p.from, alter_grants_in_order(a, back_from, a.grants, old_owner)));
    }
  }
  if (p.claim(id, Aspect::comment)) step(Phase::expand, "comment on", effects::LockMode::share_update_exclusive, alter_comment(b), alter_comment(a));
  if (p.claim(id, Aspect::security_labels)) {
    step(Phase::expand, "label", effects::LockMode::share_update_exclusive, alter_security_labels(b, a.security_labels, b.security_labels), alter_security_labels(a, b.security_labels, a.security_labels));
  }
}

}  // namespace contraflow::plan
