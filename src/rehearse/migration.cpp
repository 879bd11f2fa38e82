// SPDX-License-Identifier: Apache-2.0
#include "rehearse/migration.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "base/text.h"
#include "catalog/source_migrations.h"

namespace contraflow::rehearse {
namespace {

namespace fs = std::filesystem;
using catalog::ItemKind;
using catalog::ScriptItem;

bool controls_transaction(const ScriptItem& item) {
  if (item.kind != ItemKind::statement || item.words.empty()) return false;
  const std::string& word = item.words[0];
  return word == "begin" || word == "commit" || word == "end" || word == "abort" ||
         item.starts_with({"start", "transaction"}) ||
         (word == "rollback" && !item.starts_with({"rollback", "to"})) ||
         item.starts_with({"prepare", "transaction"});
}

bool refuses_transaction(const ScriptItem& item) {
  if (item.kind != ItemKind::statement || item.words.empty()) return false;
  if (item.words[0] == "vacuum" || item.starts_with({"alter", "system"}) ||
      item.starts_with({"create", "database"}) || item.starts_with({"drop", "database"}))
    return true;
  return std::find(item.words.begin(), item.words.end(), "concurrently") != item.words.end();
}

bool changes_nothing(const ScriptItem& item) {
  if (item.kind != ItemKind::statement) return true;
  if (controls_transaction(item)) return true;
  // What people write where a file must not be empty: SELECT 1.
  const std::string text = to_lower(trim(item.text()));
  return text == "select 1" || text == "select true" || text == "select null" ||
         text.starts_with("select 'down") || text.starts_with("select 'up");
}

Script read_script_text(const std::string& path, std::string text, bool transaction) {
  Script out;
  out.path = path;
  const auto file = std::make_shared<const catalog::ScriptFile>(catalog::ScriptFile{path, std::move(text)});
  out.items = catalog::read_script(file, [](const std::string& name) -> std::optional<std::string> {
    std::error_code ignored;
    if (!fs::is_regular_file(name, ignored)) return std::nullopt;
    return read_text_file(name);
  });
  out.needs_psql = catalog::needs_psql(out.items);
  std::erase_if(out.items, [](const ScriptItem& item) {
    return item.kind == ItemKind::meta_command && catalog::is_presentation_only(item);
  });
  out.one_transaction =
      transaction && std::none_of(out.items.begin(), out.items.end(), [](const ScriptItem& item) {
        return controls_transaction(item) || refuses_transaction(item);
      });
  return out;
}

std::optional<std::string> first_existing(const std::vector<fs::path>& candidates) {
  std::error_code ignored;
  for (const fs::path& candidate : candidates)
    if (fs::is_regular_file(candidate, ignored)) return candidate.string();
  return {};
}

// The file in a folder of one migration (Diesel, Prisma, sqlx).
std::string file_in(const std::string& folder) {
  const fs::path base = folder;
  if (const auto found = first_existing(
          {base / "up.sql", base / "migration.sql", base / "deploy.sql", base / "forward.sql"}))
    return *found;
  std::vector<std::string> sql;
  for (const auto& entry : fs::directory_iterator(base))
    if (entry.path().extension() == ".sql" && !find_rollback(entry.path().string()).value_or("").empty())
      sql.push_back(entry.path().string());
  if (sql.size() == 1) return sql.front();
  throw Error(ErrorCode::usage,
              fmt::format("\"{}\" is neither a plan folder nor the folder of one migration", folder),
              "name the file of the migration, a folder with up.sql, migration.sql or deploy.sql, or a "
              "folder that contraflow plan wrote");
}

std::string replaced_end(const std::string& text, std::string_view end, std::string_view by) {
  return text.substr(0, text.size() - end.size()) + std::string(by);
}

}  // namespace

bool Script::empty() const { return !needs_psql && std::all_of(items.begin(), items.end(), changes_nothing); }

std::optional<std::string> find_rollback(const std::string& path) {
  const fs::path file = path;
  const fs::path folder = file.parent_path();
  const std::string name = file.filename().string();
  if (!name.ends_with(".sql")) return {};
  const std::string stem = name.substr(0, name.size() - 4);
  std::vector<fs::path> candidates;
  if (stem == "up" || stem == "migration" || stem == "deploy" || stem == "forward") {
    for (const char* other : {"down.sql", "rollback.sql", "revert.sql"}) candidates.push_back(folder / other);
  }
  for (const char* separator : {".", "_", "-"}) {
    const std::string up = std::string(separator) + "up";
    if (stem.ends_with(up)) {
      for (const char* word : {"down", "rollback"})
        candidates.push_back(folder / (replaced_end(stem, up, separator + std::string(word)) + ".sql"));
    }
  }
  for (const char* suffix :
       {".rollback.sql", ".down.sql", "_down.sql", "-down.sql", "_rollback.sql", ".undo.sql", ".revert.sql"})
    candidates.push_back(folder / (stem + suffix));
  if (name.starts_with('V')) candidates.push_back(folder / ("U" + name.substr(1)));
  const std::string parent = folder.filename().string();
  const fs::path above = folder.has_parent_path() ? folder.parent_path() : fs::path("..");
  if (parent == "deploy") candidates.push_back(above / "revert" / name);
  if (parent == "up") candidates.push_back(above / "down" / name);
  if (parent == "migrations") {
    for (const char* other : {"rollback", "rollbacks", "down"}) candidates.push_back(above / other / name);
  }
  std::erase_if(candidates, [&](const fs::path& candidate) {
    return candidate.lexically_normal() == file.lexically_normal();
  });
  return first_existing(candidates);
}

Migration read_migration(const std::string& given, const std::string& rollback) {
  std::error_code ignored;
  const std::string path = fs::is_directory(given, ignored) ? file_in(given) : given;
  const std::string text = path == "-" ? read_file("-") : read_text_file(path);
  const std::string shown = path == "-" ? "<stdin>" : path;
  Migration out;
  catalog::UpPart part = catalog::up_part(text);
  // Diesel says it in a file of its own.
  const fs::path metadata = fs::path(path).parent_path() / "metadata.toml";
  if (path != "-" && fs::is_regular_file(metadata, ignored) &&
      replace_all(read_text_file(metadata), " ", "").find("run_in_transaction=false") != std::string::npos)
    part.transaction = false;
  out.layout = part.layout;
  out.forward = read_script_text(shown, part.layout.empty() ? text : part.text, part.transaction);
  if (out.forward.items.empty()) {
    throw Error(ErrorCode::usage, fmt::format("\"{}\" has no statement", shown),
                "name the file of a migration: SQL statements that change a schema");
  }
  if (!rollback.empty()) {
    out.rollback = read_script_text(rollback, read_text_file(rollback), true);
  } else if (!part.layout.empty()) {
    catalog::UpPart down = catalog::down_part(text);
    if (!trim(down.text).empty())
      out.rollback = read_script_text(shown, std::move(down.text), down.transaction);
  } else if (const auto found = find_rollback(path)) {
    const std::string down = read_text_file(*found);
    out.rollback = read_script_text(*found, down, catalog::up_part(down).transaction && part.transaction);
  }
  return out;
}

}  // namespace contraflow::rehearse
