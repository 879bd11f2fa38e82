// SPDX-License-Identifier: Apache-2.0
#include "catalog/psql_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"
#include "catalog/source_scan.h"

namespace contraflow::catalog {
namespace {

// What computes, prints to standard output, or reads a file that is looked into as well (documentation: psql, Meta-Commands).
constexpr std::array<std::string_view, 36> kHarmless = {"gset", "gexec", "gdesc", "if", "elif", "else", "endif", "set", "unset", "echo", "qecho", "warn", "pset", "timing", "x", "t", "a", "f",
                                                        "H", "C", "T", "i", "ir", "include", "include_relative", "encoding", "q", "quit", "p", "r", "reset", "errverbose", "restrict", "unrestrict", "\\", ""};

struct Command {
  std::string name, arguments;
};

// "\if :a \echo 'b\n'" is two commands.
std::vector<Command> commands_in(std::string_view line) {
  std::vector<Command> out;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == 0 && c == '\\') {
      std::size_t end = i + 1;
      while (end < line.size() && line[end] != ' ' && line[end] != '\t' && line[end] != '\\' && line[end] != '\n') ++end;
      if (end == i + 1 && end < line.size() && line[end] == '\\') ++end;  // \\ ends the arguments
      out.push_back({std::string(line.substr(i + 1, end - i - 1)), {}});
      i = end - 1;
      continue;
    }
    if (quote == '\'' && c == '\\' && i + 1 < line.size()) {
      if (!out.empty()) out.back().arguments += line.substr(i, 2);
      ++i;
      continue;
    }
    if (quote == 0 && (c == '\'' || c == '"' || c == '`')) quote = c;
    else if (c == quote) quote = 0;
    if (!out.empty()) out.back().arguments += c;
  }
  return out;
}

bool has_backtick(std::string_view arguments) {
  char quote = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const char c = arguments[i];
    if (quote == '\'' && c == '\\') ++i;
    else if (c == quote) quote = 0;
    else if (quote == 0 && c == '`') return true;
    else if (quote == 0 && (c == '\'' || c == '"')) quote = c;
  }
  return false;
}

std::string judge(const Command& command) {
  const std::string_view arguments = trim(command.arguments);
  if (command.name.starts_with('!')) return "\\! starts a program on this machine";
  if (has_backtick(arguments)) return fmt::format("\\{} runs what stands between backquotes as a program on this machine", command.name);
  if (command.name == "g" || command.name == "gx") {
    // Formats stand in parentheses, and before any file or program.
    std::string_view rest = arguments;
    if (rest.starts_with('(')) rest = trim(rest.substr(std::min(rest.size(), rest.find(')') + 1)));
    return rest.empty() ? "" : fmt::format("\\{} writes to a file or a program of this machine", command.name);
  }
  if (command.name == "o" || command.name == "out") return arguments.empty() ? "" : "\\o writes to a file or a program of this machine";
  if (command.name == "copy") {
    const std::string text = to_lower(arguments);
    std::string word, last;
    bool from = false, outside = false;
    for (const char c : text + " ") {
      if ((c >= 'a' && c <= 'z') || c == '_' || (c >= '0' && c <= '9')) {
        word += c;
        continue;
      }
      outside = outside || word == "program";
      from = from || word == "from";
      word.clear();
    }
    return from && !outside ? "" : "\\copy starts a program or writes a file on this machine";
  }
  if (command.name == "encoding" && !arguments.empty() && to_lower(arguments) != "utf8" && to_lower(arguments) != "'utf8'") return "\\encoding changes where psql sees strings end";
  if (command.name == "c" || command.name == "connect") return "\\connect leads to another database";
  if (std::find(kHarmless.begin(), kHarmless.end(), command.name) != kHarmless.end()) return {};
  return fmt::format("psql's \\{} is none of the commands that are known to stay within the database", command.name);
}

}  // namespace

std::string reaches_outside(std::string_view meta_command) {
  for (const Command& command : commands_in(meta_command)) {
    if (std::string why = judge(command); !why.empty()) return why;
  }
  return {};
}

bool starts_program(const ScriptItem& item) {
  if (item.words.empty() || item.words[0] != "copy") return false;
  SqlScanner scanner(item.text());
  std::string previous;
  int depth = 0;
  for (Token token = scanner.next(); token.kind != TokenKind::end; token = scanner.next()) {
    if (token.kind == TokenKind::comment) continue;
    const std::string word = to_lower(scanner.text(token));
    depth += word == "(" ? 1 : word == ")" ? -1
                                           : 0;
    if (depth == 0 && word == "program" && (previous == "from" || previous == "to")) return true;
    previous = word;
  }
  return false;
}

std::string reaches_outside(const ScriptItem& item, bool by_psql) {
  if (item.kind != ItemKind::statement) return by_psql ? reaches_outside(item.text()) : std::string();
  const std::string text = to_lower(item.text());
  // psql would end strings elsewhere than they were read here, and find commands in them.
  if (by_psql && text.find("conforming") != std::string::npos) {
    const bool as_it_is = item.starts_with({"set", "standard_conforming_strings"}) && (text.ends_with(" on") || text.ends_with("=on") || text.ends_with("'on'"));
    if (!as_it_is) return "it changes where psql sees strings end";
  }
  return starts_program(item) ? "COPY … PROGRAM starts a program on the server's machine" : "";
}

}  // namespace contraflow::catalog
