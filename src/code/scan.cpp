// SPDX-License-Identifier: Apache-2.0
#include "code/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>

#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "code/cache.h"
#include "code/files.h"
#include "code/prisma_calls.h"
#include "code/scanner_version.h"
#include "code/sql_sites.h"
#include "code/tree.h"
#include "code/word_finder.h"

namespace contraflow::code {
namespace {

enum Bits : unsigned { kTable = 1,
                       kSql = 2,
                       kModel = 4,
                       kCall = 8,
                       kTyped = 16 };

// A file is read further where it names a table and has SQL, or names a model and has a call of Prisma's client.
bool is_candidate(unsigned bits, Language language) {
  if (language == Language::sql) return (bits & kTable) != 0;
  if ((bits & (kTable | kSql)) == (kTable | kSql)) return true;
  return is_ecmascript(language) && ((bits & (kModel | kCall)) == (kModel | kCall) || (bits & kTyped) != 0);
}

void add_words(WordFinder& finder, const SchemaFacts& facts, const ScanOptions& options) {
  for (const std::string_view word : {"select", "insert", "update", "delete", "merge", "truncate", "with", "join", "from", "copy", "lock", "table", "analyze", "vacuum"}) finder.add(word, kSql);
  for (const std::string_view word : {"findMany", "findFirst", "findFirstOrThrow", "findUnique", "findUniqueOrThrow", "count", "aggregate", "groupBy", "create", "createMany",
                                      "createManyAndReturn", "update", "updateMany", "updateManyAndReturn", "upsert", "delete", "deleteMany", "findRaw"})
    finder.add(word, word == "update" || word == "delete" ? kCall | kSql : kCall);
  finder.add("$queryRawTyped", kTyped);
  finder.add("queryRawTyped", kTyped);
  if (facts.relations.empty() && options.tables.empty()) {
    for (const std::string_view word : {"from", "into", "update", "join", "truncate"}) finder.add(word, kTable);
  }
  const auto wanted = [&](const sql::QualifiedName& name) {
    return options.tables.empty() || std::any_of(options.tables.begin(), options.tables.end(), [&](const std::string& table) {
             return table == name.name || table == name.schema + "." + name.name;
           });
  };
  for (const std::string& table : options.tables) {
    const std::size_t dot = table.rfind('.');
    finder.add(dot == std::string::npos ? table : table.substr(dot + 1), kTable);
  }
  std::set<std::string> models;
  for (const auto& [name, columns] : facts.relations) {
    if (wanted(name)) finder.add(name.name, kTable);
  }
  for (const Model& model : facts.models) {
    if (!wanted(model.table)) continue;
    models.insert(model.name);
    finder.add(model.accessor, kModel);
  }
  // Reads and writes of other models reach it through their relations.
  for (const Model& model : facts.models) {
    for (const ModelField& field : model.fields) {
      if (models.contains(field.relation)) finder.add(field.name, kModel);
    }
  }
}

// Why a file is not worth parsing; empty where it is.
std::string unreadable(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return "binary";
  if (!is_valid_utf8(text)) return "not UTF-8";
  if (text.size() > 100'000) {
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    if (text.size() / lines > 400) return fmt::format("{:.1f} MB in {} lines: generated or minified", static_cast<double>(text.size()) / 1e6, lines);
  }
  if (text.size() > 8'000'000) return fmt::format("{:.1f} MB: too large to be written by hand", static_cast<double>(text.size()) / 1e6);
  return {};
}

SiteCache::Entry read_sites(Language language, std::string_view whole, const SchemaFacts& facts, bool ddl) {
  SiteCache::Entry out;
  const std::size_t mark = whole.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  const std::string_view text = whole.substr(mark);
  if (language == Language::sql) {
    for (FoundSql& found : find_statements(text, facts, ddl)) out.sites.push_back(std::move(found.site));
  } else {
    const Tree tree(text, language);
    if (!tree.root()) {
      out.note = "the parser gave up";
      return out;
    }
    const Constants constants(tree);
    for (FoundSql& found : find_sql(tree, constants, facts, ddl)) out.sites.push_back(std::move(found.site));
    PrismaCalls calls = find_prisma_calls(tree, constants, facts);
    for (PrismaCall& call : calls.calls) out.sites.push_back(std::move(call.site));
    for (TypedCall& call : calls.typed) {
      call.site.call += "(" + call.query + ")";
      out.sites.push_back(std::move(call.site));
    }
    if (tree.root().broken()) {
      if (const Node broken = first_error(tree)) out.note = fmt::format("syntax error near line {}: read as far as it goes", locate(text, broken.begin()).line);
    }
  }
  for (QuerySite& site : out.sites) {
    site.begin += mark;
    site.end += mark;
  }
  std::stable_sort(out.sites.begin(), out.sites.end(), [](const QuerySite& l, const QuerySite& r) { return l.begin < r.begin; });
  return out;
}

// A call of a TypedSQL query touches what the statements of its file touch.
void link_typed(std::vector<QuerySite>& sites) {
  std::map<std::string, std::vector<const QuerySite*>> files;
  for (const QuerySite& site : sites) {
    if (site.origin != Origin::sql_file) continue;
    const std::size_t slash = site.file.rfind('/');
    const std::string name = site.file.substr(slash == std::string::npos ? 0 : slash + 1);
    files[name.substr(0, name.size() - 4)].push_back(&site);
  }
  for (QuerySite& site : sites) {
    if (site.origin != Origin::typed_sql) continue;
    const std::size_t open = site.call.rfind('(');
    const auto it = files.find(site.call.substr(open + 1, site.call.size() - open - 2));
    if (it == files.end()) continue;
    for (const QuerySite* statement : it->second) {
      site.tables.insert(site.tables.end(), statement->tables.begin(), statement->tables.end());
      site.verb = statement->verb;
      site.statement = statement->statement;
      site.statement_certain = statement->statement_certain;
    }
  }
  std::erase_if(sites, [](const QuerySite& site) { return site.origin == Origin::typed_sql && site.tables.empty(); });
}

struct Shared {
  std::atomic<std::size_t> next{0}, bytes{0}, candidates{0}, parsed{0};
  std::mutex mutex;
  std::vector<QuerySite> sites;
  std::vector<SkippedFile> skipped;
  std::set<std::string> missing;
};

}  // namespace

std::vector<QuerySite> scan_text(const std::string& file, const std::string& text, const SchemaFacts& facts, bool ddl) {
  if (!unreadable(text).empty()) return {};
  SiteCache::Entry entry = read_sites(language_of(file), text, facts, ddl);
  for (QuerySite& site : entry.sites) site.file = file;
  return std::move(entry.sites);
}

ScanResult scan(const SchemaFacts& facts, const ScanOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const std::unique_ptr<CodeFiles> files = code_files({options.root, options.revision, options.exclude, options.untracked});
  WordFinder finder;
  add_words(finder, facts, options);
  finder.build();
  std::optional<SiteCache> cache;
  if (options.cache) cache.emplace(options.root, fmt::format("{} {} {}", scanner_version(), facts.fingerprint(), options.ddl));

  Shared shared;
  const std::vector<SourceFile>& list = files->list();
  const auto work = [&] {
    std::vector<QuerySite> sites;
    std::vector<SkippedFile> skipped;
    std::set<std::string> missing;
    constexpr std::size_t kBatch = 16;
    for (std::size_t first = shared.next.fetch_add(kBatch); first < list.size(); first = shared.next.fetch_add(kBatch)) {
      for (std::size_t i = first; i < std::min(first + kBatch, list.size()); ++i) {
        const SourceFile& file = list[i];
        if (file.language == Language::prisma) continue;
        // What migrations once ran is no query of the application.
        const bool migration = file.language == Language::sql && ("/" + file.path).find("/migrations/") != std::string::npos;
        if (migration && !options.ddl) continue;
        std::string text;
        try {
          text = files->read(file);
        } catch (const Error& error) {
          skipped.push_back({file.path, error.message()});
          continue;
        }
        shared.bytes += text.size();
        const unsigned bits = finder.find(text, [&](unsigned found) { return is_candidate(found, file.language); });
        if (!is_candidate(bits, file.language)) continue;
        ++shared.candidates;
        if (file.language != Language::sql && grammar(file.language) == nullptr) {
          missing.insert(std::string(language_name(file.language)));
          skipped.push_back({file.path, fmt::format("the {} grammar was not there when contraflow was built", language_name(file.language))});
          continue;
        }
        if (const std::string why = unreadable(text); !why.empty()) {
          skipped.push_back({file.path, why});
          continue;
        }
        const std::string hash = cache ? sha256(text) + static_cast<char>('a' + static_cast<int>(file.language)) : "";
        std::optional<SiteCache::Entry> entry = cache ? cache->find(hash) : std::nullopt;
        if (!entry) {
          entry = read_sites(file.language, text, facts, options.ddl);
          ++shared.parsed;
          if (cache) cache->put(hash, *entry);
        }
        if (!entry->note.empty()) skipped.push_back({file.path, entry->note});
        for (QuerySite& site : entry->sites) {
          site.file = file.path;
          sites.push_back(std::move(site));
        }
      }
    }
    const std::lock_guard<std::mutex> lock(shared.mutex);
    shared.sites.insert(shared.sites.end(), std::make_move_iterator(sites.begin()), std::make_move_iterator(sites.end()));
    shared.skipped.insert(shared.skipped.end(), skipped.begin(), skipped.end());
    shared.missing.merge(missing);
  };
  const unsigned count = std::max(1U, options.threads != 0 ? options.threads : std::thread::hardware_concurrency());
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < count; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();

  ScanResult out;
  out.sites = std::move(shared.sites);
  std::stable_sort(out.sites.begin(), out.sites.end(),
                   [](const QuerySite& l, const QuerySite& r) { return std::tie(l.file, l.begin) < std::tie(r.file, r.begin); });
  link_typed(out.sites);
  if (!options.tables.empty()) {
    std::erase_if(out.sites, [&](const QuerySite& site) {
      return std::none_of(options.tables.begin(), options.tables.end(), [&](const std::string& table) { return site.touches(table); });
    });
  }
  out.skipped = std::move(shared.skipped);
  std::sort(out.skipped.begin(), out.skipped.end(), [](const SkippedFile& l, const SkippedFile& r) { return l.file < r.file; });
  out.languages_missing.assign(shared.missing.begin(), shared.missing.end());
  if (cache) cache->save();
  out.statistics = {list.size(), shared.bytes, shared.candidates, shared.parsed,
                    std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()};
  return out;
}

}  // namespace contraflow::code
