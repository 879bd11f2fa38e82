// SPDX-License-Identifier: Apache-2.0
#include "cli/known_schema.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "catalog/archive.h"
#include "catalog/source.h"
#include "catalog/stamp.h"
#include "cli/code_schema.h"
#include "sql/name.h"

namespace contraflow::cli {
namespace {

namespace fs = std::filesystem;

struct Kept {
  std::string stamp, read_at;
  catalog::Database database;
};

fs::path cache_file(const std::string& identity) {
  const fs::path folder = cache_folder();
  return folder.empty() ? fs::path() : folder / "catalog" / (sha256(identity) + ".bin");
}

// Only what this user wrote: a schema that another one put there would be shown as the database's.
bool is_ours(const fs::path& file) {
  struct stat about {};
  return ::lstat(file.c_str(), &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == ::geteuid();
}

// "STAMP WHEN\n", then the archive. `stamp` empty: any.
std::optional<Kept> kept(const fs::path& file, const std::string& stamp) {
  if (file.empty() || !is_ours(file)) return std::nullopt;
  const std::string bytes = read_file(file);
  const std::size_t end = bytes.find('\n');
  const std::size_t blank = bytes.find(' ');
  if (end == std::string::npos || blank == std::string::npos || blank > end) return std::nullopt;
  Kept out{bytes.substr(0, blank), bytes.substr(blank + 1, end - blank - 1), {}};
  if (!stamp.empty() && out.stamp != stamp) return std::nullopt;
  std::optional<catalog::Database> database = catalog::unpack(std::string_view(bytes).substr(end + 1));
  if (!database) return std::nullopt;
  out.database = std::move(*database);
  return out;
}

std::string now() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()))); }

void keep(const fs::path& file, const std::string& stamp, const std::string& when, const catalog::Database& database) {
  if (file.empty()) return;
  try {
    write_file(file, fmt::format("{} {}\n{}", stamp, when, catalog::pack(database)));
  } catch (const Error&) {
    // Without a cache the next run reads it again.
  }
}

KnownSchema live_schema(const Context& context, const KnownSchemaOptions& options) {
  // Another role may see other things; its password is no part of what it sees.
  KnownSchema out;
  out.connection = std::make_shared<pg::Connection>(options.source, "contraflow context");
  pg::Connection& connection = *out.connection;
  connection.execute("SET lock_timeout = '2s'; SET statement_timeout = '60s'; SET search_path = ''");
  const fs::path file = cache_file(fmt::format("{}\n{}\n{}\n{}", connection.host(), connection.port(), connection.database(), connection.user()));
  const fs::path last = cache_file("spelled " + options.source);
  const std::string stamp = catalog::stamp(connection);
  if (std::optional<Kept> known = kept(file, stamp)) {
    out.database = std::move(known->database);
    out.cached = true;
    out.read_at = known->read_at;
    return out;
  }
  // The stamp was taken before: a change in between is seen the next time.
  out.database = catalog::read(connection);
  out.read_at = now();
  keep(file, stamp, out.read_at, out.database);
  try {
    if (!last.empty()) write_file(last, file.filename().string());
  } catch (const Error&) {
    // --offline will not find it.
  }
  context.console.progress("");
  return out;
}

KnownSchema remembered(const std::string& source) {
  const fs::path last = cache_file("spelled " + source);
  if (!last.empty() && is_ours(last)) {
    const fs::path name = read_file(last);
    // A file name of ours, not a way out of the cache.
    if (name == name.filename()) {
      if (std::optional<Kept> known = kept(last.parent_path() / name, "")) {
        KnownSchema out;
        out.database = std::move(known->database);
        out.cached = true;
        out.read_at = known->read_at;
        return out;
      }
    }
  }
  throw Error(ErrorCode::environment, "this database was not read before", "run the command once without --offline");
}

}  // namespace

KnownSchema known_schema(const Context& context, const KnownSchemaOptions& options) {
  const catalog::Source source = catalog::recognise_source(options.source);
  if (source.kind == catalog::SourceKind::connection) return options.offline ? remembered(options.source) : live_schema(context, options);
  catalog::LoadOptions load = load_options(context, options.bindirs, options.sandbox_url);
  const std::string content = source_content(source);
  const std::string stamp = content.empty() ? "" : sha256(fmt::format("{}\n{}", load.sandbox.major.value_or(0), content));
  const fs::path file = content.empty() ? fs::path() : cache_file(fmt::format("files {}", fs::absolute(options.source).lexically_normal().string()));
  KnownSchema out;
  if (std::optional<Kept> known = kept(file, stamp)) {
    out.database = std::move(known->database);
    out.cached = true;
    out.read_at = known->read_at;
    return out;
  }
  catalog::SourceLoader loader(load);
  out.database = loader.load(source, load.sandbox.major).database;
  out.read_at = now();
  context.console.progress("");
  keep(file, stamp, out.read_at, out.database);
  return out;
}

void refresh_sizes(KnownSchema& schema, const std::vector<sql::QualifiedName>& tables) {
  if (!schema.cached || !schema.connection || tables.empty()) return;
  // What stands beside them in a slice: tables that a foreign key ties to them, and partitions.
  std::set<sql::QualifiedName> wanted(tables.begin(), tables.end());
  const std::set<sql::QualifiedName> asked = wanted;
  for (const auto& [id, object] : schema.database.objects) {
    const sql::QualifiedName owner{id.schema, id.relation};
    if (const auto* constraint = std::get_if<catalog::Constraint>(&object.body)) {
      if (!constraint->references) continue;
      if (asked.contains(owner)) wanted.insert(*constraint->references);
      if (asked.contains(*constraint->references)) wanted.insert(owner);
    } else if (const auto* table = std::get_if<catalog::Table>(&object.body)) {
      if (table->partition_of && asked.contains(*table->partition_of)) wanted.insert({id.schema, id.name});
    }
  }
  std::vector<std::string> names;
  for (const sql::QualifiedName& name : wanted) names.push_back(fmt::format("({}, {})", sql::quote_literal(name.schema), sql::quote_literal(name.name)));
  const pg::Result rows = schema.connection->query(
      "SELECT n.nspname, c.relname, CASE WHEN pg_relation_size(c.oid) = 0 THEN 0 ELSE pg_table_size(c.oid) END, c.reltuples::float8 FROM (VALUES " + join(names, ", ") +
      ") AS wanted(schema, name) "
      "JOIN pg_catalog.pg_namespace n ON n.nspname = wanted.schema JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name WHERE c.relkind IN ('r', 'm')");
  for (int i = 0; i < rows.rows(); ++i) {
    if (!rows.is_null(i, 2)) schema.database.sizes[{rows.string(i, 0), rows.string(i, 1)}] = {rows.integer(i, 2), std::stod(rows.string(i, 3))};
  }
}

}  // namespace contraflow::cli
