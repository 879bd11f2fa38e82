// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <utility>

#include "pg/connection.h"

namespace contraflow::catalog {

// Which versions of the extension the server's scripts lead to from which. Asked for one extension alone: the server
// looks at every pair of versions, and some extensions have hundreds.
std::set<std::pair<std::string, std::string>> extension_updates(pg::Connection& connection,
                                                                const std::string& name);

}  // namespace contraflow::catalog
