// SPDX-License-Identifier: Apache-2.0
#include "sql/conditions.h"

#include <algorithm>

#include "base/text.h"
#include "sql/parse_tree.h"

namespace contraflow::sql {
namespace {

using Kind = Condition::Kind;

struct Item {
  std::string name;
  QualifiedName relation;  // of no name: a sub-query, a CTE, a function
  std::optional<std::vector<std::string>> columns;
};

struct Level {
  const Level* parent = nullptr;
  std::vector<Item> items;
  std::set<std::string> ctes;
};

// One side of a comparison.
struct Side {
  const PgQuery__ColumnRef* column = nullptr;
  int parameter = 0;
  std::optional<std::string> constant;
};

class Reader {
 public:
  Reader(const ColumnsOf& columns_of, QueryConditions& out) : columns_of_(columns_of), out_(out) {}

  // Every query below, each a level of its own.
  void below(const ProtobufCMessage& root, const Level* parent) {
    walk(root, [&](const ProtobufCMessage& message) {
      if (&message == &root) return true;
      if (const auto* query = message_as<PgQuery__SelectStmt>(message, pg_query__select_stmt__descriptor)) {
        Level level{.parent = parent};
        with(query->with_clause, level);
        for (std::size_t i = 0; i < query->n_from_clause; ++i) from(*query->from_clause[i], level, false);
        for (const PgQuery__Node* on : joined_) condition(*on, level);
        joined_.clear();
        if (query->where_clause != nullptr) condition(*query->where_clause, level);
        parameters(query->limit_count, true);
        parameters(query->limit_offset, false);
        below(query->base, &level);
        return false;
      }
      if (message_as<PgQuery__InsertStmt>(message, pg_query__insert_stmt__descriptor) != nullptr || message_as<PgQuery__UpdateStmt>(message, pg_query__update_stmt__descriptor) != nullptr ||
          message_as<PgQuery__DeleteStmt>(message, pg_query__delete_stmt__descriptor) != nullptr || message_as<PgQuery__MergeStmt>(message, pg_query__merge_stmt__descriptor) != nullptr)
        out_.writes = true;
      if (const auto* parameter = message_as<PgQuery__ParamRef>(message, pg_query__param_ref__descriptor)) place(*parameter);
      return true;
    });
  }

 private:
  void place(const PgQuery__ParamRef& node) {
    const auto begin = static_cast<std::size_t>(std::max(0, node.location));
    const auto same = std::find_if(out_.places.begin(), out_.places.end(), [&](const ParameterPlace& p) { return p.begin == begin; });
    if (same == out_.places.end()) out_.places.push_back({node.number, begin, begin + 1 + std::to_string(node.number).size()});
  }

  void parameters(const PgQuery__Node* node, bool limit) {
    if (node == nullptr) return;
    walk(node->base, [&](const ProtobufCMessage& message) {
      if (const auto* parameter = message_as<PgQuery__ParamRef>(message, pg_query__param_ref__descriptor)) {
        place(*parameter);
        (limit ? out_.places.back().limit : out_.places.back().offset) = true;
      }
      return true;
    });
  }

  static void with(const PgQuery__WithClause* clause, Level& level) {
    for (std::size_t i = 0; clause != nullptr && i < clause->n_ctes; ++i) level.ctes.insert(clause->ctes[i]->common_table_expr->ctename);
  }

  static bool hidden(const std::string& name, const Level& level) {
    for (const Level* at = &level; at != nullptr; at = at->parent) {
      if (at->ctes.contains(name)) return true;
    }
    return false;
  }

  void from(const PgQuery__Node& node, Level& level, bool outer) {
    if (node.node_case == PG_QUERY__NODE__NODE_RANGE_VAR) {
      const PgQuery__RangeVar& range = *node.range_var;
      Item item{.name = range.alias != nullptr ? range.alias->aliasname : range.relname, .relation = {}, .columns = {}};
      if (range.schemaname[0] != '\0' || !hidden(range.relname, level)) {
        item.relation = {range.schemaname, range.relname};
        item.columns = columns_of_(item.relation);
        if (outer) out_.outer.insert(item.relation);
      }
      level.items.push_back(std::move(item));
    } else if (node.node_case == PG_QUERY__NODE__NODE_JOIN_EXPR) {
      const PgQuery__JoinExpr& join = *node.join_expr;
      const bool full = join.jointype == PG_QUERY__JOIN_TYPE__JOIN_FULL;
      from(*join.larg, level, outer || full || join.jointype == PG_QUERY__JOIN_TYPE__JOIN_RIGHT);
      from(*join.rarg, level, outer || full || join.jointype == PG_QUERY__JOIN_TYPE__JOIN_LEFT);
      if (join.quals != nullptr) joined_.push_back(join.quals);
    } else if (node.node_case == PG_QUERY__NODE__NODE_RANGE_TABLE_SAMPLE) {
      from(*node.range_table_sample->relation, level, outer);
    } else {
      level.items.emplace_back();
    }
  }

  // The column of a relation that a reference means.
  std::optional<std::pair<QualifiedName, std::string>> resolve(const PgQuery__ColumnRef& ref, const Level& level) const {
    const PgQuery__Node& last = *ref.fields[ref.n_fields - 1];
    if (last.node_case != PG_QUERY__NODE__NODE_STRING) return {};
    const std::string column = last.string->sval;
    std::string qualifier;
    if (ref.n_fields > 1 && ref.fields[ref.n_fields - 2]->node_case == PG_QUERY__NODE__NODE_STRING) qualifier = ref.fields[ref.n_fields - 2]->string->sval;
    for (const Level* at = &level; at != nullptr; at = at->parent) {
      for (const Item& item : at->items) {
        if (item.relation.name.empty()) continue;
        const bool here = qualifier.empty() ? item.columns && std::find(item.columns->begin(), item.columns->end(), column) != item.columns->end() : item.name == qualifier;
        if (here) return std::pair(item.relation, column);
      }
    }
    return {};
  }

  static Side side_of(const PgQuery__Node& node) {
    switch (node.node_case) {
      case PG_QUERY__NODE__NODE_COLUMN_REF: return {.column = node.column_ref};
      case PG_QUERY__NODE__NODE_PARAM_REF: return {.parameter = node.param_ref->number};
      case PG_QUERY__NODE__NODE_TYPE_CAST: return side_of(*node.type_cast->arg);
      case PG_QUERY__NODE__NODE_COLLATE_CLAUSE: return side_of(*node.collate_clause->arg);
      case PG_QUERY__NODE__NODE_FUNC_CALL: {  // lower(email) = lower($1)
        const PgQuery__FuncCall& call = *node.func_call;
        if (call.n_args != 1 || call.n_funcname == 0) return {};
        const std::string name = call.funcname[call.n_funcname - 1]->string->sval;
        if (name == "lower" || name == "upper" || name == "trim" || name == "btrim") return side_of(*call.args[0]);
        return {};
      }
      case PG_QUERY__NODE__NODE_LIST: return node.list->n_items > 0 ? side_of(*node.list->items[0]) : Side{};
      case PG_QUERY__NODE__NODE_A_CONST: {
        const PgQuery__AConst& constant = *node.a_const;
        if (constant.isnull) return {};
        switch (constant.val_case) {
          case PG_QUERY__A__CONST__VAL_SVAL: return {.constant = std::string(constant.sval->sval)};
          case PG_QUERY__A__CONST__VAL_IVAL: return {.constant = std::to_string(constant.ival->ival)};
          case PG_QUERY__A__CONST__VAL_FVAL: return {.constant = std::string(constant.fval->fval)};
          case PG_QUERY__A__CONST__VAL_BOOLVAL: return {.constant = std::string(constant.boolval->boolval ? "true" : "false")};
          default: return {};
        }
      }
      default: return {};
    }
  }

  void add(const PgQuery__ColumnRef& ref, const Level& level, Kind kind, const Side& other = {}) {
    if (const auto found = resolve(ref, level)) out_.conditions.push_back({found->first, found->second, kind, other.parameter, other.constant});
  }

  static Kind kind_of(const std::string& sign, bool turned) {
    if (sign == "=" || sign == "~~" || sign == "~~*") return Kind::equals;
    if (sign == ">" || sign == ">=") return turned ? Kind::below : Kind::above;
    if (sign == "<" || sign == "<=") return turned ? Kind::above : Kind::below;
    return Kind::unequal;
  }

  void condition(const PgQuery__Node& node, const Level& level) {
    if (node.node_case == PG_QUERY__NODE__NODE_BOOL_EXPR) {
      const PgQuery__BoolExpr& all = *node.bool_expr;
      if (all.boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR) {
        const Side side = side_of(*all.args[0]);
        if (side.column != nullptr) add(*side.column, level, Kind::lacks);
        return;
      }
      for (std::size_t i = 0; i < all.n_args; ++i) condition(*all.args[i], level);
    } else if (node.node_case == PG_QUERY__NODE__NODE_NULL_TEST) {
      const Side side = side_of(*node.null_test->arg);
      if (side.column != nullptr) add(*side.column, level, node.null_test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NULL ? Kind::null : Kind::filled);
    } else if (node.node_case == PG_QUERY__NODE__NODE_BOOLEAN_TEST) {
      const Side side = side_of(*node.boolean_test->arg);
      const bool is_true = node.boolean_test->booltesttype == PG_QUERY__BOOL_TEST_TYPE__IS_TRUE || node.boolean_test->booltesttype == PG_QUERY__BOOL_TEST_TYPE__IS_NOT_FALSE;
      if (side.column != nullptr) add(*side.column, level, is_true ? Kind::holds : Kind::lacks);
    } else if (node.node_case == PG_QUERY__NODE__NODE_COLUMN_REF) {
      add(*node.column_ref, level, Kind::holds);
    } else if (node.node_case == PG_QUERY__NODE__NODE_A_EXPR) {
      const PgQuery__AExpr& compared = *node.a_expr;
      if (compared.n_name == 0 || compared.lexpr == nullptr || compared.rexpr == nullptr) return;
      const std::string sign = compared.name[compared.n_name - 1]->string->sval;
      const Side left = side_of(*compared.lexpr), right = side_of(*compared.rexpr);
      // What is compared with an expression still has a direction: expires_at > now().
      if (left.column != nullptr && right.column == nullptr) add(*left.column, level, kind_of(sign, false), right);
      if (right.column != nullptr && left.column == nullptr) add(*right.column, level, kind_of(sign, true), left);
    }
  }

  const ColumnsOf& columns_of_;
  QueryConditions& out_;
  std::vector<const PgQuery__Node*> joined_;
};

}  // namespace

QueryConditions conditions_of(std::string_view statement, const ColumnsOf& columns_of) {
  const ParseTree tree = parse(statement);
  QueryConditions out;
  Reader(columns_of, out).below(tree.result().base, nullptr);
  if (tree.size() != 1 || tree.node(0).node_case != PG_QUERY__NODE__NODE_SELECT_STMT) out.writes = true;
  std::sort(out.places.begin(), out.places.end(), [](const ParameterPlace& l, const ParameterPlace& r) { return l.begin < r.begin; });
  return out;
}

}  // namespace contraflow::sql
