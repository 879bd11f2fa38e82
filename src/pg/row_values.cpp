// SPDX-License-Identifier: Apache-2.0
#include "pg/row_values.h"

#include <algorithm>
#include <array>
#include <atomic>

#include "base/text.h"

namespace contraflow::pg {
namespace {

std::atomic<bool> withheld{false};

bool in_class(const std::string& sqlstate, std::initializer_list<std::string_view> classes) {
  return std::any_of(classes.begin(), classes.end(), [&](std::string_view one) { return sqlstate.starts_with(one); });
}

// RAISE and ASSERT of PL/pgSQL; the other languages say what their code says.
bool raised(const ServerWords& words) {
  static constexpr std::array<std::string_view, 2> kFunctions{"exec_stmt_raise", "exec_stmt_assert"};
  static constexpr std::array<std::string_view, 4> kFiles{"plpy_elog.c", "plpy_plpymodule.c", "plperl.c", "pltcl.c"};
  return in_class(words.sqlstate, {"P0", "38", "39"}) || std::find(kFunctions.begin(), kFunctions.end(), words.source_function) != kFunctions.end() ||
         std::find(kFiles.begin(), kFiles.end(), words.source_file) != kFiles.end();
}

// invalid input syntax for type integer: "…"
std::string without_quoted(const std::string& message) {
  const std::size_t first = message.find('"'), last = message.rfind('"');
  return first == std::string::npos || first == last ? message : message.substr(0, first + 1) + "…" + message.substr(last);
}

// Places in functions; the texts of statements and the lines of COPY are left out.
std::string places_in(const std::string& context) {
  std::string out;
  for (const std::string& line : split_lines(context)) {
    const bool place = (line.starts_with("PL/pgSQL function ") || line.starts_with("SQL function ")) && line.find('"') == line.rfind('"');
    if (place) out += (out.empty() ? "" : "\n") + line;
  }
  return out;
}

}  // namespace

void withhold_row_values() { withheld = true; }
bool row_values_withheld() { return withheld; }

ServerWords without_row_values(ServerWords words) {
  if (raised(words)) {
    words.message = "the text that the code raises itself is left out: it may quote rows";
    words.detail.clear();
    words.hint.clear();
  }
  const bool executed = words.context.find(" at EXECUTE") != std::string::npos || words.context.find(" over EXECUTE") != std::string::npos;
  // Bytes that are none of the encoding, and the like: not quoted, but behind a colon.
  if (in_class(words.sqlstate, {"22021", "22P05"})) words.message = words.message.substr(0, words.message.rfind(": "));
  // 42704 names a role or a tablespace that is missing, which a sandbox then makes.
  if ((executed && words.sqlstate != "42704") || in_class(words.sqlstate, {"22"})) words.message = without_quoted(words.message);
  // 2B: what depends on what; 42: names; 55: the state of objects.
  if (executed || !in_class(words.sqlstate, {"0A", "2B", "42", "53", "55", "57"})) words.detail.clear();
  words.context = places_in(words.context);
  return words;
}

std::string output_without_row_values(std::string_view output) {
  std::string out;
  for (const std::string& line : split_lines(output)) {
    if (!line.starts_with("psql:") && !line.starts_with("pg_restore:")) continue;
    const std::size_t server = line.find("ERROR:  ");
    out += (out.empty() ? "" : "\n") + line.substr(0, server) + (server == std::string::npos ? "" : "ERROR (its text is left out: it may quote rows)");
  }
  return out;
}

}  // namespace contraflow::pg
