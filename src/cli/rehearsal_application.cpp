// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <map>

#include "base/error.h"
#include "base/text.h"
#include "cli/code_schema.h"
#include "cli/rehearsal_parts.h"
#include "code/scan.h"
#include "code/schema_facts.h"

namespace contraflow::cli {
namespace {

// Queries in the application's source code: the working tree is the next version where --deployed-revision
// says what is deployed, else the deployed one.
void add_code_queries(const RehearsalOptions& options, const catalog::Database& database,
                      rehearse::ApplicationOptions& out, rehearse::Rehearsal& rehearsal) {
  const auto scan = [&](const std::string& revision, const char* version) {
    code::SchemaFacts facts = code::facts_of(database);
    if (const auto models = find_prisma_schema(options.code, revision)) code::add_models(facts, *models);
    const code::ScanResult found = code::scan(facts, {.root = options.code, .revision = revision});
    long long without = 0;
    std::map<std::string, std::size_t> calls;  // of Prisma's client: many ask for the same columns
    for (const code::QuerySite& site : found.sites) {
      if (site.statement.empty()) {
        ++without;
        continue;
      }
      const bool call = site.origin == code::Origin::prisma;
      if (call) {
        const auto [at, added] = calls.try_emplace(site.statement, out.queries.size());
        if (!added) {
          ++out.queries[at->second].calls;
          continue;
        }
      }
      out.queries.push_back({.name = fmt::format("{}:{}", site.file, site.line), .version = version, .text = site.statement, .columns_only = call});
    }
    if (without > 0)
      rehearsal.notes.push_back(
          fmt::format("{} of the {} version's code could not be tried: their statement is put together at "
                      "run time (contraflow queries lists them)",
                      count_of(without, "place"), version));
  };
  if (!options.deployed_revision.empty()) scan(options.deployed_revision, "deployed");
  scan("", options.deployed_revision.empty() ? "deployed" : "next");
}

}  // namespace

std::chrono::milliseconds duration(const std::string& option, const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  const std::string unit(trim(end));
  double factor = 0;
  if (unit == "ms") factor = 1;
  if (unit.empty() || unit == "s") factor = 1000;
  if (unit == "min" || unit == "m") factor = 60'000;
  if (unit == "h") factor = 3'600'000;
  if (end == text.c_str() || factor == 0 || number <= 0 || !std::isfinite(number) || number * factor > 1e9)
    throw Error(ErrorCode::usage, fmt::format("{} {}: expected a duration", option, text),
                "for instance 90s, 500ms or 5min");
  return std::chrono::milliseconds(static_cast<long long>(number * factor));
}

rehearse::ApplicationOptions application_options(const RehearsalOptions& options,
                                                 const catalog::Database& database,
                                                 rehearse::Rehearsal& rehearsal) {
  rehearse::ApplicationOptions out;
  if (!options.code.empty())
    add_code_queries(options, database, out, rehearsal);
  else if (!options.deployed_revision.empty())
    throw Error(ErrorCode::usage, "--deployed-revision says which code is deployed",
                "give --code DIR as well");
  for (const std::string& from : options.queries) {
    std::vector<rehearse::AppQuery> more = rehearse::load_queries(from, "deployed");
    out.queries.insert(out.queries.end(), more.begin(), more.end());
  }
  for (const std::string& from : options.next_queries) {
    std::vector<rehearse::AppQuery> more = rehearse::load_queries(from, "next");
    out.queries.insert(out.queries.end(), more.begin(), more.end());
  }
  if (options.compare_naive && !options.traffic)
    throw Error(ErrorCode::usage, "--compare-naive compares traffic", "give --traffic as well");
  out.traffic = options.traffic;
  out.compare_naive = options.compare_naive;
  out.connections = options.connections;
  out.rate = options.rate;
  out.budget_ms = options.stall_budget;
  out.reader_holds = duration("--reader-holds", options.reader_holds);
  out.migration_budget = duration("--budget", options.budget);
  return out;
}

}  // namespace contraflow::cli
