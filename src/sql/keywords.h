// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace contraflow::sql {

// Whether any supported server (13 to 18) quotes this lower-case word in quote_ident(): every keyword that is
// not "unreserved" in PostgreSQL's kwlist.h. A word that only a newer major reserves is quoted for all of
// them, so that what is written today still runs after an upgrade.
bool is_quoted_keyword(std::string_view word);

}  // namespace contraflow::sql
