// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace contraflow::agent {

// The only folder whose files a tool may be told to read. Symbolic links are resolved before a path is judged; the path that comes back is the resolved
// one, so that what was judged is what is opened (somebody with write access to the folder can still exchange it in between: the tools cannot).
class ProjectRoot {
 public:
  explicit ProjectRoot(const std::filesystem::path& folder);  // Error{usage} where it is no folder

  const std::filesystem::path& path() const { return root_; }

  // An existing file or folder. Error{refused} for what is no relative path (connection strings, URLs, git:…, absolute paths, "-", "@file"), leads outside,
  // or is a folder that holds a symbolic link to outside; Error{usage} where nothing is there.
  std::filesystem::path existing(const std::string& relative) const;
  // Where something new may be written: its nearest existing parent is inside.
  std::filesystem::path writable(const std::filesystem::path& path) const;

  std::string relative(const std::filesystem::path& inside) const;

 private:
  bool contains(const std::filesystem::path& resolved) const;

  std::filesystem::path root_;
};

}  // namespace contraflow::agent
