// SPDX-License-Identifier: Apache-2.0
//
// The tools that look at the schema and the code.
#include <fmt/format.h>

#include "agent/context.h"
#include "agent/tool_parts.h"
#include "base/error.h"

namespace contraflow::agent {
namespace {

constexpr std::size_t kMostSites = 100;
constexpr std::size_t kMostFindings = 60;

}  // namespace

Tool schema_slice_tool(const ToolOptions& options) {
  Tool tool{"schema_slice", "Schema slice",
            "What matters about tables, or about the tables of a plan: columns, constraints, indexes, what references them, views, functions, triggers, sizes, the code that queries "
            "them, the plan's state; most relevant first, within a token budget. The schema is the configured database's, else that of the configured migrations.",
            input_schema({{"tables", list_argument("NAME or SCHEMA.NAME", 40, 200)}, {"plan", text_argument("plan folder, relative to the project", 500)}, {"budget", number_argument("tokens (default 2000)", kLeastBudget, 20'000)}}),
            object_schema({{"server_major", whole_schema()}, {"source", text_schema()}, {"budget", whole_schema()}, {"tokens", whole_schema()}, {"slice", list_schema(object_schema({{"of", text_schema()}}))}, {"left_out", object_schema({{"items", whole_schema()}, {"named", list_schema(object_schema({{"what", text_schema()}, {"names", list_schema(text_schema())}, {"more", whole_schema()}}))}})}}),
            true,
            false,
            false,
            {}};
  tool.run = [options](const ToolCall& call) {
    if (!call.arguments.contains("tables") && !call.arguments.contains("plan")) throw Error(ErrorCode::usage, "name tables, or a plan");
    std::vector<std::string> words{"context", "--format=json", fmt::format("--budget={}", call.arguments.value("budget", 2000))};
    // Not as positionals: those may also be folders.
    for (const Json& table : call.arguments.value("tables", Json::array())) words.push_back("--table=" + table.get<std::string>());
    if (call.arguments.contains("plan")) words.push_back("--plan=" + options.root.relative(options.root.existing(call.arguments["plan"])));
    return run_json(options, call, words);
  };
  return tool;
}

Tool check_tool(const ToolOptions& options) {
  Tool tool{"check_migration", "Check a migration", "What a migration would do to a live database: lock, rewrite, compatibility and rerun hazards, each with line, reason and fix. SQL is read, never run. Give `path`, or `sql`.", input_schema({{"path", text_argument("SQL file, migrations folder or plan folder, relative to the project", 500)}, {"sql", text_argument("the migration itself", 200'000)}, {"server", text_argument("PostgreSQL majors: 15, or 14..17", 8)}}), object_schema({{"servers", text_schema()}, {"counts", object_schema({{"error", whole_schema()}, {"warning", whole_schema()}, {"info", whole_schema()}})}, {"left_out", whole_schema()}, {"findings", list_schema(object_schema({{"rule", text_schema()}, {"severity", text_schema({"error", "warning", "info"})}, {"file", text_schema()}, {"line", whole_schema()}, {"message", text_schema()}}, {{"why", text_schema()}, {"relation", text_schema()}, {"lock", text_schema()}, {"work", text_schema({"none", "scan", "rewrite", "index_build"})}, {"fix", text_schema()}}))}}), true, false, false, {}};
  tool.run = [options](const ToolCall& call) {
    if (call.arguments.contains("path") == call.arguments.contains("sql")) throw Error(ErrorCode::usage, "give path, or sql");
    std::vector<std::string> words{"check", "--format=json", "--fail-on=never"};
    if (call.arguments.contains("server")) words.push_back("--server=" + call.arguments["server"].get<std::string>());
    std::string input;
    if (call.arguments.contains("sql")) {
      words.emplace_back("-");
      input = call.arguments["sql"];
    } else {
      words.push_back(options.root.existing(call.arguments["path"]).string());
    }
    const Json report = run_json(options, call, words, input);
    Json out{{"servers", report["servers"]}, {"counts", report["counts"]}, {"findings", Json::array()}};
    for (const Json& finding : report["findings"]) {
      if (out["findings"].size() == kMostFindings) break;
      Json one;
      for (const char* key : {"rule", "severity", "file", "line", "message", "why", "relation", "lock", "work", "fix"}) {
        if (finding.contains(key) && finding[key] != "") one[key] = finding[key];
      }
      if (one.contains("file")) {
        const std::string file = one["file"];
        if (file.starts_with('/')) one["file"] = options.root.relative(file);
      }
      out["findings"].push_back(std::move(one));
    }
    out["left_out"] = report["findings"].size() - out["findings"].size();
    return out;
  };
  tool.lines = "fix";
  return tool;
}

Tool queries_tool(const ToolOptions& options) {
  Tool tool{"find_queries", "Find queries", "Every place of the code base that reads or writes tables: SQL in strings, .sql files, Prisma calls, with columns, SELECT * and unfiltered reads.", input_schema({{"tables", list_argument("NAME or SCHEMA.NAME; without: all", 40, 200)}, {"limit", number_argument("sites (default 100)", 1, 500)}}), object_schema({{"left_out", whole_schema()}, {"sites", list_schema(object_schema({{"file", text_schema()}, {"line", whole_schema()}, {"operation", text_schema()}, {"confidence", text_schema({"high", "medium", "low"})}, {"tables", list_schema(object_schema({{"name", text_schema()}, {"operation", text_schema()}, {"columns", list_schema(text_schema())}}))}}, {{"statement", text_schema()}, {"origin", text_schema()}}))}}, {{"files_not_read", whole_schema()}}), true, false, false, {}};
  tool.run = [options](const ToolCall& call) {
    std::vector<std::string> words{"queries", "--format=json", "--"};
    for (const Json& table : call.arguments.value("tables", Json::array())) words.push_back(table.get<std::string>());
    if (words.back() == "--") words.pop_back();
    const Json report = run_json(options, call, words);
    const auto limit = call.arguments.value("limit", kMostSites);
    Json out{{"sites", Json::array()}, {"left_out", 0}};
    for (const Json& site : report["sites"]) {
      if (out["sites"].size() == limit) break;
      Json one = site;
      if (one.contains("statement") && one["statement"].is_string()) one["statement"] = shown_text(one["statement"].get<std::string>(), 400);
      out["sites"].push_back(std::move(one));
    }
    out["left_out"] = report["sites"].size() - out["sites"].size();
    if (report.contains("skipped")) out["files_not_read"] = report["skipped"].size();
    return out;
  };
  return tool;
}

}  // namespace contraflow::agent
