// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace contraflow::cli {

// The folder whose migrations before `file` make the schema that it runs on: the one that it is in, or, where each migration has a folder of its
// own (up.sql, migration.sql), the one around that. Error{usage} for standard input, which is in none.
std::string folder_before(const std::string& file);

}  // namespace contraflow::cli
