// SPDX-License-Identifier: Apache-2.0
//
// The tools that run a plan: on a sandbox, or, where a person approved it, on the configured database.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "agent/context.h"
#include "agent/tool_parts.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "plan/read_json.h"

namespace contraflow::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostLines = 60;
constexpr std::size_t kMostDiff = 60'000;

// A copy that nobody can exchange between the look at it and the run, of a plan that contraflow wrote.
class RunnablePlan {
 public:
  RunnablePlan(const ToolOptions& options, const fs::path& folder) : copy_("contraflow-plan"), original_(folder) {
    const std::string text = read_file(folder / "plan.json");
    const plan::ReadPlan read = plan::read_json(text);
    const std::string hash = sha256(text);
    if (!options.known_plan || !options.known_plan(hash)) {
      throw Error(ErrorCode::refused, fmt::format("\"{}\" was not written by contraflow here, or was edited since", options.root.relative(folder)),
                  "a person looks at the edit and runs contraflow plan --refresh, or plan_change makes a new plan");
    }
    write_file(path() / "plan.json", text);
    for (const auto& [file, ignored] : read.hashes) write_file(path() / file, read_file(folder / file));
    const std::vector<plan::Mismatch> edited = plan::verify(path());
    if (!edited.empty()) throw Error(ErrorCode::refused, plan::describe(edited.front()), "a person looks at the edit and runs contraflow plan --refresh");
  }
  fs::path path() const { return copy_.path() / original_.filename(); }

 private:
  TemporaryFolder copy_;
  fs::path original_;
};

// With a configured database its catalog is the schema before the plan, and no file of the project is run but the plan's own. Without, the migrations before it in its
// folder are: then the plan is run where it stands (docs/mcp.md, limits).
struct Subject {
  std::unique_ptr<RunnablePlan> copy;
  std::vector<std::string> schema;
  fs::path path;
};

Subject subject_of(const ToolOptions& options, const std::string& relative) {
  const fs::path folder = plan_folder(options, relative);
  Subject out;
  out.copy = std::make_unique<RunnablePlan>(options, folder);
  out.path = folder;
  if (options.has_database) {
    out.path = out.copy->path();
    out.schema = {"--schema=config:database"};
  }
  return out;
}

Json plan_argument() { return text_argument("plan folder, relative to the project", 500); }

}  // namespace

Tool rehearse_tool(const ToolOptions& options) {
  Tool tool{"rehearse", "Rehearse a plan", "Runs a plan on a throwaway server with made-up rows: whether each claim (reaches the schema, rolls back schema and rows, runs twice) is proven, refuted or unknown, what each step locked, rewrote, scanned. Takes seconds to minutes.", input_schema({{"plan", plan_argument()}}, {"plan"}), object_schema({{"verdict", text_schema({"proven", "refuted", "unknown"})}, {"proofs", list_schema(object_schema({{"claim", text_schema()}, {"verdict", text_schema({"proven", "refuted", "unknown"})}}, {{"reason", text_schema()}, {"details", {{"type", "array"}}}}))}, {"steps", list_schema(object_schema({{"title", text_schema()}, {"duration_ms", number_schema()}}, {{"phase", text_schema()}, {"locks", list_schema(object_schema({{"relation", text_schema()}, {"lock", text_schema()}, {"held_ms", number_schema()}, {"blocks_reads", flag_schema()}, {"blocks_writes", flag_schema()}}))}, {"scans", list_schema(object_schema({{"relation", text_schema()}, {"scans", whole_schema()}, {"rows", whole_schema()}}))}}))}}), true, true, false, {}};
  tool.run = [options](const ToolCall& call) {
    const Subject subject = subject_of(options, call.arguments["plan"]);
    std::vector<std::string> words{"rehearse", "--format=json", "--no-record"};
    if (!options.allow_samples) words.push_back("--no-samples");
    words.insert(words.end(), subject.schema.begin(), subject.schema.end());
    words.push_back(subject.path.string());
    const Json report = run_json(options, call, words, {}, true);
    Json out{{"verdict", report.value("verdict", "")}, {"server", report.value("server", Json())}, {"proofs", Json::array()}, {"steps", Json::array()}};
    for (const Json& proof : report.value("proofs", Json::array())) {
      Json one{{"claim", proof.value("claim", "")}, {"verdict", proof.value("verdict", "")}};
      if (proof.value("verdict", "") != "proven") one["reason"] = shown_text(proof.value("reason", ""));
      // With --allow-samples they name rows: made up here, but a schema's SQL can bring its own.
      if (proof.value("verdict", "") == "refuted" && options.allow_samples) {
        for (const Json& detail : proof.value("details", Json::array())) {
          if (detail.is_string() && one["details"].size() < kMostLines) one["details"].push_back(shown_text(detail.get<std::string>()));
        }
      }
      // Without, how many there are of each kind.
      if (proof.value("id", "") == "preconditions" && !options.allow_samples) one["details"] = proof.value("details", Json::array());
      out["proofs"].push_back(std::move(one));
    }
    for (const Json& step : report.value("steps", Json::array())) {
      if (out["steps"].size() == kMostLines) break;
      Json one{{"title", shown_text(step.value("title", ""))}, {"duration_ms", step.value("duration_ms", 0.0)}};
      for (const char* key : {"phase", "locks", "rewritten", "scans"}) {
        if (step.contains(key) && !step[key].empty()) one[key] = step[key];
      }
      out["steps"].push_back(std::move(one));
    }
    return out;
  };
  return tool;
}

Tool orm_tool(const ToolOptions& options) {
  Tool tool{"orm_patch", "Patch for the ORM layer", "The unified diff that makes schema.prisma and the application code fit a plan after one of its phases, and the places that need a person. Nothing is written: apply the diff yourself.", input_schema({{"plan", plan_argument()}, {"phase", {{"type", "string"}, {"enum", {"expand", "backfill", "contract", "purge"}}, {"description", "default expand"}}}}, {"plan"}), object_schema({{"files", list_schema(text_schema())}, {"diff", text_schema()}, {"diff_cut", flag_schema()}, {"diff_invisible", flag_schema()}, {"left", list_schema(object_schema({{"file", text_schema()}, {"line", whole_schema()}, {"column", whole_schema()}, {"reason", text_schema()}, {"by_rule", flag_schema()}}))}}), true, true, false, {}};
  tool.run = [options](const ToolCall& call) {
    const Subject subject = subject_of(options, call.arguments["plan"]);
    std::vector<std::string> words{"orm", "--format=json", "--phase=" + call.arguments.value("phase", "expand")};
    words.insert(words.end(), subject.schema.begin(), subject.schema.end());
    words.push_back(subject.path.string());
    Json out = run_json(options, call, words);
    std::string diff = out.value("diff", "");
    out["diff_cut"] = diff.size() > kMostDiff;
    if (diff.size() > kMostDiff) diff.resize(diff.rfind('\n', kMostDiff) + 1);
    out["diff"] = diff;
    // It has to apply, so it is given as it is; what a reader cannot see in it is said.
    out["diff_invisible"] = visible_text(diff) != diff;
    return out;
  };
  tool.exact = "diff";
  return tool;
}

Tool tests_tool(const ToolOptions& options) {
  Tool tool{"generate_tests", "Generate tests", "Writes a plan's pgTAP tests into a new folder of the project (defaults, constraints, enums, columns in step, soft deletes, the way back), one file a state.", input_schema({{"plan", plan_argument()}, {"out", text_argument("new folder, relative to the project", 300)}}, {"plan", "out"}), object_schema({{"folder", text_schema()}, {"files", list_schema(text_schema())}, {"tests", whole_schema()}, {"not_tested", list_schema(text_schema())}}), false, true, false, {}};
  tool.run = [options](const ToolCall& call) -> Json {
    const Subject subject = subject_of(options, call.arguments["plan"]);
    const std::string wanted = call.arguments["out"];
    if (!fs::path(wanted).is_relative() || wanted.starts_with('-') || wanted.find('\0') != std::string::npos) throw Error(ErrorCode::refused, "out is a folder below the project's", "");
    const fs::path out_folder = options.root.writable(wanted);
    std::error_code ignored;
    if (fs::exists(out_folder, ignored)) throw Error(ErrorCode::refused, fmt::format("\"{}\" is there already", shown_text(wanted)), "name a new folder");
    std::vector<std::string> words{"tests", "--format=json", "--out=" + out_folder.string()};
    words.insert(words.end(), subject.schema.begin(), subject.schema.end());
    words.push_back(subject.path.string());
    const Json report = run_json(options, call, words);
    Json out{{"folder", options.root.relative(out_folder)}, {"files", Json::array()}, {"tests", report.value("tests", Json())}, {"not_tested", report.value("not_tested", Json::array())}};
    for (const auto& entry : fs::directory_iterator(out_folder, ignored)) out["files"].push_back(entry.path().filename().string());
    std::sort(out["files"].begin(), out["files"].end());
    return out;
  };
  return tool;
}

Tool apply_tool(const ToolOptions& options) {
  Tool tool{"apply_phase", "Run an approved phase", "Runs one phase of a plan on the configured database, if a person approved exactly this plan, phase and database with `contraflow approve`. Give the plan's hash from status. Nothing overrides an approval or a gate.", input_schema({{"plan_hash", text_argument("64 hexadecimal digits, from status", 64)}, {"phase", {{"type", "string"}, {"enum", {"expand", "backfill", "contract", "purge"}}, {"description", "phase to run"}}}}, {"plan_hash", "phase"}), object_schema({{"outcome", text_schema({"done", "stopped, and can go on", "refused", "failed"})}, {"phase", text_schema()}, {"folder", text_schema()}, {"approved_by", text_schema()}, {"steps", list_schema(object_schema({{"step", text_schema()}, {"last_event", text_schema()}}))}}, {{"because", list_schema(text_schema())}, {"details", text_schema()}}), false, true, true, {}};
  tool.run = [options](const ToolCall& call) -> Json {
    const std::string hash = call.arguments["plan_hash"], phase = call.arguments["phase"];
    if (options.unchanged) options.unchanged();
    if (!options.has_database) throw Error(ErrorCode::usage, "no database is configured", "a person names [database] url in contraflow.toml");
    if (!options.approval) throw Error(ErrorCode::refused, "nobody can approve here", "");
    const Approval approval = options.approval(hash);
    if (std::find(approval.phases.begin(), approval.phases.end(), phase) == approval.phases.end()) {
      throw Error(ErrorCode::refused, fmt::format("{} was not approved, only {}", phase, join(approval.phases, ", ")), "a person runs contraflow approve PLAN --phase " + phase);
    }
    fs::path folder;
    for (const fs::path& one : all_plan_folders(options)) {
      if (sha256(read_file(options.root.existing(options.root.relative(one)) / "plan.json")) == hash) folder = one;
    }
    if (folder.empty()) throw Error(ErrorCode::refused, "no plan folder of the project has this hash: it was edited, or is gone", "status shows the hashes");
    // What runs is judged again where it is read: the hash, and the database that was approved.
    const std::vector<std::string> words{"apply", "--format=json", "--yes", "--phase=" + phase, "--expect-hash=" + hash, "--expect-database=" + approval.database, folder.string()};
    Json steps = Json::array();
    const auto line = [&](std::string_view text) {
      const Json event = Json::parse(text, nullptr, false);
      if (!event.is_object() || !event.contains("event")) return;
      const std::string name = event["event"].is_string() ? event["event"].get<std::string>() : "";
      const std::string step = event.contains("step") && event["step"].is_string() ? shown_text(event["step"].get<std::string>(), 120) : "";
      if (!step.empty()) call.progress(fmt::format("{} {}", name, step));
      if (!step.empty() && (steps.empty() || steps.back()["step"] != step)) steps.push_back({{"step", step}});
      if (!step.empty()) steps.back()["last_event"] = shown_text(name, 40);
    };
    const CommandResult result = options.run(words, "", call.cancelled, line);
    Json out{{"outcome", result.exit_code == 0 ? "done" : result.exit_code == 4 ? "stopped, and can go on"
                                                      : result.exit_code == 1   ? "refused"
                                                                                : "failed"},
             {"phase", phase},
             {"folder", options.root.relative(folder)},
             {"approved_by", approval.by},
             {"steps", steps}};
    // Messages of the server may hold values of rows: a person reads them where they are recorded.
    if (result.exit_code != 0) {
      Json kinds = Json::array();
      for (const std::string& text : split_lines(result.output)) {
        const Json event = Json::parse(text, nullptr, false);
        if (!event.is_object()) continue;
        if (event.value("event", "") == "gate") kinds.push_back("gate: " + event.value("kind", ""));
        if (event.value("event", "") == "preflight" && event.value("verdict", "") == "refusal") kinds.push_back("preflight: " + event.value("check", ""));
        if (event.value("event", "") == "failed" && event.value("sqlstate", "") != "") kinds.push_back("SQLSTATE " + event.value("sqlstate", ""));
      }
      out["because"] = kinds;
      out["details"] = "contraflow status, on the command line";
    }
    return out;
  };
  return tool;
}

std::vector<ResourceTemplate> resource_templates() {
  return {{"contraflow://rules/{name}", "rule", "a rule of check_migration"},
          {"contraflow://plans/{name}", "plan", "notes of a plan folder"},
          {"contraflow://plans/{name}/{file}", "plan file", "an SQL file of a plan folder, or plan.json: 1_expand.sql, 1_expand.rollback.sql, …"},
          {"contraflow://reports/{name}", "report", "what the last rehearsal and review of a plan came to"}};
}

namespace {

// A block that nothing in the text ends.
std::string fenced(const std::string& text) {
  std::string fence = "```";
  while (text.find(fence) != std::string::npos) fence += '`';
  return fence + "\n" + text + (text.ends_with('\n') ? "" : "\n") + fence + "\n";
}

}  // namespace

std::vector<Resource> plan_resources(const ToolOptions& options) {
  std::vector<Resource> out;
  std::size_t plans = 0;
  for (const fs::path& folder : all_plan_folders(options)) {
    if (++plans > 100) break;
    const std::string name = folder.filename().string();
    const bool plain = name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == std::string::npos;
    if (!plain) continue;  // a URI of it would need escapes that clients do differently
    const auto read = [options, folder](const std::string& file) {
      const std::string relative = options.root.relative(folder) + "/" + file;
      return fmt::format("> {}\n\n{}", kDataNotice, read_text_file(options.root.existing(relative)));
    };
    out.push_back({"contraflow://plans/" + name, name, "notes of a plan folder: steps, deploys, what to watch, how to go back", [read] { return read("NOTES.md"); }});
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
      const std::string file = entry.path().filename().string();
      if (file != "plan.json" && !file.ends_with(".sql")) continue;
      out.push_back({"contraflow://plans/" + name + "/" + file, name + " " + file, "", [options, folder, file] {
                       return fmt::format("> {}\n\n{}", kDataNotice, fenced(read_text_file(options.root.existing(options.root.relative(folder) + "/" + file))));
                     },
                     false});
    }
    if (fs::is_regular_file(folder / "evidence.json", ignored)) {
      out.push_back({"contraflow://reports/" + name, name + " evidence", "what the last rehearsal and review of a plan came to", [read] { return read("evidence.json"); }});
    }
  }
  return out;
}

}  // namespace contraflow::agent
