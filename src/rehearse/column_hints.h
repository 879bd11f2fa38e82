// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

namespace contraflow::rehearse {

// What a condition asks of a column, as far as it is simple. Made-up values follow it; whether a row fulfils the whole condition the server says.
struct ColumnHints {
  std::vector<std::string> listed;    // the values, as SQL literals
  std::string lower, upper;           // bounds, as SQL constants
  bool above = false, below = false;  // the bounds themselves are out
  int shortest = 0, longest = -1;     // characters
  std::string pattern;                // a regular expression
  bool small_letters = false, capitals = false;
  std::string after;      // another column: never less than it …
  bool strictly = false;  // … nor equal

  bool empty() const { return *this == ColumnHints{}; }
  void take(const ColumnHints& more);  // where this says nothing
  bool operator==(const ColumnHints&) const = default;
};

// By column; a domain's value has the name "VALUE". Conditions as pg_get_expr() prints them; what is not understood is left out.
std::map<std::string, ColumnHints> hints_in(const std::string& condition);

}  // namespace contraflow::rehearse
