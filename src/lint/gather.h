// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/source_files.h"
#include "lint/check.h"

namespace contraflow::lint {

struct Gathered {
  std::vector<Input> inputs;
  std::vector<std::string> notes;  // files that are left out, and why
};

// What the files of a folder say of all that is in it: kept for the next file of the same folder.
struct Neighbours {
  std::optional<std::string> folder;  // of whom the rest is known
  bool in_plan = false;
  std::optional<std::string> layout;
};

// One file: its layout follows from its name, its neighbours and its markers, or is given. The forward file of a rollback is read before it,
// without findings.
Gathered gather_file(const catalog::Files& files, const std::string& path, const std::string& layout = {});
Gathered gather_file(const catalog::Files& files, const std::string& path, std::string text, const std::string& layout, Neighbours& neighbours);
Gathered gather_text(const std::string& name, std::string text, const std::string& layout = {});
// A folder of migrations in the order in which they run, each followed by what undoes it; or a plan folder.
// Error{usage} where it holds no SQL.
Gathered gather_folder(const catalog::Files& files, const std::string& folder, const std::string& layout = {});

std::vector<std::string> known_layouts();

}  // namespace contraflow::lint
