// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_enum_value_used_in_transaction(const Context& context, Reporter& reporter) {
  each(context, Fact::enum_value_used, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("value '{}' of {} cannot be used before its transaction is committed", action.object, action.what));
    finding.why = "The server refuses it: unsafe use of a new value. Index entries of it could outlive a rollback.";
    finding.fix = "ALTER TYPE … ADD VALUE in a file or transaction of its own, before";
  });
}

}  // namespace

extern const Rule enum_value_used_in_transaction_rule;
const Rule enum_value_used_in_transaction_rule{"enum-value-used-in-transaction", Category::transaction, Severity::error, "a new enum value is used in the transaction that adds it", true, check_enum_value_used_in_transaction};

}  // namespace contraflow::lint
