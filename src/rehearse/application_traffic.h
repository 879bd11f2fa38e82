// SPDX-License-Identifier: Apache-2.0
//
// The part of application.h that runs traffic beside a migration.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apply/executor.h"
#include "rehearse/application.h"

namespace contraflow::rehearse {

std::vector<AppQuery> of_version(const std::vector<AppQuery>& queries, const std::string& version);
std::size_t first_of_contract(const plan::Plan& plan);
apply::Options executor_options();  // nobody else works there

void file_traffic(Arena& arena, const Bases& bases, const Migration& migration, const ApplicationOptions& options, Rehearsal& out);
void plan_traffic(Arena& arena, const Bases& bases, const plan::Plan& plan, const std::string& hash, const ApplicationOptions& options, Rehearsal& out,
                  const std::function<void(const std::string&)>& progress);
// The same change as one would write it without care: every statement as it is, no timeout, no batches.
void naive_traffic(Arena& arena, const Bases& bases, const plan::Plan& plan, const ApplicationOptions& options, Rehearsal& out);

}  // namespace contraflow::rehearse
