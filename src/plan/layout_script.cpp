// SPDX-License-Identifier: Apache-2.0
#include "plan/layout_script.h"

#include <fmt/format.h>

#include <stdexcept>
#include <string_view>

#include "base/text.h"
#include "plan/psql_procedures.h"
#include "plan/write_sql.h"

namespace contraflow::plan {
namespace {

struct Procedure {
  std::string declarations;
  std::string body;
};

// Declarations and body of a procedure of the psql files: both forms are made from one text.
Procedure take_apart(std::string_view procedure) {
  constexpr std::string_view kDeclare = "\nDECLARE\n", kBegin = "\nBEGIN\n", kEnd = "\nEND\n$procedure$;";
  const std::size_t declare = procedure.find(kDeclare), begin = procedure.find(kBegin), end = procedure.rfind(kEnd);
  if (declare == std::string_view::npos || begin == std::string_view::npos || end == std::string_view::npos) {
    throw std::logic_error("internal error: a procedure of the plan files has another form");
  }
  const std::size_t first = declare + kDeclare.size(), body = begin + kBegin.size();
  return {std::string(procedure.substr(first, begin + 1 - first)), std::string(procedure.substr(body, end + 1 - body))};
}

std::string replace_once(const std::string& text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos) throw std::logic_error("internal error: a procedure of the plan files has another form");
  return text.substr(0, at) + std::string(to) + text.substr(at + from.size());
}

std::string text_array(const std::vector<sql::QualifiedName>& tables) {
  std::string out;
  for (const sql::QualifiedName& table : tables) out += (out.empty() ? "" : ", ") + sql::quote_literal(sql::quote(table));
  return "ARRAY[" + out + "]::text[]";
}

std::string checks(const Step& step, bool rollback) {
  std::string out;
  for (const Precondition& precondition : step.expected(rollback)) {
    // Not indented further: a query may hold a literal of several lines.
    out += fmt::format("  EXECUTE {} INTO offending;\n  IF offending > 0 THEN RAISE EXCEPTION '% %', offending, {} USING HINT = {}; END IF;\n",
                       sql::dollar_quote(precondition.query, "query"), sql::quote_literal(precondition.what), sql::quote_literal(precondition.remedy));
  }
  return out;
}

// What a function's body may hold and a runner would not leave alone is written as an escape: a carriage return (goose strips it from a line's end, and so do the
// languages in whose literals Rails and node-pg-migrate keep their SQL), and the words by which goose and dbmate know their own comments.
std::string do_block(const std::string& declarations, const std::string& body) {
  const std::string text = "\nDECLARE\n" + declarations + "BEGIN\n" + body + "END\n";
  if (text.find('\r') == std::string::npos && text.find("+goose") == std::string::npos && text.find("migrate:") == std::string::npos) return "DO " + sql::dollar_quote(text, "step");
  std::string escaped = replace_all(replace_all(text, "\\", "\\\\"), "'", "''");
  escaped = replace_all(replace_all(escaped, "+goose", "\\x2bgoose"), "migrate:", "migrate\\x3a");
  return "DO E'" + replace_all(escaped, "\r", "\\r") + "'";
}

// In the procedures: what the plan file keeps the session's search_path in.
constexpr std::string_view kApplicationPath = "coalesce(current_setting('contraflow.search_path', true), '')";

// The settings under which a plan file runs hold for the block alone: what the runner does next in the same transaction (its bookkeeping)
// finds its own again. Conditions compare text that the server deparses, and that depends on search_path.
constexpr std::string_view kKeepSettings =
    "  kept text[] := ARRAY[current_setting('search_path'), current_setting('check_function_bodies'), current_setting('lock_timeout')];\n";
constexpr std::string_view kOwnSettings = "  PERFORM set_config('search_path', '', true), set_config('check_function_bodies', 'off', true);\n";
constexpr std::string_view kOldSettings =
    "  PERFORM set_config('search_path', kept[1], true), set_config('check_function_bodies', kept[2], true), set_config('lock_timeout', kept[3], true);\n";

std::string guarded(const std::string& condition, const std::string& checks, const std::string& body) {
  if (condition.empty()) return checks + body;
  return fmt::format("  IF coalesce({}, false) THEN\n{}{}  END IF;\n", condition, checks, indent(body, 2));
}

std::string counter(const Step& step, bool rollback) { return step.expected(rollback).empty() ? "" : "  offending bigint;\n"; }

// Works inside the runner's transaction and without one: the failed attempt is a subtransaction, which gives its locks back when it is
// rolled back.
std::string brief_block(const Step& step, const Action& action, const std::string& condition, bool rollback) {
  Procedure procedure = take_apart(kBriefProcedure);
  procedure.body = replace_once(procedure.body, "    COMMIT;\n", "");
  procedure.body = replace_once(procedure.body, kApplicationPath, "kept[1]");
  procedure.body = replace_once(procedure.body, "      done := true;\n", "      PERFORM set_config('search_path', '', true);\n      done := true;\n");
  std::string statements;
  for (const std::string& statement : action.statements) statements += statement + ";\n";
  const std::string declarations = fmt::format("  statements text := {};\n  small_tables text[] := {};\n", sql::dollar_quote("\n" + statements, "sql"),
                                               text_array(action.small_tables));
  return do_block(declarations + procedure.declarations + counter(step, rollback) + std::string(kKeepSettings),
                  std::string(kOwnSettings) + guarded(condition, checks(step, rollback), procedure.body) + std::string(kOldSettings));
}

std::string check_block(const Step& step, const std::string& condition, bool rollback) {
  return do_block(counter(step, rollback) + std::string(kKeepSettings),
                  std::string(kOwnSettings) + guarded(condition, checks(step, rollback), "") + std::string(kOldSettings));
}

// Commits a batch at a time: allowed in a DO block that is alone outside any transaction. Its settings end with each commit.
std::string backfill_block(const Step& step, const Backfill& backfill, const std::string& condition, bool rollback) {
  Procedure procedure = take_apart(kBackfillProcedure);
  procedure.body = replace_once(procedure.body, "PERFORM set_config('lock_timeout', '500ms', true),",
                                "PERFORM set_config('search_path', '', true), set_config('lock_timeout', '500ms', true),");
  procedure.body = replace_once(procedure.body, kApplicationPath, "application_path");
  const std::string declarations = fmt::format(
      "  application_path text := current_setting('search_path');\n  target text := {};\n  key text := {};\n  assignments text := {};\n  pending text := {};\n", sql::quote_literal(sql::quote(backfill.table)),
      backfill.key.size() == 1 ? sql::quote_literal(backfill.key.front()) : "NULL", sql::dollar_quote(backfill.assignments, "set"),
      sql::dollar_quote(backfill.pending, "where"));
  return do_block(declarations + procedure.declarations + counter(step, rollback),
                  "  PERFORM set_config('search_path', '', true);\n" + guarded(condition, checks(step, rollback), procedure.body));
}

}  // namespace

std::vector<Script> step_scripts(const Step& step, bool rollback, bool one_statement) {
  const Action& action = rollback ? step.undo : step.forward;
  if (action.empty()) return {};
  const std::string condition = step_condition(step, action, rollback);
  const std::string comment = step_heading(step, action, rollback);
  switch (action.mode) {
    case Mode::none: return {};
    case Mode::brief:
    case Mode::scan:
    case Mode::blocking: return {{comment, {brief_block(step, action, condition, rollback)}, true}};
    case Mode::batched: return {{comment, {backfill_block(step, *action.backfill, condition, rollback)}, false}};
    case Mode::concurrent: break;
  }
  std::vector<Script> out;
  if (!step.expected(rollback).empty()) out.push_back({comment, {check_block(step, condition, rollback)}, true});
  std::vector<std::string> statements;
  // What an interrupted build left behind is INVALID and in the way.
  const std::string clean = action.builds_index ? fmt::format("DROP INDEX CONCURRENTLY IF EXISTS {}", sql::quote(*action.builds_index)) : "";
  if (!one_statement && !clean.empty()) statements.push_back(clean);
  statements.insert(statements.end(), action.statements.begin(), action.statements.end());
  if (!one_statement) {
    statements.insert(statements.begin(), "SET lock_timeout = '30min'");
    statements.push_back("RESET lock_timeout");
    out.push_back({comment, std::move(statements), false});
    return out;
  }
  const std::string again = clean.empty() ? "" : "\nAfter an interruption, before it runs again: " + clean + ";";
  for (std::string& statement : statements) out.push_back({comment + again, {std::move(statement)}, false});
  return out;
}

}  // namespace contraflow::plan
