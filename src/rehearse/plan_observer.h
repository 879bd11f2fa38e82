// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "apply/observer.h"
#include "pg/connection.h"
#include "rehearse/evidence.h"
#include "rehearse/observe.h"

namespace contraflow::rehearse {

// Watches the executor's steps: looks inside each transaction before it commits, samples concurrent ones,
// holds both against what the plan predicted.
class PlanObserver : public apply::Observer {
 public:
  // `admin`: a superuser's connection string of the database that the executor works on.
  explicit PlanObserver(std::string admin);

  void connected(pg::Connection& connection) override;
  void before_step(const apply::StepRun& step) override;
  void ready(const apply::StepRun& step, pg::Connection& own) override;
  void before_commit(const apply::StepRun& step, pg::Connection& own) override;
  void batch_done(const apply::StepRun& step, const apply::BatchDone& batch) override;
  void lock_refused(const apply::StepRun& step, const apply::LockRefusal& refusal) override;
  void after_step(const apply::StepRun& step, const apply::StepOutcome& outcome) override;
  void warning(const std::string& text) override { warnings.push_back(text); }

  std::vector<Observation> forward, undo;
  std::vector<std::string> warnings;

 private:
  void hold_against_prediction(const apply::StepRun& step);

  std::string admin_;
  pg::Connection side_;
  Watcher watcher_;
  int pid_ = 0;
  std::unique_ptr<LockSampler> sampler_;
  Observation current_;
  long long batches_ = 0;
};

}  // namespace contraflow::rehearse
