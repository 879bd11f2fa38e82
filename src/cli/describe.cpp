// SPDX-License-Identifier: Apache-2.0
#include "cli/describe.h"

#include "base/text.h"
#include "cli/command.h"

namespace contraflow::cli {
namespace {

// CLI11 appends what a validator accepts to the type: "TEXT:{text,json}".
std::vector<std::string> choices_in(const std::string& type) {
  const std::size_t begin = type.find('{');
  const std::size_t end = type.find('}', begin);
  if (begin == std::string::npos || end == std::string::npos) return {};
  return split(std::string_view(type).substr(begin + 1, end - begin - 1), ',');
}

OptionDescription describe_option(const CLI::Option& option) {
  OptionDescription out;
  out.positional = option.get_positional();
  if (out.positional) {
    out.names = {option.get_name(true)};
  } else {
    for (const std::string& name : option.get_snames()) out.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) out.names.push_back("--" + name);
  }
  const std::string type = option.get_type_name();
  if (option.get_items_expected_max() > 0) {
    out.value = type.substr(0, type.find(':'));
    out.choices = choices_in(type);
    if (!out.choices.empty()) out.value = join(out.choices, "|");
    if (out.value.empty()) out.value = "VALUE";
  }
  out.text = option.get_description();
  out.default_value = option.get_default_str();
  out.required = option.get_required();
  out.repeatable = option.get_items_expected_max() > 1;
  return out;
}

std::vector<OptionDescription> describe_options(const CLI::App& app) {
  std::vector<OptionDescription> out;
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_group().empty())
      out.push_back(describe_option(*option));  // an empty group hides an option
  }
  return out;
}

}  // namespace

Description describe() {
  GlobalOptions global;
  const auto app = make_app(global, [](const Command&, const Runner&) {});
  Description out;
  out.summary = app->get_description();
  out.options = describe_options(*app);
  for (const Command* command : commands()) {
    CommandDescription& described = out.commands.emplace_back();
    described.name = command->name;
    described.summary = command->summary;
    described.details = command->details;
    if (command->tables != nullptr) described.tables = command->tables();
    described.examples = split_lines(trim(command->examples));
    described.options = describe_options(*app->get_subcommand(command->name));
  }
  return out;
}

}  // namespace contraflow::cli
