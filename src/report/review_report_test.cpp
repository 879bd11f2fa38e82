// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "report/review_text.h"

namespace contraflow::report {
namespace {

using namespace rehearse;

// A migration that adds a column, with a hostile name in it, and whose rollback is exact.
Rehearsal small() {
  Rehearsal out;
  out.kind = "file";
  out.subject = "m.sql";
  out.server = "15.18";
  out.run_as = "one transaction";
  out.sets_lock_timeout = true;
  out.data.kind = "synthetic";
  out.data.tables = {{{"public", "users"}, 20'000, 1 << 20, 2e6, 1e8}};
  Observation step;
  step.title = "ALTER TABLE users ADD \"</script><b>\" int";
  step.place = {"m.sql", 1, step.title};
  step.transaction = 1;
  step.duration_ms = 2;
  step.locks = {{{"public", "users"}, effects::LockMode::access_exclusive, false, 3}};
  out.steps = {step};
  const auto proof = [&](const char* id, Verdict verdict) {
    out.proofs.push_back({.id = id, .claim = id, .verdict = verdict, .reason = "tried"});
  };
  proof("forward", Verdict::proven);
  proof("rollback.schema", Verdict::proven);
  proof("rollback.data", Verdict::proven);
  proof("twice", Verdict::proven);
  proof("interrupted", Verdict::proven);
  return out;
}

TEST(Review, PassesWhatIsGoodAndFailsWhatIsNot) {
  EXPECT_EQ(review::make_review(small()).verdict(), review::Answer::yes);
  Rehearsal bad = small();
  bad.proofs[1].verdict = Verdict::refuted;
  EXPECT_EQ(review::make_review(bad).verdict(), review::Answer::no);
  Rehearsal careless = small();
  careless.sets_lock_timeout = false;
  const review::Review review = review::make_review(careless);
  EXPECT_EQ(review.verdict(), review::Answer::no);
  ASSERT_FALSE(review.findings.empty());
  EXPECT_EQ(review.findings.front().rule, "no-lock-timeout");
}

TEST(Review, ScalesWorkUnderALockToProduction) {
  Rehearsal rewrites = small();
  rewrites.steps[0].rewritten = {{"public", "users"}};
  rewrites.steps[0].duration_ms = 10;
  rewrites.steps[0].locks[0].held_ms = 12;
  const review::Review review = review::make_review(rewrites);
  ASSERT_EQ(review.locks.size(), 1u);
  EXPECT_DOUBLE_EQ(*review.locks[0].production_ms, 10 * 100 + 2);  // 2,000,000 rows against 20,000
  EXPECT_TRUE(review.locks[0].over_budget);
  rewrites.data.tables[0].rows = 5;  // says nothing about a large table
  EXPECT_FALSE(review::make_review(rewrites).locks[0].production_ms);
}

TEST(ReviewReport, HtmlLetsNothingOfTheMigrationBecomeMarkup) {
  const std::string html = review_html(review::make_review(small()), "test");
  EXPECT_EQ(html.find("<b>\""), std::string::npos);
  EXPECT_NE(html.find("&lt;/script&gt;&lt;b&gt;"), std::string::npos);
  std::size_t scripts = 0;
  for (std::size_t at = html.find("</script>"); at != std::string::npos; at = html.find("</script>", at + 1))
    ++scripts;
  EXPECT_EQ(scripts, 1u);
  EXPECT_EQ(html.find("http://"), std::string::npos);
  EXPECT_EQ(html.find("https://"), std::string::npos);
}

TEST(ReviewReport, MarkdownFitsIntoAComment) {
  Rehearsal large = small();
  Observation step = large.steps[0];
  step.place.statement = std::string(5'000, 'x') + "\n```\n</details>";
  large.steps.assign(60, step);
  const std::string markdown = review_markdown(review::make_review(large));
  EXPECT_LE(count_characters(markdown), 65'536u);
  EXPECT_NE(markdown.find("left out"), std::string::npos);
  EXPECT_NE(markdown.find("````sql"), std::string::npos);  // a fence that the statement cannot close
}

TEST(ReviewReport, JsonAndSarifParse) {
  Rehearsal careless = small();
  careless.sets_lock_timeout = false;
  const review::Review review = review::make_review(careless);
  const auto json = nlohmann::json::parse(review_json(review, "test"));
  EXPECT_EQ(json.at("verdict"), "no");
  EXPECT_EQ(json.at("rehearsal").at("proofs").size(), 5u);
  const auto sarif = nlohmann::json::parse(review_sarif(review, "test"));
  EXPECT_EQ(sarif.at("version"), "2.1.0");
  EXPECT_EQ(sarif.at("runs").at(0).at("results").at(0).at("ruleId"), "no-lock-timeout");
}

}  // namespace
}  // namespace contraflow::report
