// SPDX-License-Identifier: Apache-2.0
#include "plan/write_notes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "plan/write_sql.h"

namespace contraflow::plan {
namespace {

using effects::LockMode;

// `watched`: the plan has notes, which may name what the deployed version cannot do meanwhile (use a renamed table by privileges on single columns, say).
const char* what_it_is(Phase phase, bool watched) {
  switch (phase) {
    case Phase::expand:
      return watched ? "The new stands beside the old. The deployed version of the application notices nothing but what *Watch out* names below."
                     : "The new stands beside the old. The deployed version of the application notices nothing.";
    case Phase::backfill: return "Rows are filled and checked while the application runs; nothing blocks reads or writes.";
    case Phase::contract: return "The old goes out of the way. Only when the gate holds.";
    case Phase::purge: return "What was kept for the way back goes for good.";
  }
  return "";
}

std::string grade_sentence(Grade grade) {
  switch (grade) {
    case Grade::exact: return "schema and data come back exactly";
    case Grade::order: return "schema and data come back, columns may stand in another order";
    case Grade::data: return "the schema comes back, contents that were removed or changed do not";
  }
  return "";
}

// A name may hold line ends and bars: in a table or a list it is one line.
std::string one_line(const std::string& text) { return replace_all(replace_all(text, "\r", " "), "\n", " "); }
std::string cell(const std::string& text) { return replace_all(one_line(text), "|", "\\|"); }

Grade worst(const std::vector<const Step*>& steps) {
  Grade grade = Grade::exact;
  for (const Step* step : steps) grade = std::max(grade, step->grade);
  return grade;
}

}  // namespace

std::string duration_text(const Action& action) {
  switch (action.mode) {
    case Mode::none: return "nothing";
    case Mode::brief: return "milliseconds";
    case Mode::scan: return "reads the table, blocks neither reads nor writes";
    case Mode::concurrent: return "as long as the table is large, blocks neither reads nor writes";
    case Mode::batched: return "in batches of about 0.1 s";
    case Mode::blocking: return action.small_tables.empty() ? "BLOCKS as long as the work takes" : "milliseconds: the table is small (checked again)";
  }
  return "";
}

std::string locks_text(const Step& step) {
  std::vector<std::string> held;
  for (const effects::Effect& effect : step.effects) {
    if (effect.lock == LockMode::none) continue;
    std::string text = fmt::format("{} on {}", effects::lock_name(effect.lock), sql::quote(effect.relation));
    if (std::find(held.begin(), held.end(), text) == held.end()) held.push_back(std::move(text));
  }
  return join(held, ", ");
}

std::string notes_markdown(const Plan& plan, const NotesLayout* layout) {
  std::string out = fmt::format("# {}\n\nPostgreSQL {}. Undo: {}.\n\n", plan.name, plan.server_major, grade_sentence(plan.grade));
  out += "## Order of events\n\n";
  int number = 1;
  for (const Phase phase : kPhases) {
    const auto steps = plan.in_phase(phase);
    if (steps.empty()) continue;
    for (const Gate& gate : plan.gates) {
      if (gate.before != phase) continue;
      for (const std::string& condition : gate.conditions) out += fmt::format("{}. **Gate:** {}.\n", number++, one_line(condition));
    }
    out += fmt::format("{}. **{}** (`{}`): {}\n", number++, phase_name(phase), layout ? phase_folder(phase) + "/" : phase_file(phase, false), what_it_is(phase, !plan.notes.empty()));
    if (phase == Phase::expand && plan.in_phase(Phase::backfill).empty()) {
      out += fmt::format("{}. **Deploy** the next version of the application. It may rely on everything above; the deployed one keeps working beside it.\n", number++);
    }
    if (phase == Phase::backfill) {
      out += fmt::format("{}. **Deploy** the next version of the application: every row is filled now.\n", number++);
    }
  }
  if (layout) out += "\n## How to run it\n\n" + layout->how_to_run;
  out += "\n## What happens\n\n";
  for (const Phase phase : kPhases) {
    const auto steps = plan.in_phase(phase);
    if (steps.empty()) continue;
    out += fmt::format("### {}\n\n| step | lock | how long | undo |\n| --- | --- | --- | --- |\n", phase_name(phase));
    for (const Step* step : steps) {
      if (step->forward.empty()) continue;
      out += fmt::format("| {} | {} | {} | {} |\n", cell(step->title), cell(locks_text(*step)), duration_text(step->forward), grade_name(step->grade));
    }
    out += "\n";
  }
  out += "## The way back\n\n";
  if (layout) {
    out += layout->way_back;
    for (auto it = kPhases.rbegin(); it != kPhases.rend(); ++it) {
      if (!plan.in_phase(*it).empty()) out += fmt::format("\n- {}: {}", phase_name(*it), grade_sentence(worst(plan.in_phase(*it))));
    }
    out += "\n";
  } else {
    out += "Run the rollback files of the phases that ran, the last one first:\n\n```sh\n";
    for (auto it = kPhases.rbegin(); it != kPhases.rend(); ++it) {
      if (!plan.in_phase(*it).empty()) out += fmt::format("psql -X -v ON_ERROR_STOP=1 -f {}   # {}\n", phase_file(*it, true), grade_sentence(worst(plan.in_phase(*it))));
    }
    out += "```\n";
  }
  out += "\nBefore contract, going back is free: the deployed version never stopped working.\n";
  if (!plan.notes.empty() || !plan.column_order.empty()) {
    out += "\n## Watch out\n\n";
    for (const std::string& note : plan.notes) out += "- " + one_line(note) + "\n";
    for (const std::string& table : plan.column_order) out += fmt::format("- the columns of {} will stand in another order than in the desired schema\n", one_line(table));
  }
  return out;
}

std::string overview(const Plan& plan, bool color) {
  const auto paint = [&](const char* code, const std::string& text) { return color ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text; };
  std::string out = fmt::format("{}  PostgreSQL {}, {}, undo: {}\n", paint("1", plan.name), plan.server_major,
                                count_of(static_cast<long long>(plan.steps.size()), "step"), grade_name(plan.grade));
  for (const Phase phase : kPhases) {
    const auto steps = plan.in_phase(phase);
    if (steps.empty()) continue;
    for (const Gate& gate : plan.gates) {
      if (gate.before != phase) continue;
      for (const std::string& condition : gate.conditions) out += paint("33", "  -- gate: " + condition) + "\n";
    }
    out += paint("1;36", fmt::format("\n{} {}", static_cast<int>(phase) + 1, phase_name(phase))) + "\n";
    for (const Step* step : steps) {
      if (step->forward.empty()) continue;
      const bool blocks = step->forward.mode == Mode::blocking && step->forward.small_tables.empty();
      out += fmt::format("  {}\n", step->title);
      const std::string held = locks_text(*step);
      out += paint(blocks ? "31" : "2", fmt::format("      {}{}{}", held, held.empty() ? "" : "; ", duration_text(step->forward))) + "\n";
      for (const std::string& statement : step->forward.statements) {
        const auto lines = split_lines(statement);
        out += "      " + lines.front() + (lines.size() > 1 ? " …" : "") + "\n";
      }
      if (step->forward.backfill) {
        const Backfill& backfill = *step->forward.backfill;
        out += backfill.pending.empty() ? fmt::format("      {}\n", replace_all(backfill.assignments, "{rows}", sql::quote(backfill.table)))
                                        : fmt::format("      UPDATE {} SET {} WHERE {}\n", sql::quote(backfill.table), backfill.assignments, backfill.pending);
      }
    }
  }
  for (const std::string& note : plan.notes) out += paint("33", "\nnote: ") + note;
  for (const std::string& table : plan.column_order) out += paint("33", "\nnote: ") + "the columns of " + table + " will stand in another order than in the desired schema";
  if (!plan.notes.empty() || !plan.column_order.empty()) out += "\n";
  return out;
}

}  // namespace contraflow::plan
