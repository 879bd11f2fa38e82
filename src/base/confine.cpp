// SPDX-License-Identifier: Apache-2.0
#include "base/confine.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace contraflow {
namespace {

#if defined(__x86_64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr unsigned kArchitecture = 0;
#endif

constexpr sock_filter load(std::size_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offset)); }
constexpr sock_filter answer(unsigned value) { return BPF_STMT(BPF_RET | BPF_K, value); }
constexpr sock_filter skip_unless(unsigned value, unsigned char skipped) { return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped); }

constexpr unsigned kRefuse = SECCOMP_RET_ERRNO | EPERM;
constexpr std::size_t kNumber = offsetof(seccomp_data, nr);
// The lower half of an argument: little-endian machines alone are named above.
constexpr std::size_t argument(std::size_t n) { return offsetof(seccomp_data, args) + n * 8; }
constexpr unsigned kWrites = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;

// "open" with its flags in argument `n`: refused where they write.
#define CONTRAFLOW_OPENS(number, n) \
  skip_unless(number, 4), load(argument(n)), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kWrites, 0, 1), answer(kRefuse), answer(SECCOMP_RET_ALLOW)
#define CONTRAFLOW_REFUSES(number) skip_unless(number, 1), answer(kRefuse)

const sock_filter kFilter[] = {
    load(offsetof(seccomp_data, arch)),
    skip_unless(kArchitecture, 1),
    BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
    answer(SECCOMP_RET_KILL_PROCESS),
    load(kNumber),
#if defined(__x86_64__)
    // The x32 calls have numbers of their own.
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
    answer(kRefuse),
    CONTRAFLOW_REFUSES(SYS_fork),
    CONTRAFLOW_REFUSES(SYS_vfork),
    CONTRAFLOW_REFUSES(SYS_creat),
    CONTRAFLOW_REFUSES(SYS_unlink),
    CONTRAFLOW_REFUSES(SYS_rename),
    CONTRAFLOW_OPENS(SYS_open, 1),
#endif
    // clone3 has its flags behind a pointer: glibc falls back to clone on ENOSYS. Threads may be.
    skip_unless(SYS_clone3, 1),
    answer(SECCOMP_RET_ERRNO | ENOSYS),
    skip_unless(SYS_clone, 4),
    load(argument(0)),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x00010000 /* CLONE_THREAD */, 1, 0),
    answer(kRefuse),
    answer(SECCOMP_RET_ALLOW),
    skip_unless(SYS_openat2, 1),
    answer(SECCOMP_RET_ERRNO | ENOSYS),
    CONTRAFLOW_OPENS(SYS_openat, 2),
    CONTRAFLOW_REFUSES(SYS_unlinkat),
    CONTRAFLOW_REFUSES(SYS_renameat),
    CONTRAFLOW_REFUSES(SYS_renameat2),
    CONTRAFLOW_REFUSES(SYS_truncate),
    answer(SECCOMP_RET_ALLOW),
};

#undef CONTRAFLOW_OPENS
#undef CONTRAFLOW_REFUSES

bool install(const sock_filter* filter, std::size_t size) noexcept {
  if (kArchitecture == 0) return false;
  const sock_fprog program{static_cast<unsigned short>(size), const_cast<sock_filter*>(filter)};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

bool confine_this_process() noexcept { return install(kFilter, std::size(kFilter)); }

bool allow_one_program(const char* path) noexcept {
  // The pointer means nothing any more in the program that the exec loads, so nothing that runs there can name it but by chance.
  const auto address = reinterpret_cast<std::uintptr_t>(path);
  const sock_filter filter[] = {
      load(offsetof(seccomp_data, arch)),
      skip_unless(kArchitecture, 1),
      BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
      answer(SECCOMP_RET_KILL_PROCESS),
      load(kNumber),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),  // x32
      answer(kRefuse),
      skip_unless(SYS_execveat, 1),
      answer(kRefuse),
      skip_unless(SYS_execve, 5),
      load(argument(0)),
      skip_unless(static_cast<unsigned>(address), 2),
      load(argument(0) + 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(static_cast<std::uint64_t>(address) >> 32), 1, 0),
      answer(kRefuse),
      answer(SECCOMP_RET_ALLOW),
  };
  return install(filter, std::size(filter));
}

namespace {

// Since Landlock's versions 1, 2 (REFER: renames from one folder to another) and 3 (TRUNCATE); the headers may be older than the kernel.
constexpr std::uint64_t kRefer = std::uint64_t{1} << 13, kTruncate = std::uint64_t{1} << 14;
constexpr std::uint64_t kWriting = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                   LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                   LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

bool allow_below(int rules, const char* path, std::uint64_t access) noexcept {
  const int place = ::open(path, O_PATH | O_CLOEXEC);
  if (place < 0) return false;
  const landlock_path_beneath_attr attribute{.allowed_access = access, .parent_fd = place};
  const bool added = ::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &attribute, 0) == 0;
  ::close(place);
  return added;
}

}  // namespace

bool write_only_below(const char* folder) noexcept {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return false;
  const std::uint64_t handled = kWriting | (version >= 2 ? kRefer : 0) | (version >= 3 ? kTruncate : 0);
  const landlock_ruleset_attr attribute{.handled_access_fs = handled};
  const int rules = static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attribute, sizeof attribute, 0));
  if (rules < 0) return false;
  const bool done = allow_below(rules, folder, handled) && allow_below(rules, "/dev/null", handled & (LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate)) &&
                    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::syscall(SYS_landlock_restrict_self, rules, 0) == 0;
  ::close(rules);
  return done;
}

}  // namespace contraflow
