// SPDX-License-Identifier: Apache-2.0
#include "agent/next_step.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace contraflow::agent {
namespace {

using plan::Phase;

// A folder as a shell takes it.
std::string quoted(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=@%+,-") == std::string::npos;
  return plain ? word : "'" + replace_all(word, "'", "'\\''") + "'";
}

std::string command(const PlanFacts& facts, const std::string& words, bool database = false) {
  return fmt::format("contraflow {} {}{}", words, quoted(facts.folder), database && !facts.target.empty() ? " " + facts.target : "");
}

std::optional<NextStep> before_the_database(const PlanFacts& facts) {
  if (!facts.edited.empty()) {
    return NextStep{"edit", "files were edited since plan.json was made: look at the edit, then take it over", command(facts, "plan --refresh"), facts.edited, {}};
  }
  if (!facts.findings.empty()) return NextStep{"check", "check finds hazards in the files: mend them, or say in a comment why one is safe", command(facts, "check"), facts.findings, {}};
  const std::vector<std::string> outdated = facts.outdated ? std::vector<std::string>{"what was recorded is of the plan before an edit"} : std::vector<std::string>{};
  if (!facts.rehearsal) return NextStep{"rehearse", "it was not rehearsed as it stands", command(facts, "rehearse"), outdated, {}};
  if (facts.rehearsal->verdict == "refuted") {
    return NextStep{"edit", fmt::format("the rehearsal of {} refuted it: change the plan, then rehearse again", facts.rehearsal->at), command(facts, "rehearse"), facts.rehearsal->bad, {}};
  }
  if (!facts.review) return NextStep{"review", "nobody reviewed it as it stands", command(facts, "review"), facts.rehearsal->open, {}};
  if (facts.review->verdict == "no" && !facts.approved) {
    return NextStep{"approve", "the review has answers that are not good: change the plan, or a person approves it as it is", command(facts, "approve"), facts.review->bad, {}};
  }
  return std::nullopt;
}

std::optional<NextStep> of_a_run(const PlanFacts& facts, const JournalFacts& journal) {
  if (journal.paused) return NextStep{"resume", fmt::format("{} paused it{}", journal.paused_by, journal.reason.empty() ? "" : ": " + journal.reason), command(facts, "resume", true), {}, {}};
  if (journal.state == "running" && journal.busy) return NextStep{"wait", "a run of it is at work", command(facts, "status", true), {}, {}};
  if (journal.busy) return NextStep{"wait", "a run of another plan is at work on the database", command(facts, "status", true), {}, {}};
  return std::nullopt;
}

}  // namespace

NextStep next_step(const PlanFacts& facts) {
  const plan::Plan& plan = *facts.plan;
  // A plan that is under way on the database goes on there, whatever is recorded of it: going back and forth between proofs leaves it halfway.
  const bool under_way = facts.journal && !facts.journal->state.empty() && (!facts.journal->complete.empty() || facts.journal->begun);
  if (!facts.edited.empty() || !under_way) {
    if (auto step = before_the_database(facts)) return *step;
  }
  if (facts.layout != "psql") {
    return {"apply", fmt::format("it is laid out for {}: that runner applies it, one phase a release", facts.layout), "", {}, {}};
  }
  if (facts.journal) {
    if (auto step = of_a_run(facts, *facts.journal)) return *step;
    if (facts.journal->begun) {
      const std::string phase(plan::phase_name(*facts.journal->begun));
      return {"apply", fmt::format("{} was begun and is not complete: go on, or go back with contraflow rollback", phase), command(facts, "apply --phase " + phase, true), {}, {}};
    }
  }
  std::optional<Phase> next;
  for (const Phase phase : plan::kPhases) {
    const bool complete = facts.journal && std::find(facts.journal->complete.begin(), facts.journal->complete.end(), phase) != facts.journal->complete.end();
    if (!next && !complete && !plan.in_phase(phase).empty()) next = phase;
  }
  if (!next) return {"done", "every phase is complete", "", {}, {}};
  const std::string phase(plan::phase_name(*next));
  NextStep out{*next == Phase::purge ? "purge" : "apply", *next == Phase::purge ? "purge removes what cannot come back: a backup first" : fmt::format("{} is next", phase), command(facts, "apply --phase " + phase, true), {}, {}};
  if (!facts.journal) out.because.emplace_back("the database was not asked: how far it is, is not known");
  for (const plan::Gate& gate : plan.gates) {
    if (gate.before == *next) out.conditions.insert(out.conditions.end(), gate.conditions.begin(), gate.conditions.end());
  }
  if (facts.journal) {
    out.because.insert(out.because.end(), facts.journal->in_use.begin(), facts.journal->in_use.end());
    for (const std::string& line : facts.journal->unseen) out.because.push_back("not seen: " + line);
  }
  if (!out.conditions.empty() && *next != Phase::purge) {
    out.step = "deploy";
    out.what = facts.journal && !facts.journal->in_use.empty() ? fmt::format("the gate before {} does not hold yet: the old shape is in use", phase)
                                                               : fmt::format("the gate before {}: when its conditions hold, run the command", phase);
  }
  return out;
}

}  // namespace contraflow::agent
