// SPDX-License-Identifier: Apache-2.0
#include "rehearse/plan_observer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "plan/write_sql.h"

namespace contraflow::rehearse {

using effects::LockMode;
using effects::Work;

namespace {

// Of a backfill the first batches show what there is to see.
constexpr long long kBatchesLookedAt = 5;

std::string statement_of(const plan::Action& action) {
  if (action.backfill) {
    const plan::Backfill& backfill = *action.backfill;
    if (backfill.pending.empty())
      return replace_all(backfill.assignments, "{rows}", sql::quote(backfill.table));
    return fmt::format("UPDATE {} SET {} WHERE {}", sql::quote(backfill.table), backfill.assignments,
                       backfill.pending);
  }
  return join(action.statements, ";\n");
}

}  // namespace

PlanObserver::PlanObserver(std::string admin)
    : admin_(std::move(admin)),
      side_(admin_, "contraflow observer"),
      watcher_(side_, Watcher::FromOutside{}) {}

void PlanObserver::connected(pg::Connection& connection) { pid_ = connection.backend_pid(); }

void PlanObserver::before_step(const apply::StepRun& step) {
  current_ = {};
  current_.step = step.step.id;
  current_.title = (step.undo ? "undo: " : "") + step.step.title;
  current_.phase = plan::phase_name(step.step.phase);
  current_.place = {plan::phase_file(step.step.phase, step.undo), 0, statement_of(step.action())};
  current_.transaction = static_cast<int>(step.position) + 1;
  batches_ = 0;
  watcher_.before(false);
  if (step.action().mode == plan::Mode::concurrent && pid_ != 0) {
    current_.transaction = 0;
    sampler_ = std::make_unique<LockSampler>(admin_, pid_);
  }
}

// What preconditions and checks have read is none of the step's doing: sent away before it begins (15 and
// later).
void PlanObserver::ready(const apply::StepRun&, pg::Connection& own) {
  if (own.server_major() >= 15) own.execute("SELECT pg_catalog.pg_stat_force_next_flush()");
}

void PlanObserver::before_commit(const apply::StepRun& step, pg::Connection& own) {
  if (step.action().mode == plan::Mode::batched && ++batches_ > kBatchesLookedAt) return;
  watcher_.inside(own, current_);
}

void PlanObserver::batch_done(const apply::StepRun&, const apply::BatchDone& batch) {
  if (batches_ <= kBatchesLookedAt || batch.rows == 0) return;
  if (!current_.rows.empty()) current_.rows.front().updated += batch.rows;
}

void PlanObserver::lock_refused(const apply::StepRun&, const apply::LockRefusal& refusal) {
  std::string who;
  for (const apply::Blocker& blocker : refusal.blockers)
    who += (who.empty() ? "" : "; ") + apply::describe(blocker);
  current_.notices.push_back({"INFO", fmt::format("attempt {} gave up after {} ms{}", refusal.attempt,
                                                  refusal.timeout.count(), who.empty() ? "" : ": " + who)});
}

void PlanObserver::after_step(const apply::StepRun& step, const apply::StepOutcome& outcome) {
  if (outcome.kind == apply::StepOutcome::Kind::nothing || outcome.kind == apply::StepOutcome::Kind::found) {
    sampler_.reset();
    return;
  }
  const std::vector<ObservedNotice> kept = current_.notices;
  watcher_.after(current_, false);
  current_.notices = kept;
  if (sampler_) {
    sampler_->finish(current_);
    sampler_.reset();
  }
  // The attempt that succeeded; waiting for it held nothing.
  if (outcome.took.count() > 0)
    current_.duration_ms = std::min(current_.duration_ms, static_cast<double>(outcome.took.count()) + 1);
  if (!current_.sampled)
    for (HeldLock& lock : current_.locks)
      lock.held_ms = step.action().mode == plan::Mode::batched ? std::min(current_.duration_ms, 200.0)
                                                               : current_.duration_ms;
  if (!step.undo) hold_against_prediction(step);
  (step.undo ? undo : forward).push_back(std::move(current_));
}

void PlanObserver::hold_against_prediction(const apply::StepRun& step) {
  const auto predicted = [&](const sql::QualifiedName& relation) {
    LockMode mode = LockMode::none;
    for (const effects::Effect& effect : step.step.effects)
      if (effect.relation == relation) mode = std::max(mode, effect.lock);
    return mode;
  };
  const auto works = [&](const sql::QualifiedName& relation, Work least) {
    return std::any_of(
        step.step.effects.begin(), step.step.effects.end(),
        [&](const effects::Effect& effect) { return effect.relation == relation && effect.work >= least; });
  };
  for (const HeldLock& lock : current_.locks) {
    if (lock.mode < LockMode::share_row_exclusive || lock.mode <= predicted(lock.relation)) continue;
    current_.predicted.push_back(fmt::format(
        "{} on {}, predicted {}", effects::lock_name(lock.mode), sql::quote(lock.relation),
        predicted(lock.relation) == LockMode::none ? "nothing"
                                                   : effects::lock_name(predicted(lock.relation))));
  }
  for (const sql::QualifiedName& name : current_.rewritten)
    if (!works(name, Work::rewrite)) current_.predicted.push_back("rewrites " + sql::quote(name));
}

}  // namespace contraflow::rehearse
