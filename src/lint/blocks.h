// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "lint/tree.h"

namespace contraflow::lint {

// What PreventInTransactionBlock() refuses, as it is named in messages ("CREATE INDEX CONCURRENTLY"); empty where the statement may run in a transaction.
std::string_view refused_in_block(const PgQuery__Node& node);

}  // namespace contraflow::lint
