// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace contraflow::agent {

// The first statement of a text for psql that changes a schema, or may: what is none of PostgreSQL's statements that cannot, what runs a shell or another file. Empty: none.
std::string schema_change_in(const std::string& sql);

// The same for a text of which it is not known whether it is SQL: only what is a statement that PostgreSQL takes and that changes a schema counts.
std::string certain_schema_change_in(const std::string& text);

// Whether a program's text holds SQL that changes a schema: CREATE TABLE, drop index.
bool code_changes_schema(const std::string& code);

}  // namespace contraflow::agent
