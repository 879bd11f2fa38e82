// SPDX-License-Identifier: Apache-2.0
#include "cli/prisma_client.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "cli/code_schema.h"

namespace contraflow::cli {

namespace fs = std::filesystem;

std::string client_import(const prisma::Schema& schema, const fs::path& root, const fs::path& importing_file) {
  for (const prisma::Block& block : schema.blocks) {
    if (block.kind != prisma::BlockKind::generator) continue;
    const std::string* provider = block.setting("provider");
    const std::string* output = block.setting("output");
    if (provider == nullptr || output == nullptr || !provider->starts_with("\"prisma-client")) continue;
    const fs::path client = ((root / schema.part_at(block.span.begin).file).parent_path() / prisma::string_value(*output).value_or("")).lexically_normal();
    std::string relative = client.lexically_relative(importing_file.parent_path().empty() ? "." : importing_file.parent_path()).generic_string();
    if (!relative.starts_with(".")) relative = "./" + relative;
    return *provider == "\"prisma-client\"" ? relative + "/client" : relative;
  }
  return "@prisma/client";
}

namespace {

bool depends_on_vitest(const fs::path& package) {
  try {
    const auto json = nlohmann::json::parse(read_file(package));
    for (const char* kind : {"devDependencies", "dependencies"}) {
      if (json.contains(kind) && json[kind].is_object() && json[kind].contains("vitest")) return true;
    }
  } catch (const nlohmann::json::exception&) {
    // Not npm's: its owner will hear of it from npm.
  }
  return false;
}

}  // namespace

std::optional<VitestPlace> find_vitest(const std::string& code_root) {
  std::optional<prisma::Schema> schema = find_prisma_schema(code_root);
  if (!schema) return std::nullopt;
  const fs::path root = fs::absolute(code_root).lexically_normal();
  const fs::path file = (root / schema->file).lexically_normal();
  for (fs::path folder = file.parent_path();; folder = folder.parent_path()) {
    if (fs::exists(folder / "package.json") && depends_on_vitest(folder / "package.json")) return VitestPlace{folder, std::move(*schema), file};
    if (folder == root || folder / "" == root || folder == folder.parent_path()) return std::nullopt;
  }
}

}  // namespace contraflow::cli
