// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace contraflow::sql {

// A name that is qualified by its schema; `schema` is empty for objects that live in none.
struct QualifiedName {
  std::string schema;
  std::string name;
  auto operator<=>(const QualifiedName&) const = default;
};

// `name` as an SQL identifier, quoted by the same rule as the server's quote_ident(): quoted unless it is lower-case
// letters, digits and underscores and no keyword other than an unreserved one.
std::string quote_identifier(std::string_view name);
std::string quote(const QualifiedName& name);  // schema.name, or name where the schema is empty

// A string constant, as quote_literal(): E'' form only where there is a backslash.
std::string quote_literal(std::string_view text);

// `text` between dollar quotes whose tag ($sql$, $sql1$, …) does not occur in it.
std::string dollar_quote(std::string_view text, std::string_view tag = "sql");

// `"Order".id` -> `Order.id`: where names are typed, quotes may be written, as in SQL, and may be left out.
std::string without_quotes(const std::string& name);

// The identifier that the server would make of it: at most 63 bytes, cut at a character boundary.
std::string truncate_identifier(std::string_view name);

}  // namespace contraflow::sql
