// SPDX-License-Identifier: Apache-2.0
#include "lint/analysis/parts.h"

#include <algorithm>

#include "base/text.h"

namespace contraflow::lint {
namespace {

void add_element(Index& index, const PgQuery__IndexElem& element) {
  const std::string name(text_of(element.name));
  index.key.push_back(name);
  if (element.expr != nullptr) {
    index.has_expression = true;
    index.expressions += fingerprint(element.expr) + ";";
    for (std::string& column : columns_below(element.expr)) index.columns.insert(std::move(column));
    index.functions.merge(functions_below(element.expr));
  } else {
    index.columns.insert(name);
  }
  index.collations_and_classes.push_back(join(strings_of({element.collation, element.n_collation}), ".") + "/" +
                                         join(strings_of({element.opclass, element.n_opclass}), "."));
}

void add_where(Index& index, const PgQuery__Node* where) {
  if (where == nullptr) return;
  index.partial = true;
  index.where = fingerprint(where);
  for (std::string& column : columns_below(where)) index.columns.insert(std::move(column));
  index.functions.merge(functions_below(where));
}

void print(std::string& out, const ProtobufCMessage& message);

template <typename T>
const T& member(const ProtobufCMessage& message, unsigned offset) {
  return *reinterpret_cast<const T*>(reinterpret_cast<const char*>(&message) + offset);
}

void print_field(std::string& out, const ProtobufCMessage& message, const ProtobufCFieldDescriptor& field) {
  if (std::string_view(field.name) == "location") return;
  if ((field.flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 && member<std::uint32_t>(message, field.quantifier_offset) != field.id) return;
  if (field.label == PROTOBUF_C_LABEL_REPEATED) {
    if (field.type != PROTOBUF_C_TYPE_MESSAGE) return;
    const auto count = member<std::size_t>(message, field.quantifier_offset);
    const auto* children = member<ProtobufCMessage**>(message, field.offset);
    for (std::size_t i = 0; i < count; ++i) print(out, *children[i]);
    return;
  }
  switch (field.type) {
    case PROTOBUF_C_TYPE_MESSAGE:
      if (const auto* child = member<const ProtobufCMessage*>(message, field.offset)) print(out, *child);
      break;
    case PROTOBUF_C_TYPE_STRING:
      if (const auto* text = member<const char*>(message, field.offset)) (out += text) += ',';
      break;
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_INT32: out += std::to_string(member<std::int32_t>(message, field.offset)) + ','; break;
    default: break;
  }
}

void print(std::string& out, const ProtobufCMessage& message) {
  // The catalog writes `'a'::text` where a statement says 'a'.
  if (const auto* cast = sql::message_as<PgQuery__TypeCast>(message, pg_query__type_cast__descriptor)) {
    if (cast->arg != nullptr) print(out, cast->arg->base);
    return;
  }
  if (const auto* node = sql::message_as<PgQuery__Node>(message, pg_query__node__descriptor)) {
    if (const ProtobufCMessage* child = sql::held(*node)) print(out, *child);
    return;
  }
  (out += message.descriptor->short_name) += '(';
  for (unsigned i = 0; i < message.descriptor->n_fields; ++i) print_field(out, message, message.descriptor->fields[i]);
  out += ')';
}

bool is_null_constant(const PgQuery__Node* node) {
  return node != nullptr && node->node_case == PG_QUERY__NODE__NODE_A_CONST && node->a_const->isnull != 0;
}

std::set<std::string> one(std::string_view column) { return column.empty() ? std::set<std::string>() : std::set<std::string>{std::string(column)}; }

std::set<std::string> proven(const PgQuery__Node* node, bool negated) {
  if (node == nullptr) return {};
  if (node->node_case == PG_QUERY__NODE__NODE_NULL_TEST) {
    const bool is_not_null = node->null_test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL;
    return is_not_null != negated ? one(column_of(node->null_test->arg)) : std::set<std::string>();
  }
  if (node->node_case == PG_QUERY__NODE__NODE_A_EXPR) {
    // The parser's analysis turns `x IS DISTINCT FROM NULL` into a null test.
    const PgQuery__AExpr& expression = *node->a_expr;
    const bool distinct = expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT;
    const bool same = expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT;
    if ((distinct && !negated) || (same && negated)) {
      if (is_null_constant(expression.rexpr)) return one(column_of(expression.lexpr));
      if (is_null_constant(expression.lexpr)) return one(column_of(expression.rexpr));
    }
    return {};
  }
  if (node->node_case != PG_QUERY__NODE__NODE_BOOL_EXPR) return {};
  const PgQuery__BoolExpr& expression = *node->bool_expr;
  if (expression.boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR) return expression.n_args == 1 ? proven(expression.args[0], !negated) : std::set<std::string>();
  const bool all = (expression.boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR) != negated;  // De Morgan
  std::set<std::string> out;
  for (std::size_t i = 0; i < expression.n_args; ++i) {
    std::set<std::string> part = proven(expression.args[i], negated);
    if (all) {
      out.merge(part);
    } else if (i == 0) {
      out = std::move(part);
    } else {
      std::erase_if(out, [&](const std::string& column) { return !part.contains(column); });
    }
  }
  return out;
}

}  // namespace

std::string fingerprint(const PgQuery__Node* expression) {
  std::string out;
  if (expression != nullptr) print(out, expression->base);
  return out;
}

std::set<std::string> functions_below(const PgQuery__Node* expression) {
  std::set<std::string> out;
  if (expression == nullptr) return out;
  sql::walk(expression->base, [&](const ProtobufCMessage& message) {
    if (const auto* call = sql::message_as<PgQuery__FuncCall>(message, pg_query__func_call__descriptor)) {
      out.insert(qualified(NodeList(call->funcname, call->n_funcname)).name);
    }
    return true;
  });
  return out;
}

std::set<std::string> proves_not_null(const PgQuery__Node* expression) { return proven(expression, false); }

Index index_of(const PgQuery__IndexStmt& statement) {
  Index out;
  out.unique = statement.unique != 0;
  out.concurrently = statement.concurrent != 0;
  if (!text_of(statement.access_method).empty()) out.method = text_of(statement.access_method);
  for (std::size_t i = 0; i < statement.n_index_params; ++i) add_element(out, *statement.index_params[i]->index_elem);
  for (std::size_t i = 0; i < statement.n_index_including_params; ++i) {
    out.columns.insert(std::string(text_of(statement.index_including_params[i]->index_elem->name)));
  }
  add_where(out, statement.where_clause);
  return out;
}

Index index_of(const PgQuery__Constraint& constraint) {
  Index out;
  out.of_constraint = true;
  out.unique = constraint.contype != PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION;
  if (!text_of(constraint.access_method).empty()) out.method = text_of(constraint.access_method);
  for (std::string& column : strings_of({constraint.keys, constraint.n_keys})) {
    out.key.push_back(column);
    out.collations_and_classes.emplace_back("/");
    out.columns.insert(std::move(column));
  }
  for (std::string& column : strings_of({constraint.including, constraint.n_including})) out.columns.insert(std::move(column));
  for (std::size_t i = 0; i < constraint.n_exclusions; ++i) {
    const PgQuery__Node* pair = constraint.exclusions[i];
    if (pair->node_case == PG_QUERY__NODE__NODE_LIST && pair->list->n_items > 0 && pair->list->items[0]->node_case == PG_QUERY__NODE__NODE_INDEX_ELEM) {
      add_element(out, *pair->list->items[0]->index_elem);
    }
  }
  add_where(out, constraint.where_clause);
  return out;
}

Constraint constraint_of(const PgQuery__Constraint& constraint, const std::string& column) {
  Constraint out;
  out.validated = constraint.skip_validation == 0;
  switch (constraint.contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
      out.kind = ConstraintKind::check;
      out.columns = columns_below(constraint.raw_expr);
      out.not_null_columns = proves_not_null(constraint.raw_expr);
      out.functions = functions_below(constraint.raw_expr);
      return out;
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
      out.kind = ConstraintKind::foreign_key;
      out.columns = strings_of({constraint.fk_attrs, constraint.n_fk_attrs});
      if (constraint.pktable != nullptr) out.references = qualified(*constraint.pktable);
      break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
      out.kind = ConstraintKind::primary_key;
      out.columns = strings_of({constraint.keys, constraint.n_keys});
      break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
      out.kind = ConstraintKind::unique;
      out.columns = strings_of({constraint.keys, constraint.n_keys});
      break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION: out.kind = ConstraintKind::exclusion; break;
    default: out.kind = ConstraintKind::not_null; break;
  }
  if (out.columns.empty() && !column.empty()) out.columns.push_back(column);
  return out;
}

std::string constraint_name(const PgQuery__Constraint& constraint, const std::string& table, const std::string& column) {
  if (!text_of(constraint.conname).empty()) return std::string(text_of(constraint.conname));
  if (!text_of(constraint.indexname).empty()) return std::string(text_of(constraint.indexname));
  const Constraint known = constraint_of(constraint, column);
  std::string columns = join(known.columns, "_");
  switch (known.kind) {
    case ConstraintKind::primary_key: return table + "_pkey";
    case ConstraintKind::unique: return table + "_" + columns + "_key";
    case ConstraintKind::foreign_key: return table + "_" + columns + "_fkey";
    case ConstraintKind::exclusion: return table + "_" + columns + "_excl";
    case ConstraintKind::not_null: return table + "_" + columns + "_not_null";
    case ConstraintKind::check:
      // ChooseConstraintName(): the column where there is exactly one.
      return known.columns.size() == 1 ? table + "_" + columns + "_check" : table + "_check";
  }
  return table;
}

std::string index_name(const PgQuery__IndexStmt& statement) {
  if (!text_of(statement.idxname).empty()) return std::string(text_of(statement.idxname));
  std::string out(text_of(statement.relation->relname));
  for (std::size_t i = 0; i < statement.n_index_params; ++i) {
    const std::string_view name = text_of(statement.index_params[i]->index_elem->name);
    out += '_';
    out += name.empty() ? "expr" : name;
  }
  return out + "_idx";
}

bool same_index(const Index& left, const Index& right) {
  return left.key == right.key && left.unique == right.unique && left.method == right.method && left.where == right.where &&
         left.expressions == right.expressions && left.columns == right.columns && left.collations_and_classes == right.collations_and_classes;
}

}  // namespace contraflow::lint
