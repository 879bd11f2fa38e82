// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "rehearse/file_rehearsal.h"

namespace contraflow::rehearse {

namespace {

constexpr std::size_t kMostCancelled = 3;
constexpr std::chrono::milliseconds kCancelAfter{1500};  // for all that comes before it, on tables without rows

}  // namespace

void FileRehearsal::twice() {
  say("running it twice");
  const Arena::Trial trial = arena_.trial(bases_.empty);
  const RunResult first = go(migration_.forward, trial);
  if (!first.failure) twice_in("twice", "it can run twice in a row", migration_.forward, trial, after_);
  if (migration_.rollback && !migration_.rollback->empty()) {
    const Arena::Trial other = arena_.trial(bases_.empty);
    if (go(migration_.forward, other).failure) return;
    if (go(*migration_.rollback, other).failure) return;
    twice_in("twice.rollback", "its rollback can run twice in a row", *migration_.rollback, other,
             judge_.state(other.admin()));
  }
}

void FileRehearsal::twice_in(const char* id, const char* claim, const Script& script, const Arena::Trial& trial,
                             const SchemaState& want) {
  Proof& proof = add(id, claim);
  // Runners remember what has run: not being able to is graded, and fails nobody.
  proof.decisive = false;
  const RunResult second = go(script, trial);
  const Comparison comparison = compare(want, judge_.state(trial.admin()));
  if (second.failure) {
    blame(proof, *second.failure, "the second run fails: ");
    proof.details.push_back(comparison.likeness == Likeness::exact
                                ? "it stops there without having changed anything"
                                : "and it has changed the schema by then");
    return;
  }
  proof.verdict = comparison.likeness == Likeness::exact ? Verdict::proven : Verdict::refuted;
  proof.reason = comparison.likeness == Likeness::exact ? "the second run changes nothing"
                                                        : "the second run changes the schema again";
  proof.details = comparison.differences;
}

std::vector<std::size_t> FileRehearsal::cuts(std::size_t statements) const {
  std::vector<std::size_t> out;
  const std::size_t most = std::max<std::size_t>(options_.most_prefixes, 2);
  for (std::size_t k = 1; k < statements; ++k) out.push_back(k);
  if (out.size() <= most) return out;
  std::vector<std::size_t> spread;
  for (std::size_t k = 0; k < most; ++k) spread.push_back(out[k * (out.size() - 1) / (most - 1)]);
  spread.erase(std::unique(spread.begin(), spread.end()), spread.end());
  return spread;
}

std::string FileRehearsal::at(const Script& script, std::size_t k) {
  return fmt::format("after statement {} ({}:{})", k, place_of(script.items[k - 1]).file,
                     place_of(script.items[k - 1]).line);
}

void FileRehearsal::interrupted() {
  say("interrupting it");
  Proof& proof =
      add("interrupted", "interrupted at any statement and run again, it ends in the same schema");
  const Script& script = migration_.forward;
  if (script.needs_psql) {
    proof.reason = "the file needs psql (\\gset, \\if): it was run as a whole only";
    proof.decisive = false;
    return;
  }
  if (one_transaction_) {
    // The server undoes an open transaction; the last moment before COMMIT is the hardest.
    const Arena::Trial trial = arena_.trial(bases_.empty);
    (void)go(script, trial, false, script.items.size());
    const Comparison left = compare(before_, judge_.state(trial.admin(), false));
    if (left.likeness != Likeness::exact) {
      proof.verdict = Verdict::refuted;
      proof.reason = "an interruption before COMMIT left something behind";
      proof.details = left.differences;
      return;
    }
    const RunResult rerun = go(script, trial);
    if (rerun.failure) return blame(proof, *rerun.failure, "run again after an interruption: ");
    proof.verdict = compare(after_, judge_.state(trial.admin(), false)).likeness == Likeness::exact
                        ? Verdict::proven
                        : Verdict::refuted;
    proof.reason =
        "one transaction: its session was ended before COMMIT, nothing was left, and it ran again";
    return;
  }
  const std::vector<std::size_t> places = cuts(script.items.size());
  for (const std::size_t k : places) {
    const Arena::Trial trial = arena_.trial(bases_.empty);
    if (go(script, trial, false, k).failure) continue;
    const RunResult rerun = go(script, trial);
    if (rerun.failure) {
      blame(proof, *rerun.failure, fmt::format("interrupted {} and run again: ", at(script, k)));
      return;
    }
    const Comparison comparison = compare(after_, judge_.state(trial.admin(), false));
    if (comparison.likeness == Likeness::exact) continue;
    proof.verdict = Verdict::refuted;
    proof.reason = fmt::format("interrupted {} and run again, it ends in another schema", at(script, k));
    proof.place = place_of(script.items[k - 1]);
    proof.details = comparison.differences;
    return;
  }
  proof.verdict = Verdict::proven;
  proof.reason = places.empty()
                     ? "a single statement"
                     : fmt::format("tried after {} of {}", places.size(),
                                   count_of(static_cast<long long>(script.items.size()), "statement"));
}

void FileRehearsal::cancelled_concurrently() {
  const Script& script = migration_.forward;
  if (one_transaction_ || script.needs_psql) return;
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < script.items.size() && chosen.size() < kMostCancelled; ++i)
    if (std::find(script.items[i].words.begin(), script.items[i].words.end(), "concurrently") !=
        script.items[i].words.end())
      chosen.push_back(i);
  if (chosen.empty()) return;
  say("cancelling what runs concurrently");
  Proof proof{.id = "interrupted.concurrently",
              .claim = "cancelled in the middle of a concurrent statement and run again, it ends in the same schema"};
  // Graded: who builds an index so must look for what a failed attempt left, by hand or by a tool.
  proof.decisive = false;
  std::size_t cut = 0;
  for (const std::size_t i : chosen) {
    const Arena::Trial trial = arena_.trial(bases_.empty);
    if (!cancelled_at(i, trial)) continue;
    ++cut;
    const RunResult rerun = go(script, trial);
    if (rerun.failure) {
      blame(proof, *rerun.failure, "run again, it fails: ");
      break;
    }
    const Comparison comparison = compare(after_, judge_.state(trial.admin(), false));
    if (comparison.likeness == Likeness::exact) continue;
    proof.verdict = Verdict::refuted;
    proof.reason = "run again, it ends in another schema";
    proof.place = place_of(script.items[i]);
    proof.details = comparison.differences;
    break;
  }
  if (cut == 0) return;
  if (proof.verdict == Verdict::unknown) {
    proof.verdict = Verdict::proven;
    proof.reason = fmt::format("cancelled in {}, run again", count_of(static_cast<long long>(cut), "statement"));
  }
  out_.proofs.push_back(std::move(proof));
}

bool FileRehearsal::cancelled_at(std::size_t i, const Arena::Trial& trial) {
  std::optional<pg::Connection> old;
  const auto hold = [&] {
    old.emplace(trial.admin(), "contraflow old transaction");
    old->execute("BEGIN ISOLATION LEVEL REPEATABLE READ");
    const pg::Result tables = old->query(
        "SELECT pg_catalog.string_agg(c.oid::pg_catalog.regclass::text, ', ') FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
        "c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'");
    if (!tables.is_null(0, 0)) old->execute("LOCK TABLE " + tables.string(0, 0) + " IN ACCESS SHARE MODE");
  };
  RunRequest request;
  request.conninfo = trial.migrator();
  request.admin = trial.admin();
  request.stop_after = i + 1;
  request.budget = kCancelAfter;
  request.elevate = arena_.elevate();
  request.between = [&](std::size_t done) {
    if (done == i) hold();
  };
  if (i == 0) hold();
  const RunResult result = run_migration(migration_.forward, request);
  return result.failure && result.failure->timed_out && result.done == i;
}

}  // namespace contraflow::rehearse
