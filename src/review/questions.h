// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "review/review.h"

namespace contraflow::review {

std::vector<Item> answer_questions(const rehearse::Rehearsal& rehearsal, const std::vector<LockTime>& locks,
                                   double budget_ms);
std::vector<std::string> deploys(const rehearse::Rehearsal& rehearsal);
std::vector<std::string> what_to_watch(const rehearse::Rehearsal& rehearsal,
                                       const std::vector<LockTime>& locks);

}  // namespace contraflow::review
