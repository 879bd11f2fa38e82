// SPDX-License-Identifier: Apache-2.0
#include "cli/run_progress.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/terminal.h"
#include "base/text.h"

namespace contraflow::cli {
namespace {

using apply::StepRun;
using Json = nlohmann::ordered_json;

std::string now_text() {
  const auto now = std::chrono::system_clock::now();
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)), milliseconds);
}

Json blockers_json(const std::vector<apply::Blocker>& blockers) {
  Json out = Json::array();
  for (const apply::Blocker& blocker : blockers) {
    out.push_back({{"pid", blocker.pid}, {"user", blocker.user}, {"application", blocker.application}, {"state", blocker.state}, {"backend_type", blocker.backend_type}, {"transaction_seconds", blocker.transaction_seconds}, {"query", blocker.query}});
  }
  return out;
}

std::string members(const Json& object) {
  const std::string text = object.dump(-1, ' ', false, Json::error_handler_t::replace);
  return text.substr(1, text.size() - 2);
}

std::string seconds(double value) {
  if (value < 60) return fmt::format("{:.1f} s", value);
  if (value < 3600) return fmt::format("{:.0f} min {:.0f} s", std::floor(value / 60), std::fmod(value, 60));
  return fmt::format("{:.0f} h {:.0f} min", std::floor(value / 3600), std::fmod(value, 3600) / 60);
}

double seconds_of(std::chrono::milliseconds value) { return static_cast<double>(value.count()) / 1000; }

}  // namespace

RunProgress::RunProgress(Console& console, bool json, const std::string& log_file, std::size_t steps) : console_(console), json_(json), steps_(steps) {
  if (log_file.empty()) return;
  log_ = std::fopen(log_file.c_str(), "ae");
  if (!log_) throw Error(ErrorCode::environment, fmt::format("cannot write {}: {}", log_file, std::strerror(errno)), "give another file with --log");
}

RunProgress::~RunProgress() {
  if (log_) std::fclose(log_);
}

void RunProgress::emit(const std::string& name, const StepRun* run, const std::string& fields) {
  if (!json_ && !log_) return;
  Json head{{"event", name}, {"at", now_text()}};
  if (run) {
    head["step"] = run->step.id;
    head["phase"] = plan::phase_name(run->step.phase);
    head["undo"] = run->undo;
  }
  const std::string line = "{" + members(head) + (fields.empty() ? "" : "," + fields) + "}\n";
  if (json_) {
    console_.print(line);
    console_.flush();
  }
  if (log_) {
    std::fwrite(line.data(), 1, line.size(), log_);
    std::fflush(log_);
  }
}

void RunProgress::event(const std::string& name, const std::string& fields) { emit(name, nullptr, fields); }

std::string RunProgress::head(const StepRun& run) const {
  return fmt::format("[{}/{}] {}{}", run.position + 1, steps_, run.undo ? "undo: " : "", run.step.title);
}

// At most ten times a second, and no longer than the terminal is wide.
namespace {

// At most `bytes` of it, never half a character.
std::string start_of(const std::string& text, std::size_t bytes) {
  while (bytes > 0 && bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  return text.substr(0, bytes);
}

// Rate, ETA and what is waited for stand behind two spaces: where the line is too long, the step's title gives way, not they.
std::string fitted(const std::string& text, std::size_t width) {
  constexpr std::size_t kShortestTitle = 20;
  if (text.size() <= width) return text;
  const std::size_t split = text.find("  ");
  if (split != std::string::npos && text.size() - split + kShortestTitle < width)
    return start_of(text, width - (text.size() - split) - 1) + "…" + text.substr(split);
  return start_of(text, width - 1) + "…";
}

}  // namespace

void RunProgress::live(const std::string& text, bool always) {
  const auto now = Clock::now();
  if (json_ || (!always && now - last_live_ < std::chrono::milliseconds(100))) return;
  last_live_ = now;
  const std::size_t width = static_cast<std::size_t>(std::max(20, terminal_width(STDERR_FILENO) - 1));
  console_.progress(fitted(text, width));
}

void RunProgress::before_step(const StepRun& run) {
  step_begin_ = Clock::now();
  batches_ = false;
  if (run.action().empty()) return;
  emit("step_begun", &run, members({{"title", run.step.title}, {"mode", plan::mode_name(run.action().mode)}, {"position", run.position}}));
  live(head(run), true);
}

void RunProgress::lock_refused(const StepRun& run, const apply::LockRefusal& refusal) {
  emit("lock_refused", &run, members({{"attempt", refusal.attempt}, {"timeout_ms", refusal.timeout.count()}, {"waited_ms", refusal.waited.count()}, {"budget_ms", refusal.budget.count()}, {"pause_ms", refusal.pause.count()}, {"sqlstate", refusal.sqlstate}, {"blockers", blockers_json(refusal.blockers)}}));
  const std::string who = refusal.blockers.empty() ? "" : ", blocked by " + apply::describe(refusal.blockers.front());
  live(fmt::format("{}  waits for a lock, attempt {}, {:.0f} of {:.0f} s{}", head(run), refusal.attempt, seconds_of(refusal.waited), seconds_of(refusal.budget), who), true);
  // Where nobody looks at a live line the log says it now and then.
  if (!json_ && !is_terminal(STDERR_FILENO) && (refusal.attempt == 3 || refusal.attempt % 20 == 0)) {
    console_.note(fmt::format("  still waiting for a lock, attempt {}, {:.0f} of {:.0f} s{}", refusal.attempt, seconds_of(refusal.waited), seconds_of(refusal.budget), who));
  }
}

void RunProgress::batch_done(const StepRun& run, const apply::BatchDone& batch) {
  emit("batch_done", &run, members({{"part", batch.part}, {"rows", batch.rows}, {"total_rows", batch.total_rows}, {"expected_rows", batch.expected_rows}, {"fraction", batch.fraction}, {"took_ms", batch.took.count()}, {"next_size", batch.next_size}}));
  if (!batches_) {
    batches_ = true;
    first_batch_ = Clock::now();
    first_rows_ = batch.total_rows;
    return;
  }
  const double passed = std::chrono::duration<double>(Clock::now() - first_batch_).count();
  const double rate = passed > 0 ? static_cast<double>(batch.total_rows - first_rows_) / passed : 0;
  std::string eta;
  if (rate > 0 && batch.expected_rows > batch.total_rows) eta = ", " + seconds(static_cast<double>(batch.expected_rows - batch.total_rows) / rate) + " left";
  live(fmt::format("{}  {} of about {} rows, {:.0f} rows/s, batch {}{}", head(run), batch.total_rows, batch.expected_rows, rate, batch.next_size, eta));
}

void RunProgress::progressed(const StepRun& run, const apply::Progress& progress) {
  emit("progress", &run, members({{"what", progress.phase}, {"fraction", progress.fraction}, {"seconds", progress.seconds}, {"blockers", blockers_json(progress.blockers)}}));
  std::string text = fmt::format("{}  {}", head(run), seconds(progress.seconds));
  if (!progress.phase.empty()) text += ", " + progress.phase;
  if (progress.fraction >= 0) text += fmt::format(" {:.0f} %", progress.fraction * 100);
  if (!progress.blockers.empty()) text += ", waits for " + apply::describe(progress.blockers.front());
  live(text);
}

void RunProgress::waiting(const StepRun& run, const std::string& reason) {
  emit("waiting", &run, members({{"reason", reason}}));
  if (reason.empty()) return;
  if (is_terminal(STDERR_FILENO)) live(fmt::format("{}  waits: {}", head(run), reason), true);
  else if (!json_) console_.note("  waits: " + reason);
}

void RunProgress::after_step(const StepRun& run, const apply::StepOutcome& outcome) {
  using Kind = apply::StepOutcome::Kind;
  if (outcome.kind == Kind::nothing) return;
  emit("step_ended", &run, members({{"outcome", outcome.kind == Kind::done ? "done" : "found"}, {"attempts", outcome.attempts}, {"took_ms", outcome.took.count()}, {"lock_wait_ms", outcome.lock_waits.count()}, {"rows", outcome.rows}}));
  if (json_) return;
  std::string text = head(run);
  if (outcome.kind == Kind::found) {
    text += ": was done already";
  } else {
    text += ": " + seconds(std::chrono::duration<double>(Clock::now() - step_begin_).count());
    if (run.action().backfill) text += fmt::format(", {} rows", outcome.rows);
    if (outcome.attempts > 1) text += fmt::format(", {} attempts for its locks", outcome.attempts);
  }
  console_.print(text + "\n");
  console_.flush();
}

void RunProgress::note(const std::string& text) {
  emit("note", nullptr, members({{"message", text}}));
  if (!json_) console_.note("note: " + text);
}

void RunProgress::warning(const std::string& text) {
  emit("warning", nullptr, members({{"message", text}}));
  if (!json_) console_.warning(text);
}

}  // namespace contraflow::cli
