// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_several_foreign_keys_in_transaction(const Context& context, Reporter& reporter) {
  if (context.transaction == nullptr) return;
  for (const Action& action : context.actions) {
    if (!action.locks || !action.other || action.other_is_private || effects::facts_of(action.operation).other != effects::LockMode::share_row_exclusive) continue;
    for (const QualifiedName& earlier : context.transaction->referenced) {
      if (earlier == *action.other || !reporter.first(std::to_string(context.transaction->line))) continue;
      Finding& finding = reporter.report(action, fmt::format("{} takes no writes while {} takes none either", quoted(*action.other), quoted(earlier)));
      finding.why = "Each foreign key locks the table that it references (SHARE ROW EXCLUSIVE) until the transaction ends: writers that use them in another order deadlock.";
      finding.fix = "one foreign key a transaction; CREATE TABLE without them first";
      return;
    }
  }
}

}  // namespace

extern const Rule several_foreign_keys_in_transaction_rule;
const Rule several_foreign_keys_in_transaction_rule{"several-foreign-keys-in-transaction", Category::transaction, Severity::warning, "one transaction adds foreign keys to several tables", true, check_several_foreign_keys_in_transaction};

}  // namespace contraflow::lint
