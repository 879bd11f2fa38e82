// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace contraflow::rehearse {

// The major version of the server that a source comes from: a connection string's, or the one that pg_dump wrote into a dump (plain, custom, directory). Nothing where it
// does not say. Throws what the connection throws.
std::optional<int> target_major(const std::string& source);

}  // namespace contraflow::rehearse
