// SPDX-License-Identifier: Apache-2.0
//
// Kinds that are only ever created and dropped as a whole: languages, collations, conversions, casts,
// transforms, access methods, foreign-data wrappers, servers, user mappings, subscriptions.
#include "catalog/read_generic.h"

#include <fmt/format.h>

#include "catalog/reader_sql.h"

namespace contraflow::catalog::detail {

void ask_kind(Reader& reader, const GenericKind& kind, const std::string& columns, const std::string& from) {
  reader.ask("SELECT " + columns + " FROM " + from, [&reader, kind](const pg::Result& result) {
    for (int row = 0; row < result.rows(); ++row) {
      Cells cells(result, row);
      const Oid oid = cells.oid();
      ObjectId id;
      id.kind = kind.kind;
      id.schema = reader.schema(cells.oid());
      id.relation = cells.text();
      id.name = cells.text();
      id.arguments = cells.text();
      const Oid owner = cells.oid();
      const bool acl_null = cells.boolean();
      const std::vector<std::string> acl = cells.texts();
      Generic generic;
      generic.options = cells.options();
      for (std::string& statement : cells.texts()) {
        if (!statement.empty()) generic.create.push_back(std::move(statement));
      }
      reader.add_owned(kind.catalog, oid, std::move(id), std::move(generic), owner, kind.acl_type, acl_null,
                       acl);
    }
  });
}

namespace {

void ask_languages(Reader& reader) {
  ask_kind(
      reader, {Kind::language, catalog_oid::language, 'l'},
      "l.oid, 0, '', l.lanname, '', l.lanowner, l.lanacl IS NULL, l.lanacl::text[], NULL, "
      "ARRAY[concat_ws(' ', format('CREATE %sLANGUAGE %I', CASE WHEN l.lanpltrusted THEN 'TRUSTED ' END, "
      "l.lanname), 'HANDLER ' || " +
          function_name("l.lanplcallfoid") + ", 'INLINE ' || " + function_name("nullif(l.laninline, 0)") +
          ", 'VALIDATOR ' || " + function_name("nullif(l.lanvalidator, 0)") + ")]",
      "pg_language l WHERE l.lanispl AND l.oid >= 16384");
}

// collversion is the library's, not the schema's. The locale of an ICU collation moved: collcollate until 14,
// colliculocale in 15 and 16, colllocale since 17 (there for the builtin provider, too).
void ask_collations(Reader& reader) {
  const int version = reader.version;
  const std::string locale = version >= 17   ? "c.colllocale"
                             : version >= 15 ? "c.colliculocale"
                                             : "CASE WHEN c.collprovider <> 'c' THEN c.collcollate END";
  const std::string rules = version >= 16 ? "c.collicurules" : "NULL::text";
  ask_kind(
      reader, {Kind::collation, catalog_oid::collation, '\0'},
      fmt::format(
          "c.oid, c.collnamespace, '', c.collname, '', c.collowner, true, NULL, NULL, "
          "ARRAY[format('CREATE COLLATION %I.%I (%s)', n.nspname, c.collname, concat_ws(', ', "
          "'provider = ' || CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END, "
          "CASE WHEN NOT c.collisdeterministic THEN 'deterministic = false' END, "
          "CASE WHEN c.collprovider <> 'c' THEN format('locale = %L', {0}) "
          "WHEN c.collcollate = c.collctype THEN format('locale = %L', c.collcollate) "
          "ELSE format('lc_collate = %L, lc_ctype = %L', c.collcollate, c.collctype) END, "
          "CASE WHEN {1} IS NOT NULL THEN format('rules = %L', {1}) END))]",
          locale, rules),
      fmt::format("pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE c.collnamespace IN {}",
                  kUserSchemas));
}

void ask_conversions(Reader& reader) {
  ask_kind(
      reader, {Kind::conversion, catalog_oid::conversion, '\0'},
      "c.oid, c.connamespace, '', c.conname, '', c.conowner, true, NULL, NULL, "
      "ARRAY[format('CREATE %sCONVERSION %I.%I FOR %L TO %L FROM %s', CASE WHEN c.condefault THEN 'DEFAULT ' "
      "END, "
      "n.nspname, c.conname, pg_encoding_to_char(c.conforencoding), pg_encoding_to_char(c.contoencoding), " +
          function_name("c.conproc") + ")]",
      fmt::format("pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace WHERE c.connamespace IN {}",
                  kUserSchemas));
}

void ask_casts(Reader& reader) {
  ask_kind(reader, {Kind::cast, catalog_oid::cast, '\0'},
           "c.oid, 0, '', format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL), '', "
           "0, true, "
           "NULL, NULL, ARRAY[format('CREATE CAST (%s AS %s) %s%s', format_type(c.castsource, NULL), "
           "format_type(c.casttarget, NULL), CASE c.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || " +
               function_signature("c.castfunc") +
               " WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END, CASE c.castcontext WHEN 'i' THEN "
               "' AS IMPLICIT' WHEN 'a' THEN ' AS ASSIGNMENT' END)]",
           // A range type makes the cast to its multirange itself.
           "pg_cast c WHERE c.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = "
           "'pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'i')");
}

void ask_transforms(Reader& reader) {
  ask_kind(reader, {Kind::transform, catalog_oid::transform, '\0'},
           "t.oid, 0, '', format('FOR %s LANGUAGE %I', format_type(t.trftype, NULL), l.lanname), '', 0, "
           "true, NULL, "
           "NULL, ARRAY[format('CREATE TRANSFORM FOR %s LANGUAGE %I (%s)', format_type(t.trftype, NULL), "
           "l.lanname, "
           "concat_ws(', ', 'FROM SQL WITH FUNCTION ' || " +
               function_signature("nullif(t.trffromsql, 0)") + ", 'TO SQL WITH FUNCTION ' || " +
               function_signature("nullif(t.trftosql, 0)") + "))]",
           "pg_transform t JOIN pg_language l ON l.oid = t.trflang WHERE t.oid >= 16384");
}

void ask_access_methods(Reader& reader) {
  ask_kind(reader, {Kind::access_method, catalog_oid::am, '\0'},
           "a.oid, 0, '', a.amname, '', 0, true, NULL, NULL, ARRAY[format('CREATE ACCESS METHOD %I TYPE %s "
           "HANDLER "
           "%s', a.amname, CASE a.amtype WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END, " +
               function_name("a.amhandler") + ")]",
           "pg_am a WHERE a.oid >= 16384");
}

void ask_foreign(Reader& reader) {
  ask_kind(reader, {Kind::foreign_data_wrapper, catalog_oid::foreign_data_wrapper, 'F'},
           "w.oid, 0, '', w.fdwname, '', w.fdwowner, w.fdwacl IS NULL, w.fdwacl::text[], w.fdwoptions, "
           "ARRAY[concat_ws(' ', format('CREATE FOREIGN DATA WRAPPER %I', w.fdwname), 'HANDLER ' || " +
               function_name("nullif(w.fdwhandler, 0)") + ", 'VALIDATOR ' || " +
               function_name("nullif(w.fdwvalidator, 0)") + ") || " + options_clause("w.fdwoptions") + "]",
           "pg_foreign_data_wrapper w WHERE w.oid >= 16384");
  ask_kind(reader, {Kind::foreign_server, catalog_oid::foreign_server, 'S'},
           "s.oid, 0, '', s.srvname, '', s.srvowner, s.srvacl IS NULL, s.srvacl::text[], s.srvoptions, "
           "ARRAY[concat_ws(' ', format('CREATE SERVER %I', s.srvname), 'TYPE ' || quote_literal(s.srvtype), "
           "'VERSION ' || quote_literal(s.srvversion), format('FOREIGN DATA WRAPPER %I', w.fdwname)) || " +
               options_clause("s.srvoptions") + "]",
           "pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw WHERE s.oid >= 16384");
  // The view, not the catalog: it hides from others than superusers and the mapped user what they may not
  // see.
  ask_kind(reader, {Kind::user_mapping, catalog_oid::user_mapping, '\0'},
           "u.umid, 0, u.srvname, u.usename, '', 0, true, NULL, u.umoptions, "
           "ARRAY[format('CREATE USER MAPPING FOR %s SERVER %I', CASE WHEN u.umuser = 0 THEN 'PUBLIC' ELSE "
           "quote_ident(u.usename) END, u.srvname) || " +
               options_clause("u.umoptions") + "]",
           "pg_user_mappings u WHERE u.umid >= 16384");
  if (reader.session.superuser) return;
  reader.ask(
      "SELECT srvname, usename FROM pg_user_mappings WHERE umoptions IS NULL AND umid >= 16384 AND usename "
      "<> "
      "current_user",
      [&reader](const pg::Result& result) {
        for (int row = 0; row < result.rows(); ++row) {
          Cells cells(result, row);
          ObjectId id{Kind::user_mapping, {}, cells.text(), {}, {}};
          id.name = cells.text();
          reader.unsupported(id, describe(id) + ": only a superuser sees its options");
        }
      });
}

// Created without connecting, so disabled: a subscription that is enabled in a copy would consume the
// original's slot. Whether it is enabled is an option, and ALTER SUBSCRIPTION … ENABLE the owner's decision.
void ask_subscriptions(Reader& reader) {
  if (!reader.session.subscriptions) {
    reader.ask(
        "SELECT subname FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = "
        "current_database())",
        [&reader](const pg::Result& result) {
          for (int row = 0; row < result.rows(); ++row) {
            const ObjectId id{Kind::subscription, {}, {}, result.string(row, 0), {}};
            reader.unsupported(id, describe(id) + ": only a superuser sees its connection");
          }
        });
    return;
  }
  const int version = reader.version;
  std::string with =
      "concat_ws(', ', 'connect = false', 'slot_name = ' || coalesce(quote_literal(s.subslotname), 'NONE'), "
      "format('synchronous_commit = %L', s.subsynccommit)";
  if (version >= 14) with += ", CASE WHEN s.subbinary THEN 'binary = true' END";
  if (version == 14 || version == 15) with += ", CASE WHEN s.substream THEN 'streaming = on' END";
  if (version >= 16) {
    with +=
        ", CASE s.substream WHEN 'f' THEN 'streaming = off' WHEN 't' THEN 'streaming = on' ELSE "
        "'streaming = parallel' END";
    with +=
        ", format('origin = %L', s.suborigin), CASE WHEN NOT s.subpasswordrequired THEN 'password_required = "
        "false' END, CASE WHEN s.subrunasowner THEN 'run_as_owner = true' END";
  }
  if (version >= 15) {
    with +=
        ", CASE WHEN s.subtwophasestate <> 'd' THEN 'two_phase = true' END, CASE WHEN s.subdisableonerr THEN "
        "'disable_on_error = true' END";
  }
  if (version >= 17) with += ", CASE WHEN s.subfailover THEN 'failover = true' END";
  with += ")";
  ask_kind(
      reader, {Kind::subscription, catalog_oid::subscription, '\0'},
      "s.oid, 0, '', s.subname, '', s.subowner, true, NULL, ARRAY['enabled=' || s.subenabled], "
      "ARRAY[format('CREATE SUBSCRIPTION %I CONNECTION %L PUBLICATION %s WITH (%s)', s.subname, "
      "s.subconninfo, "
      "(SELECT string_agg(quote_ident(p), ', ' ORDER BY i) FROM unnest(s.subpublications) WITH ORDINALITY "
      "u(p, i)), " +
          with + ")]",
      "pg_subscription s WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())");
}

}  // namespace

void ask_generic(Reader& reader) {
  if (reader.holds(catalog_oid::language)) ask_languages(reader);
  if (reader.holds(catalog_oid::collation)) ask_collations(reader);
  if (reader.holds(catalog_oid::conversion)) ask_conversions(reader);
  if (reader.holds(catalog_oid::cast)) ask_casts(reader);
  if (reader.holds(catalog_oid::transform)) ask_transforms(reader);
  if (reader.holds(catalog_oid::am)) ask_access_methods(reader);
  if (reader.holds(catalog_oid::foreign_data_wrapper)) ask_foreign(reader);
  ask_subscriptions(reader);
  ask_operators(reader);
  ask_text_search(reader);
}

}  // namespace contraflow::catalog::detail
