// SPDX-License-Identifier: Apache-2.0
#include "catalog/object_id.h"

#include "sql/name.h"

namespace contraflow::catalog {

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::schema:
      return "schema";
    case Kind::extension:
      return "extension";
    case Kind::language:
      return "language";
    case Kind::collation:
      return "collation";
    case Kind::conversion:
      return "conversion";
    case Kind::enum_type:
      return "enum type";
    case Kind::shell_type:
      return "shell type";
    case Kind::base_type:
      return "base type";
    case Kind::domain:
      return "domain";
    case Kind::composite_type:
      return "composite type";
    case Kind::range_type:
      return "range type";
    case Kind::routine:
      return "routine";
    case Kind::aggregate:
      return "aggregate";
    case Kind::operator_:
      return "operator";
    case Kind::operator_family:
      return "operator family";
    case Kind::operator_class:
      return "operator class";
    case Kind::cast:
      return "cast";
    case Kind::transform:
      return "transform";
    case Kind::access_method:
      return "access method";
    case Kind::text_search_parser:
      return "text search parser";
    case Kind::text_search_template:
      return "text search template";
    case Kind::text_search_dictionary:
      return "text search dictionary";
    case Kind::text_search_configuration:
      return "text search configuration";
    case Kind::foreign_data_wrapper:
      return "foreign-data wrapper";
    case Kind::foreign_server:
      return "server";
    case Kind::user_mapping:
      return "user mapping";
    case Kind::sequence:
      return "sequence";
    case Kind::table:
      return "table";
    case Kind::foreign_table:
      return "foreign table";
    case Kind::column:
      return "column";
    case Kind::view:
      return "view";
    case Kind::materialized_view:
      return "materialized view";
    case Kind::constraint:
      return "constraint";
    case Kind::domain_constraint:
      return "domain constraint";
    case Kind::index:
      return "index";
    case Kind::statistics:
      return "statistics";
    case Kind::rule:
      return "rule";
    case Kind::trigger:
      return "trigger";
    case Kind::policy:
      return "policy";
    case Kind::event_trigger:
      return "event trigger";
    case Kind::publication:
      return "publication";
    case Kind::subscription:
      return "subscription";
    case Kind::default_privileges:
      return "default privileges";
    case Kind::large_object:
      return "large object";
    case Kind::privileges:
      return "privileges";
  }
  return "object";
}

namespace {

std::string qualified(const std::string& schema, const std::string& name) {
  return sql::quote(sql::QualifiedName{schema, name});
}

}  // namespace

std::string describe(const ObjectId& id) {
  const std::string kind(kind_name(id.kind));
  switch (id.kind) {
    case Kind::column:
      return kind + " " + qualified(id.schema, id.relation) + "." + sql::quote_identifier(id.name);
    case Kind::constraint:
    case Kind::domain_constraint:
    case Kind::rule:
    case Kind::trigger:
    case Kind::policy:
      return kind + " " + sql::quote_identifier(id.name) + " on " + qualified(id.schema, id.relation);
    case Kind::routine:
    case Kind::aggregate:
      return kind + " " + qualified(id.schema, id.name) + "(" + id.arguments + ")";
    case Kind::operator_:
      // An operator's name is never quoted: its characters cannot be part of an identifier.
      return kind + " " + (id.schema.empty() ? "" : sql::quote_identifier(id.schema) + ".") + id.name + "(" +
             id.arguments + ")";
    case Kind::operator_class:
    case Kind::operator_family:
      return kind + " " + qualified(id.schema, id.name) + " using " + sql::quote_identifier(id.arguments);
    case Kind::cast:
      return kind + " (" + id.name + ")";
    case Kind::transform:
      return kind + " " + id.name;
    case Kind::user_mapping:
      return kind + " for " + sql::quote_identifier(id.name) + " on server " +
             sql::quote_identifier(id.relation);
    case Kind::privileges:
      return kind + " on " + id.name + (id.arguments.empty() ? "" : "." + sql::quote_identifier(id.arguments));
    case Kind::default_privileges:
      return kind + " of " + sql::quote_identifier(id.relation) + " on " + id.name +
             (id.schema.empty() ? "" : " in schema " + sql::quote_identifier(id.schema));
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
    case Kind::large_object:
      return kind + " " + qualified(id.schema, id.name);
  }
  return kind;
}

ObjectId relation_id(Kind kind, const std::string& schema, const std::string& name) {
  return {kind, schema, {}, name, {}};
}

ObjectId column_id(const std::string& schema, const std::string& table, const std::string& column) {
  return {Kind::column, schema, table, column, {}};
}

}  // namespace contraflow::catalog
