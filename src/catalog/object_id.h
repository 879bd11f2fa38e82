// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace contraflow::catalog {

// Object kinds, in PostgreSQL's words. The order is the order in which kinds are created when nothing else decides.
enum class Kind {
  schema,
  extension,
  language,
  collation,
  conversion,
  enum_type,
  shell_type,
  base_type,
  domain,
  composite_type,
  range_type,
  routine,  // function, procedure or window function
  aggregate,
  operator_,
  operator_family,
  operator_class,
  cast,
  transform,
  access_method,
  text_search_parser,
  text_search_template,
  text_search_dictionary,
  text_search_configuration,
  foreign_data_wrapper,
  foreign_server,
  user_mapping,
  sequence,
  table,
  foreign_table,
  column,
  view,
  materialized_view,
  constraint,         // of a table or foreign table
  domain_constraint,  // of a domain
  index,
  statistics,
  rule,
  trigger,
  policy,
  event_trigger,
  publication,
  subscription,
  default_privileges,
  large_object,
  privileges,  // on what is not an object of the model: of pg_catalog, of an extension
};

// The word that SQL and messages use: "materialized view", "text search parser".
std::string_view kind_name(Kind kind);

// Identity of an object by name: no OIDs, so that it compares across databases.
//
//   kind                       schema    relation            name             arguments
//   schema, extension, …       -         -                   name             -
//   table, view, index, type   schema    -                   name             -
//   column, constraint,
//   rule, trigger, policy      schema    table or view       name             -
//   domain_constraint          schema    domain              name             -
//   routine, aggregate         schema    -                   name             identity argument types "integer, text"
//   operator_                  schema    -                   name             "integer, text" ("NONE" for an absent side)
//   operator_class, _family    schema    -                   name             access method
//   cast                       -         -                   "source AS target"  -
//   transform                  -         -                   "FOR type LANGUAGE language"  -
//   user_mapping               -         server              user ("public")  -
//   default_privileges         schema?   role                "tables", …      -
//   privileges                 schema    -                   "FUNCTION a.b()" column, where it is one
struct ObjectId {
  Kind kind{};
  std::string schema;
  std::string relation;
  std::string name;
  std::string arguments;
  auto operator<=>(const ObjectId&) const = default;
};

// For messages and reports: `column public.users.email`, `routine public.f(integer)`.
std::string describe(const ObjectId& id);

// The table, view or domain that a column, constraint, rule, trigger or policy belongs to: kind and name are the
// caller's to know for views, so the relation's kind is given.
ObjectId relation_id(Kind kind, const std::string& schema, const std::string& name);
ObjectId column_id(const std::string& schema, const std::string& table, const std::string& column);

}  // namespace contraflow::catalog
