// SPDX-License-Identifier: Apache-2.0
#include "sql/expression.h"

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"
#include "sql/name.h"
#include "sql/parse_tree.h"
#include "sql/scan.h"

namespace contraflow::sql {
namespace {

// The parser reads statements: locations in the tree are those of `SELECT ` + expression.
constexpr std::string_view kSelect = "SELECT ";

[[noreturn]] void refuse(std::string_view expression, std::size_t offset, const char* message) {
  throw Error(ErrorCode::usage, message).at(locate(expression, offset));
}

ParseTree parse_expression(std::string_view expression) {
  try {
    // The line end closes a trailing line comment.
    ParseTree tree = parse(std::string(kSelect).append(expression).append("\n"));
    const PgQuery__Node& node = tree.node(0);
    if (tree.size() != 1 || node.node_case != PG_QUERY__NODE__NODE_SELECT_STMT) {
      refuse(expression, 0, "this is not one expression");
    }
    const PgQuery__SelectStmt& select = *node.select_stmt;
    const bool bare =
        select.n_target_list == 1 && select.target_list[0]->res_target->val != nullptr &&
        select.target_list[0]->res_target->name[0] == '\0' && select.n_from_clause == 0 &&
        select.where_clause == nullptr && select.n_group_clause == 0 && select.having_clause == nullptr &&
        select.n_sort_clause == 0 && select.larg == nullptr && select.limit_count == nullptr &&
        select.limit_offset == nullptr && select.into_clause == nullptr && select.n_distinct_clause == 0 &&
        select.n_window_clause == 0 && select.n_locking_clause == 0;
    if (!bare) refuse(expression, 0, "this is not one expression");
    return tree;
  } catch (const Error& error) {
    if (!error.location() || error.location()->column == 0) throw;
    // Only on the first line does the prefix shift the column.
    Location location = *error.location();
    if (location.line == 1) {
      if (location.source_line.starts_with(kSelect)) {
        location.source_line.erase(0, kSelect.size());
        location.column = std::max(1, location.column - static_cast<int>(kSelect.size()));
      }
    }
    throw error.at(location);
  }
}

// `name . name . *` from the place that the tree names: comments and blanks may stand between.
std::size_t end_of_reference(const std::vector<Token>& tokens, std::size_t begin, std::size_t fields) {
  std::size_t wanted = 2 * fields - 1;
  std::size_t end = begin;
  for (const Token& token : tokens) {
    if (token.begin < begin) continue;
    if (token.kind == TokenKind::line_comment || token.kind == TokenKind::block_comment) continue;
    end = token.end;
    if (--wanted == 0) break;
  }
  return end;
}

ColumnReference read_reference(const PgQuery__ColumnRef& node, const std::vector<Token>& tokens) {
  ColumnReference reference;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < node.n_fields; ++i) {
    const PgQuery__Node& field = *node.fields[i];
    names.emplace_back(field.node_case == PG_QUERY__NODE__NODE_STRING ? field.string->sval : "*");
  }
  reference.column = names.back();
  if (names.size() >= 2) reference.relation = names[names.size() - 2];
  if (names.size() >= 3) reference.schema = names[names.size() - 3];
  reference.offset = static_cast<std::size_t>(node.location) - kSelect.size();
  reference.length = end_of_reference(tokens, reference.offset, names.size()) - reference.offset;
  return reference;
}

void collect(const ProtobufCMessage& root, const std::vector<Token>& tokens, bool in_subquery,
             std::vector<ColumnReference>& found) {
  walk(root, [&](const ProtobufCMessage& message) {
    if (const auto* node = message_as<PgQuery__ColumnRef>(message, pg_query__column_ref__descriptor)) {
      found.push_back(read_reference(*node, tokens));
      found.back().in_subquery = in_subquery;
      return false;
    }
    if (!in_subquery && message.descriptor == &pg_query__select_stmt__descriptor) {
      collect(message, tokens, true, found);
      return false;
    }
    return true;
  });
}

}  // namespace

std::vector<ColumnReference> columns_in(std::string_view expression) {
  const ParseTree tree = parse_expression(expression);
  const std::vector<Token> tokens = scan(expression);
  std::vector<ColumnReference> found;
  collect(tree.node(0).select_stmt->target_list[0]->base, tokens, false, found);
  std::sort(found.begin(), found.end(), [](const auto& l, const auto& r) { return l.offset < r.offset; });
  return found;
}

std::string rewrite_column_references(
    std::string_view expression,
    const std::function<std::optional<std::string>(const ColumnReference&)>& replacement) {
  std::string out;
  std::size_t copied = 0;
  for (const ColumnReference& reference : columns_in(expression)) {
    const std::optional<std::string> text = replacement(reference);
    if (!text) continue;
    out.append(expression.substr(copied, reference.offset - copied)).append(*text);
    copied = reference.offset + reference.length;
  }
  return out.append(expression.substr(copied));
}

std::string rename_columns(std::string_view expression, const std::map<std::string, std::string>& renamed,
                           std::string_view relation) {
  return rewrite_column_references(
      expression, [&](const ColumnReference& reference) -> std::optional<std::string> {
        const auto found = renamed.find(reference.column);
        if (found == renamed.end()) return std::nullopt;
        const bool other = !relation.empty() && !reference.relation.empty() && reference.relation != relation;
        if (other) return std::nullopt;
        std::string text;
        if (!reference.schema.empty()) text += quote_identifier(reference.schema) + '.';
        if (!reference.relation.empty()) text += quote_identifier(reference.relation) + '.';
        return text + quote_identifier(found->second);
      });
}

std::string qualify_columns(std::string_view expression, std::string_view qualifier,
                            std::string_view relation) {
  return rewrite_column_references(
      expression, [&](const ColumnReference& reference) -> std::optional<std::string> {
        const bool own = reference.relation.empty() ? !reference.in_subquery
                                                    : !relation.empty() && reference.relation == relation;
        if (!own) return std::nullopt;
        const std::string column = reference.column == "*" ? "*" : quote_identifier(reference.column);
        return std::string(qualifier) + '.' + column;
      });
}

}  // namespace contraflow::sql
