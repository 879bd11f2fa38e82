// SPDX-License-Identifier: Apache-2.0
#include "lint/rule.h"

namespace contraflow::lint {
namespace {

}  // namespace

extern const Rule suppression_without_reason_rule;
const Rule suppression_without_reason_rule{"suppression-without-reason", Category::process, Severity::error, "a finding is allowed without saying why, or a rule that does not exist", true, nullptr};

}  // namespace contraflow::lint
