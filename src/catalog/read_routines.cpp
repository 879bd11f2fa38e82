// SPDX-License-Identifier: Apache-2.0
//
// Functions, procedures and window functions; aggregates, whose statements the server does not write for us.
#include <fmt/format.h>

#include "catalog/reader.h"
#include "catalog/reader_sql.h"

namespace contraflow::catalog::detail {

namespace {

std::string mode_name(char letter) {
  switch (letter) {
    case 'o':
      return "OUT";
    case 'b':
      return "INOUT";
    case 'v':
      return "VARIADIC";
    case 't':
      return "TABLE";
    default:
      return "IN";
  }
}

void read_routine(Reader& reader, const pg::Result& result, int row) {
  Cells cells(result, row);
  const Oid oid = cells.oid();
  ObjectId id{Kind::routine, reader.schema(cells.oid()), {}, {}, {}};
  id.name = cells.text();
  id.arguments = cells.text();
  const Oid owner = cells.oid();
  Routine routine;
  routine.kind = cells.letter();
  routine.definition = cells.text();
  while (!routine.definition.empty() && routine.definition.back() == '\n') routine.definition.pop_back();
  routine.result = cells.text();
  routine.arguments = cells.text();
  const std::vector<std::string> names = cells.texts();
  const std::vector<std::string> modes = cells.texts();
  const std::vector<std::string> types = cells.texts();  // only where there are modes
  const std::size_t count = modes.empty() ? names.size() : modes.size();
  for (std::size_t i = 0; i < count; ++i) {
    const char mode = modes.empty() ? 'i' : modes[i].front();
    std::string argument = mode_name(mode);
    if (i < names.size() && !names[i].empty()) argument += " " + sql::quote_identifier(names[i]);
    // The types of the inputs are in the identity; those of the outputs are the row type that must not
    // change.
    if (mode != 'i' && mode != 'v' && i < types.size()) argument += " " + types[i];
    routine.argument_names.push_back(std::move(argument));
  }
  routine.default_count = cells.number();
  routine.language = cells.text();
  const Oid language = cells.oid();
  routine.body = cells.text();
  routine.volatility = cells.letter();
  const bool acl_null = cells.boolean();
  Object* object = reader.add_owned(catalog_oid::proc, oid, std::move(id), std::move(routine), owner, 'f',
                                    acl_null, cells.texts());
  if (!object) return;
  // plpgsql has a system OID, so that ask_dependencies() does not see it.
  if (const Object* extension = reader.member_of({catalog_oid::language, language, 0})) {
    object->depends_on.insert(extension->id);
  }
}

void ask_functions(Reader& reader) {
  reader.ask(
      fmt::format(
          "SELECT p.oid, p.pronamespace, p.proname, oidvectortypes(p.proargtypes), p.proowner, p.prokind, "
          "pg_get_functiondef(p.oid), pg_get_function_result(p.oid), pg_get_function_arguments(p.oid), "
          "p.proargnames, "
          "p.proargmodes::text[], CASE WHEN p.proargmodes IS NOT NULL THEN (SELECT "
          "array_agg(format_type(a.t, NULL) "
          "ORDER BY a.i) FROM unnest(p.proallargtypes) WITH ORDINALITY a(t, i)) END, p.pronargdefaults, "
          "l.lanname, "
          "p.prolang, p.prosrc, p.provolatile, p.proacl IS NULL, p.proacl::text[] "
          "FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.prokind <> 'a' AND p.pronamespace "
          "IN {} "
          // The functions of extensions are many (PostGIS has 800) and left out anyway; a range type makes
          // its constructors itself.
          "AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid "
          "AND "
          "(d.deptype = 'e' OR d.deptype = 'i' AND d.refclassid = 'pg_type'::regclass))",
          kUserSchemas),
      [&reader](const pg::Result& result) {
        for (int row = 0; row < result.rows(); ++row) read_routine(reader, result, row);
      });
  reader.ask(
      "SELECT objid, refobjid FROM pg_depend WHERE classid = 'pg_proc'::regclass AND deptype = 'i' AND "
      "refclassid = 'pg_type'::regclass AND objid >= 16384",
      [&reader](const pg::Result& result) {
        for (int row = 0; row < result.rows(); ++row) {
          Cells cells(result, row);
          const Oid oid = cells.oid();
          if (Object* type = reader.resolve({catalog_oid::type, cells.oid(), 0})) {
            reader.alias({catalog_oid::proc, oid, 0}, type);
          }
        }
      });
}

// FINALFUNC_MODIFY is written always: its default differs between plain and ordered-set aggregates.
std::string modify(const char* option, const char* column) {
  return fmt::format(
      "'{0} = ' || CASE {1} WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END, ",
      option, column);
}

void ask_aggregates(Reader& reader) {
  std::string options = "concat_ws(', ', 'SFUNC = ' || " + function_name("a.aggtransfn") +
                        ", 'STYPE = ' || format_type(a.aggtranstype, NULL), "
                        "CASE WHEN a.aggtransspace <> 0 THEN 'SSPACE = ' || a.aggtransspace END, "
                        "CASE WHEN a.agginitval IS NOT NULL THEN format('INITCOND = %L', a.agginitval) END, ";
  options += function_option("FINALFUNC", "a.aggfinalfn") + ", ";
  options += "CASE WHEN a.aggfinalfn <> 0 AND a.aggfinalextra THEN 'FINALFUNC_EXTRA' END, ";
  options += "CASE WHEN a.aggfinalfn <> 0 THEN " + modify("FINALFUNC_MODIFY", "a.aggfinalmodify");
  options.resize(options.size() - 2);
  options += " END, ";
  options += function_option("COMBINEFUNC", "a.aggcombinefn") + ", ";
  options += function_option("SERIALFUNC", "a.aggserialfn") + ", ";
  options += function_option("DESERIALFUNC", "a.aggdeserialfn") + ", ";
  options += function_option("MSFUNC", "a.aggmtransfn") + ", ";
  options += function_option("MINVFUNC", "a.aggminvtransfn") + ", ";
  options +=
      "CASE WHEN a.aggmtranstype <> 0 THEN 'MSTYPE = ' || format_type(a.aggmtranstype, NULL) END, "
      "CASE WHEN a.aggmtransspace <> 0 THEN 'MSSPACE = ' || a.aggmtransspace END, "
      "CASE WHEN a.aggminitval IS NOT NULL THEN format('MINITCOND = %L', a.aggminitval) END, ";
  options += function_option("MFINALFUNC", "a.aggmfinalfn") + ", ";
  options += "CASE WHEN a.aggmfinalfn <> 0 AND a.aggmfinalextra THEN 'MFINALFUNC_EXTRA' END, ";
  options += "CASE WHEN a.aggmfinalfn <> 0 THEN " + modify("MFINALFUNC_MODIFY", "a.aggmfinalmodify");
  options.resize(options.size() - 2);
  options += " END, ";
  options += operator_option("SORTOP", "a.aggsortop") + ", ";
  options += "CASE p.proparallel WHEN 's' THEN 'PARALLEL = SAFE' WHEN 'r' THEN 'PARALLEL = RESTRICTED' END, ";
  options += "CASE WHEN a.aggkind = 'h' THEN 'HYPOTHETICAL' END)";
  reader.ask(fmt::format("SELECT p.oid, p.pronamespace, p.proname, oidvectortypes(p.proargtypes), "
                         "p.proowner, p.proacl IS NULL, "
                         "p.proacl::text[], format('CREATE AGGREGATE %I.%I(%s) (%s)', n.nspname, p.proname, "
                         "coalesce(nullif(pg_get_function_arguments(p.oid), ''), '*'), {}) "
                         "FROM pg_proc p JOIN pg_aggregate a ON a.aggfnoid = p.oid JOIN pg_namespace n ON "
                         "n.oid = p.pronamespace "
                         "WHERE p.prokind = 'a' AND p.pronamespace IN {}",
                         options, kUserSchemas),
             [&reader](const pg::Result& result) {
               for (int row = 0; row < result.rows(); ++row) {
                 Cells cells(result, row);
                 const Oid oid = cells.oid();
                 ObjectId id{Kind::aggregate, reader.schema(cells.oid()), {}, {}, {}};
                 id.name = cells.text();
                 id.arguments = cells.text();
                 const Oid owner = cells.oid();
                 const bool acl_null = cells.boolean();
                 const std::vector<std::string> acl = cells.texts();
                 reader.add_owned(catalog_oid::proc, oid, std::move(id), Generic{{cells.text()}, {}}, owner,
                                  'f', acl_null, acl);
               }
             });
}

}  // namespace

void ask_routines(Reader& reader) {
  ask_functions(reader);
  if (reader.holds(catalog_oid::proc)) ask_aggregates(reader);
}

}  // namespace contraflow::catalog::detail
