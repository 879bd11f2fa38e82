// SPDX-License-Identifier: Apache-2.0
#include "review/questions.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "review/lock_times.h"

namespace contraflow::review {
namespace {

using namespace rehearse;
using effects::LockMode;

void cite(Item& item, const Proof* proof) {
  if (!proof) return;
  std::string text = fmt::format("{}: {} ({})", proof->claim, verdict_name(proof->verdict), proof->reason);
  if (proof->place && !proof->place->file.empty())
    text += fmt::format(" at {}:{}", proof->place->file, proof->place->line);
  item.evidence.push_back(std::move(text));
  for (const std::string& detail : proof->details) item.evidence.push_back("  " + detail);
}

bool is(const Proof* proof, Verdict verdict) { return proof && proof->verdict == verdict; }

// Columns and tables: what a query can name.
bool visible(const std::string& change) {
  return change.starts_with("column ") || change.starts_with("relation ") || change.starts_with("routine ") ||
         change.starts_with("type ") || change.starts_with("schema ");
}
std::vector<std::string> visible_ones(const std::vector<std::string>& changes) {
  std::vector<std::string> out;
  std::copy_if(changes.begin(), changes.end(), std::back_inserter(out), visible);
  return out;
}
std::string few(const std::vector<std::string>& list) {
  std::vector<std::string> head(
      list.begin(), list.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(list.size(), 6)));
  return join(head, ", ") + (list.size() > 6 ? fmt::format(" and {} more", list.size() - 6) : "");
}

Item twice(const Rehearsal& rehearsal) {
  Item item{.id = "twice", .question = "Can it run twice?"};
  const Proof* again = rehearsal.find("twice");
  const Proof* interrupted = rehearsal.find("interrupted");
  const Proof* concurrently = rehearsal.find("interrupted.concurrently");
  cite(item, again);
  cite(item, interrupted);
  cite(item, concurrently);
  if (is(concurrently, Verdict::refuted) && !is(interrupted, Verdict::refuted)) {
    item.answer = Answer::maybe;
    item.because = "Cancelled in the middle of a concurrent statement, it leaves something behind that a second run does not repair.";
    item.fix = "DROP INDEX CONCURRENTLY IF EXISTS before CREATE INDEX CONCURRENTLY; contraflow plan and apply look for INVALID indexes";
  } else if (is(again, Verdict::proven) && !is(interrupted, Verdict::refuted)) {
    item.answer = Answer::yes;
    item.good = true;
    item.because = "A second run changes nothing.";
  } else if (is(interrupted, Verdict::refuted)) {
    item.answer = Answer::no;
    item.because = "Interrupted in the middle, it does not go on.";
    item.fix =
        "IF [NOT] EXISTS, or a check of the catalog before each statement; contraflow plan writes files of "
        "that kind";
  } else if (is(again, Verdict::refuted)) {
    // Stopping at once without a change harms nobody where a runner remembers what has run; an interruption
    // is the real danger.
    item.answer = is(interrupted, Verdict::proven) ? Answer::maybe : Answer::no;
    item.because =
        is(interrupted, Verdict::proven)
            ? "A second run stops with an error; interrupted, it leaves nothing behind and can run again."
            : "A second run fails or changes something.";
    item.good = is(interrupted, Verdict::proven) && rehearsal.run_as == "one transaction";
    item.fix = "IF [NOT] EXISTS, or a check of the catalog before each statement";
  } else {
    item.because = "It could not be tried.";
  }
  return item;
}

Item rollback_after_deploy(const Rehearsal& rehearsal) {
  Item item{.id = "rollback", .question = "Is the rollback safe after the next code deploy?"};
  const Proof* schema = rehearsal.find("rollback.schema");
  const Proof* data = rehearsal.find("rollback.data");
  cite(item, schema);
  cite(item, data);
  cite(item, rehearsal.find("rollback.prefixes"));
  const bool next_known = std::any_of(rehearsal.queries.begin(), rehearsal.queries.end(),
                                      [](const QueryEvidence& query) { return query.version == "next"; });
  if (!schema) {
    item.because = "It could not be tried.";
    return item;
  }
  if (schema->outcome == "missing") {
    item.answer = Answer::no;
    item.because = "There is no rollback.";
    item.fix = "write one beside it (X.rollback.sql), or let contraflow plan write both directions";
    return item;
  }
  if (is(schema, Verdict::refuted) || is(data, Verdict::refuted) ||
      is(rehearsal.find("rollback.prefixes"), Verdict::refuted)) {
    item.answer = Answer::no;
    item.because = is(schema, Verdict::refuted)
                       ? (schema->outcome == "fails"   ? "The rollback fails."
                          : schema->outcome == "empty" ? "The rollback does nothing."
                          : schema->outcome == "order"
                              ? "The rollback brings back the objects, with columns in another order."
                              : "The rollback ends in another schema.")
                   : is(data, Verdict::refuted) ? "The rollback loses rows or their contents."
                                                : "The rollback works only from the end of the migration.";
    item.fix =
        "contraflow plan writes a rollback that is exact, and phases that can be undone for as long as both "
        "versions run";
    return item;
  }
  if (is(schema, Verdict::unknown)) {
    item.because = schema->reason;
    return item;
  }
  const std::vector<std::string> taken = visible_ones(rehearsal.changes.added);
  if (taken.empty()) {
    item.answer = Answer::yes;
    item.good = true;
    item.because =
        "It restores schema and rows exactly, and takes nothing away that the next version could use.";
    return item;
  }
  item.evidence.push_back("the rollback removes " + few(taken));
  if (rehearsal.kind == "plan") {
    item.answer = Answer::yes;
    item.good = true;
    item.because =
        "Every phase before purge goes back exactly; take the next version back first, for it may use what "
        "the rollback removes.";
  } else if (next_known) {
    item.answer = Answer::no;
    item.because = "The next version uses what the rollback removes: code first, then schema.";
    item.good = false;
    item.fix = "take the code back first; what it wrote into the new columns is lost with them";
  } else {
    item.answer = Answer::maybe;
    item.good = is(data, Verdict::proven);
    item.because = "It is exact, but removes what the next version may use: take the code back first.";
    item.fix = "give the next version's queries (--next-queries) to know";
  }
  return item;
}

Item implicit_locks(const Rehearsal& rehearsal) {
  Item item{.id = "implicit-locks", .question = "Are there implicit locks that can time out?"};
  bool any = false;
  for (const auto* steps : {&rehearsal.steps, &rehearsal.rollback_steps}) {
    for (const Observation& step : *steps) {
      for (const HeldLock& lock : step.locks) {
        if (!lock.implied || lock.mode < LockMode::share_row_exclusive) continue;
        any = true;
        item.evidence.push_back(
            fmt::format("{}{}: {} on {}", steps == &rehearsal.rollback_steps ? "rollback: " : "", step.title,
                        effects::lock_name(lock.mode), sql::quote(lock.relation)));
      }
    }
  }
  if (!any) {
    item.answer = rehearsal.steps.empty() ? Answer::maybe : Answer::no;
    item.good = !rehearsal.steps.empty();
    item.because =
        rehearsal.steps.empty() ? "Nothing was observed." : "Every statement locks only what it names.";
    return item;
  }
  item.answer = Answer::yes;
  item.good = rehearsal.kind == "plan" || rehearsal.sets_lock_timeout;
  item.because = item.good ? "There are, and they are asked for under a lock_timeout, in short attempts."
                           : "There are, and nothing limits how long they are waited for.";
  item.fix = item.good ? "" : "SET lock_timeout = '60ms' and another attempt where it gives up";
  return item;
}

// Statements that delete rows and met none here: what they do to production's is not known.
std::vector<std::string> untried_deletes(const Rehearsal& rehearsal) {
  std::vector<std::string> out;
  if (rehearsal.kind != "file") return out;
  for (const Observation& step : rehearsal.steps) {
    const std::string text = to_lower(trim(step.place.statement));
    // A table of the migration's own shows no lock here.
    const bool deletes = text.starts_with("delete ") || (text.starts_with("truncate") && !step.locks.empty());
    const bool met = !step.emptied.empty() || std::any_of(step.rows.begin(), step.rows.end(), [](const TouchedRows& rows) { return rows.deleted > 0; });
    if (deletes && !met) out.push_back(step.title);
  }
  return out;
}

Item rollback_backfill(const Rehearsal& rehearsal) {
  Item item{.id = "rollback-backfill", .question = "Does the rollback need a data backfill?"};
  const Proof* data = rehearsal.find("rollback.data");
  cite(item, data);
  long long written = 0;
  for (const Observation& step : rehearsal.rollback_steps) {
    for (const TouchedRows& rows : step.rows) {
      written += rows.inserted + rows.updated;
      item.evidence.push_back(fmt::format("rollback: {} changes {} rows of {}", step.title,
                                          rows.inserted + rows.updated + rows.deleted,
                                          sql::quote(rows.relation)));
    }
  }
  if (is(data, Verdict::refuted)) {
    item.answer = Answer::yes;
    item.because = "It does not bring every row back by itself.";
    item.fix =
        "keep what the migration removes until nobody needs to go back (contraflow plan: retire first, purge "
        "later)";
  } else if (is(data, Verdict::proven)) {
    item.answer = written > 0 ? Answer::yes : Answer::no;
    item.good = true;
    item.because = written > 0 ? "It does, and carries it out itself: every row came back."
                               : "It moves no rows, and every row is as it was.";
    if (!untried_deletes(rehearsal).empty()) {
      item.answer = Answer::maybe;
      item.good = false;
      item.because = "Every row is as it was, but a statement that deletes rows met none here.";
      item.fix = "rehearse on a dump or a clone (--schema FILE.dump, --clone)";
    }
  } else {
    const bool drops = std::any_of(
        rehearsal.changes.removed.begin(), rehearsal.changes.removed.end(),
        [](const std::string& what) { return what.starts_with("column ") || what.starts_with("relation "); });
    item.answer = drops ? Answer::maybe : Answer::no;
    item.good = !drops && rehearsal.find("rollback.schema") != nullptr &&
                is(rehearsal.find("rollback.schema"), Verdict::proven);
    item.because = drops ? "It removes columns or tables; no rows were there to see what comes back."
                         : "It removes no column and no table.";
    // Without a rollback, or with one that fails, there is nothing to say "no" about.
    if (!is(rehearsal.find("rollback.schema"), Verdict::proven)) {
      item.answer = Answer::maybe;
      item.because = "The rollback could not be tried.";
    }
    if (!item.good) item.fix = "rehearse with rows (--rows, a dump or a clone)";
  }
  return item;
}

Item foreign_keys(const Rehearsal& rehearsal) {
  Item item{.id = "foreign-keys", .question = "Do foreign keys block?"};
  bool any = false, long_work = false;
  for (const Observation& step : rehearsal.steps) {
    const std::string text = to_lower(step.place.statement);
    if (text.find("references") == std::string::npos && text.find("foreign key") == std::string::npos)
      continue;
    int blocked = 0;
    const bool validates =
        !step.scans.empty() ||
        std::any_of(step.notices.begin(), step.notices.end(), [](const ObservedNotice& notice) {
          return notice.text.find("validating foreign key") != std::string::npos;
        });
    // What an earlier statement of the same transaction locked stays locked, and does not show again.
    for (const Observation& earlier : rehearsal.steps) {
      if (&earlier == &step) break;
      if (step.transaction == 0 || earlier.transaction != step.transaction || !validates) continue;
      for (const HeldLock& lock : earlier.locks) {
        if (!effects::blocks_writes(lock.mode)) continue;
        ++blocked;
        long_work = true;
        item.evidence.push_back(fmt::format("{}: rows are checked while {} is still held on {}", step.title,
                                            effects::lock_name(lock.mode), sql::quote(lock.relation)));
      }
    }
    for (const HeldLock& lock : step.locks) {
      if (!effects::blocks_writes(lock.mode)) continue;
      ++blocked;
      long_work = long_work || validates;
      item.evidence.push_back(fmt::format("{}: {} on {}{}", step.title, effects::lock_name(lock.mode),
                                          sql::quote(lock.relation),
                                          validates ? ", held while every row is checked" : ", brief"));
    }
    any = any || blocked > 0;
  }
  item.answer = long_work ? Answer::yes : Answer::no;
  item.good = !long_work;
  item.because = long_work ? "Rows are checked while tables take no writes."
                 : any     ? "They lock both tables, without reading them."
                           : "None is added to a table that is in use.";
  if (long_work)
    item.fix =
        "ADD CONSTRAINT … NOT VALID, then VALIDATE CONSTRAINT in a transaction of its own; an index on the "
        "referencing columns first";
  if (rehearsal.steps.empty()) {
    item.answer = Answer::maybe;
    item.good = false;
    item.because = "Nothing was observed.";
  }
  return item;
}

Item breaks_deployed(const Rehearsal& rehearsal) {
  Item item{.id = "deployed", .question = "Does it break the deployed version?"};
  int tried = 0, broken = 0;
  for (const QueryEvidence& query : rehearsal.queries) {
    if (query.version != "deployed" || query.verdict == Verdict::unknown) continue;
    ++tried;
    if (query.verdict == Verdict::refuted) {
      ++broken;
      item.evidence.push_back(fmt::format("{}: {}", query.name, query.reason));
    }
  }
  if (broken > 0) {
    item.answer = Answer::yes;
    item.because = fmt::format("{} of {} of its queries fail.", broken, tried);
    item.fix = "expand first, contract after the deploy: contraflow plan";
    return item;
  }
  std::vector<std::string> gone = visible_ones(rehearsal.changes.removed),
                           changed = visible_ones(rehearsal.changes.changed);
  if (tried > 0) {
    item.answer = Answer::no;
    item.good = true;
    item.because =
        fmt::format("{} in every state.", count_of(tried, "of its queries works", "of its queries work"));
    return item;
  }
  std::erase_if(gone, [](const std::string& what) { return what.starts_with("type "); });
  if (gone.empty() && changed.empty()) {
    item.answer = Answer::no;
    item.good = true;
    item.because = "It removes and changes nothing that a query can name.";
  } else if (rehearsal.kind == "plan") {
    item.answer = Answer::no;
    item.good = true;
    item.because = "What goes, goes after the gate: when no deployed version uses it any more.";
    if (!gone.empty()) item.evidence.push_back("removed after the gate: " + few(gone));
  } else {
    item.answer = Answer::maybe;
    item.because =
        gone.empty() ? "It changes what queries may rely on." : "It removes what queries may name.";
    if (!gone.empty()) item.evidence.push_back("removed: " + few(gone));
    if (!changed.empty()) item.evidence.push_back("changed: " + few(changed));
    item.fix = "give the application's queries (--queries) to know";
  }
  return item;
}

Item lost(const Rehearsal& rehearsal) {
  Item item{.id = "lost", .question = "Is anything lost?"};
  std::vector<std::string> gone;
  for (const std::string& what : rehearsal.changes.removed) {
    if (what.starts_with("column ") || what.starts_with("relation ")) gone.push_back(what);
  }
  // A table that goes takes its columns along: once is enough.
  std::erase_if(gone, [&](const std::string& what) {
    if (!what.starts_with("column ")) return false;
    const std::string relation = "relation " + what.substr(7, what.rfind('.') - 7);
    return std::find(gone.begin(), gone.end(), relation) != gone.end() ||
           std::find(rehearsal.changes.removed.begin(), rehearsal.changes.removed.end(), relation) !=
               rehearsal.changes.removed.end();
  });
  for (const Observation& step : rehearsal.steps)
    for (const TableData& data : rehearsal.data.tables)
      if (std::find(step.emptied.begin(), step.emptied.end(), data.relation) != step.emptied.end()) gone.push_back("every row of " + sql::quote(data.relation));
  for (const Observation& step : rehearsal.steps)
    for (const TouchedRows& rows : step.rows)
      if (rows.deleted > 0)
        gone.push_back(fmt::format("{} rows of {}", rows.deleted, sql::quote(rows.relation)));
  if (gone.empty()) {
    const std::vector<std::string> untried = untried_deletes(rehearsal);
    item.answer = untried.empty() ? Answer::no : Answer::maybe;
    item.good = untried.empty();
    item.because = untried.empty() ? "No table, no column and no row goes." : "It deletes rows, and met none here that it deletes.";
    for (const std::string& title : untried) item.evidence.push_back(title);
    if (!untried.empty()) item.fix = "rehearse on a dump or a clone (--schema FILE.dump, --clone)";
    return item;
  }
  for (const std::string& what : gone) item.evidence.push_back(what);
  if (rehearsal.kind == "file" && is(rehearsal.find("rollback.data"), Verdict::proven) &&
      is(rehearsal.find("rollback.schema"), Verdict::proven)) {
    // A rename, or rows that are kept elsewhere.
    item.answer = Answer::no;
    item.good = true;
    item.because = "What goes under its name comes back with all of its rows.";
    return item;
  }
  if (rehearsal.kind == "plan") {
    item.answer = Answer::yes;
    item.good = true;
    item.because = "Only in purge, after its gate; until then all of it comes back.";
    return item;
  }
  item.answer = Answer::yes;
  item.because = fmt::format("At once, when it commits: {}.", few(gone));
  item.fix = "retire first (rename out of the way), drop later: contraflow plan";
  return item;
}

Item durations(const Rehearsal& rehearsal, const std::vector<LockTime>& locks, double budget_ms) {
  Item item{.id = "lock-time",
            .question = fmt::format(
                "Is every blocking lock held for less than {:.0f} ms at production's size?", budget_ms)};
  bool over = false, unknown = false;
  for (const LockTime& lock : locks) {
    over = over || lock.over_budget;
    unknown = unknown || !lock.production_ms;
    if (lock.over_budget || !lock.production_ms || effects::blocks_reads(lock.mode))
      item.evidence.push_back(fmt::format("{}: {} on {}: {}", lock.title, effects::lock_name(lock.mode),
                                          sql::quote(lock.relation), lock.formula));
  }
  item.answer = over ? Answer::no : unknown || rehearsal.steps.empty() ? Answer::maybe
                                                                       : Answer::yes;
  item.good = item.answer == Answer::yes;
  item.because = over                      ? "A lock is held beyond the budget."
                 : unknown                 ? "Work under a lock grows with the table, and its size is not known here."
                 : rehearsal.steps.empty() ? "Nothing was observed."
                                           : "None does work that grows with a table.";
  if (!item.good)
    item.fix = unknown && !over ? "contraflow snapshot on production, then --statistics with --rows"
                                : "see the findings";
  return item;
}

Item stalls(const Rehearsal& rehearsal) {
  Item item{.id = "stalls", .question = "Does the traffic stay within the stall budget?"};
  const TrafficEvidence& traffic = *rehearsal.traffic;
  bool bad = traffic.runs.empty(), failed = false, waited = traffic.runs.empty(), cached_plan = false;
  for (const TrafficRun& run : traffic.runs) {
    item.evidence.push_back(fmt::format("{}: {} queries, {} failed, longest {:.0f} ms, p99 {:.1f} ms",
                                        run.how, run.executed, run.failed, run.longest_ms, run.p99_ms));
    if (run.how == "naive") continue;
    bad = bad || run.failed > 0 || run.longest_ms > traffic.budget_ms || !run.completed;
    failed = failed || run.failed > 0;
    waited = waited || run.longest_ms > traffic.budget_ms;
    for (const rehearse::TrafficQuery& query : run.queries) {
      if (query.failed == 0) continue;
      item.evidence.push_back(fmt::format("{}: {} failed: {}", query.name, query.failed, query.error));
      cached_plan = cached_plan || query.error.find("cached plan must not change result type") != std::string::npos;
    }
  }
  item.answer = bad ? Answer::no : Answer::yes;
  item.good = !bad;
  item.because = failed && waited ? fmt::format("Queries failed, and others waited longer than {:.0f} ms.", traffic.budget_ms)
                 : failed         ? "Queries failed."
                 : bad            ? fmt::format("A query waited longer than {:.0f} ms, or the run did not come to its end.", traffic.budget_ms)
                                  : "No query failed or waited too long, beside a long reader.";
  std::vector<std::string> fixes;
  if (cached_plan) fixes.emplace_back("prepared statements break once where the type of a column that they show changes: cast it to the new type before, and name columns instead of *");
  else if (failed) fixes.emplace_back("what the failing queries use has to stay until no version uses it");
  if (waited || (bad && !failed)) fixes.emplace_back("SET lock_timeout = '60ms' with further attempts; contraflow apply runs plans so");
  item.fix = join(fixes, "; ");
  return item;
}

Item runs(const Rehearsal& rehearsal) {
  Item item{.id = "runs", .question = "Does it run?"};
  bool bad = false, unknown = false;
  for (const char* id : {"safe", "forward", "forward.rows", "forward.desired", "forward.again"}) {
    const Proof* proof = rehearsal.find(id);
    cite(item, proof);
    bad = bad || is(proof, Verdict::refuted);
    unknown = unknown || is(proof, Verdict::unknown);
  }
  item.answer = bad ? Answer::no : unknown ? Answer::maybe
                                           : Answer::yes;
  item.good = item.answer == Answer::yes;
  item.because = bad       ? "A statement fails, or it ends elsewhere than it should."
                 : unknown ? "Not on the rows that were tried; production's may differ."
                           : "It ran to its end, again after the rollback too.";
  return item;
}

}  // namespace

std::vector<Item> answer_questions(const Rehearsal& rehearsal, const std::vector<LockTime>& locks,
                                   double budget_ms) {
  std::vector<Item> out{runs(rehearsal),
                        twice(rehearsal),
                        rollback_after_deploy(rehearsal),
                        implicit_locks(rehearsal),
                        rollback_backfill(rehearsal),
                        foreign_keys(rehearsal),
                        breaks_deployed(rehearsal),
                        lost(rehearsal),
                        durations(rehearsal, locks, budget_ms)};
  if (rehearsal.traffic) out.push_back(stalls(rehearsal));
  return out;
}

std::vector<std::string> deploys(const Rehearsal& rehearsal) {
  std::vector<std::string> out;
  if (rehearsal.kind == "plan") {
    std::string phase;
    for (const Observation& step : rehearsal.steps) {
      if (step.phase == phase) continue;
      phase = step.phase;
      for (const auto& [before, condition] : rehearsal.gates)
        if (before == phase) out.push_back("Gate: " + condition + ".");
      out.push_back("Phase " + phase + ".");
    }
    return out;
  }
  const std::vector<std::string> gone = visible_ones(rehearsal.changes.removed),
                                 added = visible_ones(rehearsal.changes.added);
  if (!gone.empty()) out.push_back("Before it: deploy a version that no longer uses " + few(gone) + ".");
  out.push_back("Run the migration.");
  if (!added.empty()) out.push_back("After it: deploy the version that uses " + few(added) + ".");
  const auto broken = std::count_if(rehearsal.queries.begin(), rehearsal.queries.end(), [](const QueryEvidence& query) {
    return query.version == "deployed" && query.verdict == Verdict::refuted;
  });
  if (broken > 0 && gone.empty()) {
    out.push_back(fmt::format("With it: deploy the version that works on the new schema; {} of the deployed one {} from here on.",
                              count_of(broken, "query", "queries"), broken == 1 ? "fails" : "fail"));
  } else if (gone.empty() && added.empty()) {
    out.push_back("No deploy depends on it.");
  }
  return out;
}

std::vector<std::string> what_to_watch(const Rehearsal& rehearsal, const std::vector<LockTime>& locks) {
  std::vector<std::string> out;
  std::set<std::string> tables;
  for (const LockTime& lock : locks)
    if (effects::blocks_reads(lock.mode)) tables.insert(sql::quote(lock.relation));
  if (!tables.empty()) {
    out.push_back(
        fmt::format("Sessions that wait for a lock on {}: SELECT pid, wait_event_type, query FROM "
                    "pg_stat_activity WHERE wait_event_type = 'Lock'",
                    join({tables.begin(), tables.end()}, ", ")));
    out.push_back(
        "Transactions that stay open on those tables before it starts: pg_stat_activity.xact_start");
  }
  bool concurrent = false;
  long long wal = 0;
  for (const Observation& step : rehearsal.steps) {
    concurrent = concurrent || to_lower(step.place.statement).find("concurrently") != std::string::npos;
    wal += step.wal_bytes;
  }
  if (concurrent)
    out.push_back(
        "CONCURRENTLY waits for every older transaction; a failed one leaves an INVALID index "
        "(pg_index.indisvalid)");
  if (wal > (8 << 20))
    out.push_back(fmt::format("Replication lag and disk: {} MB of WAL in the rehearsal", wal >> 20));
  out.push_back("Error rate and slowest queries of the application while it runs and for an hour after");
  return out;
}

}  // namespace contraflow::review
