// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_not_valid_foreign_key_on_partitioned(const Context& context, Reporter& reporter) {
  each(context, Fact::not_valid_on_partitioned, [&](const Action& action) {
    if (action.versions.empty()) return;
    Finding& finding = reporter.report(action, fmt::format("the server refuses this before 18: {} is partitioned", table_text(action)));
    finding.why = "cannot add NOT VALID foreign key on partitioned table";
    finding.fix = "the foreign key on each partition, NOT VALID and validated; then on the parent, which finds them";
  });
}

}  // namespace

extern const Rule not_valid_foreign_key_on_partitioned_rule;
const Rule not_valid_foreign_key_on_partitioned_rule{"not-valid-foreign-key-on-partitioned", Category::process, Severity::error, "NOT VALID foreign keys on partitioned tables exist from PostgreSQL 18 on", true, check_not_valid_foreign_key_on_partitioned};

}  // namespace contraflow::lint
