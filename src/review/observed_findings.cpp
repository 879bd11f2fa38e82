// SPDX-License-Identifier: Apache-2.0
#include "review/observed_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

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
    for (const std::string& more : step.predicted)
      out.push_back({.rule = "beyond-prediction",
                     .severity = Severity::warning,
                     .message = "more than the plan says: " + more,
                     .fix = "",
                     .place = step.place});
  }
  if (rehearsal.kind == "file" && !rehearsal.sets_lock_timeout) {
    const auto first =
        std::find_if(rehearsal.steps.begin(), rehearsal.steps.end(), [](const Observation& step) {
          return std::any_of(step.locks.begin(), step.locks.end(),
                             [](const HeldLock& lock) { return effects::blocks_reads(lock.mode); });
        });
    if (first != rehearsal.steps.end()) {
      const auto lock = std::find_if(first->locks.begin(), first->locks.end(),
                                     [](const HeldLock& held) { return effects::blocks_reads(held.mode); });
      out.push_back({.rule = "no-lock-timeout",
                     .severity = Severity::error,
                     .message = fmt::format("asks for ACCESS EXCLUSIVE on {} without a lock_timeout: behind "
                                            "one long reader it waits, and every later query waits behind it",
                                            sql::quote(lock->relation)),
                     .fix = "SET lock_timeout = '60ms' before it, and another attempt where it gives up",
                     .place = first->place,
                     .relation = sql::quote(lock->relation)});
    }
  }
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
