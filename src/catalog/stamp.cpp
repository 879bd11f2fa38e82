// SPDX-License-Identifier: Apache-2.0
#include "catalog/stamp.h"

#include <fmt/format.h>

#include <array>

namespace contraflow::catalog {
namespace {

struct Part {
  const char* catalog;
  const char* key;    // bigint that tells its rows apart
  const char* where;  // "": all rows
};

// 16384 is FirstNormalObjectId: what lies below was made by initdb. Catalogs that only a superuser reads (pg_user_mapping, pg_subscription) show in pg_depend.
constexpr std::array kParts = {
    Part{"pg_class", "oid::bigint", "oid >= 16384"},
    Part{"pg_attribute", "attrelid::bigint * 2000 + attnum", "attrelid >= 16384"},
    Part{"pg_attrdef", "oid::bigint", ""},
    Part{"pg_constraint", "oid::bigint", "oid >= 16384"},
    Part{"pg_index", "indexrelid::bigint", "indexrelid >= 16384"},
    Part{"pg_inherits", "inhrelid::bigint * 100 + inhseqno", ""},
    Part{"pg_partitioned_table", "partrelid::bigint", ""},
    Part{"pg_sequence", "seqrelid::bigint", ""},
    Part{"pg_type", "oid::bigint", "oid >= 16384"},
    Part{"pg_enum", "oid::bigint", ""},
    Part{"pg_proc", "oid::bigint", "oid >= 16384"},
    Part{"pg_operator", "oid::bigint", "oid >= 16384"},
    Part{"pg_opclass", "oid::bigint", "oid >= 16384"},
    Part{"pg_opfamily", "oid::bigint", "oid >= 16384"},
    Part{"pg_cast", "oid::bigint", "oid >= 16384"},
    Part{"pg_collation", "oid::bigint", "oid >= 16384"},
    Part{"pg_conversion", "oid::bigint", "oid >= 16384"},
    Part{"pg_trigger", "oid::bigint", ""},
    Part{"pg_rewrite", "oid::bigint", "oid >= 16384"},
    Part{"pg_policy", "oid::bigint", ""},
    Part{"pg_event_trigger", "oid::bigint", ""},
    Part{"pg_statistic_ext", "oid::bigint", ""},
    Part{"pg_namespace", "oid::bigint", "nspname !~ '^pg_(temp|toast_temp)_'"},
    Part{"pg_language", "oid::bigint", ""},
    Part{"pg_transform", "oid::bigint", ""},
    Part{"pg_am", "oid::bigint", ""},
    Part{"pg_extension", "oid::bigint", ""},
    Part{"pg_foreign_data_wrapper", "oid::bigint", ""},
    Part{"pg_foreign_server", "oid::bigint", ""},
    Part{"pg_foreign_table", "ftrelid::bigint", ""},
    Part{"pg_ts_config", "oid::bigint", "oid >= 16384"},
    Part{"pg_ts_dict", "oid::bigint", "oid >= 16384"},
    Part{"pg_publication", "oid::bigint", ""},
    Part{"pg_publication_rel", "oid::bigint", ""},
    Part{"pg_default_acl", "oid::bigint", ""},
    Part{"pg_depend", "objid::bigint + refobjid::bigint", "objid >= 16384"},
    Part{"pg_description", "objoid::bigint * 2000 + objsubid", "objoid >= 16384 OR classoid = 'pg_catalog.pg_namespace'::regclass"},
    Part{"pg_seclabel", "objoid::bigint", ""},
    Part{"pg_init_privs", "objoid::bigint", "objoid >= 16384"},
    Part{"pg_database", "oid::bigint", "datname = current_database()"},
};

std::string statement() {
  std::string text;
  for (const Part& part : kParts) {
    // Rows are summed, so that no order is needed; the seed of each hash is the version of the row.
    text += fmt::format("{}SELECT '{}' AS catalog, count(*)::text || ':' || coalesce(sum(hashint8extended({}, xmin::text::bigint)), 0)::text AS rows FROM pg_catalog.{}{}", text.empty() ? "" : " UNION ALL ", part.catalog,
                        part.key, part.catalog, part.where[0] == '\0' ? "" : fmt::format(" WHERE {}", part.where));
  }
  text += " UNION ALL SELECT 'roles', count(*)::text || ':' || coalesce(sum(hashtextextended(rolname, 0)), 0)::text FROM pg_catalog.pg_roles";
  return fmt::format("SELECT md5(current_setting('server_version_num') || ' ' || current_database() || ' ' || string_agg(catalog || '=' || rows, ' ' ORDER BY catalog)) FROM ({}) AS parts", text);
}

}  // namespace

std::string stamp(pg::Connection& connection) {
  static const std::string text = statement();
  return connection.query(text).string(0, 0);
}

}  // namespace contraflow::catalog
