// SPDX-License-Identifier: Apache-2.0
#include "rehearse/rehearse_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <optional>

#include "apply/executor.h"
#include "base/text.h"
#include "catalog/fingerprint.h"
#include "catalog/read.h"
#include "rehearse/checksum.h"
#include "rehearse/demands.h"
#include "rehearse/plan_observer.h"
#include "rehearse/state.h"
#include "rehearse/table_names.h"

namespace contraflow::rehearse {
namespace {

using apply::Executor;
using plan::Phase;

// Each lane goes forward and back on a copy of its own.
constexpr long long kRowsOfTwoLanes = 200'000;

class PlanRehearsal {
 public:
  PlanRehearsal(Arena& arena, const Bases& bases, const plan::Plan& plan, const std::string& hash,
                const PlanOptions& options, Rehearsal& out,
                const std::function<void(const std::string&)>& progress)
      : arena_(arena),
        bases_(bases),
        plan_(plan),
        hash_(hash),
        options_(options),
        out_(out),
        progress_(progress),
        judge_(arena.major(), arena.bindirs()) {
    reordered_.insert(plan.column_order.begin(), plan.column_order.end());
    settings_.backfill.verify = true;
    settings_.idle_limit = std::chrono::seconds(60);  // looking inside a transaction takes its time on a busy machine
    settings_.throttle.commit_latency_factor = 0;     // nobody else works here
  }

  void run() {
    if (!judge_.dumps())
      out_.notes.push_back(judge_.why_not() + ": schemas were compared by the catalog functions alone");
    say("copying the database");
    trial_.emplace(arena_.trial(bases_.filled));
    // A copy cannot be made while somebody is connected: from here to the end of forward() nobody makes one.
    std::future<SchemaState> before = std::async(std::launch::async, [this] { return judge_.state(bases_.filled); });
    say_whether_made_for_this_schema();
    if (!forward(before)) return;
    desired();
    if (!back()) return;
    prefixes_and_interrupted();
  }

 private:
  void say(const std::string& what) {
    if (progress_) progress_(what);
  }
  Proof& add(std::string id, std::string claim) {
    out_.proofs.push_back({.id = std::move(id), .claim = std::move(claim)});
    return out_.proofs.back();
  }
  static void blame(Proof& proof, const std::string& when, const Error& error) {
    proof.verdict = Verdict::refuted;
    proof.reason = when + error.message();
    if (!error.hint().empty()) proof.details.push_back(error.hint());
  }

  static std::string fingerprint(const std::string& conninfo, const std::set<std::string>& any_order = {}) {
    pg::Connection connection(conninfo, "contraflow judge");
    return catalog::fingerprint(catalog::read(connection, {.sizes = false}), any_order);
  }

  void say_whether_made_for_this_schema() {
    if (plan_.from_fingerprint.empty() || fingerprint(bases_.empty) == plan_.from_fingerprint) return;
    out_.notes.push_back(
        "the schema is not to the letter the one that the plan was made for (owners, or a change since): "
        "what follows holds for the schema given");
  }

  // Purge may lose contents where the plan says so; until then everything comes back.
  bool keeps_data(std::size_t steps) const {
    return std::none_of(plan_.steps.begin(), plan_.steps.begin() + static_cast<std::ptrdiff_t>(steps),
                        [](const plan::Step& step) { return step.grade == plan::Grade::data; });
  }
  // A step whose undo is not exact (a purged column is made anew, at the end) gives up the column order of the tables that it works on: under the
  // names that the plan knows, and under those from before it, which the way back leads to.
  std::set<std::string> order_given_up(std::size_t steps) const {
    std::set<std::string> out;
    for (std::size_t i = 0; i < steps; ++i) {
      if (plan_.steps[i].grade == plan::Grade::exact) continue;
      out.insert(reordered_.begin(), reordered_.end());
      for (const effects::Effect& effect : plan_.steps[i].effects) out.insert(sql::quote(effect.relation));
    }
    return names_ ? names_->with_names_before(out) : out;
  }

  bool forward(std::future<SchemaState>& before) {
    say("running it under observation");
    add("forward", "every step runs");  // the first: twice() adds others
    {
      pg::Connection connection(trial_->admin(), "contraflow judge");
      shape_ = shape_of(connection);
      rows_ = checksums(connection, shape_);
    }
    if (std::any_of(plan_.steps.begin(), plan_.steps.end(), [](const plan::Step& step) { return step.grade != plan::Grade::exact; })) names_.emplace(trial_->admin());
    PlanObserver observer(trial_->admin());
    try {
      Executor executor(plan_, hash_, trial_->admin(), settings_, observer);
      for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
        say(fmt::format("step {} of {}: {}", i + 1, plan_.steps.size(), plan_.steps[i].title));
        executor.forward(i);
        if (names_) names_->look();
      }
      out_.steps = observer.forward;
      before_ = before.get();
      twice(executor);
    } catch (const Error& error) {
      blame(out_.proofs[0], "", error);
      if (observer.forward.size() < plan_.steps.size())
        out_.proofs[0].place = Place{"", 0, plan_.steps[observer.forward.size()].title};
      out_.steps = std::move(observer.forward);
      rows_in_the_way();
      return false;
    }
    out_.proofs[0].verdict = Verdict::proven;
    out_.proofs[0].reason =
        fmt::format("{} by the executor that apply uses, {}",
                    count_of(static_cast<long long>(plan_.steps.size()), "step"), rows_said());
    for (const std::string& warning : observer.warnings) out_.notes.push_back(warning);
    out_.changes = changes_between(before_, after_);
    return true;
  }

  // Why the rows refuse it: what the schema that the plan leads to, without rows, asks of those that are there.
  void rows_in_the_way() {
    if (total_rows(rows_) == 0) return;
    const Arena::Trial trial = arena_.trial(bases_.filled);
    catalog::Database before, after;
    try {
      pg::Connection connection(trial.admin(), "contraflow rehearsal");
      before = catalog::read(connection, {.sizes = false});
      empty_tables(trial.admin());
      apply::Observer silent;
      Executor(plan_, hash_, trial.admin(), settings_, silent).run_to(plan_.steps.size());
      after = catalog::read(connection, {.sizes = false});
    } catch (const Error&) {
      return;  // explains a failure, and is none of its own
    }
    const Arena::Trial rows = arena_.trial(bases_.filled);
    std::vector<std::string> found = violations(rows.admin(), before, after, options_.samples);
    if (found.empty()) return;
    Proof& proof = add("preconditions", "the rows fulfil what the new schema asks of them");
    proof.verdict = Verdict::refuted;
    proof.reason = "these rows are in the way";
    proof.details = std::move(found);
  }

  std::string rows_said() const {
    const long long rows = total_rows(rows_);
    return rows == 0 ? "on empty tables" : fmt::format("with {} ({})", count_of(rows, "row"), out_.data.kind);
  }
  std::string judged() const {
    return before_.dumped ? "by pg_dump --schema-only and the catalog functions" : "by the catalog functions";
  }

  // Every step a second time, on the finished schema.
  void twice(Executor& executor) {
    const SchemaState first = judge_.state(trial_->admin(), false);
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) executor.forward(i);
    after_ = judge_.state(trial_->admin());
    const Comparison comparison = compare(first, after_);
    Proof& proof = add("twice", "every step can run twice");
    proof.verdict = comparison.likeness == Likeness::exact ? Verdict::proven : Verdict::refuted;
    proof.reason = comparison.likeness == Likeness::exact ? "the second run changed nothing"
                                                          : "the second run changed the schema again";
    proof.details = comparison.differences;
  }

  void desired() {
    Proof& proof = add("forward.desired", "it ends in the desired schema");
    if (!options_.desired.empty()) {
      const Comparison comparison = compare(judge_.state(options_.desired), after_, reordered_);
      proof.verdict = comparison.likeness == Likeness::exact ? Verdict::proven : Verdict::refuted;
      proof.reason = "compared " + judged();
      proof.details = comparison.differences;
      return;
    }
    if (plan_.to_fingerprint.empty()) {
      proof.reason = "the plan does not say what it leads to: --to SRC";
      proof.decisive = false;
      return;
    }
    const bool same = fingerprint(trial_->admin(), reordered_) == plan_.to_fingerprint;
    proof.verdict = same ? Verdict::proven : Verdict::unknown;
    proof.reason =
        same ? (reordered_.empty() ? "its fingerprint is the plan's" : "its fingerprint is the plan's, up to the column order that the plan announces")
             : "its fingerprint is not the plan's (owners may be all): --to SRC compares it";
    proof.decisive = same;
  }

  // All the way back; then forward again.
  bool back() {
    say("going back");
    PlanObserver observer(trial_->admin());
    try {
      Executor executor(plan_, hash_, trial_->admin(), settings_, observer);
      executor.undo_from(plan_.steps.size());
    } catch (const Error& error) {
      blame(add("rollback.schema", "the rollback restores the schema exactly"),
            "the rollback fails: ", error);
      out_.proofs.back().outcome = "fails";
      out_.rollback_steps = std::move(observer.undo);
      return false;
    }
    out_.rollback_steps = std::move(observer.undo);
    Proof& schema = add("rollback.schema", "the rollback restores the schema exactly");
    const SchemaState now = judge_.state(trial_->admin());
    const Comparison comparison = compare(before_, now);
    const bool announced = comparison.likeness == Likeness::order &&
                           compare(before_, now, order_given_up(plan_.steps.size())).likeness == Likeness::exact;
    schema.verdict = comparison.likeness == Likeness::exact || announced ? Verdict::proven : Verdict::refuted;
    schema.outcome = comparison.likeness == Likeness::exact   ? "exact"
                     : comparison.likeness == Likeness::order ? "order"
                                                              : "differs";
    schema.reason = "compared " + judged();
    if (announced) {
      schema.claim = "the rollback restores the schema, up to the column order that the plan gives up";
      schema.reason += fmt::format("; the plan's grade is {}", plan::grade_name(plan_.grade));
    }
    schema.details = comparison.differences;
    return true;
  }

  // The way back undoes every step of the phases that were begun, as the rollback files do.
  std::size_t end_of_phase(std::size_t k) const {
    std::size_t end = k;
    while (end < plan_.steps.size() && plan_.steps[end].phase == plan_.steps[k - 1].phase) ++end;
    return end;
  }

  struct LaneResult {
    std::size_t tried = 0;
    std::optional<std::size_t> failed_after;  // of this many steps
    std::vector<std::string> differences;
    std::optional<Error> error;
  };

  // Some of the prefixes: after each of these numbers of steps all the way back, and forward again to the next. One database for all of
  // them: what a way back leaves behind would show in the next.
  LaneResult lane(const std::string& admin, const std::vector<std::size_t>& lengths, bool lost_already, bool speaks) {
    LaneResult out;
    try {
      apply::Observer observer;
      Executor executor(plan_, hash_, admin, settings_, observer);
      StateReader reader(admin);
      for (const std::size_t k : lengths) {
        if (speaks) say(fmt::format("back from step {} of {}", k, plan_.steps.size()));
        for (std::size_t i = 0; i < k; ++i) executor.forward(i);
        executor.undo_from(end_of_phase(k));
        ++out.tried;
        const Comparison comparison = compare(before_, reader.read(), order_given_up(k));
        std::vector<std::string> lost;
        if (comparison.likeness == Likeness::exact && keeps_data(k) && total_rows(rows_) > 0 && !lost_already) {
          pg::Connection connection(admin, "contraflow judge");
          lost = differences(rows_, checksums(connection, shape_));
        }
        lost_already = lost_already || !keeps_data(k);
        if (comparison.likeness == Likeness::exact && lost.empty()) continue;
        out.failed_after = k;
        out.differences = lost.empty() ? comparison.differences : lost;
        return out;
      }
    } catch (const Error& error) {
      out.error = error;
    }
    return out;
  }

  // Two at a time where that costs little memory: sandboxes often lie in it.
  void prefixes_and_interrupted() {
    const std::size_t count = plan_.steps.size();
    const std::size_t stride =
        std::max<std::size_t>(1, (count + options_.most_prefixes - 1) / options_.most_prefixes);
    const bool small = total_rows(rows_) <= kRowsOfTwoLanes;
    std::vector<std::size_t> here, there;
    for (std::size_t k = 1, i = 0; k <= count; k += stride, ++i) (small && i % 2 == 0 ? there : here).push_back(k);
    say("going back from every step");
    // What purge took is gone from the database that went all the way: rows are compared on one that did not.
    if (!keeps_data(count)) trial_.emplace(arena_.trial(bases_.filled));
    const Arena::Trial interrupted_trial = arena_.trial(bases_.empty);
    std::optional<Arena::Trial> other;
    if (!there.empty()) other.emplace(arena_.trial(bases_.filled));
    std::future<std::pair<LaneResult, Proof>> beside = std::async(std::launch::async, [&] {
      LaneResult result = other ? lane(other->admin(), there, false, false) : LaneResult{};
      return std::pair(std::move(result), interrupted(interrupted_trial.admin()));
    });
    const LaneResult mine = lane(trial_->admin(), here, false, true);
    const auto [theirs, interruption] = beside.get();
    say_prefixes(mine, theirs, stride);
    out_.proofs.push_back(interruption);
  }

  void say_prefixes(const LaneResult& one, const LaneResult& two, std::size_t stride) {
    Proof& proof = add("rollback.prefixes",
                       "from every step on, the rollback restores schema and rows, and forward works again");
    const std::size_t count = plan_.steps.size(), tried = one.tried + two.tried;
    for (const LaneResult* lane : {&one, &two})
      if (lane->error) return blame(proof, fmt::format("after {} prefixes: ", tried), *lane->error);
    const LaneResult* failed = nullptr;
    for (const LaneResult* lane : {&one, &two})
      if (lane->failed_after && (!failed || *lane->failed_after < *failed->failed_after)) failed = lane;
    if (failed) {
      proof.verdict = Verdict::refuted;
      proof.reason = fmt::format("stopped after step {} ({}), the way back ends elsewhere", *failed->failed_after,
                                 plan_.steps[*failed->failed_after - 1].title);
      proof.details = failed->differences;
      return;
    }
    proof.verdict = Verdict::proven;
    proof.reason =
        stride == 1 ? fmt::format("tried after each of {}", count_of(static_cast<long long>(count), "step"))
                    : fmt::format("tried after {} of {} steps", tried, count);
    rows_came_back();
  }

  // After every prefix that was tried the rows were compared, up to the first step that gives contents up.
  void rows_came_back() {
    const std::size_t count = plan_.steps.size();
    Proof& data = add("rollback.data", keeps_data(count) ? "the rollback restores every row"
                                                         : "until purge, the rollback restores every row");
    if (total_rows(rows_) == 0) {
      data.reason = "there were no rows to lose: --rows, --statistics or a dump";
      data.decisive = false;
      return;
    }
    data.verdict = Verdict::proven;
    data.reason = fmt::format("{} compared by checksum per table after each way back",
                              count_of(total_rows(rows_), "row"));
  }

  // A runner that ends after every single step, and another that goes on.
  Proof interrupted(const std::string& admin) const {
    Proof proof{.id = "interrupted", .claim = "interrupted after any step and run again, it ends in the same schema"};
    apply::Observer observer;
    try {
      for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
        Executor executor(plan_, hash_, admin, settings_, observer);
        executor.forward(i);
      }
      Executor last(plan_, hash_, admin, settings_, observer);
      last.run_to(plan_.steps.size());
      const Comparison comparison = compare(after_, judge_.state(admin, false));
      proof.verdict = comparison.likeness == Likeness::exact ? Verdict::proven : Verdict::refuted;
      proof.reason =
          comparison.likeness == Likeness::exact ? "a new runner for each step" : "it ends in another schema";
      proof.details = comparison.differences;
    } catch (const Error& error) {
      blame(proof, "", error);
    }
    return proof;
  }

  Arena& arena_;
  const Bases& bases_;
  const plan::Plan& plan_;
  const std::string& hash_;
  const PlanOptions& options_;
  Rehearsal& out_;
  const std::function<void(const std::string&)>& progress_;
  Judge judge_;
  apply::Options settings_;
  std::set<std::string> reordered_;
  std::optional<TableNames> names_;  // where a step gives column order up
  SchemaState before_, after_;
  Shape shape_;
  Checksums rows_;
  std::optional<Arena::Trial> trial_;
};

}  // namespace

std::set<catalog::ObjectId> columns_to_fill(Arena& arena, const Bases& bases, const plan::Plan& plan, const std::string& hash,
                                            const catalog::Database& before) {
  Arena::Trial trial = arena.trial(bases.empty);
  try {
    apply::Options settings;
    settings.throttle.commit_latency_factor = 0;
    apply::Observer observer;
    Executor(plan, hash, trial.admin(), settings, observer).run_to(plan.steps.size());
  } catch (const Error&) {
    return {};  // the rehearsal proper runs it again and says why it does not run
  }
  pg::Connection connection(trial.admin(), "contraflow rows");
  return columns_made_not_null(before, catalog::read(connection, {.sizes = false}));
}

void rehearse_plan(Arena& arena, const Bases& bases, const plan::Plan& plan, const std::string& hash,
                   const PlanOptions& options, Rehearsal& rehearsal,
                   const std::function<void(const std::string&)>& progress) {
  PlanRehearsal(arena, bases, plan, hash, options, rehearsal, progress).run();
}

}  // namespace contraflow::rehearse
