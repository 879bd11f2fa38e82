// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace contraflow {

// The bytes of a file; "-" is standard input. Error{usage} where it cannot be read.
std::string read_file(const std::filesystem::path& path);

// The same for text that a person wrote: a byte order mark is dropped; Error{usage} with the line where the
// file is binary (a NUL byte) or not UTF-8.
std::string read_text_file(const std::filesystem::path& path);

// Writes beside the target and renames over it, so that a reader sees the old content or the new, never a
// part. Missing folders are made. Error{environment} where it cannot be written.
void write_file(const std::filesystem::path& path, std::string_view content);

// A folder that appears complete or not at all: fill `staging()`, then publish(). The object owns the staging
// folder beside the target and removes it unless it was published.
class NewFolder {
 public:
  // Error{usage} where the target exists and is not an empty folder.
  explicit NewFolder(const std::filesystem::path& target);
  ~NewFolder();
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;

  const std::filesystem::path& staging() const { return staging_; }
  void write(const std::filesystem::path& relative, std::string_view content) const;
  void publish();

 private:
  std::filesystem::path target_;
  std::filesystem::path staging_;
};

// A folder of its own under the system's temporary folder, removed with the object.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(std::string_view label = "contraflow");
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// The user's cache folder for contraflow: $XDG_CACHE_HOME/contraflow or ~/.cache/contraflow. Not created.
std::filesystem::path cache_folder();

}  // namespace contraflow
