// SPDX-License-Identifier: Apache-2.0
#include "testgen/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"
#include "pg/connection.h"
#include "testgen/stack.h"
#include "testgen/suite.h"

namespace contraflow::testgen {
namespace {

namespace fs = std::filesystem;

std::string first_lines(const std::string& text, std::size_t count) {
  std::vector<std::string> lines = split_lines(text);
  if (lines.size() > count) lines.resize(count);
  return join(lines, "\n");
}

}  // namespace

std::string run_plan_file(const std::string& conninfo, const fs::path& file) {
  const ProcessResult result = run_process({"psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", conninfo, "-f", file.string()}, {.input = {}, .environment = {{"PGOPTIONS", "-c client_min_messages=warning"}}, .folder = {}, .timeout = std::chrono::minutes(10)});
  if (result.succeeded()) return {};
  return fmt::format("{}: {}", file.filename().string(), result.timed_out ? "it did not end within 10 minutes" : first_lines(result.error_output, 6));
}

std::vector<std::pair<std::string, std::string>> environment_of(const std::string& conninfo) {
  pg::Connection connection(conninfo, "contraflow tests");
  return {{"PGHOST", connection.host()}, {"PGPORT", std::to_string(connection.port())}, {"PGUSER", connection.user()}, {"PGDATABASE", connection.database()}, {"PSQLRC", "/dev/null"}, {"PGOPTIONS", ""}};
}

std::vector<FileRun> run_suite(const Stack& stack, pg::Sandbox& sandbox, const std::string& base, const plan::Plan& plan, const fs::path& folder, const fs::path& suite, const RunFile& run_file,
                               const std::function<void(const std::string&)>& progress) {
  std::vector<FileRun> out;
  const auto say = [&](const std::string& text) { if (progress) progress(text); };
  const auto broken = [&](const std::string& state, const std::string& file, const std::string& why) {
    out.push_back({.state = state, .file = file, .passed = 0, .failures = {}, .broken = why});
  };
  const auto prove = [&](const std::string& database, const std::string& name, const std::string& state) {
    const fs::path file = suite / (name + stack.ending());
    if (fs::exists(file)) return out.push_back(stack.run(database, file, state));
    broken(state, file.filename().string(), fmt::format("there is no {}", file.string()));
  };
  const auto prove_objects = [&](const std::string& database, const std::string& name, const std::string& state) {
    if (fs::exists(suite / (objects_file_of(name) + stack.ending()))) prove(database, objects_file_of(name), state);
  };
  const auto prove_reads = [&](const std::string& database, plan::Phase phase, const std::string& state) {
    if (fs::exists(suite / (reads_file_of(phase) + stack.ending()))) prove(database, reads_file_of(phase), state);
  };
  const std::string trial = sandbox.create_database("tests", base);
  if (const std::string why = run_plan_file(trial, suite / kRowsFile); !why.empty()) {
    broken("before", kRowsFile, why);
    return out;
  }
  say("before");
  prove(trial, kKeptFile, "before");
  prove(trial, kBeforeFile, "before");
  prove_objects(trial, kBeforeFile, "before");
  std::vector<plan::Phase> phases;
  for (const plan::Phase phase : plan::kPhases) {
    if (plan.in_phase(phase).empty()) continue;
    phases.push_back(phase);
    const std::string name(plan::phase_name(phase));
    const std::string number = fmt::format("{}_{}", static_cast<int>(phase) + 1, name);
    say(name);
    if (const std::string why = run_file(trial, folder / (number + ".sql")); !why.empty()) {
      broken(name, number + ".sql", why);
      return out;
    }
    prove(trial, file_of(phase), name);
    prove_objects(trial, file_of(phase), name);
    prove_reads(trial, phase, name);
    const std::string back = sandbox.create_database("tests_back", trial);
    const std::string state = "rollback of " + name;
    say(state);
    bool exact = true;
    std::string why;
    for (std::size_t i = phases.size(); i > 0 && why.empty(); --i) {
      const plan::Phase undone = phases[i - 1];
      for (const plan::Step* step : plan.in_phase(undone)) exact = exact && step->grade != plan::Grade::data;
      const std::string file = fmt::format("{}_{}.rollback.sql", static_cast<int>(undone) + 1, plan::phase_name(undone));
      why = run_file(back, folder / file);
      if (!why.empty()) broken(state, file, why);
      // One phase back is the state that the phase before it left.
      if (why.empty() && exact && i == phases.size() && i > 1) {
        const std::string there = fmt::format("rollback to {}", plan::phase_name(phases[i - 2]));
        prove(back, file_of(phases[i - 2]), there);
        prove_objects(back, file_of(phases[i - 2]), there);
        prove_reads(back, phases[i - 2], there);
      }
    }
    if (why.empty()) {
      // Where the plan says that a phase gives contents up, the rows are not asked for: the schema and what it takes are.
      if (exact) prove(back, kKeptFile, state);
      prove(back, kBeforeFile, state);
      if (exact)
        prove_objects(back, kBeforeFile, state);
      else if (fs::exists(suite / (kAnewFile + stack.ending())))
        prove(back, kAnewFile, state);
    }
    sandbox.drop_database(back);
  }
  sandbox.drop_database(trial);
  return out;
}

}  // namespace contraflow::testgen
