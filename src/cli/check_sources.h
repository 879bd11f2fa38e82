// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "catalog/source.h"
#include "cli/console.h"

namespace contraflow::cli {

// What is asked of two loaded sources before they are compared.

// Error{usage} for a pattern of --schema that no schema of either side matches: the comparison would find no difference, and say so.
void require_schemas(const std::vector<std::string>& patterns, const catalog::Database& from, const catalog::Database& to);

// A pattern of --exclude that left nothing out on either side may be a mistyped name: what it was to keep out of the plan is in it.
void warn_of_idle_excludes(Console& console, const std::vector<std::string>& patterns, const std::set<std::string>& excluding);

// Error{refused} where the desired schema needs roles that the live server does not have: the plan's files would fail there half-way.
void require_roles(const catalog::LoadedSource& from, const catalog::LoadedSource& to);

// A desired schema without any object is what an empty file gives, too.
void warn_of_nothing(Console& console, const catalog::Database& from, const catalog::Database& to);

}  // namespace contraflow::cli
