// SPDX-License-Identifier: Apache-2.0
#include "lint/gather.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "catalog/source_migrations.h"

namespace contraflow::lint {
namespace {

using catalog::Files;

struct Convention {
  std::string_view layout;
  Runner runner;
  bool has_rollbacks;  // the layout puts one beside, or into, each migration
};

// What each runner does around a file, by its documentation: Flyway, dbmate, goose, Diesel, node-pg-migrate, sql-migrate, Atlas, Drizzle and others wrap it; Prisma
// and golang-migrate send it as one message; psql and Sqitch leave it to the file.
constexpr std::array kConventions = {
    Convention{"plain", Runner::none, false},
    Convention{"psql", Runner::none, false},
    Convention{"plan", Runner::none, true},
    Convention{"prisma", Runner::together, false},
    Convention{"golang-migrate", Runner::together, true},
    Convention{"flyway", Runner::wraps, false},
    Convention{"dbmate", Runner::wraps, true},
    Convention{"goose", Runner::wraps, true},
    Convention{"diesel", Runner::wraps, true},
    Convention{"sqitch", Runner::none, false},
    Convention{"rails", Runner::wraps, false},
    Convention{"node-pg-migrate", Runner::wraps, true},
    Convention{"sql-migrate", Runner::wraps, true},
    Convention{"micrate", Runner::wraps, true},
    Convention{"rambler", Runner::wraps, true},
    Convention{"play", Runner::wraps, true},
    Convention{"mybatis", Runner::wraps, true},
    Convention{"atlas", Runner::wraps, false},
    Convention{"drizzle", Runner::wraps, false},
};

const Convention& convention_of(std::string_view layout) {
  for (const Convention& convention : kConventions) {
    if (convention.layout == layout) return convention;
  }
  return kConventions[0];
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}
std::string name_of(const std::string& path) { return path.substr(folder_of(path).size()); }

bool is_flyway_name(const std::string& name) {
  return name.size() > 4 && (name[0] == 'V' || name[0] == 'U' || name[0] == 'B') && name[1] >= '0' && name[1] <= '9' && name.find("__") != std::string::npos;
}

std::string layout_by_neighbours(const Files& files, const std::string& folder) {
  if (files.read(folder + "atlas.sum")) return "atlas";
  if (files.read(folder + "meta/_journal.json")) return "drizzle";
  if (files.read(folder + "../sqitch.plan") || files.read(folder + "sqitch.plan")) return "sqitch";
  return {};
}

// By the file's own name, or by what is around it, as by_neighbours() says.
template <class F>
std::string layout_of(const Files& files, const std::string& path, const F& by_neighbours) {
  const std::string folder = folder_of(path), name = name_of(path);
  if (name == "migration.sql") return files.read(folder + "snapshot.json") ? "drizzle" : "prisma";
  if (name == "up.sql" || name == "down.sql") return "diesel";
  if (name.ends_with(".up.sql") || name.ends_with(".down.sql")) return "golang-migrate";
  if (is_flyway_name(name) || (name.starts_with("R__") && name.size() > 3)) return "flyway";
  return by_neighbours();
}

std::string layout_of(const Files& files, const std::string& path) {
  return layout_of(files, path, [&] { return layout_by_neighbours(files, folder_of(path)); });
}

bool goes_back(const std::string& path) {
  const std::string name = name_of(path);
  for (const std::string_view suffix : {".down.sql", ".rollback.sql", ".undo.sql", ".revert.sql"}) {
    if (name.ends_with(suffix)) return true;
  }
  if (name == "down.sql" || name == "rollback.sql" || name == "revert.sql") return true;
  if (is_flyway_name(name) && name[0] == 'U') return true;
  const std::string folder = folder_of(path);
  return folder.ends_with("revert/") || folder.ends_with("down/") || folder.ends_with("rollback/");
}

// Where the file that undoes `path` may be.
std::vector<std::string> rollbacks_of(const std::string& path) {
  const std::string folder = folder_of(path), name = name_of(path);
  if (!name.ends_with(".sql")) return {};
  const std::string stem = name.substr(0, name.size() - 4);
  std::vector<std::string> out;
  if (name == "up.sql" || name == "migration.sql" || name == "deploy.sql") {
    for (const char* other : {"down.sql", "rollback.sql", "revert.sql"}) out.push_back(folder + other);
  }
  std::string bare = stem;
  if (bare.ends_with(".up") || bare.ends_with("_up") || bare.ends_with("-up")) bare.resize(bare.size() - 3);
  for (const char* suffix : {".rollback.sql", ".down.sql", ".undo.sql", ".revert.sql", "_down.sql", "-down.sql", "_rollback.sql", "-rollback.sql"}) out.push_back(folder + bare + suffix);
  if (is_flyway_name(name) && name[0] == 'V') out.push_back(folder + "U" + name.substr(1));
  if (folder.ends_with("deploy/")) out.push_back(folder.substr(0, folder.size() - 7) + "revert/" + name);
  if (folder.ends_with("up/")) out.push_back(folder.substr(0, folder.size() - 3) + "down/" + name);
  return out;
}

std::vector<std::string> forwards_of(const std::string& path) {
  const std::string folder = folder_of(path), name = name_of(path);
  std::vector<std::string> out;
  if (name == "down.sql" || name == "rollback.sql" || name == "revert.sql") {
    for (const char* other : {"up.sql", "migration.sql", "deploy.sql"}) out.push_back(folder + other);
    return out;
  }
  for (const std::string_view suffix : {".rollback.sql", ".down.sql", ".undo.sql", ".revert.sql"}) {
    if (!name.ends_with(suffix)) continue;
    const std::string bare = name.substr(0, name.size() - suffix.size());
    out.push_back(folder + bare + ".up.sql");
    out.push_back(folder + bare + ".sql");
  }
  if (is_flyway_name(name) && name[0] == 'U') out.push_back(folder + "V" + name.substr(1));
  return out;
}

// What a file with markers holds for the way back: every line that the way forward has not.
std::string down_part(const std::string& whole, const std::string& up) {
  const std::vector<std::string> all = split(whole, '\n'), forward = split(up, '\n');
  std::string out;
  bool any = false;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool taken = i < forward.size() && forward[i] == all[i];
    const std::string_view line = trim(all[i]);
    if (!taken && !line.empty() && !line.starts_with("--") && !line.starts_with('#')) any = true;
    if (!taken) out += all[i];
    else out.append(all[i].size(), ' ');  // the same places
    if (i + 1 < all.size()) out += '\n';
  }
  return any ? out : std::string();
}

// The way forward with each line as long as in the whole: places stay those of the file.
std::string same_places(const std::string& whole, const std::string& up) {
  const std::vector<std::string> all = split(whole, '\n');
  std::vector<std::string> forward = split(up, '\n');
  forward.resize(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (forward[i].size() < all[i].size()) forward[i].resize(all[i].size(), ' ');
  }
  return join(forward, "\n");
}

class Gatherer {
 public:
  Gatherer(const Files* files, std::string layout) : files_(files), layout_(std::move(layout)) {}

  Gathered out;

  bool add(const std::string& name, const std::string& path, std::string text, std::string found_layout, bool rollback, bool report) {
    if (!layout_.empty()) found_layout = layout_;
    const catalog::UpPart part = catalog::up_part(text);
    const bool marked = !part.layout.empty();
    if (marked && layout_.empty()) found_layout = part.layout;
    const Convention& convention = convention_of(found_layout);
    Input input;
    input.layout = found_layout;
    input.runner = part.transaction && in_transaction(path) ? convention.runner : Runner::none;
    if (convention.runner == Runner::together) input.runner = Runner::together;  // a comment does not change what is sent
    input.rollback = rollback;
    input.in_plan = found_layout == "plan";
    input.report = report;
    std::string down = marked ? down_part(text, part.text) : std::string();
    input.lacks_rollback = !rollback && convention.has_rollbacks && marked && down.empty();
    if (!marked) {
      input.file = std::make_shared<catalog::ScriptFile>(catalog::ScriptFile{name, std::move(text)});
      out.inputs.push_back(std::move(input));
      return false;
    }
    input.file = std::make_shared<catalog::ScriptFile>(catalog::ScriptFile{name, same_places(text, part.text)});
    input.text_shown = std::move(text);
    out.inputs.push_back(input);
    if (!down.empty()) {
      input.rollback = true;
      input.lacks_rollback = false;
      input.file = std::make_shared<catalog::ScriptFile>(catalog::ScriptFile{name, std::move(down)});
      out.inputs.push_back(std::move(input));
    }
    return true;
  }

  void add_with_rollback(const std::string& name, const std::string& path, std::string text, const std::string& found_layout) {
    const std::size_t index = out.inputs.size();
    const bool marked = add(name, path, std::move(text), found_layout, false, true);
    for (const std::string& candidate : rollbacks_of(path)) {
      const auto undo = files_->read(candidate);
      if (!undo) continue;
      const std::string shown = files_->display(candidate);
      add(shown, candidate, catalog::check_sql_text(*undo, shown), found_layout, true, true);
      return;
    }
    out.inputs[index].lacks_rollback = out.inputs[index].lacks_rollback || (!marked && convention_of(out.inputs[index].layout).has_rollbacks);
  }

 private:
  // Diesel: metadata.toml beside up.sql.
  bool in_transaction(const std::string& path) const {
    if (files_ == nullptr) return true;
    const std::string name = name_of(path);
    if (name != "up.sql" && name != "down.sql") return true;
    const auto metadata = files_->read(folder_of(path) + "metadata.toml");
    return !metadata || replace_all(*metadata, " ", "").find("run_in_transaction=false") == std::string::npos;
  }

  const Files* files_;
  std::string layout_;
};

}  // namespace

std::vector<std::string> known_layouts() {
  std::vector<std::string> out;
  for (const Convention& convention : kConventions) out.emplace_back(convention.layout);
  return out;
}

Gathered gather_text(const std::string& name, std::string text, const std::string& layout) {
  Gatherer gatherer(nullptr, layout);
  gatherer.add(name, name, std::move(text), layout, false, true);
  return std::move(gatherer.out);
}

Gathered gather_file(const Files& files, const std::string& path, const std::string& layout) {
  auto text = files.read(path);
  if (!text) throw Error(ErrorCode::usage, fmt::format("there is no file \"{}\"", files.display(path)));
  Neighbours neighbours;
  return gather_file(files, path, *std::move(text), layout, neighbours);
}

Gathered gather_file(const Files& files, const std::string& path, std::string text, const std::string& layout, Neighbours& neighbours) {
  const std::string shown = files.display(path);
  Gatherer gatherer(&files, layout);
  std::string folder = folder_of(path);
  if (neighbours.folder != folder) {
    neighbours.in_plan = catalog::is_plan_folder(files, folder.empty() ? "." : folder.substr(0, folder.size() - 1));
    neighbours.layout.reset();
    neighbours.folder = std::move(folder);
  }
  const auto by_neighbours = [&] {
    if (!neighbours.layout) neighbours.layout = layout_by_neighbours(files, *neighbours.folder);
    return *neighbours.layout;
  };
  const std::string found = neighbours.in_plan ? "plan" : layout_of(files, path, by_neighbours);
  const bool back = goes_back(path);
  for (const std::string& forward : back ? forwards_of(path) : std::vector<std::string>()) {
    const auto before = files.read(forward);
    if (!before) continue;
    gatherer.add(files.display(forward), forward, catalog::check_sql_text(*before, files.display(forward)), found, false, false);
    break;
  }
  gatherer.add(shown, path, catalog::check_sql_text(std::move(text), shown), found, back, true);
  return std::move(gatherer.out);
}

Gathered gather_folder(const Files& files, const std::string& folder, const std::string& layout) {
  Gatherer gatherer(&files, layout);
  if (catalog::is_plan_folder(files, folder)) {
    std::vector<std::string> names;
    for (const Files::Entry& entry : files.list(folder)) {
      if (!entry.folder && entry.name.ends_with(".sql") && !entry.name.ends_with(".rollback.sql")) names.push_back(entry.name);
    }
    std::sort(names.begin(), names.end(), natural_less);
    for (const std::string& name : names) {
      const std::string path = folder + "/" + name, shown = files.display(path);
      gatherer.add_with_rollback(shown, path, catalog::check_sql_text(files.read(path).value_or(""), shown), "plan");
    }
    return std::move(gatherer.out);
  }
  const catalog::Migrations migrations = catalog::read_migrations(files, folder);
  for (const catalog::ScriptUnit& unit : migrations.units) {
    // The unit holds the way forward alone; both ways are read here.
    const std::string text = files.read(unit.path).value_or(unit.file->text);
    const bool in_plan = catalog::is_plan_folder(files, folder_of(unit.path).empty() ? "." : folder_of(unit.path).substr(0, folder_of(unit.path).size() - 1));
    gatherer.add_with_rollback(unit.file->name, unit.path, catalog::check_sql_text(text, unit.file->name), in_plan ? "plan" : migrations.layout == "plain" ? layout_of(files, unit.path)
                                                                                                                                                           : migrations.layout);
  }
  gatherer.out.notes = migrations.notes;
  return std::move(gatherer.out);
}

}  // namespace contraflow::lint
