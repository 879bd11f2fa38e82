// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "lint/schema.h"
#include "lint/tree.h"
#include "lint/versions.h"

namespace contraflow::lint {

enum class Volatility { stable,
                        volatile_,
                        unknown };  // `stable` stands for immutable as well

struct Judgement {
  Volatility verdict = Volatility::stable;
  std::string function;  // the volatile or unknown one, as written
  Majors versions;       // where it is volatile
};

// Whether the value of a default changes from row to row: contain_volatile_functions() after expression_planner(), which puts the body of a
// trivial SQL function in its place (inline_function() in clauses.c).
Judgement judge_default(const PgQuery__Node* expression, const Schema& schema, const std::vector<std::string>& search_path, const Majors& majors);

}  // namespace contraflow::lint
