// SPDX-License-Identifier: Apache-2.0
#include "lint/plpgsql.h"

#include <functional>
#include <map>
#include <set>

#include "base/error.h"
#include "base/json_tree.h"
#include "base/text.h"
#include "lint/tree.h"
#include "sql/name.h"
#include "sql/plpgsql.h"

namespace contraflow::lint {
namespace {

using Node = JsonTree::Node;

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

// The elements of an array of constants: ARRAY['a', 'b'], or a query that is nothing but unnest() of one.
std::vector<std::string> constant_elements(const std::string& query) {
  std::vector<std::string> out;
  try {
    const sql::ParseTree tree = sql::parse(query);
    if (tree.size() != 1 || tree.node(0).node_case != PG_QUERY__NODE__NODE_SELECT_STMT) return out;
    const PgQuery__SelectStmt& select = *tree.node(0).select_stmt;
    if (select.n_target_list != 1 || select.n_from_clause != 0 || select.where_clause != nullptr) return out;
    const PgQuery__Node* value = select.target_list[0]->res_target->val;
    if (value != nullptr && value->node_case == PG_QUERY__NODE__NODE_FUNC_CALL && value->func_call->n_args == 1 && qualified(NodeList(value->func_call->funcname, value->func_call->n_funcname)).name == "unnest") value = value->func_call->args[0];
    while (value != nullptr && value->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) value = value->type_cast->arg;
    if (value == nullptr || value->node_case != PG_QUERY__NODE__NODE_A_ARRAY_EXPR) return out;
    const PgQuery__AArrayExpr& array = *value->a_array_expr;
    for (std::size_t i = 0; i < array.n_elements; ++i) {
      auto element = text_of_node(array.elements[i], {});
      if (!element) return {};
      out.push_back(*std::move(element));
    }
  } catch (const Error&) {
    out.clear();
  }
  return out;
}

void numbers_under(const JsonTree& tree, const Node& node, std::set<std::size_t>& out) {
  for (const Node* child = tree.first(node); child != nullptr; child = tree.next(*child)) {
    if (child->key == "varno" || child->key == "target" || child->key == "curvar") {  // := and INTO, GET DIAGNOSTICS, cursors
      if (const auto number = tree.number(child)) out.insert(*number);
    }
    numbers_under(tree, *child, out);
  }
}

// The text of the expression that `holder` has as `key`.
std::string query_of(const JsonTree& tree, const Node& holder, std::string_view key) {
  const Node* expression = tree.member(holder, key);
  if (expression != nullptr) expression = tree.member(*expression, "PLpgSQL_expr");
  return expression == nullptr ? std::string() : tree.string(tree.member(*expression, "query"));
}

// Variables that are given a constant where they are declared and nothing else after it; two of one name count as neither.
Variables constants_of(const JsonTree& tree, const Node& function) {
  Variables out;
  const Node* body = tree.member(function, "PLpgSQL_function");
  const Node* datums = body == nullptr ? nullptr : tree.member(*body, "datums");
  if (datums == nullptr) return out;
  std::set<std::size_t> assigned;  // by := or INTO
  numbers_under(tree, *body, assigned);
  std::map<std::string, int> declared;
  std::size_t number = 0;
  for (const Node* datum = tree.first(*datums); datum != nullptr; datum = tree.next(*datum), ++number) {
    const Node* variable = tree.member(*datum, "PLpgSQL_var");
    if (variable == nullptr) continue;
    const std::string name = tree.string(tree.member(*variable, "refname"));
    if (++declared[name] > 1) out.erase(name);
    if (declared[name] > 1 || assigned.contains(number) || tree.member(*variable, "default_val") == nullptr) continue;
    if (auto text = constant_text(query_of(tree, *variable, "default_val"), {})) out[name] = *std::move(text);
  }
  return out;
}

class Collector {
 public:
  // `executes`: it has EXECUTE, for which the variables matter.
  Collector(std::string_view body, const JsonTree& tree, bool executes) : body_(body), tree_(tree), executes_(executes) {}

  std::vector<BodyStatement> run() {
    for (const Node* function = tree_.first(tree_.root()); function != nullptr; function = tree_.next(*function)) {
      const Node* inside = tree_.member(*function, "PLpgSQL_function");
      datums_ = inside == nullptr ? nullptr : tree_.member(*inside, "datums");
      if (executes_) variables_ = constants_of(tree_, *function);
      visit(*function, false);
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
  void visit(const Node& node, bool conditional, std::string_view without = {}) {
    const bool in_array = node.kind == JsonTree::Kind::array;
    for (const Node* child = tree_.first(node); child != nullptr; child = tree_.next(*child)) {
      const std::string_view key = child->key;
      if (in_array) {
        visit(*child, conditional);
        if (tree_.member(*child, "PLpgSQL_stmt_return") != nullptr) return;  // nothing behind it runs
      } else if (child->kind == JsonTree::Kind::array) {
        if (key != without) visit(*child, conditional || key == "then_body" || key == "else_body" || key == "exc_list");
      } else if (child->kind == JsonTree::Kind::object && key != without) {
        take(*child, conditional);
      }
    }
  }

  // A member of an object, by its name.
  void take(const Node& value, bool conditional) {
    const std::string_view key = value.key;
    const std::size_t line = tree_.number(tree_.member(value, "lineno")).value_or(1);
    if (key == "PLpgSQL_stmt_execsql") {
      if (tree_.member(value, "sqlstmt") != nullptr) add(query_of(tree_, value, "sqlstmt"), line, conditional, false);
    } else if (key == "PLpgSQL_stmt_perform" || key == "PLpgSQL_stmt_call") {
      if (tree_.member(value, "expr") != nullptr) add(query_of(tree_, value, "expr"), line, conditional, false);
    } else if (key == "PLpgSQL_stmt_commit") {
      add("COMMIT", line, conditional, true);
    } else if (key == "PLpgSQL_stmt_rollback") {
      add("ROLLBACK", line, conditional, true);
    } else if (key == "PLpgSQL_stmt_dynexecute") {
      const std::string expression = query_of(tree_, value, "query");
      if (auto text = constant_text(expression, variables_)) {
        add(*std::move(text), line, conditional, true);
      } else {
        add(expression, line, conditional, true);
        out_.back().unknown = true;
      }
    } else {
      const bool branches = key == "PLpgSQL_stmt_if" || key == "PLpgSQL_stmt_case" || key == "PLpgSQL_stmt_loop" || key == "PLpgSQL_stmt_while" || key == "PLpgSQL_stmt_fori" ||
                            key == "PLpgSQL_stmt_fors" || key == "PLpgSQL_stmt_forc" || key == "PLpgSQL_stmt_dynfors" || key == "PLpgSQL_stmt_foreach_a" || key == "exceptions";
      const bool asks = key == "PLpgSQL_stmt_if" || key == "PLpgSQL_stmt_while";
      const bool never = asks && to_lower(trim(query_of(tree_, value, "cond"))) == "false";
      if (executes_ && (key == "PLpgSQL_stmt_foreach_a" || key == "PLpgSQL_stmt_fors") && take_each(value, conditional)) return;
      visit(value, conditional || branches, !never ? "" : key == "PLpgSQL_stmt_if" ? "then_body"
                                                                                   : "body");
    }
  }

  // FOREACH over constants, and FOR over their unnest(): the body once for each, whose value is known then. Whether it did so.
  bool take_each(const Node& loop, bool conditional) {
    constexpr std::size_t kMostValues = 100, kMostStatements = 2'000;
    const Node* body = tree_.member(loop, "body");
    const bool foreach = loop.key == "PLpgSQL_stmt_foreach_a";
    if (body == nullptr || tree_.member(loop, "slice") != nullptr) return false;
    const std::vector<std::string> values = constant_elements(foreach ? "SELECT " + query_of(tree_, loop, "expr") : query_of(tree_, loop, "query"));
    const auto variable = foreach ? tree_.number(tree_.member(loop, "varno")) : row_variable(loop);
    if (values.empty() || values.size() > kMostValues || out_.size() > kMostStatements || !variable) return false;
    std::set<std::size_t> assigned;
    numbers_under(tree_, *body, assigned);
    const std::string name = name_of_variable(*variable);
    if (name.empty() || assigned.contains(*variable)) return false;
    const Variables before = variables_;
    for (const std::string& value : values) {
      variables_[name] = value;
      visit(*body, conditional);
    }
    variables_ = before;
    return true;
  }

  // The one variable that a FOR over a query fills.
  std::optional<std::size_t> row_variable(const Node& loop) const {
    const Node* row = tree_.member(loop, "var");
    row = row == nullptr ? nullptr : tree_.member(*row, "PLpgSQL_row");
    const Node* fields = row == nullptr ? nullptr : tree_.member(*row, "fields");
    const Node* field = fields == nullptr ? nullptr : tree_.first(*fields);
    return field == nullptr || tree_.next(*field) != nullptr ? std::nullopt : tree_.number(tree_.member(*field, "varno"));
  }

  std::string name_of_variable(std::size_t number) const {
    const Node* datum = datums_ == nullptr ? nullptr : tree_.first(*datums_);
    for (; datum != nullptr && number > 0; --number) datum = tree_.next(*datum);
    const Node* variable = datum == nullptr ? nullptr : tree_.member(*datum, "PLpgSQL_var");
    return variable == nullptr ? std::string() : tree_.string(tree_.member(*variable, "refname"));
  }

  std::string_view body_;
  const JsonTree& tree_;
  const Node* datums_ = nullptr;  // the variables of the function
  bool executes_;
  Variables variables_;
  std::vector<BodyStatement> out_;
};

}  // namespace

std::vector<BodyStatement> statements_of_body(std::string_view body) {
  const std::string tree = sql::plpgsql_tree(body);
  if (tree.empty()) return {};
  const bool executes = tree.find("PLpgSQL_stmt_dynexecute") != std::string::npos;
  const auto read = JsonTree::read(tree);
  return read ? Collector(body, *read, executes).run() : std::vector<BodyStatement>();
}

}  // namespace contraflow::lint
