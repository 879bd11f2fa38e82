// SPDX-License-Identifier: Apache-2.0
//
// Findings in the forms that code hosts and continuous integration read.
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/findings.h"
#include "lint/rule.h"
#include "report/comment.h"

namespace contraflow::cli {
namespace {

using lint::Finding;
using lint::Severity;
using report::comment_folded;
using Json = nlohmann::ordered_json;

std::string paragraph(const Finding& finding) {
  std::string out = finding.message;
  if (!finding.why.empty()) out += "\n" + finding.why;
  if (!finding.depends.empty()) out += "\nDepends on " + finding.depends;
  if (!finding.fix.empty()) out += "\nInstead: " + finding.fix;
  return out;
}

// As code hosts name files: GitLab matches the text, without ./ in front.
std::string shown_path(const std::string& file) { return file.starts_with('<') ? file : std::filesystem::path(file).lexically_normal().string(); }

std::string xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default:
        // XML 1.0 knows no other control characters.
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') out += c;
    }
  }
  return out;
}

}  // namespace

std::string findings_sarif(const lint::Report& report) {
  const auto level = [](Severity severity) { return severity == Severity::error ? "error" : severity == Severity::warning ? "warning"
                                                                                                                          : "note"; };
  Json rules = Json::array();
  std::map<std::string, std::size_t> index;
  for (const lint::Rule* rule : lint::rules()) {
    index[rule->name] = rules.size();
    Json object;
    object["id"] = rule->name;
    object["shortDescription"]["text"] = rule->summary;
    object["help"]["text"] = lint::rule_page(rule->name);
    object["help"]["markdown"] = lint::rule_page(rule->name);
    object["defaultConfiguration"] = {{"level", level(rule->severity)}, {"enabled", rule->by_default}};
    object["properties"]["tags"] = {category_name(rule->category)};
    rules.push_back(std::move(object));
  }
  Json results = Json::array();
  std::map<std::string, int> seen;
  for (const Finding& finding : report.findings) {
    Json object;
    object["ruleId"] = finding.rule->name;
    object["ruleIndex"] = index[finding.rule->name];
    object["level"] = level(finding.severity);
    object["message"]["text"] = paragraph(finding);
    Json place;
    std::string uri;
    for (const char c : shown_path(finding.file)) {
      const auto byte = static_cast<unsigned char>(c);
      const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || std::string_view("-._~/").find(c) != std::string_view::npos;
      if (plain) uri += c;
      else uri += fmt::format("%{:02X}", byte);
    }
    place["physicalLocation"]["artifactLocation"]["uri"] = uri;
    place["physicalLocation"]["region"] = {{"startLine", finding.line}, {"startColumn", finding.column}, {"snippet", {{"text", finding.source_line}}}};
    object["locations"] = Json::array({std::move(place)});
    const std::string plain = finding_fingerprint(finding, 0);
    object["partialFingerprints"]["contraflow/v1"] = finding_fingerprint(finding, seen[plain]++);
    object["properties"] = {{"relation", finding.relation}, {"lock", effects::lock_name(finding.lock)}, {"work", effects::work_name(finding.work)}, {"versions", lint::text_of_majors(finding.versions)}};
    results.push_back(std::move(object));
  }
  Json run;
  run["tool"]["driver"] = {{"name", "contraflow"}, {"version", CONTRAFLOW_VERSION}, {"rules", std::move(rules)}};
  run["columnKind"] = "unicodeCodePoints";
  run["results"] = std::move(results);
  Json document;
  document["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json";
  document["version"] = "2.1.0";
  document["runs"] = Json::array({std::move(run)});
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Workflow commands: ::error file=…,line=…,col=…,title=…::message
std::string findings_github(const lint::Report& report) {
  const auto data = [](std::string text) { return replace_all(replace_all(replace_all(std::move(text), "%", "%25"), "\r", "%0D"), "\n", "%0A"); };
  const auto property = [&](std::string text) { return replace_all(replace_all(data(std::move(text)), ":", "%3A"), ",", "%2C"); };
  std::string out;
  for (const Finding& finding : report.findings) {
    const char* command = finding.severity == Severity::error ? "error" : finding.severity == Severity::warning ? "warning"
                                                                                                                : "notice";
    out += fmt::format("::{} file={},line={},col={},title={}::{}\n", command, property(shown_path(finding.file)), finding.line, finding.column, property(finding.rule->name), data(paragraph(finding)));
  }
  return out;
}

std::string findings_gitlab(const lint::Report& report) {
  Json document = Json::array();
  std::map<std::string, int> seen;
  for (const Finding& finding : report.findings) {
    Json object;
    object["description"] = finding.message;
    object["check_name"] = finding.rule->name;
    const std::string plain = finding_fingerprint(finding, 0);
    object["fingerprint"] = finding_fingerprint(finding, seen[plain]++);
    object["severity"] = finding.severity == Severity::error ? "major" : finding.severity == Severity::warning ? "minor"
                                                                                                               : "info";
    object["location"] = {{"path", shown_path(finding.file)}, {"lines", {{"begin", finding.line}}}};
    document.push_back(std::move(object));
  }
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string findings_junit(const lint::Report& report) {
  std::string cases;
  std::size_t failures = 0;
  for (const Finding& finding : report.findings) {
    const bool fails = finding.severity != Severity::info;
    failures += fails ? 1 : 0;
    cases += fmt::format("    <testcase classname=\"{}\" name=\"{}:{} {}\">\n", xml(finding.file), xml(finding.rule->name), finding.line, xml(finding.relation));
    cases += fails ? fmt::format("      <failure type=\"{}\" message=\"{}\">{}:{}:{}\n{}</failure>\n", severity_name(finding.severity), xml(finding.message), xml(finding.file), finding.line, finding.column, xml(paragraph(finding)))
                   : fmt::format("      <system-out>{}</system-out>\n", xml(paragraph(finding)));
    cases += "    </testcase>\n";
  }
  if (report.findings.empty()) cases = "    <testcase classname=\"contraflow\" name=\"check\"/>\n";
  const std::size_t tests = std::max<std::size_t>(report.findings.size(), 1);
  return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"contraflow check\" tests=\"{}\" failures=\"{}\">\n{}  </testsuite>\n</testsuites>\n", tests, failures, cases);
}

std::string findings_markdown(const lint::Report& found) {
  using report::comment_text;
  if (found.findings.empty()) return fmt::format("**contraflow check**: nothing found in {}.\n", count_of(static_cast<long long>(found.statements), "statement"));
  std::vector<std::string> rows, blocks;
  for (const Finding& finding : found.findings) {
    rows.push_back(fmt::format("| {} | {}:{} | `{}` | {} |\n", severity_name(finding.severity), comment_text(shown_path(finding.file)), finding.line, finding.rule->name, comment_text(finding.message)));
    if (finding.fix.empty() || finding.severity == Severity::info) continue;
    blocks.push_back(comment_folded(fmt::format("{}:{} {}", comment_text(shown_path(finding.file)), finding.line, finding.rule->name), comment_text(finding.why) + "\n\n" + report::comment_sql(finding.fix)));
  }
  const std::string head = fmt::format("**contraflow check**: {} in {}\n\n| | where | rule | what happens |\n|---|---|---|---|\n{}\n", count_of(static_cast<long long>(found.findings.size()), "finding"),
                                       count_of(static_cast<long long>(found.statements), "statement"), report::comment_rows(rows, "finding"));
  return report::comment(head, blocks, "`contraflow check` has them");
}

}  // namespace contraflow::cli
