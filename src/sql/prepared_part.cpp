// SPDX-License-Identifier: Apache-2.0
#include "sql/prepared_part.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/text.h"
#include "sql/name.h"
#include "sql/parse_tree.h"
#include "sql/scan.h"

namespace contraflow::sql {
namespace {

bool begins_query(const std::string& word) {
  return word == "select" || word == "with" || word == "insert" || word == "update" || word == "delete" || word == "merge" || word == "table" || word == "values";
}

// From the first query behind the word `behind` (empty: behind the first word), at the depth of parentheses that is asked for.
std::string_view query_behind(std::string_view statement, const std::string& behind, int wanted_depth) {
  int depth = 0;
  bool first = true, open = behind.empty();
  for (const Token& token : scan(statement)) {
    if (token.kind == TokenKind::line_comment || token.kind == TokenKind::block_comment) continue;
    const std::string word = to_lower(statement.substr(token.begin, token.end - token.begin));
    if (word == "(") ++depth;
    if (word == ")" && --depth < wanted_depth && wanted_depth > 0) break;
    if (!first && open && depth == wanted_depth && begins_query(word)) {
      std::string_view out = statement.substr(token.begin);
      if (wanted_depth > 0) {  // up to the parenthesis that closes it
        int inner = 0;
        for (const Token& rest : scan(out)) {
          const std::string_view sign = out.substr(rest.begin, rest.end - rest.begin);
          if (sign == "(") ++inner;
          if (sign == ")" && inner-- == 0) return out.substr(0, rest.begin);
        }
      }
      return out;
    }
    open = open || word == behind;
    first = false;
  }
  return statement;
}

}  // namespace

std::string_view prepared_part(std::string_view statement) {
  const ParseTree tree = parse(statement);
  if (tree.size() != 1) return statement;
  const PgQuery__Node& node = tree.node(0);
  switch (node.node_case) {
    case PG_QUERY__NODE__NODE_EXPLAIN_STMT: return query_behind(statement, "", 0);
    case PG_QUERY__NODE__NODE_PREPARE_STMT:
    case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT: return query_behind(statement, "as", 0);
    case PG_QUERY__NODE__NODE_DECLARE_CURSOR_STMT: return query_behind(statement, "for", 0);
    case PG_QUERY__NODE__NODE_COPY_STMT: return node.copy_stmt->query != nullptr ? query_behind(statement, "", 1) : statement;
    default: return statement;
  }
}

std::string tried_form(std::string_view statement) {
  const ParseTree tree = parse(statement);
  if (tree.size() != 1) return {};
  const PgQuery__Node& node = tree.node(0);
  if (node.node_case == PG_QUERY__NODE__NODE_TRUNCATE_STMT || node.node_case == PG_QUERY__NODE__NODE_LOCK_STMT) return std::string(statement);
  if (node.node_case != PG_QUERY__NODE__NODE_COPY_STMT || node.copy_stmt->relation == nullptr) return {};
  const PgQuery__CopyStmt& copy = *node.copy_stmt;
  std::vector<std::string> columns;
  for (std::size_t i = 0; i < copy.n_attlist; ++i) columns.push_back(quote_identifier(copy.attlist[i]->string->sval));
  return fmt::format("COPY {}{} {} '/dev/null'", quote(QualifiedName{copy.relation->schemaname, copy.relation->relname}), columns.empty() ? "" : " (" + join(columns, ", ") + ")", copy.is_from != 0 ? "FROM" : "TO");
}

}  // namespace contraflow::sql
