// SPDX-License-Identifier: Apache-2.0
#include "pg/copy_tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace contraflow::pg {
namespace {

namespace fs = std::filesystem;

void check(bool ok, const fs::path& path) {
  if (!ok)
    throw Error(ErrorCode::environment,
                fmt::format("cannot copy {}: {}", path.string(), std::strerror(errno)));
}

class File {
 public:
  File(const fs::path& path, int flags, mode_t mode = 0)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {
    check(fd_ >= 0, path);
  }
  ~File() { ::close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

void copy_content(const File& from, const File& to, const fs::path& path) {
  struct stat status {};
  check(::fstat(from.get(), &status) == 0, path);
  if (status.st_size == 0 || ::ioctl(to.get(), FICLONE, from.get()) == 0) return;
  off_t left = status.st_size;
  while (left > 0) {
    const ssize_t copied = ::sendfile(to.get(), from.get(), nullptr, static_cast<std::size_t>(left));
    if (copied < 0 && errno == EINTR) continue;
    if (copied == 0) errno = EIO;  // the file became shorter
    check(copied > 0, path);
    left -= copied;
  }
}

}  // namespace

void copy_tree(const fs::path& from, const fs::path& to, const ServerUser& owner) {
  check(::mkdir(to.c_str(), 0700) == 0, to);
  std::error_code error;
  for (fs::directory_iterator it(from, error), end; !error && it != end; it.increment(error)) {
    const fs::path source = it->path();
    const fs::path target = to / source.filename();
    if (it->symlink_status().type() == fs::file_type::directory) {
      copy_tree(source, target, owner);
    } else if (it->symlink_status().type() == fs::file_type::regular) {
      const File input(source, O_RDONLY | O_NOFOLLOW);
      const File output(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
      copy_content(input, output, source);
      if (owner.other) check(::fchown(output.get(), owner.uid, owner.gid) == 0, target);
    } else {
      errno = EINVAL;
      check(false, source);
    }
  }
  if (error) errno = error.value();
  check(!error, from);
  if (owner.other)
    check(::lchown(to.c_str(), owner.uid, owner.gid) == 0, to);  // last: nobody else was in it before
}

}  // namespace contraflow::pg
