// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/terminal.h"
#include "base/text.h"
#include "base/utf8.h"
#include "plan/write_notes.h"

namespace contraflow::plan {
namespace {

std::string cut(const std::string& text, std::size_t width) {
  if (display_width(text) <= width) return text;
  std::string out = text.substr(0, byte_of_character(text, width - 1));
  while (display_width(out) >= width) out.resize(byte_of_character(out, count_characters(out) - 1));
  return out + "…";
}

// "3 expand · 1 backfill · gate · 2 contract"
std::string outline(const Plan& plan) {
  std::vector<std::string> parts;
  for (const Phase phase : kPhases) {
    const auto steps = plan.in_phase(phase);
    const auto count = std::count_if(steps.begin(), steps.end(), [](const Step* step) { return !step->forward.empty(); });
    if (steps.empty()) continue;
    if (std::any_of(plan.gates.begin(), plan.gates.end(), [&](const Gate& gate) { return gate.before == phase; })) parts.emplace_back("gate");
    parts.push_back(fmt::format("{} {}", count, phase_name(phase)));
  }
  return join(parts, " · ");
}

class Writer {
 public:
  Writer(int width, bool color) : width_(static_cast<std::size_t>(std::max(width, 60))), color_(color) {}

  void line(const std::string& text, std::optional<Style> style = {}) { out_ += (style ? styled(text, *style, color_) : text) + "\n"; }

  // Words wrapped at the edge, the lines that follow indented to the first one's text.
  void wrapped(const std::string& head, const std::string& text, Style style) {
    const std::size_t indent = display_width(head);
    std::string at = head;
    for (const std::string& word : split(text, ' ')) {
      if (display_width(at) > indent && display_width(at) + 1 + display_width(word) > width_) {
        line(at, style);
        at = std::string(indent, ' ');
      }
      at += (display_width(at) > indent ? " " : "") + word;
    }
    line(at, style);
  }

  void step(const Step& step) {
    const bool blocks = step.forward.mode == Mode::blocking && step.forward.small_tables.empty();
    const std::string held = locks_text(step), takes = (held.empty() ? "" : held + "; ") + duration_text(step.forward);
    const Style style = blocks ? Style::red : Style::dim;
    if (2 + display_width(step.title) + 3 + display_width(takes) <= width_) {
      line("  " + step.title + "   " + styled(takes, style, color_));
    } else {
      wrapped("  ", step.title, Style::bold);
      wrapped("      ", takes, style);
    }
    for (std::size_t i = 0; i < step.forward.statements.size(); ++i) {
      const std::string& statement = step.forward.statements[i];
      // What is dropped to be made again two lines on says nothing to a reader.
      if (statement.starts_with("DROP TRIGGER IF EXISTS ") && i + 2 < step.forward.statements.size() && step.forward.statements[i + 2].starts_with("CREATE TRIGGER ")) continue;
      statement_line(statement);
    }
    if (!step.forward.backfill) return;
    const Backfill& backfill = *step.forward.backfill;
    statement_line(backfill.pending.empty() ? replace_all(backfill.assignments, "{rows}", sql::quote(backfill.table))
                                            : fmt::format("UPDATE {} SET {} WHERE {}", sql::quote(backfill.table), backfill.assignments, backfill.pending));
  }

  std::string take() { return std::move(out_); }

 private:
  void statement_line(const std::string& statement) {
    const auto lines = split_lines(statement);
    line("      " + cut(lines.front() + (lines.size() > 1 ? " …" : ""), width_ - 6));
  }

  std::size_t width_;
  bool color_;
  std::string out_;
};

}  // namespace

std::string terminal_overview(const Plan& plan, int width, bool color) {
  Writer out(width, color);
  out.line(styled(plan.name, Style::bold, color) + fmt::format("  PostgreSQL {}, {}, undo: {}", plan.server_major,
                                                               count_of(static_cast<long long>(plan.steps.size()), "step"), grade_name(plan.grade)));
  out.line("  " + outline(plan));
  for (const Phase phase : kPhases) {
    const auto steps = plan.in_phase(phase);
    if (steps.empty()) continue;
    for (const Gate& gate : plan.gates) {
      if (gate.before != phase) continue;
      out.line("");
      for (const std::string& condition : gate.conditions) out.wrapped("  gate: ", condition, Style::yellow);
    }
    Grade grade = Grade::exact;
    for (const Step* step : steps) grade = std::max(grade, step->grade);
    out.line("\n" + styled(fmt::format("{} {}", static_cast<int>(phase) + 1, phase_name(phase)), Style::bold, color) + styled(fmt::format("   undo: {}", grade_name(grade)), Style::dim, color));
    for (const Step* step : steps) {
      if (!step->forward.empty()) out.step(*step);
    }
  }
  if (!plan.notes.empty() || !plan.column_order.empty()) out.line("");
  for (const std::string& note : plan.notes) out.wrapped("note: ", note, Style::yellow);
  for (const std::string& table : plan.column_order) out.wrapped("note: ", "the columns of " + table + " will stand in another order than in the desired schema", Style::yellow);
  return out.take();
}

}  // namespace contraflow::plan
