// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace contraflow::agent {

// Why the arguments of a tool are not what its input schema says; empty: they are. Knows what the tools' schemas use of JSON Schema: an object of
// strings (maxLength, enum), integers (minimum, maximum), arrays of strings (maxItems), required, and nothing beyond.
std::string wrong_arguments(const nlohmann::ordered_json& schema, const nlohmann::ordered_json& arguments);

}  // namespace contraflow::agent
