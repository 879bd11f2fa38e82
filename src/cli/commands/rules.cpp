// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "lint/rule.h"

namespace contraflow::cli {
namespace {

struct Options {
  std::string rule;
  std::shared_ptr<std::string> format;
};

nlohmann::ordered_json json_of(const lint::Rule& rule) {
  return {{"rule", rule.name}, {"category", category_name(rule.category)}, {"severity", severity_name(rule.severity)}, {"default", rule.by_default}, {"summary", rule.summary}};
}

int run(Context& context, const Options& options) {
  const bool json = *options.format == "json";
  if (!options.rule.empty()) {
    const lint::Rule* rule = lint::find_rule(options.rule);
    if (rule == nullptr) {
      std::vector<std::string> names;
      for (const lint::Rule* known : lint::rules()) names.emplace_back(known->name);
      const std::string near = nearest(options.rule, names);
      throw Error(ErrorCode::usage, fmt::format("there is no rule \"{}\"", options.rule), near.empty() ? "contraflow rules lists them" : fmt::format("did you mean {}?", near));
    }
    if (json) {
      auto object = json_of(*rule);
      object["page"] = lint::rule_page(rule->name);
      context.console.print(object.dump(2) + "\n");
    } else {
      context.console.print(std::string(lint::rule_page(rule->name)));
    }
    return 0;
  }
  if (json) {
    auto array = nlohmann::ordered_json::array();
    for (const lint::Rule* rule : lint::rules()) array.push_back(json_of(*rule));
    context.console.print(array.dump(2) + "\n");
    return 0;
  }
  std::size_t width = 0;
  for (const lint::Rule* rule : lint::rules()) width = std::max(width, std::string_view(rule->name).size());
  for (const lint::Category category : {lint::Category::lock, lint::Category::brief_lock, lint::Category::transaction, lint::Category::compatibility, lint::Category::data, lint::Category::idempotence,
                                        lint::Category::process, lint::Category::style}) {
    std::string lines;
    for (const lint::Rule* rule : lint::rules()) {
      if (rule->category == category) lines += fmt::format("  {:<{}}  {:<7}  {}{}\n", rule->name, width, severity_name(rule->severity), rule->summary, rule->by_default ? "" : " (off by default)");
    }
    if (!lines.empty()) context.console.print(fmt::format("{}\n{}", category_name(category), lines));
  }
  return 0;
}

Runner add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("RULE", options->rule, "the rule to explain, with examples");
  options->format = add_format_option(app, {"text", "json"});
  return [options](Context& context) { return run(context, *options); };
}

}  // namespace

extern const Command rules_command;
const Command rules_command{
    "rules", "the rules of check; one rule explained", "",
    "contraflow rules\n"
    "contraflow rules set-not-null-scans-table   # what it finds, why it hurts, what to write instead",
    add_options};

}  // namespace contraflow::cli
