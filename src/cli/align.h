// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "catalog/source.h"

namespace contraflow::cli {

// Takes away what differs only because one side was loaded from SQL and the other was not: owners that the SQL does not name (the sandbox's
// superuser stands for whoever owns the object, or most objects, on the other side), versions of extensions that CREATE EXTENSION
// leaves open, sizes of tables that only a live side knows, and the tables in which a migration runner keeps its state.
void align(catalog::LoadedSource& from, catalog::LoadedSource& to);

// Who owns most of what is there: whoever migrates the database, as far as it says.
std::string main_owner(const catalog::Database& database);

}  // namespace contraflow::cli
