// SPDX-License-Identifier: Apache-2.0
#include "rehearse/rehearse_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "catalog/read.h"
#include "rehearse/demands.h"
#include "rehearse/file_rehearsal.h"

namespace contraflow::rehearse {

void FileRehearsal::run() {
  out_.superuser = arena_.superuser();
  if (!judge_.dumps())
    out_.notes.push_back(judge_.why_not() + ": schemas were compared by the catalog functions alone");
  if (!safe()) return;
  before_ = judge_.state(bases_.empty);
  if (!forward()) return;
  rollback_schema();
  // Roles are the server's: what one trial made is gone before the next.
  forward_trial_.reset();
  rows_work_ = !bases_.has_rows();
  if (bases_.has_rows()) forward_on_rows();
  settle_lock_timeout();
  if (options_.data_proofs) rollback_data();
  twice();
  interrupted();
  cancelled_concurrently();
  prefixes();
}

RunResult FileRehearsal::go(const Script& script, const Arena::Trial& trial, bool observe,
                            std::optional<std::size_t> stop_after) {
  RunRequest request;
  request.conninfo = trial.migrator();
  request.admin = trial.admin();
  request.observe = observe;
  request.stop_after = stop_after;
  request.budget = options_.budget;
  request.elevate = arena_.elevate();
  return run_migration(script, request);
}

void FileRehearsal::say(const std::string& what) {
  if (progress_) progress_(what);
}

Proof& FileRehearsal::add(std::string id, std::string claim) {
  out_.proofs.push_back({.id = std::move(id), .claim = std::move(claim)});
  return out_.proofs.back();
}

void FileRehearsal::blame(Proof& proof, const Failure& failure, const std::string& when,
                          Verdict verdict) {
  proof.verdict = verdict;
  proof.reason = when + failure.message();
  proof.place = failure.place;
  if (!failure.error.hint().empty()) proof.details.push_back(failure.error.hint());
}

bool FileRehearsal::lacks_rights(const Failure& failure) {
  return failure.sqlstate == "42501" || failure.sqlstate == "0LP01" || lacks_resources(failure);
}

bool FileRehearsal::about_data(const Failure& failure) {
  return failure.sqlstate.starts_with("22") || failure.sqlstate.starts_with("23");
}

bool FileRehearsal::looks_for_rows(const Failure& failure) {
  return failure.sqlstate == "23503" || failure.sqlstate == "23502" || failure.sqlstate == "P0002";
}

bool FileRehearsal::sets_lock_timeout(const catalog::ScriptItem& item) {
  const bool sets = item.starts_with({"set", "lock_timeout"}) || item.starts_with({"set", "local", "lock_timeout"}) || item.starts_with({"set", "session", "lock_timeout"});
  if (!sets) return false;
  const std::string text = to_lower(item.text());
  const std::size_t value = text.find_first_of("0123456789", text.find("lock_timeout"));
  return value != std::string::npos && text.find_first_of("123456789", value) != std::string::npos;
}

void FileRehearsal::settle_lock_timeout() {
  bool seen = false, unlimited = false;
  for (const Observation& step : out_.steps) {
    if (!step.lock_timeout_ms || std::none_of(step.locks.begin(), step.locks.end(), [](const HeldLock& lock) { return effects::blocks_writes(lock.mode); })) continue;
    seen = true;
    unlimited = unlimited || *step.lock_timeout_ms == 0;
  }
  if (seen) out_.sets_lock_timeout = !unlimited;
}

bool FileRehearsal::safe() {
  for (const Script* script :
       {&migration_.forward, migration_.rollback ? &*migration_.rollback : nullptr}) {
    if (!script) continue;
    for (const auto& [why, place] : forbidden_in(*script, options_.programs)) {
      Proof& proof = add("safe", "it reaches nothing but its own database");
      proof.verdict = Verdict::refuted;
      proof.reason = "refused, nothing was run: " + why;
      proof.place = place;
      return false;
    }
  }
  return true;
}

RunResult FileRehearsal::go_supplied(const std::string& base, std::optional<Arena::Trial>& trial, bool observe) {
  for (int attempt = 0;; ++attempt) {
    trial.reset();
    trial.emplace(arena_.trial(base));
    RunResult result = go(migration_.forward, *trial, observe);
    if (!result.failure || attempt > 50 || !arena_.supply(result.failure->error)) return result;
  }
}

bool FileRehearsal::forward() {
  say("running it under observation");
  Proof& proof = add("forward", "it runs to its end");
  std::optional<Arena::Trial> trial;
  RunResult first = go_supplied(bases_.empty, trial, !bases_.has_rows());
  std::string without_rows;
  if (first.failure && bases_.has_rows() && looks_for_rows(*first.failure)) {
    without_rows = first.failure->message();
    bases_.empty = bases_.filled;
    before_ = judge_.state(bases_.empty);
    first = go_supplied(bases_.empty, trial, true);
  }
  // Of rows that nobody has given nothing follows.
  const bool lacks_rows = first.failure && looks_for_rows(*first.failure) && (!without_rows.empty() || out_.data.tables.empty());
  if (lacks_rows) {
    blame(proof, *first.failure, "it looks for rows that are not here (rehearse on a dump, a clone, or on the migrations before it): ", Verdict::unknown);
    out_.steps = std::move(first.observations);
    return false;
  }
  if (first.failure) {
    const bool rights = lacks_rights(*first.failure);
    blame(proof, *first.failure, "", rights ? Verdict::unknown : Verdict::refuted);
    if (rights)
      proof.reason += lacks_resources(*first.failure)
                          ? " (what the machine under the sandbox lacks)"
                          : " (the sandbox's role is no superuser: --superuser runs it with all rights)";
    out_.steps = std::move(first.observations);
    // Last: it adds a proof.
    if (about_data(*first.failure)) rows_in_the_way(bases_.empty, Verdict::refuted);
    return false;
  }
  one_transaction_ = first.one_transaction;
  out_.run_as = migration_.forward.needs_psql ? "psql"
                : one_transaction_            ? "one transaction"
                                              : "statement by statement";
  proof.verdict = Verdict::proven;
  proof.reason =
      fmt::format("{}{}{}", count_of(static_cast<long long>(first.done), "statement"),
                  one_transaction_ && !migration_.forward.needs_psql ? " in " : ", ", out_.run_as);
  if (!without_rows.empty()) out_.notes.push_back("everything ran on made-up rows, because without rows the migration fails: " + without_rows);
  out_.steps = std::move(first.observations);
  after_ = judge_.state(trial->admin());
  changes_ = compare(before_, after_).likeness != Likeness::exact;
  out_.changes = changes_between(before_, after_);
  out_.sets_lock_timeout = std::any_of(migration_.forward.items.begin(), migration_.forward.items.end(), sets_lock_timeout);
  forward_trial_.emplace(std::move(*trial));
  return true;
}

void FileRehearsal::forward_on_rows() {
  say("running it on rows");
  Proof& proof = add("forward.rows", "it runs on tables that have rows");
  std::optional<Arena::Trial> trial;
  RunResult result = go_supplied(bases_.filled, trial, true);
  out_.steps = std::move(result.observations);
  if (!result.failure) {
    proof.verdict = Verdict::proven;
    proof.reason = "on " + rows_said();
    rows_work_ = true;
    return;
  }
  // Rows that the schema, a dump or a clone brings were there in the first run: only made-up ones are new
  // here.
  const bool guessed = about_data(*result.failure) && !fails_without_nulls(*result.failure), lacks = lacks_resources(*result.failure);
  blame(proof, *result.failure, guessed ? "depends on the data: " : "",
        guessed || lacks ? Verdict::unknown : Verdict::refuted);
  proof.decisive = !guessed;
  if (lacks) proof.reason += " (what the machine under the sandbox lacks)";
  if (guessed) proof.reason += "; the rows were made up: rehearse on a dump or a clone to know";
  if (guessed) rows_in_the_way(bases_.filled, Verdict::unknown);
  observe_empty();
}

bool FileRehearsal::fails_without_nulls(const Failure& failure) {
  if (failure.sqlstate != "23502" || !to_lower(failure.place.statement).starts_with("alter table")) return false;
  const Arena::Trial trial = arena_.trial(bases_.filled);
  {
    pg::Connection connection(trial.admin(), "contraflow rehearsal");
    connection.execute("SET session_replication_role = replica");
    for (const TableData& table : out_.data.tables) connection.execute(fmt::format("DELETE FROM {0} AS t WHERE NOT (t IS NOT NULL)", sql::quote(table.relation)));
  }
  const RunResult again = go(migration_.forward, trial);
  return again.failure && again.failure->sqlstate == "23502" && again.failure->place.line == failure.place.line;
}

void FileRehearsal::rows_in_the_way(const std::string& base, Verdict verdict) {
  say("looking for the rows that are in the way");
  const Arena::Trial trial = arena_.trial(base);
  catalog::Database before, after;
  try {
    pg::Connection connection(trial.admin(), "contraflow rehearsal");
    before = catalog::read(connection, {.sizes = false});
    empty_tables(trial.admin());
    if (go(migration_.forward, trial).failure) return;
    after = catalog::read(connection, {.sizes = false});
  } catch (const Error&) {
    return;  // explains a failure, and is none of its own
  }
  const Arena::Trial rows = arena_.trial(base);
  std::vector<std::string> found = violations(rows.admin(), before, after, options_.samples);
  if (found.empty()) return;
  Proof& proof = add("preconditions", "the rows fulfil what the new schema asks of them");
  proof.verdict = verdict;
  proof.decisive = verdict == Verdict::refuted;
  proof.reason = verdict == Verdict::refuted ? "these rows are in the way" : "these made-up rows are in the way";
  proof.details = std::move(found);
}

void FileRehearsal::observe_empty() {
  std::optional<Arena::Trial> trial;
  RunResult result = go_supplied(bases_.empty, trial, true);
  out_.steps = std::move(result.observations);
  out_.notes.push_back(
      "what each statement does was observed on empty tables, because the migration fails on the rows");
}

std::string FileRehearsal::rows_said() const {
  long long rows = 0;
  for (const TableData& table : out_.data.tables) rows += table.rows;
  return fmt::format("{} in {} ({})", count_of(rows, "row"),
                     count_of(static_cast<long long>(out_.data.tables.size()), "table"), out_.data.kind);
}

std::string FileRehearsal::judged() const {
  return before_.dumped ? "by pg_dump --schema-only and the catalog functions" : "by the catalog functions";
}

void rehearse_file(Arena& arena, const Bases& bases, const Migration& migration, const FileOptions& options,
                   Rehearsal& rehearsal, const std::function<void(const std::string&)>& progress) {
  FileRehearsal(arena, bases, migration, options, rehearsal, progress).run();
}

}  // namespace contraflow::rehearse
