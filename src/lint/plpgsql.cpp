// SPDX-License-Identifier: Apache-2.0
#include "lint/plpgsql.h"

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "lint/tree.h"
#include "sql/name.h"
#include "sql/plpgsql.h"

namespace contraflow::lint {
namespace {

using Json = nlohmann::json;

using Variables = std::map<std::string, std::string, std::less<>>;  // name -> its only value

std::optional<std::string> text_of_node(const PgQuery__Node* node, const Variables& variables);

// format() over texts that are known.
std::optional<std::string> formatted(const PgQuery__FuncCall& call, const Variables& variables) {
  const auto format = text_of_node(call.args[0], variables);
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
    const auto text = argument < call.n_args ? text_of_node(call.args[argument], variables) : std::nullopt;
    ++argument;
    if (!text) return std::nullopt;
    if (kind == 'I') out += sql::quote_identifier(*text);
    else if (kind == 'L') out += sql::quote_literal(*text);
    else if (kind == 's') out += *text;
    else return std::nullopt;
  }
  return out;
}

// What an expression gives, where that hangs on nothing but constants.
std::optional<std::string> text_of_node(const PgQuery__Node* node, const Variables& variables) {
  if (node == nullptr) return std::nullopt;
  if (auto text = constant_of(node)) return text;
  if (node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) return text_of_node(node->type_cast->arg, variables);
  if (node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF) {
    const PgQuery__ColumnRef& name = *node->column_ref;
    const auto known = name.n_fields == 1 ? variables.find(string_of(name.fields[0])) : variables.end();
    return known == variables.end() ? std::nullopt : std::optional(known->second);
  }
  if (node->node_case == PG_QUERY__NODE__NODE_A_EXPR) {
    const PgQuery__AExpr& expression = *node->a_expr;
    if (expression.kind != PG_QUERY__A__EXPR__KIND__AEXPR_OP || expression.n_name != 1 || string_of(expression.name[0]) != "||") return std::nullopt;
    const auto left = text_of_node(expression.lexpr, variables), right = text_of_node(expression.rexpr, variables);
    return left && right ? std::optional(*left + *right) : std::nullopt;
  }
  if (node->node_case != PG_QUERY__NODE__NODE_FUNC_CALL || node->func_call->n_args == 0) return std::nullopt;
  const PgQuery__FuncCall& call = *node->func_call;
  const std::string function = qualified(NodeList(call.funcname, call.n_funcname)).name;
  if (function == "format") return formatted(call, variables);
  if (function != "quote_ident" && function != "quote_literal") return std::nullopt;
  const auto text = text_of_node(call.args[0], variables);
  if (!text) return std::nullopt;
  return function == "quote_ident" ? sql::quote_identifier(*text) : sql::quote_literal(*text);
}

std::optional<std::string> constant_text(const std::string& expression, const Variables& variables) {
  try {
    const sql::ParseTree tree = sql::parse("SELECT " + expression);
    if (tree.size() != 1 || tree.node(0).node_case != PG_QUERY__NODE__NODE_SELECT_STMT || tree.node(0).select_stmt->n_target_list != 1) return std::nullopt;
    return text_of_node(tree.node(0).select_stmt->target_list[0]->res_target->val, variables);
  } catch (const Error&) {
    return std::nullopt;
  }
}

void numbers_under(const Json& node, std::set<std::size_t>& out) {
  for (const char* key : {"varno", "target", "curvar"}) {  // := and INTO, GET DIAGNOSTICS, cursors
    if (node.is_object() && node.contains(key) && node[key].is_number_unsigned()) out.insert(node[key].get<std::size_t>());
  }
  if (node.is_structured()) {
    for (const Json& child : node) numbers_under(child, out);
  }
}

// Variables that are given a constant where they are declared and nothing else after it; two of one name count as neither.
Variables constants_of(const Json& function) {
  Variables out;
  const auto body = function.find("PLpgSQL_function");
  if (body == function.end() || !body->contains("datums")) return out;
  std::set<std::size_t> assigned;  // by := or INTO
  numbers_under(*body, assigned);
  std::map<std::string, int> declared;
  const Json& datums = (*body)["datums"];
  for (std::size_t i = 0; i < datums.size(); ++i) {
    const auto variable = datums[i].find("PLpgSQL_var");
    if (variable == datums[i].end()) continue;
    const std::string name = variable->value("refname", std::string());
    if (++declared[name] > 1) out.erase(name);
    if (declared[name] > 1 || assigned.contains(i) || !variable->contains("default_val")) continue;
    const auto expression = (*variable)["default_val"].find("PLpgSQL_expr");
    if (expression == (*variable)["default_val"].end()) continue;
    if (auto text = constant_text(expression->value("query", std::string()), {})) out[name] = *std::move(text);
  }
  return out;
}

class Collector {
 public:
  // `executes`: it has EXECUTE, for which the variables matter.
  Collector(std::string_view body, bool executes) : body_(body), executes_(executes) {}

  std::vector<BodyStatement> run(const Json& functions) {
    for (const Json& function : functions) {
      if (executes_) variables_ = constants_of(function);
      visit(function, false);
    }
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

  // `without`: a member that is left out.
  void visit(const Json& node, bool conditional, std::string_view without = {}) {
    if (node.is_array()) {
      for (const Json& element : node) visit(element, conditional);
      return;
    }
    if (!node.is_object()) return;
    for (const auto& [key, value] : node.items()) {
      if (key == without) continue;
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
        if (auto text = constant_text(expression, variables_)) {
          add(*std::move(text), line, conditional, true);
        } else {
          add(expression, line, conditional, true);
          out_.back().unknown = true;
        }
      } else {
        const bool branches = key == "PLpgSQL_stmt_if" || key == "PLpgSQL_stmt_case" || key == "PLpgSQL_stmt_loop" || key == "PLpgSQL_stmt_while" || key == "PLpgSQL_stmt_fori" ||
                              key == "PLpgSQL_stmt_fors" || key == "PLpgSQL_stmt_forc" || key == "PLpgSQL_stmt_dynfors" || key == "PLpgSQL_stmt_foreach_a" || key == "exceptions";
        const bool never = key == "PLpgSQL_stmt_if" && value.contains("cond") && to_lower(trim(query_of(value["cond"]))) == "false";
        visit(value, conditional || branches, never ? "then_body" : "");
      }
    }
  }

  std::string_view body_;
  bool executes_;
  Variables variables_;
  std::vector<BodyStatement> out_;
};

}  // namespace

std::vector<BodyStatement> statements_of_body(std::string_view body) {
  const std::string tree = sql::plpgsql_tree(body);
  if (tree.empty()) return {};
  const bool executes = tree.find("PLpgSQL_stmt_dynexecute") != std::string::npos;
  const Json parsed = Json::parse(tree, nullptr, false);
  if (parsed.is_discarded()) return {};
  return Collector(body, executes).run(parsed);
}

}  // namespace contraflow::lint
