// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "agent/approval.h"
#include "agent/evidence.h"
#include "base/error.h"
#include "base/file.h"
#include "base/signature.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/plan_run.h"
#include "pg/connection.h"

namespace contraflow::cli {
namespace {

namespace fs = std::filesystem;

struct Options : RunOptions {
  std::vector<std::string> phases;
  double hours = 8;
  bool revoke = false, new_key = false;
};

constexpr std::size_t kLeastPassphrase = 8;

// The terminal of the person, whatever standard input is: an assistant's shell has none. Nothing that is typed is shown.
class Terminal {
 public:
  Terminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (fd_ < 0 || ::tcgetattr(fd_, &before_) != 0) throw Error(ErrorCode::usage, "approving needs a person at a terminal", "run it in a terminal of your own; there is no option that replaces the passphrase");
  }
  ~Terminal() {
    ::tcsetattr(fd_, TCSAFLUSH, &before_);
    ::close(fd_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  std::string secret(const std::string& question) {
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(fd_, TCSAFLUSH, &silent);
    say(question);
    std::string out;
    char c = 0;
    while (::read(fd_, &c, 1) == 1 && c != '\n' && c != '\r') out += c;
    ::tcsetattr(fd_, TCSAFLUSH, &before_);
    say("\n");
    return out;
  }

 private:
  void say(const std::string& text) const {
    if (::write(fd_, text.data(), text.size()) < 0) throw Error(ErrorCode::environment, "the terminal went away", "");
  }

  int fd_;
  termios before_{};
};

void make_key(Terminal& terminal) {
  const fs::path secret = agent::private_key_file();
  const fs::path open = secret.parent_path() / "approval.pub";
  std::error_code ignored;
  if (fs::exists(secret, ignored)) throw Error(ErrorCode::refused, fmt::format("{} is there already", secret.string()), "move it away to make another one: what it approved is then no longer approved");
  const std::string passphrase = terminal.secret(fmt::format("A key for approvals is made in {}.\nIts new passphrase, at least {} characters: ", secret.string(), kLeastPassphrase));
  if (passphrase.size() < kLeastPassphrase) throw Error(ErrorCode::refused, "the passphrase is too short: no key was made", "");
  if (terminal.secret("Once more: ") != passphrase) throw Error(ErrorCode::refused, "they differ: no key was made", "");
  const SigningKey key = make_signing_key(passphrase);
  const mode_t before = ::umask(0077);
  write_file(secret, key.private_pem);
  ::umask(before);
  if (::chmod(secret.c_str(), 0600) != 0) throw Error(ErrorCode::environment, "the key's file cannot be closed to others", "");
  write_file(open, key.public_pem);
  ::chmod(open.c_str(), 0644);
}

std::string account() {
  const passwd* entry = ::getpwuid(::geteuid());
  return entry == nullptr ? std::to_string(::geteuid()) : entry->pw_name;
}

int run(Context& context, const Options& options) {
  Terminal terminal;
  if (options.new_key) {
    make_key(terminal);
    context.console.note(fmt::format("made {}; copy approval.pub beside it to /etc/contraflow/ (as root), so that no account that runs an assistant can exchange it", agent::private_key_file().string()));
    if (options.folder.empty()) return 0;
  }
  if (options.folder.empty()) throw Error(ErrorCode::usage, "which plan?", "contraflow approve PLAN");
  const PlanFolder folder = open_plan(options.folder);
  if (options.revoke) {
    std::error_code failed;
    const bool gone = fs::remove(agent::approval_file(folder.hash), failed);
    if (failed) throw Error(ErrorCode::environment, "the approval cannot be removed: " + failed.message(), "");
    context.console.print(gone ? "revoked\n" : "it was not approved\n");
    return 0;
  }
  std::vector<std::string> phases = options.phases, there;
  for (const plan::Phase phase : plan::kPhases) {
    if (!folder.read.plan.in_phase(phase).empty()) there.emplace_back(plan::phase_name(phase));
  }
  for (const std::string& phase : phases) {
    if (std::find(there.begin(), there.end(), phase) == there.end()) throw Error(ErrorCode::usage, fmt::format("the plan has no phase {}", phase), "its phases: " + join(there, ", "));
  }
  // What can never be undone is named or not approved.
  if (phases.empty()) {
    phases = there;
    std::erase(phases, "purge");
    if (phases.empty()) throw Error(ErrorCode::usage, "the plan has nothing but purge", "--phase purge");
  }
  const pg::Connection connection(target_of(context, options), "contraflow approve");
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const agent::Approval approval{folder.hash, folder.read.plan.name, phases, agent::database_identity(connection.host(), connection.port(), connection.database()), account(), now,
                                 now + static_cast<long long>(options.hours * 3600)};
  std::string shown = fmt::format("plan      {} ({})\nhash      {}\nundo      {}\ndatabase  {}\nphases    {}\nuntil     {:%Y-%m-%d %H:%M:%S} UTC\n", folder.read.plan.name, options.folder, folder.hash,
                                  plan::grade_name(folder.read.plan.grade), approval.database, join(phases, ", "), fmt::gmtime(static_cast<std::time_t>(approval.expires_at)));
  const agent::Evidence evidence = agent::read_evidence(options.folder);
  const bool of_this = evidence.plan_hash == folder.hash;
  shown += fmt::format("rehearsal {}\nreview    {}\n", of_this && evidence.rehearsal ? evidence.rehearsal->verdict : "not done", of_this && evidence.review ? evidence.review->verdict : "not done");
  for (const plan::Step& step : folder.read.plan.steps) {
    if (std::find(phases.begin(), phases.end(), plan::phase_name(step.phase)) != phases.end()) shown += fmt::format("  {:<9} {}\n", plan::phase_name(step.phase), step.title);
  }
  context.console.error_text(shown);
  std::error_code ignored;
  if (!fs::exists(agent::private_key_file(), ignored)) make_key(terminal);
  const std::string text = agent::approval_text(approval);
  const std::string passphrase = terminal.secret("An assistant may run these phases there. Passphrase to approve, Ctrl-C to refuse: ");
  const agent::SignedApproval given{text, sign(read_file(agent::private_key_file()), passphrase, text)};
  // What would not count is not written: /etc/contraflow/approval.pub may be another person's.
  agent::judge_approval(given, agent::approver_key(), folder.hash, now);
  agent::write_approval(folder.hash, given);
  context.console.print(fmt::format("approved {} until {:%Y-%m-%dT%H:%M:%SZ}\n", folder.hash, fmt::gmtime(static_cast<std::time_t>(approval.expires_at))));
  return 0;
}

Runner add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_target_options(app, *options, false);
  app.add_option("--phase", options->phases, "a phase that may run; repeatable (default: all but purge)")->check(CLI::IsMember(std::vector<std::string>{"expand", "backfill", "contract", "purge"}))->type_name("PHASE");
  app.add_option("--hours", options->hours, "until when")->check(CLI::Range(0.001, 168.0))->type_name("HOURS")->default_str("8");
  app.add_flag("--revoke", options->revoke, "take an approval back");
  app.add_flag("--new-key", options->new_key, "make the key, with a passphrase of its own");
  return [options](Context& context) { return run(context, *options); };
}

}  // namespace

extern const Command approve_command;
const Command approve_command{
    "approve", "let an assistant run phases of a plan, until a time",
    "Shows the plan, then signs its hash, the phases, the database and the time with a key whose passphrase a person types on the terminal: no option and no environment variable replaces it. The tool apply_phase of "
    "contraflow mcp runs nothing else. The first time it makes the key (Ed25519) in ~/.config/contraflow. An edit of the plan needs a new approval.",
    "contraflow approve db/migrations/20260408120000_add_tier                        # all phases but purge, for 8 hours\n"
    "contraflow approve db/migrations/20260408120000_add_tier --phase purge --hours 1\n"
    "contraflow approve db/migrations/20260408120000_add_tier --revoke",
    add_options};

}  // namespace contraflow::cli
