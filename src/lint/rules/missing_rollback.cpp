// SPDX-License-Identifier: Apache-2.0
#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void finish_missing_rollback(const Context& context, Reporter& reporter) {
  if (!context.file.lacks_rollback || context.file.rollback) return;
  Finding& finding = reporter.report(std::size_t{0}, "nothing undoes this migration");
  finding.fix = context.file.layout == "golang-migrate" || context.file.layout == "diesel" ? "a down file beside it" : "its down section, or a rollback file beside it";
}

}  // namespace

extern const Rule missing_rollback_rule;
const Rule missing_rollback_rule{"missing-rollback", Category::process, Severity::warning, "a migration without the file or section that undoes it", true, nullptr, finish_missing_rollback};

}  // namespace contraflow::lint
