// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "code/language.h"

namespace contraflow::code {

struct SourceFile {
  std::string path;  // relative to the root, with '/'
  Language language{};
};

// The files of a code base, from the working tree or from a git revision.
class CodeFiles {
 public:
  virtual ~CodeFiles() = default;
  virtual const std::vector<SourceFile>& list() const = 0;  // of known languages, sorted
  // The bytes of a file; thread-safe. Error{usage} where it cannot be read (deleted, no permission).
  virtual std::string read(const SourceFile& file) const = 0;
};

struct FilesOptions {
  std::filesystem::path root = ".";
  std::string revision;
  std::vector<std::string> exclude;
  bool untracked = false;
};

// In a git repository: the tracked files, and with `untracked` those that git neither tracks nor ignores. Elsewhere: all files but those in
// hidden folders and node_modules. Symbolic links and submodules are left out: what they lead to is listed under its own name.
std::unique_ptr<CodeFiles> code_files(const FilesOptions& options);

}  // namespace contraflow::code
