// SPDX-License-Identifier: Apache-2.0
#include "review/review.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "base/text.h"
#include "review/lock_times.h"
#include "review/observed_findings.h"
#include "review/questions.h"

namespace contraflow::review {

std::string_view answer_name(Answer answer) {
  switch (answer) {
    case Answer::yes:
      return "yes";
    case Answer::no:
      return "no";
    case Answer::maybe:
      return "maybe";
  }
  throw std::logic_error("internal error: answer out of range");
}

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::note:
      return "note";
  }
  throw std::logic_error("internal error: severity out of range");
}

Answer Review::verdict() const {
  Answer worst = Answer::yes;
  if (std::any_of(findings.begin(), findings.end(),
                  [](const Finding& finding) { return finding.severity == Severity::error; }))
    return Answer::no;
  for (const Item& item : items) {
    if (item.good) continue;
    if (item.answer != Answer::maybe) return Answer::no;
    worst = Answer::maybe;
  }
  return worst;
}

std::string Replacement::said() const {
  if (!folder.empty()) return fmt::format("The fix as a plan is {}: proven to reach the same schema (contraflow fix)", folder);
  if (!refused.empty()) return "No plan can be written for it: " + join(refused, "; ");
  return command.empty() ? "" : "The fix as a plan: " + command;
}

std::string Review::summary() const {
  const auto bad = std::count_if(items.begin(), items.end(),
                                 [](const Item& item) { return !item.good && item.answer != Answer::maybe; });
  const auto open = std::count_if(items.begin(), items.end(), [](const Item& item) {
    return !item.good && item.answer == Answer::maybe;
  });
  const auto errors = std::count_if(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.severity == Severity::error;
  });
  if (bad == 0 && errors > 0)
    return fmt::format(
        "Not ready: {}{}.", count_of(errors, "finding"),
        open > 0 ? fmt::format(", and {} could not be settled", count_of(open, "answer")) : "");
  if (bad > 0)
    return fmt::format("Not ready: {} of {} say so{}.", bad,
                       count_of(static_cast<long long>(items.size()), "answer"),
                       open > 0 ? fmt::format(", {} could not be settled", open) : "");
  if (open > 0) return fmt::format("Look closer: {} could not be settled.", count_of(open, "answer"));
  return "Ready: every answer is the good one.";
}

Review make_review(rehearse::Rehearsal rehearsal, const ReviewOptions& options, std::vector<Finding> linted) {
  Review out;
  out.subject = rehearsal.subject;
  out.budget_ms = options.budget_ms;
  out.locks = lock_times(rehearsal, options.budget_ms);
  out.findings = observed_findings(rehearsal, out.locks, options.budget_ms);
  // What was seen says more than what was read: a static finding on a statement that has an observed one on
  // the same table is left out.
  const std::vector<Finding> seen = out.findings;
  for (Finding& finding : linted) {
    const bool known = std::any_of(seen.begin(), seen.end(), [&](const Finding& other) {
      return other.place.line == finding.place.line &&
             (other.relation == finding.relation || finding.relation.empty());
    });
    if (!known) out.findings.push_back(std::move(finding));
  }
  std::stable_sort(out.findings.begin(), out.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity < b.severity; });
  out.items = answer_questions(rehearsal, out.locks, options.budget_ms);
  out.deploys = deploys(rehearsal);
  out.watch = what_to_watch(rehearsal, out.locks);
  out.rehearsal = std::move(rehearsal);
  return out;
}

}  // namespace contraflow::review
