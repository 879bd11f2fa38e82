// SPDX-License-Identifier: Apache-2.0
#include "review/lock_times.h"

#include <fmt/format.h>

#include <algorithm>

namespace contraflow::review {
namespace {

using namespace rehearse;

// Below this, a duration says nothing about a large table.
constexpr long long kEnoughRows = 10'000;

std::string human(double ms) {
  if (ms < 10) return fmt::format("{:.1f} ms", ms);
  if (ms < 1000) return fmt::format("{:.0f} ms", ms);
  if (ms < 120'000) return fmt::format("{:.1f} s", ms / 1000);
  return fmt::format("{:.0f} min", ms / 60'000);
}

std::string human_rows(double rows) {
  if (rows < 1e4) return fmt::format("{:.0f}", rows);
  if (rows < 1e6) return fmt::format("{:.0f}k", rows / 1e3);
  return fmt::format("{:.1f}M", rows / 1e6);
}

bool contains(const std::vector<sql::QualifiedName>& list, const sql::QualifiedName& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

std::string work_on(const Observation& step, const sql::QualifiedName& table) {
  if (contains(step.emptied, table)) return {};  // its indexes are built of nothing
  if (contains(step.rewritten, table)) return "rewrites it";
  const auto scanned = std::find_if(step.scans.begin(), step.scans.end(),
                                    [&](const Scan& scan) { return scan.relation == table; });
  const bool builds = (!step.built.empty() || !step.indexes_rebuilt.empty()) &&
                      std::any_of(step.locks.begin(), step.locks.end(),
                                  [&](const HeldLock& lock) { return lock.relation == table; });
  if (builds) return step.built.empty() ? "rebuilds an index" : "builds an index";
  if (scanned != step.scans.end()) return "reads all of it";
  return {};
}

std::vector<LockTime> lock_times(const Rehearsal& rehearsal, double budget_ms) {
  std::vector<LockTime> out;
  double clock = 0;
  for (std::size_t i = 0; i < rehearsal.steps.size(); ++i) {
    const Observation& step = rehearsal.steps[i];
    for (const HeldLock& lock : step.locks) {
      if (!effects::blocks_writes(lock.mode)) continue;
      LockTime time{.relation = lock.relation,
                    .mode = lock.mode,
                    .title = step.title,
                    .begins_ms = clock,
                    .held_ms = lock.held_ms};
      // The work of every statement up to the end of the transaction happens under the lock.
      double grows = 0, ratio = 1;
      std::string formula;
      bool unknown = false;
      for (std::size_t j = i; j < rehearsal.steps.size(); ++j) {
        const Observation& later = rehearsal.steps[j];
        if (j > i && (step.transaction == 0 || later.transaction != step.transaction)) break;
        for (const TableData& table : rehearsal.data.tables) {
          if (work_on(later, table.relation).empty()) continue;
          if (!table.production_rows || table.rows < kEnoughRows) {
            unknown = true;
            continue;
          }
          ratio = std::max(ratio, *table.production_rows / static_cast<double>(table.rows));
          grows += later.duration_ms;
          formula +=
              fmt::format("{}{} × {} / {} rows", formula.empty() ? "" : " + ", human(later.duration_ms),
                          human_rows(*table.production_rows), human_rows(static_cast<double>(table.rows)));
          time.production_ms = time.production_ms.value_or(0) +
                               later.duration_ms * (*table.production_rows / static_cast<double>(table.rows));
          break;
        }
        // Work on a table without rows here: nothing is known of its time.
        const auto works_on_empty = [&](const sql::QualifiedName& name) {
          return !work_on(later, name).empty() &&
                 std::none_of(rehearsal.data.tables.begin(), rehearsal.data.tables.end(),
                              [&](const TableData& table) { return table.relation == name; });
        };
        if (std::any_of(later.locks.begin(), later.locks.end(),
                        [&](const HeldLock& held) { return works_on_empty(held.relation); }))
          unknown = true;
      }
      if (grows > 0) {
        time.production_ms = *time.production_ms + std::max(0.0, lock.held_ms - grows);
        time.formula = fmt::format("{} + {} = {}", formula, human(std::max(0.0, lock.held_ms - grows)),
                                   human(*time.production_ms));
      } else if (unknown) {
        time.formula = "grows with the table; give --statistics and at least 10,000 rows to scale it";
      } else {
        time.production_ms = lock.held_ms;
        time.formula = "does not grow with the table";
      }
      time.over_budget = time.production_ms.value_or(time.held_ms) > budget_ms;
      out.push_back(std::move(time));
    }
    clock += step.duration_ms;
  }
  return out;
}

}  // namespace contraflow::review
