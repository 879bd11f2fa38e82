// SPDX-License-Identifier: Apache-2.0
//
// Every rule's page is its test: a fenced `sql` block is checked, and `-- error: [rule]` behind a line is what must be found there. What else is
// found at warning or error fails, and so does a finding of the page's own rule that is not written there.
// `sql schema` is the migration before; `sql server=14..17 layout=flyway` are options.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/text.h"
#include "lint/check.h"
#include "lint/gather.h"
#include "lint/rule.h"

namespace contraflow::lint {
namespace {

struct Block {
  std::string options;
  std::string text;
};

std::vector<Block> blocks_of(std::string_view page) {
  std::vector<Block> out;
  bool inside = false;
  for (const std::string& line : split_lines(page)) {
    if (line.starts_with("```")) {
      if (!inside && line.starts_with("```sql")) out.push_back({line.substr(6), {}});
      else if (!inside) ADD_FAILURE() << "a block that is not sql: " << line;
      inside = !inside;
    } else if (inside) {
      out.back().text += line + "\n";
    }
  }
  return out;
}

std::string option(const std::string& options, const std::string& key) {
  for (const std::string& part : split(options, ' ')) {
    if (part.starts_with(key + "=")) return part.substr(key.size() + 1);
  }
  return {};
}

using Expected = std::set<std::tuple<int, std::string, std::string>>;

Expected expected_in(const std::string& text) {
  Expected out;
  int number = 0;
  for (const std::string& line : split_lines(text)) {
    ++number;
    for (const std::string severity : {"error", "warning", "info"}) {
      const std::string mark = "-- " + severity + ": [";
      for (std::size_t at = line.find(mark); at != std::string::npos; at = line.find(mark, at + 1)) {
        const std::size_t begin = at + mark.size();
        out.insert({number, severity, line.substr(begin, line.find(']', begin) - begin)});
      }
    }
  }
  return out;
}

std::string show(const Expected& set) {
  std::string out;
  for (const auto& [line, severity, rule] : set) out += "  line " + std::to_string(line) + " " + severity + " " + rule + "\n";
  return out;
}

class RulePage : public testing::TestWithParam<const Rule*> {};

TEST_P(RulePage, FindsWhatItSays) {
  const Rule& rule = *GetParam();
  const std::string_view page = rule_page(rule.name);
  ASSERT_TRUE(page.starts_with("# " + std::string(rule.name) + "\n")) << "the page begins with the rule's name";
  std::string schema;
  bool found_once = false, clean_once = false;
  for (const Block& block : blocks_of(page)) {
    if (block.options.find("schema") != std::string::npos) {
      schema = block.text;
      continue;
    }
    CheckOptions options;
    options.enabled.insert(rule.name);
    if (const std::string server = option(block.options, "server"); !server.empty()) {
      options.majors.from = std::stoi(server);
      options.majors.to = server.find("..") == std::string::npos ? options.majors.from : std::stoi(server.substr(server.find("..") + 2));
    }
    std::vector<Input> inputs;
    if (!schema.empty()) {
      inputs = gather_text("schema.sql", schema).inputs;
      inputs.front().report = false;
    }
    for (Input& input : gather_text("example.sql", block.text, option(block.options, "layout")).inputs) inputs.push_back(std::move(input));
    const Report report = check(inputs, options);
    const Expected expected = expected_in(block.text);
    Expected found;
    for (const Finding& finding : report.findings) {
      const bool own = finding.rule == &rule;
      const bool told = expected.contains({finding.line, std::string(severity_name(finding.severity)), finding.rule->name});
      if (!own && !told && (finding.severity == Severity::info || std::string_view(finding.rule->name) == "missing-lock-timeout")) continue;
      found.insert({finding.line, std::string(severity_name(finding.severity)), finding.rule->name});
    }
    EXPECT_EQ(found, expected) << "in\n"
                               << block.text << "found\n"
                               << show(found) << "expected\n"
                               << show(expected);
    const bool has_own = std::any_of(expected.begin(), expected.end(), [&](const auto& item) { return std::get<2>(item) == rule.name; });
    (has_own ? found_once : clean_once) = true;
  }
  EXPECT_TRUE(found_once || std::string_view(rule.name) == "type-change-under-view") << "no example that is flagged";
  EXPECT_TRUE(clean_once || std::string_view(rule.name) == "suppression-without-reason") << "no example that is not flagged";
}

INSTANTIATE_TEST_SUITE_P(All, RulePage, testing::ValuesIn(rules()), [](const testing::TestParamInfo<const Rule*>& parameter) { return replace_all(parameter.param->name, "-", "_"); });

TEST(Rules, AreSortedAndSayWhatTheyAre) {
  EXPECT_TRUE(std::is_sorted(rules().begin(), rules().end(), [](const Rule* left, const Rule* right) { return std::string_view(left->name) < right->name; }));
  for (const Rule* rule : rules()) {
    const std::string summary = rule->summary;
    EXPECT_FALSE(summary.empty() || summary.ends_with('.')) << rule->name;
    EXPECT_EQ(find_rule(rule->name), rule);
    for (const char* part : {"## What it finds", "## Why it hurts", "## Instead", "## Examples"}) EXPECT_NE(rule_page(rule->name).find(part), std::string_view::npos) << rule->name << " " << part;
  }
}

}  // namespace
}  // namespace contraflow::lint
