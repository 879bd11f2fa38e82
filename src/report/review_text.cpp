// SPDX-License-Identifier: Apache-2.0
#include "report/review_text.h"

#include <fmt/format.h>

#include "base/terminal.h"
#include "base/text.h"
#include "report/rehearsal_text.h"

namespace contraflow::report {

using namespace review;

std::string review_text(const Review& review, bool color) {
  const auto tone = [](const Item& item) {
    return item.good ? Style::green : item.answer == Answer::maybe ? Style::yellow
                                                                   : Style::red;
  };
  const Answer verdict = review.verdict();
  std::string out = styled(review.summary(),
                           verdict == Answer::yes  ? Style::green
                           : verdict == Answer::no ? Style::red
                                                   : Style::yellow,
                           color) +
                    "\n";
  out += fmt::format("{}  PostgreSQL {}\n\n", styled(review.subject, Style::bold, color),
                     review.rehearsal.server);
  if (const std::string fix = review.replacement.said(); !fix.empty()) out += styled(fix, Style::cyan, color) + "\n\n";
  for (const Item& item : review.items) {
    out += fmt::format("{} {}\n", styled(fmt::format("{:<5}", answer_name(item.answer)), tone(item), color),
                       styled(item.question, Style::bold, color));
    out += indent(item.because, 6) + "\n";
    for (const std::string& evidence : item.evidence)
      out += styled(indent("- " + evidence, 6), Style::dim, color) + "\n";
    if (!item.good && !item.fix.empty())
      out += indent(styled("fix: ", Style::cyan, color) + item.fix, 6) + "\n";
  }
  if (!review.findings.empty()) {
    out += "\n" + styled("Findings", Style::bold, color) + "\n";
    for (const Finding& finding : review.findings) {
      out += fmt::format("  {} [{}] {}\n",
                         styled(std::string(severity_name(finding.severity)),
                                finding.severity == Severity::error ? Style::red : Style::yellow, color),
                         finding.rule, finding.message);
      if (!finding.place.file.empty())
        out += fmt::format("      {}:{}\n", finding.place.file, finding.place.line);
      if (!finding.fix.empty()) out += fmt::format("      fix: {}\n", finding.fix);
    }
  }
  if (!review.locks.empty()) {
    out += "\n" + styled("Blocking locks", Style::bold, color) + "\n";
    for (const LockTime& lock : review.locks)
      out += fmt::format("  {} on {}: {} here; {}\n", effects::lock_name(lock.mode),
                         sql::quote(lock.relation), duration_text(lock.held_ms), lock.formula);
  }
  out += "\n" + styled("Order", Style::bold, color) + "\n";
  for (const std::string& line : review.deploys) out += "  " + line + "\n";
  out += "\n" + styled("Watch", Style::bold, color) + "\n";
  for (const std::string& line : review.watch) out += "  " + line + "\n";
  return out;
}

}  // namespace contraflow::report
