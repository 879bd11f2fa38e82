// SPDX-License-Identifier: Apache-2.0
#include "cli/queries_proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/process.h"
#include "base/text.h"
#include "catalog/ddl.h"
#include "pg/connection.h"
#include "rehearse/queries.h"
#include "sql/prepared_part.h"

namespace contraflow::cli {

namespace fs = std::filesystem;

namespace {

std::string psql() {
  if (const auto found = find_program("psql")) return *found;
  std::error_code ignored;
  std::string best;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const std::string candidate = (entry.path() / "bin/psql").string();
    if (fs::exists(candidate, ignored) && (best.empty() || natural_less(best, candidate))) best = candidate;
  }
  if (best.empty()) throw Error(ErrorCode::environment, "psql is not installed, and a plan's files run under it", "apt-get install postgresql-client");
  return best;
}

// What PREPARE does not show: statements that were prepared before a phase, the shape of their results, constraints that refuse what they write. The same proof as a rehearsal's.
class RunSites {
 public:
  // `texts`: of each site; empty where there is nothing to run.
  explicit RunSites(const std::vector<std::string>& texts) {
    std::map<std::string, std::size_t> known;  // the same statement stands in many places
    std::vector<rehearse::AppQuery> queries;
    for (const std::string& text : texts) {
      const auto [at, added] = known.try_emplace(text, queries.size());
      number_.push_back(at->second);
      if (added) queries.push_back({.name = std::to_string(queries.size()), .version = kVersion, .text = text});
    }
    probe_.emplace(std::move(queries));
  }

  void begin(const std::string& conninfo) { probe_->baseline(conninfo, kVersion); }
  void before_phase(const std::string& conninfo) { probe_->hold(conninfo, kVersion); }
  void after_phase(const std::string& conninfo, const std::string& state) { probe_->after(conninfo, kVersion, state); }
  void end() {
    probe_->release();
    evidence_ = probe_->evidence();
  }

  // The first failure of a site's statement, where it worked before the plan.
  const rehearse::QueryOutcome* failure(std::size_t site) const {
    const rehearse::QueryEvidence& evidence = evidence_.at(number_.at(site));
    return evidence.verdict == rehearse::Verdict::refuted && !evidence.failures.empty() ? &evidence.failures.front() : nullptr;
  }

 private:
  static constexpr const char* kVersion = "deployed";
  std::vector<std::size_t> number_;
  std::optional<rehearse::QueryProbe> probe_;
  std::vector<rehearse::QueryEvidence> evidence_;
};

}  // namespace

std::vector<std::string> forward_files(const std::string& plan_folder) {
  std::vector<std::string> out;
  std::error_code none;  // no folder is no plan folder, as an empty one is
  for (const auto& entry : fs::directory_iterator(plan_folder, none)) {
    const std::string name = entry.path().filename().string();
    if (name.size() > 5 && name[0] >= '1' && name[0] <= '4' && name[1] == '_' && name.ends_with(".sql") && !name.ends_with(".rollback.sql")) out.push_back(name);
  }
  std::sort(out.begin(), out.end());
  if (out.empty())
    throw Error(ErrorCode::usage, fmt::format("\"{}\" is no plan folder: there is no 1_expand.sql or other phase in it", plan_folder), "contraflow plan writes one");
  return out;
}

void run_plan_file(const std::string& conninfo, const std::string& plan_folder, const std::string& file) {
  const ProcessResult result = run_process({psql(), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", conninfo, "-f", (fs::path(plan_folder) / file).string()});
  if (result.succeeded()) return;
  throw Error(ErrorCode::refused, fmt::format("{} of the plan fails on a sandbox: {}", file, std::string(trim(result.error_output))),
              "is --schema the schema that the plan was made for?");
}

std::string sandbox_copy(catalog::SourceLoader& loader, const std::string& source) {
  const catalog::LoadedSource loaded = loader.load(catalog::recognise_source(source));
  if (!loaded.live) return loaded.conninfo;
  pg::Sandbox& sandbox = loader.sandbox(loaded.database.major());
  const std::string conninfo = sandbox.create_database("copy");
  pg::Connection connection(conninfo);
  connection.execute("SET check_function_bodies = off");
  catalog::run_statements(connection, catalog::create_database(loaded.database));
  return conninfo;
}

std::vector<SiteProof> prove_sites(const std::vector<code::QuerySite>& sites, const std::string& schema, const std::string& plan_folder,
                                   const catalog::LoadOptions& load) {
  const std::vector<std::string> files = forward_files(plan_folder);
  catalog::SourceLoader loader(load);
  const std::string conninfo = sandbox_copy(loader, schema);
  std::vector<SiteProof> out(sites.size());
  std::vector<std::string> parts;
  std::vector<std::string> tried;
  for (const code::QuerySite& site : sites) {
    parts.push_back(site.statement);
    tried.emplace_back();
    try {
      parts.back() = std::string(sql::prepared_part(site.statement));
      tried.back() = sql::tried_form(site.statement);
    } catch (const Error&) {
      // The server says what is wrong with it.
    }
  }
  std::vector<std::string> run = parts;
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (!tried[i].empty()) run[i].clear();
  }
  RunSites running(run);
  for (std::size_t state = 0; state <= files.size(); ++state) {
    if (state > 0) {
      running.before_phase(conninfo);
      run_plan_file(conninfo, plan_folder, files[state - 1]);
    }
    const std::string name = state == 0 ? "before the plan" : "after " + files[state - 1].substr(2, files[state - 1].size() - 6);
    if (state == 0) running.begin(conninfo);
    else running.after_phase(conninfo, name);
    pg::Connection connection(conninfo, "contraflow queries");
    for (std::size_t i = 0; i < sites.size(); ++i) {
      SiteProof& proof = out[i];
      if (state == 0 && sites[i].statement.empty()) {
        proof.message = sites[i].reason.empty() ? "its text gives no statement that can be prepared" : sites[i].reason;
        continue;
      }
      if (!proof.message.empty()) continue;
      try {
        if (!tried[i].empty()) {
          connection.execute("BEGIN; " + tried[i] + "; ROLLBACK");
        } else {
          // PREPARE takes SELECT, INSERT, UPDATE, DELETE, MERGE, VALUES alone: anything else (CALL, ANALYZE) is left unknown by the server's own words.
          connection.execute("PREPARE contraflow_site AS " + parts[i]);
          connection.execute("DEALLOCATE contraflow_site");
        }
        proof.standing = Standing::proven;
      } catch (const pg::ServerError& error) {
        if (!tried[i].empty()) connection.execute("ROLLBACK");
        proof.standing = state == 0 ? Standing::unknown : Standing::broken;
        proof.state = name;
        proof.message = error.message();
      }
    }
  }
  running.end();
  for (std::size_t i = 0; i < sites.size(); ++i) {
    const rehearse::QueryOutcome* failure = out[i].standing == Standing::unknown ? nullptr : running.failure(i);
    if (failure == nullptr) continue;
    const auto phase = [&](const std::string& state) {
      return std::find_if(files.begin(), files.end(), [&](const std::string& file) { return state == "after " + file.substr(2, file.size() - 6); }) - files.begin();
    };
    if (out[i].standing == Standing::broken && phase(out[i].state) <= phase(failure->state)) continue;
    const bool held = failure->how != "prepared anew";
    out[i] = {.standing = Standing::broken, .state = failure->state, .message = failure->error + (held ? " (where it was prepared before)" : "")};
  }
  return out;
}

}  // namespace contraflow::cli
