// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace contraflow::catalog {

// Where the files of a source are read from: the disk, or a revision of a git repository. Paths use '/'.
class Files {
 public:
  virtual ~Files() = default;
  virtual bool is_folder(const std::string& path) const = 0;
  virtual std::optional<std::string> read(
      const std::string& path) const = 0;  // nothing where no file is there
  struct Entry {
    std::string name;
    bool folder = false;
  };
  virtual std::vector<Entry> list(const std::string& folder) const = 0;        // sorted by name
  virtual std::string display(const std::string& path) const { return path; }  // for messages
  virtual bool on_disk() const { return false; }                               // whether other programs can open the paths
};

std::unique_ptr<Files> disk_files();
// The same files, each folder listed once: for who asks for many that are not there. What is made later is not seen. Several threads may ask.
std::unique_ptr<Files> listed_files(std::unique_ptr<Files> files);

// The repository around `working_folder` at `revision`; paths are relative to its root. Throws Error{usage}
// where there is no repository or no such revision.
std::unique_ptr<Files> git_files(const std::string& working_folder, const std::string& revision);
// The working folder's path inside of its repository ("" at the root, else with a final slash).
std::string git_prefix(const std::string& working_folder);

// The .prisma files in a folder and below it: Prisma's multi-file form. None where the folder itself has none.
std::vector<std::string> prisma_files(const Files& files, const std::string& folder);

// Throws Error{usage} where the content is no SQL text: binary, another encoding, a dump in pg_dump's own
// formats. Drops a byte order mark.
std::string check_sql_text(std::string text, const std::string& name);

}  // namespace contraflow::catalog
