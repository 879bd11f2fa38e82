// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "catalog/source_run.h"

namespace contraflow::catalog {

namespace {

struct Package {
  std::string_view extension;
  std::string_view package;  // {} is the major
};

// Extensions whose Debian package is not simply postgresql-MAJOR-NAME; sorted.
constexpr std::array kPackages = {
    Package{"address_standardizer", "postgresql-{}-postgis-3"},
    Package{"bool_plperl", "postgresql-plperl-{}"},
    Package{"extra_window_functions", "postgresql-{}-extra-window-functions"},
    Package{"first_last_agg", "postgresql-{}-first-last-agg"},
    Package{"h3", "postgresql-{}-h3"},
    Package{"hstore_plperl", "postgresql-plperl-{}"},
    Package{"hstore_plpython3u", "postgresql-plpython3-{}"},
    Package{"icu_ext", "postgresql-{}-icu-ext"},
    Package{"jsonb_plperl", "postgresql-plperl-{}"},
    Package{"jsonb_plpython3u", "postgresql-plpython3-{}"},
    Package{"ltree_plpython3u", "postgresql-plpython3-{}"},
    Package{"mysql_fdw", "postgresql-{}-mysql-fdw"},
    Package{"ogr_fdw", "postgresql-{}-ogr-fdw"},
    Package{"pg_cron", "postgresql-{}-cron"},
    Package{"pg_dirtyread", "postgresql-{}-dirtyread"},
    Package{"pg_partman", "postgresql-{}-partman"},
    Package{"pg_qualstats", "postgresql-{}-pg-qualstats"},
    Package{"pg_rational", "postgresql-{}-rational"},
    Package{"pg_repack", "postgresql-{}-repack"},
    Package{"pg_similarity", "postgresql-{}-similarity"},
    Package{"pg_sphere", "postgresql-{}-pgsphere"},
    Package{"pg_stat_kcache", "postgresql-{}-pg-stat-kcache"},
    Package{"pg_track_settings", "postgresql-{}-pg-track-settings"},
    Package{"pg_wait_sampling", "postgresql-{}-pg-wait-sampling"},
    Package{"plperl", "postgresql-plperl-{}"},
    Package{"plperlu", "postgresql-plperl-{}"},
    Package{"plpgsql_check", "postgresql-{}-plpgsql-check"},
    Package{"plpython3u", "postgresql-plpython3-{}"},
    Package{"pltcl", "postgresql-pltcl-{}"},
    Package{"pltclu", "postgresql-pltcl-{}"},
    Package{"postgis", "postgresql-{}-postgis-3"},
    Package{"postgis_raster", "postgresql-{}-postgis-3"},
    Package{"postgis_sfcgal", "postgresql-{}-postgis-3"},
    Package{"postgis_tiger_geocoder", "postgresql-{}-postgis-3"},
    Package{"postgis_topology", "postgresql-{}-postgis-3"},
    Package{"set_user", "postgresql-{}-set-user"},
    Package{"table_log", "postgresql-{}-tablelog"},
    Package{"tds_fdw", "postgresql-{}-tds-fdw"},
    Package{"vector", "postgresql-{}-pgvector"},
};
static_assert(std::is_sorted(kPackages.begin(), kPackages.end(),
                             [](const Package& a, const Package& b) { return a.extension < b.extension; }));

// postgresql-MAJOR-NAME as it is, in Debian or in the PostgreSQL project's own repository.
constexpr std::array<std::string_view, 24> kSameName = {
    "asn1oid", "debversion", "hll", "hypopg", "ip4r", "jsquery",
    "numeral", "orafce", "periods", "pgaudit", "pgl_ddl_deploy", "pglogical",
    "pgmp", "pgpcre", "pgrouting", "pgtap", "plproxy", "plr",
    "pointcloud", "prefix", "q3c", "rum", "semver", "unit"};

// Modules that come with the server (contrib).
constexpr std::array<std::string_view, 38> kContrib = {
    "adminpack", "amcheck", "autoinc", "bloom",
    "btree_gin", "btree_gist", "citext", "cube",
    "dblink", "dict_int", "dict_xsyn", "earthdistance",
    "file_fdw", "fuzzystrmatch", "hstore", "insert_username",
    "intagg", "intarray", "isn", "lo",
    "ltree", "moddatetime", "old_snapshot", "pageinspect",
    "pg_buffercache", "pg_freespacemap", "pg_prewarm", "pg_stat_statements",
    "pg_surgery", "pg_trgm", "pg_visibility", "pg_walinspect",
    "pgcrypto", "pgrowlocks", "pgstattuple", "postgres_fdw",
    "tablefunc", "uuid-ossp"};

bool contains(const auto& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

std::string package_of(const std::string& extension, int major) {
  for (const Package& entry : kPackages) {
    if (entry.extension == extension) return fmt::format(fmt::runtime(entry.package), major);
  }
  if (contains(kContrib, extension))
    return fmt::format("postgresql-{}", major);  // contrib is in it on Debian
  if (!contains(kSameName, extension)) return {};
  std::string name = extension;
  std::replace(name.begin(), name.end(), '_', '-');
  return fmt::format("postgresql-{}-{}", major, name);
}

}  // namespace

std::string extension_hint(const std::string& extension, int server_major) {
  const std::string package = package_of(extension, server_major);
  if (package.empty()) {
    return fmt::format(
        "install extension \"{}\" for PostgreSQL {} on this machine, or use a server that has it: "
        "--sandbox-url",
        extension, server_major);
  }
  return fmt::format(
      "apt-get install {} (for the server that contraflow starts), or use a server that has it: "
      "--sandbox-url",
      package);
}

}  // namespace contraflow::catalog
