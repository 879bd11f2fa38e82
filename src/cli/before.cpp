// SPDX-License-Identifier: Apache-2.0
#include "cli/before.h"

#include <filesystem>

#include "base/error.h"

namespace contraflow::cli {

namespace fs = std::filesystem;

std::string folder_before(const std::string& file) {
  if (file == "-" || file == "<stdin>") {
    throw Error(ErrorCode::usage, "what is the schema before the migration?",
                "--schema SRC: an SQL file, a folder of migrations, a connection string, git:REV:PATH");
  }
  const fs::path path(file);
  fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (path.filename() == "up.sql" || path.filename() == "migration.sql")
    folder = folder.has_parent_path() ? folder.parent_path() : fs::path("..");
  return folder.string();
}

}  // namespace contraflow::cli
