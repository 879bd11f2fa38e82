// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <stdexcept>

#include "catalog/alter.h"
#include "catalog/ddl_parts.h"

namespace contraflow::catalog {

using namespace parts;

namespace {

// The word before the name in ALTER, COMMENT ON and DROP. Kinds that depend on the body are in keyword().
const char* kind_keyword(Kind kind) {
  switch (kind) {
    case Kind::schema:
      return "SCHEMA";
    case Kind::extension:
      return "EXTENSION";
    case Kind::language:
      return "LANGUAGE";
    case Kind::collation:
      return "COLLATION";
    case Kind::conversion:
      return "CONVERSION";
    case Kind::enum_type:
    case Kind::shell_type:
    case Kind::base_type:
    case Kind::composite_type:
    case Kind::range_type:
      return "TYPE";
    case Kind::domain:
      return "DOMAIN";
    case Kind::routine:
      return "FUNCTION";
    case Kind::aggregate:
      return "AGGREGATE";
    case Kind::operator_:
      return "OPERATOR";
    case Kind::operator_family:
      return "OPERATOR FAMILY";
    case Kind::operator_class:
      return "OPERATOR CLASS";
    case Kind::cast:
      return "CAST";
    case Kind::transform:
      return "TRANSFORM";
    case Kind::access_method:
      return "ACCESS METHOD";
    case Kind::text_search_parser:
      return "TEXT SEARCH PARSER";
    case Kind::text_search_template:
      return "TEXT SEARCH TEMPLATE";
    case Kind::text_search_dictionary:
      return "TEXT SEARCH DICTIONARY";
    case Kind::text_search_configuration:
      return "TEXT SEARCH CONFIGURATION";
    case Kind::foreign_data_wrapper:
      return "FOREIGN DATA WRAPPER";
    case Kind::foreign_server:
      return "SERVER";
    case Kind::user_mapping:
      return "USER MAPPING";
    case Kind::sequence:
      return "SEQUENCE";
    case Kind::table:
      return "TABLE";
    case Kind::foreign_table:
      return "FOREIGN TABLE";
    case Kind::column:
      return "COLUMN";
    case Kind::view:
      return "VIEW";
    case Kind::materialized_view:
      return "MATERIALIZED VIEW";
    case Kind::constraint:
    case Kind::domain_constraint:
      return "CONSTRAINT";
    case Kind::index:
      return "INDEX";
    case Kind::statistics:
      return "STATISTICS";
    case Kind::rule:
      return "RULE";
    case Kind::trigger:
      return "TRIGGER";
    case Kind::policy:
      return "POLICY";
    case Kind::event_trigger:
      return "EVENT TRIGGER";
    case Kind::publication:
      return "PUBLICATION";
    case Kind::subscription:
      return "SUBSCRIPTION";
    case Kind::default_privileges:
      return "DEFAULT PRIVILEGES";
    case Kind::large_object:
      return "LARGE OBJECT";
    case Kind::privileges:
      return {};
  }
  throw std::logic_error("kind without a keyword");
}

const char* keyword(const Object& object) {
  if (const auto* routine = std::get_if<Routine>(&object.body))
    return routine->kind == 'p' ? "PROCEDURE" : "FUNCTION";
  return kind_keyword(object.id.kind);
}

}  // namespace

namespace parts {

std::string quoted_relation(const ObjectId& id) { return sql::quote({id.schema, id.relation}); }

std::string quote_role(const std::string& role) {
  return role.empty() ? "PUBLIC" : sql::quote_identifier(role);
}

std::string join(const std::vector<std::string>& items, std::string_view separator) {
  return fmt::format("{}", fmt::join(items, separator));
}

std::string without_semicolon(std::string_view text) {
  while (!text.empty() && (text.back() == ';' || text.back() == '\n' || text.back() == ' '))
    text.remove_suffix(1);
  return std::string(text);
}

}  // namespace parts

std::string quoted_name(const ObjectId& id) {
  switch (id.kind) {
    case Kind::routine:
      return fmt::format("{}({})", sql::quote({id.schema, id.name}), id.arguments);
    case Kind::aggregate:
      return fmt::format("{}({})", sql::quote({id.schema, id.name}),
                         id.arguments.empty() ? "*" : id.arguments);
    case Kind::operator_:  // an operator's name is never quoted
      return fmt::format("{}.{} ({})", sql::quote_identifier(id.schema), id.name, id.arguments);
    case Kind::operator_class:
    case Kind::operator_family:
      return fmt::format("{} USING {}", sql::quote({id.schema, id.name}),
                         sql::quote_identifier(id.arguments));
    case Kind::cast:
      return fmt::format("({})", id.name);
    case Kind::transform:
    case Kind::large_object:
      return id.name;
    case Kind::user_mapping:
      return fmt::format("FOR {} SERVER {}", id.name == "public" ? "PUBLIC" : sql::quote_identifier(id.name),
                         sql::quote_identifier(id.relation));
    case Kind::column:
      return quoted_relation(id) + "." + sql::quote_identifier(id.name);
    case Kind::constraint:
    case Kind::rule:
    case Kind::trigger:
    case Kind::policy:
      return fmt::format("{} ON {}", sql::quote_identifier(id.name), quoted_relation(id));
    case Kind::domain_constraint:
      return fmt::format("{} ON DOMAIN {}", sql::quote_identifier(id.name), quoted_relation(id));
    case Kind::privileges:
      return id.name;
    case Kind::default_privileges:
      return fmt::format("FOR ROLE {}{} ON {}", sql::quote_identifier(id.relation),
                         id.schema.empty() ? "" : " IN SCHEMA " + sql::quote_identifier(id.schema), id.name);
    case Kind::schema:
    case Kind::extension:
    case Kind::language:
    case Kind::collation:
    case Kind::conversion:
    case Kind::enum_type:
    case Kind::shell_type:
    case Kind::base_type:
    case Kind::domain:
    case Kind::composite_type:
    case Kind::range_type:
    case Kind::access_method:
    case Kind::text_search_parser:
    case Kind::text_search_template:
    case Kind::text_search_dictionary:
    case Kind::text_search_configuration:
    case Kind::foreign_data_wrapper:
    case Kind::foreign_server:
    case Kind::sequence:
    case Kind::table:
    case Kind::foreign_table:
    case Kind::view:
    case Kind::materialized_view:
    case Kind::index:
    case Kind::statistics:
    case Kind::event_trigger:
    case Kind::publication:
    case Kind::subscription:
      return sql::quote({id.schema, id.name});
  }
  throw std::logic_error("kind without a name");
}

std::string reference(const Object& object) {
  return fmt::format("{} {}", keyword(object), quoted_name(object.id));
}

Statements drop(const Object& object, bool if_exists) {
  const ObjectId& id = object.id;
  const char* exists = if_exists ? "IF EXISTS " : "";
  switch (id.kind) {
    case Kind::column: {
      const auto& column = std::get<Column>(object.body);
      if (column.inherited && !column.local) return {};  // goes with the parent's
      return {fmt::format("ALTER TABLE {}{} DROP COLUMN {}{}", exists, quoted_relation(id), exists,
                          sql::quote_identifier(id.name))};
    }
    case Kind::constraint: {
      const auto& constraint = std::get<Constraint>(object.body);
      if (constraint.inherited && !constraint.local) return {};   // goes with the parent's
      if (constraint.type == ConstraintType::trigger) return {};  // goes with the constraint trigger
      return {fmt::format("ALTER TABLE {}{} DROP CONSTRAINT {}{}", exists, quoted_relation(id), exists,
                          sql::quote_identifier(id.name))};
    }
    case Kind::domain_constraint:
      // ALTER DOMAIN has no IF EXISTS for the domain itself.
      return {fmt::format("ALTER DOMAIN {} DROP CONSTRAINT {}{}", quoted_relation(id), exists,
                          sql::quote_identifier(id.name))};
    case Kind::index: {
      const auto& index = std::get<Index>(object.body);
      if (!index.constraint.empty() || index.parent)
        return {};  // goes with the constraint, or the parent's index
      break;
    }
    case Kind::trigger:
      if (std::get<Trigger>(object.body).inherited) return {};  // goes with the parent's
      break;
    case Kind::cast:
    case Kind::user_mapping:
    case Kind::transform:
      return {fmt::format("DROP {} {}{}", keyword(object), exists, quoted_name(id))};
    case Kind::base_type:
      // Its input and output functions need it and it needs them, so that only CASCADE can drop either.
      return {fmt::format("DROP TYPE {}{} CASCADE", exists, quoted_name(id))};
    case Kind::large_object:
      return {fmt::format(
          "SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata WHERE oid = {}",
          id.name)};
    case Kind::default_privileges:
      return alter_default_privileges(&object, nullptr);
    case Kind::subscription:
      // With a slot DROP SUBSCRIPTION asks the publisher to drop it, which no transaction may do: the slot stays there.
      return {fmt::format("ALTER SUBSCRIPTION {} DISABLE", quoted_name(id)), fmt::format("ALTER SUBSCRIPTION {} SET (slot_name = NONE)", quoted_name(id)),
              fmt::format("DROP SUBSCRIPTION {}{}", exists, quoted_name(id))};
    case Kind::privileges:
      return alter_grants(object, object.grants, object.default_grants);
    case Kind::schema:
    case Kind::extension:
    case Kind::language:
    case Kind::collation:
    case Kind::conversion:
    case Kind::enum_type:
    case Kind::shell_type:
    case Kind::domain:
    case Kind::composite_type:
    case Kind::range_type:
    case Kind::routine:
    case Kind::aggregate:
    case Kind::operator_:
    case Kind::operator_family:
    case Kind::operator_class:
    case Kind::access_method:
    case Kind::text_search_parser:
    case Kind::text_search_template:
    case Kind::text_search_dictionary:
    case Kind::text_search_configuration:
    case Kind::foreign_data_wrapper:
    case Kind::foreign_server:
    case Kind::sequence:
    case Kind::table:
    case Kind::foreign_table:
    case Kind::view:
    case Kind::materialized_view:
    case Kind::statistics:
    case Kind::rule:
    case Kind::policy:
    case Kind::event_trigger:
    case Kind::publication:
      break;
  }
  return {fmt::format("DROP {} {}{}", keyword(object), exists, quoted_name(id))};
}

}  // namespace contraflow::catalog
