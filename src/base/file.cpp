// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/read_if_there.h"
#include "base/utf8.h"

namespace contraflow {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(ErrorCode code, std::string_view what, const fs::path& path, int number,
                       std::string hint = {}) {
  throw Error(code, fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(number)),
              std::move(hint));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int reset() {
    const int fd = std::exchange(fd_, -1);
    return fd > STDERR_FILENO ? ::close(fd) : 0;
  }

 private:
  int fd_;
};

// A file of a known size takes one call: a shorter answer than asked for is its end.
std::string read_all(int descriptor, const struct stat& about, std::string_view path) {
  constexpr std::size_t kUnknown = 65536;
  const bool sized = S_ISREG(about.st_mode) && about.st_size > 0;
  const std::size_t room = sized ? static_cast<std::size_t>(about.st_size) + 1 : kUnknown;
  std::string content;
  for (std::size_t filled = 0;;) {
    content.resize(filled + room);
    const ssize_t got = ::read(descriptor, content.data() + filled, room);
    if (got < 0 && errno != EINTR) fail(ErrorCode::usage, "read", path, errno);
    if (got > 0) filled += static_cast<std::size_t>(got);
    if (got == 0 || (got > 0 && sized && static_cast<std::size_t>(got) < room)) {
      content.resize(filled);
      return content;
    }
  }
}

// mkdtemp or mkstemp beside the target: rename() is atomic only within one file system.
std::string template_beside(const fs::path& target) {
  fs::path absolute = fs::absolute(target).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();
  return (absolute.parent_path() / fmt::format(".{}.XXXXXX", absolute.filename().string().substr(0, 200)))
      .string();
}

void make_parent(const fs::path& path) {
  const fs::path parent = fs::absolute(path).lexically_normal().parent_path();
  std::error_code error;
  fs::create_directories(parent, error);
  if (error) fail(ErrorCode::environment, "create the folder", parent, error.value());
}

// mkstemp and mkdtemp give 0600 and 0700; what the user sees should obey the umask like any other file.
mode_t with_umask(mode_t mode) {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return mode & ~mask;
}

}  // namespace

std::string read_file(const fs::path& path) {
  const bool standard_input = path == "-";
  Descriptor file(standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    fail(ErrorCode::usage, "read", path, errno,
         errno == ENOENT ? fmt::format("the path is relative to {}", fs::current_path().string()) : "");
  }
  struct stat about {};
  ::fstat(file.get(), &about);
  return read_all(file.get(), about, standard_input ? "standard input" : std::string_view(path.native()));
}

std::optional<std::string> read_if_there(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat about {};
  if (file.get() >= 0 && ::fstat(file.get(), &about) == 0) {
    if (S_ISDIR(about.st_mode)) return std::nullopt;
    return read_all(file.get(), about, path);
  }
  if (file.get() < 0 && errno == ENOENT) return std::nullopt;
  std::error_code ignored;  // what is there and cannot be opened is an error, which read_file() words
  const fs::file_status status = fs::status(path, ignored);
  if (!fs::exists(status) || fs::is_directory(status)) return std::nullopt;
  return read_file(path);
}

std::string read_text_file(const fs::path& path) {
  std::string content = read_file(path);
  if (content.starts_with("\xEF\xBB\xBF")) content.erase(0, 3);
  const auto place = [&](std::size_t offset) {
    Location location = locate(content, offset, path.string());
    location.source_line.clear();  // not printable
    return location;
  };
  if (const std::size_t nul = content.find('\0'); nul != std::string::npos) {
    throw Error(ErrorCode::usage, fmt::format("{} is a binary file, not text", path.string()), content.starts_with("PGDMP") ? "a custom-format dump: convert it with pg_restore -f dump.sql" : "")
        .at(place(nul));
  }
  if (const std::size_t bad = first_invalid_utf8(content); bad != content.size()) {
    throw Error(ErrorCode::usage, fmt::format("{} is not UTF-8", path.string()), "convert it, for instance with iconv -f latin1 -t utf-8").at(place(bad));
  }
  return content;
}

void write_file(const fs::path& path, std::string_view content) {
  make_parent(path);
  std::string temporary = template_beside(path);
  Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) fail(ErrorCode::environment, "write", path, errno);
  int error = 0;
  while (!content.empty() && error == 0) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written >= 0) {
      content.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  // Closing can report a full disk too (NFS, quotas).
  if (error == 0 && ::fchmod(file.get(), with_umask(0666)) != 0) error = errno;
  if (file.reset() != 0 && error == 0) error = errno;
  if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(temporary.c_str());
    fail(ErrorCode::environment, "write", path, error);
  }
}

NewFolder::NewFolder(const fs::path& target) : target_(fs::absolute(target).lexically_normal()) {
  if (!target_.has_filename()) target_ = target_.parent_path();
  std::error_code error;
  if (fs::exists(target_, error) && !(fs::is_directory(target_, error) && fs::is_empty(target_, error))) {
    throw Error(ErrorCode::usage, fmt::format("{} exists already", target_.string()),
                "name another folder, or remove it first");
  }
  make_parent(target_);
  std::string name = template_beside(target_);
  if (::mkdtemp(name.data()) == nullptr) fail(ErrorCode::environment, "create the folder", target_, errno);
  staging_ = name;
}

NewFolder::~NewFolder() {
  std::error_code ignored;
  if (!staging_.empty()) fs::remove_all(staging_, ignored);
}

void NewFolder::write(const fs::path& relative, std::string_view content) const {
  write_file(staging_ / relative, content);
}

void NewFolder::publish() {
  // rename() replaces an empty folder and refuses a filled one: two writers cannot mix their files.
  if (::chmod(staging_.c_str(), with_umask(0777)) != 0 || ::rename(staging_.c_str(), target_.c_str()) != 0) {
    fail(ErrorCode::environment, "create the folder", target_, errno);
  }
  staging_.clear();
}

TemporaryFolder::TemporaryFolder(std::string_view label) {
  std::string name = (fs::temp_directory_path() / fmt::format("{}-XXXXXX", label)).string();
  if (::mkdtemp(name.data()) == nullptr) fail(ErrorCode::environment, "create the folder", name, errno);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path cache_folder() {
  // The XDG specification: a relative path there is invalid and ignored.
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && cache[0] == '/') {
    return fs::path(cache) / "contraflow";
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && home[0] == '/') {
    return fs::path(home) / ".cache" / "contraflow";
  }
  return fs::temp_directory_path() / fmt::format("contraflow-cache-{}", ::getuid());
}

}  // namespace contraflow
