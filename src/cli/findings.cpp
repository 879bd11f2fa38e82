// SPDX-License-Identifier: Apache-2.0
#include "cli/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/in_parts.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cli/error_report.h"
#include "lint/rule.h"

namespace contraflow::cli {
namespace {

using lint::Finding;
using lint::Severity;
using Json = nlohmann::ordered_json;

Style style_of(Severity severity) {
  switch (severity) {
    case Severity::error: return Style::red;
    case Severity::warning: return Style::yellow;
    case Severity::info: return Style::cyan;
  }
  return Style::bold;
}

std::size_t count(const lint::Report& report, Severity severity) {
  return static_cast<std::size_t>(std::count_if(report.findings.begin(), report.findings.end(), [&](const Finding& finding) { return finding.severity == severity; }));
}

}  // namespace

std::string finding_fingerprint(const Finding& finding, int seen) {
  return sha256(fmt::format("{}\n{}\n{}\n{}\n{}", std::filesystem::path(finding.file).lexically_normal().string(), finding.rule->name, finding.relation, std::string(trim(finding.source_line)), seen)).substr(0, 32);
}

namespace {

void append_finding(std::string& out, const Finding& finding, const lint::Majors& servers, bool color) {
  ReportText report(out, color);
  std::string label(severity_name(finding.severity));
  label.append("[").append(finding.rule->name).append("]");
  const std::string_view rest = report.title(label, style_of(finding.severity), finding.message);
  report.place({finding.file, finding.line, finding.column, finding.source_line});
  report.note({}, rest);
  if (!finding.why.empty()) report.note("why: ", finding.why);
  if (!finding.depends.empty()) report.note("depends: ", finding.depends);
  if (finding.versions != servers) report.note("versions: PostgreSQL ", lint::text_of_majors(finding.versions));
  if (!finding.size.empty()) report.note("size: ", fmt::format("{} has {}", finding.relation, finding.size));
  report.hint(finding.fix);
  report.end();
  out += '\n';
}

// Room for a finding's text, so that it is not moved while it grows.
std::size_t room_for(const Finding& finding) {
  constexpr std::size_t kAround = 160;  // labels, margins, numbers
  return kAround + finding.file.size() + 2 * finding.source_line.size() + finding.message.size() + finding.why.size() + finding.depends.size() + finding.fix.size() + finding.size.size();
}

// Many findings are worded on all processors, in parts that follow each other.
std::vector<std::string> all_findings_text(const std::vector<Finding>& findings, const lint::Majors& servers, bool color) {
  constexpr std::size_t kWorthAThread = 256;
  const std::size_t parts = parts_of(findings.size(), kWorthAThread);
  std::vector<std::string> texts(parts);
  in_parts(findings.size(), parts, [&](std::size_t part, std::size_t first, std::size_t last) {
    std::size_t room = 0;
    for (std::size_t i = first; i < last; ++i) room += room_for(findings[i]);
    texts[part].reserve(room);
    for (std::size_t i = first; i < last; ++i) append_finding(texts[part], findings[i], servers, color);
  });
  return texts;
}

}  // namespace

std::vector<std::string> findings_text(const lint::Report& report, const lint::Majors& servers, bool color) {
  std::vector<std::string> out = all_findings_text(report.findings, servers, color);
  const auto part = [](std::size_t number, const char* word) { return count_of(static_cast<long long>(number), word, std::string(word) + (std::string_view(word) == "info" ? "" : "s")); };
  out.push_back(fmt::format("{}: {}, {}, {} in {} of {}{}\n", report.findings.empty() ? "clean" : "found", part(count(report, Severity::error), "error"), part(count(report, Severity::warning), "warning"),
                            part(count(report, Severity::info), "info"), count_of(static_cast<long long>(report.statements), "statement"), count_of(static_cast<long long>(report.files), "file"),
                            report.suppressed == 0 ? "" : fmt::format("; {} allowed", report.suppressed)));
  return out;
}

std::string findings_json(const lint::Report& report, const lint::Majors& servers) {
  Json findings = Json::array();
  for (const Finding& finding : report.findings) {
    Json object;
    object["rule"] = finding.rule->name;
    object["category"] = category_name(finding.rule->category);
    object["severity"] = severity_name(finding.severity);
    object["file"] = finding.file;
    object["line"] = finding.line;
    object["column"] = finding.column;
    object["message"] = finding.message;
    object["why"] = finding.why;
    object["relation"] = finding.relation;
    object["lock"] = effects::lock_name(finding.lock);
    object["work"] = effects::work_name(finding.work);
    object["fix"] = finding.fix;
    object["versions"] = lint::text_of_majors(finding.versions);
    object["depends"] = finding.depends;
    object["size"] = finding.size;
    object["docs"] = fmt::format("contraflow rules {}", finding.rule->name);
    findings.push_back(std::move(object));
  }
  Json document;
  document["version"] = 1;
  document["tool"] = {{"name", "contraflow"}, {"version", CONTRAFLOW_VERSION}};
  document["servers"] = lint::text_of_majors(servers);
  document["files"] = report.files;
  document["statements"] = report.statements;
  document["allowed"] = report.suppressed;
  document["counts"] = {{"error", count(report, Severity::error)}, {"warning", count(report, Severity::warning)}, {"info", count(report, Severity::info)}};
  document["findings"] = std::move(findings);
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<std::string> render_findings(const lint::Report& report, const lint::Majors& servers, std::string_view format, bool color) {
  if (format == "json") return {findings_json(report, servers)};
  if (format == "sarif") return {findings_sarif(report)};
  if (format == "github") return {findings_github(report)};
  if (format == "gitlab") return {findings_gitlab(report)};
  if (format == "junit") return {findings_junit(report)};
  if (format == "markdown") return {findings_markdown(report)};
  return findings_text(report, servers, color);
}

}  // namespace contraflow::cli
