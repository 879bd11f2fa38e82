// SPDX-License-Identifier: Apache-2.0
#include "agent/arguments.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/context.h"

namespace contraflow::agent {
namespace {

using Json = nlohmann::ordered_json;

std::string wrong_value(const std::string& name, const Json& schema, const Json& value) {
  const std::string type = schema.at("type");
  if (type == "string") {
    if (!value.is_string()) return name + " takes a text";
    const auto& text = value.get_ref<const std::string&>();
    if (text.empty()) return name + " is empty";
    if (text.find('\0') != std::string::npos) return name + " holds a NUL character";
    if (schema.contains("maxLength") && text.size() > schema["maxLength"].get<std::size_t>()) return fmt::format("{} is longer than {} bytes", name, schema["maxLength"].get<std::size_t>());
    if (schema.contains("enum") && std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end()) return fmt::format("{} is one of {}", name, schema["enum"].dump());
  } else if (type == "integer") {
    if (!value.is_number_integer()) return name + " takes a whole number";
    if (value < schema["minimum"] || value > schema["maximum"]) return fmt::format("{} is from {} to {}", name, schema["minimum"].dump(), schema["maximum"].dump());
  } else if (type == "array") {
    if (!value.is_array() || value.empty()) return name + " takes a list of texts";
    if (value.size() > schema["maxItems"].get<std::size_t>()) return fmt::format("{} takes at most {} texts", name, schema["maxItems"].dump());
    for (const Json& element : value) {
      if (std::string wrong = wrong_value(name, schema["items"], element); !wrong.empty()) return wrong;
    }
  }
  return "";
}

}  // namespace

std::string wrong_arguments(const Json& schema, const Json& arguments) {
  if (!arguments.is_object()) return "the arguments are no object";
  for (const auto& [name, value] : arguments.items()) {
    if (!schema["properties"].contains(name)) return fmt::format("there is no argument \"{}\"", shown_text(name, 60));
    if (std::string wrong = wrong_value(name, schema["properties"][name], value); !wrong.empty()) return wrong;
  }
  if (schema.contains("required")) {
    for (const Json& name : schema["required"]) {
      if (!arguments.contains(name.get<std::string>())) return fmt::format("{} is missing", name.get<std::string>());
    }
  }
  return "";
}

}  // namespace contraflow::agent
