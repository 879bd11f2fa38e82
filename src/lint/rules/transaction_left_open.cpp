// SPDX-License-Identifier: Apache-2.0
#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void finish_transaction_left_open(const Context& context, Reporter& reporter) {
  if (context.transaction == nullptr) return;
  Finding& finding = reporter.report(context.transaction->offset, "this transaction is never committed");
  finding.why = "At the end of the session the server rolls it back.";
  finding.fix = "COMMIT; at the end";
}

}  // namespace

extern const Rule transaction_left_open_rule;
const Rule transaction_left_open_rule{"transaction-left-open", Category::transaction, Severity::warning, "a BEGIN without COMMIT", true, nullptr, finish_transaction_left_open};

}  // namespace contraflow::lint
