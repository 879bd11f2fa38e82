// SPDX-License-Identifier: Apache-2.0
#include "cli/code_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "catalog/source_files.h"
#include "code/files.h"

namespace contraflow::cli {

namespace fs = std::filesystem;

namespace {

prisma::Schema read_models(const std::string& given) {
  const std::string path = given.ends_with("/*.prisma") ? given.substr(0, given.size() - 9) : given;
  if (!fs::is_directory(path)) return prisma::parse(read_text_file(path), path);
  const auto files = catalog::disk_files();
  std::vector<std::pair<std::string, std::string>> texts;
  for (const std::string& file : catalog::prisma_files(*files, path)) texts.emplace_back(file, read_text_file(file));
  if (texts.empty()) throw Error(ErrorCode::usage, fmt::format("there is no .prisma file in \"{}\"", path));
  return prisma::parse_files(texts, path);
}

// The code base's own: the .prisma files around the `datasource` of PostgreSQL that has most models.
std::optional<prisma::Schema> find_models(const CodeSchemaOptions& options, CodeSchema& out) {
  const auto files = code::code_files({.root = options.root, .revision = options.revision});
  struct File {
    std::string folder, path, text;
  };
  std::vector<File> sources, parts;  // with a datasource, without one
  for (const code::SourceFile& file : files->list()) {
    if (file.language != code::Language::prisma) continue;
    try {
      std::string text = files->read(file);
      const prisma::Schema part = prisma::parse(text, file.path);
      const std::size_t slash = file.path.rfind('/');
      File one{slash == std::string::npos ? "" : file.path.substr(0, slash + 1), file.path, std::move(text)};
      const prisma::Block* source = part.datasource();
      const std::string* provider = source != nullptr ? source->setting("provider") : nullptr;
      if (source == nullptr)
        parts.push_back(std::move(one));
      else if (provider != nullptr && (*provider == "\"postgresql\"" || *provider == "\"postgres\"" || provider->starts_with("env")))
        sources.push_back(std::move(one));
    } catch (const Error& error) {
      out.notes.push_back(fmt::format("{}{}: not read: {}", file.path, error.location() ? fmt::format(":{}", error.location()->line) : "", error.message()));
    }
  }
  std::optional<prisma::Schema> best;
  for (const File& source : sources) {
    std::vector<std::pair<std::string, std::string>> texts{{source.path, source.text}};
    for (const File& part : parts) {
      if (part.folder.starts_with(source.folder)) texts.emplace_back(part.path, part.text);
    }
    // The files of one schema by name, as they come from a folder; its own file names a schema of one.
    std::sort(texts.begin(), texts.end());
    prisma::Schema schema = prisma::parse_files(texts, source.folder.empty() ? "." : source.folder.substr(0, source.folder.size() - 1));
    if (!best || schema.blocks.size() > best->blocks.size()) best = std::move(schema);
  }
  if (sources.size() > 1)
    out.notes.push_back(fmt::format("{} Prisma schemas in the code base: {} is used (name another with --prisma)", sources.size(), best->file));
  return best;
}

}  // namespace

std::string named_source(const Context& context, const std::string& source) {
  if (source != "config:database") return source;
  if (context.config.database_url.empty()) throw Error(ErrorCode::usage, "no database is configured", "[database] url in contraflow.toml");
  return context.config.database_url;
}

std::string source_content(const catalog::Source& source) {
  if (source.kind == catalog::SourceKind::sql_file) return read_file(source.text);
  if (source.kind != catalog::SourceKind::migrations && source.kind != catalog::SourceKind::prisma) return {};
  if (!fs::is_directory(source.text)) return read_file(source.text);
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(source.text)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::string out;
  for (const fs::path& file : files) out += file.string() + "\n" + read_file(file);
  return out;
}

namespace {

std::optional<code::SchemaFacts> cached(const fs::path& file) {
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return std::nullopt;
  try {
    const auto json = nlohmann::json::parse(read_file(file));
    code::SchemaFacts out{.complete = true};
    out.functions = json.at("functions").get<std::set<std::string>>();
    out.extensions = json.at("extensions").get<bool>();
    for (const auto& table : json.at("relations")) out.relations[{table.at(0), table.at(1)}] = table.at(2).get<std::vector<std::string>>();
    return out;
  } catch (const std::exception&) {
    return std::nullopt;  // cut short, or of another version: loaded again
  }
}

void keep(const fs::path& file, const code::SchemaFacts& facts) {
  nlohmann::json json{{"functions", facts.functions}, {"extensions", facts.extensions}, {"relations", nlohmann::json::array()}};
  for (const auto& [name, columns] : facts.relations) json["relations"].push_back({name.schema, name.name, columns});
  try {
    write_file(file, json.dump());
  } catch (const Error&) {
    // Without a cache the next run loads it again.
  }
}

}  // namespace

catalog::LoadOptions load_options(const Context& context, const std::vector<std::string>& bindirs, const std::string& sandbox_url) {
  catalog::LoadOptions load;
  load.sandbox.bindirs = bindirs;
  load.sandbox.bindirs.insert(load.sandbox.bindirs.end(), context.config.sandbox_bindirs.begin(), context.config.sandbox_bindirs.end());
  load.sandbox.url = sandbox_url.empty() ? context.config.sandbox_url : sandbox_url;
  load.sandbox.settings = context.config.sandbox_settings;
  load.sandbox.major = context.config.sandbox_major;
  load.progress = [console = &context.console](const std::string& text) { console->progress(text); };
  return load;
}

std::optional<prisma::Schema> find_prisma_schema(const std::string& root, const std::string& revision) {
  CodeSchema ignored;
  return find_models({.root = root, .revision = revision}, ignored);
}

namespace {

// A schema.prisma, or a folder of its files.
bool names_models(const std::string& source) {
  if (source.starts_with("git:") || source.empty()) return false;
  if (source.ends_with(".prisma")) return true;
  std::error_code ignored;
  return fs::is_directory(source, ignored) && catalog::recognise_source(source).kind == catalog::SourceKind::prisma;
}

// A project that was just begun has an empty folder of migrations.
bool holds_sql(const std::string& folder) {
  std::error_code failed;
  if (folder.empty() || !fs::is_directory(folder, failed)) return false;
  for (auto it = fs::recursive_directory_iterator(folder, failed); !failed && it != fs::recursive_directory_iterator(); it.increment(failed)) {
    if (it->path().extension() == ".sql") return true;
  }
  return false;
}

}  // namespace

CodeSchema code_schema(const Context& context, const CodeSchemaOptions& options) {
  CodeSchema out;
  if (!options.prisma.empty()) {
    out.models = read_models(options.prisma);
  } else if (names_models(options.schema)) {
    out.models = read_models(options.schema);
  } else {
    out.models = find_models(options, out);
  }
  const std::string migrations = !out.models && holds_sql(context.config.migrations) ? context.config.migrations : "";
  const std::string text = options.schema.empty() ? migrations : options.schema;
  if (!text.empty() && !names_models(text)) {
    out.source = text;
    const catalog::Source source = catalog::recognise_source(text);
    const std::string content = source_content(source);
    const fs::path folder = cache_folder();
    const fs::path kept = content.empty() || folder.empty() ? fs::path() : folder / "facts" / (sha256("2" + content) + ".json");
    std::optional<code::SchemaFacts> known = kept.empty() ? std::nullopt : cached(kept);
    if (known) {
      out.facts = std::move(*known);
    } else {
      catalog::LoadOptions load = load_options(context, options.bindirs, options.sandbox_url);
      load.read.sizes = false;
      catalog::SourceLoader loader(load);
      const catalog::LoadedSource loaded = loader.load(source, load.sandbox.major);
      context.console.progress("");
      out.notes.insert(out.notes.end(), loaded.notes.begin(), loaded.notes.end());
      out.facts = code::facts_of(loaded.database);
      if (!kept.empty()) keep(kept, out.facts);
    }
  } else if (out.models) {
    out.source = out.models->parts.size() > 1 ? out.models->file + "/*.prisma" : out.models->file;
  }
  if (out.models) code::add_models(out.facts, *out.models);
  return out;
}

}  // namespace contraflow::cli
