// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pg/connection.h"

namespace contraflow::rehearse {

// A statement that has been PREPAREd on a connection, and what its parameters are.
struct Prepared {
  std::string name;
  std::vector<std::string> types;                 // of the parameters, as regtype writes them
  std::vector<std::vector<std::string>> samples;  // values for each, as SQL constants; from the column that
                                                  // it stands beside, where that can be told
};

bool is_write(std::string_view text);

// PREPAREs the text; parameters whose type the server cannot tell are declared text. Throws ServerError where
// it does not prepare. `sample`: how many values to look for per parameter; 0: none.
Prepared prepare(pg::Connection& connection, const std::string& name, const std::string& text,
                 int sample = 1);

// EXECUTE name(values): the n-th sample of each.
std::string execute_text(const Prepared& prepared, std::size_t turn);

}  // namespace contraflow::rehearse
