// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace contraflow::catalog {

// The name that the server gives a NOT NULL constraint by itself: parts cut so that the whole fits 63 bytes.
// A domain's has no column.
std::string default_constraint_name(const std::string& relation, const std::string& column,
                                    const std::string& label);

}  // namespace contraflow::catalog
