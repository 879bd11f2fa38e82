// SPDX-License-Identifier: Apache-2.0
//
// Kinds that are only ever created and dropped as a whole.
#include <fmt/format.h>

#include "catalog/reader.h"

namespace contraflow::catalog::detail {

void ask_generic(Reader&) {}

}  // namespace contraflow::catalog::detail
