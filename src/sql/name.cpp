// SPDX-License-Identifier: Apache-2.0
#include "sql/name.h"

#include <algorithm>

#include "sql/keywords.h"

namespace contraflow::sql {
namespace {

constexpr std::size_t kMaxIdentifierBytes = 63;  // NAMEDATALEN - 1

bool starts_identifier(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }

// quote_identifier() in ruleutils.c: no upper case, no `$`, nothing beyond ASCII.
bool is_plain(std::string_view name) {
  return !name.empty() && starts_identifier(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return starts_identifier(c) || (c >= '0' && c <= '9'); }) &&
         !is_quoted_keyword(name);
}

void append_doubling(std::string& out, std::string_view text, char special) {
  for (char c : text) {
    if (c == special) out += special;
    out += c;
  }
}

void append_quoted(std::string& out, std::string_view name) {
  if (is_plain(name)) {
    out += name;
    return;
  }
  out += '"';
  append_doubling(out, name, '"');
  out += '"';
}

}  // namespace

std::string quote_identifier(std::string_view name) {
  std::string out;
  append_quoted(out, name);
  return out;
}

std::string quote(const QualifiedName& name) {
  std::string out;
  out.reserve(name.schema.size() + 1 + name.name.size());
  if (!name.schema.empty()) {
    append_quoted(out, name.schema);
    out += '.';
  }
  append_quoted(out, name.name);
  return out;
}

std::string quote_literal(std::string_view text) {
  const bool has_backslash = text.find('\\') != std::string_view::npos;
  std::string out = has_backslash ? "E'" : "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return out += '\'';
}

std::string dollar_quote(std::string_view text, std::string_view tag) {
  // The opening `$tag` alone must not occur: text that ends in it would close the quotes one character early.
  std::string candidate(tag);
  for (int number = 1; text.find("$" + candidate) != std::string_view::npos; ++number) {
    candidate = std::string(tag) + std::to_string(number);
  }
  const std::string delimiter = "$" + candidate + "$";
  return delimiter + std::string(text) + delimiter;
}

std::string truncate_identifier(std::string_view name) {
  if (name.size() <= kMaxIdentifierBytes) return std::string(name);
  std::size_t end = kMaxIdentifierBytes;
  // A byte 10xxxxxx continues a UTF-8 character: it goes with the character that it belongs to.
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U) --end;
  return std::string(name.substr(0, end));
}

std::string without_quotes(const std::string& name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '"') {
      out += name[i];
    } else if (i + 1 < name.size() && name[i + 1] == '"') {
      out += name[i++];
    }
  }
  return out;
}

}  // namespace contraflow::sql
