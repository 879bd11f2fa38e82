// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/utf8.h"
#include "catalog/source.h"
#include "catalog/source_scan.h"
#include "catalog/source_script.h"
#include "sql/name.h"

namespace contraflow::catalog {

namespace {

struct Hint {
  std::size_t offset = 0;
  std::string from;
};

// The operand of `-- contraflow: renamed-from NAME`, or empty.
std::string renamed_from(std::string_view comment) {
  if (!comment.starts_with("--")) return {};
  comment = trim(comment.substr(2));
  if (!comment.starts_with("contraflow:")) return {};
  comment = trim(comment.substr(11));
  if (!comment.starts_with("renamed-from")) return {};
  return std::string(trim(comment.substr(12)));
}

std::string quoted(std::string_view token) { return sql::quote_identifier(identifier_of(token)); }

// A part of a statement that has a name of its own: a column, a named constraint, an enum label.
struct Element {
  std::size_t begin = 0;
  std::string name;
};

struct Statement {
  std::string name;  // qualified as written, quoted
  bool has_elements = false;
  std::vector<Element> elements;
};

// Names of what a CREATE statement makes. Works on tokens, so that it does not depend on the grammar of one
// major.
class StatementReader {
 public:
  explicit StatementReader(const ScriptItem& item) : text_(item.text()), base_(item.begin), scanner_(text_) {}

  Statement read() {
    Statement out;
    advance();
    if (word() != "create") return out;
    advance();
    std::string kind;
    for (;; advance()) {
      kind = word();
      if (kind == "table" || kind == "type" || kind == "index" || kind == "view" || kind == "sequence" ||
          kind == "function" || kind == "procedure" || kind == "domain" || kind == "schema")
        break;
      if (token_.kind != TokenKind::word) return out;
    }
    advance();
    while (word() == "concurrently" || word() == "if" || word() == "not" || word() == "exists") advance();
    out.name = read_name();
    if (kind == "table" || kind == "type") read_elements(out);
    return out;
  }

 private:
  void advance() {
    do {
      token_ = scanner_.next();
    } while (token_.kind == TokenKind::comment);
  }
  std::string word() const {
    return token_.kind == TokenKind::word ? to_lower(scanner_.text(token_)) : std::string();
  }
  bool symbol(char c) const { return token_.kind == TokenKind::symbol && text_[token_.begin] == c; }
  bool is_name() const { return token_.kind == TokenKind::word || token_.kind == TokenKind::quoted; }

  std::string read_name() {
    std::string name;
    while (is_name()) {
      name += quoted(scanner_.text(token_));
      advance();
      if (!symbol('.')) break;
      name += '.';
      advance();
    }
    return name;
  }

  void read_elements(Statement& out) {
    while (token_.kind != TokenKind::end && !symbol('(')) advance();
    if (token_.kind == TokenKind::end) return;
    out.has_elements = true;
    int depth = 1;
    bool first = true;
    for (advance(); token_.kind != TokenKind::end && depth > 0; advance()) {
      if (symbol('(') || symbol('[')) ++depth;
      if (symbol(')') || symbol(']')) --depth;
      if (depth == 1 && symbol(',')) {
        first = true;
      } else if (first && depth >= 1) {
        first = false;
        read_element(out);
      }
    }
  }

  void read_element(Statement& out) {
    Element element;
    element.begin = base_ + token_.begin;
    if (word() == "constraint") {
      advance();
      if (is_name()) element.name = quoted(scanner_.text(token_));
    } else if (token_.kind == TokenKind::string) {
      const std::string_view label = scanner_.text(token_);
      if (label.size() >= 2)
        element.name = sql::quote_identifier(replace_all(label.substr(1, label.size() - 2), "''", "'"));
    } else if (is_name()) {
      element.name = quoted(scanner_.text(token_));
    }
    out.elements.push_back(std::move(element));
  }

  std::string_view text_;
  std::size_t base_;
  SqlScanner scanner_;
  Token token_;
};

// A comment belongs to the element whose line it shares; alone on its line, to the element that follows.
const Element* element_of(const Statement& statement, std::string_view text, std::size_t comment) {
  const std::size_t line = text.rfind('\n', comment) + 1;
  const bool alone = trim(text.substr(line, comment - line)).empty();
  const Element* before = nullptr;
  for (const Element& element : statement.elements) {
    if (element.begin > comment) return alone ? &element : before;
    before = &element;
  }
  return alone ? nullptr : before;
}

}  // namespace

std::vector<RenameHint> rename_hints_in(const std::string& text, const std::string& file) {
  std::vector<RenameHint> out;
  if (text.find("renamed-from") == std::string::npos) return out;
  const auto script = std::make_shared<const ScriptFile>(ScriptFile{file, text});
  const std::vector<ScriptItem> items = split_script(script);
  std::vector<Hint> hints;
  SqlScanner scanner(text);
  std::size_t next_data = 0;
  for (Token token = scanner.next(); token.kind != TokenKind::end; token = scanner.next()) {
    // COPY data is no SQL: a quote in it would swallow what follows.
    while (next_data < items.size() && items[next_data].data_end <= token.begin) ++next_data;
    if (next_data < items.size() && items[next_data].copies_from_stdin &&
        token.begin >= items[next_data].data_begin) {
      scanner.seek(items[next_data].data_end);
      continue;
    }
    if (token.kind != TokenKind::comment) continue;
    std::string from = renamed_from(scanner.text(token));
    if (!from.empty()) hints.push_back({token.begin, std::move(from)});
  }
  std::string table_from;  // of the statement at hand, where the statement itself is renamed
  std::size_t table_item = items.size();
  for (const Hint& hint : hints) {
    const auto item = std::find_if(items.begin(), items.end(), [&](const ScriptItem& i) {
      const std::size_t line_end = std::min(text.find('\n', i.end), text.size());
      return i.kind == ItemKind::statement && (i.begin > hint.offset || hint.offset < line_end);
    });
    RenameHint rename;
    rename.from = hint.from;
    rename.file = file;
    rename.line = locate(text, hint.offset).line;
    if (item != items.end()) {
      const Statement statement = StatementReader(*item).read();
      const std::size_t index = static_cast<std::size_t>(item - items.begin());
      const Element* element = hint.offset > item->begin ? element_of(statement, text, hint.offset) : nullptr;
      const bool opening = hint.offset > item->begin && element == nullptr;
      if (hint.offset < item->begin ||
          (opening && (statement.elements.empty() || hint.offset < statement.elements[0].begin))) {
        rename.to = statement.name;
        table_from = hint.from;
        table_item = index;
      } else if (element != nullptr && !element->name.empty() && !statement.name.empty()) {
        rename.to = statement.name + "." + element->name;
        // The old name of a column may be given alone: it was a column of the same table, under that table's
        // old name.
        if (hint.from.find('.') == std::string::npos)
          rename.from = (table_item == index ? table_from : statement.name) + "." + hint.from;
      }
    }
    out.push_back(std::move(rename));
  }
  return out;
}

}  // namespace contraflow::catalog
