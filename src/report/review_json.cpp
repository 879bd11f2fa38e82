// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <set>

#include "report/rehearsal_json.h"
#include "report/review_text.h"

namespace contraflow::report {
namespace {

using Json = nlohmann::ordered_json;
using namespace review;

const char* level(Severity severity) {
  return severity == Severity::error ? "error" : severity == Severity::warning ? "warning"
                                                                               : "note";
}

Json location(const std::string& file, int line, int column) {
  Json region{{"startLine", std::max(line, 1)}, {"startColumn", std::max(column, 1)}};
  return {{"physicalLocation", {{"artifactLocation", {{"uri", file}}}, {"region", std::move(region)}}}};
}

}  // namespace

std::string review_json(const Review& review, std::string_view tool_version) {
  Json items = Json::array(), findings = Json::array(), locks = Json::array();
  for (const Item& item : review.items)
    items.push_back({{"id", item.id},
                     {"question", item.question},
                     {"answer", answer_name(item.answer)},
                     {"good", item.good},
                     {"because", item.because},
                     {"evidence", item.evidence},
                     {"fix", item.fix}});
  for (const Finding& finding : review.findings)
    findings.push_back({{"rule", finding.rule},
                        {"severity", severity_name(finding.severity)},
                        {"message", finding.message},
                        {"fix", finding.fix},
                        {"file", finding.place.file},
                        {"line", finding.place.line},
                        {"column", finding.column},
                        {"relation", finding.relation}});
  for (const LockTime& lock : review.locks) {
    Json entry{{"relation", sql::quote(lock.relation)},
               {"lock", effects::lock_name(lock.mode)},
               {"statement", lock.title},
               {"begins_ms", std::round(lock.begins_ms * 100) / 100},
               {"held_ms", std::round(lock.held_ms * 100) / 100}};
    entry["production_ms"] =
        lock.production_ms ? Json(std::round(*lock.production_ms * 100) / 100) : Json(nullptr);
    entry["formula"] = lock.formula;
    entry["over_budget"] = lock.over_budget;
    locks.push_back(std::move(entry));
  }
  Json out{{"format", 1},
           {"tool", fmt::format("contraflow {}", tool_version)},
           {"subject", review.subject},
           {"verdict", answer_name(review.verdict())},
           {"summary", review.summary()},
           {"budget_ms", review.budget_ms},
           {"items", std::move(items)},
           {"findings", std::move(findings)},
           {"locks", std::move(locks)},
           {"deploys", review.deploys},
           {"watch", review.watch}};
  if (const Replacement& plan = review.replacement; !plan.said().empty())
    out["replacement"] = {{"command", plan.command}, {"folder", plan.folder.empty() ? Json(nullptr) : Json(plan.folder)}, {"refused", plan.refused}};
  out["rehearsal"] = rehearsal_document(review.rehearsal, tool_version);
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string review_sarif(const Review& review, std::string_view tool_version) {
  Json rules = Json::array(), results = Json::array();
  std::set<std::string> known;
  const auto rule = [&](const std::string& id, const std::string& text) {
    if (known.insert(id).second) rules.push_back({{"id", id}, {"shortDescription", {{"text", text}}}});
  };
  for (const Finding& finding : review.findings) {
    rule(finding.rule, finding.rule);
    Json result{
        {"ruleId", finding.rule},
        {"level", level(finding.severity)},
        {"message",
         {{"text", finding.fix.empty() ? finding.message : finding.message + ". Fix: " + finding.fix}}}};
    if (!finding.place.file.empty())
      result["locations"] = Json::array({location(finding.place.file, finding.place.line, finding.column)});
    results.push_back(std::move(result));
  }
  for (const Item& item : review.items) {
    if (item.good) continue;
    const std::string id = "review-" + item.id;
    rule(id, item.question);
    std::string text = fmt::format("{} {}: {}", item.question, answer_name(item.answer), item.because);
    if (!item.fix.empty()) text += " Fix: " + item.fix;
    results.push_back({{"ruleId", id},
                       {"level", item.answer == Answer::maybe ? "warning" : "error"},
                       {"message", {{"text", text}}},
                       {"locations", Json::array({location(review.subject, 1, 1)})}});
  }
  const Json out{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                 {"version", "2.1.0"},
                 {"runs", Json::array({{{"tool",
                                         {{"driver",
                                           {{"name", "contraflow"},
                                            {"version", std::string(tool_version)},
                                            {"rules", std::move(rules)}}}}},
                                        {"columnKind", "unicodeCodePoints"},
                                        {"results", std::move(results)}}})}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace contraflow::report
