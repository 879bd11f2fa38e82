// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_reindex_blocks_writes(const Context& context, Reporter& reporter) {
  each(context, {Operation::reindex}, [&](const Action& action) {
    const std::string what = action.what == "index" ? "index " + action.object : action.relation.name.empty() ? action.what + " " + action.object
                                                                                                              : table_text(action);
    Finding& finding = reporter.report(action, fmt::format("REINDEX of {} stops writes until it is built", what));
    finding.why = "SHARE on the table and ACCESS EXCLUSIVE on the index: writes wait, and so does every query that plans with the index.";
    finding.fix = "REINDEX … CONCURRENTLY, outside of a transaction";
  });
}

}  // namespace

extern const Rule reindex_blocks_writes_rule;
const Rule reindex_blocks_writes_rule{"reindex-blocks-writes", Category::lock, Severity::error, "REINDEX without CONCURRENTLY stops writes while it builds", true, check_reindex_blocks_writes};

}  // namespace contraflow::lint
