// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "catalog/model.h"

namespace contraflow::catalog {

// Equal for equal schemas: a hash of all that belongs to one, in the order of the names. Sizes, versions of extensions and the order in which
// privileges were granted do not count.
// `any_order`: tables, as "public.users", whose columns may stand in any order.
std::string fingerprint(const Database& database, const std::set<std::string>& any_order = {});

}  // namespace contraflow::catalog
