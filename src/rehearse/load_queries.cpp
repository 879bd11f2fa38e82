// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "rehearse/queries.h"
#include "sql/scan.h"
#include "sql/statements.h"

namespace contraflow::rehearse {
namespace {

namespace fs = std::filesystem;

void from_sql(const std::string& path, const std::string& version, std::vector<AppQuery>& out) {
  for (const sql::Statement& statement : sql::split_statements(read_text_file(path), path))
    out.push_back(
        {fmt::format("{}:{}", path, statement.line), version, repaired_placeholders(statement.text), 1});
}

// Statements that are no queries of an application.
bool is_query(const std::string& text) {
  const std::string lower = to_lower(trim(text));
  for (const char* word : {"select", "insert", "update", "delete", "with", "merge", "values", "table "})
    if (lower.starts_with(word)) return true;
  return false;
}

void add(const std::string& name, const std::string& text, double calls, const std::string& version,
         std::vector<AppQuery>& out) {
  if (is_query(text)) out.push_back({name, version, repaired_placeholders(text), calls});
}

void from_json(const std::string& path, const std::string& version, std::vector<AppQuery>& out) {
  try {
    const auto document = nlohmann::json::parse(read_text_file(path));
    int number = 0;
    for (const auto& entry : document) {
      ++number;
      const std::string name =
          entry.contains("queryid") ? entry.at("queryid").dump() : fmt::format("{}#{}", path, number);
      add(name, entry.at("query").get<std::string>(), entry.value("calls", 1.0), version, out);
    }
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::usage,
                fmt::format("{} is no export of pg_stat_statements: {}", path, error.what()),
                "an array of objects with `query` and `calls`: psql -Atc \"SELECT json_agg(s) FROM "
                "pg_stat_statements s\"");
  }
}

// Fields of CSV (RFC 4180), as COPY … CSV HEADER writes it.
std::vector<std::vector<std::string>> csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows(1);
  std::string field;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '"' && i + 1 < text.size() && text[i + 1] == '"')
        field += text[++i];
      else if (c == '"')
        quoted = false;
      else
        field += c;
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',' || c == '\n') {
      rows.back().push_back(std::exchange(field, {}));
      if (c == '\n') rows.emplace_back();
    } else if (c != '\r') {
      field += c;
    }
  }
  if (!field.empty() || !rows.back().empty()) rows.back().push_back(field);
  return rows;
}

void from_csv(const std::string& path, const std::string& version, std::vector<AppQuery>& out) {
  const auto rows = csv(read_text_file(path));
  const auto at = [&](std::string_view name) {
    return static_cast<std::size_t>(std::find(rows.front().begin(), rows.front().end(), name) -
                                    rows.front().begin());
  };
  const std::size_t query = at("query"), calls = at("calls"), id = at("queryid");
  if (query == rows.front().size())
    throw Error(ErrorCode::usage, fmt::format("{} has no column query", path),
                "COPY (SELECT queryid, query, calls FROM pg_stat_statements) TO STDOUT CSV HEADER");
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (query >= rows[i].size()) continue;
    add(id < rows[i].size() ? rows[i][id] : fmt::format("{}:{}", path, i + 1), rows[i][query],
        calls < rows[i].size() ? std::atof(rows[i][calls].c_str()) : 1, version, out);
  }
}

void from_server(const std::string& url, const std::string& version, std::vector<AppQuery>& out) {
  pg::Connection connection(url, "contraflow queries");
  // Its view may lie in any schema; without the library its function refuses to run.
  const pg::Result extension = connection.query(
      "SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE extname = "
      "'pg_stat_statements'");
  if (extension.rows() == 0)
    throw Error(ErrorCode::environment, "extension pg_stat_statements is not installed in " + connection.description(),
                "CREATE EXTENSION pg_stat_statements there (the server needs it in shared_preload_libraries), or give a file of queries");
  const pg::Result rows = connection.query(
      "SELECT queryid::text, query, sum(calls) FROM " + extension.string(0, 0) +
      ".pg_stat_statements WHERE dbid = (SELECT oid FROM "
      "pg_catalog.pg_database WHERE datname = current_database()) GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 2000");
  for (int row = 0; row < rows.rows(); ++row)
    add("queryid " + rows.string(row, 0), rows.string(row, 1), std::stod(rows.string(row, 2)), version, out);
}

}  // namespace

std::vector<AppQuery> load_queries(const std::string& from, const std::string& version) {
  std::vector<AppQuery> out;
  std::error_code ignored;
  if (fs::is_directory(from, ignored)) {
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(from))
      if (entry.is_regular_file() && entry.path().extension() == ".sql")
        files.push_back(entry.path().string());
    std::sort(files.begin(), files.end(), natural_less);
    for (const std::string& file : files) from_sql(file, version, out);
  } else if (from.starts_with("postgres://") || from.starts_with("postgresql://") ||
             (!fs::exists(from, ignored) && from.find('=') != std::string::npos)) {
    from_server(from, version, out);
  } else if (from.ends_with(".json")) {
    from_json(from, version, out);
  } else if (from.ends_with(".csv")) {
    from_csv(from, version, out);
  } else {
    from_sql(from, version, out);
  }
  if (out.empty())
    throw Error(ErrorCode::usage, fmt::format("{} has no query", from),
                "an SQL file, a folder of them, an export of pg_stat_statements (.json, .csv) or a "
                "connection string");
  return out;
}

namespace {

// A parameter that was replaced leaves a hole: "could not determine data type of parameter $1". The others move up.
std::string without_holes(const std::string& text) {
  std::vector<std::pair<sql::Token, int>> found;
  std::map<int, int> numbers;
  for (const sql::Token& token : sql::scan(text)) {
    if (token.end - token.begin < 2 || text[token.begin] != '$') continue;
    const int number = std::atoi(text.c_str() + token.begin + 1);
    if (number <= 0) continue;
    found.emplace_back(token, number);
    numbers.emplace(number, 0);
  }
  int next = 0;
  for (auto& [number, moved] : numbers) moved = ++next;
  std::string out;
  std::size_t copied = 0;
  for (const auto& [token, number] : found) {
    out += text.substr(copied, token.begin - copied) + fmt::format("${}", numbers.at(number));
    copied = token.end;
  }
  return out + text.substr(copied);
}

}  // namespace

std::string repaired_placeholders(const std::string& text) {
  std::vector<sql::Token> tokens;
  try {
    tokens = sql::scan(text);
  } catch (const Error&) {
    return text;
  }
  std::erase_if(tokens, [](const sql::Token& token) {
    return token.kind == sql::TokenKind::line_comment || token.kind == sql::TokenKind::block_comment;
  });
  const auto word = [&](std::size_t i) {
    return text.substr(tokens[i].begin, tokens[i].end - tokens[i].begin);
  };
  const bool numbered = std::any_of(tokens.begin(), tokens.end(), [&](const sql::Token& token) {
    return text[token.begin] == '$' && token.end - token.begin > 1 && text[token.begin + 1] >= '0' &&
           text[token.begin + 1] <= '9';
  });
  std::map<std::string, int> names;
  int next = 0;
  std::string out;
  bool hole = false;
  std::size_t copied = 0;
  const auto replace = [&](std::size_t begin, std::size_t end, const std::string& by) {
    out += text.substr(copied, begin - copied) + by;
    copied = end;
  };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string current = word(i), lower = to_lower(current);
    const bool has_next = i + 1 < tokens.size();
    // `interval $1` is a typed constant in which no parameter may stand; as a cast it may.
    if (has_next && word(i + 1).starts_with('$') &&
        (lower == "interval" || lower == "timestamp" || lower == "timestamptz" || lower == "date" ||
         lower == "time")) {
      replace(tokens[i].begin, tokens[i + 1].end, fmt::format("({}::{})", word(i + 1), lower));
      ++i;
      continue;
    }
    // EXTRACT takes a word; which one does not matter to whether the query works.
    if (lower == "extract" && i + 3 < tokens.size() && word(i + 1) == "(" && word(i + 2).starts_with('$')) {
      replace(tokens[i + 2].begin, tokens[i + 2].end, "epoch");
      hole = true;
      i += 2;
      continue;
    }
    if (numbered) continue;
    if (current == "?") replace(tokens[i].begin, tokens[i].end, fmt::format("${}", ++next));
    if (current == "%" && has_next && tokens[i + 1].begin == tokens[i].end && to_lower(word(i + 1)) == "s") {
      replace(tokens[i].begin, tokens[i + 1].end, fmt::format("${}", ++next));
      ++i;
    }
    if ((current == ":" || current == "@") && has_next && tokens[i + 1].begin == tokens[i].end &&
        (tokens[i + 1].kind == sql::TokenKind::identifier || tokens[i + 1].kind == sql::TokenKind::keyword)) {
      const auto [known, fresh] = names.try_emplace(word(i + 1), next + 1);
      if (fresh) ++next;
      replace(tokens[i].begin, tokens[i + 1].end, fmt::format("${}", known->second));
      ++i;
    }
  }
  out += text.substr(copied);
  return hole ? without_holes(out) : out;
}

}  // namespace contraflow::rehearse
