// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.h"
#include "report/html_charts.h"
#include "report/html_page.h"
#include "report/html_text.h"
#include "report/rehearsal_text.h"
#include "report/review_text.h"

namespace contraflow::report {
namespace {

using namespace review;

const char* tone(const Item& item) {
  return item.good ? "good" : item.answer == Answer::maybe ? "open"
                                                           : "bad";
}
const char* sign(std::string_view tone_name) {
  return tone_name == "good" ? "✓" : tone_name == "open" ? "?"
                                                         : "✕";
}
const char* tone(Answer verdict) {
  return verdict == Answer::yes ? "good" : verdict == Answer::maybe ? "open"
                                                                    : "bad";
}
const char* tone(rehearse::Verdict verdict) {
  return verdict == rehearse::Verdict::proven    ? "good"
         : verdict == rehearse::Verdict::unknown ? "open"
                                                 : "bad";
}

std::string list(const std::vector<std::string>& lines) {
  std::string out = "<ul>";
  for (const std::string& line : lines) out += "<li>" + escaped(trim(line)) + "</li>";
  return out + "</ul>";
}

std::string section(const std::string& id, const std::string& title, const std::string& body) {
  return fmt::format(
      "<section id=\"{0}\" aria-labelledby=\"{0}-title\"><h2 id=\"{0}-title\">{1}</h2>{2}</section>\n", id,
      title, body);
}

std::string banner(const Review& review) {
  const char* name = tone(review.verdict());
  const rehearse::Rehearsal& rehearsal = review.rehearsal;
  std::string facts = "PostgreSQL " + escaped(rehearsal.server);
  if (!rehearsal.run_as.empty()) facts += " · " + escaped(rehearsal.run_as);
  long long rows = 0;
  for (const rehearse::TableData& table : rehearsal.data.tables) rows += table.rows;
  facts += rows == 0 ? " · no rows"
                     : fmt::format(" · {} in {} ({})", count_of(rows, "row"),
                                   count_of(static_cast<long long>(rehearsal.data.tables.size()), "table"),
                                   escaped(rehearsal.data.kind));
  if (!rehearsal.rollback.empty()) facts += " · rollback " + escaped(rehearsal.rollback);
  return fmt::format(
      "<header class=\"banner {0}\"><p class=\"verdict\"><span class=\"sign\" "
      "aria-hidden=\"true\">{1}</span> {2}</p><h1>{3}</h1><p class=\"facts\">{4}</p>{5}</header>\n",
      name, sign(name), escaped(review.summary()), escaped(review.subject), facts, review.replacement.said().empty() ? "" : fmt::format("<p class=\"facts\">{}</p>", escaped(review.replacement.said())));
}

std::string order(const Review& review) {
  std::string out = "<ol class=\"flow\">";
  for (const std::string& line : review.deploys) {
    const bool gate =
        line.starts_with("Gate: ") || line.starts_with("Before it: ") || line.starts_with("After it: ");
    std::string kind = gate ? "gate" : "phase";
    out += fmt::format("<li class=\"{}\"><span class=\"kind\">{}</span> {}</li>", kind,
                       gate ? (line.starts_with("Gate: ") ? "gate" : "deploy") : "run",
                       escaped(line.starts_with("Gate: ") ? line.substr(6) : line));
  }
  out += "</ol><h3>Watch</h3>" + list(review.watch);
  return section("order", "Order of events", out);
}

std::string checklist(const Review& review) {
  std::string out = "<ol class=\"checklist\">";
  for (const Item& item : review.items) {
    const char* name = tone(item);
    out += fmt::format(
        "<li class=\"card {0}\"><h3><span class=\"badge {0}\"><span aria-hidden=\"true\">{1}</span> "
        "{2}</span> {3}</h3><p>{4}</p>",
        name, sign(name), answer_name(item.answer), escaped(item.question), escaped(item.because));
    if (!item.good && !item.fix.empty())
      out += "<p class=\"fix\"><strong>Fix:</strong> " + escaped(item.fix) + "</p>";
    if (!item.evidence.empty())
      out += fmt::format("<details{}><summary>Evidence ({})</summary>{}</details>", item.good ? "" : " open",
                         item.evidence.size(), list(item.evidence));
    out += "</li>";
  }
  return section("checklist", "Checklist", out + "</ol>");
}

std::string findings(const Review& review) {
  if (review.findings.empty()) return section("findings", "Findings", "<p>None.</p>");
  std::string out = "<ul class=\"findings\">";
  for (const Finding& finding : review.findings) {
    out += fmt::format("<li class=\"card\"><p><span class=\"badge {}\">{}</span> <code>{}</code> {}</p>",
                       finding.severity == Severity::error     ? "bad"
                       : finding.severity == Severity::warning ? "open"
                                                               : "",
                       severity_name(finding.severity), escaped(finding.rule), escaped(finding.message));
    if (!finding.place.statement.empty())
      out += fmt::format("<figure><figcaption>{}:{}</figcaption><pre><code>{}</code></pre></figure>",
                         escaped(finding.place.file), finding.place.line, escaped(finding.place.statement));
    if (!finding.fix.empty())
      out += "<p class=\"fix\"><strong>Fix:</strong> " + escaped(finding.fix) + "</p>";
    out += "</li>";
  }
  return section("findings", fmt::format("Findings ({})", review.findings.size()), out + "</ul>");
}

std::string proofs(const Review& review) {
  std::string out =
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Proofs\"><table><thead><tr><th "
      "scope=\"col\">verdict</th><th scope=\"col\">claim</th><th scope=\"col\">how it was "
      "tried</th></tr></thead><tbody>";
  for (const rehearse::Proof& proof : review.rehearsal.proofs) {
    const char* name = tone(proof.verdict);
    out += fmt::format(
        "<tr><td><span class=\"badge {0}\"><span aria-hidden=\"true\">{1}</span> "
        "{2}</span></td><td>{3}</td><td>{4}",
        name, sign(name), rehearse::verdict_name(proof.verdict), escaped(proof.claim), escaped(proof.reason));
    if (proof.place && !proof.place->file.empty())
      out += fmt::format("<br><small>{}:{}</small>", escaped(proof.place->file), proof.place->line);
    if (!proof.details.empty())
      out += "<details><summary>Details</summary>" + list(proof.details) + "</details>";
    out += "</td></tr>";
  }
  return section("proofs", "Proofs", out + "</tbody></table></div>");
}

std::string work_text(const rehearse::Observation& step) {
  std::vector<std::string> parts;
  for (const sql::QualifiedName& name : step.emptied) parts.push_back("empties " + sql::quote(name));
  for (const sql::QualifiedName& name : step.rewritten) parts.push_back("rewrites " + sql::quote(name));
  for (const sql::QualifiedName& name : step.built) parts.push_back("builds index " + sql::quote(name));
  for (const sql::QualifiedName& name : step.indexes_rebuilt)
    parts.push_back("rebuilds index " + sql::quote(name));
  for (const rehearse::Scan& scan : step.scans)
    parts.push_back(fmt::format("reads all of {} ({} rows)", sql::quote(scan.relation), scan.rows));
  for (const rehearse::TouchedRows& rows : step.rows)
    parts.push_back(
        fmt::format("{}: {} rows", sql::quote(rows.relation), rows.inserted + rows.updated + rows.deleted));
  return join(parts, "; ");
}

std::string steps(const Review& review) {
  std::string out =
      "<form class=\"filters\" role=\"search\" aria-label=\"Filter the steps\"><label>Contains <input "
      "type=\"search\" id=\"filter-text\" autocomplete=\"off\"></label>"
      "<label><input type=\"checkbox\" id=\"filter-reads\"> blocks reads</label><label><input "
      "type=\"checkbox\" id=\"filter-writes\"> blocks writes</label>"
      "<label><input type=\"checkbox\" id=\"filter-work\"> does work</label><output id=\"filter-count\" "
      "aria-live=\"polite\"></output></form>"
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Steps\"><table "
      "id=\"steps-table\"><thead><tr><th scope=\"col\">#</th><th scope=\"col\">statement</th><th "
      "scope=\"col\">locks</th><th scope=\"col\">work</th><th scope=\"col\">time</th><th "
      "scope=\"col\">WAL</th><th scope=\"col\">buffers</th></tr></thead><tbody>";
  int number = 0;
  for (const rehearse::Observation& step : review.rehearsal.steps) {
    bool reads = false, writes = false;
    std::string locks;
    for (const rehearse::HeldLock& lock : step.locks) {
      reads = reads || effects::blocks_reads(lock.mode);
      writes = writes || effects::blocks_writes(lock.mode);
      locks += fmt::format("<span class=\"lock l{}\">{}</span> {}{} <small>{}</small><br>",
                           static_cast<int>(lock.mode), effects::lock_name(lock.mode),
                           escaped(sql::quote(lock.relation)), lock.implied ? " <em>not named</em>" : "",
                           duration_text(lock.held_ms));
    }
    const std::string work = work_text(step);
    out += fmt::format(
        "<tr data-reads=\"{}\" data-writes=\"{}\" "
        "data-work=\"{}\"><td>{}</td><td>{}<details><summary>{}</summary><pre><code>{}</code></pre></"
        "details></td><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
        reads ? 1 : 0, writes ? 1 : 0, work.empty() ? 0 : 1, ++number,
        step.phase.empty() ? "" : fmt::format("<small>{}</small> ", escaped(step.phase)), escaped(step.title),
        escaped(step.place.statement), locks, escaped(work), duration_text(step.duration_ms),
        bytes_text(static_cast<double>(step.wal_bytes)), step.pages);
  }
  return section("steps", "Steps", out + "</tbody></table></div>");
}

std::string locks(const Review& review) {
  std::string out = lock_chart(review);
  if (!review.locks.empty()) {
    out +=
        "<details><summary>As a table, with the time at production’s size</summary><div class=\"scroll\" "
        "tabindex=\"0\" role=\"region\" aria-label=\"Locks\"><table><thead><tr><th "
        "scope=\"col\">table</th><th scope=\"col\">lock</th><th scope=\"col\">here</th><th "
        "scope=\"col\">at production’s size</th><th scope=\"col\">statement</th></tr></thead><tbody>";
    for (const LockTime& lock : review.locks)
      out += fmt::format("<tr{}><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                         lock.over_budget ? " class=\"over\"" : "", escaped(sql::quote(lock.relation)),
                         effects::lock_name(lock.mode), duration_text(lock.held_ms), escaped(lock.formula),
                         escaped(lock.title));
    out += "</tbody></table></div></details>";
  }
  return section("locks", "Locks over time", out);
}

std::string queries(const Review& review) {
  if (review.rehearsal.queries.empty()) return {};
  std::string out =
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Queries\"><table><thead><tr><th "
      "scope=\"col\">verdict</th><th scope=\"col\">query</th><th scope=\"col\">version</th><th "
      "scope=\"col\">why</th></tr></thead><tbody>";
  for (const rehearse::QueryEvidence& query : review.rehearsal.queries) {
    const char* name = tone(query.verdict);
    std::vector<std::string> failures;
    for (const rehearse::QueryOutcome& failure : query.failures)
      failures.push_back(failure.state + ", " + failure.how + ": " + failure.error);
    out += fmt::format(
        "<tr><td><span class=\"badge {0}\"><span aria-hidden=\"true\">{1}</span> "
        "{2}</span></td><td><details><summary>{3}</summary><pre><code>{4}</code></pre></details></"
        "td><td>{5}</td><td>{6}{7}</td></tr>",
        name, sign(name), rehearse::verdict_name(query.verdict), escaped(query.name), escaped(query.text),
        escaped(query.version), escaped(query.reason), failures.empty() ? "" : list(failures));
  }
  return section("queries", "Queries of the application", out + "</tbody></table></div>");
}

std::string traffic(const Review& review) {
  if (!review.rehearsal.traffic) return {};
  std::string out;
  for (const rehearse::TrafficRun& run : review.rehearsal.traffic->runs)
    out += stall_chart(run, review.rehearsal.traffic->budget_ms);
  if (!review.rehearsal.traffic->notes.empty()) out += list(review.rehearsal.traffic->notes);
  return section("traffic", "Traffic", out);
}

}  // namespace

std::string review_html(const Review& review, std::string_view tool_version) {
  std::string links;
  const auto link = [&](const char* id, const char* text) {
    links += fmt::format("<a href=\"#{}\">{}</a>", id, text);
  };
  link("order", "Order");
  link("checklist", "Checklist");
  link("findings", "Findings");
  link("locks", "Locks");
  if (review.rehearsal.traffic) link("traffic", "Traffic");
  link("steps", "Steps");
  if (!review.rehearsal.queries.empty()) link("queries", "Queries");
  link("proofs", "Proofs");
  std::string body = banner(review) + "<nav aria-label=\"Sections\">" + links + "</nav>\n<main>\n";
  body += order(review) + checklist(review) + findings(review) + locks(review) + traffic(review) +
          steps(review) + queries(review) + proofs(review);
  if (!review.rehearsal.notes.empty() || !review.rehearsal.data.notes.empty()) {
    std::vector<std::string> notes = review.rehearsal.data.notes;
    notes.insert(notes.end(), review.rehearsal.notes.begin(), review.rehearsal.notes.end());
    body += section("notes", "Notes", list(notes));
  }
  body += "</main>\n";
  body += fmt::format("<footer>contraflow {}</footer>\n", escaped(tool_version));
  return html_page("Review of " + review.subject, body);
}

}  // namespace contraflow::report
