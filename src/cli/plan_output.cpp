// SPDX-License-Identifier: Apache-2.0
#include "cli/plan_output.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>

#include "agent/known_plans.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "cli/version.h"
#include "plan/layout.h"
#include "plan/read_json.h"
#include "plan/refresh.h"
#include "plan/write_json.h"
#include "plan/write_notes.h"
#include "plan/write_sql.h"

namespace contraflow::cli {
namespace {

namespace fs = std::filesystem;

std::chrono::sys_seconds now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

// Runners look into every folder below their own (Flyway) or take each for a migration (Prisma): a plan in their layout stays outside until
// its phases are moved there one by one.
fs::path output_folder(const Context& context, const PlanOutput& output, const std::string& name) {
  if (!output.folder.empty()) return output.folder;
  const fs::path migrations = context.config.migrations.empty() ? "migrations" : context.config.migrations;
  return (output.layout == "psql" ? migrations : fs::path("contraflow")) /
         fmt::format("{:%Y%m%d%H%M%S}_{}", fmt::gmtime(std::chrono::system_clock::to_time_t(now())), name);
}

}  // namespace

WrittenPlan write_plan_folder(const Context& context, const plan::Plan& made, const PlanOutput& given) {
  PlanOutput output = given;
  if (output.layout.empty()) output.layout = plan::find_layout(context.config.layout) != nullptr ? context.config.layout : "psql";
  std::map<std::string, std::string> files = plan::sql_files(made);
  std::string notes;
  if (const plan::Layout* layout = plan::find_layout(output.layout)) {
    plan::LayoutFiles laid_out = plan::layout_files(made, *layout, now());
    files = std::move(laid_out.sql);
    notes = std::move(laid_out.notes);
  } else {
    notes = plan::notes_markdown(made);
  }
  WrittenPlan out{output_folder(context, output, made.name), plan::plan_json(made, CONTRAFLOW_VERSION, files, output.layout)};
  NewFolder folder(out.folder);
  for (const auto& [file, text] : files) folder.write(file, text);
  folder.write("plan.json", out.json);
  folder.write("NOTES.md", notes);
  folder.publish();
  agent::remember_plan(sha256(out.json));
  return out;
}

void print_overview(Context& context, const plan::Plan& made) {
  const Console& console = context.console;
  context.console.print(console.terminal_out() ? plan::terminal_overview(made, console.width_out(), console.color_out()) : plan::overview(made, console.color_out()));
}

int write_plan(Context& context, const plan::Plan& made, const PlanOutput& output) {
  const WrittenPlan written = write_plan_folder(context, made, output);
  if (output.format == "json") {
    context.console.print(written.json);
  } else {
    print_overview(context, made);
    context.console.note("wrote " + written.folder.string());
  }
  return 0;
}

int refresh_plan(Context& context, const std::string& name, const PlanOutput& output) {
  const fs::path folder = name;
  const plan::ReadPlan read = plan::read_folder(folder);
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().extension() == ".sql") files[entry.path().filename()] = read_text_file(entry.path());
  }
  const plan::Refreshed refreshed = plan::refresh(read, files, folder.string());
  const std::string json = plan::plan_json(refreshed.plan, CONTRAFLOW_VERSION, files, "psql");
  std::string text;
  for (const std::string& change : refreshed.changes) text += change + "\n";
  if (refreshed.changes.empty()) text = "no changes\n";
  // Notes that a person has written into stay as they are.
  const fs::path notes = folder / "NOTES.md";
  std::error_code ignored;
  if (fs::is_regular_file(notes, ignored) && read_file(notes) != plan::notes_markdown(refreshed.plan)) {
    if (read_file(notes) == plan::notes_markdown(read.plan)) write_file(notes, plan::notes_markdown(refreshed.plan));
    else if (!refreshed.changes.empty()) context.console.note("NOTES.md was edited by hand and stays as it is: look whether it still says what happens");
  }
  write_file(folder / "plan.json", json);
  agent::remember_plan(sha256(json));
  context.console.print(output.format == "json" ? json : text);
  return 0;
}

int copy_plan(Context& context, const std::string& folder, const std::vector<std::string>& phases, const PlanOutput& output) {
  plan::ReadPlan read = plan::read_folder(folder);
  const std::vector<plan::Mismatch> mismatches = plan::verify(folder, read);
  // Files of another runner are not read back: what was changed there would be lost.
  if (!mismatches.empty()) {
    throw Error(ErrorCode::usage, fmt::format("{}: {}", folder, plan::describe(mismatches.front())),
                read.layout == "psql" ? "contraflow plan --refresh " + folder : "take the file from version control, or plan again");
  }
  if (!phases.empty()) {
    const auto out = [&](plan::Phase phase) { return std::find(phases.begin(), phases.end(), plan::phase_name(phase)) == phases.end(); };
    std::erase_if(read.plan.steps, [&](const plan::Step& step) { return out(step.phase); });
    std::erase_if(read.plan.gates, [&](const plan::Gate& gate) { return out(gate.before); });
    if (read.plan.steps.empty()) throw Error(ErrorCode::usage, fmt::format("{} has no phase {}", folder, join(phases, ", ")));
  }
  return write_plan(context, read.plan, output);
}

}  // namespace contraflow::cli
