// SPDX-License-Identifier: Apache-2.0
#include "sql/usage.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/text.h"
#include "sql/parse_tree.h"

namespace contraflow::sql {

std::string_view verb_name(Verb verb) {
  switch (verb) {
    case Verb::select: return "select";
    case Verb::insert: return "insert";
    case Verb::update: return "update";
    case Verb::delete_: return "delete";
    case Verb::merge: return "merge";
    case Verb::truncate: return "truncate";
    case Verb::copy: return "copy";
    case Verb::lock: return "lock";
    case Verb::ddl: return "ddl";
    case Verb::other: return "other";
  }
  return "other";
}

namespace {

using Columns = std::optional<std::vector<std::string>>;

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// What a FROM clause makes visible under one name.
struct Item {
  std::string name;
  std::size_t relation = kNone;  // index into StatementUse::relations; none for sub-queries, CTEs and functions
  Columns columns;
  std::map<std::string, std::string> aliased = {};  // FROM users AS u (a, b): the relation's own names
  std::vector<std::size_t> members = {};            // (a JOIN b …) AS j: items of the scope that j stands for
};

struct Scope {
  const Scope* parent = nullptr;
  std::vector<Item> items;
  std::map<std::string, Columns> ctes;

  const Columns* cte(const std::string& name) const {
    for (const Scope* scope = this; scope != nullptr; scope = scope->parent) {
      if (const auto it = scope->ctes.find(name); it != scope->ctes.end()) return &it->second;
    }
    return nullptr;
  }
};

bool has(const Columns& columns, const std::string& name) {
  return columns && std::find(columns->begin(), columns->end(), name) != columns->end();
}

// Columns that every relation has and no catalog list names (documentation 5.5).
bool is_system_column(std::string_view name) {
  return name == "ctid" || name == "xmin" || name == "xmax" || name == "cmin" || name == "cmax" || name == "tableoid";
}

class Resolver {
 public:
  Resolver(const ColumnsOf& columns_of, StatementUse& out) : columns_of_(columns_of), out_(out) {}

  void statement(const PgQuery__Node& node, Scope* parent) {
    switch (node.node_case) {
      case PG_QUERY__NODE__NODE_SELECT_STMT: select(*node.select_stmt, parent); return;
      case PG_QUERY__NODE__NODE_INSERT_STMT: insert(*node.insert_stmt, parent); return;
      case PG_QUERY__NODE__NODE_UPDATE_STMT: update(*node.update_stmt, parent); return;
      case PG_QUERY__NODE__NODE_DELETE_STMT: remove(*node.delete_stmt, parent); return;
      case PG_QUERY__NODE__NODE_MERGE_STMT: merge(*node.merge_stmt, parent); return;
      case PG_QUERY__NODE__NODE_EXPLAIN_STMT: statement(*node.explain_stmt->query, parent); return;
      case PG_QUERY__NODE__NODE_PREPARE_STMT: statement(*node.prepare_stmt->query, parent); return;
      case PG_QUERY__NODE__NODE_COPY_STMT: copy(*node.copy_stmt, parent); return;
      default: break;
    }
    // Utility statements: every relation that they name, and the queries inside.
    Scope scope{.parent = parent};
    const Verb verb = utility_verb(node) == Verb::select ? Verb::ddl : utility_verb(node);  // the table of CREATE TABLE … AS
    walk(node.base, [&](const ProtobufCMessage& message) {
      if (const auto* range = message_as<PgQuery__RangeVar>(message, pg_query__range_var__descriptor)) {
        add(*range, verb, true);
        return false;
      }
      if (const auto* query = message_as<PgQuery__SelectStmt>(message, pg_query__select_stmt__descriptor)) {
        select(*query, &scope);
        return false;
      }
      return true;
    });
  }

  static Verb utility_verb(const PgQuery__Node& node) {
    switch (node.node_case) {
      case PG_QUERY__NODE__NODE_SELECT_STMT: return Verb::select;
      case PG_QUERY__NODE__NODE_INSERT_STMT: return Verb::insert;
      case PG_QUERY__NODE__NODE_UPDATE_STMT: return Verb::update;
      case PG_QUERY__NODE__NODE_DELETE_STMT: return Verb::delete_;
      case PG_QUERY__NODE__NODE_MERGE_STMT: return Verb::merge;
      case PG_QUERY__NODE__NODE_TRUNCATE_STMT: return Verb::truncate;
      case PG_QUERY__NODE__NODE_COPY_STMT: return Verb::copy;
      case PG_QUERY__NODE__NODE_LOCK_STMT: return Verb::lock;
      case PG_QUERY__NODE__NODE_EXPLAIN_STMT: return utility_verb(*node.explain_stmt->query);
      case PG_QUERY__NODE__NODE_PREPARE_STMT: return utility_verb(*node.prepare_stmt->query);
      case PG_QUERY__NODE__NODE_DECLARE_CURSOR_STMT: return Verb::select;
      // Reads, as SELECT … INTO does; what it makes is a relation of its own.
      case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT: return node.create_table_as_stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE ? Verb::select : Verb::ddl;
      case PG_QUERY__NODE__NODE_CALL_STMT:
      case PG_QUERY__NODE__NODE_VARIABLE_SET_STMT:
      case PG_QUERY__NODE__NODE_TRANSACTION_STMT:
      case PG_QUERY__NODE__NODE_VACUUM_STMT: return Verb::other;
      default: return Verb::ddl;
    }
  }

 private:
  std::size_t add(const PgQuery__RangeVar& range, Verb verb, bool filtered) {
    RelationUse use;
    use.name = {range.schemaname, range.relname};
    if (range.alias != nullptr) use.alias = range.alias->aliasname;
    use.verb = verb;
    use.offset = range.location >= 0 ? static_cast<std::size_t>(range.location) : 0;
    use.filtered = filtered;
    out_.relations.push_back(std::move(use));
    return out_.relations.size() - 1;
  }

  Item item_of(const PgQuery__RangeVar& range, Verb verb, bool filtered, const Scope& scope) {
    Item item;
    item.name = range.alias != nullptr ? range.alias->aliasname : range.relname;
    if (range.schemaname[0] == '\0' && verb == Verb::select) {
      if (const Columns* columns = scope.cte(range.relname)) {
        item.columns = *columns;
        return item;
      }
    }
    item.relation = add(range, verb, filtered);
    item.columns = columns_of_({range.schemaname, range.relname});
    for (std::size_t i = 0; range.alias != nullptr && item.columns && i < range.alias->n_colnames && i < item.columns->size(); ++i) {
      const std::string alias = range.alias->colnames[i]->string->sval;
      item.aliased[alias] = (*item.columns)[i];
      (*item.columns)[i] = alias;
    }
    return item;
  }

  void with(const PgQuery__WithClause* clause, Scope& scope) {
    if (clause == nullptr) return;
    for (std::size_t i = 0; i < clause->n_ctes; ++i) {
      const PgQuery__CommonTableExpr& cte = *clause->ctes[i]->common_table_expr;
      std::vector<std::string> names;
      for (std::size_t c = 0; c < cte.n_aliascolnames; ++c) names.emplace_back(cte.aliascolnames[c]->string->sval);
      // A recursive CTE sees itself; its columns are known once its first arm is.
      if (clause->recursive) scope.ctes[cte.ctename] = names.empty() ? Columns() : Columns(names);
      Columns columns;
      if (cte.ctequery->node_case == PG_QUERY__NODE__NODE_SELECT_STMT) {
        columns = select(*cte.ctequery->select_stmt, &scope, clause->recursive && names.empty() ? cte.ctename : "");
      } else {
        statement(*cte.ctequery, &scope);
        columns = returned_;
      }
      scope.ctes[cte.ctename] = names.empty() ? columns : Columns(names);
    }
  }

  // An element of FROM.
  void from(const PgQuery__Node& node, Scope& scope, bool filtered) {
    switch (node.node_case) {
      case PG_QUERY__NODE__NODE_RANGE_VAR:
        scope.items.push_back(item_of(*node.range_var, Verb::select, filtered, scope));
        return;
      case PG_QUERY__NODE__NODE_JOIN_EXPR: {
        const PgQuery__JoinExpr& join = *node.join_expr;
        const std::size_t first = scope.items.size();
        from(*join.larg, scope, filtered);
        const std::size_t second = scope.items.size();
        from(*join.rarg, scope, filtered);
        if (join.is_natural != 0) natural(scope, first, second);
        if (join.alias != nullptr) {
          Item joined{.name = join.alias->aliasname, .columns = std::nullopt};
          for (std::size_t i = first; i < scope.items.size(); ++i) joined.members.push_back(i);
          scope.items.push_back(std::move(joined));
        }
        for (std::size_t i = 0; i < join.n_using_clause; ++i) use(join.using_clause[i]->string->sval, scope);
        if (join.quals != nullptr) expression(*join.quals, scope);
        return;
      }
      case PG_QUERY__NODE__NODE_RANGE_SUBSELECT: {
        const PgQuery__RangeSubselect& sub = *node.range_subselect;
        Item item;
        if (sub.alias != nullptr) item.name = sub.alias->aliasname;
        item.columns = select(*sub.subquery->select_stmt, &scope);
        if (sub.alias != nullptr && sub.alias->n_colnames > 0) {
          item.columns.emplace();
          for (std::size_t i = 0; i < sub.alias->n_colnames; ++i) item.columns->emplace_back(sub.alias->colnames[i]->string->sval);
        }
        scope.items.push_back(std::move(item));
        return;
      }
      default: {
        // Functions, TABLESAMPLE, XMLTABLE: their arguments may name columns; their own columns are not known.
        if (node.node_case == PG_QUERY__NODE__NODE_RANGE_TABLE_SAMPLE) {
          from(*node.range_table_sample->relation, scope, filtered);
          return;
        }
        Item item;
        if (node.node_case == PG_QUERY__NODE__NODE_RANGE_FUNCTION && node.range_function->alias != nullptr)
          item.name = node.range_function->alias->aliasname;
        expression(node, scope);
        scope.items.push_back(std::move(item));
        return;
      }
    }
  }

  // The columns that both sides have are what a natural join is over.
  void natural(const Scope& scope, std::size_t first, std::size_t second) {
    std::set<std::string> common;
    for (std::size_t r = second; r < scope.items.size(); ++r) {
      for (std::size_t l = first; scope.items[r].columns && l < second; ++l) {
        for (const std::string& column : *scope.items[r].columns) {
          if (has(scope.items[l].columns, column)) common.insert(column);
        }
      }
    }
    for (const std::string& column : common) use(column, scope);
  }

  void mark_star(const Item& item, std::vector<std::string>* names, const Scope* scope = nullptr) {
    for (const std::size_t member : item.members) {
      if (scope != nullptr) mark_star(scope->items[member], names);
    }
    if (!item.members.empty()) return;
    if (item.relation != kNone) {
      RelationUse& relation = out_.relations[item.relation];
      relation.star = true;
      for (const std::string& column : item.columns ? *item.columns : std::vector<std::string>()) relation.columns.insert(own_name(item, column));
    }
    if (names == nullptr) return;
    if (item.columns)
      names->insert(names->end(), item.columns->begin(), item.columns->end());
    else
      names->emplace_back("*");
  }

  static const Item* named(const std::string& name, const Scope& scope) {
    for (const Scope* s = &scope; s != nullptr; s = s->parent) {
      for (const Item& item : s->items) {
        if (item.name == name) return &item;
      }
    }
    return nullptr;
  }

  static std::string own_name(const Item& item, const std::string& column) {
    const auto it = item.aliased.find(column);
    return it == item.aliased.end() ? column : it->second;
  }

  void use_in(const Item& item, const std::string& column, const Scope* scope = nullptr) {
    for (const std::size_t member : item.members) {
      if (scope != nullptr && has(scope->items[member].columns, column)) use_in(scope->items[member], column);
    }
    if (item.relation == kNone) return;
    RelationUse& relation = out_.relations[item.relation];
    if (item.columns && !has(item.columns, column) && !is_system_column(column))
      relation.unknown_columns.insert(column);
    else if (!is_system_column(column) || has(item.columns, column))
      relation.columns.insert(own_name(item, column));
  }

  // An unqualified column: the nearest query level at which a relation has it, else the one relation there whose columns are not known.
  void use(const std::string& column, const Scope& scope) {
    for (const Scope* s = &scope; s != nullptr; s = s->parent) {
      bool found = false;
      for (const Item& item : s->items) {
        if (!has(item.columns, column)) continue;
        use_in(item, column);
        found = true;
      }
      if (found) return;
    }
    for (const Scope* s = &scope; s != nullptr; s = s->parent) {
      const Item* open = nullptr;
      int count = 0;
      for (const Item& item : s->items) {
        if (item.columns || !item.members.empty()) continue;
        open = &item;
        ++count;
      }
      if (count == 1) return use_in(*open, column);
      if (count > 1) break;
    }
    if (const Item* row = named(column, scope)) return mark_star(*row, nullptr);  // a whole row: row_to_json(u)
    if (is_system_column(column)) return;
    // One known relation and nothing else: the server would say that it has no such column.
    const Item* only = nullptr;
    std::size_t items = 0;
    for (const Scope* s = &scope; s != nullptr; s = s->parent) {
      items += s->items.size();
      if (!s->items.empty()) only = &s->items.front();
    }
    if (items == 1 && only->relation != kNone) return use_in(*only, column);
    out_.unresolved.push_back(column);
  }

  void reference(const PgQuery__ColumnRef& node, const Scope& scope, std::vector<std::string>* outputs) {
    std::vector<std::string> names;
    bool star = false;
    for (std::size_t i = 0; i < node.n_fields; ++i) {
      if (node.fields[i]->node_case == PG_QUERY__NODE__NODE_STRING)
        names.emplace_back(node.fields[i]->string->sval);
      else
        star = true;
    }
    if (star && names.empty()) {
      for (const Item& item : scope.items) mark_star(item, outputs);
      return;
    }
    if (star) {
      if (const Item* item = named(names.back(), scope)) mark_star(*item, outputs, &scope);
      return;
    }
    if (names.size() == 1) return use(names[0], scope);
    // relation.column, or schema.relation.column; (composite).field has the first two alone.
    const std::string& relation = names[names.size() - 2];
    if (const Item* item = named(relation, scope)) return use_in(*item, names.back(), &scope);
    if (names.size() >= 2) {
      if (const Item* item = named(names[0], scope)) return use_in(*item, names[1]);
    }
    out_.unresolved.push_back(relation + "." + names.back());
  }

  void expression(const PgQuery__Node& node, Scope& scope) { below(node.base, scope); }

  void below(const ProtobufCMessage& root, Scope& scope) {
    walk(root, [&](const ProtobufCMessage& message) {
      if (const auto* ref = message_as<PgQuery__ColumnRef>(message, pg_query__column_ref__descriptor)) {
        reference(*ref, scope, nullptr);
        return false;
      }
      if (const auto* query = message_as<PgQuery__SelectStmt>(message, pg_query__select_stmt__descriptor)) {
        select(*query, &scope);
        return false;
      }
      return true;
    });
  }

  template <class T>
  void each(T* const* nodes, std::size_t count, Scope& scope) {
    for (std::size_t i = 0; i < count; ++i) below(nodes[i]->base, scope);
  }

  // ORDER BY and GROUP BY may name an output column.
  void sort(PgQuery__Node* const* nodes, std::size_t count, Scope& scope, const std::vector<std::string>& outputs) {
    for (std::size_t i = 0; i < count; ++i) {
      const PgQuery__Node* node = nodes[i];
      if (node->node_case == PG_QUERY__NODE__NODE_SORT_BY) node = node->sort_by->node;
      if (node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF && node->column_ref->n_fields == 1 &&
          node->column_ref->fields[0]->node_case == PG_QUERY__NODE__NODE_STRING) {
        const std::string name = node->column_ref->fields[0]->string->sval;
        const bool in_scope = std::any_of(scope.items.begin(), scope.items.end(), [&](const Item& item) { return has(item.columns, name); });
        if (!in_scope && std::find(outputs.begin(), outputs.end(), name) != outputs.end()) continue;
      }
      expression(*node, scope);
    }
  }

  std::vector<std::string> targets(PgQuery__Node* const* list, std::size_t count, Scope& scope) {
    std::vector<std::string> outputs;
    for (std::size_t i = 0; i < count; ++i) {
      const PgQuery__ResTarget& target = *list[i]->res_target;
      if (target.val == nullptr) continue;
      if (target.val->node_case == PG_QUERY__NODE__NODE_COLUMN_REF) {
        const PgQuery__ColumnRef& ref = *target.val->column_ref;
        const PgQuery__Node& last = *ref.fields[ref.n_fields - 1];
        const bool star = last.node_case == PG_QUERY__NODE__NODE_A_STAR;
        reference(ref, scope, &outputs);
        if (!star) outputs.emplace_back(target.name[0] != '\0' ? target.name : last.string->sval);
        continue;
      }
      expression(*target.val, scope);
      outputs.emplace_back(target.name[0] != '\0' ? std::string(target.name) : output_name(*target.val));
    }
    return outputs;
  }

  // What the server calls an expression that has no AS (FigureColname, as far as it matters here).
  static std::string output_name(const PgQuery__Node& node) {
    if (node.node_case == PG_QUERY__NODE__NODE_FUNC_CALL && node.func_call->n_funcname > 0)
      return node.func_call->funcname[node.func_call->n_funcname - 1]->string->sval;
    if (node.node_case == PG_QUERY__NODE__NODE_TYPE_CAST) return output_name(*node.type_cast->arg);
    if (node.node_case == PG_QUERY__NODE__NODE_COLUMN_REF) {
      const PgQuery__Node& last = *node.column_ref->fields[node.column_ref->n_fields - 1];
      if (last.node_case == PG_QUERY__NODE__NODE_STRING) return last.string->sval;
    }
    return "?column?";
  }

  // Returns the names of its columns where all are known. `recursive`: the CTE whose columns the first arm decides.
  Columns select(const PgQuery__SelectStmt& query, Scope* parent, const std::string& recursive = {}) {
    Scope scope{.parent = parent};
    with(query.with_clause, scope);
    if (query.larg != nullptr) {
      const Columns columns = select(*query.larg, &scope);
      if (!recursive.empty() && parent != nullptr) parent->ctes[recursive] = columns;
      select(*query.rarg, &scope);
      if (parent == nullptr && (query.limit_count != nullptr)) out_.limited = true;
      return columns;  // ORDER BY of a UNION names output columns alone
    }
    const bool filtered = query.where_clause != nullptr;
    for (std::size_t i = 0; i < query.n_from_clause; ++i) from(*query.from_clause[i], scope, filtered);
    each(query.values_lists, query.n_values_lists, scope);
    const std::vector<std::string> outputs = targets(query.target_list, query.n_target_list, scope);
    if (query.where_clause != nullptr) expression(*query.where_clause, scope);
    sort(query.group_clause, query.n_group_clause, scope, outputs);
    if (query.having_clause != nullptr) expression(*query.having_clause, scope);
    each(query.window_clause, query.n_window_clause, scope);
    sort(query.sort_clause, query.n_sort_clause, scope, outputs);
    each(query.distinct_clause, query.n_distinct_clause, scope);
    if (query.limit_count != nullptr) {
      expression(*query.limit_count, scope);
      if (parent == nullptr) out_.limited = true;
    }
    if (query.limit_offset != nullptr) expression(*query.limit_offset, scope);
    if (query.into_clause != nullptr && query.into_clause->rel != nullptr) add(*query.into_clause->rel, Verb::ddl, true);
    if (std::find(outputs.begin(), outputs.end(), "*") != outputs.end()) return std::nullopt;
    return outputs;
  }

  void returning(PgQuery__Node* const* list, std::size_t count, Scope& scope) {
    returned_ = targets(list, count, scope);
    if (std::find(returned_->begin(), returned_->end(), "*") != returned_->end()) returned_.reset();
  }

  void insert(const PgQuery__InsertStmt& node, Scope* parent) {
    Scope scope{.parent = parent};
    with(node.with_clause, scope);
    if (node.select_stmt != nullptr) select(*node.select_stmt->select_stmt, &scope);
    const Item target = item_of(*node.relation, Verb::insert, true, scope);
    scope.items.push_back(target);
    for (std::size_t i = 0; i < node.n_cols; ++i) use_in(target, node.cols[i]->res_target->name);
    if (node.n_cols == 0 && node.select_stmt != nullptr) mark_star(target, nullptr);
    if (node.on_conflict_clause != nullptr) {
      const PgQuery__OnConflictClause& conflict = *node.on_conflict_clause;
      if (conflict.infer != nullptr) {
        for (std::size_t i = 0; i < conflict.infer->n_index_elems; ++i) {
          const PgQuery__IndexElem& element = *conflict.infer->index_elems[i]->index_elem;
          if (element.name[0] != '\0') use_in(target, element.name);
          if (element.expr != nullptr) expression(*element.expr, scope);
        }
        if (conflict.infer->where_clause != nullptr) expression(*conflict.infer->where_clause, scope);
      }
      scope.items.push_back({"excluded", target.relation, target.columns});
      set_list(conflict.target_list, conflict.n_target_list, target, scope);
      if (conflict.where_clause != nullptr) expression(*conflict.where_clause, scope);
      scope.items.pop_back();
    }
    returning(node.returning_list, node.n_returning_list, scope);
  }

  void set_list(PgQuery__Node* const* list, std::size_t count, const Item& target, Scope& scope) {
    for (std::size_t i = 0; i < count; ++i) {
      const PgQuery__ResTarget& element = *list[i]->res_target;
      use_in(target, element.name);
      if (element.val == nullptr) continue;
      // (a, b) = (SELECT …): the parser hangs the one source below each of them.
      const bool again = element.val->node_case == PG_QUERY__NODE__NODE_MULTI_ASSIGN_REF && element.val->multi_assign_ref->colno > 1;
      if (!again) expression(*element.val, scope);
    }
  }

  void update(const PgQuery__UpdateStmt& node, Scope* parent) {
    Scope scope{.parent = parent};
    with(node.with_clause, scope);
    const bool filtered = node.where_clause != nullptr;
    const Item target = item_of(*node.relation, Verb::update, filtered, scope);
    scope.items.push_back(target);
    for (std::size_t i = 0; i < node.n_from_clause; ++i) from(*node.from_clause[i], scope, filtered);
    set_list(node.target_list, node.n_target_list, target, scope);
    if (node.where_clause != nullptr) expression(*node.where_clause, scope);
    returning(node.returning_list, node.n_returning_list, scope);
  }

  void remove(const PgQuery__DeleteStmt& node, Scope* parent) {
    Scope scope{.parent = parent};
    with(node.with_clause, scope);
    const bool filtered = node.where_clause != nullptr;
    scope.items.push_back(item_of(*node.relation, Verb::delete_, filtered, scope));
    for (std::size_t i = 0; i < node.n_using_clause; ++i) from(*node.using_clause[i], scope, filtered);
    if (node.where_clause != nullptr) expression(*node.where_clause, scope);
    returning(node.returning_list, node.n_returning_list, scope);
  }

  void copy(const PgQuery__CopyStmt& node, Scope* parent) {
    if (node.query != nullptr) return statement(*node.query, parent);
    if (node.relation == nullptr) return;
    Scope scope{.parent = parent};
    const Item target = item_of(*node.relation, Verb::copy, true, scope);
    scope.items.push_back(target);
    for (std::size_t i = 0; i < node.n_attlist; ++i) use_in(target, node.attlist[i]->string->sval);
    if (node.n_attlist == 0) mark_star(target, nullptr);
    if (node.where_clause != nullptr) expression(*node.where_clause, scope);
  }

  void merge(const PgQuery__MergeStmt& node, Scope* parent) {
    Scope scope{.parent = parent};
    with(node.with_clause, scope);
    const Item target = item_of(*node.relation, Verb::merge, true, scope);
    scope.items.push_back(target);
    if (node.source_relation != nullptr) from(*node.source_relation, scope, true);
    if (node.join_condition != nullptr) expression(*node.join_condition, scope);
    for (std::size_t i = 0; i < node.n_merge_when_clauses; ++i) {
      const PgQuery__MergeWhenClause& when = *node.merge_when_clauses[i]->merge_when_clause;
      if (when.condition != nullptr) expression(*when.condition, scope);
      set_list(when.target_list, when.n_target_list, target, scope);
      each(when.values, when.n_values, scope);
    }
  }

  const ColumnsOf& columns_of_;
  StatementUse& out_;
  Columns returned_;
};

}  // namespace

namespace {

void functions_of(const ParseTree& tree, std::string_view statement, StatementUse& out) {
  walk(tree.result().base, [&](const ProtobufCMessage& message) {
    const auto* call = message_as<PgQuery__FuncCall>(message, pg_query__func_call__descriptor);
    if (call == nullptr || call->n_funcname == 0) return true;
    CalledFunction found;
    for (std::size_t i = 0; i < call->n_funcname; ++i) {
      if (call->funcname[i]->node_case != PG_QUERY__NODE__NODE_STRING) continue;
      found.name.schema = found.name.name;
      found.name.name = call->funcname[i]->string->sval;
    }
    found.written = found.name.name;
    const std::size_t at = call->location < 0 ? statement.size() : static_cast<std::size_t>(call->location);
    if (found.name.schema.empty() && at < statement.size()) {
      const std::string_view there = statement.substr(at, found.name.name.size());
      if (to_lower(there) == found.name.name) found.written = std::string(there);
    }
    out.functions.push_back(std::move(found));
    return true;
  });
}

}  // namespace

StatementUse usage_of(std::string_view statement, const ColumnsOf& columns_of) {
  const ParseTree tree = parse(statement);
  StatementUse out;
  Resolver resolver(columns_of, out);
  for (std::size_t i = 0; i < tree.size(); ++i) resolver.statement(tree.node(i), nullptr);
  functions_of(tree, statement, out);
  if (tree.size() > 0) out.verb = Resolver::utility_verb(tree.node(0));
  std::stable_sort(out.relations.begin(), out.relations.end(), [](const RelationUse& l, const RelationUse& r) { return l.offset < r.offset; });
  return out;
}

}  // namespace contraflow::sql
