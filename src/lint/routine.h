// SPDX-License-Identifier: Apache-2.0
//
// Functions and operators of the user's, read from CREATE statements: a migration's, and those that pg_get_functiondef() writes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "lint/schema.h"
#include "lint/tree.h"

namespace contraflow::lint {

void note_arguments(Function& function, const PgQuery__CreateFunctionStmt& statement);
// Whether a call with that many arguments can mean the function.
bool takes(const Function& function, std::size_t arguments);
// The body in the standard's form as a script: RETURN x is SELECT x, BEGIN ATOMIC … END what stands between. Empty where there is none.
std::string standard_body(std::string_view create_function);
// The function behind CREATE OPERATOR.
std::optional<QualifiedName> operator_function(const PgQuery__DefineStmt& statement);

}  // namespace contraflow::lint
