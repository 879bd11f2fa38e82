// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/terminal.h"
#include "base/text.h"
#include "base/utf8.h"
#include "cli/manual.h"

namespace contraflow::cli {
namespace {

constexpr std::size_t kTermColumn = 26;  // where the text of an option begins

class Help {
 public:
  Help(int width, bool color) : width_(static_cast<std::size_t>(std::clamp(width, 60, 110))), color_(color) {}

  void heading(std::string_view text) { out_ += "\n" + styled(text, Style::bold, color_) + "\n"; }

  // Lines of words that begin at `column`, of which the line at hand has `used` already.
  void words(std::string_view text, std::size_t column, std::size_t used = 0) {
    const std::size_t end = text.find('\n');
    if (end != std::string_view::npos) {
      words(text.substr(0, end), column, used);
      return words(text.substr(end + 1), column);
    }
    std::string line;
    std::size_t at = std::max(column, used);
    out_ += std::string(at - used, ' ');
    for (const std::string& word : split(text, ' ')) {
      const auto size = display_width(word);
      if (!line.empty() && at + 1 + size > width_) {
        out_ += line + "\n" + std::string(column, ' ');
        line.clear();
        at = column;
      }
      if (!line.empty()) {
        line += ' ';
        ++at;
      }
      line += word;
      at += size;
    }
    out_ += line + "\n";
  }

  // A term and its meaning, beside it or below it.
  void entry(const std::string& term, const std::string& meaning, std::size_t column = kTermColumn) {
    const std::size_t used = 2 + display_width(term);
    out_ += "  " + styled(term, Style::cyan, color_);
    if (used + 2 <= column) return words(meaning, column, used);
    out_ += "\n";
    words(meaning, column);
  }

  void options(const std::vector<OptionDescription>& options) {
    heading("Options");
    for (const OptionDescription& option : options) entry(option_title(option), option_text(option));
  }

  void line(const std::string& text) { out_ += text + "\n"; }
  std::string take() { return std::move(out_); }

 private:
  std::size_t width_;
  bool color_;
  std::string out_;
};

std::string of_command(const CommandDescription& command, int width, bool color) {
  Help help(width, color);
  help.words(command.summary, 0);
  help.line("\n" + command_usage(command));
  if (!command.details.empty()) {
    help.line("");
    help.words(command.details, 0);
  }
  help.options(command.options);
  for (const TermTable& table : command.tables) {
    help.heading(table.title);
    for (const auto& [term, meaning] : table.rows) help.entry(term, meaning, 8);
  }
  help.heading("Examples:");
  for (const std::string& example : command.examples) help.line("  " + example);
  return help.take();
}

}  // namespace

std::string help_text(const Description& program, std::string_view command, int width, bool color) {
  for (const CommandDescription& described : program.commands) {
    if (described.name == command) return of_command(described, width, color);
  }
  Help help(width, color);
  help.line("contraflow " + program.summary + "\n\ncontraflow COMMAND [OPTION…]");
  help.heading("Commands");
  for (const CommandDescription& described : program.commands) help.entry(described.name, described.summary, 16);
  help.options(program.options);
  help.line("\n`contraflow COMMAND --help` shows a command's options and examples.");
  return help.take();
}

}  // namespace contraflow::cli
