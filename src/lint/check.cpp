// SPDX-License-Identifier: Apache-2.0
#include "lint/check.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "base/helpers.h"
#include "base/keep.h"
#include "lint/parse_ahead.h"
#include "lint/walker.h"

namespace contraflow::lint {
namespace {

constexpr std::size_t kSmallFile = 256 * 1024;  // bytes: larger files, and one alone, are parsed in parallel in themselves

struct Prepared {
  std::vector<catalog::ScriptItem> items;
  std::vector<Parsed> parsed;
  bool whole = false;  // false: both are empty
};

Prepared prepare(const Input& input) {
  Prepared out;
  out.whole = input.file->text.size() <= kSmallFile;
  if (out.whole) {
    out.items = catalog::split_script(input.file);
    out.parsed = parse_all(out.items);
  }
  return out;
}

// Small files are split and parsed on several threads, some at a time, ahead of who takes them; who would have to wait does so, too, so that there are as many
// threads as are wanted, the taker included.
class FilesAhead {
 public:
  FilesAhead(const std::vector<Input>& inputs, unsigned threads) : inputs_(inputs) {
    if (threads < 2 || inputs.size() < 2) return;
    const std::size_t groups = (inputs.size() + kTogether - 1) / kTogether;
    helpers_.emplace(static_cast<unsigned>(std::min<std::size_t>(threads, groups)) - 1, [this] { work(); });
  }
  FilesAhead(const FilesAhead&) = delete;
  FilesAhead& operator=(const FilesAhead&) = delete;
  ~FilesAhead() {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    changed_.notify_all();
  }

  // Called with 0, 1, 2, …
  Prepared take(std::size_t index) {
    if (!helpers_) return {};
    if (index % kTogether == 0) {
      std::unique_lock lock(mutex_);
      wanted_ = index;
      changed_.notify_all();
      while (!done_.contains(index)) {
        if (may_begin()) {
          prepare_next(lock);
        } else {
          linger(lock, [&] { return done_.contains(index) || may_begin(); });
          if (!done_.contains(index) && !may_begin()) changed_.wait(lock);
        }
      }
      current_ = std::move(done_.at(index));
      done_.erase(index);
    }
    return std::move(current_[index % kTogether]);
  }

 private:
  static constexpr std::size_t kTogether = 8;  // files between two waits
  static constexpr std::size_t kAhead = 3 * kTogether;

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      const auto called = [&] { return stop_ || next_ >= inputs_.size() || may_begin(); };
      linger(lock, called);
      changed_.wait(lock, called);
      if (stop_ || next_ >= inputs_.size()) return;
      prepare_next(lock);
    }
  }

  bool may_begin() const { return next_ < std::min(inputs_.size(), wanted_ + kAhead); }

  // The next group that nobody has begun, without the lock meanwhile.
  void prepare_next(std::unique_lock<std::mutex>& lock) {
    const std::size_t first = next_;
    next_ += kTogether;
    lock.unlock();
    std::vector<Prepared> prepared;
    for (std::size_t i = first; i < std::min(first + kTogether, inputs_.size()); ++i) prepared.push_back(prepare(inputs_[i]));
    lock.lock();
    done_.emplace(first, std::move(prepared));
    changed_.notify_all();
  }

  const std::vector<Input>& inputs_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::size_t, std::vector<Prepared>> done_;  // by the first of each group
  std::vector<Prepared> current_;
  std::size_t next_ = 0;
  std::size_t wanted_ = 0;
  bool stop_ = false;
  std::optional<Helpers> helpers_;  // last: they use the rest
};

// Addresses, not memory: a list that grows is moved, and leaves what it was in behind.
std::size_t room_for_findings(const std::vector<Input>& inputs) {
  constexpr std::size_t kBytesForEach = 64, kMost = 8192;
  std::size_t bytes = 0;
  for (const Input& input : inputs) bytes += input.file->text.size();
  return std::min(bytes / kBytesForEach, kMost);
}

}  // namespace

Report check(const std::vector<Input>& inputs, const CheckOptions& options) {
  Report report;
  report.findings.reserve(room_for_findings(inputs));
  auto walker = std::make_unique<Walker>(options, report);
  const unsigned threads = options.threads != 0 ? options.threads : processors();
  FilesAhead files(inputs, threads);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Prepared prepared = files.take(i);
    ParseAhead parsed = prepared.whole ? ParseAhead(std::move(prepared.items), std::move(prepared.parsed)) : ParseAhead(inputs[i].file, threads);
    walker->run(inputs[i], parsed);
  }
  if (process_ends) keep_until_exit(std::move(walker));
  return report;
}

}  // namespace contraflow::lint
