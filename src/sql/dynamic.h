// SPDX-License-Identifier: Apache-2.0
//
// Statements as programs hold them: with interpolated values, and with the placeholders of drivers (`?`, `:name`, `%s`, `@name`). They are
// turned into one that the server can PREPARE.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/edit.h"

namespace contraflow::sql {

// A place in the text where the program puts something at run time. Empty where the text has nothing there (an interpolation).
struct Hole {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool value = false;     // the library binds it as a parameter: sql`… ${id}`
  bool fragment = false;  // it is SQL, not a value: Prisma.raw(x), Prisma.join(x)
};

struct DynamicStatement {
  std::string text;             // with $1, $2 … where values stand
  std::vector<TextEdit> edits;  // that lead from the program's text to it, ascending
  int parameters = 0;           // the highest $n
  bool certain = true;          // every hole is a value: nothing of the statement's shape was guessed
};

struct DynamicOptions {
  bool at_names = false;  // `@name` is a placeholder (Go's pgx); else `@` is PostgreSQL's operator for an absolute value
};

// Nothing where no reading of the holes gives a statement that parses.
std::optional<DynamicStatement> read_dynamic(std::string_view text, const std::vector<Hole>& holes, const DynamicOptions& options = {});

}  // namespace contraflow::sql
