// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/statvfs.h>

#include <filesystem>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/before.h"
#include "cli/rehearsal_parts.h"
#include "pg/connection.h"
#include "rehearse/load_dump.h"
#include "rehearse/rows.h"
#include "rehearse/snapshot.h"
#include "rehearse/target_major.h"

namespace contraflow::cli {

rehearse::ArenaOptions arena_options(Context& context, const RehearsalOptions& options) {
  rehearse::ArenaOptions out;
  out.sandbox.url = options.sandbox_url.empty() ? context.config.sandbox_url : options.sandbox_url;
  out.sandbox.bindirs = options.bindirs;
  out.sandbox.bindirs.insert(out.sandbox.bindirs.end(), context.config.sandbox_bindirs.begin(),
                             context.config.sandbox_bindirs.end());
  out.sandbox.settings = context.config.sandbox_settings;
  if (options.server != 0)
    out.major = options.server;
  else if (context.config.sandbox_major)
    out.major = context.config.sandbox_major;
  else
    out.major = rehearse::target_major(options.clone.empty() ? options.schema : options.clone);
  if (!out.major && !options.statistics.empty()) out.major = rehearse::parse_statistics(read_file(options.statistics), options.statistics).server_version / 10000;
  out.superuser = options.superuser;
  out.sandbox.programs = options.allow_programs;
  out.progress = [&context](const std::string& text) { context.console.progress(text); };
  return out;
}

std::string load_before(rehearse::Arena& arena, const RehearsalOptions& options, const std::string& file,
                        std::string& said) {
  if (!options.clone.empty()) return arena.load_clone(options.clone, options.clone_is_safe);
  if (!options.schema.empty()) {
    said = options.schema;
    return arena.load(options.schema);
  }
  const std::string folder = folder_before(file);
  said = fmt::format("the migrations before it in {}", folder);
  return arena.load(folder, file);
}

void fill(rehearse::Arena& arena, const RehearsalOptions& options, rehearse::Bases& bases, const catalog::Database& database,
          rehearse::Rehearsal& out, Context& context, const std::set<catalog::ObjectId>& filled) {
  std::optional<rehearse::Statistics> statistics;
  if (!options.statistics.empty())
    statistics = rehearse::parse_statistics(read_text_file(options.statistics), options.statistics);
  {
    pg::Connection connection(bases.empty, "contraflow rows");
    out.data.tables = rehearse::tables_with_rows(connection, statistics ? &*statistics : nullptr);
  }
  out.data.kind = out.data.tables.empty()                ? "none"
                  : !options.clone.empty()               ? "clone"
                  : rehearse::is_archive(options.schema) ? "dump"
                                                         : "own";
  if (options.no_rows) return;
  rehearse::RowsWanted wanted;
  for (const std::string& text : options.rows) wanted.tables.insert(rehearse::parse_rows(text, database));
  wanted.others = options.rows_per_table;
  wanted.scale = options.scale;
  if (statistics) wanted.statistics = &*statistics;
  wanted.filled = filled;
  bases.filled = arena.sandbox().create_database("rows", bases.empty);
  const auto progress = [&context](const std::string& text) { context.console.progress(text); };
  pg::Connection connection(bases.filled, "contraflow rows");
  rehearse::make_rows(connection, database, wanted, out.data, progress);
  const std::size_t before = out.data.tables.size();
  out.data.tables = rehearse::tables_with_rows(connection, statistics ? &*statistics : nullptr);
  if (out.data.tables.size() == before)
    bases.filled = bases.empty;  // nothing was added
  else if (out.data.kind == "none")
    out.data.kind = "synthetic";
  else
    out.data.notes.push_back(fmt::format("{} without rows got made-up ones (--no-rows leaves them empty)", count_of(static_cast<long long>(out.data.tables.size() - before), "table")));
}

void explain_full_disk(rehearse::Arena& arena, const Error& error) {
  constexpr unsigned long long kFull = 32ULL << 20;  // less than two WAL segments
  struct statvfs room {};
  const std::string folder = std::filesystem::path(arena.sandbox().host()).parent_path().string();
  if (!folder.starts_with('/') || ::statvfs(folder.c_str(), &room) != 0 ||
      static_cast<unsigned long long>(room.f_bavail) * room.f_frsize >= kFull)
    return;
  throw Error(ErrorCode::environment, fmt::format("the disk under the sandbox ({}) is full: {}", folder, error.message()),
              "fewer rows (--rows, --scale), or TMPDIR on a larger disk");
}

}  // namespace contraflow::cli
