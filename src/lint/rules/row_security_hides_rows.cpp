// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_row_security_hides_rows(const Context& context, Reporter& reporter) {
  each(context, {Operation::row_security}, [&](const Action& action) {
    if (action.what == "disable") return;
    Finding& finding = reporter.report(action, fmt::format("{} ROW LEVEL SECURITY on {}: roles that no policy names see no row from now on", action.what == "force" ? "FORCE" : "ENABLE", table_text(action)));
    finding.why = "Without a policy the default is to deny. Queries do not fail: they find nothing.";
    finding.fix = "create the policies first, in the same transaction";
  });
}

}  // namespace

extern const Rule row_security_hides_rows_rule;
const Rule row_security_hides_rows_rule{"row-security-hides-rows", Category::compatibility, Severity::warning, "enabling row level security hides rows from the running application", true, check_row_security_hides_rows};

}  // namespace contraflow::lint
