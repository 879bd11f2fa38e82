// SPDX-License-Identifier: Apache-2.0
#include "catalog/source_script.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/utf8.h"
#include "catalog/source_scan.h"

namespace contraflow::catalog {

namespace {

constexpr std::size_t kWordsKept = 8;

bool contains(const auto& list, std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

// Whether the token stands for the name, which is in lower case.
bool is_identifier(std::string_view token, std::string_view name) {
  if (token.starts_with('"')) return identifier_of(token) == name;
  const auto same = [](char written, char wanted) { return written == wanted || (written >= 'A' && written <= 'Z' && written - 'A' + 'a' == wanted); };
  return token.size() == name.size() && std::equal(token.begin(), token.end(), name.begin(), same);
}

// psql's own rule for when a semicolon is inside of an SQL-standard function body (psqlscan.l,
// `identifier_count`).
bool may_have_body(const std::vector<std::string>& words) {
  if (words.size() < 2 || words[0] != "create") return false;
  const std::size_t kind = words.size() > 3 && words[1] == "or" && words[2] == "replace" ? 3 : 1;
  return words[kind] == "function" || words[kind] == "procedure";
}

class Splitter {
 public:
  Splitter(std::shared_ptr<const ScriptFile> file, const std::function<void(ScriptItem)>& done)
      : file_(std::move(file)), done_(done), text_(file_->text), scanner_(text_) {}

  void run() {
    for (Token token = scanner_.next(); token.kind != TokenKind::end; token = scanner_.next()) take(token);
    finish();
  }

 private:
  void take(const Token& token) {
    if (token.kind == TokenKind::comment) return;
    if (token.kind == TokenKind::backslash) return take_backslash(token);
    const bool semicolon = token.kind == TokenKind::symbol && text_[token.begin] == ';';
    if (semicolon && paren_depth_ == 0 && body_depth_ == 0) return finish();
    if (!open_) start(token.begin);
    last_token_end_ = token.end;
    if (token.kind == TokenKind::word || token.kind == TokenKind::quoted) return take_word(token);
    if (token.kind != TokenKind::symbol) return;
    if (text_[token.begin] == '(') ++paren_depth_;
    if (text_[token.begin] == ')' && paren_depth_ > 0) --paren_depth_;
  }

  void start(std::size_t begin) {
    open_ = true;
    paren_depth_ = body_depth_ = 0;
    may_have_body_ = false;
    previous_word_ = {};
    item_ = ScriptItem{};
    item_.file = file_;
    item_.begin = begin;
    item_.words.reserve(kWordsKept);
  }

  void take_word(const Token& token) {
    const std::string_view word = scanner_.text(token);
    if (item_.words.size() < kWordsKept) {
      item_.words.push_back(identifier_of(word));
      if (item_.words.size() <= 4) may_have_body_ = may_have_body(item_.words);  // it looks at no more
    }
    if (paren_depth_ == 0 && token.kind == TokenKind::word) {
      if (word.size() == 5 && is_identifier(word, "stdin") && item_.words[0] == "copy" && is_identifier(previous_word_, "from"))
        item_.copies_from_stdin = true;
      if (may_have_body_) {
        if (is_identifier(word, "begin") || (body_depth_ > 0 && is_identifier(word, "case"))) ++body_depth_;
        if (body_depth_ > 0 && is_identifier(word, "end")) --body_depth_;
      }
    }
    previous_word_ = word;
  }

  void finish() {
    if (!open_) return;
    open_ = false;
    item_.end = last_token_end_;
    if (item_.copies_from_stdin) take_copy_data();
    done_(std::move(item_));
  }

  // The data starts on the line after the statement and ends with a line `\.`, or with the file.
  void take_copy_data() {
    std::size_t line = text_.find('\n', scanner_.position());
    line = line == std::string_view::npos ? text_.size() : line + 1;
    item_.data_begin = item_.data_end = line;
    while (line < text_.size()) {
      std::size_t end = text_.find('\n', line);
      const std::size_t next = end == std::string_view::npos ? text_.size() : end + 1;
      if (end == std::string_view::npos) end = text_.size();
      std::string_view content = text_.substr(line, end - line);
      if (content.ends_with('\r')) content.remove_suffix(1);
      line = next;
      if (content == "\\.") break;
      item_.data_end = next;
    }
    scanner_.seek(line);
  }

  void take_backslash(const Token& token) {
    const std::size_t at = token.end;
    // `\;` puts a semicolon into the statement without sending it.
    if (at < text_.size() && text_[at] == ';') {
      scanner_.seek(at + 1);
      return;
    }
    std::size_t line_end = text_.find('\n', at);
    if (line_end == std::string_view::npos) line_end = text_.size();
    ScriptItem meta;
    meta.kind = ItemKind::meta_command;
    meta.file = file_;
    meta.begin = token.begin;
    std::size_t i = at;
    while (i < line_end && text_[i] != ' ' && text_[i] != '\t' && text_[i] != '\r' && text_[i] != '\\') ++i;
    meta.words.emplace_back(text_.substr(at, i - at));
    i = arguments(meta.words, i, line_end);
    meta.end = i;
    scanner_.seek(i);
    if (meta.words[0].starts_with('g')) finish();
    done_(std::move(meta));
  }

  // Reads to the end of the line, or past `\\`, which ends a meta-command.
  std::size_t arguments(std::vector<std::string>& words, std::size_t i, std::size_t end) const {
    std::string word;
    bool any = false;
    char quote = '\0';
    for (; i < end; ++i) {
      const char c = text_[i];
      if (quote == '\0' && c == '\\') break;
      if (quote != '\0' && c == quote) {
        quote = '\0';
      } else if (quote == '\0' && (c == '\'' || c == '"')) {
        quote = c;
        any = true;
      } else if (quote == '\0' && (c == ' ' || c == '\t' || c == '\r')) {
        if (any) words.push_back(std::move(word));
        word.clear();
        any = false;
      } else {
        word += c;
        any = true;
      }
    }
    if (any) words.push_back(std::move(word));
    return i + 1 < end && text_[i] == '\\' && text_[i + 1] == '\\' ? i + 2 : i;
  }

  std::shared_ptr<const ScriptFile> file_;
  const std::function<void(ScriptItem)>& done_;
  std::string_view text_;
  SqlScanner scanner_;
  ScriptItem item_;
  bool open_ = false;
  int paren_depth_ = 0;
  int body_depth_ = 0;
  std::size_t last_token_end_ = 0;
  bool may_have_body_ = false;  // by the words that are kept
  std::string_view previous_word_;
};

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}

void append_script(const std::shared_ptr<const ScriptFile>& file, const ReadInclude& read_include,
                   std::vector<std::string>& open_files, std::vector<ScriptItem>& out) {
  open_files.push_back(file->name);
  for (ScriptItem& item : split_script(file)) {
    const std::string command = item.kind == ItemKind::meta_command ? item.words[0] : std::string();
    const bool relative = command == "ir" || command == "include_relative";
    if (!relative && command != "i" && command != "include") {
      out.push_back(std::move(item));
      continue;
    }
    if (item.words.size() != 2) {
      throw Error(ErrorCode::usage, fmt::format("\\{} needs the name of one file", command))
          .at(item.location());
    }
    std::string path = item.words[1];
    std::optional<std::string> text;
    if (!path.starts_with('/')) {
      // psql looks for `\i` in its working directory; a file that was written to be run from its own folder
      // is found too.
      if (!relative && (text = read_include(path))) {
      } else {
        path = folder_of(file->name) + path;
      }
    }
    if (!text) text = read_include(path);
    if (!text) {
      throw Error(
          ErrorCode::usage, fmt::format("included file \"{}\" does not exist", item.words[1]),
          "\\i looks in the working directory and beside the including file, \\ir only beside that file")
          .at(item.location());
    }
    if (contains(open_files, path)) {
      throw Error(ErrorCode::usage, fmt::format("file \"{}\" includes itself", path)).at(item.location());
    }
    append_script(std::make_shared<ScriptFile>(ScriptFile{path, std::move(*text)}), read_include, open_files,
                  out);
  }
  open_files.pop_back();
}

}  // namespace

bool ScriptItem::starts_with(std::initializer_list<std::string_view> expected) const {
  return words.size() >= expected.size() && std::equal(expected.begin(), expected.end(), words.begin());
}

Location ScriptItem::location() const { return locate(file->text, begin, file->name); }

std::vector<ScriptItem> split_script(std::shared_ptr<const ScriptFile> file) {
  std::vector<ScriptItem> items;
  split_script(std::move(file), [&items](ScriptItem item) { items.push_back(std::move(item)); });
  return items;
}

void split_script(std::shared_ptr<const ScriptFile> file, const std::function<void(ScriptItem)>& take) { Splitter(std::move(file), take).run(); }

std::vector<ScriptItem> read_script(std::shared_ptr<const ScriptFile> file, const ReadInclude& read_include) {
  std::vector<ScriptItem> items;
  std::vector<std::string> open_files;
  append_script(file, read_include, open_files, items);
  return items;
}

bool needs_psql(const std::vector<ScriptItem>& items) {
  static constexpr std::array<std::string_view, 11> kCommands = {
      "gset", "gexec", "if", "elif", "else", "endif", "set", "unset", "g", "gx", "gdesc"};
  return std::any_of(items.begin(), items.end(), [](const ScriptItem& item) {
    return item.kind == ItemKind::meta_command && contains(kCommands, item.words[0]) &&
           !is_presentation_only(item);
  });
}

bool is_presentation_only(const ScriptItem& item) {
  static constexpr std::array<std::string_view, 14> kCommands = {
      "restrict", "unrestrict", "echo", "qecho", "warn", "pset", "timing", "x", "t", "a", "f", "H", "C", "T"};
  static constexpr std::array<std::string_view, 9> kVariables = {
      "ON_ERROR_STOP", "QUIET", "VERBOSITY", "ECHO", "PROMPT1", "PROMPT2",
      "SHOW_CONTEXT", "HISTFILE", "ON_ERROR_ROLLBACK"};
  if (item.kind != ItemKind::meta_command) return false;
  if (contains(kCommands, item.words[0])) return true;
  return item.words[0] == "set" && item.words.size() > 1 && contains(kVariables, item.words[1]);
}

}  // namespace contraflow::catalog
