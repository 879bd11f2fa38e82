// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_command_rewrites_table(const Context& context, Reporter& reporter) {
  each(context, {Operation::vacuum_full, Operation::cluster, Operation::set_logged, Operation::set_access_method, Operation::set_tablespace, Operation::index_set_tablespace}, [&](const Action& action) {
    const std::string what = action.operation == Operation::index_set_tablespace ? (action.object.empty() ? "the indexes" : "index " + action.object) : action.relation.name.empty() ? "every table"
                                                                                                                                                                                     : table_text(action);
    Finding& finding = reporter.report(action, fmt::format("{} writes {} anew under ACCESS EXCLUSIVE", action.reason, what));
    finding.why = "Nobody reads or writes the table until the copy is complete.";
    finding.fix = action.operation == Operation::vacuum_full || action.operation == Operation::cluster ? "plain VACUUM; or pg_repack, which copies beside the table" : "a second table with the new setting, kept in step, that takes the place of the old one; or a maintenance window";
  });
}

}  // namespace

extern const Rule command_rewrites_table_rule;
const Rule command_rewrites_table_rule{"command-rewrites-table", Category::lock, Severity::error, "VACUUM FULL, CLUSTER, SET LOGGED, SET TABLESPACE and SET ACCESS METHOD rewrite the table", true, check_command_rewrites_table};

}  // namespace contraflow::lint
