// SPDX-License-Identifier: Apache-2.0
#include "catalog/rename.h"

#include <fmt/format.h>

#include "base/error.h"
#include "catalog/ddl.h"

namespace contraflow::catalog {

ObjectId enum_value_id(const std::string& schema, const std::string& type, const std::string& label) {
  return {Kind::enum_type, schema, type, label, ""};
}

bool is_enum_value(const ObjectId& id) { return id.kind == Kind::enum_type && !id.relation.empty(); }

ObjectId type_of_value(const ObjectId& value) { return {Kind::enum_type, value.schema, "", value.relation, ""}; }

std::string describe_renamed(const ObjectId& id) {
  if (!is_enum_value(id)) return describe(id);
  return fmt::format("value {} of enum type {}", sql::quote_literal(id.name), sql::quote(QualifiedName{id.schema, id.relation}));
}

std::string rename_statement(const ObjectId& id, const std::string& name) {
  const std::string to = sql::quote_identifier(name), old = sql::quote_identifier(id.name);
  const std::string relation = sql::quote(QualifiedName{id.schema, id.relation}), own = quoted_name(id);
  if (is_enum_value(id)) return fmt::format("ALTER TYPE {} RENAME VALUE {} TO {}", relation, sql::quote_literal(id.name), sql::quote_literal(name));
  switch (id.kind) {
    case Kind::column: return fmt::format("ALTER TABLE {} RENAME COLUMN {} TO {}", relation, old, to);
    case Kind::constraint: return fmt::format("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", relation, old, to);
    case Kind::domain_constraint: return fmt::format("ALTER DOMAIN {} RENAME CONSTRAINT {} TO {}", relation, old, to);
    case Kind::trigger: return fmt::format("ALTER TRIGGER {} ON {} RENAME TO {}", old, relation, to);
    case Kind::rule: return fmt::format("ALTER RULE {} ON {} RENAME TO {}", old, relation, to);
    case Kind::policy: return fmt::format("ALTER POLICY {} ON {} RENAME TO {}", old, relation, to);
    case Kind::schema: return fmt::format("ALTER SCHEMA {} RENAME TO {}", old, to);
    case Kind::table: return fmt::format("ALTER TABLE {} RENAME TO {}", own, to);
    case Kind::foreign_table: return fmt::format("ALTER FOREIGN TABLE {} RENAME TO {}", own, to);
    case Kind::index: return fmt::format("ALTER INDEX {} RENAME TO {}", own, to);
    case Kind::sequence: return fmt::format("ALTER SEQUENCE {} RENAME TO {}", own, to);
    case Kind::domain: return fmt::format("ALTER DOMAIN {} RENAME TO {}", own, to);
    case Kind::statistics: return fmt::format("ALTER STATISTICS {} RENAME TO {}", own, to);
    case Kind::enum_type:
    case Kind::composite_type:
    case Kind::range_type:
    case Kind::base_type: return fmt::format("ALTER TYPE {} RENAME TO {}", own, to);
    default: throw Error(ErrorCode::usage, fmt::format("renaming {} is not supported", describe(id)), "leave the rename out: it is dropped and created under its new name");
  }
}

ObjectId renamed(const ObjectId& id, const std::vector<Renaming>& renames) {
  ObjectId out = id;
  for (const Renaming& renaming : renames) {
    const ObjectId& from = renaming.from;
    if (from == id) {
      out.name = renaming.to.name;
    } else if (from.kind == Kind::schema && from.name == id.schema) {
      out.schema = renaming.to.name;
    } else if (from.relation.empty() && !id.relation.empty() && from.schema == id.schema && from.name == id.relation) {
      const bool has_parts = from.kind == Kind::table || from.kind == Kind::foreign_table || from.kind == Kind::domain || from.kind == Kind::enum_type;
      if (has_parts && (id.kind == Kind::domain_constraint) == (from.kind == Kind::domain) && is_enum_value(id) == (from.kind == Kind::enum_type)) {
        out.relation = renaming.to.name;
      }
    }
  }
  return out;
}

}  // namespace contraflow::catalog
