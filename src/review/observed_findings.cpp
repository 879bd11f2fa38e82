// SPDX-License-Identifier: Apache-2.0
#include "review/observed_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "rehearse/mentions.h"
#include "review/lock_times.h"

namespace contraflow::review {
namespace {

using namespace rehearse;
using effects::LockMode;

std::string fix_for(const Observation& step, const std::string& work) {
  if (!step.rewritten.empty()) return "a second column, filled in batches: contraflow plan writes that";
  if (work.find("index") != std::string::npos)
    return "CREATE INDEX CONCURRENTLY (outside a transaction); for UNIQUE and PRIMARY KEY then ADD "
           "CONSTRAINT … USING INDEX";
  for (const ObservedNotice& notice : step.notices)
    if (notice.text.find("foreign key") != std::string::npos)
      return "ADD CONSTRAINT … NOT VALID, then VALIDATE CONSTRAINT in a transaction of its own";
  return "a CHECK … NOT VALID, VALIDATE CONSTRAINT in a transaction of its own, then the change itself, "
         "which then reads nothing";
}

const char* rule_for(const Observation& step, const std::string& work) {
  if (!step.rewritten.empty()) return "rewrites-table";
  if (work.find("index") != std::string::npos) return "builds-index-blocking";
  return "scans-table-blocking";
}

bool unlimited(const Rehearsal& rehearsal, const Observation& step) { return step.lock_timeout_ms ? *step.lock_timeout_ms == 0 : !rehearsal.sets_lock_timeout; }

// Behind a long reader (ACCESS EXCLUSIVE) or a long writer, with everything else queueing behind it: said once, of the strongest kind.
void lock_without_timeout(const Rehearsal& rehearsal, std::vector<Finding>& out) {
  for (const bool reads : {true, false}) {
    for (const Observation& step : rehearsal.steps) {
      if (!unlimited(rehearsal, step)) continue;
      if (!reads && to_lower(trim(step.place.statement)).starts_with("refresh")) continue;  // EXCLUSIVE on a materialized view, which nobody writes to
      const auto lock = std::find_if(step.locks.begin(), step.locks.end(), [&](const HeldLock& held) { return reads ? effects::blocks_reads(held.mode) : effects::blocks_writes(held.mode); });
      if (lock == step.locks.end()) continue;
      out.push_back({.rule = "no-lock-timeout",
                     .severity = Severity::error,
                     .message = fmt::format("asks for {} on {} without a lock_timeout: behind one long {} it waits, and every later {} waits behind it", effects::lock_name(lock->mode),
                                            sql::quote(lock->relation), reads ? "reader" : "transaction that has written to it", reads ? "query" : "write"),
                     .fix = "SET lock_timeout = '60ms' before it, and another attempt where it gives up",
                     .place = step.place,
                     .relation = sql::quote(lock->relation)});
      return;
    }
  }
}

// Triggers, rules and ON DELETE CASCADE change more than a statement says.
void writes_unnamed(const Observation& step, std::vector<Finding>& out) {
  const auto changed = std::find_if(step.rows.begin(), step.rows.end(), [](const TouchedRows& rows) { return rows.updated + rows.deleted > 0; });
  if (changed == step.rows.end()) return;
  const std::string text = to_lower(trim(step.place.statement));
  std::vector<std::string> others;
  if (text.starts_with("update ") || text.starts_with("delete ") || text.starts_with("insert ") || text.starts_with("with ")) {
    for (const TouchedRows& rows : step.rows)
      if (!mentions(step.place.statement, rows.relation)) others.push_back(fmt::format("{} of {}", count_of(rows.inserted + rows.updated + rows.deleted, "row"), sql::quote(rows.relation)));
  }
  if (!step.fired.empty()) {
    std::vector<std::string> fired;
    for (const FiredFunction& function : step.fired) fired.push_back(fmt::format("{} {}", function.function, count_of(function.calls, "time")));
    out.push_back({.rule = "fires-triggers",
                   .severity = Severity::warning,
                   .message = fmt::format("its rows fire {}{}: what triggers write (updated_at, an audit table) no rollback takes back", join(fired, ", "),
                                          others.empty() ? "" : ", which changes " + join(others, ", ")),
                   .fix = "a WHEN guard on the trigger, on a setting that the backfill's transaction has",
                   .place = step.place,
                   .relation = sql::quote(changed->relation)});
  } else if (!others.empty()) {
    out.push_back({.rule = "implicit-rows",
                   .severity = Severity::warning,
                   .message = fmt::format("also changes {}, which it does not name (ON DELETE CASCADE, ON UPDATE CASCADE or a rule)", join(others, ", ")),
                   .fix = "",
                   .place = step.place,
                   .relation = sql::quote(changed->relation)});
  }
}

}  // namespace

std::vector<Finding> observed_findings(const Rehearsal& rehearsal, const std::vector<LockTime>& locks,
                                       double budget_ms) {
  std::vector<Finding> out;
  std::map<std::pair<int, sql::QualifiedName>, const Observation*>
      exclusive;  // transaction, table -> who took ACCESS EXCLUSIVE
  for (const Observation& step : rehearsal.steps) {
    for (const sql::QualifiedName& table : step.emptied) {
      const bool own = std::none_of(rehearsal.data.tables.begin(), rehearsal.data.tables.end(), [&](const TableData& data) { return data.relation == table; });
      if (own) continue;  // it held nothing before the migration
      out.push_back({.rule = "truncate",
                     .severity = Severity::error,
                     .message = fmt::format("empties {}: no rollback brings its rows back", sql::quote(table)),
                     .fix = "rename the table out of the way and make a new one, or DELETE in batches what is not needed, with a copy elsewhere",
                     .place = step.place,
                     .relation = sql::quote(table)});
    }
    for (const HeldLock& lock : step.locks) {
      const std::string work = work_on(step, lock.relation);
      if (effects::blocks_writes(lock.mode) && !work.empty()) {
        out.push_back(
            {.rule = rule_for(step, work),
             .severity = Severity::error,
             .message = fmt::format("{} while {} is locked ({}: {})", work, sql::quote(lock.relation),
                                    effects::lock_name(lock.mode),
                                    effects::blocks_reads(lock.mode) ? "no reads, no writes" : "no writes"),
             .fix = fix_for(step, work),
             .place = step.place,
             .relation = sql::quote(lock.relation)});
      }
      if (lock.implied && lock.mode >= LockMode::share_row_exclusive) {
        out.push_back({.rule = "implicit-lock",
                       .severity = Severity::warning,
                       .message = fmt::format("also locks {} ({}), which it does not name",
                                              sql::quote(lock.relation), effects::lock_name(lock.mode)),
                       .fix = "a short lock_timeout and another attempt (contraflow apply does that); one "
                              "such statement per transaction",
                       .place = step.place,
                       .relation = sql::quote(lock.relation)});
      }
      if (lock.mode == LockMode::access_exclusive && step.transaction != 0)
        exclusive.emplace(std::pair(step.transaction, lock.relation), &step);
    }
    for (const auto& [key, taken_by] : exclusive) {
      if (key.first != step.transaction || taken_by == &step) continue;
      const bool works =
          !step.rewritten.empty() || !step.scans.empty() || !step.built.empty() || !step.rows.empty();
      if (!works) continue;
      out.push_back(
          {.rule = "work-under-lock",
           .severity = Severity::error,
           .message = fmt::format(
               "works while {} is still locked (ACCESS EXCLUSIVE) by an earlier statement of the transaction",
               sql::quote(key.second)),
           .fix = "a transaction of its own for each of them",
           .place = step.place,
           .relation = sql::quote(key.second)});
      break;
    }
    const auto rows = std::find_if(step.rows.begin(), step.rows.end(), [](const TouchedRows& touched) {
      return touched.updated + touched.deleted > 0;
    });
    if (rehearsal.kind == "file" && rows != step.rows.end() && step.transaction != 0) {
      out.push_back({.rule = "backfill-in-one-transaction",
                     .severity = Severity::warning,
                     .message = fmt::format("changes {} rows of {} at once: each stays locked until the end",
                                            rows->updated + rows->deleted, sql::quote(rows->relation)),
                     .fix = "batches by key ranges, a transaction each",
                     .place = step.place,
                     .relation = sql::quote(rows->relation)});
    }
    writes_unnamed(step, out);
    for (const LateLock& late : step.late) {
      // deadlock_timeout is 1 s by default: who gives up before is never the one that the server cancels.
      const bool gives_up_first = rehearsal.kind == "plan" || (step.lock_timeout_ms && *step.lock_timeout_ms > 0 && *step.lock_timeout_ms < 1000);
      out.push_back({.rule = "lock-order",
                     .severity = gives_up_first ? Severity::warning : Severity::error,
                     .message = fmt::format("locks {} when {} is locked already, and queries take them the other way round: a deadlock, {}", sql::quote(late.relation), sql::quote(late.behind),
                                            gives_up_first ? "in which the migration gives up first" : "in which the server cancels one of the two, the application's query as well as the migration"),
                     .fix = fmt::format("{} first in the transaction, or a transaction of its own for each", sql::quote(late.relation)),
                     .place = step.place,
                     .relation = sql::quote(late.relation)});
    }
    for (const std::string& more : step.predicted)
      out.push_back({.rule = "beyond-prediction",
                     .severity = Severity::warning,
                     .message = "more than the plan says: " + more,
                     .fix = "",
                     .place = step.place});
  }
  if (rehearsal.kind == "file") lock_without_timeout(rehearsal, out);
  for (const LockTime& lock : locks) {
    if (!lock.over_budget || !effects::blocks_reads(lock.mode)) continue;
    const auto step = std::find_if(rehearsal.steps.begin(), rehearsal.steps.end(),
                                   [&](const Observation& seen) { return seen.title == lock.title; });
    out.push_back({.rule = "lock-over-budget",
                   .severity = Severity::error,
                   .message = fmt::format("holds {} on {} beyond the budget of {:.0f} ms: {}",
                                          effects::lock_name(lock.mode), sql::quote(lock.relation), budget_ms,
                                          lock.formula),
                   .fix = "see the finding on the work that it does meanwhile",
                   .place = step == rehearsal.steps.end() ? Place{} : step->place,
                   .relation = sql::quote(lock.relation)});
  }
  return out;
}

}  // namespace contraflow::review
