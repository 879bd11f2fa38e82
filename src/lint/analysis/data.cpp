// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "lint/analysis/analyser.h"
#include "lint/analysis/parts.h"
#include "sql/scan.h"

namespace contraflow::lint {

using effects::Operation;

namespace {

// A condition that names few rows: a column equals a constant or one of a list, or a subquery has a LIMIT. `IS NULL`, `<>`, `<` and
// comparisons of columns hold for most of a table.
bool names_few_rows(const PgQuery__Node* node) {
  if (node == nullptr) return false;
  if (node->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR) {
    const PgQuery__BoolExpr& expression = *node->bool_expr;
    const auto few = [](const PgQuery__Node* part) { return names_few_rows(part); };
    if (expression.boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR) return std::any_of(expression.args, expression.args + expression.n_args, few);
    if (expression.boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR) return std::all_of(expression.args, expression.args + expression.n_args, few);
    return false;
  }
  if (node->node_case == PG_QUERY__NODE__NODE_CURRENT_OF_EXPR) return true;
  if (node->node_case == PG_QUERY__NODE__NODE_SUB_LINK) {
    bool limited = false;
    sql::walk(node->base, [&](const ProtobufCMessage& message) {
      if (const auto* select = sql::message_as<PgQuery__SelectStmt>(message, pg_query__select_stmt__descriptor)) limited = limited || select->limit_count != nullptr;
      return true;
    });
    return limited;
  }
  if (node->node_case != PG_QUERY__NODE__NODE_A_EXPR) return false;
  const PgQuery__AExpr& expression = *node->a_expr;
  const std::string_view op = expression.n_name > 0 ? string_of(expression.name[expression.n_name - 1]) : std::string_view();
  const auto fixed = [](const PgQuery__Node* side) { return side != nullptr && (constant_of(side) || side->node_case == PG_QUERY__NODE__NODE_PARAM_REF || side->node_case == PG_QUERY__NODE__NODE_SUB_LINK); };
  switch (expression.kind) {
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP: return op == "=" && (fixed(expression.lexpr) || fixed(expression.rexpr));
    case PG_QUERY__A__EXPR__KIND__AEXPR_IN: return op == "=";
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY: return op == "=";
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN: return true;  // a batch's range
    default: return false;
  }
}

// `id > 1 AND id <= 1000`: a range with both ends is a batch.
void collect_bounds(const PgQuery__Node* node, std::vector<std::string>& lower, std::vector<std::string>& upper) {
  if (node == nullptr) return;
  if (node->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR && node->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR) {
    for (std::size_t i = 0; i < node->bool_expr->n_args; ++i) collect_bounds(node->bool_expr->args[i], lower, upper);
    return;
  }
  if (node->node_case != PG_QUERY__NODE__NODE_A_EXPR || node->a_expr->kind != PG_QUERY__A__EXPR__KIND__AEXPR_OP || node->a_expr->n_name == 0) return;
  const std::string_view op = string_of(node->a_expr->name[0]);
  const std::string_view column = column_of(node->a_expr->lexpr);
  if (column.empty()) return;
  if (op == ">" || op == ">=") lower.emplace_back(column);
  if (op == "<" || op == "<=") upper.emplace_back(column);
}

bool has_both_ends(const PgQuery__Node* where) {
  std::vector<std::string> lower, upper;
  collect_bounds(where, lower, upper);
  return std::any_of(lower.begin(), lower.end(), [&](const std::string& column) { return std::find(upper.begin(), upper.end(), column) != upper.end(); });
}

}  // namespace

void Analyser::update_rows(const PgQuery__RangeVar& relation, const PgQuery__Node* where, Fact fact) {
  const Target table = target(relation);
  const bool batch = names_few_rows(where) || has_both_ends(where);
  Action& action = add(Operation::update_rows, table, statement_->offset);
  action.locks = false;  // ROW EXCLUSIVE: no other writer waits for the table
  action.fact = batch ? Fact::none : fact;
  action.what = fact == Fact::whole_update ? "UPDATE" : "DELETE";
  action.reason = where == nullptr ? "it has no WHERE" : "its WHERE holds for any number of rows";
  if (batch || table.is_private || table.known == nullptr || table.known->user_triggers.empty()) return;
  constexpr int kDelete = 1 << 3, kUpdate = 1 << 4;  // src/include/catalog/pg_trigger.h
  const auto fires_here = [&](const std::string& name) {
    const auto events = table.known->trigger_events.find(name);
    return events == table.known->trigger_events.end() || (events->second & (fact == Fact::whole_update ? kUpdate : kDelete)) != 0;
  };
  const auto trigger = std::find_if(table.known->user_triggers.begin(), table.known->user_triggers.end(), fires_here);
  if (trigger == table.known->user_triggers.end()) return;
  const std::string name = *trigger;
  Action& fires = add_fact(Fact::fires_triggers, table, statement_->offset);
  fires.object = name;
  fires.what = fact == Fact::whole_update ? "UPDATE" : "DELETE";
}

void Analyser::insert_rows(const PgQuery__InsertStmt& statement) {
  const Target table = target(*statement.relation);
  Action& action = add_fact(Fact::none, table, statement_->offset);
  action.what = "INSERT";
  if (table.known != nullptr && !table.known->has_data_here) edit(table).has_data_here = true;
}

namespace {

const PgQuery__FuncCall* call_of(const PgQuery__Node* node, std::string_view function) {
  while (node != nullptr && node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) node = node->type_cast->arg;
  if (node == nullptr || node->node_case != PG_QUERY__NODE__NODE_FUNC_CALL) return nullptr;
  const PgQuery__FuncCall& call = *node->func_call;
  return call.n_args > 0 && qualified(NodeList(call.funcname, call.n_funcname)).name == function ? &call : nullptr;
}

// 'public.items_id_seq' or '"Items_id_seq"', as text that holds a name.
std::optional<QualifiedName> name_in(const PgQuery__Node* text) {
  const std::optional<std::string> constant = constant_of(text);
  if (!constant) return std::nullopt;
  std::vector<std::string> parts;
  for (const sql::Token& token : sql::scan(*constant))
    if (token.kind == sql::TokenKind::identifier || token.kind == sql::TokenKind::keyword) parts.push_back(sql::identifier_value(std::string_view(*constant).substr(token.begin, token.end - token.begin)));
  if (parts.empty()) return std::nullopt;
  return QualifiedName{parts.size() > 1 ? parts[parts.size() - 2] : "", parts.back()};
}

}  // namespace

std::string sequence_of(const PgQuery__Node* expression) {
  const PgQuery__FuncCall* call = call_of(expression, "nextval");
  const std::optional<QualifiedName> name = call != nullptr ? name_in(call->args[0]) : std::nullopt;
  return name ? name->name : "";
}

void Analyser::sequence_set(const PgQuery__RangeVar& sequence) { add_fact(Fact::sequence_set, statement_->offset).object = qualified(sequence).name; }

// SELECT setval(…): of a sequence by its name, or by the column that it is behind. Neither is known where the name is put together at run time.
void Analyser::sequences_set(const PgQuery__SelectStmt& statement) {
  for (std::size_t i = 0; i < statement.n_target_list; ++i) {
    if (statement.target_list[i]->node_case != PG_QUERY__NODE__NODE_RES_TARGET) continue;
    const PgQuery__FuncCall* call = call_of(statement.target_list[i]->res_target->val, "setval");
    if (call == nullptr || (call->n_args > 1 && integer_of(call->args[1]) == 1)) continue;  // to 1 it is anyway
    if (const PgQuery__FuncCall* behind = call_of(call->args[0], "pg_get_serial_sequence"); behind != nullptr && behind->n_args == 2) {
      const std::optional<QualifiedName> table = name_in(behind->args[0]);
      const std::optional<std::string> column = constant_of(behind->args[1]);
      if (table && column) {
        add_fact(Fact::sequence_set, target(*table), statement_->offset).column = *column;
        continue;
      }
    }
    const std::optional<QualifiedName> name = name_in(call->args[0]);
    add_fact(Fact::sequence_set, statement_->offset).object = name ? name->name : "";
  }
}

void Analyser::truncate(const PgQuery__TruncateStmt& statement) {
  const bool cascade = statement.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
  std::set<QualifiedName> seen;
  for (std::size_t i = 0; i < statement.n_relations; ++i) {
    if (statement.relations[i]->node_case != PG_QUERY__NODE__NODE_RANGE_VAR) continue;
    const Target table = target(*statement.relations[i]->range_var);
    seen.insert(table.key);
    Action& action = add(Operation::truncate, table, statement_->offset);
    action.reason = cascade ? "CASCADE" : "";
    if (!cascade || table.known == nullptr) continue;
    std::vector<QualifiedName> open(table.known->referenced_by.begin(), table.known->referenced_by.end());
    while (!open.empty()) {
      const QualifiedName next = open.back();
      open.pop_back();
      if (!seen.insert(next).second) continue;
      const Target reached = target(next);
      Action& more = add(Operation::truncate, reached, statement_->offset);
      more.reason = "reached by CASCADE";
      if (reached.known != nullptr) open.insert(open.end(), reached.known->referenced_by.begin(), reached.known->referenced_by.end());
    }
  }
}

// "unsafe use of new value": an enum value that this transaction added (EnumValuesSafe… in enum.c) cannot be used before it commits.
void Analyser::enum_values_used(const ProtobufCMessage& message) {
  if (statement_->node->node_case == PG_QUERY__NODE__NODE_ALTER_ENUM_STMT) return;
  std::string found;
  sql::walk(message, [&](const ProtobufCMessage& part) {
    if (const auto* constant = sql::message_as<PgQuery__AConst>(part, pg_query__a__const__descriptor); constant != nullptr && constant->val_case == PG_QUERY__A__CONST__VAL_SVAL) {
      for (const auto& [value, line] : transaction_->enum_values) {
        if (value.substr(value.rfind('\1') + 1) == text_of(constant->sval->sval)) found = value;
      }
    }
    return found.empty();
  });
  if (found.empty()) return;
  Action& action = add_fact(Fact::enum_value_used, statement_->offset);
  action.object = found.substr(found.rfind('\1') + 1);
  action.what = found.substr(0, found.rfind('\1'));
}

}  // namespace contraflow::lint
