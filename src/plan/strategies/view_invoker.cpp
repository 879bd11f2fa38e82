// SPDX-License-Identifier: Apache-2.0
//
// security_invoker that is switched on takes something away: a role of the deployed version may lack the privileges that only the view's owner has.
#include "catalog/alter.h"
#include "plan/strategies/replace.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

bool by_caller(const Object& object) {
  const auto* view = std::get_if<View>(&object.body);
  if (!view) return false;
  const auto option = view->options.find("security_invoker");
  return option != view->options.end() && option->second != "false" && option->second != "off";
}

}  // namespace

Object still_by_owner(const Object& before, Object after) {
  if (by_caller(after) && std::holds_alternative<View>(before.body) && !by_caller(before)) std::get<View>(after.body).options.erase("security_invoker");
  return after;
}

void by_caller_in_contract(Planner& p, const ObjectId& id) {
  const Object &b = p.to.objects.at(id), until = still_by_owner(p.from.objects.at(id), b);
  if (until == b) return;
  const catalog::Options &options = std::get<View>(until.body).options, &wanted = std::get<View>(b.body).options;
  // pg_dump writes them in the order in which they were set: those that stand after it are set once more.
  catalog::Options first;
  for (const auto& [name, value] : wanted) {
    if (name == "security_invoker") break;
    first[name] = value;
  }
  Statements forward = alter_view_options(id, options, first), back = alter_view_options(id, wanted, first);
  for (std::string& statement : alter_view_options(id, first, wanted)) forward.push_back(std::move(statement));
  for (std::string& statement : alter_view_options(id, first, options)) back.push_back(std::move(statement));
  Operation& operation = p.add(Phase::contract, "set the options of", id, brief(std::move(forward)), brief(std::move(back), exists(id)));
  operation.needs.insert(id);
  operation.detaches.insert(id);
  operation.step.effects = {{{id.schema, id.name}, effects::LockMode::access_exclusive, effects::Work::none}};
}

}  // namespace contraflow::plan
