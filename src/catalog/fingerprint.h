// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "catalog/model.h"

namespace contraflow::catalog {

// Equal for equal schemas: a hash of the statements that make it.
std::string fingerprint(const Database& database);

}  // namespace contraflow::catalog
