// SPDX-License-Identifier: Apache-2.0
#include "plan/strategies/reference_parts.h"

#include <fmt/format.h>

#include "catalog/ddl.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

std::string statement(const Database& database, const ObjectId& id, const std::string& what) {
  return fmt::format("{} {} CONSTRAINT {}", alter_table(database, id.schema, id.relation), what, sql::quote_identifier(id.name));
}

std::string without_not_valid(const std::string& definition) {
  constexpr std::string_view kNotValid = " NOT VALID";
  return definition.ends_with(kNotValid) ? definition.substr(0, definition.size() - kNotValid.size()) : definition;
}

}  // namespace

std::vector<ReferencePart> reference_parts(const Database& database, const Object& key) {
  std::vector<ReferencePart> out;
  const auto* body = std::get_if<Constraint>(&key.body);
  const auto* home = database.find_body<Table>(ObjectId{Kind::table, key.id.schema, "", key.id.relation, ""});
  if (!body || body->type != ConstraintType::foreign_key || !home || !home->partitioned) return out;
  for (const QualifiedName& name : Planner::descendants(database, {key.id.schema, key.id.relation})) {
    const auto* table = database.find_body<Table>(ObjectId{Kind::table, name.schema, "", name.name, ""});
    if (!table) continue;
    for (const Object* member : Planner::members(database, ObjectId{Kind::table, name.schema, "", name.name, ""})) {
      const auto* copy = std::get_if<Constraint>(&member->body);
      if (!copy || copy->type != ConstraintType::foreign_key || !copy->inherited || copy->local || copy->definition != body->definition) continue;
      out.push_back({member->id, !table->partitioned});
      break;
    }
  }
  return out;
}

ReferenceReturn reference_return(const Database& database, const Object& key) {
  ReferenceReturn out;
  const auto& body = std::get<Constraint>(key.body);
  const std::vector<ReferencePart> parts = reference_parts(database, key);
  const auto remove = [&](const ObjectId& id) {
    out.remove.push_back(fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter_table(database, id.schema, id.relation), sql::quote_identifier(id.name)));
  };
  remove(key.id);
  const std::string definition = without_not_valid(body.definition);
  const auto add_not_valid = [&](const Object& object) {
    out.add.push_back(fmt::format("{} {} NOT VALID", statement(database, object.id, "ADD"), definition));
    append(out.add, describe_state(object, database));
  };
  const auto validate_later = [&](const ObjectId& id) {
    out.later.push_back({id, scan({statement(database, id, "VALIDATE")}, all_of({exists(id), negate(constraint_is_validated(id))}))});
  };
  const auto* home = database.find_body<Table>(ObjectId{Kind::table, key.id.schema, "", key.id.relation, ""});
  if (!home || !home->partitioned) {
    add_not_valid(key);
    if (body.validated) validate_later(key.id);
    return out;
  }
  Statements join{fmt::format("{} {}", statement(database, key.id, "ADD"), definition)};
  append(join, describe_state(key, database));
  for (const ReferencePart& part : parts) {
    const Object& object = database.objects.at(part.id);
    if (part.leaf) {
      remove(part.id);
      add_not_valid(object);
      validate_later(part.id);
    } else if (part.id.name != key.id.name) {
      join.push_back(fmt::format("{} TO {}", statement(database, {Kind::constraint, part.id.schema, part.id.relation, key.id.name, ""}, "RENAME"), sql::quote_identifier(part.id.name)));
    }
  }
  out.later.push_back({key.id, brief(std::move(join), absent(key.id))});
  return out;
}

}  // namespace contraflow::plan
