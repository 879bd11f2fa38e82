// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace contraflow::report {

// A whole page with its style and script inside; its policy forbids everything from elsewhere.
std::string html_page(const std::string& title, const std::string& body);

}  // namespace contraflow::report
