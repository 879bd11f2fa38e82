// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace contraflow::report {

// Text for element contents and double-quoted attributes.
std::string escaped(std::string_view text);

}  // namespace contraflow::report
