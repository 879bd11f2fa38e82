// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_rename_index_through_alter_table(const Context& context, Reporter& reporter) {
  each(context, {Operation::rename_index_as_table}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("renaming index {} through ALTER TABLE takes ACCESS EXCLUSIVE", action.object));
    finding.why = "ALTER INDEX … RENAME takes SHARE UPDATE EXCLUSIVE, which lets reads and writes pass.";
    finding.fix = fmt::format("ALTER INDEX {} RENAME TO {};", action.object, action.to);
  });
}

}  // namespace

extern const Rule rename_index_through_alter_table_rule;
const Rule rename_index_through_alter_table_rule{"rename-index-through-alter-table", Category::brief_lock, Severity::info, "ALTER TABLE … RENAME of an index takes a stronger lock than ALTER INDEX", true, check_rename_index_through_alter_table};

}  // namespace contraflow::lint
