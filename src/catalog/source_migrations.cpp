// SPDX-License-Identifier: Apache-2.0
#include "catalog/source_migrations.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "base/text.h"
#include "base/utf8.h"
#include "catalog/source_version.h"

namespace contraflow::catalog {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct FoundFile {
  std::string relative;  // below the folder
  std::string name;
  std::string parent;  // relative, with a final slash; empty at the top
};

class MigrationReader {
 public:
  MigrationReader(const Files& files, std::string folder) : files_(files), folder_(std::move(folder)) {
    while (folder_.ends_with('/') && folder_.size() > 1) folder_.pop_back();
  }

  Migrations run() {
    if (files_.read(path("sqitch.plan"))) return read_sqitch();
    collect("");
    if (found_.empty() && plan_folders_.empty()) throw no_sql();
    drop_undo_files();
    if (std::any_of(found_.begin(), found_.end(), [](const FoundFile& f) {
          const auto name = flyway_name(f.name);
          return name && name->kind == 'V';
        })) {
      order_flyway();
    } else {
      order_by_version();
    }
    if (migrations_.layout.empty()) migrations_.layout = "plain";
    add_bookkeeping();
    return std::move(migrations_);
  }

 private:
  std::string path(const std::string& relative) const {
    return folder_.empty() ? relative : folder_ == "/" ? "/" + relative
                                                       : folder_ + "/" + relative;
  }

  void note(const std::string& relative, const std::string& why) {
    migrations_.notes.push_back(fmt::format("{}: left out: {}", files_.display(path(relative)), why));
  }

  void collect(const std::string& below) {
    static constexpr std::array<std::string_view, 6> kUndoFolders = {"down", "rollback", "rollbacks",
                                                                     "revert", "undo", "verify"};
    const auto entries = files_.list(path(below));
    const bool has_forward_folder = std::any_of(entries.begin(), entries.end(), [](const Files::Entry& e) {
      return e.folder && (e.name == "up" || e.name == "deploy" || e.name == "migrations" || e.name == "do");
    });
    for (const Files::Entry& entry : entries) {
      const std::string relative = below + entry.name;
      if (entry.name.starts_with('.')) continue;
      if (!entry.folder) {
        if (to_lower(entry.name).ends_with(".sql")) {
          found_.push_back({relative, entry.name, below});
        } else {
          others_.push_back(entry.name);
        }
        continue;
      }
      if (has_forward_folder &&
          std::find(kUndoFolders.begin(), kUndoFolders.end(), entry.name) != kUndoFolders.end()) {
        note(relative, "it goes back");
      } else if (is_plan_folder(files_, path(relative))) {
        plan_folders_.insert(relative);
      } else if (entry.name != "node_modules") {
        collect(relative + "/");
      }
    }
  }

  // `.down.sql` and the like, and `down.sql` beside `up.sql`; `_down.sql` only where the file that it undoes
  // is there.
  void drop_undo_files() {
    std::set<std::string> names;
    for (const FoundFile& file : found_) names.insert(file.relative);
    const auto undoes = [&](const FoundFile& file) {
      for (const std::string_view suffix :
           {".down.sql", ".rollback.sql", ".undo.sql", ".revert.sql", ".verify.sql"}) {
        if (file.name.ends_with(suffix)) return true;
      }
      if (file.name == "down.sql" || file.name == "rollback.sql" || file.name == "revert.sql") {
        return names.contains(file.parent + "up.sql") || names.contains(file.parent + "migration.sql") ||
               names.contains(file.parent + "deploy.sql");
      }
      const std::string stem = file.relative.substr(0, file.relative.size() - 4);
      for (const char separator : {'_', '-'}) {
        for (const std::string_view word : {"down", "rollback"}) {
          const std::string suffix = separator + std::string(word);
          if (!stem.ends_with(suffix)) continue;
          const std::string base = stem.substr(0, stem.size() - suffix.size());
          if (names.contains(base + ".sql") || names.contains(base + separator + "up.sql")) return true;
        }
      }
      return false;
    };
    std::erase_if(found_, undoes);
  }

  void order_flyway() {
    migrations_.layout = "flyway";
    std::optional<Version> baseline;
    for (const FoundFile& file : found_) {
      const auto name = flyway_name(file.name);
      if (name && name->kind == 'B' && (!baseline || compare(*baseline, name->version) < 0))
        baseline = name->version;
    }
    std::vector<std::pair<FlywayName, const FoundFile*>> versioned, repeatable;
    for (const FoundFile& file : found_) {
      const auto name = flyway_name(file.name);
      if (!name) {
        note(file.relative, "no name that Flyway runs (V1__name.sql, R__name.sql)");
      } else if (name->kind == 'R') {
        repeatable.emplace_back(*name, &file);
      } else if (name->kind == 'U') {
        continue;
      } else if (baseline && compare(name->version, *baseline) < (name->kind == 'V' ? 1 : 0)) {
        note(file.relative, "the baseline migration covers it");
      } else {
        versioned.emplace_back(*name, &file);
      }
    }
    std::stable_sort(versioned.begin(), versioned.end(), [](const auto& a, const auto& b) {
      return compare(a.first.version, b.first.version) < 0;
    });
    std::stable_sort(repeatable.begin(), repeatable.end(),
                     [](const auto& a, const auto& b) { return a.first.description < b.first.description; });
    for (std::size_t i = 1; i < versioned.size(); ++i) {
      if (compare(versioned[i - 1].first.version, versioned[i].first.version) != 0) continue;
      throw Error(ErrorCode::usage,
                  fmt::format("two migrations have the same version: \"{}\" and \"{}\"",
                              files_.display(path(versioned[i - 1].second->relative)),
                              files_.display(path(versioned[i].second->relative))),
                  "give one of them another version; Flyway refuses this too");
    }
    for (const auto& [name, file] : versioned) add_file(*file);
    for (const auto& [name, file] : repeatable) add_file(*file);
  }

  void order_by_version() {
    std::map<std::string, const FoundFile*> by_name;
    std::vector<std::string> order(plan_folders_.begin(), plan_folders_.end());
    for (const FoundFile& file : found_) {
      by_name[file.relative] = &file;
      order.push_back(file.relative);
    }
    // Prisma applies its folders by name, byte by byte: 20250625_x comes after 20250625143000_y. Diesel by what stands before the underscore, without dashes:
    // 2017-09-23-182408_x comes after 20170309112510_y.
    const std::string layout = found_.empty() ? std::string() : layout_of(found_.front());
    const auto diesel_version = [](const std::string& relative) { return replace_all(relative.substr(0, relative.find('_')), "-", ""); };
    if (layout == "prisma")
      std::sort(order.begin(), order.end());
    else if (layout == "diesel")
      std::stable_sort(order.begin(), order.end(), [&](const std::string& a, const std::string& b) { return diesel_version(a) < diesel_version(b); });
    else
      std::stable_sort(order.begin(), order.end(), version_less);
    for (const std::string& relative : order) {
      if (auto it = by_name.find(relative); it != by_name.end()) {
        add_file(*it->second);
      } else {
        add_plan(relative);
      }
    }
  }

  void add_plan(const std::string& relative) {
    std::vector<std::string> names;
    for (const Files::Entry& entry : files_.list(path(relative))) {
      const bool forward =
          !entry.folder && entry.name.ends_with(".sql") && !entry.name.ends_with(".rollback.sql");
      if (forward && is_digit(entry.name[0])) names.push_back(entry.name);
    }
    std::sort(names.begin(), names.end(), natural_less);
    for (const std::string& name : names)
      add_unit(relative + "/" + name, read(relative + "/" + name), true, false);
  }

  std::string read(const std::string& relative) const {
    const std::string display = files_.display(path(relative));
    return check_sql_text(files_.read(path(relative)).value_or(std::string()), display);
  }

  void add_unit(const std::string& relative, std::string text, bool whole, bool one_transaction) {
    auto file = std::make_shared<ScriptFile>(ScriptFile{files_.display(path(relative)), std::move(text)});
    migrations_.units.push_back({std::move(file), path(relative), whole, one_transaction});
  }

  void add_file(const FoundFile& file) {
    const std::string text = read(file.relative);
    UpPart part = up_part(text);
    const bool whole = part.layout.empty();
    if (migrations_.layout.empty()) migrations_.layout = whole ? layout_of(file) : part.layout;
    if (file.name == "up.sql") {
      const auto metadata = files_.read(path(file.parent + "metadata.toml"));
      if (metadata && replace_all(*metadata, " ", "").find("run_in_transaction=false") != std::string::npos)
        part.transaction = false;
    }
    if (migrations_.layout == "flyway") refuse_placeholders(file, text);
    add_unit(file.relative, whole ? text : std::move(part.text), whole, part.transaction);
  }

  std::string layout_of(const FoundFile& file) const {
    if (file.name == "migration.sql")
      return files_.read(path(file.parent + "snapshot.json")) ? "drizzle" : "prisma";
    if (file.name == "up.sql") return "diesel";
    if (file.name.ends_with(".up.sql")) return "golang-migrate";
    for (const std::string& other : others_) {
      if (other == "migration_lock.toml") return "prisma";
      if (other == "atlas.sum") return "atlas";
    }
    if (files_.read(path("meta/_journal.json"))) return "drizzle";
    return {};
  }

  void refuse_placeholders(const FoundFile& file, const std::string& text) const {
    for (std::size_t at = text.find("${"); at != std::string::npos; at = text.find("${", at + 1)) {
      const std::size_t line = text.rfind('\n', at) + 1;
      if (trim(std::string_view(text).substr(line, at - line)).starts_with("--")) continue;
      const std::size_t close = text.find('}', at);
      if (close == std::string::npos ||
          text.substr(at, close - at).find_first_of(" \n;'\"(") != std::string::npos)
        continue;
      throw Error(ErrorCode::usage,
                  fmt::format("Flyway placeholder {} has no value here", text.substr(at, close + 1 - at)),
                  "write the value into the file, or name the database that Flyway migrated")
          .at(locate(text, at, files_.display(path(file.relative))));
    }
  }

  Migrations read_sqitch() {
    migrations_.layout = "sqitch";
    const std::string plan_name = path("sqitch.plan");
    const std::string plan = check_sql_text(*files_.read(plan_name), files_.display(plan_name));
    std::string top = "deploy";
    if (const auto conf = files_.read(path("sqitch.conf"))) {
      for (const std::string& line : split_lines(*conf)) {
        const std::string_view text = trim(line);
        if (text.starts_with("deploy_dir") && text.find('=') != std::string_view::npos)
          top = trim(text.substr(text.find('=') + 1));
        if (text.starts_with("top_dir") && text.find('=') != std::string_view::npos)
          top = std::string(trim(text.substr(text.find('=') + 1))) + "/deploy";
      }
    }
    // A reworked change appears twice: its first form was kept as NAME@TAG.sql, the tag being the next one in
    // the plan.
    std::vector<std::string> order;
    std::map<std::string, std::string> next_tag;  // "index" of a change -> tag
    std::vector<std::size_t> untagged;
    for (const std::string& line : split_lines(plan)) {
      const std::string_view text = trim(line);
      if (text.empty() || text.starts_with('#') || text.starts_with('%')) continue;
      const std::string word(text.substr(0, text.find_first_of(" \t")));
      if (word.starts_with('@')) {
        for (const std::size_t i : untagged) next_tag[std::to_string(i)] = word;
        untagged.clear();
      } else {
        untagged.push_back(order.size());
        order.push_back(word);
      }
    }
    for (std::size_t i = 0; i < order.size(); ++i) {
      const bool reworked =
          std::find(order.begin() + static_cast<std::ptrdiff_t>(i) + 1, order.end(), order[i]) != order.end();
      const std::string relative =
          top + "/" + order[i] + (reworked ? next_tag[std::to_string(i)] : "") + ".sql";
      if (!files_.read(path(relative))) {
        throw Error(ErrorCode::usage,
                    fmt::format("deploy script \"{}\" does not exist", files_.display(path(relative))),
                    fmt::format("change {} is in sqitch.plan", order[i]));
      }
      add_unit(relative, read(relative), true, false);
    }
    if (migrations_.units.empty())
      throw Error(ErrorCode::usage, fmt::format("\"{}\" plans no change", plan_name));
    add_bookkeeping();
    return std::move(migrations_);
  }

  void add_bookkeeping() {
    static const std::map<std::string, std::vector<std::string>> kTables = {
        {"flyway", {"flyway_schema_history"}},
        {"golang-migrate", {"schema_migrations", "_sqlx_migrations"}},
        {"dbmate", {"schema_migrations"}},
        {"goose", {"goose_db_version"}},
        {"sql-migrate", {"gorp_migrations"}},
        {"diesel", {"__diesel_schema_migrations"}},
        {"prisma", {"_prisma_migrations"}},
        {"drizzle", {"drizzle.__drizzle_migrations", "__drizzle_migrations"}},
        {"node-pg-migrate", {"pgmigrations"}},
        {"atlas", {"atlas_schema_revisions.atlas_schema_revisions"}},
        {"micrate", {"micrate_db_version"}},
        {"play", {"play_evolutions"}},
        {"mybatis", {"changelog"}},
        {"rambler", {"migrations"}},
        {"plain", {"_sqlx_migrations", "schema_migrations"}}};
    if (auto it = kTables.find(migrations_.layout); it != kTables.end()) migrations_.bookkeeping = it->second;
  }

  Error no_sql() const {
    std::string hint = "a source folder holds .sql files, plain or in the layout of a migration tool";
    for (const std::string& name : others_) {
      const std::string_view extension =
          std::string_view(name).substr(std::min(name.size(), name.rfind('.')));
      if (extension == ".rb")
        hint = "these are Rails migrations: name db/structure.sql, or a database that they ran on";
      if (extension == ".py")
        hint =
            "these are Python migrations (Django, Alembic): name a database that they ran on, or a pg_dump "
            "--schema-only of it";
      if (extension == ".js" || extension == ".ts")
        hint =
            "these are JavaScript migrations: name a database that they ran on, or a pg_dump --schema-only "
            "of it";
      if (extension == ".xml" || extension == ".yaml" || extension == ".yml")
        hint = "Liquibase change logs are read only in its SQL format";
    }
    return Error(ErrorCode::usage, fmt::format("folder \"{}\" holds no SQL file", files_.display(folder_)),
                 hint);
  }

  const Files& files_;
  std::string folder_;
  std::vector<FoundFile> found_;
  std::vector<std::string> others_;
  std::set<std::string> plan_folders_;
  Migrations migrations_;
};

}  // namespace

Migrations read_migrations(const Files& files, const std::string& folder) {
  return MigrationReader(files, folder).run();
}

bool is_plan_folder(const Files& files, const std::string& folder) {
  if (!files.read(folder + "/plan.json")) return false;
  const auto entries = files.list(folder);
  return std::any_of(entries.begin(), entries.end(), [](const Files::Entry& entry) {
    return !entry.folder && is_digit(entry.name[0]) && entry.name.ends_with(".sql");
  });
}

Migrations read_plan_folder(const Files& files, const std::string& folder) {
  std::string own = folder;
  while (own.size() > 1 && own.ends_with('/')) own.pop_back();
  const std::size_t slash = own.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : slash == 0 ? "/"
                                                                           : own.substr(0, slash);
  const std::string name = own.substr(slash == std::string::npos ? 0 : slash + 1);
  Migrations all = read_migrations(files, parent);
  Migrations out;
  out.layout = "plan";
  out.notes = all.notes;
  out.bookkeeping = all.bookkeeping;
  const std::string prefix = (parent == "/" ? "/" : parent + "/") + name + "/";
  bool reached = false;
  std::size_t before = 0;
  for (ScriptUnit& unit : all.units) {
    const bool inside = unit.path.starts_with(prefix);
    if (reached && !inside) break;
    reached = inside;
    if (!inside) ++before;
    out.units.push_back(std::move(unit));
  }
  if (before > 0)
    out.notes.push_back(fmt::format("{} in \"{}\" before the plan {} run first",
                                    count_of(static_cast<long long>(before), "migration file"), parent,
                                    before == 1 ? "is" : "are"));
  return out;
}

}  // namespace contraflow::catalog
