// SPDX-License-Identifier: Apache-2.0
#include "base/json_tree.h"

#include <algorithm>
#include <charconv>

namespace contraflow {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool is_literal(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '+' || c == '.'; }

// The end of a string that begins at `at` behind its quote, or npos.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (; at < text.size(); ++at) {
    if (text[at] == '"') return at;
    if (text[at] == '\\') ++at;
  }
  return std::string_view::npos;
}

void append_utf8(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0U | code >> 6U);
    out += static_cast<char>(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0U | code >> 12U);
    out += static_cast<char>(0x80U | (code >> 6U & 0x3FU));
    out += static_cast<char>(0x80U | (code & 0x3FU));
  } else {
    out += static_cast<char>(0xF0U | code >> 18U);
    out += static_cast<char>(0x80U | (code >> 12U & 0x3FU));
    out += static_cast<char>(0x80U | (code >> 6U & 0x3FU));
    out += static_cast<char>(0x80U | (code & 0x3FU));
  }
}

std::optional<unsigned> hex_at(std::string_view text, std::size_t at) {
  unsigned code = 0;
  if (at + 4 > text.size()) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + 4, code, 16);
  return error == std::errc() && end == text.data() + at + 4 ? std::optional(code) : std::nullopt;
}

}  // namespace

std::optional<JsonTree> JsonTree::read(std::string_view text) {
  JsonTree tree;
  std::vector<Node>& nodes = tree.nodes_;
  nodes.resize(1);
  nodes.reserve(text.size() / 16);
  struct Open {
    std::uint32_t node, last = 0;  // its latest child
  };
  std::vector<Open> open;
  std::size_t at = 0;
  const auto skip_space = [&] {
    while (at < text.size() && is_space(text[at])) ++at;
    return at < text.size();
  };
  const auto quoted = [&](std::string_view& out) {
    const std::size_t end = end_of_string(text, at + 1);
    if (end == std::string_view::npos) return false;
    out = text.substr(at + 1, end - at - 1);
    at = end + 1;
    return true;
  };
  bool first = true;  // of its container, or the root
  while (true) {
    if (!skip_space()) return std::nullopt;
    if (!open.empty() && text[at] == (nodes[open.back().node].kind == Kind::object ? '}' : ']')) {
      ++at;
      open.pop_back();
      first = false;
    } else {
      if (!first) {
        if (text[at++] != ',' || !skip_space()) return std::nullopt;
      }
      Node node;
      if (!open.empty() && nodes[open.back().node].kind == Kind::object) {
        if (text[at] != '"' || !quoted(node.key) || !skip_space() || text[at++] != ':' || !skip_space()) return std::nullopt;
      }
      const char c = text[at];
      if (c == '"') {
        node.kind = Kind::string;
        if (!quoted(node.text)) return std::nullopt;
      } else if (c == '{' || c == '[') {
        node.kind = c == '{' ? Kind::object : Kind::array;
        ++at;
      } else {
        const std::size_t begin = at;
        while (at < text.size() && is_literal(text[at])) ++at;
        if (at == begin) return std::nullopt;
        node.text = text.substr(begin, at - begin);
      }
      const auto number = static_cast<std::uint32_t>(nodes.size());
      if (!open.empty()) {
        (open.back().last == 0 ? nodes[open.back().node].first : nodes[open.back().last].next) = number;
        open.back().last = number;
      }
      first = node.kind == Kind::object || node.kind == Kind::array;
      nodes.push_back(node);
      if (first) open.push_back({number});
    }
    if (open.empty()) {
      if (skip_space()) return std::nullopt;  // something follows
      return tree;
    }
  }
}

const JsonTree::Node* JsonTree::member(const Node& of, std::string_view key) const {
  if (of.kind != Kind::object) return nullptr;
  for (const Node* child = first(of); child != nullptr; child = next(*child)) {
    if (child->key == key) return child;
  }
  return nullptr;
}

std::string JsonTree::string(const Node* node) const {
  std::string out;
  if (node == nullptr || node->kind != Kind::string) return out;
  const std::string_view text = node->text;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 >= text.size()) {
      const std::size_t end = std::min(text.find('\\', i), text.size());
      out.append(text, i, end - i);
      i = end - 1;
      continue;
    }
    switch (const char c = text[++i]) {
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case 'r': out += '\r'; break;
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'u': {
        auto code = hex_at(text, i + 1);
        if (!code) break;
        i += 4;
        if (*code >= 0xD800 && *code < 0xDC00 && text.substr(i + 1, 2) == "\\u") {
          if (const auto low = hex_at(text, i + 3)) {
            code = 0x10000 + ((*code - 0xD800) << 10U) + (*low - 0xDC00);
            i += 6;
          }
        }
        append_utf8(out, *code);
        break;
      }
      default: out += c;
    }
  }
  return out;
}

std::optional<std::size_t> JsonTree::number(const Node* node) const {
  if (node == nullptr || node->kind != Kind::literal) return std::nullopt;
  std::size_t out = 0;
  const char* end = node->text.data() + node->text.size();
  const auto [stopped, error] = std::from_chars(node->text.data(), end, out);
  return error == std::errc() && stopped == end ? std::optional(out) : std::nullopt;
}

}  // namespace contraflow
