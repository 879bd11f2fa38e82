// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "apply/observer.h"
#include "cli/console.h"

namespace contraflow::cli {

// Shows a run: one live line for the active step on a terminal, a line a step elsewhere, or one JSON object an event on standard output
// (docs/schemas/run-events.schema.json), which --log appends to a file as well.
class RunProgress : public apply::Observer {
 public:
  RunProgress(Console& console, bool json, const std::string& log_file, std::size_t steps);
  ~RunProgress() override;

  void before_step(const apply::StepRun& run) override;
  void lock_refused(const apply::StepRun& run, const apply::LockRefusal& refusal) override;
  void batch_done(const apply::StepRun& run, const apply::BatchDone& batch) override;
  void progressed(const apply::StepRun& run, const apply::Progress& progress) override;
  void waiting(const apply::StepRun& run, const std::string& reason) override;
  void after_step(const apply::StepRun& run, const apply::StepOutcome& outcome) override;
  void note(const std::string& text) override;
  void warning(const std::string& text) override;

  // "run_begun", "phase_begun", "stopped", "failed", "run_ended": what the command itself has to tell. `fields`: a JSON object's members.
  void event(const std::string& name, const std::string& fields);
  bool json() const { return json_; }

 private:
  using Clock = std::chrono::steady_clock;
  void emit(const std::string& name, const apply::StepRun* run, const std::string& fields);
  void live(const std::string& text, bool always = false);
  std::string head(const apply::StepRun& run) const;

  Console& console_;
  bool json_;
  std::FILE* log_ = nullptr;
  std::size_t steps_;
  Clock::time_point step_begin_{};
  Clock::time_point last_live_{};
  Clock::time_point first_batch_{};
  long long first_rows_ = 0;
  bool batches_ = false;
};

}  // namespace contraflow::cli
