// SPDX-License-Identifier: Apache-2.0
#include "testgen/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"
#include "pg/connection.h"
#include "testgen/suite.h"

namespace contraflow::testgen {
namespace {

namespace fs = std::filesystem;

std::string first_lines(const std::string& text, std::size_t count) {
  std::vector<std::string> lines = split_lines(text);
  if (lines.size() > count) lines.resize(count);
  return join(lines, "\n");
}

// pg_prove hands on no connection string: it and psql get the parts by the environment.
std::vector<std::pair<std::string, std::string>> environment_of(const std::string& conninfo) {
  pg::Connection connection(conninfo, "contraflow tests");
  return {{"PGHOST", connection.host()}, {"PGPORT", std::to_string(connection.port())}, {"PGUSER", connection.user()}, {"PGDATABASE", connection.database()}, {"PSQLRC", "/dev/null"}, {"PGOPTIONS", ""}};
}

FileRun prove(const std::string& conninfo, const fs::path& file, const std::string& state) {
  FileRun out{.state = state, .file = file.filename().string(), .passed = 0, .failures = {}, .broken = {}};
  if (!fs::exists(file)) {
    out.broken = fmt::format("there is no {}", file.string());
    return out;
  }
  const ProcessResult result = run_process({"pg_prove", "--verbose", "--norc", fs::absolute(file).string()}, {.input = {}, .environment = environment_of(conninfo), .folder = {}, .timeout = std::chrono::minutes(5)});
  for (const std::string& line : split_lines(result.output)) {
    if (line.starts_with("not ok ")) {
      const std::size_t dash = line.find(" - ");
      out.failures.push_back(dash == std::string::npos ? line : line.substr(dash + 3));
    } else if (line.starts_with("ok ")) {
      if (line.find("# SKIP") == std::string::npos) ++out.passed;
    } else if (line.starts_with("#     ") && !out.failures.empty()) {
      out.failures.back() += "\n" + line.substr(6);
    }
  }
  if (result.timed_out)
    out.broken = "it did not end within 5 minutes";
  else if (!result.succeeded() && out.failures.empty())
    out.broken = first_lines(result.error_output.empty() ? result.output : result.error_output, 6);
  // A file that dies after a failed assertion has both.
  else if (!result.succeeded() && result.error_output.find("ERROR:") != std::string::npos)
    out.broken = first_lines(result.error_output.substr(result.error_output.find("ERROR:")), 3);
  return out;
}

}  // namespace

std::string run_plan_file(const std::string& conninfo, const fs::path& file) {
  const ProcessResult result = run_process({"psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", conninfo, "-f", file.string()}, {.input = {}, .environment = {{"PGOPTIONS", "-c client_min_messages=warning"}}, .folder = {}, .timeout = std::chrono::minutes(10)});
  if (result.succeeded()) return {};
  return fmt::format("{}: {}", file.filename().string(), result.timed_out ? "it did not end within 10 minutes" : first_lines(result.error_output, 6));
}

void require_pgtap(pg::Sandbox& sandbox, const std::string& conninfo) {
  if (!find_program("pg_prove"))
    throw Error(ErrorCode::environment, "pg_prove is not installed: it runs the tests", "apt-get install libtap-parser-sourcehandler-pgtap-perl (Debian), or cpan TAP::Parser::SourceHandler::pgTAP");
  pg::Connection connection(conninfo, "contraflow tests");
  if (connection.query("SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'pgtap'").rows() == 0)
    throw Error(ErrorCode::environment, fmt::format("the server of the sandbox (PostgreSQL {}) has no extension pgtap", sandbox.major()),
                fmt::format("apt-get install postgresql-{}-pgtap (Debian)", sandbox.major()));
}

std::vector<FileRun> run_suite(pg::Sandbox& sandbox, const std::string& base, const plan::Plan& plan, const fs::path& folder, const fs::path& suite,
                               const std::function<void(const std::string&)>& progress) {
  std::vector<FileRun> out;
  const auto say = [&](const std::string& text) { if (progress) progress(text); };
  const auto broken = [&](const std::string& state, const std::string& file, const std::string& why) {
    out.push_back({.state = state, .file = file, .passed = 0, .failures = {}, .broken = why});
  };
  const std::string trial = sandbox.create_database("tests", base);
  if (const std::string why = run_plan_file(trial, suite / kRowsFile); !why.empty()) {
    broken("before", kRowsFile, why);
    return out;
  }
  say("before");
  out.push_back(prove(trial, suite / kKeptFile, "before"));
  out.push_back(prove(trial, suite / kBeforeFile, "before"));
  std::vector<plan::Phase> phases;
  for (const plan::Phase phase : plan::kPhases) {
    if (plan.in_phase(phase).empty()) continue;
    phases.push_back(phase);
    const std::string name(plan::phase_name(phase));
    const std::string number = fmt::format("{}_{}", static_cast<int>(phase) + 1, name);
    say(name);
    if (const std::string why = run_plan_file(trial, folder / (number + ".sql")); !why.empty()) {
      broken(name, number + ".sql", why);
      return out;
    }
    out.push_back(prove(trial, suite / file_of(phase), name));
    const std::string back = sandbox.create_database("tests_back", trial);
    const std::string state = "rollback of " + name;
    say(state);
    bool exact = true;
    std::string why;
    for (std::size_t i = phases.size(); i > 0 && why.empty(); --i) {
      const plan::Phase undone = phases[i - 1];
      for (const plan::Step* step : plan.in_phase(undone)) exact = exact && step->grade != plan::Grade::data;
      const std::string file = fmt::format("{}_{}.rollback.sql", static_cast<int>(undone) + 1, plan::phase_name(undone));
      why = run_plan_file(back, folder / file);
      if (!why.empty()) broken(state, file, why);
    }
    if (why.empty()) {
      // Where the plan says that a phase gives contents up, the rows are not asked for: the schema and what it takes are.
      if (exact) out.push_back(prove(back, suite / kKeptFile, state));
      out.push_back(prove(back, suite / kBeforeFile, state));
    }
    sandbox.drop_database(back);
  }
  sandbox.drop_database(trial);
  return out;
}

}  // namespace contraflow::testgen
