// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "base/confine.h"
#include "base/error.h"
#include "base/text.h"

extern char** environ;

namespace contraflow {
namespace {

using Clock = std::chrono::steady_clock;

void check(bool ok, const char* what) {
  if (!ok) throw Error(ErrorCode::environment, fmt::format("{}: {}", what, std::strerror(errno)));
}

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_;
};

void make_pipe(Descriptor& read_end, Descriptor& write_end) {
  std::array<int, 2> ends{};
  check(::pipe2(ends.data(), O_CLOEXEC) == 0, "cannot create a pipe");
  read_end.reset(ends[0]);
  write_end.reset(ends[1]);
}

// A file in memory rather than a pipe: no deadlock between writing and reading, no SIGPIPE where nobody reads
// it.
void fill_input(Descriptor& input, std::string_view content) {
  input.reset(::memfd_create("input", MFD_CLOEXEC));
  check(input.get() >= 0, "cannot create a file in memory");
  while (!content.empty()) {
    const ssize_t written = ::write(input.get(), content.data(), content.size());
    check(written > 0 || errno == EINTR, "cannot write a file in memory");
    if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
  }
  check(::lseek(input.get(), 0, SEEK_SET) == 0, "cannot rewind a file in memory");
}

std::vector<std::string> merged_environment(const ProcessOptions& options) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    const bool overridden = std::any_of(options.environment.begin(), options.environment.end(),
                                        [&](const auto& pair) { return pair.first == name; });
    if (!overridden) merged.emplace_back(text);
  }
  for (const auto& [name, value] : options.environment) merged.push_back(fmt::format("{}={}", name, value));
  return merged;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (std::string& string : strings) out.push_back(string.data());
  out.push_back(nullptr);
  return out;
}

pid_t spawn(std::vector<std::string> arguments, const ProcessOptions& options, int input, int output,
            int error) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO);
  if (!options.folder.empty()) posix_spawn_file_actions_addchdir_np(&actions, options.folder.c_str());
  // We ignore SIGPIPE (broken pipes are quiet); programs that we run expect to die of it.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> environment = merged_environment(options);
  pid_t pid = 0;
  const int failure = ::posix_spawnp(&pid, arguments.front().c_str(), &actions, &attributes,
                                     pointers(arguments).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failure != 0) {
    throw Error(ErrorCode::environment,
                fmt::format("cannot start {}: {}", arguments.front(), std::strerror(failure)));
  }
  return pid;
}

// The confinement has to come between fork and exec, so this is no posix_spawn: nothing but system calls happens in the child.
pid_t spawn_confined(std::vector<std::string> arguments, const ProcessOptions& options, int input, int output, int error) {
  const auto program = arguments.front().find('/') == std::string::npos ? find_program(arguments.front()) : std::optional(arguments.front());
  if (!program) throw Error(ErrorCode::environment, fmt::format("cannot start {}: {}", arguments.front(), std::strerror(ENOENT)));
  std::vector<std::string> environment = merged_environment(options);
  const std::vector<char*> argv = pointers(arguments), envp = pointers(environment);
  Descriptor told, tell;
  make_pipe(told, tell);
  const pid_t pid = ::fork();
  check(pid >= 0, "cannot start a program");
  if (pid == 0) {
    std::array<int, 2> failure{0, 0};  // errno, and whether it was the confinement
    std::signal(SIGPIPE, SIG_DFL);
    const bool ready = ::dup2(input, STDIN_FILENO) >= 0 && ::dup2(output, STDOUT_FILENO) >= 0 && ::dup2(error, STDERR_FILENO) >= 0 &&
                       (options.folder.empty() || ::chdir(options.folder.c_str()) == 0);
    if (ready && !confine_this_process())
      failure[1] = 1;
    else if (ready)
      ::execve(program->c_str(), argv.data(), envp.data());
    failure[0] = errno;
    (void)!::write(tell.get(), failure.data(), sizeof failure);
    ::_exit(127);
  }
  tell.reset();
  std::array<int, 2> failure{0, 0};
  ssize_t got = 0;
  while ((got = ::read(told.get(), failure.data(), sizeof failure)) < 0 && errno == EINTR) {
  }
  if (got != sizeof failure) return pid;
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (failure[1] != 0)
    throw Error(ErrorCode::environment, fmt::format("cannot keep {} from starting programs and writing files: {}", arguments.front(), std::strerror(failure[0])),
                "it takes seccomp of Linux on x86-64 or ARM64");
  throw Error(ErrorCode::environment, fmt::format("cannot start {}: {}", arguments.front(), std::strerror(failure[0])));
}

// Reads what is there; closes the descriptor at the end of the stream.
void drain(Descriptor& from, std::string& into) {
  char buffer[65536];
  const ssize_t got = ::read(from.get(), buffer, sizeof buffer);
  if (got > 0) {
    into.append(buffer, static_cast<std::size_t>(got));
  } else if (got == 0 || errno != EINTR) {
    from.reset();
  }
}

// False when the deadline passed first, or somebody wants it no more.
bool collect(Descriptor& output, Descriptor& error, ProcessResult& result, std::optional<Clock::time_point> deadline,
             const ProcessOptions& options, pid_t pid) {
  const std::function<bool()>& cancelled = options.cancelled;
  std::size_t told_output = 0, told_error = 0;
  const auto tell = [&](const std::string& text, std::size_t& told) {
    for (std::size_t end = 0; options.on_line && (end = text.find('\n', told)) != std::string::npos; told = end + 1) options.on_line(std::string_view(text).substr(told, end - told));
  };
  while (output.get() >= 0 || error.get() >= 0) {
    int wait = -1;
    if (cancelled && !result.cancelled && cancelled()) {
      result.cancelled = true;
      if (!options.grace) return false;
      ::kill(pid, SIGINT);
      deadline = Clock::now() + *options.grace;
    }
    if (deadline) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now()).count();
      if (left <= 0) return false;
      wait = static_cast<int>(std::min<long long>(left, 60'000));
    }
    if (cancelled) wait = wait < 0 ? 50 : std::min(wait, 50);
    std::array<pollfd, 2> waiting{{{output.get(), POLLIN, 0}, {error.get(), POLLIN, 0}}};
    if (::poll(waiting.data(), waiting.size(), wait) < 0)
      check(errno == EINTR, "cannot wait for a program");
    else {
      if (waiting[0].revents != 0) drain(output, result.output);
      if (waiting[1].revents != 0) drain(error, result.error_output);
      tell(result.output, told_output);
      tell(result.error_output, told_error);
    }
  }
  return true;
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& arguments, const ProcessOptions& options) {
  if (arguments.empty()) throw std::logic_error("run_process without a program");
  std::optional<Clock::time_point> deadline;
  if (options.timeout) deadline = Clock::now() + *options.timeout;
  Descriptor input, output, output_end, error, error_end;
  fill_input(input, options.input);
  make_pipe(output, output_end);
  make_pipe(error, error_end);
  const pid_t pid = (options.confined ? spawn_confined : spawn)(arguments, options, input.get(), output_end.get(), error_end.get());
  output_end.reset();
  error_end.reset();

  ProcessResult result;
  const bool ended = collect(output, error, result, deadline, options, pid);
  result.timed_out = !ended && !result.cancelled;
  if (!ended) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) check(errno == EINTR, "cannot wait for a program");
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::optional<std::string> find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  for (const std::string& folder : split(path != nullptr ? path : "/usr/bin:/bin", ':')) {
    std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return std::nullopt;
}

}  // namespace contraflow
