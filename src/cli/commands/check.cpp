// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/in_parts.h"
#include "base/keep.h"
#include "base/text.h"
#include "catalog/source.h"
#include "catalog/source_files.h"
#include "cli/baseline.h"
#include "cli/command.h"
#include "cli/findings.h"
#include "lint/check.h"
#include "lint/gather.h"

namespace contraflow::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> paths;
  std::string server, schema, stats, layout, since, fail_on, baseline, write_baseline;
  std::vector<std::string> enable, disable, bindirs;
  std::string sandbox_url;
  bool all = false, each = false;
  unsigned threads = 0;
  std::shared_ptr<std::string> format;
};

[[noreturn]] void bad_range(const std::string& text) {
  throw Error(ErrorCode::usage, fmt::format("\"{}\" names no server versions", text), fmt::format("write a major or a range of {} to {}: 15, 14..17", lint::kOldestMajor, lint::kNewestMajor));
}

lint::Majors majors_of(const std::string& text) {
  const auto number = [&](std::string_view part) {
    int out = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), out);
    if (error != std::errc() || end != part.data() + part.size()) bad_range(text);
    return out;
  };
  const std::size_t dots = text.find("..");
  lint::Majors out;
  out.from = number(text.substr(0, dots));
  out.to = dots == std::string::npos ? out.from : number(text.substr(dots + 2));
  if (out.from < lint::kOldestMajor || out.to > lint::kNewestMajor || out.empty()) bad_range(text);
  return out;
}

void add_rules(std::set<std::string>& into, const std::vector<std::string>& names, const char* option) {
  for (const std::string& list : names) {
    for (const std::string& part : split(list, ',')) {
      const std::string name(trim(part));
      if (name.empty()) continue;
      if (lint::find_rule(name) == nullptr) {
        std::vector<std::string> known;
        for (const lint::Rule* rule : lint::rules()) known.emplace_back(rule->name);
        const std::string near = nearest(name, known);
        throw Error(ErrorCode::usage, fmt::format("{}: there is no rule \"{}\"", option, name), near.empty() ? "contraflow rules lists them" : fmt::format("did you mean {}?", near));
      }
      into.insert(name);
    }
  }
}

catalog::LoadOptions load_options(const Context& context, const Options& options) {
  catalog::LoadOptions load;
  load.sandbox.bindirs = options.bindirs;
  load.sandbox.bindirs.insert(load.sandbox.bindirs.end(), context.config.sandbox_bindirs.begin(), context.config.sandbox_bindirs.end());
  load.sandbox.url = options.sandbox_url.empty() ? context.config.sandbox_url : options.sandbox_url;
  load.sandbox.settings = context.config.sandbox_settings;
  load.progress = [&context](const std::string& text) { context.console.progress(text); };
  return load;
}

// {"public.users": {"rows": 40, "bytes": 8192}}, or a live database.
void read_stats(Context& context, const Options& options, lint::CheckOptions& check) {
  check.have_stats = true;
  std::error_code ignored;
  if (!fs::is_regular_file(options.stats, ignored)) {
    const catalog::Source source = catalog::recognise_source(options.stats);
    if (source.kind != catalog::SourceKind::connection) throw Error(ErrorCode::usage, fmt::format("--stats {}: neither a database nor a file", options.stats), "name a connection string, or a JSON file {\"public.users\": {\"rows\": 40, \"bytes\": 8192}}");
    catalog::SourceLoader loader(load_options(context, options));
    for (const auto& [name, size] : loader.load(source).database.sizes) check.stats[name] = {size.rows, size.bytes};
    return;
  }
  const auto document = nlohmann::json::parse(read_text_file(options.stats), nullptr, false);
  if (!document.is_object()) throw Error(ErrorCode::usage, fmt::format("{} is no statistics file", options.stats), "write a JSON object: {\"public.users\": {\"rows\": 40, \"bytes\": 8192}}");
  for (const auto& [name, value] : document.items()) {
    if (!value.is_object()) throw Error(ErrorCode::usage, fmt::format("{}: \"{}\" has no object", options.stats, name), "write {\"rows\": 40, \"bytes\": 8192}");
    lint::RelationStats stats;
    if (value.contains("rows") && value["rows"].is_number()) stats.rows = value["rows"].get<double>();
    if (value.contains("bytes") && value["bytes"].is_number()) stats.bytes = value["bytes"].get<long long>();
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) check.stats[{"public", name}] = stats;
    else check.stats[{name.substr(0, dot), name.substr(dot + 1)}] = stats;
  }
}

// "db/legacy/*" or "db/old.sql: rule, rule"
void read_allowed_paths(const Context& context, lint::CheckOptions& check) {
  for (const std::string& line : context.config.check_allow) {
    const std::size_t colon = line.find(':');
    std::set<std::string> names;
    if (colon != std::string::npos) add_rules(names, {line.substr(colon + 1)}, "[check] allow");
    check.disabled_paths.emplace_back(std::string(trim(line.substr(0, colon))), std::move(names));
  }
}

// Files that are there, unchanged, at the revision: read for what they leave, not judged.
void leave_out_old(std::vector<lint::Input>& inputs, const std::string& revision) {
  const std::string folder = fs::current_path().string();
  const auto old = catalog::git_files(folder, revision);
  const std::string prefix = catalog::git_prefix(folder);
  for (lint::Input& input : inputs) {
    const fs::path path = fs::path(input.file->name).is_absolute() ? fs::relative(input.file->name, folder) : fs::path(input.file->name);
    const auto before = old->read((fs::path(prefix) / path).lexically_normal().string());
    if (before && *before == (input.text_shown.empty() ? input.file->text : input.text_shown)) input.report = false;
  }
}

lint::Gathered gather(const catalog::Files& files, const std::string& path, const std::string& layout, lint::Neighbours& neighbours) {
  if (path == "-") return lint::gather_text("<stdin>", catalog::check_sql_text(read_file("-"), "<stdin>"), layout);
  if (path.ends_with(".sql")) {
    if (auto text = files.read(path)) return lint::gather_file(files, path, *std::move(text), layout, neighbours);
  }
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    std::string folder = path;
    while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
    return lint::gather_folder(files, folder, layout);
  }
  catalog::recognise_source(path);  // says what is wrong with the name
  return lint::gather_file(files, path, layout);
}

std::vector<lint::Input> inputs_of(Context& context, const Options& options) {
  constexpr std::size_t kWorthAThread = 16;
  // A file asks for five others that may stand around it; folders, for far more.
  constexpr std::size_t kWorthAListing = 8;
  const std::vector<std::string>& paths = options.paths;
  const bool few = paths.size() < kWorthAListing && std::all_of(paths.begin(), paths.end(), [](const std::string& path) { return path.ends_with(".sql"); });
  const auto files = few ? catalog::disk_files() : catalog::listed_files(catalog::disk_files());
  std::vector<lint::Gathered> all(paths.size());
  std::vector<std::exception_ptr> failed(paths.size());
  in_parts(paths.size(), parts_of(paths.size(), kWorthAThread), [&](std::size_t, std::size_t first, std::size_t last) {
    lint::Neighbours neighbours;
    for (std::size_t i = first; i < last; ++i) {
      try {
        all[i] = gather(*files, paths[i], options.layout, neighbours);
      } catch (const Error&) {
        failed[i] = std::current_exception();  // said in its turn
        return;
      }
    }
  });
  std::vector<lint::Input> inputs;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (failed[i]) std::rethrow_exception(failed[i]);
    for (const std::string& note : all[i].notes) context.console.note("note: " + note);
    std::move(all[i].inputs.begin(), all[i].inputs.end(), std::back_inserter(inputs));
  }
  return inputs;
}

int run(Context& context, const Options& options) {
  lint::CheckOptions check;
  const std::string server = options.server.empty() ? context.config.check_server : options.server;
  if (!server.empty()) check.majors = majors_of(server);
  check.all_rules = options.all;
  check.each = options.each;
  check.threads = options.threads;
  add_rules(check.enabled, context.config.check_enable, "[check] enable");
  add_rules(check.disabled, context.config.check_disable, "[check] disable");
  add_rules(check.enabled, options.enable, "--enable");
  add_rules(check.disabled, options.disable, "--disable");
  read_allowed_paths(context, check);
  std::vector<lint::Input> inputs = inputs_of(context, options);
  if (!options.since.empty()) leave_out_old(inputs, options.since);

  catalog::LoadedSource schema;
  std::optional<catalog::SourceLoader> loader;
  if (!options.schema.empty()) {
    loader.emplace(load_options(context, options));
    std::optional<int> major;
    if (!server.empty()) major = check.majors.to;
    else if (context.config.sandbox_major) major = context.config.sandbox_major;
    schema = loader->load(catalog::recognise_source(options.schema), major);
    context.console.progress("");
    check.schema = &schema.database;
    if (schema.live && server.empty()) check.majors = {std::clamp(schema.database.major(), lint::kOldestMajor, lint::kNewestMajor), std::clamp(schema.database.major(), lint::kOldestMajor, lint::kNewestMajor)};
  }
  if (!options.stats.empty()) read_stats(context, options, check);

  lint::Report report = lint::check(inputs, check);
  if (!options.write_baseline.empty()) {
    write_baseline(options.write_baseline, report);
    context.console.note(fmt::format("{} written to {}", count_of(static_cast<long long>(report.findings.size()), "finding"), options.write_baseline));
    return 0;
  }
  if (!options.baseline.empty()) leave_out_baseline(options.baseline, report);
  for (const std::string& text : render_findings(report, check.majors, *options.format, context.console.color_out())) context.console.print(text);
  const std::string fail_on = options.fail_on.empty() ? (context.config.check_fail_on.empty() ? "error" : context.config.check_fail_on) : options.fail_on;
  if (fail_on == "never") return 0;
  const lint::Severity limit = fail_on == "info" ? lint::Severity::info : fail_on == "warning" ? lint::Severity::warning
                                                                                               : lint::Severity::error;
  const bool fails = std::any_of(report.findings.begin(), report.findings.end(), [&](const lint::Finding& finding) { return finding.severity >= limit; });
  if (process_ends) {
    keep_until_exit(std::move(report));
    keep_until_exit(std::move(inputs));
  }
  return fails ? static_cast<int>(ErrorCode::refused) : 0;
}

Runner add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("PATH", options->paths, "SQL files, folders of migrations, plan folders, or - for standard input; several run in the order given")->required();
  app.add_option("--schema", options->schema, "the schema that the first file runs on: connection string, SQL file, migrations folder, git:REV:PATH (default: only what the files say)")->type_name("SOURCE");
  app.add_option("--server", options->server, "PostgreSQL majors to judge for: 15, or 14..17")->type_name("MAJORS")->default_str("13..18");
  app.add_option("--layout", options->layout, "whose files these are, which decides on transactions (default: recognised)")->check(CLI::IsMember(lint::known_layouts()));
  app.add_option("--fail-on", options->fail_on, "exit 1 from this severity on")->check(CLI::IsMember(std::vector<std::string>{"error", "warning", "info", "never"}))->default_str("error");
  app.add_option("--enable", options->enable, "also this rule (repeatable, or with commas)")->type_name("RULE");
  app.add_option("--disable", options->disable, "not this rule (repeatable, or with commas)")->type_name("RULE");
  app.add_flag("--all", options->all, "every rule, those of style too");
  app.add_flag("--each", options->each, "judge every file by itself on the schema, not one after another");
  app.add_option("--stats", options->stats, "sizes that severities follow: connection string of a database like production, or a JSON file {\"public.users\": {\"rows\": 40, \"bytes\": 8192}}")->type_name("URL|FILE");
  app.add_option("--since", options->since, "report only files that are new or changed against this git revision")->type_name("REV");
  app.add_option("--baseline", options->baseline, "leave out the findings that this file lists")->type_name("FILE");
  app.add_option("--write-baseline", options->write_baseline, "write the findings there are to this file, and succeed")->type_name("FILE");
  app.add_option("--threads", options->threads, "threads to parse with (default: all processors)")->type_name("N");
  app.add_option("--pg-bindir", options->bindirs, "folder with initdb and postgres, for --schema from SQL")->type_name("DIR");
  app.add_option("--sandbox-url", options->sandbox_url, "use a database on this server instead of a throwaway one, for --schema from SQL")->type_name("URL");
  options->format = add_format_option(app, kFindingFormats);
  return [options](Context& context) { return run(context, *options); };
}

}  // namespace

extern const Command check_command;
const Command check_command{
    "check", "hazards of migrations, with line, reason and fix",
    "Offline and in milliseconds, unless --schema or --stats name a source. Exit 1 where a finding is at or above --fail-on. "
    "`-- contraflow: allow RULE reason` before a statement allows what it does; allow-file does so for the whole file.",
    "contraflow check db/migrations\n"
    "contraflow check db/migrations --since origin/main --format github   # what a branch adds\n"
    "contraflow check change.sql --schema \"$DATABASE_URL\"                 # judged with the real types\n"
    "contraflow check db/migrations --stats \"$PRODUCTION_URL\"             # a lock on 40 rows is no incident\n"
    "generate-migration | contraflow check - --server 15 --format json",
    add_options};

}  // namespace contraflow::cli
