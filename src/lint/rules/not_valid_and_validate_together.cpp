// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_not_valid_and_validate_together(const Context& context, Reporter& reporter) {
  each(context, {Operation::validate_check, Operation::validate_foreign_key}, [&](const Action& action) {
    const HeldLock* held = context.transaction == nullptr ? nullptr : context.transaction->strongest(action.key);
    const effects::LockMode mode = std::max(held == nullptr ? effects::LockMode::none : held->mode, action.held);
    if (!effects::blocks_writes(mode)) return;
    Finding& finding = reporter.report(action, fmt::format("VALIDATE CONSTRAINT {} reads all of {} while {} is held", action.object, table_text(action), effects::lock_name(mode)));
    finding.lock = mode;
    finding.why = held != nullptr && held->mode >= action.held ? fmt::format("{} on line {} took the lock, and it is kept until the transaction ends.", held->by, held->line)
                                                               : "Another command of the same ALTER TABLE asks for the stronger lock, and the scan runs under it.";
    finding.fix = "end the transaction before VALIDATE CONSTRAINT, so that it runs under SHARE UPDATE EXCLUSIVE alone";
  });
}

}  // namespace

extern const Rule not_valid_and_validate_together_rule;
const Rule not_valid_and_validate_together_rule{"not-valid-and-validate-together", Category::lock, Severity::error, "VALIDATE CONSTRAINT in the transaction that already holds a strong lock scans under that lock", true, check_not_valid_and_validate_together};

}  // namespace contraflow::lint
