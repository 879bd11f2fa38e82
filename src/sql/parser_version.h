// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace contraflow::sql {

std::string_view parser_version();  // of the PostgreSQL grammar: "15.1"

}  // namespace contraflow::sql
