// SPDX-License-Identifier: Apache-2.0
//
// Where a plan stands in its life, and the single next thing to do about it. Pure: what is known comes from the plan folder, from what rehearsals and reviews recorded
// in it, and from the journal of the database.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace contraflow::agent {

// What `rehearse` and `review` wrote into the folder (evidence.json), of this very plan or of one before an edit.
struct RecordedRun {
  std::string at;                      // "2026-04-08T12:00:00Z"
  std::string verdict;                 // proven, refuted, unknown; of a review: yes, no, maybe
  std::string server;                  // "15.18"
  std::vector<std::string> bad, open;  // what is refuted or answered badly; what is unknown
};

struct JournalFacts {
  std::string state;  // as `status` says: running, interrupted, stopped, complete, at the start; empty: this plan has not run
  bool busy = false;  // a runner is at work, with whichever plan
  bool paused = false;
  std::string paused_by, reason;
  std::vector<plan::Phase> complete;  // and not undone
  std::optional<plan::Phase> begun;   // neither complete nor undone
  std::vector<std::string> in_use;    // of the phase behind the gate: what still uses the old shape
  std::vector<std::string> unseen;    // evidence that this role cannot see
};

struct PlanFacts {
  std::string folder, layout;
  const plan::Plan* plan = nullptr;
  std::vector<std::string> edited;               // files that plan.json no longer describes
  std::vector<std::string> findings;             // of check, at severity error
  std::optional<RecordedRun> rehearsal, review;  // of this plan.json
  bool outdated = false;                         // there is a record, of another plan.json
  bool approved = false;                         // a person approved this very plan.json
  std::optional<JournalFacts> journal;           // empty: the database was not asked
  std::string target;                            // words that name the database in a command; empty: the configured one
};

struct NextStep {
  std::string step;                     // edit, check, rehearse, review, approve, wait, resume, deploy, apply, purge, done
  std::string what;                     // one sentence
  std::string command;                  // what to run; empty where there is nothing to run
  std::vector<std::string> because;     // the reasons, a line each
  std::vector<std::string> conditions;  // of the gate: what people confirm before they run the command
};

NextStep next_step(const PlanFacts& facts);

}  // namespace contraflow::agent
