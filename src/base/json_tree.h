// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace contraflow {

// JSON that a library wrote, read once and mostly skipped: nodes in one vector, texts as they stand in the original, which must outlive the tree. A fifth of the
// time of a tree of maps.
class JsonTree {
 public:
  enum class Kind : std::uint8_t { literal,
                                   string,
                                   array,
                                   object };  // literal: a number, true, false, null

  struct Node {
    Kind kind = Kind::literal;
    std::string_view key;               // of the member; escapes are not resolved
    std::string_view text;              // of a literal, or between the quotes of a string
    std::uint32_t first = 0, next = 0;  // child, sibling; 0: none
  };

  // Nothing where it is no JSON.
  static std::optional<JsonTree> read(std::string_view text);

  const Node& root() const { return nodes_[1]; }
  const Node* first(const Node& of) const { return at(of.first); }
  const Node* next(const Node& of) const { return at(of.next); }
  const Node* member(const Node& of, std::string_view key) const;  // null: it has none, or is no object
  std::string string(const Node* node) const;                      // empty for null, and for what is no string
  std::optional<std::size_t> number(const Node* node) const;       // where it is one, without sign and point

 private:
  const Node* at(std::uint32_t number) const { return number == 0 ? nullptr : &nodes_[number]; }
  std::vector<Node> nodes_;  // the first stands for none
};

}  // namespace contraflow
