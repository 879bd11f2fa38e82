// SPDX-License-Identifier: Apache-2.0
#include "code/tree.h"

namespace contraflow::code {
namespace {

struct FreeParser {
  void operator()(TSParser* parser) const { ts_parser_delete(parser); }
};

struct Cursor {
  explicit Cursor(TSNode node) : cursor(ts_tree_cursor_new(node)) {}
  ~Cursor() { ts_tree_cursor_delete(&cursor); }
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  TSTreeCursor cursor;
};

}  // namespace

Tree::Tree(std::string_view source, Language language) : source_(source), language_(language) {
  const TSLanguage* rules = grammar(language);
  if (rules == nullptr) return;
  thread_local const std::unique_ptr<TSParser, FreeParser> parser(ts_parser_new());
  if (!ts_parser_set_language(parser.get(), rules)) return;  // an ABI that the library does not know
  ts_parser_set_timeout_micros(parser.get(), 5'000'000);
  tree_.reset(ts_parser_parse_string(parser.get(), nullptr, source.data(), static_cast<std::uint32_t>(source.size())));
  if (!tree_) ts_parser_reset(parser.get());
}

std::vector<Node> Node::children() const {
  std::vector<Node> out;
  if (!*this) return out;
  const std::uint32_t count = ts_node_child_count(node_);
  out.reserve(count);
  Cursor at(node_);
  if (!ts_tree_cursor_goto_first_child(&at.cursor)) return out;
  do out.emplace_back(ts_tree_cursor_current_node(&at.cursor), source_);
  while (ts_tree_cursor_goto_next_sibling(&at.cursor));
  return out;
}

std::vector<Node> Node::named_children() const {
  std::vector<Node> out;
  for (const Node& child : children()) {
    if (child.named() && child.type().find("comment") == std::string_view::npos) out.push_back(child);
  }
  return out;
}

Node Node::first_named() const {
  const std::vector<Node> all = named_children();
  return all.empty() ? Node() : all.front();
}

Node first_error(const Tree& tree) {
  Node found;
  walk(tree.root(), [&](Node node) {
    if (found || !node.broken()) return false;
    if (node.is("ERROR") || (node.missing() && !node.is("!"))) found = node;
    return true;
  });
  return found;
}

void walk(Node root, const std::function<bool(Node)>& visitor) {
  std::vector<Node> waiting;
  if (root) waiting.push_back(root);
  while (!waiting.empty()) {
    const Node node = waiting.back();
    waiting.pop_back();
    if (!visitor(node)) continue;
    const std::vector<Node> children = node.children();
    waiting.insert(waiting.end(), children.rbegin(), children.rend());
  }
}

}  // namespace contraflow::code
