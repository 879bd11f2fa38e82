// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_concurrently_in_transaction(const Context& context, Reporter& reporter) {
  each(context, Fact::cannot_run_in_block, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("{} cannot run inside of a transaction", action.what));
    if (context.transaction->explicit_block) finding.why = fmt::format("BEGIN on line {} opened one: the server refuses the statement and the whole transaction fails.", context.transaction->line);
    else if (context.file.runner == Runner::wraps) finding.why = fmt::format("{} runs each file in a transaction of its own.", context.file.layout.empty() ? "The runner" : context.file.layout);
    else if (context.file.runner == Runner::together) finding.why = fmt::format("{} sends the file as one message, which is one transaction as soon as it holds several statements.", context.file.layout.empty() ? "The runner" : context.file.layout);
    else finding.why = "A DO block or function is a transaction of its own.";
    finding.fix = context.transaction->explicit_block ? "COMMIT before it, or move it to a file without BEGIN" : "a file of its own, marked as one without transaction";
  });
}

}  // namespace

extern const Rule concurrently_in_transaction_rule;
const Rule concurrently_in_transaction_rule{"concurrently-in-transaction", Category::transaction, Severity::error, "CONCURRENTLY, VACUUM and their like fail inside of a transaction", true, check_concurrently_in_transaction};

}  // namespace contraflow::lint
