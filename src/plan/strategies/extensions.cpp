// SPDX-License-Identifier: Apache-2.0
#include "plan/strategies/extensions.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "catalog/alter.h"
#include "catalog/ddl.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

bool leads_to(const Planner& p, const ObjectId& id, const std::string& from, const std::string& to) {
  auto it = p.options.extension_updates.find(id.name);
  return it != p.options.extension_updates.end() && it->second.contains({from, to});
}

// What of either schema needs the extension: the first few, for people.
std::vector<std::string> users_of(const Planner& p, const ObjectId& id) {
  std::set<ObjectId> users;
  for (const Database* database : {&p.from, &p.to}) {
    for (const auto& [other, object] : database->objects) {
      if (other.kind != Kind::privileges && object.depends_on.contains(id)) users.insert(other);
    }
  }
  std::vector<std::string> out;
  for (const ObjectId& user : users) {
    if (out.size() == 3) {
      out.push_back(fmt::format("{} more", users.size() - 3));
      break;
    }
    out.push_back(describe(user));
  }
  return out;
}

}  // namespace

void change_extension(Planner& p, const ObjectId& id) {
  const bool updated = p.claim(id, Aspect::version), moved = p.claim(id, Aspect::home_schema);
  if (!updated && !moved) return;
  const Extension &a = std::get<Extension>(p.from.objects.at(id).body), &b = std::get<Extension>(p.to.objects.at(id).body);
  const std::vector<std::string> users = users_of(p, id);
  if (moved && !a.relocatable) {
    p.refuse(fmt::format("{} is not relocatable and cannot be moved to schema {}", describe(id), sql::quote_identifier(b.schema)));
    return;
  }
  if (moved && !users.empty()) {
    p.refuse(fmt::format("{} moves to schema {}: what needs it calls its objects by that name afterwards, which is not planned ({}); run ALTER EXTENSION {} SET SCHEMA {} in a plan of its own",
                         describe(id), sql::quote_identifier(b.schema), contraflow::join(users, ", "), quoted_name(id), sql::quote_identifier(b.schema)));
    return;
  }
  if (updated && !leads_to(p, id, a.version, b.version)) {
    p.refuse(fmt::format("{} cannot be updated from {} to {}: this server has no script for it", describe(id), a.version, b.version));
    return;
  }
  Statements forward = *alter_extension(id, a, b), back;
  std::vector<std::string> notes;
  const Object& before = p.from.objects.at(id);
  if (updated && !leads_to(p, id, b.version, a.version)) {
    if (!users.empty()) {
      p.refuse(fmt::format("{} would be updated from {} to {} with no way back: this server has no script from {} to {}, and it cannot be made anew while {} need it", describe(id), a.version,
                           b.version, b.version, a.version, contraflow::join(users, ", ")));
      return;
    }
    back.push_back("DROP EXTENSION IF EXISTS " + quoted_name(id));
    back.push_back(fmt::format("CREATE EXTENSION {} WITH SCHEMA {} VERSION {}", quoted_name(id), sql::quote_identifier(a.schema), sql::quote_literal(a.version)));
    append(back, describe_state(before, p.from));
    for (const auto& [other, object] : p.from.objects) {
      if (other.kind == Kind::privileges && object.depends_on.contains(id)) append(back, create_all(object, p.from));
    }
    notes.push_back(fmt::format("no script leads {} back from {} to {}: on the way back it is dropped and made anew, and what its own tables hold is lost", describe(id), b.version, a.version));
  } else {
    back = *alter_extension(id, b, a);
  }
  const auto is = [&](const Extension& extension) {
    return fmt::format("EXISTS (SELECT FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE extname = {} AND extversion = {} AND nspname = {})",
                       sql::quote_literal(id.name), sql::quote_literal(extension.version), sql::quote_literal(extension.schema));
  };
  Operation& operation = p.add(Phase::expand, updated ? "update" : "move", id, brief(std::move(forward), negate(is(b))), brief(std::move(back), negate(is(a))));
  operation.needs = p.to.objects.at(id).depends_on;
  operation.detaches.insert(id);
  operation.provides.insert(id);
  operation.groupable = false;
  operation.step.notes = std::move(notes);
}

}  // namespace contraflow::plan
