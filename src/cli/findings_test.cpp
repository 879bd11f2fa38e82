// SPDX-License-Identifier: Apache-2.0
#include "cli/findings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/process.h"
#include "cli/baseline.h"
#include "lint/gather.h"

namespace contraflow::cli {
namespace {

lint::Report sample() {
  return lint::check(lint::gather_text("db/ä b.sql", "ALTER TABLE users ALTER COLUMN \"a|b\" SET NOT NULL;\nSELECT '<&>';\nALTER TABLE users ALTER c TYPE text;\n").inputs, {});
}

TEST(Findings, JsonFollowsItsSchema) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "findings.json").string();
  write_file(path, findings_json(sample(), {}));
  const std::string source = CONTRAFLOW_SOURCE_DIR;
  const ProcessResult result = run_process({"python3", source + "/tools/validate_json.py", source + "/docs/schemas/check.schema.json", path});
  if (result.exit_code == 77) GTEST_SKIP() << result.error_output;
  EXPECT_EQ(result.exit_code, 0) << result.output << result.error_output;
}

TEST(Findings, JsonSaysWhatIsLocked) {
  const auto document = nlohmann::json::parse(findings_json(sample(), {}));
  const auto& all = document["findings"];
  const auto found = std::find_if(all.begin(), all.end(), [](const auto& finding) { return finding["rule"] == "set-not-null-scans-table"; });
  ASSERT_NE(found, all.end());
  const auto& first = *found;
  EXPECT_EQ(first["relation"], "users");
  EXPECT_EQ(first["lock"], "ACCESS EXCLUSIVE");
  EXPECT_EQ(first["line"], 1);
}

TEST(Findings, OtherFormsKeepTheirEscapes) {
  const lint::Report report = sample();
  EXPECT_NE(findings_sarif(report).find("\"uri\": \"db/%C3%A4%20b.sql\""), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(findings_sarif(report))["runs"][0]["results"].size(), report.findings.size());
  EXPECT_EQ(nlohmann::json::parse(findings_gitlab(report)).size(), report.findings.size());
  EXPECT_NE(findings_github(report).find("::error file=db/ä b.sql,line=1,col=1,title="), std::string::npos);
  EXPECT_NE(findings_markdown(report).find("db/ä b.sql:1"), std::string::npos);
  EXPECT_NE(findings_junit(report).find("<failure type=\"error\""), std::string::npos);
  EXPECT_EQ(findings_junit(report).find("'a|b' <"), std::string::npos);
}

TEST(Findings, BaselineSurvivesMovedLines) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "baseline.json").string();
  write_baseline(path, sample());
  lint::Report moved = lint::check(lint::gather_text("db/ä b.sql", "\n\nALTER TABLE users ALTER COLUMN \"a|b\" SET NOT NULL;\nCREATE INDEX ON users (c);\nALTER TABLE users ALTER c TYPE text;\n").inputs, {});
  leave_out_baseline(path, moved);
  ASSERT_EQ(moved.findings.size(), 1U);
  EXPECT_EQ(moved.findings[0].line, 4);
}

}  // namespace
}  // namespace contraflow::cli
