// SPDX-License-Identifier: Apache-2.0
//
// Indexes, constraints and expressions of a parse tree as the schema keeps them; the same for a statement in a migration and for a definition that the
// catalog wrote.
#pragma once

#include <set>
#include <string>

#include "lint/schema.h"
#include "lint/tree.h"

namespace contraflow::lint {

Index index_of(const PgQuery__IndexStmt& statement);
// UNIQUE, PRIMARY KEY and EXCLUDE make one.
Index index_of(const PgQuery__Constraint& constraint);
Constraint constraint_of(const PgQuery__Constraint& constraint, const std::string& column = {});
// The name that the server gives: table_column_key, table_pkey, table_column_check, table_column_fkey.
std::string constraint_name(const PgQuery__Constraint& constraint, const std::string& table, const std::string& column);
std::string index_name(const PgQuery__IndexStmt& statement);

// Columns that an expression, where it is not false, proves to hold no NULL: as ConstraintImpliedByRelConstraint() reads a CHECK. `a > 0` proves
// nothing: a CHECK passes on NULL.
std::set<std::string> proves_not_null(const PgQuery__Node* expression);
// A text that is equal for equal trees, without places and without casts of constants.
std::string fingerprint(const PgQuery__Node* expression);
std::set<std::string> functions_below(const PgQuery__Node* expression);  // their bare names
std::string sequence_of(const PgQuery__Node* expression);                // of nextval('…'), without its schema; else empty

// A child index fits below a partitioned one: CompareIndexInfo() in catalog/index.c.
bool same_index(const Index& left, const Index& right);

}  // namespace contraflow::lint
