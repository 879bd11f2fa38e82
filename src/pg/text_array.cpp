// SPDX-License-Identifier: Apache-2.0
#include "pg/text_array.h"

#include <stdexcept>

namespace contraflow::pg {
namespace {

[[noreturn]] void not_an_array() {
  throw std::logic_error("internal error, please report: text array expected in a result");
}

// Reads one quoted element; `at` is behind the opening quote and ends behind the closing one.
std::string quoted_element(std::string_view text, std::size_t& at) {
  std::string element;
  while (at < text.size() && text[at] != '"') {
    if (text[at] == '\\') ++at;
    if (at < text.size()) element += text[at++];
  }
  if (at == text.size()) not_an_array();
  ++at;
  return element;
}

}  // namespace

std::vector<std::string> parse_text_array(std::string_view text) {
  std::size_t at = 0;
  if (text.starts_with('[')) at = text.find('=') + 1;  // npos + 1 is 0: refused below
  if (at >= text.size() || text[at] != '{' || text.back() != '}') not_an_array();
  std::vector<std::string> elements;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '{' || c == '}' || c == ',') {
      ++at;
    } else if (c == '"') {
      elements.push_back(quoted_element(text, ++at));
    } else {
      const std::size_t end = text.find_first_of(",}", at);
      const std::string_view element = text.substr(at, end - at);
      elements.emplace_back(element == "NULL" ? std::string_view() : element);
      at = end;
    }
  }
  return elements;
}

}  // namespace contraflow::pg
