// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "agent/context.h"
#include "agent/tools.h"
#include "base/error.h"
#include "base/text.h"

namespace contraflow::agent {

const std::vector<std::pair<std::string_view, std::string_view>>& prompt_pages();

namespace {

// "# Title", a sentence, "- `argument`: what it is" lines, "---", the text with {argument}s.
Prompt parse(std::string_view name, std::string_view page) {
  const std::size_t rule = page.find("\n---\n");
  if (rule == std::string_view::npos) throw std::logic_error("a prompt without its text");
  Prompt out;
  out.name = name;
  for (const std::string& line : split_lines(page.substr(0, rule))) {
    if (line.starts_with("# ")) out.title = line.substr(2);
    else if (line.starts_with("- `")) {
      const std::size_t end = line.find("`: ");
      out.arguments.push_back({line.substr(3, end - 3), line.substr(end + 3)});
    } else if (!line.empty()) out.description = line;
  }
  out.text = [text = std::string(page.substr(rule + 5)), arguments = out.arguments](const Json& given) {
    std::string filled = text;
    for (const Prompt::Argument& argument : arguments) {
      const std::string value = given.value(argument.name, "");
      // A value is a name within a sentence, not a sentence of its own.
      if (value.find_first_of("\n\r{}") != std::string::npos) throw Error(ErrorCode::usage, fmt::format("{} is one line, without braces", argument.name));
      filled = replace_all(filled, "{" + argument.name + "}", shown_text(value, 200));
    }
    return filled;
  };
  return out;
}

}  // namespace

std::vector<Prompt> prompts() {
  std::vector<Prompt> out;
  for (const auto& [name, page] : prompt_pages()) out.push_back(parse(name, page));
  return out;
}

}  // namespace contraflow::agent
