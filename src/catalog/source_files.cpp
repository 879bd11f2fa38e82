// SPDX-License-Identifier: Apache-2.0
#include "catalog/source_files.h"

#include <dirent.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "base/read_if_there.h"
#include "base/utf8.h"

namespace contraflow::catalog {

namespace fs = std::filesystem;

namespace {

class DiskFiles : public Files {
 public:
  bool is_folder(const std::string& path) const override {
    std::error_code ignored;
    return fs::is_directory(path, ignored);
  }

  std::optional<std::string> read(const std::string& path) const override {
    return read_if_there(path);
  }

  std::vector<Entry> list(const std::string& folder) const override {
    std::vector<Entry> entries;
    // std::filesystem makes a path of its own for each entry, ten times the work.
    const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder.c_str()), ::closedir);
    if (open == nullptr) {
      throw Error(ErrorCode::usage, fmt::format("cannot read folder \"{}\": {}", folder, std::generic_category().message(errno)),
                  "check the permissions of the folder");
    }
    while (const dirent* entry = ::readdir(open.get())) {
      std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      const bool known = entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK;
      const bool is_sub_folder = known ? entry->d_type == DT_DIR : is_folder(folder + "/" + name);
      entries.push_back({std::move(name), is_sub_folder});
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
    return entries;
  }

  bool on_disk() const override { return true; }
};

class ListedFiles : public Files {
 public:
  explicit ListedFiles(std::unique_ptr<Files> files) : files_(std::move(files)) {}

  bool is_folder(const std::string& path) const override { return files_->is_folder(path); }
  std::optional<std::string> read(const std::string& path) const override {
    if (!may_be_there(path)) return std::nullopt;
    return files_->read(path);
  }
  std::vector<Entry> list(const std::string& folder) const override { return files_->list(folder); }
  std::string display(const std::string& path) const override { return files_->display(path); }
  bool on_disk() const override { return files_->on_disk(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Names = std::unordered_set<std::string, Hash, std::equal_to<>>;

  bool may_be_there(std::string_view path) const {
    const std::size_t slash = path.rfind('/');
    const std::string_view folder = slash == std::string_view::npos ? "." : path.substr(0, slash + 1);
    const std::lock_guard lock(mutex_);
    auto it = names_.find(folder);
    if (it == names_.end()) it = names_.emplace(folder, names_of(std::string(folder))).first;
    return !it->second || it->second->contains(path.substr(slash == std::string_view::npos ? 0 : slash + 1));
  }

  // Nothing where it cannot be listed and may hold readable files all the same.
  std::optional<Names> names_of(const std::string& folder) const {
    if (!files_->is_folder(folder)) return Names{};
    try {
      Names names;
      for (Entry& entry : files_->list(folder)) names.insert(std::move(entry.name));
      return names;
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  std::unique_ptr<Files> files_;
  mutable std::mutex mutex_;  // of the names
  mutable std::unordered_map<std::string, std::optional<Names>, Hash, std::equal_to<>> names_;
};

}  // namespace

std::unique_ptr<Files> disk_files() { return std::make_unique<DiskFiles>(); }
std::unique_ptr<Files> listed_files(std::unique_ptr<Files> files) { return std::make_unique<ListedFiles>(std::move(files)); }

std::vector<std::string> prisma_files(const Files& files, const std::string& folder) {
  std::vector<std::string> out;
  const auto collect = [&](const auto& self, const std::string& path, int depth) -> void {
    for (const Files::Entry& entry : files.list(path)) {
      const std::string inside = path.ends_with('/') ? path + entry.name : path + "/" + entry.name;
      if (!entry.folder && entry.name.ends_with(".prisma"))
        out.push_back(inside);
      else if (entry.folder && depth < 8 && entry.name != "node_modules" && entry.name != "migrations" && !entry.name.starts_with('.'))
        self(self, inside, depth + 1);
    }
  };
  const std::vector<Files::Entry> own = files.list(folder);
  if (std::any_of(own.begin(), own.end(), [](const Files::Entry& entry) { return !entry.folder && entry.name.ends_with(".prisma"); })) collect(collect, folder, 0);
  return out;
}

std::string check_sql_text(std::string text, const std::string& name) {
  const auto refuse = [&](std::string_view what, std::string_view hint) {
    return Error(ErrorCode::usage, fmt::format("\"{}\" {}", name, what), std::string(hint));
  };
  const auto place = [&](std::size_t offset) {
    Location at = locate(text, offset, name);
    at.source_line.clear();  // not printable
    return at;
  };
  if (text.starts_with("PGDMP")) {
    throw refuse("is a pg_dump archive in the custom format",
                 "make a plain file of it: pg_restore --schema-only -f schema.sql ARCHIVE");
  }
  if (text.starts_with("\x1f\x8b") || text.starts_with("\x28\xb5\x2f\xfd") || text.starts_with("BZh") ||
      text.starts_with("PK\x03\x04")) {
    throw refuse("is compressed", "unpack it first, or pipe it in: zcat FILE | contraflow … -");
  }
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    throw refuse("is in UTF-16", "convert it: iconv -f UTF-16 -t UTF-8 FILE");
  }
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
  if (const std::size_t nul = text.find('\0'); nul != std::string::npos) {
    throw refuse("is no SQL text: it contains a NUL byte", "a source is a text file in UTF-8").at(place(nul));
  }
  if (const std::size_t bad = first_invalid_utf8(text); bad != text.size()) {
    throw refuse("is not valid UTF-8", "convert it, for instance: iconv -f ISO-8859-1 -t UTF-8 FILE").at(place(bad));
  }
  return text;
}

}  // namespace contraflow::catalog
