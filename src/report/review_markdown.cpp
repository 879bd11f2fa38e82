// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.h"
#include "report/comment.h"
#include "report/rehearsal_text.h"
#include "report/review_text.h"

namespace contraflow::report {
namespace {

using namespace review;

const char* mark(const Item& item) { return item.good ? "✅" : item.answer == Answer::maybe ? "❔"
                                                                                           : "❌"; }

}  // namespace

std::string review_markdown(const Review& review) {
  std::string head = fmt::format("### contraflow: {}\n\n`{}` on PostgreSQL {}{}\n\n", comment_text(review.summary()),
                                 replace_all(review.subject, "`", "'"), comment_text(review.rehearsal.server),
                                 review.rehearsal.run_as.empty() ? "" : ", " + review.rehearsal.run_as);
  head += "| | question | answer |\n| --- | --- | --- |\n";
  for (const Item& item : review.items)
    head += fmt::format("| {} | {} | **{}**: {} |\n", mark(item), comment_text(item.question),
                        answer_name(item.answer), comment_text(item.because));
  head += "\n";
  if (const std::string fix = review.replacement.said(); !fix.empty()) head += comment_text(fix) + "\n\n";

  std::vector<std::string> blocks;
  if (!review.findings.empty()) {
    std::string body;
    for (const Finding& finding : review.findings) {
      body += fmt::format(
          "- **{}** `{}` {}{}", severity_name(finding.severity), finding.rule, comment_text(finding.message),
          finding.place.file.empty() ? ""
                                     : fmt::format(" ({}:{})", comment_text(finding.place.file), finding.place.line));
      if (!finding.fix.empty()) body += fmt::format("<br>Fix: {}", comment_text(finding.fix));
      body += "\n";
    }
    blocks.push_back(comment_folded(count_of(static_cast<long long>(review.findings.size()), "finding"), body));
  }
  std::string evidence;
  for (const Item& item : review.items) {
    if (item.evidence.empty() && (item.good || item.fix.empty())) continue;
    evidence += fmt::format("**{}** {}\n\n", comment_text(item.question), answer_name(item.answer));
    for (const std::string& line : item.evidence) evidence += "- " + comment_text(trim(line)) + "\n";
    if (!item.good && !item.fix.empty()) evidence += "- Fix: " + comment_text(item.fix) + "\n";
    evidence += "\n";
  }
  if (!evidence.empty()) blocks.push_back(comment_folded("Evidence", evidence));
  if (!review.locks.empty()) {
    std::string body =
        "| table | lock | here | at production's size | statement |\n| --- | --- | --- | --- | --- |\n";
    for (const LockTime& lock : review.locks)
      body += fmt::format("| {} | {} | {} | {} | {} |\n", comment_text(sql::quote(lock.relation)),
                          effects::lock_name(lock.mode), duration_text(lock.held_ms), comment_text(lock.formula),
                          comment_text(lock.title));
    blocks.push_back(comment_folded("Blocking locks", body));
  }
  std::string order;
  for (const std::string& line : review.deploys) order += "1. " + comment_text(line) + "\n";
  order += "\nWatch:\n\n";
  for (const std::string& line : review.watch) order += "- " + comment_text(line) + "\n";
  blocks.push_back(comment_folded("Order of events, what to watch", order));
  for (const rehearse::Observation& step : review.rehearsal.steps) {
    std::string body = comment_sql(step.place.statement) + "\n";
    body += fmt::format("{}, WAL {}\n", duration_text(step.duration_ms),
                        bytes_text(static_cast<double>(step.wal_bytes)));
    for (const rehearse::HeldLock& lock : step.locks)
      body +=
          fmt::format("- {} on {}{}, {}\n", effects::lock_name(lock.mode), comment_text(sql::quote(lock.relation)),
                      lock.implied ? " (not named)" : "", duration_text(lock.held_ms));
    blocks.push_back(comment_folded(comment_text(step.title), body));
  }
  return comment(head, blocks, "`contraflow review --format html` has them");
}

}  // namespace contraflow::report
