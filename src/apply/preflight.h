// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "apply/options.h"
#include "pg/connection.h"
#include "plan/plan.h"

namespace contraflow::apply {

// What was looked at before the first lock.
struct PreflightItem {
  enum class Verdict { good,
                       warning,
                       refusal };
  Verdict verdict{};
  std::string name;     // "transaction-pooling"
  std::string message;  // what is so
  std::string remedy;
};

struct PreflightInput {
  const plan::Plan& plan;
  std::vector<const plan::Step*> steps;  // that are going to run
  bool undo = false;
  bool at_start = false;         // nothing of the plan has run: the schema should be the one that it was made from
  std::string live_fingerprint;  // empty: not known
  std::string conninfo;
  Options options;
};

// Nothing is changed. Items come in the order of their names below; a check that the role may not make is a warning that says so.
//   server-version, transaction-pooling, read-only, privileges, journal-privileges, long-transactions, prepared-transactions, anti-wraparound,
//   invalid-indexes, slots-and-publications, session-timeouts, disk-space, fingerprint
std::vector<PreflightItem> preflight(pg::Connection& connection, const PreflightInput& input);

// A pooler that hands each transaction another server session: session locks and settings do not survive that. Decided by evidence: the
// session that the server names is not the one that answered at connect, and it changes while another client is in a transaction.
struct Pooling {
  bool proxied = false;
  bool per_transaction = false;
};
Pooling pooling_of(pg::Connection& connection, const std::string& conninfo);

}  // namespace contraflow::apply
