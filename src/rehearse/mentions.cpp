// SPDX-License-Identifier: Apache-2.0
#include "rehearse/mentions.h"

#include <algorithm>

#include "base/error.h"
#include "sql/scan.h"

namespace contraflow::rehearse {

bool mentions(std::string_view statement, const sql::QualifiedName& relation) {
  try {
    const std::vector<sql::Token> tokens = sql::scan(statement);
    return std::any_of(tokens.begin(), tokens.end(), [&](const sql::Token& token) {
      if (token.kind != sql::TokenKind::identifier && token.kind != sql::TokenKind::keyword) return false;
      return sql::identifier_value(statement.substr(token.begin, token.end - token.begin)) == relation.name;
    });
  } catch (const Error&) {
    return true;  // newer syntax: say nothing about what it names
  }
}

}  // namespace contraflow::rehearse
