// SPDX-License-Identifier: Apache-2.0
#include "pg/cluster.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <locale.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "pg/copy_tree.h"
#include "pg/guardian.h"

namespace contraflow::pg {
namespace {

namespace fs = std::filesystem;

std::string utf8_locale() {
  locale_t locale = ::newlocale(LC_ALL_MASK, "C.UTF-8", nullptr);
  if (!locale) return "C";  // the encoding is UTF8 all the same
  ::freelocale(locale);
  return "C.UTF-8";
}

std::vector<std::string> initdb_arguments(const ServerBinaries& server) {
  // Small WAL segments: less to copy at each start.
  std::vector<std::string> arguments{
      server.bindir + "/initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8",
      "--locale=" + utf8_locale(), "--lc-messages=C", "--no-sync", "--wal-segsize=1"};
  if (server.major >= 18) arguments.emplace_back("--no-data-checksums");  // the default there, a cost here
  return arguments;
}

bool private_to_us(const fs::path& folder) {
  struct stat status {};
  return ::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::geteuid() &&
         (status.st_mode & 022) == 0;
}

std::string cache_key(const ServerBinaries& server, const std::vector<std::string>& arguments) {
  return fmt::format("{}-{}", server.version, sha256(join(arguments, "\n")).substr(0, 12));
}

void run_initdb(const ServerBinaries& server, const ServerUser& user, const SandboxFolder& folder,
                std::vector<std::string> arguments) {
  if (::mkdir(folder.data().c_str(), 0700) != 0 ||
      (user.other && ::lchown(folder.data().c_str(), user.uid, user.gid) != 0))
    throw Error(ErrorCode::environment, fmt::format("cannot create {}", folder.data().string()));
  arguments.push_back("--pgdata=" + folder.data().string());
  Guardian initdb({.arguments = std::move(arguments),
                   .environment = server_environment(server),
                   .working_folder = folder.data(),
                   .log = folder.log(),
                   .user = user,
                   .stop_signal = SIGTERM,
                   .remove = folder.path(),
                   .lock = folder.lock()});
  const auto code = initdb.wait(std::chrono::minutes(3));
  if (!code || *code != 0) {
    const std::string reason = code ? log_tail(folder.log()) : "it did not end within three minutes";
    throw Error(ErrorCode::environment,
                fmt::format("initdb of PostgreSQL {} failed:\n{}", server.version, reason));
  }
  initdb.stop(true);
}

class KeyLock {
 public:
  explicit KeyLock(const fs::path& path)
      : descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    if (descriptor_ >= 0) ::flock(descriptor_, LOCK_EX);
  }
  ~KeyLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  KeyLock(const KeyLock&) = delete;
  KeyLock& operator=(const KeyLock&) = delete;

 private:
  int descriptor_;
};

// The cache only saves time: where it cannot be filled (full disk, read-only home) the next start runs initdb
// again.
void fill_cache(const fs::path& data, const fs::path& cached) {
  const fs::path staging = cached.string() + ".new";
  std::error_code error;
  fs::remove_all(staging, error);  // left by a process that was killed; we hold the key's lock
  try {
    copy_tree(data, staging, {.uid = ::geteuid(), .gid = ::getegid(), .name = "", .other = false});
    fs::rename(staging, cached, error);
  } catch (const Error&) {
    fs::remove_all(staging, error);
  }
}

}  // namespace

// Only ours to write: a cached cluster decides what the server executes.
fs::path clusters_folder() {
  fs::path cache = cache_folder();
  if (::geteuid() == 0) {  // sudo may keep the HOME of the user who called it
    const char* home = std::getenv("HOME");
    struct stat status {};
    if (!home || ::stat(home, &status) != 0 || status.st_uid != 0) cache = "/var/cache/contraflow";
  }
  const fs::path folder = cache / "clusters";
  std::error_code error;
  fs::create_directories(cache, error);
  ::mkdir(folder.c_str(), 0700);
  return private_to_us(folder) ? folder : fs::path();
}

std::vector<std::string> server_environment(const ServerBinaries& server) {
  std::vector<std::string> out{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"};
  if (!server.library_dir.empty()) out.push_back("LD_LIBRARY_PATH=" + server.library_dir);
  return out;
}

std::string log_tail(const fs::path& log) {
  std::ifstream file(log);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::vector<std::string> lines = split_lines(text);
  const std::size_t first = lines.size() > 12 ? lines.size() - 12 : 0;
  return join({lines.begin() + static_cast<std::ptrdiff_t>(first), lines.end()}, "\n");
}

void make_cluster(const ServerBinaries& server, const ServerUser& user, const SandboxFolder& folder) {
  const std::vector<std::string> arguments = initdb_arguments(server);
  const fs::path clusters = clusters_folder();
  if (clusters.empty()) return run_initdb(server, user, folder, arguments);
  const fs::path cached = clusters / cache_key(server, arguments);
  if (!fs::exists(cached / "PG_VERSION")) {
    const KeyLock lock(cached.string() + ".lock");  // many starts at once: one initdb
    if (!fs::exists(cached / "PG_VERSION")) {
      run_initdb(server, user, folder, arguments);
      fill_cache(folder.data(), cached);
      return;
    }
  }
  copy_tree(cached, folder.data(), user);
}

}  // namespace contraflow::pg
