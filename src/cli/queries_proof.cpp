// SPDX-License-Identifier: Apache-2.0
#include "cli/queries_proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/process.h"
#include "base/text.h"
#include "catalog/ddl.h"
#include "pg/connection.h"
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
  for (std::size_t state = 0; state <= files.size(); ++state) {
    if (state > 0) run_plan_file(conninfo, plan_folder, files[state - 1]);
    const std::string name = state == 0 ? "before the plan" : "after " + files[state - 1].substr(2, files[state - 1].size() - 6);
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
  return out;
}

}  // namespace contraflow::cli
