// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "review/review.h"

namespace contraflow::report {

std::string review_text(const review::Review& review, bool color);
// A comment for a pull request: details folded, at most 65,536 characters (GitHub's limit); what does not fit
// is named.
std::string review_markdown(const review::Review& review);
// docs/schemas/review.schema.json.
std::string review_json(const review::Review& review, std::string_view tool_version);
// SARIF 2.1.0: the findings, and each answer that is not the good one.
std::string review_sarif(const review::Review& review, std::string_view tool_version);
// One self-contained page: no network, no foreign script or font.
std::string review_html(const review::Review& review, std::string_view tool_version);

}  // namespace contraflow::report
