// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void finish_block_inside_runner_transaction(const Context& context, Reporter& reporter) {
  if (!context.file.has_block_in_runner || context.file.runner != Runner::wraps) return;
  Finding& finding = reporter.report(context.file.block_in_runner, fmt::format("{} already runs this file in a transaction", context.file.layout.empty() ? "the runner" : context.file.layout));
  finding.why = "BEGIN only warns here; COMMIT ends the runner's transaction, and what follows is not rolled back with it.";
  finding.fix = "leave BEGIN and COMMIT out";
}

}  // namespace

extern const Rule block_inside_runner_transaction_rule;
const Rule block_inside_runner_transaction_rule{"block-inside-runner-transaction", Category::transaction, Severity::warning, "BEGIN or COMMIT in a file that its runner wraps in a transaction", true, nullptr, finish_block_inside_runner_transaction};

}  // namespace contraflow::lint
