// SPDX-License-Identifier: Apache-2.0
#include "rehearse/application.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "apply/executor.h"
#include "apply/observer.h"
#include "base/text.h"
#include "rehearse/application_traffic.h"
#include "rehearse/run.h"

namespace contraflow::rehearse {
namespace {

bool has_version(const std::vector<AppQuery>& queries, const std::string& version) {
  return std::any_of(queries.begin(), queries.end(),
                     [&](const AppQuery& query) { return query.version == version; });
}

void grade_queries(Rehearsal& out) {
  for (const char* version : {"deployed", "next"}) {
    int tried = 0, unknown = 0;
    const QueryEvidence* broken = nullptr;
    for (const QueryEvidence& query : out.queries) {
      if (query.version != version) continue;
      ++tried;
      if (query.verdict == Verdict::unknown) ++unknown;
      if (query.verdict == Verdict::refuted && !broken) broken = &query;
    }
    if (tried == 0) continue;
    Proof proof{.id = std::string("queries.") + version,
                .claim = fmt::format("the {} version's queries work in every state", version)};
    proof.verdict = broken ? Verdict::refuted : unknown == tried ? Verdict::unknown
                                                                 : Verdict::proven;
    if (broken) {
      proof.reason = fmt::format("{}: {}", broken->name, broken->reason);
      proof.place = Place{"", 0, broken->text};
    } else {
      proof.reason = fmt::format("{} tried", count_of(tried - unknown, "query", "queries"));
    }
    if (unknown > 0)
      proof.details.push_back(fmt::format("{} unknown: they do not work on the schema that they are for",
                                          count_of(unknown, "query is", "queries are")));
    out.proofs.push_back(std::move(proof));
  }
}

}  // namespace

void application_beside_file(Arena& arena, const Bases& bases, const Migration& migration,
                             const ApplicationOptions& options, Rehearsal& out,
                             const std::function<void(const std::string&)>& progress) {
  const Proof* forward = out.find("forward");
  if (!forward || forward->verdict != Verdict::proven) return;
  const Proof* on_rows = out.find("forward.rows");
  const std::string& base = on_rows && on_rows->verdict != Verdict::proven ? bases.empty : bases.filled;
  if (!options.queries.empty()) {
    if (progress) progress("the application's queries");
    const Arena::Trial trial = arena.trial(base);
    QueryProbe probe(options.queries);
    probe.baseline(trial.admin(), "deployed");
    probe.hold(trial.admin(), "deployed");
    RunRequest request;
    request.conninfo = trial.migrator();
    request.admin = trial.admin();
    request.budget = options.migration_budget;
    request.elevate = arena.elevate();
    request.between = [&](std::size_t done) {
      if (done >= migration.forward.items.size()) return;
      probe.after(trial.admin(), "deployed", fmt::format("after statement {}", done));
      probe.hold(trial.admin(), "deployed");
    };
    const RunResult result = run_migration(migration.forward, request);
    if (!result.failure) {
      probe.after(trial.admin(), "deployed", "after the migration");
      probe.release();
      probe.baseline(trial.admin(), "next");
      if (migration.rollback && !migration.rollback->empty() && has_version(options.queries, "next")) {
        QueryProbe back(of_version(options.queries, "next"));
        back.baseline(trial.admin(), "next");
        request.between = {};
        if (!run_migration(*migration.rollback, request).failure) {
          back.after(trial.admin(), "next", "after the rollback");
          Proof proof{.id = "rollback.next",
                      .claim = "after the rollback the next version's queries still work",
                      .verdict = Verdict::proven,
                      .reason = "all of them",
                      .decisive = false};
          for (const QueryEvidence& query : back.evidence()) {
            if (query.verdict != Verdict::refuted) continue;
            if (proof.verdict == Verdict::proven) proof.reason = "take the code back first";
            proof.verdict = Verdict::refuted;
            proof.details.push_back(fmt::format("{}: {}", query.name, query.reason));
          }
          out.proofs.push_back(std::move(proof));
        }
      }
    }
    probe.release();
    out.queries = probe.evidence();
    grade_queries(out);
  }
  if (options.traffic) {
    if (progress) progress("under traffic");
    file_traffic(arena, bases, migration, options, out);
  }
}

void application_beside_plan(Arena& arena, const Bases& bases, const plan::Plan& plan,
                             const std::string& hash, const ApplicationOptions& options, Rehearsal& out,
                             const std::function<void(const std::string&)>& progress) {
  const Proof* forward = out.find("forward");
  if (!forward || forward->verdict != Verdict::proven) return;
  const std::size_t contract = first_of_contract(plan), count = plan.steps.size();
  if (!options.queries.empty()) {
    if (progress) progress("the application's queries");
    QueryProbe probe(options.queries);
    {
      const Arena::Trial finished = arena.trial(bases.filled);
      apply::Observer observer;
      {
        apply::Executor executor(plan, hash, finished.admin(), executor_options(), observer);
        executor.run_to(count);
      }
      probe.baseline(finished.admin(), "next");
      probe.release();
    }
    const Arena::Trial trial = arena.trial(bases.filled);
    apply::Observer observer;
    probe.baseline(trial.admin(), "deployed");
    {
      apply::Executor executor(plan, hash, trial.admin(), executor_options(), observer);
      for (std::size_t i = 0; i < count; ++i) {
        const std::string version = i < contract ? "deployed" : "next";
        if (i == contract) probe.after(trial.admin(), "next", "before contract");
        probe.hold(trial.admin(), version);
        executor.forward(i);
        probe.after(trial.admin(), version, fmt::format("after step {} ({})", i + 1, plan.steps[i].title));
      }
    }
    probe.release();
    out.queries = probe.evidence();
    grade_queries(out);
  }
  if (options.traffic) plan_traffic(arena, bases, plan, hash, options, out, progress);
  if (options.traffic && options.compare_naive) naive_traffic(arena, bases, plan, options, out);
}

}  // namespace contraflow::rehearse
