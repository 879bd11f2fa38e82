// SPDX-License-Identifier: Apache-2.0
//
// Types and expressions that the user wrote: checked before they become part of a statement.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "catalog/source_scan.h"
#include "intent/resolver.h"
#include "sql/expression.h"
#include "sql/name.h"

namespace contraflow::intent {

namespace {

using catalog::Token;
using catalog::TokenKind;

constexpr std::array<std::string_view, 66> kTypes = {"bigint",
                                                     "bigserial",
                                                     "bit",
                                                     "bool",
                                                     "boolean",
                                                     "box",
                                                     "bpchar",
                                                     "bytea",
                                                     "char",
                                                     "character",
                                                     "cidr",
                                                     "circle",
                                                     "date",
                                                     "daterange",
                                                     "datemultirange",
                                                     "dec",
                                                     "decimal",
                                                     "double",
                                                     "float",
                                                     "float4",
                                                     "float8",
                                                     "inet",
                                                     "int",
                                                     "int2",
                                                     "int2vector",
                                                     "int4",
                                                     "int4range",
                                                     "int4multirange",
                                                     "int8",
                                                     "int8range",
                                                     "int8multirange",
                                                     "integer",
                                                     "interval",
                                                     "json",
                                                     "jsonb",
                                                     "jsonpath",
                                                     "line",
                                                     "lseg",
                                                     "macaddr",
                                                     "macaddr8",
                                                     "money",
                                                     "name",
                                                     "nchar",
                                                     "numeric",
                                                     "numrange",
                                                     "nummultirange",
                                                     "oid",
                                                     "path",
                                                     "pg_lsn",
                                                     "point",
                                                     "polygon",
                                                     "real",
                                                     "regclass",
                                                     "serial",
                                                     "serial4",
                                                     "serial8",
                                                     "smallint",
                                                     "smallserial",
                                                     "text",
                                                     "time",
                                                     "timestamp",
                                                     "timestamptz",
                                                     "timetz",
                                                     "tsquery",
                                                     "tsvector",
                                                     "uuid"};
constexpr std::array<std::string_view, 7> kMoreTypes = {
    "tsrange", "tstzrange", "tsmultirange", "tstzmultirange", "varbit", "varchar", "xml"};

// An error of the parser points into the expression; the user sees it in the intent.
Error in_intent(const Error& error, const Text& text) {
  Location at = text.at;
  if (error.location() && error.location()->line == 1) at.column += std::max(0, error.location()->column - 1);
  return Error(error.code(), error.message(), error.hint(), error.sqlstate()).at(at);
}

}  // namespace

std::string Resolver::type(const Text& text) const {
  catalog::SqlScanner scanner(text.sql);
  std::vector<Token> tokens;
  for (Token token = scanner.next(); token.kind != TokenKind::end; token = scanner.next()) {
    const bool symbol = token.kind == TokenKind::symbol &&
                        std::string_view(".,()[]").find(text.sql[token.begin]) != std::string_view::npos;
    if (!symbol && token.kind != TokenKind::word && token.kind != TokenKind::quoted &&
        token.kind != TokenKind::number)
      throw Error(ErrorCode::usage, fmt::format("\"{}\" is no type", text.sql),
                  "for instance: numeric(14,4), text[], timestamp with time zone")
          .at(text.at);
    tokens.push_back(token);
  }
  const bool starts_with_name = tokens[0].kind == TokenKind::word || tokens[0].kind == TokenKind::quoted;
  if (!starts_with_name)
    throw Error(ErrorCode::usage, fmt::format("\"{}\" is no type", text.sql)).at(text.at);
  const bool qualified = tokens.size() > 2 && scanner.text(tokens[1]) == ".";
  Name name;
  name.at = text.at;
  name.parts.push_back(catalog::identifier_of(scanner.text(tokens[0])));
  if (qualified) name.parts.push_back(catalog::identifier_of(scanner.text(tokens[2])));
  const std::string rest = text.sql.substr(tokens[qualified ? 2 : 0].end);
  const bool built_in = std::find(kTypes.begin(), kTypes.end(), name.parts[0]) != kTypes.end() ||
                        std::find(kMoreTypes.begin(), kMoreTypes.end(), name.parts[0]) != kMoreTypes.end();
  if (qualified ? name.parts[0] == "pg_catalog" : built_in && tokens[0].kind == TokenKind::word)
    return text.sql;
  std::vector<std::string> candidates(kTypes.begin(), kTypes.end());
  candidates.insert(candidates.end(), kMoreTypes.begin(), kMoreTypes.end());
  bool extensions = false;
  const ObjectId* found = nullptr;
  for (const auto& [id, object] : database_.objects) {
    if (id.kind == Kind::extension && id.name != "plpgsql") extensions = true;
    if (id.kind != Kind::enum_type && id.kind != Kind::domain && id.kind != Kind::composite_type &&
        id.kind != Kind::range_type && id.kind != Kind::base_type && id.kind != Kind::table)
      continue;
    if (id.kind != Kind::table) candidates.push_back(id.name);
    if (id.name != name.parts.back() || (qualified && id.schema != name.parts[0])) continue;
    if (found == nullptr || id.schema == "public") found = &id;
  }
  if (found != nullptr) return sql::quote({found->schema, found->name}) + rest;
  // Types of extensions are not in the model: the server decides.
  if (extensions) return text.sql;
  const std::string guess = nearest(name.parts.back(), candidates);
  throw Error(ErrorCode::usage, fmt::format("type \"{}\" does not exist", name.parts.back()),
              guess.empty() ? "create it first, or name its schema" : fmt::format("did you mean {}?", guess))
      .at(text.at);
}

std::string Resolver::expression(const Text& text, const ObjectId* of) const {
  std::vector<sql::ColumnReference> references;
  try {
    references = sql::columns_in(text.sql);
  } catch (const Error& error) {
    throw in_intent(error, text);
  }
  if (of == nullptr) return text.sql;
  for (const sql::ColumnReference& reference : references) {
    if (reference.in_subquery || reference.column == "*") continue;
    if (!reference.relation.empty() && reference.relation != of->name)
      continue;  // a composite column's field, perhaps
    if (database_.find(catalog::column_id(of->schema, of->name, reference.column)) != nullptr) continue;
    if (reference.column == of->name) continue;  // the whole row
    Location at = text.at;
    at.column += static_cast<int>(reference.offset);
    const std::string guess = nearest(reference.column, column_names(*of));
    throw Error(ErrorCode::usage,
                fmt::format("table {} has no column {}", sql::quote({of->schema, of->name}),
                            sql::quote_identifier(reference.column)),
                guess.empty() ? "its columns are: " + join(column_names(*of), ", ")
                              : fmt::format("did you mean {}?", guess))
        .at(at);
  }
  return text.sql;
}

}  // namespace contraflow::intent
