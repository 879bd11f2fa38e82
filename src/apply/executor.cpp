// SPDX-License-Identifier: Apache-2.0
#include "apply/executor.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "apply/run.h"
#include "apply/takeover.h"
#include "base/text.h"
#include "plan/write_sql.h"

namespace contraflow::apply {

using plan::Phase;

struct Executor::Impl {
  Run run;
  bool taken = false;

  Impl(const plan::Plan& plan, const std::string& hash, const std::string& conninfo, const Options& options, Observer& observer) : run(plan, hash, conninfo, options, observer) {}

  std::size_t count() const { return run.plan.steps.size(); }
  Phase phase_at(std::size_t position) const { return run.plan.steps.at(position).phase; }

  // Runs `work` again after a lost connection, with growing pauses, until it has been tried for reconnect_limit without a success in between.
  template <typename Work>
  auto survive(const Work& work) {
    Milliseconds pause = 200ms;
    std::optional<Clock::time_point> lost_at;
    while (true) {
      try {
        if (lost_at) run.lock.keep();
        return work();
      } catch (const Error& error) {
        if (failure_of(error) != Failure::connection) throw;
        run.steps.drop();
        if (!lost_at) {
          lost_at = Clock::now();
          run.observer.warning("connecting again: " + error.message());
        }
        if (since(*lost_at) > run.options.reconnect_limit) throw;
        run.sleep(pause);
        pause = std::min<Milliseconds>(pause * 2, 5s);
      }
    }
  }

  StepOutcome one(std::size_t position, bool undo) {
    const StepRun step{run.plan.steps.at(position), position, undo};
    run.safe_point();
    run.observer.before_step(step);
    const StepOutcome outcome = survive([&] {
      run.lock.keep();
      try {
        return once(step);
      } catch (const pg::ServerError& error) {
        throw explained(step, error);
      }
    });
    run.observer.after_step(step, outcome);
    return outcome;
  }

  StepOutcome once(const StepRun& step) {
    const plan::Action& action = step.action();
    StepOutcome outcome;
    // How far the other direction had come says nothing any more.
    run.journal.forget_progress(run.connection(), {step.step, step.position, !step.undo});
    if (action.empty()) {
      outcome.kind = StepOutcome::Kind::nothing;
      return outcome;
    }
    const std::string condition = plan::step_condition(step.step, action, step.undo);
    if (!condition.empty() && !run.holds(condition)) {
      outcome.kind = StepOutcome::Kind::found;
      remember(step, outcome);
      return outcome;
    }
    // The answer to a COMMIT may have been lost with the connection: the journal says whether it came through.
    if (condition.empty() && done_by_this_run(step)) return outcome;
    check_preconditions(step);
    run.observer.ready(step, run.connection());
    switch (action.mode) {
      case plan::Mode::none: break;
      case plan::Mode::brief:
      case plan::Mode::scan:
      case plan::Mode::blocking: return run_brief(run, step);
      case plan::Mode::concurrent: {
        outcome = run_concurrent(run, step, condition);
        check_built(step);
        return outcome;
      }
      case plan::Mode::batched: return run_backfill(run, step);
    }
    throw std::logic_error("internal error: a step with statements and mode none");
  }

  void check_built(const StepRun& step) {
    if (!step.action().builds_index) return;
    const std::string name = sql::quote(*step.action().builds_index);
    // A REINDEX builds under another name, which is gone when it succeeds.
    if (!run.holds(fmt::format("NOT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass({}) AND NOT indisvalid)", sql::quote_literal(name)))) {
      throw Error(ErrorCode::refused, fmt::format("step {} ran, and index {} is not valid", sql::quote_identifier(step.step.id), name), "run the same command again: it is dropped and built anew");
    }
  }

  bool done_by_this_run(const StepRun& step) {
    const auto steps = run.journal.steps(run.connection());
    const auto found = steps.find(step.step.id);
    return found != steps.end() && found->second.runner == run.runner && found->second.state == (step.undo ? StepState::undone : StepState::done);
  }

  void remember(const StepRun& step, const StepOutcome& outcome) {
    const auto steps = run.journal.steps(run.connection());
    const auto found = steps.find(step.step.id);
    const bool known = found != steps.end() && (step.undo ? found->second.state == StepState::undone : found->second.state == StepState::done || found->second.state == StepState::found);
    if (known) return;
    run.transaction(run.steps, [&](pg::Connection& connection) {
      run.journal.fence(connection, run.runner);
      run.journal.record(connection, step, step.undo ? StepState::undone : StepState::found, run.runner, outcome);
    });
  }

  void check_preconditions(const StepRun& step) {
    if (step.step.expected(step.undo).empty()) return;
    {
      const LongWork work(run, run.options.work_limit + 30s);
      const Session::Interruptible interruptible(run.steps);
      run.connection().execute(fmt::format("SET statement_timeout = '{}ms'; {}", run.options.work_limit.count(), kUsersPath));
      for (const plan::Precondition& precondition : step.step.expected(step.undo)) {
        const pg::Result found = run.connection().execute(precondition.query);
        if (found.rows() > 0 && found.integer(0, 0) > 0) {
          throw Error(ErrorCode::refused, fmt::format("before step {}{}: {} {}", sql::quote_identifier(step.step.id), step.undo ? " is undone" : "", found.integer(0, 0), precondition.what), precondition.remedy);
        }
      }
    }
    run.connection().execute(fmt::format("SET statement_timeout = '60s'; {}", kOwnPath));
  }

  // The server's own words, with the step and what to do.
  Error explained(const StepRun& step, const pg::ServerError& error) {
    const std::string& state = error.sqlstate();
    if (*run.options.stop && state == "57014") return Error(ErrorCode::interrupted, "stopped, as asked", "");
    const Failure failure = failure_of(error);
    if (failure == Failure::connection) return Error(ErrorCode::environment, error.message(), error.hint(), state);
    if (failure == Failure::lock) return Error(ErrorCode::interrupted, error.message(), error.hint(), state);
    std::string message = fmt::format("step {} ({}{}): {}", sql::quote_identifier(step.step.id), step.undo ? "undo: " : "", step.step.title, error.message());
    if (!error.detail().empty()) message += "\n" + error.detail();
    std::string hint = error.hint();
    ErrorCode code = ErrorCode::refused;
    if (state == "57014") hint = "it took longer than it may (--brief-limit, --work-limit), and was rolled back";
    if (state == "42501") hint = "the role needs to own the objects, or be a member of their owner (docs/apply.md, privileges)";
    if (state.starts_with("53") || state.starts_with("58") || state.starts_with("XX") || state == "42501") code = ErrorCode::environment;
    run.log(step.step.id, "failed", state + ": " + message);
    return Error(code, message, hint.empty() ? "what the step had begun was rolled back; run the same command again when it is resolved, or contraflow rollback" : hint, state);
  }

  // ---- phases

  std::vector<PhaseRecord> phases() {
    return survive([&] { return run.journal.phases(run.connection()); });
  }

  void in_journal(const std::function<void(pg::Connection&)>& work) {
    survive([&] {
      run.lock.keep();
      run.transaction(run.steps, [&](pg::Connection& connection) {
        run.journal.fence(connection, run.runner);
        work(connection);
      });
    });
  }

  std::size_t begin_of(Phase phase) const {
    std::size_t i = 0;
    while (i < count() && phase_at(i) < phase) ++i;
    return i;
  }
  std::size_t end_of(Phase phase) const {
    std::size_t i = begin_of(phase);
    while (i < count() && phase_at(i) == phase) ++i;
    return i;
  }

  void run_range(Phase phase, std::size_t end) {
    in_journal([&](pg::Connection& connection) { run.journal.begin_phase(connection, phase); });
    for (std::size_t i = begin_of(phase); i < end; ++i) one(i, false);
    if (end == end_of(phase)) in_journal([&](pg::Connection& connection) { run.journal.complete_phase(connection, phase); });
  }

  // Whether the catalog shows that something of this phase was run (by psql, which keeps no journal): a step has nothing left to do forward, and
  // something to do on the way back. Either alone is true of steps of phases that were never begun.
  bool shows(Phase phase) {
    for (const plan::Step* step : run.plan.in_phase(phase)) {
      const std::string forward = step->forward.empty() ? "" : plan::step_condition(*step, step->forward, false);
      const std::string back = step->undo.empty() ? "" : plan::step_condition(*step, step->undo, true);
      if (!forward.empty() && !back.empty() && !run.holds(forward) && run.holds(back)) return true;
    }
    return false;
  }

  Position position() {
    Position out;
    for (const PhaseRecord& record : phases()) {
      if (!record.begun()) continue;
      out.reached = record.phase;
      out.complete = record.complete();
      if (record.complete()) out.completed_at = record.completed_at;
      if (record.complete()) out.done.push_back(record.phase);
    }
    return out;
  }
};

Executor::Executor(const plan::Plan& plan, const std::string& hash, const std::string& conninfo, const Options& options, Observer& observer)
    : impl_(std::make_unique<Impl>(plan, hash, conninfo, options, observer)) {
  take_over(impl_->run);
  impl_->taken = true;
}

Executor::~Executor() {
  // So that `status` does not show a run that has ended; the lock says it as well.
  try {
    if (impl_->taken) {
      const Position now = impl_->position();
      const bool all = !impl_->run.plan.steps.empty() && now.reached == impl_->run.plan.steps.back().phase && now.complete;
      impl_->run.journal.set_state(impl_->run.connection(), !now.reached ? "at the start" : all ? "complete"
                                                                                                : "stopped");
    }
  } catch (...) {  // the connection is gone: status goes by the lock
  }
}

StepOutcome Executor::forward(std::size_t position) {
  const Phase phase = impl_->phase_at(position);
  const Position now = impl_->position();
  if (now.reached != phase) impl_->in_journal([&](pg::Connection& connection) { impl_->run.journal.begin_phase(connection, phase); });
  return impl_->one(position, false);
}

StepOutcome Executor::undo(std::size_t position) { return impl_->one(position, true); }

void Executor::run_phase(Phase phase) {
  if (impl_->run.plan.in_phase(phase).empty()) return;
  impl_->run_range(phase, impl_->end_of(phase));
}

void Executor::run_part(Phase phase, std::size_t end) { impl_->run_range(phase, std::min(end, impl_->end_of(phase))); }

void Executor::run_to(std::size_t end) {
  const Position now = position();
  for (const Phase phase : plan::kPhases) {
    const std::size_t begin = impl_->begin_of(phase), last = std::min(end, impl_->end_of(phase));
    const bool passed = now.reached && (phase < *now.reached || (phase == *now.reached && now.complete));
    if (begin >= last || passed) continue;
    impl_->run_range(phase, last);
  }
}

bool Executor::undo_to(Phase to, bool named) {
  const Position now = position();
  // What psql ran is not in the journal (nor anything, once it was dropped), but the catalog shows it: of many steps, not of those that IF EXISTS makes
  // repeatable. Phases run in order: those before the last one that shows ran too, and the one after it may have. Its undo changes nothing where it
  // did not run, as that of a phase that was stopped before its first step does.
  std::optional<Phase> may_have_run = now.reached;
  if (!now.reached) {
    bool seen = false;
    for (const Phase phase : plan::kPhases) {
      if (impl_->run.plan.in_phase(phase).empty()) continue;
      if (impl_->shows(phase)) {
        may_have_run = phase;
        seen = true;
      } else if (seen) {
        may_have_run = phase;
        seen = false;
      }
    }
  }
  bool any = false;
  for (auto phase = plan::kPhases.rbegin(); phase != plan::kPhases.rend() && *phase >= to; ++phase) {
    if (impl_->run.plan.in_phase(*phase).empty()) continue;
    const bool begun = may_have_run && *phase <= *may_have_run;
    if (!begun && !(named && *phase == to) && !impl_->shows(*phase)) continue;
    for (std::size_t i = impl_->end_of(*phase); i-- > impl_->begin_of(*phase);) impl_->one(i, true);
    impl_->in_journal([&](pg::Connection& connection) { impl_->run.journal.phase_undone(connection, *phase); });
    any = true;
  }
  return any;
}

void Executor::undo_from(std::size_t begin) {
  for (std::size_t i = begin; i-- > 0;) {
    impl_->one(i, true);
    if (i == impl_->begin_of(impl_->phase_at(i))) impl_->in_journal([&, phase = impl_->phase_at(i)](pg::Connection& connection) { impl_->run.journal.phase_undone(connection, phase); });
  }
}

std::vector<Executor::Loss> Executor::losses(Phase to) {
  std::vector<Loss> out;
  const Position now = position();
  const auto steps = impl_->survive([&] { return impl_->run.journal.steps(impl_->run.connection()); });
  for (const plan::Step& step : impl_->run.plan.steps) {
    // Known to the journal, and not run: nothing is lost by it. Without a record the catalog decides.
    const auto known = steps.find(step.id);
    if (known != steps.end() ? known->second.state == StepState::undone : (now.reached && step.phase <= *now.reached && !steps.empty())) continue;
    if (step.phase < to || step.grade != plan::Grade::data || step.forward.empty()) continue;
    const bool begun = now.reached && step.phase <= *now.reached;
    if (!begun && !impl_->shows(step.phase)) continue;
    out.push_back({step.title + (step.notes.empty() ? "" : ": " + step.notes.front()), step.phase == Phase::purge});
  }
  return out;
}

void Executor::record(const std::string& kind, const std::string& message) { impl_->run.log("", kind, message); }

bool Executor::catalog_has(Phase phase) {
  for (const plan::Step* step : impl_->run.plan.in_phase(phase)) {
    // A backfill's condition only says that its columns are there.
    if (step->forward.empty() || step->forward.mode == plan::Mode::batched) continue;
    const std::string condition = plan::step_condition(*step, step->forward, false);
    if (!condition.empty() && impl_->survive([&] { return impl_->run.holds(condition); })) return false;
  }
  return true;
}

Position Executor::position() { return impl_->position(); }

pg::Connection& Executor::connection() { return impl_->run.connection(); }

}  // namespace contraflow::apply
