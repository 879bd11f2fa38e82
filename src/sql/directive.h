// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/statements.h"

namespace contraflow::sql {

// `-- contraflow: NAME ARGUMENT… KEY=VALUE…`, a comment that speaks to this program.
struct Directive {
  std::string name;
  std::vector<std::string> arguments;  // words; single quotes group and go, "quoted names" keep their quotes
  int line = 1;
  int column = 1;

  // The value of KEY=VALUE, or nothing.
  std::optional<std::string> value(std::string_view key) const;
  bool operator==(const Directive&) const = default;
};

// The directive in a comment, or nothing where it is an ordinary one.
std::optional<Directive> directive_in(const Comment& comment);
std::vector<Directive> directives_in(const std::vector<Comment>& comments);

}  // namespace contraflow::sql
