// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/model.h"

namespace contraflow::catalog {

// A whole schema as bytes, to be kept in a file and read again by the same version of the program in a fraction of the time that reading the catalog takes.
// No format for others: it changes with the model.
std::string pack(const Database& database);

// Empty for what pack() of this program did not write, or what is cut short or altered: it carries a hash.
std::optional<Database> unpack(std::string_view bytes);

}  // namespace contraflow::catalog
