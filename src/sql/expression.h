// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace contraflow::sql {

// A column that an expression names: `email`, `users.email`, `public.users.email`, `NEW.email`. `column` is
// "*" for a whole row.
struct ColumnReference {
  std::string schema;
  std::string relation;  // as written: a table, an alias, or new / old in a trigger
  std::string column;
  std::size_t offset = 0;    // bytes in the expression
  std::size_t length = 0;    // qualifiers included
  bool in_subquery = false;  // below a SELECT: it may be a column of that query's own tables
};

// Every reference, in the order of the text. All functions here throw Error{usage} with the location in the
// expression where it is not exactly one expression (so that nothing else can be slipped in).
std::vector<ColumnReference> columns_in(std::string_view expression);

// Replaces the references for which `replacement` gives a text, by their places in the parse tree: string
// constants, functions, types and comments of the same name stay.
std::string rewrite_column_references(
    std::string_view expression,
    const std::function<std::optional<std::string>(const ColumnReference&)>& replacement);

// Renames columns; the qualifiers stay. With `relation`, qualified references to other relations stay too.
std::string rename_columns(std::string_view expression, const std::map<std::string, std::string>& renamed,
                           std::string_view relation = {});

// `email` -> `NEW.email` for qualifier "NEW" (written as given). References that carry another qualifier
// stay, except those qualified by `relation`, which are replaced; so do unqualified ones in a subquery, which
// may be its own.
std::string qualify_columns(std::string_view expression, std::string_view qualifier,
                            std::string_view relation = {});

}  // namespace contraflow::sql
