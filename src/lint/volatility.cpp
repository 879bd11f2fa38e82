// SPDX-License-Identifier: Apache-2.0
#include "lint/volatility.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

#include "base/error.h"
#include "lint/routine.h"
#include "lint/tree.h"

namespace contraflow::lint {
namespace {

#include "lint/built_in_functions.inc"

struct Since {
  std::string_view name;
  int major;
};
// Before it there is no such function: a name that the schema may have for itself.
constexpr Since kSince[] = {{"random_normal", 16}, {"uuidv4", 18}, {"uuidv7", 18}};

// Of extensions that come with PostgreSQL: uuid-ossp, pgcrypto.
constexpr std::string_view kVolatileOfExtensions[] = {"gen_random_bytes", "gen_salt", "uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4"};
constexpr std::string_view kStableOfExtensions[] = {"crypt", "digest", "hmac", "unaccent", "uuid_generate_v3", "uuid_generate_v5", "uuid_nil", "uuid_ns_dns", "uuid_ns_url"};

bool among(const auto& sorted, std::string_view name) { return std::binary_search(std::begin(sorted), std::end(sorted), name); }

constexpr int kDeepestInline = 8;  // inline_function() refuses recursion; so do we

class Judge {
 public:
  Judge(const Schema& schema, const std::vector<std::string>& search_path, const Majors& majors) : schema_(schema), search_path_(search_path) { out_.versions = majors; }

  Judgement run(const PgQuery__Node* expression) {
    look(expression, 0);
    return out_;
  }

 private:
  void look(const PgQuery__Node* expression, int depth) {
    if (expression == nullptr) return;
    sql::walk(expression->base, [&](const ProtobufCMessage& message) {
      if (out_.verdict == Volatility::volatile_) return false;
      if (const auto* call = sql::message_as<PgQuery__FuncCall>(message, pg_query__func_call__descriptor)) {
        judge(qualified(NodeList(call->funcname, call->n_funcname)), NodeList(call->args, call->n_args), depth);
      } else if (const auto* operation = sql::message_as<PgQuery__AExpr>(message, pg_query__a__expr__descriptor)) {
        if (is_strict_on_null(*operation)) return false;
        judge_operator(*operation, depth);
      } else if (const auto* logic = sql::message_as<PgQuery__BoolExpr>(message, pg_query__bool_expr__descriptor)) {
        return !folded(*logic).has_value();
      } else if (const auto* choice = sql::message_as<PgQuery__CaseExpr>(message, pg_query__case_expr__descriptor)) {
        look_at_case(*choice, depth);
        return false;
      } else if (const auto* first = sql::message_as<PgQuery__CoalesceExpr>(message, pg_query__coalesce_expr__descriptor)) {
        for (const PgQuery__Node* argument : NodeList(first->args, first->n_args)) {
          look(argument, depth);
          if (constant_of(argument)) break;  // what follows a constant that is not NULL is never asked
        }
        return false;
      }
      return true;
    });
  }

  // WHEN false is dropped, and after WHEN true comes nothing: eval_const_expressions().
  void look_at_case(const PgQuery__CaseExpr& choice, int depth) {
    const auto subject = constant_of(choice.arg);
    look(choice.arg, depth);
    for (const PgQuery__Node* node : NodeList(choice.args, choice.n_args)) {
      const PgQuery__CaseWhen& when = *node->case_when;
      std::optional<bool> holds = choice.arg == nullptr ? truth(when.expr) : std::nullopt;
      if (const auto value = constant_of(when.expr); subject && value) holds = *subject == *value;
      if (holds == false) continue;
      if (!holds) look(when.expr, depth);
      look(when.result, depth);
      if (holds == true) return;
    }
    look(choice.defresult, depth);
  }

  static std::optional<bool> truth(const PgQuery__Node* node) {
    if (node == nullptr) return std::nullopt;
    if (node->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR) return folded(*node->bool_expr);
    if (node->node_case != PG_QUERY__NODE__NODE_A_CONST) return std::nullopt;
    const auto value = constant_of(node);
    return value == "true" ? std::optional(true) : value == "false" ? std::optional(false)
                                                                    : std::nullopt;
  }

  // What AND, OR and NOT come to where constants decide it, whatever else stands beside them.
  static std::optional<bool> folded(const PgQuery__BoolExpr& logic) {
    const bool is_and = logic.boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR;
    bool all_known = true;
    for (const PgQuery__Node* argument : NodeList(logic.args, logic.n_args)) {
      const auto value = truth(argument);
      if (logic.boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR) return value ? std::optional(!*value) : std::nullopt;
      if (value && *value != is_and) return !is_and;
      all_known = all_known && value;
    }
    return all_known ? std::optional(is_and) : std::nullopt;
  }

  // Operators are strict, almost all: with NULL on one side they are NULL before the other is looked at. || of arrays is not.
  static bool is_strict_on_null(const PgQuery__AExpr& operation) {
    if (operation.kind != PG_QUERY__A__EXPR__KIND__AEXPR_OP || operation.n_name != 1 || string_of(operation.name[0]) == "||") return false;
    const auto null = [](const PgQuery__Node* node) { return node != nullptr && node->node_case == PG_QUERY__NODE__NODE_A_CONST && node->a_const->isnull != 0; };
    return null(operation.lexpr) || null(operation.rexpr);
  }

  void judge_operator(const PgQuery__AExpr& operation, int depth) {
    const sql::QualifiedName name = qualified(NodeList(operation.name, operation.n_name));
    const auto known = [&](const sql::QualifiedName& full) {
      const sql::QualifiedName* function = schema_.operators.find(full);
      if (function != nullptr) judge(*function, {}, depth, operation.lexpr == nullptr || operation.rexpr == nullptr ? 1 : 2);
      return function != nullptr;
    };
    if (!name.schema.empty()) {
      known(name);
      return;
    }
    for (const std::string& schema : search_path_) {
      if (known({schema, name.name})) return;
    }
  }

  void judge(const sql::QualifiedName& name, NodeList arguments, int depth, std::size_t count = 0) {
    if (name.schema.empty() || name.schema == "pg_catalog") {
      if (among(kVolatileFunctions, name.name)) return found(Volatility::volatile_, name);
      if (among(kStableFunctions, name.name)) return;
    }
    if (const std::vector<Function>* overloads = find(name)) {
      for (const Function* function : candidates(*overloads, arguments, count == 0 ? arguments.size() : count)) {
        if (function->volatility != 'v') continue;
        if (function->may_inline && depth < kDeepestInline && look_into(*function, depth)) continue;
        return found(Volatility::volatile_, name);
      }
      return;
    }
    if (among(kVolatileOfExtensions, name.name)) return found(Volatility::volatile_, name);
    if (among(kStableOfExtensions, name.name)) return;
    if (out_.verdict == Volatility::stable) found(Volatility::unknown, name);
  }

  // The overloads that a call can mean, by number and by types as far as they are written: an untyped literal prefers the string types
  // (func_select_candidate() in parse_func.c). All of them where none seems to fit.
  static std::vector<const Function*> candidates(const std::vector<Function>& overloads, NodeList arguments, std::size_t count) {
    std::vector<const Function*> left;
    for (const Function& function : overloads) {
      if (takes(function, count)) left.push_back(&function);
    }
    if (left.empty()) {
      for (const Function& function : overloads) left.push_back(&function);
    }
    for (std::size_t i = 0; i < arguments.size() && left.size() > 1; ++i) {
      const std::string type = written_type(arguments[i]);
      if (type.empty()) continue;
      std::vector<const Function*> fitting;
      for (const Function* function : left) {
        const std::string_view wanted = i < function->arguments.size() ? std::string_view(function->arguments[i]) : std::string_view();
        if (type == "unknown" ? wanted == "text" || wanted.starts_with("character varying") : wanted == type) fitting.push_back(function);
      }
      if (!fitting.empty()) left = std::move(fitting);
    }
    return left;
  }

  static std::string written_type(const PgQuery__Node* node) {
    if (node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) return type_text(*node->type_cast->type_name);
    if (node->node_case != PG_QUERY__NODE__NODE_A_CONST) return {};
    switch (node->a_const->val_case) {
      case PG_QUERY__A__CONST__VAL_IVAL: return "integer";
      case PG_QUERY__A__CONST__VAL_FVAL: return "numeric";
      case PG_QUERY__A__CONST__VAL_BOOLVAL: return "boolean";
      case PG_QUERY__A__CONST__VAL_SVAL: return "unknown";
      default: return {};
    }
  }

  // A body of one SELECT of one expression: what remains is judged in its place. False where it cannot be put there.
  bool look_into(const Function& function, int depth) {
    try {
      const sql::ParseTree tree = sql::parse(function.body);
      if (tree.size() != 1 || tree.node(0).node_case != PG_QUERY__NODE__NODE_SELECT_STMT) return false;
      const PgQuery__SelectStmt& select = *tree.node(0).select_stmt;
      const bool plain = select.n_target_list == 1 && select.n_from_clause == 0 && select.where_clause == nullptr && select.n_group_clause == 0 &&
                         select.having_clause == nullptr && select.with_clause == nullptr && select.n_sort_clause == 0 && select.limit_count == nullptr &&
                         select.limit_offset == nullptr && select.n_distinct_clause == 0 && select.n_window_clause == 0 && select.n_values_lists == 0 &&
                         select.n_locking_clause == 0 && select.op == PG_QUERY__SET_OPERATION__SETOP_NONE && select.larg == nullptr;
      if (!plain) return false;
      bool subquery = false, lenient = false;
      std::set<std::string> used;
      sql::walk(select.target_list[0]->base, [&](const ProtobufCMessage& message) {
        subquery = subquery || message.descriptor == &pg_query__sub_link__descriptor;
        lenient = lenient || message.descriptor == &pg_query__coalesce_expr__descriptor || message.descriptor == &pg_query__case_expr__descriptor ||
                  message.descriptor == &pg_query__bool_expr__descriptor || message.descriptor == &pg_query__null_test__descriptor;
        if (const auto* parameter = sql::message_as<PgQuery__ParamRef>(message, pg_query__param_ref__descriptor)) used.insert(std::to_string(parameter->number));
        if (const auto* column = sql::message_as<PgQuery__ColumnRef>(message, pg_query__column_ref__descriptor)) {
          if (column->n_fields > 0) used.insert(std::string(string_of(column->fields[column->n_fields - 1])));
        }
        return !subquery;
      });
      if (subquery) return false;
      // A STRICT function only where its body uses every argument, and is strict itself.
      if (function.strict) {
        if (lenient) return false;
        for (std::size_t i = 0; i < function.arguments.size(); ++i) {
          if (!used.contains(std::to_string(i + 1)) && !used.contains(function.argument_names[i])) return false;
        }
      }
      look(select.target_list[0], depth + 1);
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  const std::vector<Function>* find(const sql::QualifiedName& name) const {
    if (!name.schema.empty()) return schema_.functions.find(name);
    for (const std::string& schema : search_path_) {
      if (const auto* overloads = schema_.functions.find({schema, name.name})) return overloads;
    }
    return nullptr;
  }

  void found(Volatility verdict, const sql::QualifiedName& name) {
    out_.verdict = verdict;
    out_.function = name.schema.empty() ? name.name : name.schema + "." + name.name;
    for (const Since& since : kSince) {
      if (since.name != name.name || verdict != Volatility::volatile_) continue;
      const Majors narrowed = out_.versions.within({since.major, kNewestMajor});
      if (narrowed.empty()) out_.verdict = Volatility::unknown;  // not the server's own there
      else out_.versions = narrowed;
    }
  }

  const Schema& schema_;
  const std::vector<std::string>& search_path_;
  Judgement out_;
};

}  // namespace

Judgement judge_default(const PgQuery__Node* expression, const Schema& schema, const std::vector<std::string>& search_path, const Majors& majors) {
  return Judge(schema, search_path, majors).run(expression);
}

}  // namespace contraflow::lint
