// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tree_sitter/api.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "code/language.h"

namespace contraflow::code {

// A node of a syntax tree, with its text. Valid while the tree and the text live; an absent node is false.
class Node {
 public:
  Node() : node_{} {}
  Node(TSNode node, std::string_view source) : node_(node), source_(source) {}

  explicit operator bool() const { return node_.id != nullptr && !ts_node_is_null(node_); }
  bool operator==(const Node& other) const { return node_.id == other.node_.id; }
  std::string_view type() const { return *this ? ts_node_type(node_) : std::string_view(); }
  bool is(std::string_view wanted) const { return type() == wanted; }
  bool named() const { return ts_node_is_named(node_); }
  bool broken() const { return ts_node_has_error(node_); }
  bool missing() const { return ts_node_is_missing(node_); }
  std::size_t begin() const { return ts_node_start_byte(node_); }
  std::size_t end() const { return ts_node_end_byte(node_); }
  std::string_view text() const { return *this ? source_.substr(begin(), end() - begin()) : std::string_view(); }
  std::string_view source() const { return source_; }
  Node parent() const { return {ts_node_parent(node_), source_}; }
  Node field(std::string_view name) const {
    if (!*this) return {};
    return {ts_node_child_by_field_name(node_, name.data(), static_cast<std::uint32_t>(name.size())), source_};
  }
  std::vector<Node> children() const;        // all
  std::vector<Node> named_children() const;  // without punctuation and comments
  Node first_named() const;

 private:
  TSNode node_;
  std::string_view source_;
};

// The syntax tree of one text, which must outlive it.
class Tree {
 public:
  // An empty tree where the language has no grammar here, or the text took longer than five seconds.
  Tree(std::string_view source, Language language);

  Node root() const { return tree_ ? Node(ts_tree_root_node(tree_.get()), source_) : Node(); }
  std::string_view source() const { return source_; }
  Language language() const { return language_; }

 private:
  struct Free {
    void operator()(TSTree* tree) const { ts_tree_delete(tree); }
  };
  std::string_view source_;
  Language language_;
  std::unique_ptr<TSTree, Free> tree_;
};

// The first place that is no syntax of the language, or a null node. TypeScript's grammar has no tag<Type[]>`…`: what it makes of that is none.
Node first_error(const Tree& tree);

// Every node, parents first; the visitor returns whether to descend. No recursion: sources nest without a limit.
void walk(Node root, const std::function<bool(Node)>& visitor);

}  // namespace contraflow::code
