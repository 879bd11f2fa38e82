// SPDX-License-Identifier: Apache-2.0
//
// The answers that a careful reviewer of a migration wants, each with its evidence: pure, made from what the
// rehearsal saw.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "effects/effect.h"
#include "rehearse/evidence.h"

namespace contraflow::review {

enum class Answer { yes,
                    no,
                    maybe };
std::string_view answer_name(Answer answer);

enum class Severity { error,
                      warning,
                      note };
std::string_view severity_name(Severity severity);

struct Item {
  std::string id;        // "twice"
  std::string question;  // "Can it run twice?"
  Answer answer = Answer::maybe;
  bool good = false;    // whether the answer is the one to wish for
  std::string because;  // one sentence
  std::vector<std::string> evidence;
  std::string fix;  // what to do where the answer is not the good one
};

// Something that was seen and hurts, with its place.
struct Finding {
  std::string rule;
  Severity severity = Severity::warning;
  std::string message;
  std::string fix;
  rehearse::Place place;
  std::string relation;
  int column = 1;
};

// How long a lock is held, here and at production's size.
struct LockTime {
  sql::QualifiedName relation;
  effects::LockMode mode = effects::LockMode::none;
  std::string title;     // of the statement that took it
  double begins_ms = 0;  // on the time line of the whole run
  double held_ms = 0;
  std::optional<double> production_ms;
  std::string formula;  // "2.1 s x 40.0 GB / 1.0 GB = 84 s"; why not, where production_ms is empty
  bool over_budget = false;
};

// The plan that takes the place of an unsafe hand-written migration.
struct Replacement {
  std::string command;               // that writes it
  std::string folder;                // where it has been written and proven
  std::vector<std::string> refused;  // why none can be
  std::string said() const;          // one sentence; empty where there is nothing to replace
};

struct Review {
  std::string subject;
  rehearse::Rehearsal rehearsal;
  std::vector<Item> items;
  std::vector<Finding> findings;
  std::vector<LockTime> locks;
  std::vector<std::string> deploys;  // what happens when, in order
  std::vector<std::string> watch;
  double budget_ms = 250;
  Replacement replacement;

  // no: an item has the wrong answer; maybe: one could not be answered; yes: it may go to production.
  Answer verdict() const;
  std::string summary() const;  // one sentence
};

struct ReviewOptions {
  double budget_ms = 250;
};

Review make_review(rehearse::Rehearsal rehearsal, const ReviewOptions& options = {},
                   std::vector<Finding> linted = {});

}  // namespace contraflow::review
