// SPDX-License-Identifier: Apache-2.0
#include "plan/write_sql.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "plan/psql_procedures.h"

namespace contraflow::plan {
namespace {

int number_of(Phase phase) { return static_cast<int>(phase) + 1; }

std::string comment_lines(const std::string& text) {
  std::string out;
  for (const std::string& line : split_lines(text)) out += "-- " + replace_all(line, "\r", " ") + "\n";  // psql ends a comment at either
  return out;
}

std::string quoted_array(const std::vector<sql::QualifiedName>& tables) {
  std::string out;
  for (const sql::QualifiedName& table : tables) out += (out.empty() ? "" : ", ") + sql::quote_literal(sql::quote(table));
  return "ARRAY[" + out + "]";
}

std::string call_brief(const Action& action) {
  std::string body;
  for (const std::string& statement : action.statements) body += indent(statement, 0) + ";\n";
  std::string out = "CALL pg_temp.brief(";
  // The tag must not occur in the statements: functions bring dollar quotes of their own.
  const std::string quoted = sql::dollar_quote("\n" + body, "sql");
  out += quoted;
  if (!action.small_tables.empty()) out += ", " + quoted_array(action.small_tables);
  return out + ");\n";
}

std::string call_backfill(const Backfill& backfill) {
  return fmt::format("CALL pg_temp.backfill({}, {},\n  {},\n  {});\n", sql::quote_literal(sql::quote(backfill.table)),
                     backfill.key.size() == 1 ? sql::quote_literal(backfill.key.front()) : "NULL", sql::dollar_quote(backfill.assignments, "set"),
                     sql::dollar_quote(backfill.pending, "where"));
}

std::string action_sql(const Step& step, const Action& action, bool rollback) {
  std::string out;
  for (const Precondition& precondition : step.expected(rollback)) {
    out += fmt::format("CALL pg_temp.expect_none({}, {}, {});\n", sql::dollar_quote(precondition.query, "query"), sql::quote_literal(precondition.what),
                       sql::quote_literal(precondition.remedy));
  }
  switch (action.mode) {
    case Mode::none: break;
    case Mode::brief:
    case Mode::scan:
    case Mode::blocking: out += call_brief(action); break;
    case Mode::batched: out += call_backfill(*action.backfill); break;
    case Mode::concurrent:
      // It waits for transactions that are older than itself and blocks nobody meanwhile; 30 minutes are a limit all the same.
      out += "SET lock_timeout = '30min';\nSET search_path = :application_path;\n";
      if (action.builds_index) {
        // What an interrupted build left behind is INVALID and in the way.
        out += fmt::format("DROP INDEX CONCURRENTLY IF EXISTS {};\n", sql::quote(*action.builds_index));
      }
      for (const std::string& statement : action.statements) out += statement + ";\n";
      out += "SET search_path = '';\nRESET lock_timeout;\n";
      break;
  }
  return out;
}

std::string describe_effects(const Step& step, const Action& action) {
  std::string out = fmt::format("mode={}", mode_name(action.mode));
  for (const effects::Effect& effect : step.effects) {
    out += fmt::format(" lock=\"{} ON {}\"", effects::lock_name(effect.lock), sql::quote(effect.relation));
    if (effect.work != effects::Work::none) out += fmt::format(" work={}", effects::work_name(effect.work));
  }
  return out;
}

std::string single_line(const std::string& text) { return replace_all(replace_all(text, "\r", " "), "\n", " "); }

std::string step_sql(const Step& step, const Action& action, bool rollback) {
  const std::string out = comment_lines(step_heading(step, action, rollback));
  const std::string condition = step_condition(step, action, rollback);
  const std::string body = action_sql(step, action, rollback);
  if (condition.empty()) return out + body;
  return out + fmt::format("SELECT coalesce({}, false) AS todo \\gset\n\\if :todo\n{}\\endif\n", condition, body);
}

// Event triggers do not fire where session_replication_role is replica. Who may not set that goes on without: then they decide.
std::string past_event_triggers(const std::string& procedures) {
  const auto set = [](std::string_view value) {
    return fmt::format("\\set ON_ERROR_STOP off\nSET session_replication_role = {};\n\\set ON_ERROR_STOP on\n", value);
  };
  return "\n-- Event triggers of this database fire on CREATE PROCEDURE: off for those of this session, where the role may.\n" + set("replica") + procedures + "\n" + set("DEFAULT");
}

bool uses(const std::string& text, std::string_view procedure) { return text.find(procedure) != std::string::npos; }

}  // namespace

std::string step_heading(const Step& step, const Action& action, bool rollback) {
  return fmt::format("contraflow: step {} {}\n{}{}", sql::quote_identifier(single_line(step.id)),
                     rollback ? fmt::format("mode={} undo={}", mode_name(action.mode), grade_name(step.grade)) : describe_effects(step, action),
                     rollback ? "undo: " : "", single_line(step.title));
}

std::string step_condition(const Step& step, const Action& action, bool rollback) {
  if (!rollback || !step.undo_skips_large) return action.todo;
  std::string small;
  for (const sql::QualifiedName& table : action.small_tables) {
    small += fmt::format(" AND pg_table_size(to_regclass({})) <= {}", sql::quote_literal(sql::quote(table)), kSmallTableBytes);
  }
  return fmt::format("({}){}", action.todo.empty() ? "true" : action.todo, small);
}

std::string phase_file(Phase phase, bool rollback) {
  return fmt::format("{}{}.sql", phase_folder(phase), rollback ? ".rollback" : "");
}

std::string phase_folder(Phase phase) { return fmt::format("{}_{}", number_of(phase), phase_name(phase)); }

std::string phase_sql(const Plan& plan, Phase phase, bool rollback) {
  std::vector<const Step*> steps = plan.in_phase(phase);
  if (steps.empty()) return {};
  if (rollback) std::reverse(steps.begin(), steps.end());
  std::string body;
  for (const Step* step : steps) {
    const Action& action = rollback ? step->undo : step->forward;
    if (!action.empty()) body += "\n" + step_sql(*step, action, rollback);
  }
  std::string out = comment_lines(fmt::format("Plan {}: {}{} (PostgreSQL {})", single_line(plan.name), rollback ? "way back from " : "", phase_name(phase), plan.server_major));
  out += comment_lines(fmt::format("psql -X -v ON_ERROR_STOP=1 -f {}", phase_file(phase, rollback)));
  out += "-- Runs again after an interruption, and changes nothing the second time.\n";
  if (!rollback) {
    for (const Gate& gate : plan.gates) {
      if (gate.before != phase) continue;
      out += "-- Before this phase:\n";
      for (const std::string& condition : gate.conditions) out += comment_lines("  * " + single_line(condition));
    }
  }
  if (body.empty()) return out + "-- Nothing to do.\n";
  out += "\n\\set ON_ERROR_STOP on\n\\encoding UTF8\n";
  out += "SELECT set_config('contraflow.search_path', coalesce(nullif(current_setting('contraflow.search_path', true), ''), current_setting('search_path')), false) AS application_path \\gset\n";
  out += "SET search_path = '';\nSET check_function_bodies = off;\nSET client_min_messages = warning;\nSET statement_timeout = 0;\n";
  std::string procedures;
  if (uses(body, "CALL pg_temp.brief(")) procedures += "\n" + std::string(kBriefProcedure);
  if (uses(body, "CALL pg_temp.expect_none(")) procedures += "\n" + std::string(kExpectNoneProcedure);
  if (uses(body, "CALL pg_temp.backfill(")) procedures += "\n" + std::string(kBackfillProcedure);
  return out + (plan.event_triggers ? past_event_triggers(procedures) : procedures) + body;
}

std::map<std::string, std::string> sql_files(const Plan& plan) {
  std::map<std::string, std::string> out;
  for (const Phase phase : kPhases) {
    for (const bool rollback : {false, true}) {
      std::string text = phase_sql(plan, phase, rollback);
      if (!text.empty()) out.emplace(phase_file(phase, rollback), std::move(text));
    }
  }
  return out;
}

}  // namespace contraflow::plan
