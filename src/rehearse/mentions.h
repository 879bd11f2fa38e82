// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "sql/name.h"

namespace contraflow::rehearse {

// Whether a statement names the relation (by its bare name, in any spelling; strings and comments do not
// count).
bool mentions(std::string_view statement, const sql::QualifiedName& relation);

}  // namespace contraflow::rehearse
