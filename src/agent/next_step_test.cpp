// SPDX-License-Identifier: Apache-2.0
#include "agent/next_step.h"

#include <gtest/gtest.h>

namespace contraflow::agent {
namespace {

using plan::Phase;

plan::Plan plan_of(const std::vector<Phase>& phases) {
  plan::Plan out;
  for (const Phase phase : phases) {
    plan::Step step;
    step.id = std::string(plan::phase_name(phase));
    step.phase = phase;
    out.steps.push_back(step);
  }
  out.gates.push_back({Phase::contract, {"the new version of the application is deployed"}});
  return out;
}

// Walks through the whole life: each thing that becomes true moves it by one.
TEST(NextStep, WholeLife) {
  const plan::Plan plan = plan_of({Phase::expand, Phase::contract, Phase::purge});
  PlanFacts facts{.folder = "db/p", .layout = "psql", .plan = &plan, .edited = {"1_expand.sql: edited"}, .findings = {"drop-table"}};
  const auto step = [&] { return next_step(facts).step; };
  const auto command = [&] { return next_step(facts).command; };
  EXPECT_EQ(step(), "edit");
  EXPECT_EQ(command(), "contraflow plan --refresh db/p");
  facts.edited.clear();
  EXPECT_EQ(step(), "check");
  facts.findings.clear();
  EXPECT_EQ(step(), "rehearse");
  facts.rehearsal = {"now", "refuted", "15", {"the rollback restores every row"}, {}};
  EXPECT_EQ(step(), "edit");
  facts.rehearsal->verdict = "proven";
  EXPECT_EQ(step(), "review");
  facts.review = {"now", "no", "15", {"Is the rollback safe?"}, {}};
  EXPECT_EQ(step(), "approve");
  EXPECT_EQ(next_step(facts).because, std::vector<std::string>{"Is the rollback safe?"});
  facts.approved = true;
  EXPECT_EQ(command(), "contraflow apply --phase expand db/p");
  EXPECT_NE(next_step(facts).because.front().find("not asked"), std::string::npos);
  facts.journal = JournalFacts{};
  facts.target = "--target db";
  EXPECT_EQ(command(), "contraflow apply --phase expand db/p --target db");
  EXPECT_TRUE(next_step(facts).because.empty());
  facts.journal->state = "running";
  facts.journal->busy = true;
  facts.journal->begun = Phase::expand;
  EXPECT_EQ(step(), "wait");
  facts.journal->paused = true;
  EXPECT_EQ(step(), "resume");
  facts.journal->paused = facts.journal->busy = false;
  facts.journal->state = "interrupted";
  EXPECT_EQ(step(), "apply");
  EXPECT_NE(next_step(facts).what.find("begun"), std::string::npos);
  facts.journal->begun.reset();
  facts.journal->complete = {Phase::expand};
  facts.journal->state = "stopped";
  EXPECT_EQ(step(), "deploy");
  EXPECT_EQ(next_step(facts).conditions.size(), 1U);
  facts.journal->in_use = {"2 sessions"};
  EXPECT_NE(next_step(facts).what.find("does not hold yet"), std::string::npos);
  facts.journal->in_use.clear();
  facts.journal->complete.push_back(Phase::contract);
  EXPECT_EQ(step(), "purge");
  facts.journal->complete.push_back(Phase::purge);
  EXPECT_EQ(step(), "done");
  EXPECT_EQ(command(), "");
}

TEST(NextStep, WhatIsUnderWayGoesOnWithoutNewProofs) {
  const plan::Plan plan = plan_of({Phase::expand, Phase::contract});
  PlanFacts facts{.folder = "p", .layout = "psql", .plan = &plan, .findings = {"x"}};
  facts.journal = JournalFacts{.state = "stopped", .complete = {Phase::expand}};
  EXPECT_EQ(next_step(facts).step, "deploy");
  facts.edited = {"2"};
  EXPECT_EQ(next_step(facts).step, "edit") << "an edited folder does not run";
}

TEST(NextStep, OtherRunnersApplyTheirOwn) {
  const plan::Plan plan = plan_of({Phase::expand});
  PlanFacts facts{.folder = "p", .layout = "flyway", .plan = &plan};
  facts.rehearsal = {"now", "proven", "15", {}, {}};
  facts.review = {"now", "yes", "15", {}, {}};
  EXPECT_EQ(next_step(facts).command, "");
  EXPECT_NE(next_step(facts).what.find("flyway"), std::string::npos);
}

}  // namespace
}  // namespace contraflow::agent
