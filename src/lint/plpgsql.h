// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace contraflow::lint {

// An SQL statement that a PL/pgSQL body runs.
struct BodyStatement {
  std::string text;
  std::optional<std::size_t> offset;  // in the body; nothing where EXECUTE built it
  std::size_t line = 1;               // of the body
  bool conditional = false;           // inside of IF, a loop, a handler
  bool unknown = false;               // EXECUTE of a text that only the run knows
};

// The statements of a DO block's or a function's body, in the order of the text. Empty where it does not parse.
// COMMIT and ROLLBACK of procedures come as statements of these words.
std::vector<BodyStatement> statements_of_body(std::string_view body);

}  // namespace contraflow::lint
