// SPDX-License-Identifier: Apache-2.0
//
// The tree that libpg_query makes, taken where it makes it. Its public function packs that tree into protocol buffers for other languages and
// frees it, whereupon C has to unpack it again: two thirds of the time that a statement takes. Here the last step finds no buffer to fill, and the
// tree's memory stays.
#pragma once

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include <functional>
#include <memory>

struct MemoryContextData;  // PostgreSQL's

namespace contraflow::sql {

struct ParserErrorDeleter {
  void operator()(PgQueryError* error) const;
};

// Owns the memory context of one call of the parser; may be destroyed on another thread than it was made on.
class DirectTree {
 public:
  // The parser's error, or null: the text's statements are the result.
  std::unique_ptr<PgQueryError, ParserErrorDeleter> parse(const char* text);
  const PgQuery__ParseResult& result() const { return result_; }

 private:
  struct Delete {
    void operator()(MemoryContextData* context) const;
  };
  std::unique_ptr<MemoryContextData, Delete> context_;
  PgQuery__ParseResult result_ = PG_QUERY__PARSE_RESULT__INIT;
};

// The tokens of a text in the same way: `visit` sees them once, while they live; it may not throw, nor scan. The parser's error, or null.
using TokenVisitor = std::function<void(const PgQuery__ScanResult&)>;
std::unique_ptr<PgQueryError, ParserErrorDeleter> scan_directly(const char* text, const TokenVisitor& visit);

}  // namespace contraflow::sql
