// SPDX-License-Identifier: Apache-2.0
#include "sql/directive.h"

#include <utility>

#include "base/text.h"

namespace contraflow::sql {
namespace {

constexpr std::string_view kMark = "contraflow:";

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ' || text[i] == '\t') {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
      continue;
    }
    in_word = true;
    const char quote = text[i];
    if (quote != '\'' && quote != '"') {
      word += text[i];
      continue;
    }
    if (quote == '"') word += quote;
    for (++i; i < text.size(); ++i) {
      if (text[i] == quote) {
        if (i + 1 >= text.size() || text[i + 1] != quote) break;
        if (quote == '"') word += quote;  // a quoted name stays as it is written
        ++i;
      }
      word += text[i];
    }
    if (quote == '"') word += quote;
  }
  if (in_word) words.push_back(word);
  return words;
}

}  // namespace

std::optional<std::string> Directive::value(std::string_view key) const {
  for (const std::string& argument : arguments) {
    if (argument.size() > key.size() && argument.starts_with(key) && argument[key.size()] == '=') {
      return argument.substr(key.size() + 1);
    }
  }
  return std::nullopt;
}

std::optional<Directive> directive_in(const Comment& comment) {
  std::string_view text = comment.text;
  if (!text.starts_with("--")) return std::nullopt;
  text = trim(text.substr(2));
  if (!text.starts_with(kMark)) return std::nullopt;
  std::vector<std::string> words = words_of(trim(text.substr(kMark.size())));
  Directive directive;
  directive.line = comment.line;
  directive.column = comment.column;
  if (!words.empty()) {
    directive.name = words.front();
    directive.arguments.assign(words.begin() + 1, words.end());
  }
  return directive;
}

std::vector<Directive> directives_in(const std::vector<Comment>& comments) {
  std::vector<Directive> found;
  for (const Comment& comment : comments) {
    if (auto directive = directive_in(comment)) found.push_back(*std::move(directive));
  }
  return found;
}

}  // namespace contraflow::sql
