// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "catalog/rename.h"
#include "pg/sandbox.h"

namespace contraflow::catalog {

// The model of the database after the renames. What can stand in expressions and definitions (tables, columns, types, sequences,
// schemas) is renamed by a server, so that every text is spelled as it spells it; the rest in the model. `sandbox` is
// called only where a server is needed. Throws Error{usage} where a name is taken, Error{environment} where the
// schema cannot be built there.
Database carry_out(const Database& database, const std::vector<Renaming>& renames,
                   const std::function<pg::Sandbox&()>& sandbox);

}  // namespace contraflow::catalog
