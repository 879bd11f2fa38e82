// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace contraflow::code {

// Another one for each state of what decides the sites of a file: this module and those below it, the grammars, the parsers (cmake/scanner_version.cmake).
std::string_view scanner_version();

}  // namespace contraflow::code
