// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_add_column_constrained_domain(const Context& context, Reporter& reporter) {
  each(context, {Operation::add_column_rewrite}, [&](const Action& action) {
    if (action.what != "domain") return;
    Finding& finding = reporter.report(action, fmt::format("adding {} rewrites {}: {}", action.column, table_text(action), action.reason));
    finding.why = "The domain's constraint is checked for each row by writing it anew, under ACCESS EXCLUSIVE, even where the value is NULL.";
    finding.fix = "use the domain's base type, and a CHECK on the table: ADD CONSTRAINT … CHECK (…) NOT VALID, then VALIDATE CONSTRAINT";
  });
}

}  // namespace

extern const Rule add_column_constrained_domain_rule;
const Rule add_column_constrained_domain_rule{"add-column-constrained-domain", Category::lock, Severity::error, "a new column of a domain with constraints rewrites the table", true, check_add_column_constrained_domain};

}  // namespace contraflow::lint
