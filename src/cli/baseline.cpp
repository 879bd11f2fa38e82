// SPDX-License-Identifier: Apache-2.0
#include "cli/baseline.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "cli/findings.h"

namespace contraflow::cli {
namespace {

// Visits each finding with its fingerprint; equal ones are numbered.
template <class F>
void each_fingerprint(const lint::Report& report, F&& visit) {
  std::map<std::string, int> seen;
  for (const lint::Finding& finding : report.findings) {
    const std::string plain = finding_fingerprint(finding, 0);
    visit(finding, finding_fingerprint(finding, seen[plain]++));
  }
}

}  // namespace

void write_baseline(const std::string& file, const lint::Report& report) {
  nlohmann::ordered_json findings = nlohmann::ordered_json::array();
  each_fingerprint(report, [&](const lint::Finding& finding, const std::string& fingerprint) {
    findings.push_back({{"fingerprint", fingerprint}, {"rule", finding.rule->name}, {"file", finding.file}, {"message", finding.message}});
  });
  const nlohmann::ordered_json document{{"version", 1}, {"findings", findings}};
  write_file(file, document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

void leave_out_baseline(const std::string& file, lint::Report& report) {
  const auto document = nlohmann::json::parse(read_text_file(file), nullptr, false);
  if (!document.is_object() || !document.contains("findings") || !document["findings"].is_array()) throw Error(ErrorCode::usage, fmt::format("{} is no baseline", file), "write one with --write-baseline");
  std::set<std::string> known;
  for (const auto& entry : document["findings"]) {
    if (entry.is_object() && entry.contains("fingerprint") && entry["fingerprint"].is_string()) known.insert(entry["fingerprint"].get<std::string>());
  }
  std::vector<lint::Finding> kept;
  each_fingerprint(report, [&](const lint::Finding& finding, const std::string& fingerprint) {
    if (known.contains(fingerprint)) ++report.suppressed;
    else kept.push_back(finding);
  });
  report.findings = std::move(kept);
}

}  // namespace contraflow::cli
