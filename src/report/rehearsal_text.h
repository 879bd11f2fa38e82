// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "rehearse/evidence.h"

namespace contraflow::report {

// For a terminal: the verdict, what was proved, what each statement did.
std::string rehearsal_text(const rehearse::Rehearsal& rehearsal, bool color);

// "1.2 ms", "3.4 s"; "12 kB", "3.4 MB".
std::string duration_text(double milliseconds);
std::string bytes_text(double bytes);

}  // namespace contraflow::report
