// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_domain_constraint_scans_tables(const Context& context, Reporter& reporter) {
  each(context, {Operation::domain_constraint, Operation::domain_validate}, [&](const Action& action) {
    const bool validates = action.operation == Operation::domain_validate;
    Finding& finding = reporter.report(action, fmt::format("{} on domain {} reads all of {} under SHARE", validates ? "VALIDATE CONSTRAINT" : action.object == "NOT NULL" ? "SET NOT NULL"
                                                                                                                                                                          : "a constraint",
                                                           action.what, action.relation.name.empty() ? "each table that uses it" : table_text(action)));
    finding.why = "Every table with a column of the domain is locked against writes and read, although the statement names none of them.";
    finding.fix = validates ? "validate in a quiet hour; or put the CHECK on the tables, where VALIDATE CONSTRAINT lets writes pass" : "ADD CONSTRAINT … NOT VALID on the domain, and validate it in a quiet hour; or CHECKs on the tables instead";
  });
}

}  // namespace

extern const Rule domain_constraint_scans_tables_rule;
const Rule domain_constraint_scans_tables_rule{"domain-constraint-scans-tables", Category::lock, Severity::error, "a constraint on a domain reads every table that uses it while they take no writes", true, check_domain_constraint_scans_tables};

}  // namespace contraflow::lint
