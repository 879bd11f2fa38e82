// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "catalog/model.h"

namespace contraflow::cli {

// A desired schema that comes from a schema.prisma says nothing of what Prisma's language has no words for, and Prisma Migrate leaves that alone:
// the order of enum values; views, functions, triggers, policies, CHECK constraints, indexes with a condition or an expression, comments,
// privileges, storage. Takes it into `to` from `from`, and returns a note that says which. What stands on something that `to` has no longer is not
// kept, and named.
std::vector<std::string> keep_what_prisma_leaves_alone(const catalog::Database& from, catalog::Database& to);

}  // namespace contraflow::cli
