// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cctype>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_type_change_rewrites_table(const Context& context, Reporter& reporter) {
  each(context, {Operation::alter_type_rewrite, Operation::typed_table_rewrite}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("changing {} to {} rewrites {} and all its indexes", action.column, action.to, table_text(action)));
    finding.why = fmt::format("{}{}: every row is written anew under ACCESS EXCLUSIVE.", static_cast<char>(std::toupper(static_cast<unsigned char>(action.reason.empty() ? 'T' : action.reason[0]))), action.reason.empty() ? "he rows are stored differently" : action.reason.substr(1));
    finding.fix = fmt::format("a second column of the new type, kept in step by a trigger, filled in batches, then swapped in: contraflow plan --from … --do 'retype {}.{} {}'", table_text(action), action.column, action.to);
  });
}

}  // namespace

extern const Rule type_change_rewrites_table_rule;
const Rule type_change_rewrites_table_rule{"type-change-rewrites-table", Category::lock, Severity::error, "a type change to another representation rewrites the table and its indexes", true, check_type_change_rewrites_table};

}  // namespace contraflow::lint
