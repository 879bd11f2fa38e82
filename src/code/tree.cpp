// SPDX-License-Identifier: Apache-2.0
#include "code/tree.h"

#include <algorithm>
#include <optional>
#include <string>

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

TSTree* parse(std::string_view source, const TSLanguage* rules) {
  thread_local const std::unique_ptr<TSParser, FreeParser> parser(ts_parser_new());
  if (!ts_parser_set_language(parser.get(), rules)) return nullptr;  // an ABI that the library does not know
  ts_parser_set_timeout_micros(parser.get(), 5'000'000);
  TSTree* tree = ts_parser_parse_string(parser.get(), nullptr, source.data(), static_cast<std::uint32_t>(source.size()));
  if (tree == nullptr) ts_parser_reset(parser.get());
  return tree;
}

bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$'; }

// `typeof import("x")` in a type, which the grammar does not know: a name of the same length. Nothing where there is none.
std::optional<std::string> without_import_types(std::string_view source) {
  std::optional<std::string> out;
  for (std::size_t at = source.find("import("); at != std::string_view::npos; at = source.find("import(", at + 1)) {
    std::size_t before = at;
    while (before > 0 && (source[before - 1] == ' ' || source[before - 1] == '\n' || source[before - 1] == '\t' || source[before - 1] == '\r')) --before;
    const bool typeof_before = before >= 6 && source.substr(before - 6, 6) == "typeof" && (before == 6 || !is_name(source[before - 7]));
    const std::size_t open = source.find_first_not_of(" \t\r\n", at + 7);
    if (!typeof_before || open == std::string_view::npos || (source[open] != '"' && source[open] != '\'')) continue;
    const std::size_t quote = source.find(source[open], open + 1);
    const std::size_t close = quote == std::string_view::npos ? quote : source.find_first_not_of(" \t\r\n,", quote + 1);
    if (close == std::string_view::npos || source[close] != ')') continue;
    if (!out) out = std::string(source);
    for (std::size_t i = at; i <= close; ++i) (*out)[i] = 'x';
  }
  return out;
}

// The `&` of JSX's text and attributes that begins no entity, at or in the tree's errors: the grammar takes entities alone.
std::size_t bare_ampersand(const Tree& tree, std::string_view source) {
  std::size_t found = std::string_view::npos;
  walk(tree.root(), [&](Node node) {
    if (found != std::string_view::npos || !node.broken()) return false;
    if (!node.is("ERROR")) return true;
    const std::size_t begin = node.begin() > 0 ? node.begin() - 1 : 0, end = std::min(source.size(), node.end() + 1);
    const std::size_t at = source.substr(0, end).find('&', begin);
    if (at != std::string_view::npos && source.substr(at, 2) != "&&") found = at;
    return true;
  });
  return found;
}

}  // namespace

Tree::Tree(std::string_view source, Language language) : source_(source), language_(language) {
  const TSLanguage* rules = grammar(language);
  if (rules == nullptr) return;
  tree_.reset(parse(source, rules));
  if (!is_ecmascript(language) || !tree_ || !root().broken()) return;
  // What the grammar lacks is parsed as something of the same length that it knows; the nodes' texts are the source's own.
  std::string known = without_import_types(source).value_or(std::string(source));
  if (known != source) tree_.reset(parse(known, rules));
  constexpr int kTries = 40;
  for (int tries = 0; tries < kTries && tree_ && root().broken(); ++tries) {
    const std::size_t at = bare_ampersand(*this, known);
    if (at == std::string_view::npos) return;
    known[at] = '_';
    tree_.reset(parse(known, rules));
  }
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
