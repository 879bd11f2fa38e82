// SPDX-License-Identifier: Apache-2.0
//
// Where a project's generated Prisma client is, and the project around it that has Vitest.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "prisma/schema.h"

namespace contraflow::cli {

// What a file imports PrismaClient from. `root`: what the names of the schema's files and of the importing file count from.
std::string client_import(const prisma::Schema& schema, const std::filesystem::path& root, const std::filesystem::path& importing_file);

struct VitestPlace {
  std::filesystem::path root;  // of the package.json that names vitest and @prisma/client, nearest above the schema
  prisma::Schema schema;
  std::filesystem::path schema_file;
};

// Nothing where the code base has no schema.prisma, or no package.json above it that depends on vitest.
std::optional<VitestPlace> find_vitest(const std::string& code_root);

}  // namespace contraflow::cli
