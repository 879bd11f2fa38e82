// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.h"
#include "base/utf8.h"
#include "report/rehearsal_text.h"
#include "report/review_text.h"

namespace contraflow::report {
namespace {

using namespace review;

constexpr std::size_t kLimit = 65'536;  // characters of a comment on GitHub

// Text from SQL and servers must neither open tags nor end table cells.
std::string safe(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '|' || c == '`' || c == '*' || c == '_' || c == '[' || c == ']' || c == '#' || c == '@')
      (out += '\\') += c;
    else if (c == '\n' || c == '\r')
      out += ' ';
    else
      out += c;
  }
  return out;
}

std::string fenced(std::string_view text) {
  std::string fence = "```";
  while (text.find(fence) != std::string_view::npos) fence += '`';
  return fence + "sql\n" + std::string(trim(text)) + "\n" + fence + "\n";
}

const char* mark(const Item& item) { return item.good ? "✅" : item.answer == Answer::maybe ? "❔" : "❌"; }

std::string details(const std::string& title, const std::string& body) {
  return fmt::format("<details><summary>{}</summary>\n\n{}\n</details>\n\n", title, body);
}

}  // namespace

std::string review_markdown(const Review& review) {
  std::string head = fmt::format("### contraflow: {}\n\n`{}` on PostgreSQL {}{}\n\n", safe(review.summary()),
                                 replace_all(review.subject, "`", "'"), safe(review.rehearsal.server),
                                 review.rehearsal.run_as.empty() ? "" : ", " + review.rehearsal.run_as);
  head += "| | question | answer |\n| --- | --- | --- |\n";
  for (const Item& item : review.items)
    head += fmt::format("| {} | {} | **{}**: {} |\n", mark(item), safe(item.question),
                        answer_name(item.answer), safe(item.because));
  head += "\n";

  std::vector<std::string> blocks;
  if (!review.findings.empty()) {
    std::string body;
    for (const Finding& finding : review.findings) {
      body += fmt::format(
          "- **{}** `{}` {}{}", severity_name(finding.severity), finding.rule, safe(finding.message),
          finding.place.file.empty() ? ""
                                     : fmt::format(" ({}:{})", safe(finding.place.file), finding.place.line));
      if (!finding.fix.empty()) body += fmt::format("<br>Fix: {}", safe(finding.fix));
      body += "\n";
    }
    blocks.push_back(details(count_of(static_cast<long long>(review.findings.size()), "finding"), body));
  }
  std::string evidence;
  for (const Item& item : review.items) {
    if (item.evidence.empty() && (item.good || item.fix.empty())) continue;
    evidence += fmt::format("**{}** {}\n\n", safe(item.question), answer_name(item.answer));
    for (const std::string& line : item.evidence) evidence += "- " + safe(trim(line)) + "\n";
    if (!item.good && !item.fix.empty()) evidence += "- Fix: " + safe(item.fix) + "\n";
    evidence += "\n";
  }
  if (!evidence.empty()) blocks.push_back(details("Evidence", evidence));
  if (!review.locks.empty()) {
    std::string body =
        "| table | lock | here | at production's size | statement |\n| --- | --- | --- | --- | --- |\n";
    for (const LockTime& lock : review.locks)
      body += fmt::format("| {} | {} | {} | {} | {} |\n", safe(sql::quote(lock.relation)),
                          effects::lock_name(lock.mode), duration_text(lock.held_ms), safe(lock.formula),
                          safe(lock.title));
    blocks.push_back(details("Blocking locks", body));
  }
  std::string order;
  for (const std::string& line : review.deploys) order += "1. " + safe(line) + "\n";
  order += "\nWatch:\n\n";
  for (const std::string& line : review.watch) order += "- " + safe(line) + "\n";
  blocks.push_back(details("Order of events, what to watch", order));
  for (const rehearse::Observation& step : review.rehearsal.steps) {
    std::string body = fenced(step.place.statement) + "\n";
    body += fmt::format("{}, WAL {}\n", duration_text(step.duration_ms),
                        bytes_text(static_cast<double>(step.wal_bytes)));
    for (const rehearse::HeldLock& lock : step.locks)
      body +=
          fmt::format("- {} on {}{}, {}\n", effects::lock_name(lock.mode), safe(sql::quote(lock.relation)),
                      lock.implied ? " (not named)" : "", duration_text(lock.held_ms));
    blocks.push_back(details(safe(step.title), body));
  }
  std::string out = head;
  std::size_t length = count_characters(head), left_out = 0;
  for (const std::string& block : blocks) {
    const std::size_t more = count_characters(block);
    if (length + more + 120 > kLimit) {
      ++left_out;
      continue;
    }
    out += block;
    length += more;
  }
  if (left_out > 0)
    out += fmt::format(
        "_{} left out to stay below {} characters: `contraflow review --format html` has them._\n",
        count_of(static_cast<long long>(left_out), "section"), kLimit);
  if (count_characters(out) > kLimit) out = out.substr(0, byte_of_character(out, kLimit - 20)) + "\n…\n";
  return out;
}

}  // namespace contraflow::report
