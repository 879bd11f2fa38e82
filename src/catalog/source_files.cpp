// SPDX-License-Identifier: Apache-2.0
#include "catalog/source_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"
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
    std::error_code ignored;
    if (!fs::exists(path, ignored) || fs::is_directory(path, ignored)) return std::nullopt;
    errno = 0;
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    // An empty file sets failbit on `out`, which is no error.
    if (in) out << in.rdbuf();
    if (!in) {
      throw Error(ErrorCode::usage, fmt::format("cannot read \"{}\": {}", path, std::strerror(errno)),
                  "check the permissions of the file");
    }
    return std::move(out).str();
  }

  std::vector<Entry> list(const std::string& folder) const override {
    std::vector<Entry> entries;
    std::error_code failure;
    for (const auto& entry : fs::directory_iterator(folder, failure)) {
      entries.push_back({entry.path().filename().string(), entry.is_directory(failure)});
    }
    if (failure && entries.empty()) {
      throw Error(ErrorCode::usage, fmt::format("cannot read folder \"{}\": {}", folder, failure.message()),
                  "check the permissions of the folder");
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
    return entries;
  }

  bool on_disk() const override { return true; }
};

}  // namespace

std::unique_ptr<Files> disk_files() { return std::make_unique<DiskFiles>(); }

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
