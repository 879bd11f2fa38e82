// SPDX-License-Identifier: Apache-2.0
#include "sql/scan.h"

#include "base/error.h"
#include "base/text.h"
#include "sql/direct_parser.h"
#include "sql/parser_error.h"

namespace contraflow::sql {
namespace {

TokenKind kind_of(const PgQuery__ScanToken& token) {
  switch (static_cast<int>(token.token)) {
    case PG_QUERY__TOKEN__SQL_COMMENT:
      return TokenKind::line_comment;
    case PG_QUERY__TOKEN__C_COMMENT:
      return TokenKind::block_comment;
    case PG_QUERY__TOKEN__IDENT:
    case PG_QUERY__TOKEN__UIDENT:
      return TokenKind::identifier;
    case PG_QUERY__TOKEN__FCONST:
    case PG_QUERY__TOKEN__SCONST:
    case PG_QUERY__TOKEN__USCONST:
    case PG_QUERY__TOKEN__BCONST:
    case PG_QUERY__TOKEN__XCONST:
    case PG_QUERY__TOKEN__ICONST:
      return TokenKind::constant;
    default:
      break;
  }
  return token.keyword_kind == PG_QUERY__KEYWORD_KIND__NO_KEYWORD ? TokenKind::symbol : TokenKind::keyword;
}

}  // namespace

std::vector<Token> scan(std::string_view text, const std::string& file) {
  const std::string terminated(text);
  std::vector<Token> tokens;
  const auto error = scan_directly(terminated.c_str(), [&tokens](const PgQuery__ScanResult& result) {
    tokens.reserve(result.n_tokens);
    for (std::size_t i = 0; i < result.n_tokens; ++i) {
      const PgQuery__ScanToken& token = *result.tokens[i];
      tokens.push_back({kind_of(token), static_cast<std::size_t>(token.start), static_cast<std::size_t>(token.end)});
    }
  });
  if (error) throw_parser_error(*error, text, file);
  return tokens;
}

std::string identifier_value(std::string_view token_text) {
  if (token_text.size() >= 2 && token_text.front() == '"') {
    return replace_all(token_text.substr(1, token_text.size() - 2), "\"\"", "\"");
  }
  return to_lower(token_text);
}

}  // namespace contraflow::sql
