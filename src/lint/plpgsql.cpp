// SPDX-License-Identifier: Apache-2.0
#include "lint/plpgsql.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "lint/tree.h"
#include "sql/name.h"
#include "sql/plpgsql.h"

namespace contraflow::lint {
namespace {

using Json = nlohmann::json;

// A query that EXECUTE is given as a constant, or as format() over constants.
std::optional<std::string> constant_query(const std::string& expression) {
  try {
    const sql::ParseTree tree = sql::parse("SELECT " + expression);
    if (tree.size() != 1 || tree.node(0).node_case != PG_QUERY__NODE__NODE_SELECT_STMT || tree.node(0).select_stmt->n_target_list != 1) return std::nullopt;
    const PgQuery__Node* value = tree.node(0).select_stmt->target_list[0]->res_target->val;
    if (auto text = constant_of(value)) return text;
    if (value == nullptr || value->node_case != PG_QUERY__NODE__NODE_FUNC_CALL) return std::nullopt;
    const PgQuery__FuncCall& call = *value->func_call;
    if (qualified(NodeList(call.funcname, call.n_funcname)).name != "format" || call.n_args == 0) return std::nullopt;
    const auto format = constant_of(call.args[0]);
    if (!format) return std::nullopt;
    std::string out;
    std::size_t argument = 1;
    for (std::size_t i = 0; i < format->size(); ++i) {
      if ((*format)[i] != '%' || i + 1 >= format->size()) {
        out += (*format)[i];
        continue;
      }
      const char kind = (*format)[++i];
      if (kind == '%') {
        out += '%';
        continue;
      }
      const auto argument_text = argument < call.n_args ? constant_of(call.args[argument]) : std::nullopt;
      ++argument;
      if (!argument_text) return std::nullopt;
      if (kind == 'I') out += sql::quote_identifier(*argument_text);
      else if (kind == 'L') out += sql::quote_literal(*argument_text);
      else if (kind == 's') out += *argument_text;
      else return std::nullopt;
    }
    return out;
  } catch (const Error&) {
    return std::nullopt;
  }
}

class Collector {
 public:
  explicit Collector(std::string_view body) : body_(body) {}

  std::vector<BodyStatement> run(const Json& function) {
    visit(function, false);
    return std::move(out_);
  }

 private:
  std::size_t offset_of_line(std::size_t line) const {
    std::size_t at = 0;
    for (std::size_t i = 1; i < line; ++i) {
      at = body_.find('\n', at);
      if (at == std::string_view::npos) return body_.size();
      ++at;
    }
    return at;
  }

  static std::string query_of(const Json& expression) {
    const auto it = expression.find("PLpgSQL_expr");
    return it == expression.end() ? std::string() : it->value("query", std::string());
  }

  void add(std::string text, std::size_t line, bool conditional, bool dynamic) {
    BodyStatement statement;
    statement.line = line;
    statement.conditional = conditional;
    if (!dynamic) {
      // Line numbers count from the line on which the body begins; a query starts on its line or, for a block's label, below it.
      const std::size_t at = body_.find(text, offset_of_line(line));
      if (at != std::string_view::npos) statement.offset = at;
    }
    statement.text = std::move(text);
    out_.push_back(std::move(statement));
  }

  void visit(const Json& node, bool conditional) {
    if (node.is_array()) {
      for (const Json& element : node) visit(element, conditional);
      return;
    }
    if (!node.is_object()) return;
    for (const auto& [key, value] : node.items()) {
      if (!value.is_object()) {
        if (value.is_array()) visit(value, conditional || key == "then_body" || key == "else_body" || key == "exc_list");
        continue;
      }
      const std::size_t line = value.value("lineno", std::size_t{1});
      if (key == "PLpgSQL_stmt_execsql") {
        if (value.contains("sqlstmt")) add(query_of(value["sqlstmt"]), line, conditional, false);
      } else if (key == "PLpgSQL_stmt_perform" || key == "PLpgSQL_stmt_call") {
        if (value.contains("expr")) add(query_of(value["expr"]), line, conditional, false);
      } else if (key == "PLpgSQL_stmt_commit") {
        add("COMMIT", line, conditional, true);
      } else if (key == "PLpgSQL_stmt_rollback") {
        add("ROLLBACK", line, conditional, true);
      } else if (key == "PLpgSQL_stmt_dynexecute") {
        const std::string expression = value.contains("query") ? query_of(value["query"]) : std::string();
        if (auto text = constant_query(expression)) {
          add(*std::move(text), line, conditional, true);
        } else {
          add(expression, line, conditional, true);
          out_.back().unknown = true;
        }
      } else {
        const bool branches = key == "PLpgSQL_stmt_if" || key == "PLpgSQL_stmt_case" || key == "PLpgSQL_stmt_loop" || key == "PLpgSQL_stmt_while" || key == "PLpgSQL_stmt_fori" ||
                              key == "PLpgSQL_stmt_fors" || key == "PLpgSQL_stmt_forc" || key == "PLpgSQL_stmt_dynfors" || key == "PLpgSQL_stmt_foreach_a" || key == "exceptions";
        visit(value, conditional || branches);
      }
    }
  }

  std::string_view body_;
  std::vector<BodyStatement> out_;
};

}  // namespace

std::vector<BodyStatement> statements_of_body(std::string_view body) {
  const std::string tree = sql::plpgsql_tree(body);
  if (tree.empty()) return {};
  const Json parsed = Json::parse(tree, nullptr, false);
  if (parsed.is_discarded()) return {};
  return Collector(body).run(parsed);
}

}  // namespace contraflow::lint
