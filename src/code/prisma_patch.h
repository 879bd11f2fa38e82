// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "catalog/model.h"
#include "prisma/schema.h"

namespace contraflow::code {

struct SchemaPatch {
  std::string text;                // the whole schema.prisma, as prisma format writes it
  std::vector<std::string> notes;  // what it cannot say: partial indexes, triggers, …
};

// schema.prisma for a database that went from `before` to `now`: fields, types, defaults, enums, indexes and uniques follow. Columns that `end` (the
// plan's last state) no longer has get @ignore while they are there. Names that contraflow's own helpers carry (…__new) are left out.
SchemaPatch patch_schema(const prisma::Schema& schema, const catalog::Database& before, const catalog::Database& now, const catalog::Database& end);

}  // namespace contraflow::code
