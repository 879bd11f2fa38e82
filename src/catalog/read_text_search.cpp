// SPDX-License-Identifier: Apache-2.0
//
// Text search parsers, templates, dictionaries and configurations with their mappings.
#include <fmt/format.h>

#include "catalog/read_generic.h"
#include "catalog/reader_sql.h"

namespace contraflow::catalog::detail {

namespace {

void ask_parsers_and_templates(Reader& reader) {
  ask_kind(
      reader, {Kind::text_search_parser, catalog_oid::ts_parser, '\0'},
      "p.oid, p.prsnamespace, '', p.prsname, '', 0, true, NULL, NULL, "
      "ARRAY[format('CREATE TEXT SEARCH PARSER %I.%I (%s)', n.nspname, p.prsname, concat_ws(', ', " +
          function_option("START", "p.prsstart") + ", " + function_option("GETTOKEN", "p.prstoken") + ", " +
          function_option("END", "p.prsend") + ", " + function_option("HEADLINE", "p.prsheadline") + ", " +
          function_option("LEXTYPES", "p.prslextype") + "))]",
      fmt::format("pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace WHERE p.prsnamespace IN {}",
                  kUserSchemas));
  ask_kind(reader, {Kind::text_search_template, catalog_oid::ts_template, '\0'},
           "t.oid, t.tmplnamespace, '', t.tmplname, '', 0, true, NULL, NULL, "
           "ARRAY[format('CREATE TEXT SEARCH TEMPLATE %I.%I (%s)', n.nspname, t.tmplname, concat_ws(', ', " +
               function_option("INIT", "t.tmplinit") + ", " + function_option("LEXIZE", "t.tmpllexize") +
               "))]",
           fmt::format(
               "pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace WHERE t.tmplnamespace IN {}",
               kUserSchemas));
}

// dictinitoption is the option list as CREATE takes it: name = 'value', … The regular expression takes it
// apart; values are quoted with doubled quotes, and E'…' where they hold backslashes.
void ask_dictionaries(Reader& reader) {
  ask_kind(
      reader, {Kind::text_search_dictionary, catalog_oid::ts_dict, '\0'},
      "d.oid, d.dictnamespace, '', d.dictname, '', d.dictowner, true, NULL, "
      "ARRAY(SELECT replace(m[1], '\"', '') || '=' || CASE WHEN m[2] LIKE 'E''%' THEN "
      "replace(replace(substr(m[2], "
      "3, length(m[2]) - 3), '''''', ''''), '\\\\', '\\') WHEN m[2] LIKE '''%' THEN replace(substr(m[2], 2, "
      "length(m[2]) - 2), '''''', '''') ELSE m[2] END FROM regexp_matches(d.dictinitoption, "
      "'(\"(?:[^\"]|\"\")+\"|[^ =,]+) = (E?''(?:[^'']|'''')*''|[^ ,]+)', 'g') m), "
      "ARRAY[format('CREATE TEXT SEARCH DICTIONARY %I.%I (%s)', n.nspname, d.dictname, concat_ws(', ', "
      "format('TEMPLATE = %I.%I', tn.nspname, t.tmplname), d.dictinitoption))]",
      fmt::format(
          "pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace JOIN pg_ts_template t ON t.oid = "
          "d.dicttemplate JOIN pg_namespace tn ON tn.oid = t.tmplnamespace WHERE d.dictnamespace IN {}",
          kUserSchemas));
}

void ask_configurations(Reader& reader) {
  ask_kind(reader, {Kind::text_search_configuration, catalog_oid::ts_config, '\0'},
           "c.oid, c.cfgnamespace, '', c.cfgname, '', c.cfgowner, true, NULL, NULL, "
           "ARRAY[format('CREATE TEXT SEARCH CONFIGURATION %I.%I (PARSER = %I.%I)', n.nspname, c.cfgname, "
           "pn.nspname, "
           "p.prsname)] || ARRAY(SELECT format('ALTER TEXT SEARCH CONFIGURATION %I.%I ADD MAPPING FOR %I "
           "WITH %s', "
           "n.nspname, c.cfgname, k.alias, string_agg(format('%I.%I', dn.nspname, d.dictname), ', ' ORDER BY "
           "m.mapseqno)) FROM pg_ts_config_map m JOIN ts_token_type(c.cfgparser) k ON k.tokid = "
           "m.maptokentype JOIN "
           "pg_ts_dict d ON d.oid = m.mapdict JOIN pg_namespace dn ON dn.oid = d.dictnamespace WHERE "
           "m.mapcfg = c.oid "
           "GROUP BY k.tokid, k.alias ORDER BY k.tokid)",
           fmt::format(
               "pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace JOIN pg_ts_parser p ON p.oid = "
               "c.cfgparser JOIN pg_namespace pn ON pn.oid = p.prsnamespace WHERE c.cfgnamespace IN {}",
               kUserSchemas));
}

}  // namespace

void ask_text_search(Reader& reader) {
  if (reader.holds(catalog_oid::ts_parser) || reader.holds(catalog_oid::ts_template)) ask_parsers_and_templates(reader);
  if (reader.holds(catalog_oid::ts_dict)) ask_dictionaries(reader);
  if (reader.holds(catalog_oid::ts_config)) ask_configurations(reader);
}

}  // namespace contraflow::catalog::detail
