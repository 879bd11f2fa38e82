// SPDX-License-Identifier: Apache-2.0
//
// The tools about plans: make one, read one, say how far they are.
#include <fmt/format.h>

#include <algorithm>

#include "agent/context.h"
#include "agent/evidence.h"
#include "agent/tool_parts.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "plan/read_json.h"

namespace contraflow::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostPlans = 100;

Json steps_of(const plan::Plan& plan) {
  Json out = Json::array();
  for (const plan::Step& step : plan.steps) {
    Json effects = Json::array();
    for (const effects::Effect& effect : step.effects) {
      effects.push_back(fmt::format("{} on {}{}", effects::lock_name(effect.lock), sql::quote(effect.relation), effect.work == effects::Work::none ? "" : fmt::format(", {}", effects::work_name(effect.work))));
    }
    out.push_back({{"id", step.id}, {"phase", plan::phase_name(step.phase)}, {"title", shown_text(step.title)}, {"mode", plan::mode_name(step.forward.mode)}, {"undo", plan::grade_name(step.grade)}, {"effects", effects}});
  }
  return out;
}

Json steps_schema() {
  return list_schema(object_schema({{"id", text_schema()}, {"phase", text_schema({"expand", "backfill", "contract", "purge"})}, {"title", text_schema()}, {"mode", text_schema()}, {"undo", text_schema({"exact", "order", "data"})}, {"effects", list_schema(text_schema())}}));
}

Json gates_schema() { return list_schema(object_schema({{"before", text_schema()}, {"conditions", list_schema(text_schema())}})); }

// Null where it was not run on the plan as it stands.
Json recorded_schema() { return {{"type", {"object", "null"}}, {"required", {"at", "verdict", "bad", "open"}}}; }

Json recorded(const std::optional<RecordedRun>& run) {
  if (!run) return nullptr;
  return {{"at", run->at}, {"verdict", run->verdict}, {"server", run->server}, {"bad", run->bad}, {"open", run->open}};
}

Json plan_json_of(const ToolOptions& options, const fs::path& folder) {
  const plan::ReadPlan read = plan::read_folder(folder);
  Json gates = Json::array(), edited = Json::array();
  for (const plan::Gate& gate : read.plan.gates) gates.push_back({{"before", plan::phase_name(gate.before)}, {"conditions", gate.conditions}});
  for (const plan::Mismatch& mismatch : plan::verify(folder, read)) edited.push_back(plan::describe(mismatch));
  return {{"folder", options.root.relative(folder)}, {"name", read.plan.name}, {"server_major", read.plan.server_major}, {"layout", read.layout}, {"undo", plan::grade_name(read.plan.grade)}, {"steps", steps_of(read.plan)}, {"gates", gates}, {"notes", read.plan.notes}, {"edited", edited}};
}

}  // namespace

fs::path plan_folder(const ToolOptions& options, const std::string& relative) {
  const fs::path folder = options.root.existing(relative);
  std::error_code ignored;
  if (!fs::is_regular_file(folder / "plan.json", ignored)) throw Error(ErrorCode::usage, fmt::format("\"{}\" is no plan folder: it has no plan.json", shown_text(relative)));
  return folder;
}

std::vector<fs::path> all_plan_folders(const ToolOptions& options) {
  std::vector<fs::path> folders;
  const fs::path migrations = options.root.writable(options.migrations.empty() ? "migrations" : options.migrations);
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(migrations, ignored)) {
    if (entry.is_directory(ignored) && !entry.is_symlink(ignored) && fs::is_regular_file(entry.path() / "plan.json", ignored)) folders.push_back(entry.path());
  }
  std::sort(folders.rbegin(), folders.rend());
  return folders;
}

namespace {

// Letters of one folder's name: what is written lies below the migrations folder, whatever is asked for.
bool good_name(const std::string& name) {
  return name.size() <= 60 && std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

// What a session may see of the journal: no statements and no messages, in which there may be values of rows.
Json journal(const Json& status) {
  Json plans = Json::array();
  for (const Json& plan : status["plans"]) {
    Json one;
    for (const char* key : {"name", "hash", "state", "begun_at", "changed_at", "phases", "control", "backfills"}) {
      if (plan.contains(key)) one[key] = plan[key];
    }
    one["log"] = Json::array();
    for (const Json& line : plan.value("log", Json::array())) one["log"].push_back({{"at", line["at"]}, {"step", line["step"]}, {"kind", line["kind"]}});
    plans.push_back(std::move(one));
  }
  Json sessions = Json::array();
  for (const Json& session : status.value("sessions", Json::array())) {
    sessions.push_back({{"pid", session["pid"]}, {"state", session["state"]}, {"waits", session["waits"]}, {"blocked_by", session["blocked_by"].size()}});
  }
  return {{"running", !status.value("runner", "").empty()}, {"sessions", sessions}, {"plans", plans}};
}

}  // namespace

Tool plan_tool(const ToolOptions& options) {
  Tool tool{"plan_change", "Plan a change",
            "Writes a plan folder (phased SQL with rollback, plan.json, NOTES.md) below the project's migrations folder, from intents, one a line or separated by `;`: soft-delete users; "
            "add users.nick text; add-enum-column users.tier tier(free, pro) default free; rename users.user_name to username; retype orders.amount to numeric(14,4); "
            "index users(email); unique users(email); not-null users.email; foreign-key orders(user_id) to users(id); drop users.legacy. No SQL statements. It runs nothing on a database.",
            input_schema({{"intents", text_argument("the intents", 8000)}, {"name", text_argument("of the plan: a-z, 0-9, _", 60)}}, {"intents", "name"}),
            object_schema({{"written", flag_schema()}}, {{"why", text_schema()}, {"folder", text_schema()}, {"undo", text_schema({"exact", "order", "data"})}, {"steps", steps_schema()}, {"gates", gates_schema()}, {"notes", list_schema(text_schema())}, {"next", text_schema()}}),
            false,
            true,
            false,
            {}};
  tool.run = [options](const ToolCall& call) -> Json {
    const std::string name = call.arguments["name"], intents = call.arguments["intents"];
    if (!good_name(name)) throw Error(ErrorCode::usage, "a plan's name is made of a-z, 0-9 and _");
    // `--do @FILE` reads a file, wherever it is.
    if (trim(intents).starts_with('@')) throw Error(ErrorCode::refused, "intents are text, not the name of a file");
    if (!options.has_database && options.migrations.empty()) {
      throw Error(ErrorCode::usage, "there is no current schema", "a person names [database] url or [project] migrations in contraflow.toml");
    }
    const fs::path migrations = options.root.writable(options.migrations.empty() ? "migrations" : options.migrations);
    const fs::path folder = migrations / fmt::format("{}_{}", options.timestamp(), name);
    std::vector<std::string> words{"plan", "--format=json", "--layout=psql", "--no-rename", "--name=" + name, "--out=" + folder.string(), "--do=" + intents};
    if (!options.has_database) words.push_back("--from=" + migrations.string());
    if (options.unchanged) options.unchanged();
    const CommandResult result = options.run(words, "", call.cancelled, {});
    if (result.exit_code == 0 && result.output == "no changes\n") return {{"written", false}, {"why", "the schema is already as the intents want it"}};
    if (result.exit_code != 0) {
      throw Error(result.exit_code == 1 ? ErrorCode::refused : result.exit_code == 2 ? ErrorCode::usage
                                                                                     : ErrorCode::environment,
                  shown_text(result.error, 2000), "nothing was written");
    }
    Json out{{"written", true}};
    out.update(plan_json_of(options, folder));
    out["next"] = fmt::format("a person reviews it: contraflow review {}", options.root.relative(folder));
    return out;
  };
  return tool;
}

Tool review_tool(const ToolOptions& options) {
  Tool tool{"review", "Read a plan",
            "What a plan folder does: phases, steps with locks and work, gates, undo grade, files edited since it was written, findings of check on its files, what was recorded of its last "
            "rehearsal and review. It does not rehearse.",
            input_schema({{"plan", text_argument("plan folder, relative to the project", 500)}}, {"plan"}),
            object_schema({{"folder", text_schema()}, {"name", text_schema()}, {"server_major", whole_schema()}, {"layout", text_schema()}, {"undo", text_schema({"exact", "order", "data"})}, {"steps", steps_schema()}, {"gates", gates_schema()}, {"notes", list_schema(text_schema())}, {"edited", list_schema(text_schema())}, {"rehearsed", flag_schema()}, {"rehearsal", recorded_schema()}, {"review", recorded_schema()}, {"findings", list_schema(object_schema({{"rule", text_schema()}, {"severity", text_schema({"error", "warning"})}, {"file", text_schema()}, {"line", whole_schema()}, {"message", text_schema()}}))}}),
            true,
            false,
            false,
            {}};
  tool.run = [options](const ToolCall& call) {
    const fs::path folder = plan_folder(options, call.arguments["plan"]);
    Json out = plan_json_of(options, folder);
    const Json report = run_json(options, call, {"check", "--format=json", "--fail-on=never", folder.string()});
    out["findings"] = Json::array();
    for (const Json& finding : report["findings"]) {
      if (finding["severity"] == "info") continue;
      out["findings"].push_back({{"rule", finding["rule"]}, {"severity", finding["severity"]}, {"file", fs::path(finding["file"].get<std::string>()).filename().string()}, {"line", finding["line"]}, {"message", finding["message"]}});
    }
    const Evidence evidence = read_evidence(folder);
    const bool of_this = evidence.plan_hash == sha256(read_file(folder / "plan.json"));
    out["rehearsed"] = of_this && evidence.rehearsal;
    out["rehearsal"] = recorded(of_this ? evidence.rehearsal : std::nullopt);
    out["review"] = recorded(of_this ? evidence.review : std::nullopt);
    return out;
  };
  return tool;
}

Tool status_tool(const ToolOptions& options) {
  Tool tool{"status", "Status", "The plan folders of the project: hash, what was rehearsed, reviewed, approved, the next step; and how far the configured database is with them. Statements and messages are left out: they may hold values of rows.", input_schema({{"plan", text_argument("only this plan folder, relative to the project", 500)}}), object_schema({{"left_out", whole_schema()}, {"database", object_schema({{"configured", flag_schema()}}, {{"running", flag_schema()}, {"sessions", list_schema(object_schema({}))}, {"plans", list_schema(object_schema({}))}})}, {"plans", list_schema(object_schema({{"folder", text_schema()}}, {{"unreadable", text_schema()}, {"name", text_schema()}, {"steps", whole_schema()}, {"undo", text_schema({"exact", "order", "data"})}, {"edited", flag_schema()}, {"hash", text_schema()}, {"findings", list_schema(text_schema())}, {"rehearsal", recorded_schema()}, {"review", recorded_schema()}, {"approved", flag_schema()}, {"phases_complete", list_schema(text_schema())}, {"next", object_schema({{"step", text_schema()}, {"what", text_schema()}, {"conditions", list_schema(text_schema())}, {"command", text_schema()}})}}))}}), true, false, false, {}};
  tool.run = [options](const ToolCall& call) {
    std::vector<fs::path> folders;
    if (call.arguments.contains("plan")) {
      folders.push_back(plan_folder(options, call.arguments["plan"]));
    } else {
      folders = all_plan_folders(options);
    }
    Json out{{"plans", Json::array()}};
    for (const fs::path& folder : folders) {
      if (out["plans"].size() == kMostPlans) break;
      const std::string relative = options.root.relative(folder);
      try {
        const fs::path judged = options.root.existing(relative);
        const plan::ReadPlan read = plan::read_folder(judged);
        out["plans"].push_back({{"folder", relative}, {"name", read.plan.name}, {"steps", read.plan.steps.size()}, {"undo", plan::grade_name(read.plan.grade)}, {"edited", !plan::verify(judged, read).empty()}});
      } catch (const Error& error) {
        out["plans"].push_back({{"folder", relative}, {"unreadable", shown_text(error.message())}});
      }
    }
    out["left_out"] = folders.size() - out["plans"].size();
    std::vector<std::string> words{"status", "--format=json"};
    if (call.arguments.contains("plan")) words.push_back(folders.front().string());
    const Json said = options.has_database || !folders.empty() ? run_json(options, call, words) : Json::object();
    // What a fresh session needs of each: which plan.json, what was proven of it, what comes next.
    for (const Json& life : said.value("folders", Json::array())) {
      const std::string folder = options.root.relative(life["folder"].get<std::string>());
      for (Json& plan : out["plans"]) {
        if (plan["folder"] != folder) continue;
        for (const char* key : {"hash", "findings", "rehearsal", "review", "approved", "phases_complete"}) {
          if (life.contains(key)) plan[key] = life[key];
        }
        plan["next"] = {{"step", life["next"]["step"]}, {"what", life["next"]["what"]}, {"conditions", life["next"]["conditions"]}, {"command", replace_all(life["next"]["command"].get<std::string>(), life["folder"].get<std::string>(), folder)}};
      }
    }
    out["database"] = Json::object();
    if (!options.has_database) {
      out["database"] = {{"configured", false}};
      return out;
    }
    out["database"] = journal(said);
    out["database"]["configured"] = true;
    return out;
  };
  return tool;
}

}  // namespace contraflow::agent
