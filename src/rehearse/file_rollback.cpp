// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "rehearse/checksum.h"
#include "rehearse/file_rehearsal.h"

namespace contraflow::rehearse {

namespace {

constexpr long long kMostRowsPerPrefix = 200'000;  // a copy of all of them for each

}  // namespace

void FileRehearsal::rollback_schema() {
  say("going back");
  Proof& proof = add("rollback.schema", "the rollback restores the schema exactly");
  if (!migration_.rollback) {
    proof.outcome = "missing";
    proof.reason =
        "there is no rollback: none beside the file (X.rollback.sql, X.down.sql, down.sql) and none in it";
    proof.decisive = false;
    return;
  }
  if (migration_.rollback->empty()) {
    proof.outcome = "empty";
    proof.verdict = changes_ ? Verdict::refuted : Verdict::proven;
    proof.reason = changes_ ? fmt::format("{} does nothing, and the migration changes the schema",
                                          migration_.rollback->path)
                            : "neither direction changes the schema";
    if (changes_) proof.details = compare(before_, after_).differences;
    return;
  }
  RunResult back = go(*migration_.rollback, *forward_trial_, !bases_.has_rows());
  if (!bases_.has_rows()) out_.rollback_steps = std::move(back.observations);
  if (back.failure) {
    proof.outcome = "fails";
    const bool rights = lacks_rights(*back.failure);
    blame(proof, *back.failure, "the rollback fails: ", rights ? Verdict::unknown : Verdict::refuted);
    return;
  }
  const Comparison comparison = compare(before_, judge_.state(forward_trial_->admin()));
  switch (comparison.likeness) {
    case Likeness::exact:
      proof.outcome = "exact";
      proof.verdict = Verdict::proven;
      proof.reason = "compared " + judged();
      break;
    case Likeness::order:
      proof.outcome = "order";
      proof.verdict = Verdict::refuted;
      proof.reason = "the same objects, but columns stand in another order (compared " + judged() + ")";
      break;
    case Likeness::differs:
      proof.outcome = "differs";
      proof.verdict = Verdict::refuted;
      proof.reason = "compared " + judged();
      break;
  }
  proof.details = comparison.differences;
  again(proof.outcome == "exact");
}

void FileRehearsal::again(bool restored) {
  Proof& proof = add("forward.again", "after the rollback it runs again and ends in the same schema");
  const RunResult result = go(migration_.forward, *forward_trial_);
  if (result.failure) {
    blame(proof, *result.failure, restored ? "" : "after the inexact rollback: ");
    return;
  }
  const Comparison comparison = compare(after_, judge_.state(forward_trial_->admin()));
  proof.verdict = comparison.likeness == Likeness::exact ? Verdict::proven : Verdict::refuted;
  proof.reason = comparison.likeness == Likeness::exact ? "compared " + judged()
                                                        : "it ends in another schema than the first time";
  proof.details = comparison.differences;
}

void FileRehearsal::rollback_data() {
  if (!migration_.rollback) return;
  Proof& proof = add("rollback.data", "the rollback restores every row");
  if (out_.data.tables.empty()) {
    proof.reason = "there were no rows to lose: give --rows, a dump or a clone";
    proof.decisive = false;
    return;
  }
  if (!rows_work_) {
    proof.reason = "the migration does not run on these rows";
    proof.decisive = false;
    return;
  }
  say("going back with rows");
  const Arena::Trial trial = arena_.trial(bases_.filled);
  Shape shape;
  Checksums want;
  {
    pg::Connection connection(trial.admin(), "contraflow judge");
    shape = shape_of(connection);
    want = checksums(connection, shape);
  }
  if (const RunResult result = go(migration_.forward, trial); result.failure)
    return blame(proof, *result.failure, "forward failed this time: ", Verdict::unknown);
  RunResult back = go(*migration_.rollback, trial, true);
  out_.rollback_steps = std::move(back.observations);
  if (back.failure) {
    const bool rights = lacks_rights(*back.failure);
    return blame(proof, *back.failure,
                 "with rows, the rollback fails: ", rights ? Verdict::unknown : Verdict::refuted);
  }
  pg::Connection connection(trial.admin(), "contraflow judge");
  proof.details = differences(want, checksums(connection, shape));
  proof.verdict = proof.details.empty() ? Verdict::proven : Verdict::refuted;
  proof.reason = proof.details.empty() ? fmt::format("{} compared by checksum", rows_said())
                                       : "rows are not what they were";
}

void FileRehearsal::prefixes() {
  if (one_transaction_ || !migration_.rollback || migration_.rollback->empty() ||
      migration_.forward.needs_psql)
    return;
  if (migration_.forward.items.size() < 2) return;
  say("going back from the middle");
  Proof& proof = add("rollback.prefixes", "the rollback restores the schema from every statement on");
  const Script& script = migration_.forward;
  const std::vector<std::size_t> places = cuts(script.items.size());
  long long total = 0;
  for (const TableData& table : out_.data.tables) total += table.rows;
  const bool rows = options_.data_proofs && rows_work_ && total > 0 && total <= kMostRowsPerPrefix;
  if (rows) proof.claim = "the rollback restores the schema and every row from every statement on";
  Shape shape;
  Checksums want;
  for (const std::size_t k : places) {
    const Arena::Trial trial = arena_.trial(rows ? bases_.filled : bases_.empty);
    if (rows && want.empty()) {
      pg::Connection connection(trial.admin(), "contraflow judge");
      shape = shape_of(connection);
      want = checksums(connection, shape);
    }
    if (go(script, trial, false, k).failure) continue;
    const RunResult back = go(*migration_.rollback, trial);
    if (back.failure)
      return blame(proof, *back.failure,
                   fmt::format("interrupted {}, the rollback fails: ", at(script, k)));
    Comparison comparison = compare(before_, judge_.state(trial.admin(), false));
    std::vector<std::string> lost;
    if (rows && comparison.likeness == Likeness::exact) {
      pg::Connection connection(trial.admin(), "contraflow judge");
      lost = differences(want, checksums(connection, shape));
    }
    if (comparison.likeness == Likeness::exact && lost.empty()) continue;
    proof.verdict = Verdict::refuted;
    proof.reason = fmt::format("interrupted {}, the rollback {}", at(script, k), lost.empty() ? "ends in another schema" : "does not bring back the rows");
    proof.place = place_of(script.items[k - 1]);
    proof.details = lost.empty() ? std::move(comparison.differences) : std::move(lost);
    return;
  }
  proof.verdict = Verdict::proven;
  proof.reason = fmt::format("tried after {} of {}{}", places.size(), count_of(static_cast<long long>(script.items.size()), "statement"),
                             total > kMostRowsPerPrefix ? "; rows were compared after the last one alone, they are too many for a copy each time" : "");
}

}  // namespace contraflow::rehearse
