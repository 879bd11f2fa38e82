// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_function_replaced_under_index(const Context& context, Reporter& reporter) {
  each(context, Fact::replaces_function, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("{} of {} was built with the old {}()", action.what, table_text(action), action.object));
    finding.why = "Nothing is built or checked again: index scans then return wrong rows, stored values are stale.";
    finding.fix = "REINDEX INDEX CONCURRENTLY, write the stored values anew, or validate the constraint again, as the case may be";
  });
}

}  // namespace

extern const Rule function_replaced_under_index_rule;
const Rule function_replaced_under_index_rule{"function-replaced-under-index", Category::data, Severity::warning, "a function is replaced on which an index, generated column, CHECK or partition key stands", true, check_function_replaced_under_index};

}  // namespace contraflow::lint
