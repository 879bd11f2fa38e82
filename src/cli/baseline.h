// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lint/check.h"

namespace contraflow::cli {

// Findings that an old code base has and that are accepted as they are: a JSON file of fingerprints, which do not depend on line numbers.
void write_baseline(const std::string& file, const lint::Report& report);
// Takes the findings out that the file lists. Error{usage} where it is no baseline.
void leave_out_baseline(const std::string& file, lint::Report& report);

}  // namespace contraflow::cli
