// SPDX-License-Identifier: Apache-2.0
#include "sql/scan.h"

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include <memory>

#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"
#include "sql/parser_error.h"

namespace contraflow::sql {
namespace {

struct FreeScanResult {
  void operator()(PgQuery__ScanResult* result) const {
    pg_query__scan_result__free_unpacked(result, nullptr);
  }
};

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
  const PgQueryScanResult raw = pg_query_scan(terminated.c_str());
  const std::unique_ptr<const PgQueryScanResult, void (*)(const PgQueryScanResult*)> owner(
      &raw, [](const PgQueryScanResult* result) { pg_query_free_scan_result(*result); });
  if (raw.error != nullptr) throw_parser_error(*raw.error, text, file);
  const std::unique_ptr<PgQuery__ScanResult, FreeScanResult> result(pg_query__scan_result__unpack(
      nullptr, raw.pbuf.len, reinterpret_cast<const unsigned char*>(raw.pbuf.data)));
  if (!result) throw Error(ErrorCode::usage, "the text cannot be scanned").at(locate(text, 0, file));
  std::vector<Token> tokens;
  tokens.reserve(result->n_tokens);
  for (std::size_t i = 0; i < result->n_tokens; ++i) {
    const PgQuery__ScanToken& token = *result->tokens[i];
    tokens.push_back(
        {kind_of(token), static_cast<std::size_t>(token.start), static_cast<std::size_t>(token.end)});
  }
  return tokens;
}

std::string identifier_value(std::string_view token_text) {
  if (token_text.size() >= 2 && token_text.front() == '"') {
    return replace_all(token_text.substr(1, token_text.size() - 2), "\"\"", "\"");
  }
  return to_lower(token_text);
}

}  // namespace contraflow::sql
