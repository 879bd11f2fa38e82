// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "pg/unprivileged.h"

namespace contraflow::pg {

// Copies a data folder: regular files and folders only (no symbolic link is followed), private to `owner`.
// Shares blocks where the file system can. `to` must not exist. Throws Error{environment}.
void copy_tree(const std::filesystem::path& from, const std::filesystem::path& to, const ServerUser& owner);

}  // namespace contraflow::pg
