// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace contraflow {

// Whether all of `text` matches `pattern`, in which `*` stands for any run of characters and `?` for one
// byte.
bool matches_pattern(std::string_view text, std::string_view pattern);

}  // namespace contraflow
