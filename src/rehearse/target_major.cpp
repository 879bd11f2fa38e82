// SPDX-License-Identifier: Apache-2.0
#include "rehearse/target_major.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "catalog/source.h"
#include "pg/connection.h"

namespace contraflow::rehearse {
namespace {

namespace fs = std::filesystem;

std::string beginning_of(const std::string& path, std::size_t most) {
  std::ifstream file(path, std::ios::binary);
  std::string out(most, '\0');
  file.read(out.data(), static_cast<std::streamsize>(most));
  out.resize(static_cast<std::size_t>(file.gcount()));
  return out;
}

std::optional<int> major_in(const std::string& version) {
  const int major = std::atoi(version.c_str());
  return major >= 8 && major < 100 ? std::optional(major) : std::nullopt;
}

// The header of an archive (pg_backup_archiver.c, ReadHead()): magic, version, sizes, format, compression, seven numbers of a time, then the database's name and the server's
// version. Numbers are a sign and `size` bytes, the lowest first; texts have their length before them.
std::optional<int> major_of_archive(const std::string& head) {
  if (head.size() < 12 || !head.starts_with("PGDMP")) return {};
  const int version = static_cast<unsigned char>(head[5]) * 256 + static_cast<unsigned char>(head[6]);
  const std::size_t size = static_cast<unsigned char>(head[8]);
  if (size == 0 || size > 8) return {};
  std::size_t at = 11;
  bool whole = true;
  const auto number = [&] {
    long long value = 0;
    if (at + 1 + size > head.size()) {
      whole = false;
      return value;
    }
    for (std::size_t i = 0; i < size && i < 4; ++i) value |= static_cast<long long>(static_cast<unsigned char>(head[at + 1 + i])) << (8 * i);
    const bool negative = head[at] != 0;
    at += 1 + size;
    return negative ? -value : value;
  };
  if (version >= 1 * 256 + 15)
    ++at;  // the compression's kind
  else
    number();
  for (int i = 0; i < 7; ++i) number();
  const auto text = [&] {
    const long long length = number();
    if (!whole || length < 0) return std::string();
    if (at + static_cast<std::size_t>(length) > head.size()) {
      whole = false;
      return std::string();
    }
    std::string value = head.substr(at, static_cast<std::size_t>(length));
    at += static_cast<std::size_t>(length);
    return value;
  };
  text();  // the database
  const std::string server = text();
  return whole ? major_in(server) : std::nullopt;
}

}  // namespace

std::optional<int> target_major(const std::string& source) {
  if (source.empty() || source == "-" || source.starts_with("git:")) return {};
  std::error_code ignored;
  const fs::path toc = fs::path(source) / "toc.dat";
  if (fs::is_directory(source, ignored)) return fs::exists(toc, ignored) ? major_of_archive(beginning_of(toc.string(), 4096)) : std::nullopt;
  if (fs::is_regular_file(source, ignored)) {
    const std::string head = beginning_of(source, 4096);
    if (head.starts_with("PGDMP")) return major_of_archive(head);
    constexpr std::string_view kSaid = "\n-- Dumped from database version ";
    const std::size_t at = head.find(kSaid);
    return at == std::string::npos ? std::nullopt : major_in(head.substr(at + kSaid.size(), 8));
  }
  if (catalog::recognise_source(source).kind != catalog::SourceKind::connection) return {};
  return pg::Connection(source, "contraflow rehearsal").server_major();
}

}  // namespace contraflow::rehearse
