// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace contraflow::effects {

// What ALTER COLUMN … TYPE does to the table, for types of pg_catalog written as format_type() writes them.
enum class TypeChange {
  free,  // catalog only, under ACCESS EXCLUSIVE
  scan,  // no rewrite, but the rows are read (or indexes on the column are rebuilt)
  rewrite,
};

// Source: ATColumnChangeRequiresRewrite() in tablecmds.c with the support functions varchar_support, numeric_support,
// timestamp_support, interval_support, varbit_support; verified live per server version by effects_live_test.
TypeChange classify_type_change(std::string_view from, std::string_view to);

// A cast exists (implicit, assignment, explicit or by I/O to and from text) between two types of pg_catalog.
bool has_cast(std::string_view from, std::string_view to);
// Values of `from` exist that the cast to `to` refuses or changes.
bool may_refuse(std::string_view from, std::string_view to);
// Values of `from` exist that the cast to `to` takes without a word, and which a cast back does not give: digits, seconds, blanks.
bool may_change(std::string_view from, std::string_view to);

struct TypeName {
  std::string base;  // "character varying", without modifier and array brackets
  int first = -1;    // modifiers; -1 absent
  int second = -1;
  bool array = false;
};
TypeName parse_type(std::string_view type);

}  // namespace contraflow::effects
