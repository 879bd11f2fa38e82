// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace contraflow::sql {

// The query inside of EXPLAIN, PREPARE … AS, DECLARE … CURSOR FOR, CREATE TABLE … AS and COPY (…): what the server can PREPARE of them. The statement itself where it is none of
// these. Error{usage} where it does not parse.
std::string_view prepared_part(std::string_view statement);

// What cannot be prepared and can be tried in a transaction that is rolled back: TRUNCATE and LOCK as they are, COPY of a table with /dev/null in place of its file, program or client. Empty:
// the statement is none of these.
std::string tried_form(std::string_view statement);

}  // namespace contraflow::sql
