// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "code/query_site.h"
#include "code/schema_facts.h"
#include "code/string_expression.h"

namespace contraflow::code {

// SQL that a program's text holds, with the way back to the source for edits.
struct FoundSql {
  QuerySite site;
  StringValue value;                   // the string expression
  std::size_t offset = 0, length = 0;  // of this statement in the value's text
  std::vector<TextEdit> edits;         // from value.text[offset, offset + length) to site.statement
};

// Whether a text begins as an SQL statement does.
bool looks_like_sql(std::string_view text);

// Fills `tables`, `verb`, `confidence` from `site.statement`. False where it is not one that touches tables of the schema (or, without a schema, any).
// `ours`: it goes to the database of the schema for certain, and a function that is not known makes it no statement for another one.
bool analyse(QuerySite& site, const SchemaFacts& facts, bool ddl, bool ours = false);

std::vector<FoundSql> find_sql(const Tree& tree, const Constants& constants, const SchemaFacts& facts, bool ddl);
// The statements of an .sql file.
std::vector<FoundSql> find_statements(std::string_view text, const SchemaFacts& facts, bool ddl);

// "UserRepository.findByEmail": the function around a node, with its class.
std::string function_around(const Node& node);

// Puts file position and name of a byte offset into a site.
void place(QuerySite& site, std::string_view source, std::size_t begin, std::size_t end);

}  // namespace contraflow::code
