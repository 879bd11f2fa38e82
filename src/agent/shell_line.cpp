// SPDX-License-Identifier: Apache-2.0
#include "agent/shell_line.h"

#include <cctype>
#include <utility>

namespace contraflow::agent {
namespace {

bool name_start(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool name_part(char c) { return name_start(c) || std::isdigit(static_cast<unsigned char>(c)) != 0; }

class Reader {
 public:
  explicit Reader(const std::string& line) : line_(line) {}

  std::vector<ShellCommand> run() {
    out_.emplace_back();
    while (at_ < line_.size()) step();
    end_word();
    documents();
    std::erase_if(out_, [](const ShellCommand& command) { return command.words.empty() && !command.piped; });
    return std::move(out_);
  }

 private:
  struct Document {
    std::size_t command;
    std::string end;
    bool quoted, tabs;
  };

  char peek(std::size_t ahead = 0) const { return at_ + ahead < line_.size() ? line_[at_ + ahead] : '\0'; }

  void text(char c, bool quoted) {
    if (word_.parts.empty() || word_.parts.back().kind != ShellPart::Kind::text || word_.parts.back().quoted != quoted) word_.parts.push_back({ShellPart::Kind::text, "", "", quoted});
    word_.parts.back().value += c;
  }

  void end_word() {
    if (!word_.parts.empty()) {
      if (into_ == Into::words) out_.back().words.push_back(word_);
      if (into_ == Into::input) out_.back().input = word_;
      if (into_ == Into::input_file) out_.back().input_file = word_;
      if (into_ == Into::output) out_.back().output_file = word_;
      into_ = Into::words;
    }
    word_ = {};
  }

  void end_command(bool pipe = false) {
    end_word();
    into_ = Into::words;
    out_.emplace_back();
    out_.back().piped = pipe;
  }

  void step() {
    const char c = peek();
    if (c == '\n') {
      end_word();
      ++at_;
      documents();
      end_command();
    } else if (c == ' ' || c == '\t' || c == '\r') {
      end_word();
      ++at_;
    } else if (c == '#' && word_.parts.empty()) {
      while (at_ < line_.size() && peek() != '\n') ++at_;
    } else if (c == '\\') {
      if (peek(1) == '\n') {
        at_ += 2;
      } else {
        if (at_ + 1 < line_.size()) text(peek(1), true);
        at_ += 2;
      }
    } else if (c == '\'') {
      quoted();
    } else if (c == '"') {
      ++at_;
      word_.parts.push_back({ShellPart::Kind::text, "", "", true});
      while (at_ < line_.size() && peek() != '"') in_double_quotes();
      ++at_;
    } else if (c == '$' && peek(1) == '\'') {
      ++at_;
      ansi();
    } else if (c == '$' && peek(1) == '"') {
      ++at_;
    } else if (c == '$') {
      dollar(false);
    } else if (c == '`') {
      backticks(false);
    } else if (c == ';' || c == '(' || c == ')') {
      ++at_;
      end_command();
    } else if (c == '&' && peek(1) == '>') {
      end_word();
      out_.back().appends = peek(2) == '>';
      at_ += peek(2) == '>' ? 3 : 2;
      into_ = Into::output;
    } else if (c == '&') {
      ++at_;
      end_command();
    } else if (c == '|') {
      const bool or_else = peek(1) == '|';
      at_ += or_else || peek(1) == '&' ? 2 : 1;
      end_command(!or_else);
    } else if (c == '<' || c == '>') {
      redirection();
    } else {
      text(c, false);
      ++at_;
    }
  }

  void quoted() {
    word_.parts.push_back({ShellPart::Kind::text, "", "", true});
    for (++at_; at_ < line_.size() && peek() != '\''; ++at_) text(peek(), true);
    ++at_;
  }

  // $'…': as C writes it.
  void ansi() {
    word_.parts.push_back({ShellPart::Kind::text, "", "", true});
    for (++at_; at_ < line_.size() && peek() != '\''; ++at_) {
      if (peek() != '\\') {
        text(peek(), true);
        continue;
      }
      ++at_;
      const char c = peek();
      if (c == 'x' || (c >= '0' && c <= '7')) {
        const int base = c == 'x' ? 16 : 8;
        std::string digits;
        for (std::size_t i = c == 'x' ? 1 : 0; digits.size() < (base == 16 ? 2U : 3U) && std::isxdigit(static_cast<unsigned char>(peek(i))) != 0; ++i) digits += peek(i);
        at_ += digits.size() - (c == 'x' ? 0 : 1);
        try {
          text(static_cast<char>(std::stoi(digits, nullptr, base)), true);
        } catch (const std::exception&) {
          text('?', true);
        }
        continue;
      }
      text(c == 'n' ? '\n' : c == 't' ? '\t'
                         : c == 'r'   ? '\r'
                                      : c,
           true);
    }
    ++at_;
  }

  void in_double_quotes() {
    if (peek() == '\\' && (peek(1) == '"' || peek(1) == '\\' || peek(1) == '$' || peek(1) == '`')) {
      text(peek(1), true);
      at_ += 2;
    } else if (peek() == '\\' && peek(1) == '\n') {
      at_ += 2;
    } else if (peek() == '$') {
      dollar(true);
    } else if (peek() == '`') {
      backticks(true);
    } else {
      text(peek(), true);
      ++at_;
    }
  }

  void backticks(bool quoted) {
    std::string inside;
    for (++at_; at_ < line_.size() && peek() != '`'; ++at_) {
      if (peek() == '\\' && peek(1) != '\0') ++at_;
      inside += peek();
    }
    ++at_;
    word_.parts.push_back({ShellPart::Kind::substitution, inside, "", quoted});
  }

  // Up to the parenthesis or brace that ends it, quotes and nesting seen.
  std::string enclosed(char open, char close) {
    std::string inside;
    int depth = 1;
    char quote = '\0';
    for (; at_ < line_.size(); ++at_) {
      const char c = peek();
      if (c == '\\' && quote != '\'') {
        inside += c;
        ++at_;
        if (at_ < line_.size()) inside += peek();
        continue;
      }
      if (quote != '\0') {
        if (c == quote) quote = '\0';
      } else if (c == '\'' || c == '"') {
        quote = c;
      } else if (c == open) {
        ++depth;
      } else if (c == close && --depth == 0) {
        ++at_;
        return inside;
      }
      inside += c;
    }
    return inside;
  }

  void dollar(bool quoted) {
    ++at_;
    if (peek() == '(') {
      ++at_;
      word_.parts.push_back({ShellPart::Kind::substitution, enclosed('(', ')'), "", quoted});
    } else if (peek() == '{') {
      ++at_;
      std::string inside = enclosed('{', '}');
      const std::size_t first = !inside.empty() && (inside[0] == '!' || inside[0] == '#') && inside.size() > 1 ? 1 : 0;
      std::size_t end = first;
      while (end < inside.size() && name_part(inside[end])) ++end;
      ShellPart part{ShellPart::Kind::variable, inside.substr(first, end - first), "", quoted};
      // ${!NAME} is another variable's value.
      if (first == 1 && inside[0] == '!') part.value = "!" + part.value;
      for (const char* with : {":-", "-", ":=", "="}) {
        if (inside.compare(end, std::string(with).size(), with) == 0) {
          part.fallback = inside.substr(end + std::string(with).size());
          break;
        }
      }
      word_.parts.push_back(std::move(part));
    } else if (name_start(peek())) {
      std::string name;
      while (name_part(peek())) name += line_[at_++];
      word_.parts.push_back({ShellPart::Kind::variable, name, "", quoted});
    } else if (peek() != '\0' && std::string("0123456789@*?$!#-").find(peek()) != std::string::npos) {
      word_.parts.push_back({ShellPart::Kind::variable, std::string(1, line_[at_++]), "", quoted});
    } else {
      text('$', quoted);
    }
  }

  void redirection() {
    const char c = peek();
    if (peek(1) == '(') {  // a process whose output or input is a file
      at_ += 2;
      word_.parts.push_back({ShellPart::Kind::substitution, enclosed('(', ')'), "", true});
      return;
    }
    // The digits of a file descriptor are no word.
    bool error = false;
    if (word_.parts.size() == 1 && word_.parts[0].kind == ShellPart::Kind::text && !word_.parts[0].quoted && word_.parts[0].value.find_first_not_of("0123456789") == std::string::npos) {
      error = word_.parts[0].value == "2";
      word_ = {};
    }
    end_word();
    if (c == '>') {
      const bool duplicate = peek(1) == '&';
      out_.back().appends = peek(1) == '>';
      at_ += peek(1) == '>' || peek(1) == '|' || duplicate ? 2 : 1;
      into_ = duplicate || error ? Into::nothing : Into::output;
    } else if (peek(1) == '<' && peek(2) == '<') {
      at_ += 3;
      into_ = Into::input;
    } else if (peek(1) == '<') {
      at_ += 2;
      const bool tabs = peek() == '-';
      if (tabs) ++at_;
      while (peek() == ' ' || peek() == '\t') ++at_;
      Document document{out_.size() - 1, "", false, tabs};
      while (at_ < line_.size() && std::string(" \t\n;&|<>()").find(peek()) == std::string::npos) {
        if (peek() == '\'' || peek() == '"' || peek() == '\\') document.quoted = true;
        else document.end += peek();
        ++at_;
      }
      documents_.push_back(document);
    } else {
      at_ += peek(1) == '>' || peek(1) == '&' ? 2 : 1;
      into_ = Into::input_file;
    }
  }

  // The texts that begin after the line on which they are announced.
  void documents() {
    for (const Document& document : std::exchange(documents_, {})) {
      std::string content;
      while (at_ < line_.size()) {
        std::size_t end = line_.find('\n', at_);
        if (end == std::string::npos) end = line_.size();
        std::string one = line_.substr(at_, end - at_);
        at_ = end < line_.size() ? end + 1 : end;
        if (document.tabs) one.erase(0, one.find_first_not_of('\t') == std::string::npos ? one.size() : one.find_first_not_of('\t'));
        if (one == document.end) break;
        content += one + "\n";
      }
      ShellWord word{{{ShellPart::Kind::text, "", "", true}}};
      if (document.quoted) {
        word.parts[0].value = content;
      } else {
        Reader inside(content);
        inside.word_.parts.push_back({ShellPart::Kind::text, "", "", true});
        while (inside.at_ < content.size()) inside.in_double_quotes();
        word = inside.word_;
      }
      out_[document.command].input = word;
    }
  }

  enum class Into { words,
                    input,
                    input_file,
                    output,
                    nothing };
  const std::string& line_;
  std::size_t at_ = 0;
  std::vector<ShellCommand> out_;
  ShellWord word_;
  Into into_ = Into::words;
  std::vector<Document> documents_;
};

}  // namespace

std::vector<ShellCommand> shell_commands(const std::string& line) { return Reader(line).run(); }

}  // namespace contraflow::agent
