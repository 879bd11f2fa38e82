// SPDX-License-Identifier: Apache-2.0
#include "plan/refresh.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/hash.h"
#include "base/text.h"
#include "base/utf8.h"
#include "plan/refresh_step.h"
#include "plan/write_sql.h"
#include "sql/directive.h"
#include "sql/scan.h"
#include "sql/statements.h"

namespace contraflow::plan {
namespace {

constexpr std::array kModes{Mode::none, Mode::brief, Mode::scan, Mode::concurrent, Mode::batched, Mode::blocking};

bool same(const Action& a, const Action& b) {
  return a.mode == b.mode && a.statements == b.statements && a.todo == b.todo && a.backfill == b.backfill && a.builds_index == b.builds_index && a.small_tables == b.small_tables;
}

bool same(const std::vector<Precondition>& a, const std::vector<Precondition>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Precondition& x, const Precondition& y) { return x.what == y.what && x.query == y.query && x.remedy == y.remedy; });
}

// The text of statements without what only spaces and comments differ in.
std::vector<std::string> bare(const std::vector<std::string>& statements) {
  std::vector<std::string> out;
  for (const std::string& statement : statements) {
    for (const sql::Statement& one : sql::split_statements(statement)) out.push_back(one.text);
  }
  return out;
}

class FileReader {
 public:
  FileReader(Refreshed& out, Phase phase, bool rollback, const std::string& text, std::string shown)
      : out_(out), phase_(phase), rollback_(rollback), text_(text), shown_(std::move(shown)), psql_(take_out_commands(text, shown_)) {}

  void run() {
    std::vector<std::pair<std::size_t, sql::Directive>> directives;
    for (const sql::Comment& comment : sql::comments(psql_.sql, shown_)) {
      auto directive = sql::directive_in(comment);
      if (!directive) continue;
      if (directive->name != "step") throw fail(comment.offset, fmt::format("unknown directive \"{}\"", directive->name), "plan files have -- contraflow: step ID mode=MODE");
      directives.emplace_back(comment.offset, *std::move(directive));
    }
    const std::size_t first = directives.empty() ? text_.size() : directives.front().first;
    std::vector<std::string> order;
    std::vector<Step*> steps;
    for (const auto& [offset, directive] : directives) {
      steps.push_back(&find(offset, directive, order));
      order.push_back(steps.back()->id);
    }
    for (const Step& step : out_.plan.steps) {
      if (step.phase != phase_ || (rollback_ ? step.undo : step.forward).empty()) continue;
      if (std::find(order.begin(), order.end(), step.id) == order.end()) throw lost(step, first);
    }
    read_head(first);
    for (std::size_t i = 0; i < directives.size(); ++i) {
      const std::size_t end = i + 1 < directives.size() ? directives[i + 1].first : text_.size();
      read_step(*steps[i], directives[i].second, directives[i].first, end);
    }
    if (rollback_) check_order(order, directives);
    else take_order(order);
  }

 private:
  Error fail(std::size_t offset, const std::string& problem, const std::string& hint) const {
    return Error(ErrorCode::usage, problem, hint).at(locate(text_, offset, shown_));
  }

  // At the title that was left behind, or where the steps begin.
  Error lost(const Step& step, std::size_t first) const {
    std::size_t at = first;
    for (const sql::Comment& comment : sql::comments(psql_.sql, shown_)) {
      if (trim(std::string_view(comment.text).substr(2)) == (rollback_ ? "undo: " : "") + step.title) at = comment.offset;
    }
    return fail(at, fmt::format("step {} has lost its directive", sql::quote_identifier(step.id)),
                fmt::format("put -- contraflow: step {} mode={} before it; to take the step out, keep that line with mode=none and nothing below it", sql::quote_identifier(step.id),
                            mode_name((rollback_ ? step.undo : step.forward).mode)));
  }

  void changed(const std::string& what) { out_.changes.push_back(fmt::format("{}: {}", phase_file(phase_, rollback_), what)); }

  // What stands before the first step: settings and procedures, and the gate in its comments. A statement of the user's there would
  // belong to no step and be lost on `apply`.
  void read_head(std::size_t end) {
    for (const sql::Statement& statement : sql::split_statements(std::string_view(psql_.sql).substr(0, end), shown_)) {
      const std::string text = to_lower(statement.text);
      if (text.starts_with("set ") || text.starts_with("create or replace procedure pg_temp.") || text.starts_with("select set_config('contraflow.search_path', ")) continue;
      throw fail(statement.offset, "a statement that belongs to no step", "put it into a step: statements run as part of the step whose directive stands before them");
    }
    if (rollback_) return;
    std::vector<std::string> conditions;
    for (const std::string& line : split_lines(std::string_view(text_).substr(0, end))) {
      if (line.starts_with("--   * ")) conditions.emplace_back(trim(std::string_view(line).substr(7)));
    }
    auto gate = std::find_if(out_.plan.gates.begin(), out_.plan.gates.end(), [&](const Gate& g) { return g.before == phase_; });
    const std::vector<std::string> before = gate == out_.plan.gates.end() ? std::vector<std::string>{} : gate->conditions;
    if (before == conditions) return;
    changed(fmt::format("the gate before {} has {}", phase_name(phase_), conditions.empty() ? "no condition" : count_of(static_cast<long long>(conditions.size()), "condition")));
    if (gate != out_.plan.gates.end()) gate->conditions = conditions;
    else out_.plan.gates.push_back({phase_, conditions});
  }

  Step& find(std::size_t offset, const sql::Directive& directive, const std::vector<std::string>& seen) {
    if (directive.arguments.empty()) throw fail(offset, "the directive names no step", "");
    const std::string id = sql::identifier_value(directive.arguments.front());
    if (std::find(seen.begin(), seen.end(), id) != seen.end()) throw fail(offset, fmt::format("step \"{}\" is there twice", id), "");
    std::vector<std::string> ids;
    for (Step& step : out_.plan.steps) {
      if (step.id == id && step.phase == phase_) return step;
      ids.push_back(step.id);
      if (step.id == id) throw fail(offset, fmt::format("step \"{}\" belongs to {}", id, phase_name(step.phase)), "a step stays in its phase: plan again");
    }
    const std::string near = nearest(id, ids);
    throw fail(offset, fmt::format("unknown step \"{}\"", id), near.empty() ? "new steps come from planning again" : fmt::format("did you mean \"{}\"?", near));
  }

  void read_step(Step& step, const sql::Directive& directive, std::size_t begin, std::size_t end) {
    Action& action = rollback_ ? step.undo : step.forward;
    const std::string written = directive.value("mode").value_or(std::string(mode_name(action.mode)));
    const auto mode = std::find_if(kModes.begin(), kModes.end(), [&](Mode m) { return mode_name(m) == written; });
    if (mode == kModes.end()) throw fail(begin, fmt::format("there is no mode \"{}\"", written), "none, brief, scan, concurrent, batched or blocking");
    StepText now = read_step_text(psql_, begin, end, *mode, action, [&](std::size_t at, const std::string& problem, const std::string& hint) { return fail(at, problem, hint); });
    if (rollback_ && step.undo_skips_large) strip_size(step, now.action);
    // A statement may be kept with comments in front of it: what is the same to the server stays as it is.
    if (bare(now.action.statements) == bare(action.statements)) now.action.statements = action.statements;
    if (!same(now.action, action)) {
      changed(fmt::format("step {} {}", sql::quote_identifier(step.id), now.action.empty() ? "does nothing now" : what_changed(action, now.action)));
      action = std::move(now.action);
    }
    if (!same(now.preconditions, step.expected(rollback_))) {
      changed(fmt::format("step {} has other preconditions", sql::quote_identifier(step.id)));
      step.expected(rollback_) = std::move(now.preconditions);
    }
  }

  static std::string what_changed(const Action& before, const Action& now) {
    std::vector<std::string> parts;
    if (before.mode != now.mode) parts.push_back(fmt::format("runs as {}, not {}", mode_name(now.mode), mode_name(before.mode)));
    if (before.statements != now.statements || before.builds_index != now.builds_index) parts.emplace_back("has other statements");
    if (before.todo != now.todo) parts.emplace_back("has another condition");
    if (!(before.backfill == now.backfill)) parts.emplace_back("has another backfill");
    if (before.small_tables != now.small_tables) parts.emplace_back("guards other tables against having grown");
    return join(parts, ", ");
  }

  // The condition as the file has it, without the part that step_condition() adds to it.
  static void strip_size(Step& step, Action& now) {
    Action open = now;
    open.todo.clear();
    const std::string added = step_condition(step, open, true).substr(std::string_view("(true)").size());
    if (now.todo.starts_with('(') && now.todo.ends_with(")" + added)) {
      now.todo = now.todo.substr(1, now.todo.size() - added.size() - 2);
      if (now.todo == "true") now.todo.clear();
    } else {
      step.undo_skips_large = false;
    }
  }

  // The steps of this phase stand in the order of the forward file; steps without anything to do forward keep their place behind the one before.
  void take_order(const std::vector<std::string>& order) {
    std::vector<std::string> planned;
    for (const Step& step : out_.plan.steps) {
      if (step.phase == phase_ && std::find(order.begin(), order.end(), step.id) != order.end()) planned.push_back(step.id);
    }
    if (planned == order) return;
    changed("the steps stand in another order");
    std::vector<Step> sorted;
    const auto here = [&](const Step& step) { return step.phase == phase_; };
    auto place = std::find_if(out_.plan.steps.begin(), out_.plan.steps.end(), here);
    std::vector<Step> own;
    std::copy_if(place, out_.plan.steps.end(), std::back_inserter(own), here);
    for (const std::string& id : order) {
      const auto found = std::find_if(own.begin(), own.end(), [&](const Step& step) { return step.id == id; });
      sorted.push_back(*found);
      for (auto next = found + 1; next != own.end() && std::find(order.begin(), order.end(), next->id) == order.end(); ++next) sorted.push_back(*next);
    }
    for (auto next = own.begin(); next != own.end() && std::find(order.begin(), order.end(), next->id) == order.end(); ++next) sorted.insert(sorted.begin() + (next - own.begin()), *next);
    std::copy(sorted.begin(), sorted.end(), place);
  }

  void check_order(std::vector<std::string> order, const std::vector<std::pair<std::size_t, sql::Directive>>& directives) const {
    std::vector<std::string> planned;
    for (const Step& step : out_.plan.steps) {
      if (step.phase == phase_ && std::find(order.begin(), order.end(), step.id) != order.end()) planned.insert(planned.begin(), step.id);
    }
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (order[i] != planned[i]) {
        throw fail(directives[i].first, "steps are undone in the reverse of the order in which they run", fmt::format("expected step {} here", sql::quote_identifier(planned[i])));
      }
    }
  }

  Refreshed& out_;
  Phase phase_;
  bool rollback_;
  const std::string& text_;
  std::string shown_;
  PsqlText psql_;
};

}  // namespace

Refreshed refresh(const ReadPlan& read, const std::map<std::string, std::string>& files, const std::string& folder) {
  if (read.layout != "psql") {
    throw Error(ErrorCode::usage, fmt::format("{} is laid out for {}: its files belong to that runner and are not read back", folder, read.layout),
                "keep a plan in the psql layout as the one that is edited, and write the runner's files with contraflow plan --from-plan DIR --layout " + read.layout);
  }
  Refreshed out{read.plan, {}};
  const auto edited = [&](const std::string& name) {
    const auto file = files.find(name);
    if (file == files.end()) throw Error(ErrorCode::usage, fmt::format("{}/{} is missing", folder, name), "take it from version control, or plan again");
    const auto hash = read.hashes.find(name);
    return hash == read.hashes.end() || sha256(file->second) != hash->second ? &file->second : nullptr;
  };
  for (const Phase phase : kPhases) {
    if (read.plan.in_phase(phase).empty()) continue;
    const std::string* forward = edited(phase_file(phase, false));
    const std::string* back = edited(phase_file(phase, true));
    // A new order in the forward file asks for the reverse one in the rollback file: both are read where one was edited.
    for (const bool rollback : {false, true}) {
      if (!forward && !back) continue;
      const std::string name = phase_file(phase, rollback);
      const std::size_t before = out.changes.size();
      FileReader(out, phase, rollback, files.at(name), folder + "/" + name).run();
      if (out.changes.size() == before && (rollback ? back : forward)) out.changes.push_back(name + ": comments or blanks only");
    }
  }
  for (const auto& [name, text] : files) {
    if (!read.hashes.contains(name)) {
      throw Error(ErrorCode::usage, fmt::format("{}/{} belongs to no phase of the plan", folder, name), "remove it, or plan again");
    }
  }
  return out;
}

}  // namespace contraflow::plan
