// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "catalog/source_migrations.h"

namespace contraflow::catalog {

// Runs the unit with the psql program, as a person would: psql -X -v ON_ERROR_STOP=1 -f. Throws Error with
// the file, line and source line that psql reports, and the server's SQLSTATE; Error{environment} where psql
// is not installed. `on_disk`: psql can open unit.path itself, so that \ir finds what lies beside it.
void run_with_psql(const std::string& conninfo, const ScriptUnit& unit, bool on_disk);

// `conninfo` without its password, which goes to psql in the environment: arguments are visible to everybody.
struct SplitConninfo {
  std::string conninfo;
  std::string password;
};
SplitConninfo split_password(const std::string& conninfo);

}  // namespace contraflow::catalog
