// SPDX-License-Identifier: Apache-2.0
#include "lint/newer_syntax.h"

#include <initializer_list>

#include "base/text.h"
#include "catalog/source_scan.h"

namespace contraflow::lint {
namespace {

using catalog::Token;
using catalog::TokenKind;

class Rewriter {
 public:
  explicit Rewriter(std::string_view text) : text_(text) {
    catalog::SqlScanner scanner(text);
    for (Token token = scanner.next(); token.kind != TokenKind::end; token = scanner.next()) {
      if (token.kind == TokenKind::comment) continue;
      tokens_.push_back(token);
      words_.push_back(token.kind == TokenKind::word || token.kind == TokenKind::symbol ? to_lower(scanner.text(token)) : std::string());
    }
    out_.text = std::string(text);
  }

  std::optional<NewerSyntax> run() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) look(i);
    if (out_.found.empty()) return std::nullopt;
    return std::move(out_);
  }

 private:
  bool at(std::size_t i, std::initializer_list<std::string_view> words) const {
    for (const std::string_view word : words) {
      if (i >= words_.size() || words_[i] != word) return false;
      ++i;
    }
    return true;
  }
  bool is(std::size_t i, std::string_view word) const { return i < words_.size() && words_[i] == word; }
  bool is_name(std::size_t i) const { return i < tokens_.size() && (tokens_[i].kind == TokenKind::word || tokens_[i].kind == TokenKind::quoted); }

  void found(Newer::Kind kind, std::size_t token, int since, std::string column = {}) { out_.found.push_back({kind, tokens_[token].begin, std::move(column), since}); }

  // The tokens from first to last become `with`, filled up with blanks.
  void replace(std::size_t first, std::size_t last, std::string_view with) {
    const std::size_t begin = tokens_[first].begin, end = tokens_[last].end;
    for (std::size_t i = begin; i < end; ++i) {
      if (out_.text[i] != '\n') out_.text[i] = i - begin < with.size() ? with[i - begin] : ' ';
    }
  }

  std::size_t closing(std::size_t open) const {
    int depth = 0;
    for (std::size_t i = open; i < tokens_.size(); ++i) {
      if (words_[i] == "(") ++depth;
      if (words_[i] == ")" && --depth == 0) return i;
    }
    return tokens_.size();
  }

  void look(std::size_t i) {
    if (at(i, {"generated", "always", "as", "("})) {
      const std::size_t close = closing(i + 3);
      if (close >= tokens_.size()) return;
      if (is(close + 1, "virtual")) {
        replace(close + 1, close + 1, "STORED");
        found(Newer::Kind::virtual_column, close + 1, 18);
      } else if (!is(close + 1, "stored")) {
        replace(i, close, "");
        found(Newer::Kind::virtual_column, i, 18);
      }
    } else if (at(i, {"set", "expression", "as", "("})) {
      replace(i + 1, i + 2, "DEFAULT");
      found(Newer::Kind::set_expression, i, 17);
    } else if (at(i, {"not", "enforced"})) {
      replace(i, i + 1, "");
      found(Newer::Kind::not_enforced, i, 18);
    } else if (is(i, "enforced") && i > 0 && words_[i - 1] != "not") {
      replace(i, i, "");
      found(Newer::Kind::other, i, 18);
    } else if (at(i, {"not", "null"}) && is_name(i + 2) && begins_constraint(i)) {
      replace(i, i + 2, "CHECK (1)");
      found(Newer::Kind::not_null_constraint, i, 18, catalog::identifier_of(text_.substr(tokens_[i + 2].begin, tokens_[i + 2].end - tokens_[i + 2].begin)));
    } else if (at(i, {"not", "null"}) && begins_constraint(i) && at(0, {"alter", "domain"})) {
      replace(words_[i - 1] == "add" ? i - 1 : i - 3, i - 1, "SET");  // what it does is the same
      found(Newer::Kind::other, i, 17);
    } else if (at(i, {"without", "overlaps"})) {
      replace(i, i + 1, "");
      found(Newer::Kind::without_overlaps, i, 18);
    } else if (is(i, "period") && i > 0 && (words_[i - 1] == "," || words_[i - 1] == "(") && is_name(i + 1)) {
      replace(i, i, "");
      found(Newer::Kind::without_overlaps, i, 18);
    } else if (at(i, {"set", "storage", "default"})) {
      replace(i + 2, i + 2, "plain");
      found(Newer::Kind::other, i, 16);
    } else if (at(i, {"set", "statistics", "default"})) {
      replace(i + 2, i + 2, "-1");
      found(Newer::Kind::other, i, 17);
    } else if (at(i, {"set", "access", "method", "default"})) {
      replace(i + 3, i + 3, "heap");
      found(Newer::Kind::other, i, 17);
    } else if (is(i, "storage") && i > 0 && words_[i - 1] != "set" && words_[i - 1] != "including" && words_[i - 1] != "excluding" && is_name(i + 1)) {
      replace(i, i + 1, "");
      found(Newer::Kind::other, i, 16);
    } else if (is(i, "only") && i > 0 && (words_[0] == "vacuum" || words_[0] == "analyze") && is_name(i + 1)) {
      replace(i, i, "");
      found(Newer::Kind::other, i, 18);
    } else if (is(i, "alter") && is(i + 1, "constraint") && is_name(i + 2) && (is(i + 3, "inherit") || at(i + 3, {"no", "inherit"}))) {
      replace(i + 3, is(i + 3, "no") ? i + 4 : i + 3, "");
      found(Newer::Kind::other, i, 18);
    }
  }

  // ADD NOT NULL c, ADD CONSTRAINT n NOT NULL c, and the same as an element of CREATE TABLE.
  bool begins_constraint(std::size_t i) const {
    if (i == 0) return false;
    if (words_[i - 1] == "add" || words_[i - 1] == ",") return true;
    return i >= 3 && words_[i - 2] == "constraint" && (words_[i - 3] == "add" || words_[i - 3] == "," || words_[i - 3] == "(");
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  std::vector<std::string> words_;
  NewerSyntax out_;
};

}  // namespace

std::optional<NewerSyntax> without_newer_syntax(std::string_view statement) { return Rewriter(statement).run(); }

}  // namespace contraflow::lint
