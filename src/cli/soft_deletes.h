// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "catalog/model.h"
#include "code/code_patch.h"
#include "prisma/schema.h"

namespace contraflow::cli {

// The tables that get a soft delete between two states: a nullable timestamp of a usual name, or one with an index of the rows in which it is NULL. `models`: the
// schema.prisma that has the field already, where there is one.
std::vector<code::SoftDelete> soft_deletes(const catalog::Database& before, const catalog::Database& now, const code::SchemaFacts& facts, const std::optional<prisma::Schema>& models);

}  // namespace contraflow::cli
