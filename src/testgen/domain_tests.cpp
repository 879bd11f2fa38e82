// SPDX-License-Identifier: Apache-2.0
#include "testgen/domain_tests.h"

#include <fmt/format.h>

#include <algorithm>

namespace contraflow::testgen {
namespace {

using catalog::Domain;
using catalog::DomainConstraint;
using catalog::Kind;
using catalog::ObjectId;

// Checks by name and NOT NULL, as far as new values meet them; nothing where there is no such domain.
std::optional<std::map<std::string, std::string>> rules_in(const Database& database, const ObjectId& id) {
  const auto* domain = database.find_body<Domain>(id);
  if (domain == nullptr) return std::nullopt;
  std::map<std::string, std::string> out;
  if (domain->not_null) out[""] = "NOT NULL";
  for (const auto& [part, object] : database.objects) {
    if (part.kind == Kind::domain_constraint && part.schema == id.schema && part.relation == id.name) {
      std::string definition = std::get<DomainConstraint>(object.body).definition;
      if (const std::size_t at = definition.rfind(" NOT VALID"); at != std::string::npos) definition.resize(at);
      out[part.name] = definition;
    }
  }
  return out;
}

// The states before and after which it is the one and the other: [first change, last change].
std::pair<State, State> change_of(const World& world, const std::string& name) {
  State first = 99, last = 0;
  for (const plan::Step& step : world.plan.steps) {
    for (const std::string& statement : step.forward.statements) {
      const bool made = statement.starts_with(fmt::format("CREATE DOMAIN {} ", name));
      const std::string before = fmt::format("ALTER DOMAIN {} ", name);
      const std::string rest = statement.starts_with(before) ? statement.substr(before.size()) : std::string();
      bool changed = false;
      for (const char* action : {"ADD CONSTRAINT ", "DROP CONSTRAINT ", "SET NOT NULL", "DROP NOT NULL", "RENAME TO "}) changed = changed || rest.starts_with(action);
      if (!made && !changed) continue;
      first = std::min(first, after(step.phase));
      last = std::max(last, after(step.phase));
    }
  }
  return last == 0 ? std::pair{State{1}, world.shape.last} : std::pair{first, last};
}

}  // namespace

void domain_tests(World& world, TestFile& file, State state) {
  for (const auto& [id, object] : world.desired.database().objects) {
    if (id.kind != Kind::domain) continue;
    const auto old_rules = rules_in(world.before.database(), id), new_rules = rules_in(world.desired.database(), id);
    if (old_rules == new_rules) continue;
    const std::string name = sql::quote(QualifiedName{id.schema, id.name});
    const auto [first, last] = change_of(world, name);
    if (!old_rules && state < last) continue;      // it is not there yet
    if (state >= first && state < last) continue;  // one change of several is made
    RowMaker& rows = state < first ? world.before : world.desired;
    RowMaker& others = state < first ? world.desired : world.before;
    std::vector<std::string> values{"NULL"};
    for (const char* text : {"none of them", "x@y.z", "", "ABC", "abc", "-1", "0", "1", "30000", "1000000", "2999-12-31", "true", "{}", "[]"}) values.push_back(sql::quote_literal(text));
    for (const std::size_t length : {300, 600, 1000}) values.push_back(sql::quote_literal(std::string(length, 'x')));
    std::set<std::pair<std::string, std::string>> seen;  // one value of each way to be taken here and there
    bool any = false;
    for (const std::string& value : values) {
      const std::string statement = fmt::format("SELECT {}::{}", value, name);
      const std::string here = rows.refusal(statement).value_or(""), there = old_rules ? others.refusal(statement).value_or("") : "";
      const auto by_rule = [](const std::string& sqlstate) { return sqlstate.empty() || sqlstate == "23514" || sqlstate == "23502"; };
      if (!by_rule(here) || !by_rule(there) || !seen.insert({here, there}).second) continue;
      if (!any) file.heading(name);
      any = true;
      const std::string shown = value.size() > 40 ? fmt::format("a text of {} characters", value.size() - 2) : value;
      if (here.empty())
        file.lives(statement, fmt::format("{} takes {}", name, shown));
      else
        file.refuses(statement, here, fmt::format("{} refuses {}", name, shown));
    }
  }
}

}  // namespace contraflow::testgen
