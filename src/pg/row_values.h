// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace contraflow::pg {

// What a server says of an error or a notice.
struct ServerWords {
  std::string sqlstate, message, detail, hint, context;
  std::string source_file, source_function;  // of the server, where it was raised
};

// From here on, what this process gets from servers as errors and notices says what happened to what, and quotes no value of a row.
void withhold_row_values();
bool row_values_withheld();

// The same without anything that may be a value: the DETAIL of data errors ("Key (email)=(x) already exists", "Failing row contains (…)"), what a data
// exception quotes, all that functions raise themselves, the texts that they put together and EXECUTE, lines of COPY.
ServerWords without_row_values(ServerWords words);
// Output of psql or pg_restore likewise: the lines that they say themselves, up to the server's words.
std::string output_without_row_values(std::string_view output);

}  // namespace contraflow::pg
