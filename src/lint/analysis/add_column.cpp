// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "lint/analysis/analyser.h"
#include "lint/analysis/parts.h"
#include "lint/volatility.h"

namespace contraflow::lint {

using effects::Operation;

namespace {

const PgQuery__Constraint* constraint_of_type(const PgQuery__ColumnDef& column, PgQuery__ConstrType type) {
  for (std::size_t i = 0; i < column.n_constraints; ++i) {
    if (column.constraints[i]->constraint->contype == type) return column.constraints[i]->constraint;
  }
  return nullptr;
}

}  // namespace

void Analyser::note_column(Relation& relation, const PgQuery__ColumnDef& column, const QualifiedName& table) {
  Column out;
  if (column.type_name != nullptr) {
    out.type = type_of(*column.type_name);
    if (is_serial(*column.type_name)) out.not_null = out.has_default = true;
  }
  if (column.coll_clause != nullptr) out.collation = sql::quote(qualified(NodeList(column.coll_clause->collname, column.coll_clause->n_collname)));
  const std::string name(text_of(column.colname));
  for (std::size_t i = 0; i < column.n_constraints; ++i) {
    const PgQuery__Constraint& constraint = *column.constraints[i]->constraint;
    switch (constraint.contype) {
      case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL: out.not_null = true; break;
      case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT:
        out.has_default = true;
        out.functions = functions_below(constraint.raw_expr);
        break;
      case PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY: out.identity = out.has_default = out.not_null = true; break;
      case PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED: {
        const bool is_virtual = newer_at(statement_->place(constraint.location), Newer::Kind::virtual_column) != nullptr;
        (is_virtual ? out.virtual_ : out.stored) = true;
        out.has_default = true;
        out.functions = functions_below(constraint.raw_expr);
        break;
      }
      case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY: out.not_null = true; [[fallthrough]];
      case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE: {
        Index index = index_of(constraint);
        if (index.key.empty()) {
          index.key = {name};
          index.columns = {name};
          index.collations_and_classes = {"/"};
        }
        const std::string index_called = constraint_name(constraint, table.name, name);
        relation.indexes[index_called] = std::move(index);
        schema_.index_tables.edit({table.schema, index_called}) = table;
        relation.constraints[index_called] = constraint_of(constraint, name);
        break;
      }
      case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
      case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN: {
        Constraint known = constraint_of(constraint, name);
        if (known.kind == ConstraintKind::check) known.expression = check_text(constraint);
        if (known.references) {
          const Target referenced = target(*known.references);
          known.references = referenced.key;
          edit(referenced).referenced_by.insert(table);
        }
        relation.constraints[constraint_name(constraint, table.name, name)] = std::move(known);
        break;
      }
      default: break;
    }
  }
  relation.dropped_columns.erase(name);
  relation.columns[name] = std::move(out);
}

void Analyser::add_column(const Target& table, const PgQuery__AlterTableCmd& command, std::size_t offset) {
  if (command.def == nullptr || command.def->node_case != PG_QUERY__NODE__NODE_COLUMN_DEF) return;
  const PgQuery__ColumnDef& column = *command.def->column_def;
  const std::string name(text_of(column.colname));
  // IF NOT EXISTS with a column that is there: only the lock.
  if (command.missing_ok != 0 && table.known != nullptr && table.known->columns.contains(name) && !table.known->columns.at(name).type.empty()) {
    add(Operation::add_column, table, offset).column = name;
    return;
  }
  const std::string type = column.type_name == nullptr ? std::string() : type_of(*column.type_name);
  const std::size_t first = actions_.size();
  if (!table.only || table.known == nullptr || table.known->kind != RelationKind::partitioned) {
    judge_column_value(table, column, type, offset);
    for (std::size_t i = 0; i < column.n_constraints; ++i) judge_column_constraint(table, column, *column.constraints[i]->constraint, offset);
  }
  if (actions_.size() == first) add(Operation::add_column, table, offset);
  for (std::size_t i = first; i < actions_.size(); ++i) {
    actions_[i].column = name;
    if (actions_[i].to.empty()) actions_[i].to = type;
  }
  Action& shape = add_fact(Fact::shape_breaks_prepared, table, offset);
  shape.column = name;
  shape.what = "added";
  // With IF NOT EXISTS it may have been there, and one that was dropped before is known to the deployed version.
  const bool is_new = (command.missing_ok == 0 || (table.known != nullptr && !table.known->partial)) && (table.known == nullptr || !table.known->dropped_columns.contains(name));
  Relation& relation = edit(table);
  note_column(relation, column, table.key);
  if (!is_new) return;
  relation.columns[name].created_here = true;
  schema_.created_columns.emplace_back(table.key, name);
}

// ATExecAddColumn(): the rows are rewritten where the new column's value is not one constant, or where a domain has to check it.
void Analyser::judge_column_value(const Target& table, const PgQuery__ColumnDef& column, const std::string& type, std::size_t offset) {
  const auto rewrite = [&](std::string reason) -> Action& {
    Action& action = add(Operation::add_column_rewrite, table, offset);
    action.reason = std::move(reason);
    return action;
  };
  const PgQuery__Constraint* generated = constraint_of_type(column, PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED);
  const PgQuery__Constraint* with_default = constraint_of_type(column, PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT);
  const bool identity = constraint_of_type(column, PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY) != nullptr;
  const bool serial = column.type_name != nullptr && is_serial(*column.type_name);
  if (generated != nullptr) {
    if (newer_at(statement_->place(generated->location), Newer::Kind::virtual_column) != nullptr) {
      narrow(add(Operation::add_column, table, offset), 18);
      return;
    }
    rewrite("its values are computed and stored").what = "generated";
    return;
  }
  if (serial || identity) {
    rewrite(serial ? "each row takes a number from the sequence" : "each row takes a number from the identity's sequence").what = serial ? "serial" : "identity";
    return;
  }
  const Type* known_type = find_type(type);
  if (known_type != nullptr && known_type->kind == TypeKind::domain && known_type->constrained) {
    rewrite(fmt::format("domain {} has a constraint to check", type)).what = "domain";
    return;
  }
  if (with_default != nullptr) {
    const Judgement judgement = judge_default(with_default->raw_expr, schema_, session_.search_path, majors_);
    if (judgement.verdict == Volatility::stable) return;
    Action& action = rewrite(fmt::format("the default calls {}(), {}", judgement.function, judgement.verdict == Volatility::volatile_ ? "which is volatile" : "which is not known here"));
    action.what = "default";
    action.object = judgement.function;
    action.versions = judgement.versions;
    if (judgement.verdict == Volatility::unknown) {
      action.depends = fmt::format("whether {}() is volatile: name the schema with --schema", judgement.function);
      action.likely = false;
    }
    return;
  }
  if (known_type != nullptr && known_type->kind == TypeKind::domain && known_type->volatile_default) {
    rewrite(fmt::format("the default of domain {} is volatile", type)).what = "domain";
    return;
  }
  const bool has_value = known_type != nullptr && known_type->has_default;
  if (constraint_of_type(column, PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL) != nullptr && !has_value) add(Operation::add_column_not_null, table, offset);
}

void Analyser::judge_column_constraint(const Target& table, const PgQuery__ColumnDef& column, const PgQuery__Constraint& constraint, std::size_t offset) {
  const std::string name(text_of(column.colname));
  const bool enforced = newer_at(statement_->place(constraint.location), Newer::Kind::not_enforced) == nullptr;
  switch (constraint.contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
      if (!enforced) return;
      add(Operation::add_column_check, table, offset).object = constraint_name(constraint, table.key.name, name);
      return;
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY: {
      Action& action = add(Operation::add_column_unique, table, offset);
      action.object = constraint_name(constraint, table.key.name, name);
      action.what = constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY ? "PRIMARY KEY" : "UNIQUE";
      return;
    }
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN: {
      if (constraint.pktable == nullptr) return;
      const Target referenced = target(*constraint.pktable);
      const bool scans = validates_references_ && enforced;
      Action& action = add(scans ? Operation::add_column_reference_scan : Operation::add_column_reference, table, offset);
      action.object = constraint_name(constraint, table.key.name, name);
      action.other = referenced.shown;
      action.other_is_private = referenced.is_private || referenced.key == table.key;
      return;
    }
    default: return;
  }
}

}  // namespace contraflow::lint
