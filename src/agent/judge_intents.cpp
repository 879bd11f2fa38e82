// SPDX-License-Identifier: Apache-2.0
#include "agent/judge_intents.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "agent/context.h"
#include "base/error.h"
#include "base/text.h"
#include "sql/expression.h"
#include "sql/functions.h"

namespace contraflow::agent {
namespace {

constexpr std::size_t kMostIntents = 50;

// Functions of pg_catalog that do more than compute: they read files and settings, run queries given as text, change sequences, lock, end sessions, wait.
constexpr std::array<std::string_view, 12> kPrefixes = {"pg_", "lo_", "query_to", "table_to", "schema_to", "database_to", "cursor_to", "txid_", "has_", "inet_", "binary_upgrade", "ts_stat"};
constexpr std::array<std::string_view, 9> kNames = {"setval", "set_config", "current_setting", "ts_rewrite", "loread", "lowrite", "currtid2", "version", "current_query"};

bool computes_only(const sql::FunctionCall& call) {
  const std::string name = to_lower(call.name);
  if (!call.schema.empty() && call.schema != "pg_catalog") return false;
  if (!sql::is_built_in(name)) return false;
  return std::none_of(kPrefixes.begin(), kPrefixes.end(), [&](std::string_view prefix) { return name.starts_with(prefix); }) && std::find(kNames.begin(), kNames.end(), name) == kNames.end();
}

bool has_word(const std::string& text, std::string_view word) {
  const std::string lower = to_lower(text);
  const auto part = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  for (std::size_t at = 0; (at = lower.find(word, at)) != std::string::npos; ++at) {
    if ((at == 0 || !part(lower[at - 1])) && (at + word.size() == lower.size() || !part(lower[at + word.size()]))) return true;
  }
  return false;
}

std::string wrong_expression(const intent::Text& text) {
  try {
    for (const sql::ColumnReference& reference : sql::columns_in(text.sql)) {
      if (reference.in_subquery) return "it holds a query";
    }
    for (const sql::FunctionCall& call : sql::functions_in(text.sql)) {
      if (!computes_only(call)) return fmt::format("it calls {}{}, which is not one of PostgreSQL's own functions that only compute", call.schema.empty() ? "" : call.schema + ".", call.name);
    }
  } catch (const Error& error) {
    return "it is not one SQL expression: " + error.message();
  }
  // A query without a column reference. A constant that says so is refused along: a model can write it otherwise.
  for (const char* word : {"select", "table", "values"}) {
    if (has_word(text.sql, word)) return "it holds a query";
  }
  return "";
}

std::string wrong_type(const intent::Text& text) {
  const bool plain = text.sql.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_. (),[]\"") == std::string::npos;
  return plain ? "" : "it is no type name";
}

// "lower(email) DESC NULLS LAST": the words behind the expression are no part of it.
std::string wrong_element(const intent::Text& text) {
  std::string sql = text.sql;
  for (bool again = true; again;) {
    again = false;
    const std::string lower = to_lower(sql);
    for (const char* word : {" asc", " desc", " nulls first", " nulls last"}) {
      if (lower.ends_with(word)) sql.resize(sql.size() - std::string_view(word).size()), again = true;
      if (again) break;
    }
    const std::size_t blank = lower.rfind(' ');
    if (!again && blank != std::string::npos && lower.ends_with("_ops")) sql.resize(blank), again = true;
    while (!sql.empty() && sql.back() == ' ') sql.pop_back();
  }
  return wrong_expression({sql, text.at});
}

// The SQL of an intent, each by what it has to be.
struct Judge {
  std::string wrong;
  void expression(const std::optional<intent::Text>& text) {
    if (text && wrong.empty()) wrong = wrong_expression(*text);
  }
  void type(const intent::Text& text) {
    if (wrong.empty()) wrong = wrong_type(text);
  }

  void operator()(const intent::Retype& x) { type(x.type), expression(x.conversion), expression(x.conversion_back); }
  void operator()(const intent::AddColumn& x) { type(x.type), expression(x.default_expression), expression(x.fill); }
  void operator()(const intent::NotNull& x) { expression(x.fill); }
  void operator()(const intent::SetDefault& x) { expression(x.expression); }
  void operator()(const intent::Unique& x) { expression(x.where); }
  void operator()(const intent::Check& x) { expression(x.expression); }
  void operator()(const intent::CreateIndex& x) {
    for (const intent::Text& element : x.elements) {
      if (wrong.empty()) wrong = wrong_element(element);
    }
    expression(x.where);
  }
  // Names and labels only.
  void operator()(const intent::SoftDelete&) {}
  void operator()(const intent::AddEnumColumn&) {}
  void operator()(const intent::Rename&) {}
  void operator()(const intent::DropColumn&) {}
  void operator()(const intent::DropTable&) {}
  void operator()(const intent::DropIndex&) {}
  void operator()(const intent::DropConstraint&) {}
  void operator()(const intent::Nullable&) {}
  void operator()(const intent::ForeignKey&) {}
  void operator()(const intent::AddEnumValue&) {}
  void operator()(const intent::DropEnumValue&) {}
  void operator()(const intent::ReorderEnum&) {}
};

std::string told(const Error& error) {
  std::string out = error.message();
  if (error.location()) out = fmt::format("line {}: {}", error.location()->line, out);
  return error.hint().empty() ? out : out + " (" + error.hint() + ")";
}

}  // namespace

JudgedIntents judge_intents(const std::string& text, const catalog::Database& database) {
  JudgedIntents out;
  try {
    out.intents = intent::parse(text, "intents");
    if (out.intents.empty()) out.refused.emplace_back("there is no intent in it");
    if (out.intents.size() > kMostIntents) out.refused.push_back(fmt::format("more than {} intents", kMostIntents));
    for (const intent::Intent& one : out.intents) {
      Judge judge;
      std::visit(judge, one.action);
      if (!judge.wrong.empty()) out.refused.push_back(fmt::format("\"{}\": {}", shown_text(one.text, 200), judge.wrong));
    }
    if (out.refused.empty()) intent::resolve(out.intents, database);
  } catch (const Error& error) {
    out.refused.push_back(told(error));
  }
  if (!out.refused.empty()) out.intents.clear();
  return out;
}

}  // namespace contraflow::agent
