// SPDX-License-Identifier: Apache-2.0
#include "agent/shell_state.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace contraflow::agent {
namespace {

constexpr int kMostWithin = 8;  // substitutions within each other that are followed
constexpr std::size_t kMostText = 1 << 20;

struct Deeper {
  explicit Deeper(int& count) : count_(++count), counter_(count) {}
  ~Deeper() { --counter_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;
  bool too_deep() const { return count_ > kMostWithin; }

 private:
  int count_;
  int& counter_;
};

ShellWord shell_word(const std::string& text) {
  const std::vector<ShellCommand> parsed = shell_commands(text);
  return parsed.empty() || parsed[0].words.empty() ? ShellWord{{{ShellPart::Kind::text, text, "", true}}} : parsed[0].words[0];
}

}  // namespace

std::string program_of(const std::string& word) { return to_lower(word.substr(word.rfind('/') == std::string::npos ? 0 : word.rfind('/') + 1)); }

std::string as_variable(const std::string& name) { return "${" + name + "}"; }

// "app_user" in "app_user_2" is no mention.
bool mentions(const std::string& text, const std::string& name) {
  const auto part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  for (std::size_t at = 0; !name.empty() && (at = text.find(name, at)) != std::string::npos; ++at) {
    const std::size_t end = at + name.size();
    if ((at == 0 || !part(text[at - 1])) && (end == text.size() || !part(text[end]))) return true;
  }
  return false;
}

std::string texts(const std::vector<SeenWord>& words, std::size_t from) {
  std::vector<std::string> out;
  for (std::size_t i = from; i < words.size(); ++i) out.push_back(words[i].text);
  return join(out, " ");
}

SeenWord joined(const std::vector<SeenWord>& words) {
  SeenWord out{texts(words), false, false};
  for (const SeenWord& word : words) out.unseen |= word.unseen, out.hidden |= word.hidden;
  return out;
}

bool is_assignment(const ShellWord& word) {
  if (word.parts.empty() || word.parts[0].kind != ShellPart::Kind::text || word.parts[0].quoted) return false;
  const std::string& text = word.parts[0].value;
  const std::size_t equal = text.find('=');
  return equal != std::string::npos && equal > 0 && std::isdigit(static_cast<unsigned char>(text[0])) == 0 &&
         std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(equal), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; });
}

void assign(Variables& variables, SeenWord value) {
  const std::size_t equal = value.text.find('=');
  const std::string name = value.text.substr(0, equal);
  value.text = value.text.substr(equal + 1);
  variables[name] = std::move(value);
}

bool ShellState::is_protected(const std::string& name) const {
  return std::any_of(input_.databases.begin(), input_.databases.end(), [&](const ProtectedDatabase& one) { return !name.empty() && one.variable == name; });
}

SeenWord ShellState::value_of(const ShellPart& part, const Variables& own) const {
  const Deeper deeper(expanding_);
  if (deeper.too_deep()) return {"", true, true};
  std::string name = part.value;
  if (name.starts_with('!')) {
    const auto pointed = variables.find(name.substr(1));
    name = pointed == variables.end() ? name.substr(1) : pointed->second.text;
  }
  for (const Variables* set : {&own, &variables}) {
    if (const auto found = set->find(name); found != set->end()) return found->second;
  }
  if (is_protected(name)) return {as_variable(name), false, false};
  const std::string value = input_.environment ? input_.environment(name.c_str()) : "";
  if (!value.empty()) return {value, false, false};
  if (!part.fallback.empty()) return expand(shell_word(part.fallback), own).front();
  return {as_variable(name), true, false};
}

// What a substitution writes, as far as that can be said; a protected database that it names stays in it.
SeenWord ShellState::output_of(const std::string& commands) const {
  SeenWord out{"", true, true};
  const Deeper deeper(expanding_);
  if (deeper.too_deep()) return out;
  const std::vector<ShellCommand> parsed = shell_commands(commands);
  if (parsed.size() == 1 && !parsed[0].words.empty()) {
    std::vector<SeenWord> words;
    for (const ShellWord& word : parsed[0].words) {
      for (SeenWord& one : expand(word, {})) words.push_back(std::move(one));
    }
    const std::string program = program_of(words[0].text);
    if (program == "printenv" && words.size() == 2) return value_of({ShellPart::Kind::variable, words[1].text, "", true}, {});
    if (program == "which" && words.size() == 2) return words[1];
    if (program == "command" && words.size() == 3 && words[1].text == "-v") return words[2];
    if (auto known = written_by(words)) return *known;
  }
  for (const ProtectedDatabase& one : input_.databases) {
    if (mentions(commands, one.variable)) out.text += as_variable(one.variable);
    if (!one.url.empty() && commands.find(one.url) != std::string::npos) out.text += one.url;
  }
  return out;
}

std::optional<SeenWord> ShellState::written_by(const std::vector<SeenWord>& words) const {
  const std::string program = words.empty() ? "" : program_of(words[0].text);
  SeenWord out;
  const auto add = [&](const SeenWord& word, const char* between) {
    out.text += (out.text.empty() ? "" : between) + word.text;
    out.unseen |= word.unseen;
    out.hidden |= word.hidden;
  };
  if (program == "echo") {
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (out.text.empty() && (words[i].text == "-n" || words[i].text == "-e" || words[i].text == "-E")) continue;
      add(words[i], " ");
    }
    return out;
  }
  if (program == "printf" && words.size() > 1) {
    // '%s\n' takes the words behind it as they are.
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (i == 1 && words.size() > 2 && words[1].text.find_first_not_of("%s\\n ;") == std::string::npos) continue;
      add(words[i], "\n");
    }
    if (out.text.find('%') != std::string::npos) out.unseen = true;
    out.text = replace_all(out.text, "\\n", "\n");
    return out;
  }
  if (program == "cat" && words.size() > 1) {
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto content = file(words[i]);
      if (!content) return std::nullopt;
      add({*content, false, false}, "\n");
    }
    return out;
  }
  return std::nullopt;
}

std::optional<std::string> ShellState::file(const SeenWord& path) const {
  if (path.unseen || path.text.empty() || path.text == "-") return std::nullopt;
  if (const auto found = made.find(path.text); found != made.end()) return found->second;
  const bool from_here = !path.text.starts_with('/');
  if (!input_.read_file || (from_here && !folder_known_)) return std::nullopt;
  return input_.read_file(from_here && !folder_.empty() ? folder_ + "/" + path.text : path.text);
}

std::vector<SeenWord> ShellState::expand(const ShellWord& word, const Variables& own) const {
  std::vector<SeenWord> out(1);
  for (const ShellPart& part : word.parts) {
    if (part.kind == ShellPart::Kind::text) {
      out.back().text += part.value;
      continue;
    }
    const SeenWord value = part.kind == ShellPart::Kind::variable ? value_of(part, own) : output_of(part.value);
    const std::vector<std::string> pieces = part.quoted ? std::vector<std::string>{value.text} : split(replace_all(replace_all(value.text, "\n", " "), "\t", " "), ' ');
    bool first = true;
    for (const std::string& piece : pieces) {
      if (!part.quoted && piece.empty() && pieces.size() > 1) continue;
      if (!first) out.emplace_back();
      first = false;
      out.back().text += piece;
      out.back().unseen |= value.unseen;
      out.back().hidden |= value.hidden;
    }
    out.back().unseen |= value.unseen;
    out.back().hidden |= value.hidden;
    // A line that doubles a variable again and again.
    if (out.back().text.size() > kMostText) out.back() = {"", true, true};
  }
  return out;
}

void ShellState::change_folder(const SeenWord& to) {
  if (to.unseen || to.text == "-" || to.text.starts_with('~')) folder_known_ = false;
  else if (to.text.starts_with('/')) folder_ = to.text, folder_known_ = true;
  else folder_ += (folder_.empty() ? "" : "/") + to.text;
  // What the line wrote is named from the folder before.
  for (auto& [name, content] : made) content = std::nullopt;
}

SeenWord ShellState::text_of(const ShellWord& word, const Variables& own) const {
  SeenWord out;
  for (const ShellPart& part : word.parts) {
    const SeenWord value = part.kind == ShellPart::Kind::text ? SeenWord{part.value, false, false} : part.kind == ShellPart::Kind::variable ? value_of(part, own)
                                                                                                                                            : output_of(part.value);
    out.text += value.text;
    out.unseen |= value.unseen;
    out.hidden |= value.hidden;
  }
  if (out.text.size() > kMostText) return {"", true, true};
  return out;
}

std::string ShellState::setting(const char* name, const Variables& own) const {
  for (const Variables* set : {&own, &variables}) {
    if (const auto found = set->find(name); found != set->end()) return found->second.text;
  }
  return input_.environment ? input_.environment(name) : "";
}

}  // namespace contraflow::agent
