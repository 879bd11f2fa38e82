// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "rehearse/evidence.h"

namespace contraflow::report {

// The rehearsal as docs/schemas/rehearsal.schema.json says. Nothing of it is left out.
nlohmann::ordered_json rehearsal_document(const rehearse::Rehearsal& rehearsal,
                                          std::string_view tool_version);
std::string rehearsal_json(const rehearse::Rehearsal& rehearsal, std::string_view tool_version);

}  // namespace contraflow::report
