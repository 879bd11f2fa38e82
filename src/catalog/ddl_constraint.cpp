// SPDX-License-Identifier: Apache-2.0
//
// Constraints and indexes: what backs what, and what a partitioned parent makes by itself.
#include <fmt/format.h>

#include "catalog/ddl_parts.h"

namespace contraflow::catalog::parts {

const Object* backing_index(const Object& constraint, const Database& database) {
  const auto& body = std::get<Constraint>(constraint.body);
  if (body.index_name.empty()) return nullptr;
  return database.find(ObjectId{Kind::index, constraint.id.schema, "", body.index_name, ""});
}

std::string attach_index(const QualifiedName& parent, const QualifiedName& child) {
  return fmt::format("ALTER INDEX {} ATTACH PARTITION {}", sql::quote(parent), sql::quote(child));
}

Statements create_constraint(const Object& object, const Database& database) {
  const auto& constraint = std::get<Constraint>(object.body);
  const ObjectId& id = object.id;
  auto add = [&](bool only) {
    return fmt::format("ALTER TABLE {}{} ADD CONSTRAINT {} {}", only ? "ONLY " : "", quoted_relation(id),
                       sql::quote_identifier(id.name), constraint.definition);
  };
  switch (constraint.type) {
    case ConstraintType::check:
    case ConstraintType::not_null:
      // ONLY is refused where there are children, unless it is NO INHERIT.
      if (constraint.inherited && !constraint.local) return {};
      return {add(false)};
    case ConstraintType::foreign_key: {
      if (constraint.inherited && !constraint.local) return {};
      // "cannot use ONLY for foreign key on partitioned table": its partitions get theirs with it.
      const auto* table = database.find_body<Table>(relation_id(Kind::table, id.schema, id.relation));
      return {add(!table || !table->partitioned)};
    }
    case ConstraintType::primary_key:
    case ConstraintType::unique:
    case ConstraintType::exclusion: {
      Statements statements{add(true)};
      const Object* index = backing_index(object, database);
      if (!index) return statements;
      // pg_get_constraintdef() leaves out the index's storage parameters and tablespace.
      const auto& body = std::get<Index>(index->body);
      const std::string name = quoted_name(index->id);
      if (!body.options.empty())
        statements.push_back(fmt::format("ALTER INDEX {} SET ({})", name, options_list(body.options)));
      if (!body.tablespace.empty())
        statements.push_back(
            fmt::format("ALTER INDEX {} SET TABLESPACE {}", name, sql::quote_identifier(body.tablespace)));
      if (body.parent) statements.push_back(attach_index(*body.parent, {index->id.schema, index->id.name}));
      return statements;
    }
    case ConstraintType::trigger:
      return {};  // CREATE CONSTRAINT TRIGGER makes it
  }
  return {};
}

Statements create_index(const Object& object, const Database&) {
  const auto& index = std::get<Index>(object.body);
  if (!index.constraint.empty()) return {};
  Statements statements{without_semicolon(index.definition)};
  // pg_get_indexdef() leaves out the tablespace, whose place is before the predicate.
  if (!index.tablespace.empty()) {
    if (index.predicate.empty())
      statements[0] += " TABLESPACE " + sql::quote_identifier(index.tablespace);
    else
      statements.push_back(fmt::format("ALTER INDEX {} SET TABLESPACE {}", quoted_name(object.id),
                                       sql::quote_identifier(index.tablespace)));
  }
  if (index.parent) statements.push_back(attach_index(*index.parent, {object.id.schema, object.id.name}));
  return statements;
}

}  // namespace contraflow::catalog::parts
