// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apply/observer.h"
#include "apply/options.h"
#include "plan/plan.h"

namespace contraflow::apply {

// How far the plan has come in this database.
struct Position {
  // The last phase of which a step was begun; empty: at the start.
  std::optional<plan::Phase> reached;
  bool complete = false;          // `reached` has been completed
  std::string completed_at;       // when the last complete phase was
  std::vector<plan::Phase> done;  // phases that are complete
};

// Runs the steps of one plan on one database, forward and back: what `apply`, `rollback` and `rehearse` share.
//
// A step has been done when the catalog says so (its todo condition, as in the psql files, so that both may take turns); the journal says how far
// backfills have come, which phases were begun, and who runs. The executor holds the database's runner lock as long as it lives. Errors: a statement
// that the server refuses is Error{refused} with the step's name; rows in the way of a step (preconditions) too; a lock that was not to be had
// within its budget, and options.stop, are Error{interrupted}; connections Error{environment}. After any of them the same call goes on
// where it stopped.
class Executor {
 public:
  // Connects, makes the journal where there is none, takes the runner lock, ends sessions that a killed run left behind. `hash` pins the plan:
  // Error{refused} where the same plan was begun with another one. `plan` and `observer` must outlive the executor.
  Executor(const plan::Plan& plan, const std::string& hash, const std::string& conninfo, const Options& options, Observer& observer);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // One step. Its preconditions come first. Steps that the catalog has are not run again.
  StepOutcome forward(std::size_t position);
  StepOutcome undo(std::size_t position);

  // Forward up to and without `end` (a position in Plan::steps; the plan's size: all); begins at the first step of the phase in which it stands
  // or, where that is complete, of the next. Phases are marked complete as their last step is.
  void run_to(std::size_t end);
  // All steps of one phase, or those before position `end`.
  void run_phase(plan::Phase phase);
  void run_part(plan::Phase phase, std::size_t end);
  // Back from where the plan stands, to the start of `to` (its first step undone). `named`: the user named that phase, so its steps are undone even
  // where neither journal nor catalog says that it was begun. False where there was nothing to go back from.
  bool undo_to(plan::Phase to, bool named = false);
  // Undoes the steps of every phase begun up to position `begin` - 1, in reverse, whatever the journal says: for rehearsals that stop anywhere.
  void undo_from(std::size_t begin);

  // What undo_to() would not bring back: steps that ran and whose grade is `data`, a sentence each. `gone`: purge removed it; otherwise it may not
  // fit into the old shape (values that only the new type can hold).
  struct Loss {
    std::string what;
    bool gone = false;
  };
  std::vector<Loss> losses(plan::Phase to);

  // A line in the journal's log.
  void record(const std::string& kind, const std::string& message);
  // Whether the catalog has all of a phase: none of its conditions says that something is still to be done.
  bool catalog_has(plan::Phase phase);
  Position position();
  // The connection that steps run on, for checks between steps; outside any transaction.
  pg::Connection& connection();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace contraflow::apply
