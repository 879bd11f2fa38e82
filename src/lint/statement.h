// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lint/tree.h"

namespace contraflow::lint {

// Something that PostgreSQL 15's parser does not know, read by us and blanked out for it.
struct Newer {
  enum class Kind { virtual_column,
                    set_expression,
                    not_null_constraint,
                    not_enforced,
                    without_overlaps,
                    other };
  Kind kind{};
  std::size_t offset = 0;  // in the statement's text
  std::string column;      // not_null_constraint
  int since = 0;           // the major that has it
};

// One statement as the analysis sees it. The tree belongs to the walker.
struct Statement {
  std::string_view text;                // from its first token to its last, without semicolon
  std::size_t offset = 0;               // of the text in the file; of the calling statement where it comes from a body built of strings
  const PgQuery__Node* node = nullptr;  // null: not parsed
  std::size_t tree_offset = 0;          // where the parsed text begins: tree locations count from there …
  std::size_t text_begin = 0;           // … and the statement begins here in it
  bool exact_places = true;             // tree locations are places in the file
  bool conditional = false;             // inside of IF, an exception block or the like
  std::vector<Newer> newer;

  // A location of the tree as a place in the file; the statement's own where there is none.
  std::size_t place(int location) const {
    if (!exact_places || location < 0) return offset;
    const std::size_t at = static_cast<std::size_t>(location);
    if (at < text_begin || at - text_begin > text.size()) return offset;
    return offset + (at - text_begin);
  }
};

}  // namespace contraflow::lint
