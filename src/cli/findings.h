// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lint/check.h"

namespace contraflow::cli {

// The findings of `check` in one of kFindingFormats. `servers` is the range that was asked for.
inline const std::vector<std::string> kFindingFormats = {"text", "json", "sarif", "github", "gitlab", "junit", "markdown"};

// In texts to be printed one after the other: joining them would cost as much again.
std::vector<std::string> render_findings(const lint::Report& report, const lint::Majors& servers, std::string_view format, bool color);

std::vector<std::string> findings_text(const lint::Report& report, const lint::Majors& servers, bool color);
std::string findings_json(const lint::Report& report, const lint::Majors& servers);
std::string findings_sarif(const lint::Report& report);
std::string findings_github(const lint::Report& report);
std::string findings_gitlab(const lint::Report& report);
std::string findings_junit(const lint::Report& report);
std::string findings_markdown(const lint::Report& report);

// Stays the same when lines above a finding come or go: for baselines and code quality reports. `seen` numbers equal ones.
std::string finding_fingerprint(const lint::Finding& finding, int seen);

}  // namespace contraflow::cli
