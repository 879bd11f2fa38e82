// SPDX-License-Identifier: Apache-2.0
#include "cli/check_sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/pattern.h"
#include "base/text.h"
#include "sql/name.h"

namespace contraflow::cli {
namespace {

using catalog::Database;
using catalog::Kind;
using catalog::Object;

// "pg_read_all_data" and its like are on every server that has them; "" is PUBLIC.
std::map<std::string, std::string> roles_needed(const Database& database) {
  std::map<std::string, std::string> out;  // role -> what for
  const auto need = [&](const std::string& role, std::string_view what, const Object& object) {
    if (!role.empty() && !out.contains(role)) out.emplace(role, fmt::format("{} {}", what, catalog::describe(object.id)));
  };
  for (const auto& [id, object] : database.objects) {
    need(object.owner, "owner of", object);
    for (const catalog::Grant& grant : object.grants) {
      if (!out.contains(grant.grantee)) need(grant.grantee, grant.privilege + " on", object);
    }
    if (id.kind == Kind::default_privileges) need(id.relation, "role of", object);
    if (const auto* policy = std::get_if<catalog::Policy>(&object.body)) {
      for (const std::string& role : policy->roles) need(role, "role of", object);
    }
  }
  return out;
}

}  // namespace

void require_schemas(const std::vector<std::string>& patterns, const Database& from, const Database& to) {
  if (patterns.empty()) return;
  std::vector<std::string> names;
  for (const Database* database : {&from, &to}) {
    for (const auto& [id, object] : database->objects) {
      const std::string& name = id.kind == Kind::schema ? id.name : id.schema;
      if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  for (const std::string& pattern : patterns) {
    if (std::any_of(names.begin(), names.end(), [&](const std::string& name) { return matches_pattern(name, pattern); })) continue;
    throw Error(ErrorCode::usage, fmt::format("--schema {}: neither side has a schema of that name", pattern), "schemas are named as in the catalog, without quotes; * stands for any characters");
  }
}

void warn_of_idle_excludes(Console& console, const std::vector<std::string>& patterns, const std::set<std::string>& excluding) {
  for (const std::string& pattern : patterns) {
    if (excluding.contains(pattern)) continue;
    console.note(fmt::format("warning: --exclude {} leaves nothing out: neither side has an object of that name (SCHEMA, SCHEMA.OBJECT or KIND:NAME as in the catalog, without quotes; * stands for any characters)",
                             pattern));
  }
}

void require_roles(const catalog::LoadedSource& from, const catalog::LoadedSource& to) {
  if (!from.live) return;
  std::vector<std::string> missing, create;
  const Location* where = nullptr;
  for (const auto& [role, what] : roles_needed(to.database)) {
    if (from.database.roles.contains(role)) continue;
    missing.push_back(fmt::format("role {} does not exist on the server of --from ({})", sql::quote_identifier(role), what));
    create.push_back(fmt::format("CREATE ROLE {};", sql::quote_identifier(role)));
    const auto place = to.made_roles.find(role);
    if (place != to.made_roles.end() && where == nullptr) where = &place->second;
  }
  if (missing.empty()) return;
  const Error error(ErrorCode::refused, join(missing, "; "), "create it there first, with the rights that it is to have: " + join(create, " "));
  throw where != nullptr ? error.at(*where) : error;
}

void warn_of_nothing(Console& console, const Database& from, const Database& to) {
  // What people mean by a schema's contents; an empty database has objects too (members of extensions, the language plpgsql).
  const auto is_content = [](const auto& entry) {
    const catalog::ObjectId& id = entry.first;
    const bool content = id.kind == Kind::table || id.kind == Kind::view || id.kind == Kind::materialized_view || id.kind == Kind::foreign_table || id.kind == Kind::sequence ||
                         id.kind == Kind::enum_type || id.kind == Kind::domain || id.kind == Kind::composite_type || id.kind == Kind::routine;
    return content && id.schema != "pg_catalog";
  };
  if (std::any_of(to.objects.begin(), to.objects.end(), is_content)) return;
  if (const auto count = std::count_if(from.objects.begin(), from.objects.end(), is_content); count != 0) {
    console.note(fmt::format("note: the desired schema holds nothing: this plan takes away what is there, {} (tables, views, sequences, types, functions)", count_of(static_cast<long long>(count), "object")));
  }
}

}  // namespace contraflow::cli
