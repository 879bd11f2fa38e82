// SPDX-License-Identifier: Apache-2.0
#include "pg/guardian.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "base/confine.h"
#include "base/error.h"
#include "pg/leftovers.h"

namespace contraflow::pg {
namespace {

// What the guardian tells the owner. Smaller than PIPE_BUF: written at once.
struct Report {
  enum Kind { exited,
              not_started } kind;
  int value;  // exit code, or errno
};

constexpr char kKeepFolder = 'k';
constexpr int kStopSeconds = 10;

// Everything that the children need, made before fork(): the owner may have threads, so between fork() and
// exec() only async-signal-safe functions are allowed.
struct Prepared {
  std::vector<char*> arguments;
  std::vector<char*> environment;
  const GuardedProgram* program;
  std::string base;       // the parent of the folder to remove
  std::string base_lock;  // its lock file
  int life;               // read end
  int status;             // write end
};

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (const std::string& string : strings) out.push_back(const_cast<char*>(string.c_str()));
  out.push_back(nullptr);
  return out;
}

void tell(int descriptor, Report report) {
  while (::write(descriptor, &report, sizeof report) < 0 && errno == EINTR) continue;
}

void close_all_but(std::array<int, 3> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned first = 3;
  for (const int descriptor : kept) {
    if (descriptor < 0) continue;
    const auto number = static_cast<unsigned>(descriptor);
    if (number > first) ::close_range(first, number - 1, 0);
    first = number + 1;
  }
  ::close_range(first, ~0U, 0);
}

[[noreturn]] void run_program(const Prepared& prepared) {
  const GuardedProgram& program = *prepared.program;
  const auto give_up = [&] {
    tell(prepared.status, {Report::not_started, errno});
    ::_exit(127);
  };
  ::setsid();
  if (program.user.other && (::setgroups(1, &program.user.gid) != 0 || ::setgid(program.user.gid) != 0 ||
                             ::setuid(program.user.uid) != 0))
    give_up();
  // After setuid(), which clears it. The guardian may have died before: then nobody would stop the server.
  const pid_t guardian = ::getppid();
  ::prctl(PR_SET_PDEATHSIG, program.stop_signal);
  if (guardian == 1 || ::getppid() != guardian) ::_exit(127);
  ::umask(077);
  if (::chdir(program.working_folder.c_str()) != 0) give_up();
  const int log = ::open(program.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (log < 0) give_up();
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::fcntl(prepared.status, F_SETFD, FD_CLOEXEC);
  ::fcntl(prepared.life, F_SETFD, FD_CLOEXEC);
  if (program.lock >= 0) ::fcntl(program.lock, F_SETFD, FD_CLOEXEC);
  if (program.alone) {
    (void)write_only_below(program.remove.c_str());
    (void)allow_one_program(prepared.arguments[0]);
  }
  ::execve(prepared.arguments[0], prepared.arguments.data(), prepared.environment.data());
  give_up();
  ::_exit(127);
}

extern "C" void contraflow_guardian_wake(int) {}

// Blocks until the pipe closes or says something; reports the program's end meanwhile. True: keep the folder.
bool watch(const Prepared& prepared, pid_t child, bool& running) {
  sigset_t open_mask;
  ::sigemptyset(&open_mask);
  for (;;) {
    int status = 0;
    if (running && ::waitpid(child, &status, WNOHANG) == child) {
      running = false;
      tell(prepared.status,
           {Report::exited, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)});
    }
    pollfd life{.fd = prepared.life, .events = POLLIN, .revents = 0};
    if (::ppoll(&life, 1, nullptr, &open_mask) <= 0) continue;  // SIGCHLD
    char order = 0;
    const ssize_t got = ::read(prepared.life, &order, 1);
    if (got < 0 && errno == EINTR) continue;
    return got == 1 && order == kKeepFolder;
  }
}

void stop_program(const Prepared& prepared, pid_t child) {
  ::kill(-child, prepared.program->stop_signal);  // its session: initdb has children
  ::kill(child, prepared.program->stop_signal);
  sigset_t chld;
  ::sigemptyset(&chld);
  ::sigaddset(&chld, SIGCHLD);
  for (int waited = 0; waited < kStopSeconds; ++waited) {
    if (::waitpid(child, nullptr, WNOHANG) == child) return;
    const timespec second{.tv_sec = 1, .tv_nsec = 0};
    ::sigtimedwait(&chld, nullptr, &second);
  }
  if (::waitpid(child, nullptr, WNOHANG) == child) return;
  ::kill(-child, SIGKILL);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

// By rm, because std::filesystem allocates. The folder's lock is ours until the end.
void remove_folder(const Prepared& prepared) {
  const char* const arguments[] = {"rm", "-rf", "--", prepared.program->remove.c_str(), nullptr};
  const char* const environment[] = {nullptr};
  const pid_t child = ::fork();
  if (child == 0) {
    if (::chdir("/") != 0) ::_exit(1);
    ::execve("/bin/rm", const_cast<char* const*>(arguments), const_cast<char* const*>(environment));
    ::execve("/usr/bin/rm", const_cast<char* const*>(arguments), const_cast<char* const*>(environment));
    ::_exit(1);
  }
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) continue;
  remove_base_if_unused(prepared.base.c_str(), prepared.base_lock.c_str());
}

[[noreturn]] void guard(const Prepared& prepared) {
  const GuardedProgram& program = *prepared.program;
  ::setsid();
  ::prctl(PR_SET_NAME, "contraflow-srv");
  // Our output may be a pipe whose reader waits for its end.
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int standard = 0; standard < 3; ++standard) ::dup2(null, standard);
  close_all_but({prepared.life, prepared.status, program.lock});
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_IGN);
  struct sigaction wake {};
  wake.sa_handler = contraflow_guardian_wake;
  ::sigaction(SIGCHLD, &wake, nullptr);

  const pid_t child = ::fork();
  if (child == 0) run_program(prepared);
  bool running = child > 0;
  if (child < 0) tell(prepared.status, {Report::not_started, errno});
  const bool keep = watch(prepared, child, running);
  if (running) stop_program(prepared, child);
  if (!keep) remove_folder(prepared);
  ::_exit(0);
}

// Never below 3, where the guardian puts /dev/null: the owner may run with closed standard streams.
void make_pipe(std::array<int, 2>& ends) {
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw Error(ErrorCode::environment, fmt::format("cannot create a pipe: {}", std::strerror(errno)));
  for (int& end : ends) {
    if (end > 2) continue;
    const int moved = ::fcntl(end, F_DUPFD_CLOEXEC, 3);
    ::close(end);
    end = moved;
  }
}

}  // namespace

Guardian::Guardian(const GuardedProgram& program)
    : program_(program.arguments.at(0)), user_name_(program.user.name) {
  std::array<int, 2> life{-1, -1};
  std::array<int, 2> status{-1, -1};
  make_pipe(life);
  make_pipe(status);
  const std::string base = std::filesystem::path(program.remove).parent_path();
  const Prepared prepared{.arguments = pointers(program.arguments),
                          .environment = pointers(program.environment),
                          .program = &program,
                          .base = base,
                          .base_lock = base + "/lock",
                          .life = life[0],
                          .status = status[1]};
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // none of the owner's handlers may run in the guardian
  guardian_ = ::fork();
  if (guardian_ == 0) guard(prepared);
  const int failure = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::close(life[0]);
  ::close(status[1]);
  life_ = life[1];
  status_ = status[0];
  if (guardian_ < 0) {
    ::close(life_);
    ::close(status_);
    throw Error(ErrorCode::environment, fmt::format("cannot start a process: {}", std::strerror(failure)));
  }
}

Guardian::~Guardian() { stop(); }

std::optional<int> Guardian::wait(std::chrono::milliseconds timeout) {
  if (exit_code_) return exit_code_;
  pollfd ready{.fd = status_, .events = POLLIN, .revents = 0};
  if (::poll(&ready, 1, static_cast<int>(timeout.count())) <= 0) return std::nullopt;
  Report report{};
  const ssize_t got = ::read(status_, &report, sizeof report);
  if (got != sizeof report)
    throw Error(ErrorCode::environment, fmt::format("the process that guards {} has died", program_));
  if (report.kind == Report::not_started) {
    const std::string who = user_name_.empty() ? "" : fmt::format(" as user {}", user_name_);
    throw Error(ErrorCode::environment,
                fmt::format("cannot start {}{}: {}", program_, who, std::strerror(report.value)),
                report.value == EACCES
                    ? "every folder above the server's binaries must be readable by that user"
                    : "");
  }
  exit_code_ = report.value;
  return exit_code_;
}

void Guardian::stop(bool keep) {
  if (guardian_ < 0) return;
  if (keep) {
    const ssize_t ignored = ::write(life_, &kKeepFolder, 1);
    static_cast<void>(ignored);  // a dead guardian removes nothing anyway
  }
  ::close(life_);
  while (::waitpid(guardian_, nullptr, 0) < 0 && errno == EINTR) continue;
  ::close(status_);
  guardian_ = -1;
}

}  // namespace contraflow::pg
