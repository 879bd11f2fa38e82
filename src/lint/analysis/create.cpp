// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "lint/analysis/analyser.h"
#include "lint/analysis/parts.h"
#include "lint/routine.h"
#include "lint/volatility.h"

namespace contraflow::lint {

using effects::Operation;

void Analyser::create_table(const PgQuery__CreateStmt& statement) {
  const Target table = target(*statement.relation);
  const bool exists = table.known != nullptr && !table.known->partial;
  if (exists && statement.if_not_exists != 0) return;
  Relation made;
  made.partial = false;
  made.temporary = text_of(statement.relation->relpersistence) == "t";
  made.unlogged = text_of(statement.relation->relpersistence) == "u";
  // With IF NOT EXISTS it may be there already, filled and in use, unless the whole schema is known.
  made.created_here = statement.if_not_exists == 0 || (schema_.complete && table.known == nullptr);
  made.access_method = text_of(statement.access_method);
  made.tablespace = text_of(statement.tablespacename);
  if (statement.of_typename != nullptr) made.of_type = type_of(*statement.of_typename);
  if (statement.partspec != nullptr) {
    made.kind = RelationKind::partitioned;
    made.partition_strategy = to_lower(text_of(statement.partspec->strategy));
    for (std::size_t i = 0; i < statement.partspec->n_part_params; ++i) {
      const PgQuery__PartitionElem& element = *statement.partspec->part_params[i]->partition_elem;
      made.partition_key.emplace_back(text_of(element.name));
      made.partition_functions.merge(functions_below(element.expr));
    }
  }
  const bool is_private = made.created_here || made.temporary;
  schema_.relations.edit(table.key) = std::move(made);
  schema_.created_relations.push_back(table.key);
  Target here = refreshed(table);
  here.is_private = is_private;
  const auto reference = [&](const PgQuery__Constraint& constraint) {
    if (constraint.pktable == nullptr) return;
    const Target referenced = target(*constraint.pktable);
    if (referenced.is_private || referenced.key == table.key) return;
    // The lock is on the other table; the new one is nobody's yet.
    Action& action = add(Operation::create_table_reference, table, statement_->offset);
    action.is_private = false;
    action.other = referenced.shown;
    action.object = constraint_name(constraint, table.key.name, {});
  };
  for (std::size_t i = 0; i < statement.n_table_elts; ++i) {
    const PgQuery__Node& element = *statement.table_elts[i];
    if (element.node_case == PG_QUERY__NODE__NODE_COLUMN_DEF) {
      note_column(edit(here), *element.column_def, table.key);
      for (std::size_t c = 0; c < element.column_def->n_constraints; ++c) {
        const PgQuery__Constraint& constraint = *element.column_def->constraints[c]->constraint;
        if (constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN) reference(constraint);
      }
    } else if (element.node_case == PG_QUERY__NODE__NODE_CONSTRAINT) {
      const PgQuery__Constraint& constraint = *element.constraint;
      if (constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN) reference(constraint);
      note_constraint(here, constraint, {});
    } else if (element.node_case == PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE) {
      const Target source = target(*element.table_like_clause->relation);
      Relation& relation = edit(here);
      if (source.known == nullptr || source.known->partial) {
        relation.partial = true;  // columns that are not known here
      } else {
        constexpr std::uint32_t kConstraints = 1U << 2, kDefaults = 1U << 3, kIndexes = 1U << 6;  // TableLikeOption in parsenodes.h
        const std::uint32_t options = element.table_like_clause->options;
        for (auto [name, column] : source.known->columns) {
          if ((options & kDefaults) == 0) column.has_default = column.not_null && false;
          relation.columns[name] = column;
        }
        if ((options & kConstraints) != 0) {
          for (const auto& [name, constraint] : source.known->constraints) {
            if (constraint.kind == ConstraintKind::check) relation.constraints[name] = constraint;
          }
        }
        if ((options & kIndexes) != 0) {
          for (const auto& [name, index] : source.known->indexes) relation.indexes[replace_all(name, source.key.name, table.key.name)] = index;
        }
      }
    }
  }
  for (std::size_t i = 0; i < statement.n_constraints; ++i) {
    const PgQuery__Node& node = *statement.constraints[i];
    if (node.node_case != PG_QUERY__NODE__NODE_CONSTRAINT) continue;
    if (node.constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN) reference(*node.constraint);
    note_constraint(here, *node.constraint, {});
  }
  for (std::size_t i = 0; i < statement.n_inh_relations; ++i) {
    if (statement.inh_relations[i]->node_case != PG_QUERY__NODE__NODE_RANGE_VAR) continue;
    const Target parent = target(*statement.inh_relations[i]->range_var);
    if (statement.partbound != nullptr) {
      create_partition(parent, here, *statement.partbound, statement_->offset);
    } else {
      edit(parent).children.insert(table.key);
      if (const Relation* known = schema_.relations.find(parent.key)) edit(here).columns.insert(known->columns.begin(), known->columns.end());
    }
  }
  // Foreign keys that were noted hold the names of the tables that they reference; what each lacks an index for is said now.
  const Relation* known = schema_.relations.find(table.key);
  for (const auto& [name, constraint] : known->constraints) {
    if (constraint.kind == ConstraintKind::foreign_key) reference_index(refreshed(here), constraint, statement_->offset);
  }
}

void Analyser::create_table_as(const PgQuery__CreateTableAsStmt& statement) {
  if (statement.into == nullptr || statement.into->rel == nullptr) return;
  const Target table = target(*statement.into->rel);
  if (table.known != nullptr && !table.known->partial && statement.if_not_exists != 0) return;
  Relation made;
  made.partial = true;
  made.kind = statement.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW ? RelationKind::materialized_view : RelationKind::table;
  made.created_here = statement.if_not_exists == 0 || (schema_.complete && table.known == nullptr);
  made.temporary = text_of(statement.into->rel->relpersistence) == "t";
  made.has_data_here = statement.into->skip_data == 0;
  schema_.relations.edit(table.key) = std::move(made);
  schema_.created_relations.push_back(table.key);
}

void Analyser::create_view(const PgQuery__ViewStmt& statement) {
  const Target view = target(*statement.view);
  Relation& made = edit(view);
  if (view.known == nullptr) schema_.created_relations.push_back(view.key);
  made.created_here = made.created_here || view.known == nullptr;
  made.kind = RelationKind::view;
  made.partial = false;
  made.shows.clear();
  add_fact(Fact::view_made, view, statement_->offset);
}

void Analyser::create_domain(const PgQuery__CreateDomainStmt& statement) {
  const QualifiedName written = qualified(NodeList(statement.domainname, statement.n_domainname));
  const QualifiedName name = written.schema.empty() ? QualifiedName{session_.search_path.empty() ? "public" : session_.search_path.front(), written.name} : written;
  Type made;
  made.kind = TypeKind::domain;
  made.created_here = true;
  if (statement.type_name != nullptr) made.base = type_of(*statement.type_name);
  if (const Type* base = find_type(made.base)) {
    made.constrained = base->constrained || base->not_null;
    made.has_default = base->has_default;
    made.volatile_default = base->volatile_default;
  }
  for (std::size_t i = 0; i < statement.n_constraints; ++i) {
    const PgQuery__Constraint& constraint = *statement.constraints[i]->constraint;
    switch (constraint.contype) {
      case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL: made.not_null = made.constrained = true; break;
      case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
        made.constrained = true;
        made.constraints[text_of(constraint.conname).empty() ? name.name + "_check" : std::string(text_of(constraint.conname))] = true;
        break;
      case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT:
        made.has_default = true;
        made.volatile_default = judge_default(constraint.raw_expr, schema_, session_.search_path, majors_).verdict == Volatility::volatile_;
        break;
      default: break;
    }
  }
  schema_.types.edit(name) = std::move(made);
  schema_.created_types.push_back(name);
}

void Analyser::create_enum(const PgQuery__CreateEnumStmt& statement) {
  const QualifiedName written = qualified(NodeList(statement.type_name, statement.n_type_name));
  const QualifiedName name = written.schema.empty() ? QualifiedName{session_.search_path.empty() ? "public" : session_.search_path.front(), written.name} : written;
  Type& made = schema_.types.edit(name);
  schema_.created_types.push_back(name);
  made.kind = TypeKind::enumeration;
  made.created_here = true;
  for (std::string& label : strings_of({statement.vals, statement.n_vals})) made.labels.insert(std::move(label));
}

void Analyser::alter_enum(const PgQuery__AlterEnumStmt& statement) {
  const QualifiedName written = qualified(NodeList(statement.type_name, statement.n_type_name));
  const QualifiedName name = complete_type(written);
  const Type* known = schema_.types.find(name);
  if (known != nullptr && known->created_here) return;
  const bool renames = !text_of(statement.old_val).empty();
  if (!renames && known != nullptr && statement.skip_if_new_val_exists != 0 && known->labels.contains(std::string(text_of(statement.new_val)))) return;
  Action& action = add_fact(renames ? Fact::enum_rename_value : Fact::enum_add_value, statement_->offset);
  action.what = sql::quote(schema_.complete ? name : written);
  action.from = text_of(statement.old_val);
  action.to = action.object = text_of(statement.new_val);
  if (known != nullptr) {
    Type& changed = schema_.types.edit(name);
    if (renames) changed.labels.erase(action.from);
    changed.labels.insert(action.to);
  }
}

void Analyser::create_function(const PgQuery__CreateFunctionStmt& statement) {
  const QualifiedName written = qualified(NodeList(statement.funcname, statement.n_funcname));
  const QualifiedName name = written.schema.empty() ? QualifiedName{session_.search_path.empty() ? "public" : session_.search_path.front(), written.name} : written;
  const NodeList options(statement.options, statement.n_options);
  Function made;
  made.language = "sql";
  for (const PgQuery__Node* node : options) {
    const PgQuery__DefElem& option = *node->def_elem;
    const std::string_view option_name = text_of(option.defname);
    if (option_name == "language") made.language = to_lower(constant_of(option.arg).value_or("sql"));
    if (option_name == "volatility") made.volatility = constant_of(option.arg).value_or("v").front();
    if (option_name == "strict") made.strict = true;
    if (option_name == "as" && option.arg != nullptr && option.arg->node_case == PG_QUERY__NODE__NODE_LIST && option.arg->list->n_items > 0) {
      made.body = string_of(option.arg->list->items[0]);
      if (const std::size_t at = statement_->text.find(made.body); at != std::string_view::npos && statement_->exact_places && !made.body.empty()) {
        made.offset = statement_->offset + at;
        made.has_offset = true;
      }
    }
  }
  made.may_inline = statement.is_procedure == 0 && made.language == "sql" && option_named(options, "security") == nullptr && option_named(options, "set") == nullptr &&
                    (statement.return_type == nullptr || statement.return_type->setof == 0);
  note_arguments(made, statement);
  if (statement.sql_body != nullptr && made.body.empty()) made.body = standard_body(statement_->text);
  // What stands on the old definition keeps its values and entries.
  if (statement.replace != 0) {
    for (const QualifiedName& relation_name : schema_.relations_calling(name.name)) {
      const Relation* relation = schema_.relations.find(relation_name);
      if (relation == nullptr || relation->created_here) continue;
      std::string what;
      for (const auto& [index_called, index] : relation->indexes) {
        if (index.functions.contains(name.name)) what = "index " + index_called;
      }
      for (const auto& [column_called, column] : relation->columns) {
        if (column.stored && column.functions.contains(name.name)) what = "generated column " + column_called;
      }
      for (const auto& [constraint_called, constraint] : relation->constraints) {
        if (constraint.kind == ConstraintKind::check && constraint.functions.contains(name.name)) what = "constraint " + constraint_called;
      }
      if (relation->partition_functions.contains(name.name)) what = "the partition key";
      if (what.empty()) continue;
      Action& action = add_fact(Fact::replaces_function, target(relation_name), statement_->offset);
      action.object = sql::quote(written);
      action.what = what;
    }
  }
  auto& overloads = schema_.functions.edit(name);
  std::erase_if(overloads, [&](const Function& old) { return old.arguments == made.arguments; });
  add_fact(Fact::function_used, Target{}, statement_->offset).key = name;
  overloads.push_back(std::move(made));
}

void Analyser::create_operator(const PgQuery__DefineStmt& statement) {
  if (statement.kind != PG_QUERY__OBJECT_TYPE__OBJECT_OPERATOR) return;
  QualifiedName name = qualified(NodeList(statement.defnames, statement.n_defnames));
  if (name.schema.empty()) name.schema = session_.search_path.empty() ? "public" : session_.search_path.front();
  if (const auto function = operator_function(statement)) schema_.operators.edit(name) = *function;
}

void Analyser::create_trigger(const PgQuery__CreateTrigStmt& statement) {
  const Target table = target(*statement.relation);
  Action& action = add(Operation::create_trigger, table, statement_->offset);
  action.object = text_of(statement.trigname);
  if (statement.constrrel != nullptr) action.other = target(*statement.constrrel).shown;
  edit(table).user_triggers.insert(action.object);
  edit(table).trigger_events[action.object] = statement.events;
  note_trigger(table, statement);
}

}  // namespace contraflow::lint
