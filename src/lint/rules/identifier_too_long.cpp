// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string>

#include "catalog/source_scan.h"
#include "lint/rule.h"

namespace contraflow::lint {
namespace {

constexpr std::size_t kLongestIdentifier = 63;  // NAMEDATALEN - 1

void check_identifier_too_long(const Context& context, Reporter& reporter) {
  if (context.statement.text.size() <= kLongestIdentifier) return;
  catalog::SqlScanner scanner(context.statement.text);
  for (catalog::Token token = scanner.next(); token.kind != catalog::TokenKind::end; token = scanner.next()) {
    if (token.kind != catalog::TokenKind::word && token.kind != catalog::TokenKind::quoted) continue;
    const std::string name = catalog::identifier_of(scanner.text(token));
    if (name.size() <= kLongestIdentifier) continue;
    reporter.report(context.statement.offset + token.begin, fmt::format("{}… has {} bytes: the server keeps {}", name.substr(0, 20), name.size(), kLongestIdentifier)).fix = "a shorter name";
  }
}

}  // namespace

extern const Rule identifier_too_long_rule;
const Rule identifier_too_long_rule{"identifier-too-long", Category::style, Severity::info, "a name over 63 bytes is cut", false, check_identifier_too_long};

}  // namespace contraflow::lint
