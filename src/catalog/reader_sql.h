// SPDX-License-Identifier: Apache-2.0
//
// Pieces of SQL that name an object by its OID, qualified and quoted. The reg* types are no help: they
// qualify only what an empty search_path hides, and what a statement needs beside the name differs. Internal
// to the module.
#pragma once

#include <fmt/format.h>

#include <string>

namespace contraflow::catalog::detail {

// schema.name
inline std::string function_name(std::string_view oid) {
  return fmt::format(
      "(SELECT format('%I.%I', fn.nspname, fp.proname) FROM pg_proc fp JOIN pg_namespace fn ON fn.oid = "
      "fp.pronamespace WHERE fp.oid = {})",
      oid);
}

// schema.name(types)
inline std::string function_signature(std::string_view oid) {
  return fmt::format(
      "(SELECT format('%I.%I(%s)', fn.nspname, fp.proname, oidvectortypes(fp.proargtypes)) FROM pg_proc fp "
      "JOIN "
      "pg_namespace fn ON fn.oid = fp.pronamespace WHERE fp.oid = {})",
      oid);
}

// `option = schema.name`, NULL (which concat_ws leaves out) where there is no function.
inline std::string function_option(std::string_view option, std::string_view oid) {
  return fmt::format("CASE WHEN {1} <> 0 THEN '{0} = ' || {2} END", option, oid, function_name(oid));
}

// OPERATOR(schema.name)
inline std::string operator_name(std::string_view oid) {
  return fmt::format(
      "(SELECT format('OPERATOR(%I.%s)', opn.nspname, op.oprname) FROM pg_operator op JOIN pg_namespace opn "
      "ON opn.oid "
      "= op.oprnamespace WHERE op.oid = {})",
      oid);
}

// schema.name, where the grammar takes no OPERATOR()
inline std::string bare_operator_name(std::string_view oid) {
  return fmt::format(
      "(SELECT format('%I.%s', opn.nspname, op.oprname) FROM pg_operator op JOIN pg_namespace opn ON opn.oid "
      "= "
      "op.oprnamespace WHERE op.oid = {})",
      oid);
}

inline std::string operator_option(std::string_view option, std::string_view oid) {
  return fmt::format("CASE WHEN {1} <> 0 THEN '{0} = ' || {2} END", option, oid, operator_name(oid));
}

// ` OPTIONS (name 'value', …)`, or nothing. Sorted, so that two servers' texts compare.
inline std::string options_clause(std::string_view array) {
  return fmt::format(
      "coalesce((SELECT ' OPTIONS (' || string_agg(format('%I %L', oo.option_name, oo.option_value), ', ' "
      "ORDER BY "
      "oo.option_name COLLATE \"C\") || ')' FROM pg_options_to_table({}) oo), '')",
      array);
}

}  // namespace contraflow::catalog::detail
