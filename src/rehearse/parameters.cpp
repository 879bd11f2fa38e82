// SPDX-License-Identifier: Apache-2.0
#include "rehearse/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "base/text.h"
#include "sql/name.h"
#include "sql/scan.h"

namespace contraflow::rehearse {
namespace {

// Keys far from those that tables begin with.
constexpr std::size_t kFresh = 900'000'000, kFreshSmall = 31'000;

struct Word {
  std::string text;  // folded
  sql::TokenKind kind;
};

std::vector<Word> words_of(const std::string& text) {
  std::vector<Word> out;
  try {
    for (const sql::Token& token : sql::scan(text)) {
      if (token.kind == sql::TokenKind::line_comment || token.kind == sql::TokenKind::block_comment) continue;
      const std::string word = text.substr(token.begin, token.end - token.begin);
      out.push_back({token.kind == sql::TokenKind::identifier ? sql::identifier_value(word) : to_lower(word),
                     token.kind});
    }
  } catch (const Error&) {
    return {};
  }
  return out;
}

bool is_name(const Word& word) {
  return word.kind == sql::TokenKind::identifier || word.kind == sql::TokenKind::keyword;
}

// Which column each parameter is compared with or written to: `col = $1`, `SET col = $1`, INSERT INTO t (a,
// b) VALUES ($1, $2). Read from the tokens, because only the choice of a sample depends on it.
std::map<int, std::string> columns_beside(const std::vector<Word>& words) {
  std::map<int, std::string> out;
  const auto parameter = [&](std::size_t i) {
    return i < words.size() && words[i].text.size() > 1 && words[i].text[0] == '$'
               ? std::atoi(words[i].text.c_str() + 1)
               : 0;
  };
  static const std::vector<std::string> kBetween = {
      "=", "<", ">", "<=", ">=", "<>", "!=", "like", "ilike", "in", "(", "any", "not", "between", "and", ","};
  for (std::size_t i = 0; i < words.size(); ++i) {
    const int number = parameter(i);
    if (number == 0) continue;
    std::size_t back = i;
    while (back > 0 && i - back < 6 &&
           std::find(kBetween.begin(), kBetween.end(), words[back - 1].text) != kBetween.end())
      --back;
    if (back > 0 && back < i && words[back - 1].kind == sql::TokenKind::identifier)
      out.emplace(number, words[back - 1].text);
    if (back > 0 && back < i && words[back - 1].kind == sql::TokenKind::keyword)
      out.emplace(number, words[back - 1].text);
  }
  for (std::size_t i = 0; i + 2 < words.size(); ++i) {
    if (words[i].text != "into") continue;
    std::size_t at = i + 1;
    while (at < words.size() && words[at].text != "(" && words[at].text != "values" &&
           words[at].text != "select")
      ++at;
    std::vector<std::string> columns;
    if (at >= words.size() || words[at].text != "(") break;
    for (++at; at < words.size() && words[at].text != ")"; ++at)
      if (is_name(words[at])) columns.push_back(words[at].text);
    while (at < words.size() && words[at].text != "values") ++at;
    std::size_t place = 0;
    int depth = 0;
    for (++at; at < words.size(); ++at) {
      if (words[at].text == "(") ++depth;
      if (words[at].text == ")" && --depth == 0) place = 0;
      if (words[at].text == "," && depth == 1) ++place;
      if (const int number = parameter(at); number != 0 && depth >= 1 && place < columns.size())
        out[number] = columns[place];
    }
  }
  return out;
}

std::string fallback(const std::string& type, std::size_t turn) {
  const std::string n = std::to_string(turn + 1);
  if (type == "smallint" || type == "integer" || type == "bigint" || type == "numeric" || type == "real" ||
      type == "double precision" || type == "oid")
    return n;
  if (type == "boolean") return "true";
  if (type == "text" || type == "character varying" || type == "character" || type == "name")
    return sql::quote_literal("x" + n);
  if (type == "uuid") return "'00000000-0000-4000-8000-" + fmt::format("{:012}", turn + 1) + "'";
  if (type == "date" || type.starts_with("timestamp")) return "'2024-01-01'";
  if (type == "interval") return "'1 day'";
  if (type == "json" || type == "jsonb") return "'{}'";
  if (type == "bytea") return "''";
  if (type.ends_with("[]")) return "'{}'";
  return "NULL";
}

std::vector<std::string> sample_column(pg::Connection& connection, const std::vector<Word>& words,
                                       const std::string& column, const std::string& type, int count) {
  std::string tables;
  for (const Word& word : words)
    if (is_name(word)) tables += (tables.empty() ? "" : ",") + sql::quote_literal(word.text);
  if (tables.empty()) return {};
  const pg::Result found = connection.query(
      "SELECT c.oid::pg_catalog.regclass::text, EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND a.attnum = ANY (i.indkey))"
      " AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint f WHERE f.conrelid = c.oid AND f.contype = 'f' AND a.attnum = ANY (f.conkey)) FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON "
      "c.oid = a.attrelid AND c.relkind IN ('r', 'p') WHERE a.attname = $1 AND a.attnum > 0"
      " AND c.relname IN (" +
          tables + ") ORDER BY c.reltuples DESC LIMIT 1",
      {column});
  if (found.rows() == 0) return {};
  std::vector<std::string> out;
  // What an INSERT brings as a key is not there yet.
  if (found.boolean(0, 1) && words.front().text == "insert") {
    for (int turn = 0; turn < count; ++turn) out.push_back(fallback(type, (type == "smallint" ? kFreshSmall : kFresh) + static_cast<std::size_t>(turn)));
    return out;
  }
  try {
    const pg::Result rows =
        connection.execute(fmt::format("SELECT {0}::text FROM {1} WHERE {0} IS NOT NULL LIMIT {2}",
                                       sql::quote_identifier(column), found.string(0, 0), count));
    for (int row = 0; row < rows.rows(); ++row)
      out.push_back(sql::quote_literal(rows.string(row, 0)) + "::" + type);
  } catch (const pg::ServerError&) {
    // A column that cannot be read as text gives no sample.
  }
  return out;
}

}  // namespace

bool is_write(std::string_view text) {
  for (const Word& word : words_of(std::string(text)))
    if (word.text == "insert" || word.text == "update" || word.text == "delete" || word.text == "merge" ||
        word.text == "call")
      return true;
  return false;
}

Prepared prepare(pg::Connection& connection, const std::string& name, const std::string& text, int sample) {
  const std::vector<Word> words = words_of(text);
  int parameters = 0;
  for (const Word& word : words)
    if (word.text.size() > 1 && word.text[0] == '$')
      parameters = std::max(parameters, std::atoi(word.text.c_str() + 1));
  std::vector<std::string> declared(static_cast<std::size_t>(parameters), "unknown");
  for (int attempt = 0;; ++attempt) {
    const std::string types = parameters == 0 ? "" : "(" + join(declared, ", ") + ")";
    try {
      connection.execute(fmt::format("PREPARE {}{} AS {}", name, types, text));
      break;
    } catch (const pg::ServerError& error) {
      // 42P18 indeterminate_datatype, 42P08 ambiguous_parameter: "could not determine data type of parameter
      // $2"
      const std::size_t at = error.message().rfind("$");
      if ((error.sqlstate() != "42P18" && error.sqlstate() != "42P08") || attempt > parameters ||
          at == std::string::npos)
        throw;
      const int number = std::atoi(error.message().c_str() + at + 1);
      if (number < 1 || number > parameters || declared[static_cast<std::size_t>(number) - 1] != "unknown")
        throw;
      declared[static_cast<std::size_t>(number) - 1] = "text";
    }
  }
  Prepared out;
  out.name = name;
  const pg::Result known = connection.query(
      "SELECT p.t::text FROM pg_catalog.pg_prepared_statements s, pg_catalog.unnest(s.parameter_types) WITH "
      "ORDINALITY AS p(t, n) WHERE s.name = $1 ORDER BY p.n",
      {name});
  for (int row = 0; row < known.rows(); ++row) out.types.push_back(known.string(row, 0));
  if (sample == 0) return out;
  const std::map<int, std::string> columns = columns_beside(words);
  for (std::size_t i = 0; i < out.types.size(); ++i) {
    std::vector<std::string> values;
    if (const auto column = columns.find(static_cast<int>(i) + 1); column != columns.end())
      values = sample_column(connection, words, column->second, out.types[i], sample);
    if (values.empty())
      for (int turn = 0; turn < sample; ++turn)
        values.push_back(fallback(out.types[i], static_cast<std::size_t>(turn)));
    out.samples.push_back(std::move(values));
  }
  return out;
}

std::string execute_text(const Prepared& prepared, std::size_t turn) {
  std::string values;
  for (const std::vector<std::string>& samples : prepared.samples)
    values += (values.empty() ? "" : ", ") + samples[turn % samples.size()];
  return "EXECUTE " + prepared.name + (values.empty() ? "" : "(" + values + ")");
}

}  // namespace contraflow::rehearse
