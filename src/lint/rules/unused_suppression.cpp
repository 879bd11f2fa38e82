// SPDX-License-Identifier: Apache-2.0
#include "lint/rule.h"

namespace contraflow::lint {
namespace {

}  // namespace

extern const Rule unused_suppression_rule;
const Rule unused_suppression_rule{"unused-suppression", Category::process, Severity::warning, "a finding is allowed that is not there", true, nullptr};

}  // namespace contraflow::lint
