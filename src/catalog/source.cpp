// SPDX-License-Identifier: Apache-2.0
#include "catalog/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "base/file.h"
#include "base/text.h"
#include "catalog/source_files.h"
#include "catalog/source_migrations.h"
#include "catalog/psql_commands.h"
#include "catalog/source_psql.h"
#include "catalog/source_run.h"
#include "prisma/to_sql.h"

namespace contraflow::catalog {

namespace fs = std::filesystem;

struct SourceLoader::Impl {
  LoadOptions options;
  std::optional<pg::Sandbox> sandbox;
  std::optional<std::string> standard_input;
  std::vector<std::string> notes;              // of the source being loaded
  std::map<std::string, Location> made_roles;  // likewise

  explicit Impl(LoadOptions given) : options(std::move(given)) {}

  bool private_server() const { return options.sandbox.url.empty(); }
  void note(const std::string& text) { notes.push_back(text); }

  pg::Sandbox& get_sandbox(std::optional<int> major);
  int choose_major(int wanted);
  LoadedSource load_connection(const Source& source);
  LoadedSource load_script(const Source& source, std::optional<int> major);
  Migrations read_units(const Source& source, std::unique_ptr<Files>& files);
  void run_units(const std::string& conninfo, const Migrations& migrations, const Files& files);
  void run_unit(std::optional<pg::Connection>& connection, const std::string& conninfo,
                const ScriptUnit& unit, const Files& files);
};

namespace {

// A role that psql found missing cannot be supplied in the middle of its script: the load starts again.
struct StartAgain {};

ScriptUnit single_unit(std::string name, std::string path, const std::string& text) {
  ScriptUnit unit;
  UpPart part = up_part(text);
  unit.whole = part.layout.empty();
  unit.path = std::move(path);
  unit.file =
      std::make_shared<ScriptFile>(ScriptFile{std::move(name), unit.whole ? text : std::move(part.text)});
  return unit;
}

// What Prisma Migrate would create from the models; an error in it names the statement, not a line of the schema.
Migrations prisma_models(const prisma::Schema& schema) {
  Migrations out;
  out.layout = "prisma schema";
  out.units.push_back(single_unit(schema.file, "", join(prisma::to_sql(schema), ";\n") + ";\n"));
  return out;
}

// The models that are in other files would be taken for tables to drop.
void refuse_part_of_models(const Files& files, const std::string& folder, const prisma::Schema& schema) {
  const bool any = std::any_of(schema.blocks.begin(), schema.blocks.end(), [](const prisma::Block& block) { return block.kind == prisma::BlockKind::model; });
  const std::string missing = prisma::unknown_type(schema);
  const std::string why = !any ? "no model" : !missing.empty()             ? "no type " + missing
                                          : schema.datasource() == nullptr ? "no datasource"
                                                                           : "";
  if (why.empty()) return;
  std::string top = folder;  // the schema's own folder may be further up
  for (std::size_t slash = top.rfind('/'); slash != std::string::npos && slash > 0; slash = top.rfind('/')) {
    if (prisma_files(files, top.substr(0, slash)).empty()) break;
    top.resize(slash);
  }
  if (prisma_files(files, top).size() < 2) return;
  throw Error(ErrorCode::usage, fmt::format("{} has {}: the schema has several files", schema.file, why), fmt::format("name them all: {}/*.prisma", files.display(top)));
}

prisma::Schema read_prisma_folder(const Files& files, const std::string& folder) {
  std::vector<std::pair<std::string, std::string>> texts;
  const std::vector<std::string> names = prisma_files(files, folder);
  if (names.empty()) throw Error(ErrorCode::usage, fmt::format("there is no .prisma file in \"{}\"", files.display(folder)));
  for (const std::string& file : names) texts.emplace_back(files.display(file), files.read(file).value_or(""));
  return prisma::parse_files(texts, files.display(folder));
}

Migrations single_file(const Files& files, const std::string& path) {
  const std::string name = files.display(path);
  const auto text = files.read(path);
  if (!text) throw Error(ErrorCode::usage, fmt::format("there is no file \"{}\"", name));
  Migrations out;
  if (path.ends_with(".prisma")) {
    const prisma::Schema schema = prisma::parse(*text, name);
    const std::size_t slash = path.rfind('/');
    refuse_part_of_models(files, slash == std::string::npos ? "." : path.substr(0, slash), schema);
    return prisma_models(schema);
  }
  out.layout = "file";
  out.units.push_back(single_unit(name, path, check_sql_text(*text, name)));
  return out;
}

void keep_before(Migrations& migrations, const std::string& file) {
  const auto same = [&](const ScriptUnit& unit) {
    std::error_code ignored;
    return fs::equivalent(unit.path, file, ignored);
  };
  const auto found = std::find_if(migrations.units.begin(), migrations.units.end(), same);
  if (found == migrations.units.end()) {
    throw Error(ErrorCode::usage, fmt::format("\"{}\" is not among the migrations of its folder", file),
                "say what the schema is before it: --schema SRC (an SQL file, a folder, a connection string, git:REV:PATH)");
  }
  migrations.units.erase(found, migrations.units.end());
}

// `git:REV:PATH` names PATH from the repository's root, as git does; from the working folder where nothing is
// there.
std::string resolve_in_git(const Files& files, const std::string& path) {
  const std::string prefix = git_prefix(fs::current_path().string());
  if (path.starts_with("./") || path.starts_with("../")) return prefix + path;
  if (files.is_folder(path) || files.read(path)) return path;
  if (files.is_folder(prefix + path) || files.read(prefix + path)) return prefix + path;
  throw Error(
      ErrorCode::usage, fmt::format("there is no \"{}\" in that revision", files.display(path)),
      "the path counts from the root of the repository; git ls-tree -r --name-only REV lists what is there");
}

}  // namespace

int SourceLoader::Impl::choose_major(int wanted) {
  const std::vector<pg::ServerBinaries> servers = pg::find_servers(options.sandbox.bindirs);
  int newer = 0, older = 0;
  for (const pg::ServerBinaries& server : servers) {
    if (server.major == wanted) return wanted;
    if (server.major > wanted && (newer == 0 || server.major < newer)) newer = server.major;
    if (server.major < wanted) older = std::max(older, server.major);
  }
  const int chosen = newer != 0 ? newer : older;
  // The sandbox says what is missing; what the user asked for by name is not replaced by something else.
  if (chosen == 0 || options.sandbox.major == wanted) return wanted;
  note(
      fmt::format("PostgreSQL {} is not installed here: the schema is loaded on {} instead (apt-get install "
                  "postgresql-{})",
                  wanted, chosen, wanted));
  return chosen;
}

pg::Sandbox& SourceLoader::Impl::get_sandbox(std::optional<int> major) {
  if (!major) major = options.sandbox.major;
  if (!sandbox) {
    pg::SandboxOptions start = options.sandbox;
    if (major && private_server()) start.major = choose_major(*major);
    sandbox.emplace(start);
    if (major && !private_server() && sandbox->major() != *major)
      note(fmt::format("the server of --sandbox-url is PostgreSQL {}, not {}", sandbox->major(), *major));
  } else if (major && sandbox->major() != *major) {
    const std::string text =
        fmt::format("the sandbox that is running is PostgreSQL {}, not {}", sandbox->major(), *major);
    if (std::find(notes.begin(), notes.end(), text) == notes.end()) note(text);
  }
  return *sandbox;
}

Migrations SourceLoader::Impl::read_units(const Source& source, std::unique_ptr<Files>& files) {
  files = disk_files();
  switch (source.kind) {
    case SourceKind::prisma:
      if (files->is_folder(source.text)) return prisma_models(read_prisma_folder(*files, source.text));
      return single_file(*files, source.text);
    case SourceKind::sql_file:
      return single_file(*files, source.text);
    case SourceKind::standard_input: {
      if (standard_input)
        throw Error(ErrorCode::usage, "standard input (-) can be read only once",
                    "write one of the two schemas into a file");
      standard_input = read_file("-");
      Migrations out;
      out.layout = "file";
      out.units.push_back(single_unit("<stdin>", "", check_sql_text(*standard_input, "<stdin>")));
      return out;
    }
    case SourceKind::migrations: {
      const bool prisma = !prisma_files(*files, source.text).empty() && files->is_folder(source.text + "/migrations");
      Migrations out = read_migrations(*files, prisma ? source.text + "/migrations" : source.text);
      if (!source.before_file.empty()) keep_before(out, source.before_file);
      return out;
    }
    case SourceKind::plan_folder:
      return read_plan_folder(*files, fs::absolute(source.text).lexically_normal().string());
    case SourceKind::git: {
      const std::size_t colon = source.text.find(':', 4);
      files = git_files(fs::current_path().string(), source.text.substr(4, colon - 4));
      const bool all_models = source.text.ends_with("/*.prisma");
      const std::string path = resolve_in_git(*files, source.text.substr(colon + 1, all_models ? source.text.size() - colon - 10 : std::string::npos));
      if (all_models) return prisma_models(read_prisma_folder(*files, path));
      if (!files->is_folder(path)) return single_file(*files, path);
      if (is_plan_folder(*files, path)) return read_plan_folder(*files, path);
      if (prisma_files(*files, path).empty()) return read_migrations(*files, path);
      return files->is_folder(path + "/migrations") ? read_migrations(*files, path + "/migrations") : prisma_models(read_prisma_folder(*files, path));
    }
    case SourceKind::connection:
      break;
  }
  throw std::logic_error("a source that is no SQL");
}

void SourceLoader::Impl::run_unit(std::optional<pg::Connection>& connection, const std::string& conninfo,
                                  const ScriptUnit& unit, const Files& files) {
  const ReadInclude read_include = [&](const std::string& path) -> std::optional<std::string> {
    // Names in messages of a git source carry the revision; paths inside do not.
    const std::string prefix = files.display("");
    const std::string inside =
        !prefix.empty() && path.starts_with(prefix) ? path.substr(prefix.size()) : path;
    auto text = files.read(inside);
    return text ? std::optional(check_sql_text(std::move(*text), path)) : std::nullopt;
  };
  const std::vector<ScriptItem> items = read_script(unit.file, read_include);
  const bool by_psql = needs_psql(items);
  for (const ScriptItem& item : items) {
    if (options.sandbox.programs && starts_program(item)) continue;
    if (const std::string why = reaches_outside(item, by_psql); !why.empty())
      throw Error(ErrorCode::refused, why, "nothing of the file was run: take it out, or give the schema as a connection string or a dump").at(item.location());
  }
  if (!by_psql) {
    RunOptions run;
    run.private_server = private_server();
    run.one_transaction = unit.one_transaction;
    run.note = [this](const std::string& text) { note(text); };
    run.made_role = [this](const std::string& role, const Location& where) { made_roles.emplace(role, where); };
    run_script(*connection, items, run);
    return;
  }
  try {
    run_with_psql(conninfo, unit, files.on_disk());
  } catch (const Error& error) {
    if (!private_server() || !supply_missing(*connection, error)) throw;
    if (const std::string role = missing_role(error); !role.empty() && error.location()) made_roles.emplace(role, *error.location());
    throw StartAgain();
  }
}

void SourceLoader::Impl::run_units(const std::string& conninfo, const Migrations& migrations,
                                   const Files& files) {
  using Clock = std::chrono::steady_clock;
  auto last = Clock::now();
  std::optional<pg::Connection> connection;
  for (std::size_t i = 0; i < migrations.units.size(); ++i) {
    // A new session for each file, as its runner had: settings of one (SET search_path) must not reach the
    // next.
    connection.emplace(conninfo, "contraflow load");
    run_unit(connection, conninfo, migrations.units[i], files);
    if (options.progress && Clock::now() - last > std::chrono::seconds(1)) {
      last = Clock::now();
      options.progress(fmt::format("{} of {} files loaded", i + 1, migrations.units.size()));
    }
  }
}

LoadedSource SourceLoader::Impl::load_script(const Source& source, std::optional<int> major) {
  std::unique_ptr<Files> files;
  const Migrations migrations = read_units(source, files);
  notes.insert(notes.end(), migrations.notes.begin(), migrations.notes.end());
  pg::Sandbox& server = get_sandbox(major);
  const std::vector<std::string> before = notes;
  LoadedSource out;
  out.prisma_models = migrations.layout == "prisma schema";
  for (int attempt = 0;; ++attempt) {
    out.conninfo = server.create_database("source");
    try {
      run_units(options.load_as.empty() ? out.conninfo : pg::Sandbox::as_user(out.conninfo, options.load_as), migrations, *files);
      break;
    } catch (const StartAgain&) {
      server.drop_database(out.conninfo);
      if (attempt > 100)
        throw Error(ErrorCode::environment,
                    fmt::format("\"{}\" keeps needing roles that do not exist", source.text));
      notes = before;
    } catch (const Error&) {
      server.drop_database(out.conninfo);
      throw;
    }
  }
  pg::Connection connection(out.conninfo);
  ReadOptions read_options = options.read;
  read_options.sizes = false;
  out.database = read(connection, read_options);
  out.default_owner = connection.query("SELECT current_user").string(0, 0);
  out.bookkeeping = migrations.bookkeeping;
  for (const ScriptUnit& unit : migrations.units) {
    const auto hints = rename_hints_in(unit.file->text, unit.file->name);
    out.rename_hints.insert(out.rename_hints.end(), hints.begin(), hints.end());
  }
  return out;
}

LoadedSource SourceLoader::Impl::load_connection(const Source& source) {
  LoadedSource out;
  out.conninfo = source.text;
  out.live = true;
  pg::Connection connection(source.text);
  out.database = read(connection, options.read);
  return out;
}

SourceLoader::SourceLoader(LoadOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
SourceLoader::~SourceLoader() = default;

LoadedSource SourceLoader::load(const Source& source, std::optional<int> major) {
  impl_->notes.clear();
  impl_->made_roles.clear();
  LoadedSource out = source.kind == SourceKind::connection ? impl_->load_connection(source)
                                                           : impl_->load_script(source, major);
  out.notes = std::move(impl_->notes);
  out.made_roles = std::move(impl_->made_roles);
  return out;
}

pg::Sandbox& SourceLoader::sandbox(std::optional<int> major) { return impl_->get_sandbox(major); }

}  // namespace contraflow::catalog
