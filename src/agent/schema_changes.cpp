// SPDX-License-Identifier: Apache-2.0
#include "agent/schema_changes.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "sql/scan.h"
#include "sql/statements.h"
#include "sql/usage.h"

namespace contraflow::agent {
namespace {

constexpr auto kHarmless = std::to_array<std::string_view>({"select", "with", "show", "explain", "table", "values", "begin", "start", "commit", "end", "rollback",
                                                            "abort", "savepoint", "release", "set", "reset", "insert", "update", "delete", "merge", "analyze", "copy",
                                                            "fetch", "move", "close", "declare", "listen", "unlisten", "notify", "prepare", "execute", "deallocate", "discard"});
// Meta-commands of psql that run other text than what stands there, a shell, or that lead elsewhere.
constexpr auto kOpen = std::to_array<std::string_view>({"i", "ir", "include", "include_relative", "!", "gexec", "c", "connect", "e", "edit", "ef", "ev", "setenv"});
constexpr auto kRunText = std::to_array<std::string_view>({"dblink_exec", "dblink_send_query", "exec_sql", "execute_sql", "run_sql"});
constexpr auto kVerbs = std::to_array<std::string_view>({"create", "alter", "drop", "truncate", "grant", "revoke", "reindex", "comment", "refresh", "cluster", "vacuum"});
constexpr auto kObjects = std::to_array<std::string_view>({"table", "index", "unique", "view", "materialized", "schema", "database", "type", "domain", "sequence", "function", "procedure", "trigger", "extension", "policy", "role", "user", "rule",
                                                           "publication", "subscription", "column", "constraint", "or", "if", "on", "full", "owned", "default", "event", "aggregate", "operator", "all", "select", "temp", "temporary", "unlogged"});

template <std::size_t N>
bool in(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::string first_word(std::string_view text) {
  std::string word;
  for (const char c : text) {
    if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z')) break;
    word += c;
  }
  return to_lower(word);
}

// What a harmless first word does not say: SELECT INTO, EXPLAIN ANALYZE CREATE TABLE AS, COPY … PROGRAM, UPDATE pg_class, dblink_exec('…').
bool changes_in_spite_of(const std::string& verb, const std::string& text) {
  std::vector<std::string> words;
  for (const sql::Token& token : sql::scan(text)) {
    if (token.kind != sql::TokenKind::identifier && token.kind != sql::TokenKind::keyword) continue;
    const std::string_view written = std::string_view(text).substr(token.begin, token.end - token.begin);
    words.push_back(token.kind == sql::TokenKind::identifier ? sql::identifier_value(written) : to_lower(std::string(written)));
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string before = i == 0 ? "" : words[i - 1];
    if (words[i] == "into" && before != "insert" && before != "merge" && verb != "fetch" && verb != "move") return true;
    if (in(kRunText, words[i])) return true;
    if (words[i].starts_with("pg_") && (before == "into" || before == "update" || (before == "from" && i > 1 && words[i - 2] == "delete"))) return true;
    if (words[i] == "pg_catalog" && (before == "into" || before == "update" || (before == "from" && i > 1 && words[i - 2] == "delete"))) return true;
    if (verb == "copy" && words[i] == "program") return true;
    if (verb == "explain" && (words[i] == "create" || words[i] == "refresh") && i < 12) return true;
  }
  return false;
}

// Takes psql's meta-commands out; the first that is not harmless comes back in `open`.
std::string without_meta_commands(const std::string& sql, std::string& open) {
  std::string out;
  for (const std::string& line : split_lines(sql)) {
    std::string kept = line;
    for (std::size_t at = 0; (at = line.find('\\', at)) != std::string::npos; ++at) {
      if (at > 0 && line[at - 1] != ' ' && line[at - 1] != '\t' && line[at - 1] != ';') continue;
      std::size_t end = at + 1;
      while (end < line.size() && (std::isalpha(static_cast<unsigned char>(line[end])) != 0 || line[end] == '_' || line[end] == '!')) ++end;
      const std::string word = line.substr(at + 1, end - at - 1), rest = line.substr(end);
      const bool pipes = (word == "o" || word == "g" || word == "gx" || word == "w" || word == "out" || word == "write") && trim(rest).starts_with('|');
      const bool program = word == "copy" && to_lower(rest).find("program") != std::string::npos;
      if ((in(kOpen, word) || word.starts_with('!') || pipes || program) && open.empty()) open = std::string(trim(line));
      if (kept.size() == line.size()) kept = line.substr(0, at) + ";";
    }
    out += kept + "\n";
  }
  return out;
}

}  // namespace

std::string schema_change_in(const std::string& sql) {
  std::string open;
  const std::string text = without_meta_commands(sql, open);
  if (!open.empty()) return open;
  try {
    for (const sql::Statement& statement : sql::split_statements(text)) {
      const std::string word = first_word(statement.text);
      if (!in(kHarmless, word) || changes_in_spite_of(word, statement.text)) return statement.text;
    }
  } catch (const Error&) {
    return sql;
  }
  return "";
}

std::string certain_schema_change_in(const std::string& text) {
  try {
    for (const sql::Statement& statement : sql::split_statements(text)) {
      const std::string word = first_word(statement.text);
      if (in(kHarmless, word) && !changes_in_spite_of(word, statement.text)) continue;
      sql::usage_of(statement.text, [](const sql::QualifiedName&) { return std::nullopt; });
      return statement.text;
    }
  } catch (const Error&) {
    return "";
  }
  return "";
}

bool code_changes_schema(const std::string& code) {
  std::vector<std::string> words(1);
  for (const char c : to_lower(code)) {
    if ((c >= 'a' && c <= 'z') || c == '_') words.back() += c;
    else if (c == ' ' || c == '\n' || c == '\t') {
      if (!words.back().empty()) words.emplace_back();
    } else if (!words.back().empty() || (words.size() > 1 && words[words.size() - 2] != ";")) {
      if (!words.back().empty()) words.emplace_back();
      words.back() = ";";
      words.emplace_back();
    }
  }
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (in(kVerbs, words[i]) && in(kObjects, words[i + 1])) return true;
  }
  return false;
}

}  // namespace contraflow::agent
