// SPDX-License-Identifier: Apache-2.0
//
// What a string expression of a program says: literals, templates, concatenations and constants of the same file, put together, with the way
// back from every byte of the value to the source.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "code/tree.h"
#include "sql/dynamic.h"

namespace contraflow::code {

// A run of the value that stands in the source as it is.
struct Piece {
  std::size_t at = 0;  // in the value
  std::size_t length = 0;
  std::size_t source = 0;  // of its first byte
  char quote = '\0';       // what ends the literal around it: ' " `, or '\0' for a heredoc
  bool raw = false;        // no escapes: r"", Go's `…`, <<~'SQL'
  bool local = true;       // stands inside of the expression; false for a constant that it names
};

struct StringValue {
  std::string text;
  std::vector<Piece> pieces;
  std::vector<sql::Hole> holes;    // interpolations: no width in the text
  std::vector<Node> hole_sources;  // one for each hole
  std::string tag;                 // the function before a template literal: "sql", "prisma.$queryRaw"

  void append(StringValue other);
  // Where a byte of the value stands in the source; nothing where it came of an escape.
  const Piece* piece_at(std::size_t offset) const;
};

// Declarations of one file that may name a string.
class Constants {
 public:
  explicit Constants(const Tree& tree);
  // The value that `name` has at the place of its use: of the innermost block that declares it. A null node where that is not known.
  Node find(std::string_view name, const Node& use) const;

 private:
  struct Declaration {
    Node value;
    std::size_t scope_begin = 0, scope_end = 0;
  };
  std::map<std::string, std::vector<Declaration>, std::less<>> declared_;
};

class StringReader {
 public:
  StringReader(const Tree& tree, const Constants& constants) : tree_(tree), constants_(constants) {}

  // Whether the node can be the outermost part of a string expression.
  bool is_string(const Node& node) const;
  // The value of a string expression, or nothing where the node is none.
  std::optional<StringValue> read(const Node& node, int depth = 0) const;

 private:
  std::optional<StringValue> read_ecmascript(const Node& node, int depth) const;
  std::optional<StringValue> read_python(const Node& node, int depth) const;
  std::optional<StringValue> read_go(const Node& node, int depth) const;
  std::optional<StringValue> read_java(const Node& node, int depth) const;
  std::optional<StringValue> read_ruby(const Node& node, int depth) const;
  std::optional<StringValue> concatenated(const std::vector<Node>& parts, int depth, bool need_string) const;
  std::optional<StringValue> joined(const Node& list, const std::string& separator, int depth) const;
  std::optional<StringValue> named(std::string_view name, const Node& use, int depth) const;
  StringValue template_value(const Node& node, const std::string& tag, int depth) const;

  const Tree& tree_;
  const Constants& constants_;
};

// The text between a literal's delimiters, escapes decoded. `quote` as in Piece.
struct LiteralRules {
  char quote = '\0';
  bool raw = false;
  bool doubled_braces = false;  // Python's f-strings: {{ is {
};
void append_literal(StringValue& value, std::string_view source, std::size_t begin, std::size_t end, const LiteralRules& rules);

}  // namespace contraflow::code
