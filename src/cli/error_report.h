// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace contraflow::cli {

// An error as people read it: what, where (file, line, column, the source line with a caret), what to do.
std::string render_error(const Error& error, bool color);

// `label: message` with a location and a hint, for findings and warnings alike; `label` may carry its own
// colour.
std::string render_report(std::string_view label, std::string_view message, const Location* location,
                          std::string_view hint, bool color);

// Replaces the passwords of connection URIs and connection strings by "***": the last net below the places
// that build messages.
std::string hide_passwords(std::string_view text);

}  // namespace contraflow::cli
