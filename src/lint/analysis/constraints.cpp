// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "catalog/source_scan.h"
#include "lint/analysis/analyser.h"
#include "lint/analysis/parts.h"

namespace contraflow::lint {

using effects::Operation;

const Newer* Analyser::newer_at(std::size_t offset, Newer::Kind kind) const {
  // The construct follows the place where its constraint or command begins, and precedes the next one of its kind.
  const Newer* found = nullptr;
  for (const Newer& newer : statement_->newer) {
    if (newer.kind != kind) continue;
    if (statement_->offset + newer.offset < offset) continue;
    if (found == nullptr || newer.offset < found->offset) found = &newer;
  }
  return found;
}

// The expression of a CHECK as it is written: the parentheses behind the constraint's place.
std::string Analyser::check_text(const PgQuery__Constraint& constraint) const {
  if (constraint.location < 0) return {};
  const auto at = static_cast<std::size_t>(constraint.location);
  if (at < statement_->text_begin || at - statement_->text_begin > statement_->text.size()) return {};
  catalog::SqlScanner scanner(statement_->text, at - statement_->text_begin);
  std::size_t begin = 0;
  int depth = 0;
  for (catalog::Token token = scanner.next(); token.kind != catalog::TokenKind::end; token = scanner.next()) {
    if (token.kind != catalog::TokenKind::symbol) continue;
    const char symbol = statement_->text[token.begin];
    if (symbol == '(' && depth++ == 0) begin = token.begin;
    if (symbol == ')' && --depth == 0) return std::string(statement_->text.substr(begin, token.end - begin));
  }
  return {};
}

void Analyser::note_constraint(const Target& table, const PgQuery__Constraint& constraint, const std::string& column) {
  Constraint known = constraint_of(constraint, column);
  known.enforced = newer_at(statement_->place(constraint.location), Newer::Kind::not_enforced) == nullptr;
  if (known.kind == ConstraintKind::check) known.expression = check_text(constraint);
  if (known.references) {
    const Target referenced = target(*known.references);
    known.references = referenced.key;
    edit(referenced).referenced_by.insert(table.key);
  }
  const std::string name = constraint_name(constraint, table.key.name, column);
  Relation& relation = edit(table);
  const bool makes_index = known.kind == ConstraintKind::primary_key || known.kind == ConstraintKind::unique || known.kind == ConstraintKind::exclusion;
  if (makes_index) {
    Index index = index_of(constraint);
    const std::string adopted(text_of(constraint.indexname));
    if (const auto it = relation.indexes.find(adopted); it != relation.indexes.end()) {
      index = it->second;
      index.of_constraint = true;
      known.columns = index.key;
      relation.indexes.erase(adopted);
    }
    if (known.kind == ConstraintKind::primary_key) {
      for (const std::string& key : known.columns) relation.columns[key].not_null = true;
    }
    relation.indexes[name] = std::move(index);
    schema_.index_tables.edit({table.key.schema, name}) = table.key;
  }
  relation.constraints[name] = std::move(known);
}

void Analyser::add_constraint(const Target& table, const PgQuery__Constraint& constraint, std::size_t offset) {
  const std::size_t place = offset;
  const std::string name = constraint_name(constraint, table.key.name, {});
  const bool no_rows = table.only && table.known != nullptr && table.known->kind == RelationKind::partitioned;
  switch (constraint.contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK: {
      if (const Newer* newer = newer_at(statement_->place(constraint.location), Newer::Kind::not_null_constraint)) {
        add_not_null(table, newer->column, constraint.skip_validation != 0, place);
        return;
      }
      const bool enforced = newer_at(statement_->place(constraint.location), Newer::Kind::not_enforced) == nullptr;
      const bool checks = constraint.skip_validation == 0 && enforced && !no_rows;
      Action& action = add(checks ? Operation::add_check : Operation::add_check_not_valid, table, place);
      action.object = name;
      if (constraint.skip_validation != 0) action.fact = Fact::not_valid_left;
      if (!enforced) narrow(action, 18);
      break;
    }
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN: return add_foreign_key(table, constraint, place);
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY: return add_key(table, constraint, place);
    case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION: add(Operation::add_exclusion, table, place).object = name; break;
    default: break;
  }
  note_constraint(table, constraint, {});
}

void Analyser::add_foreign_key(const Target& table, const PgQuery__Constraint& constraint, std::size_t offset) {
  if (constraint.pktable == nullptr) return;
  const Target referenced = target(*constraint.pktable);
  const std::string name = constraint_name(constraint, table.key.name, {});
  const bool not_valid = constraint.skip_validation != 0;
  const bool enforced = newer_at(statement_->place(constraint.location), Newer::Kind::not_enforced) == nullptr;
  Action& action = add(not_valid || !enforced ? Operation::add_foreign_key_not_valid : Operation::add_foreign_key, table, offset);
  action.object = name;
  action.other = referenced.shown;
  action.other_is_private = referenced.is_private || referenced.key == table.key;
  if (not_valid) action.fact = Fact::not_valid_left;
  if (!enforced) narrow(action, 18);
  if (not_valid && table.known != nullptr && table.known->kind == RelationKind::partitioned) {
    Action& refused = add_fact(Fact::not_valid_on_partitioned, table, offset);
    refused.object = name;
    narrow(refused, 0, 18);
  }
  note_constraint(table, constraint, {});
  reference_index(refreshed(table), constraint_of(constraint), offset);
}

// The referenced table's deletes and key updates look for referencing rows: without an index by a scan.
void Analyser::reference_index(const Target& table, const Constraint& constraint, std::size_t offset) {
  if (table.known == nullptr || table.known->partial || constraint.columns.empty() || !constraint.references) return;
  for (const auto& [index_called, index] : table.known->indexes) {
    if (index.partial || index.key.size() < constraint.columns.size()) continue;
    // Any order of the columns will do, as long as they come first.
    const std::set<std::string> leading(index.key.begin(), index.key.begin() + static_cast<std::ptrdiff_t>(constraint.columns.size()));
    if (leading == std::set<std::string>(constraint.columns.begin(), constraint.columns.end())) return;
  }
  Action& action = add_fact(Fact::reference_without_index, table, offset);
  action.column = constraint.columns.front();
  action.object = fmt::format("{}", fmt::join(constraint.columns, ", "));
  action.other = target(*constraint.references).shown;
}

void Analyser::add_key(const Target& table, const PgQuery__Constraint& constraint, std::size_t offset) {
  const bool primary = constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY;
  const std::string index_called(text_of(constraint.indexname));
  const std::string name = constraint_name(constraint, table.key.name, {});
  const bool no_rows = table.only && table.known != nullptr && table.known->kind == RelationKind::partitioned;
  std::vector<std::string> columns = strings_of({constraint.keys, constraint.n_keys});
  if (!index_called.empty()) {
    const Index* index = nullptr;
    if (table.known != nullptr) {
      if (const auto it = table.known->indexes.find(index_called); it != table.known->indexes.end()) index = &it->second;
    }
    if (index != nullptr) columns = index->key;
    std::string nullable;
    bool unknown = primary && index == nullptr;
    if (primary) {
      for (const std::string& column : columns) {
        const auto it = table.known == nullptr ? std::map<std::string, Column>::const_iterator() : table.known->columns.find(column);
        const bool found = table.known != nullptr && it != table.known->columns.end();
        if (found && it->second.not_null) continue;
        const bool proven = table.known != nullptr && std::any_of(table.known->constraints.begin(), table.known->constraints.end(), [&](const auto& item) {
                              return item.second.kind == ConstraintKind::check && item.second.validated && item.second.enforced && item.second.not_null_columns.contains(column);
                            });
        if (proven) continue;
        if (!found || (table.known->partial && it->second.type.empty())) unknown = true;
        nullable = column;
      }
    }
    if (primary && (!nullable.empty() || unknown)) {
      Action& action = add(Operation::add_primary_key_scan, table, offset);
      action.object = name;
      action.column = nullable;
      action.reason = nullable.empty() ? "its columns may hold NULL" : fmt::format("column {} is not NOT NULL", nullable);
      if (unknown) {
        action.depends = "whether its columns are NOT NULL: name the schema with --schema";
        action.likely = false;
      }
    } else {
      add(Operation::add_using_index, table, offset).object = name;
    }
  } else if (no_rows) {
    add(Operation::add_using_index, table, offset).object = name;
  } else {
    Action& action = add(Operation::add_unique, table, offset);
    action.object = name;
    action.what = primary ? "PRIMARY KEY" : "UNIQUE";
    action.column = fmt::format("{}", fmt::join(columns, ", "));
  }
  note_constraint(table, constraint, {});
}

void Analyser::drop_constraint(const Target& table, const PgQuery__AlterTableCmd& command, std::size_t offset) {
  const std::string name(text_of(command.name));
  const Constraint* known = nullptr;
  if (table.known != nullptr) {
    if (const auto it = table.known->constraints.find(name); it != table.known->constraints.end()) known = &it->second;
    if (known == nullptr && !table.known->partial && command.missing_ok != 0) return;
  }
  const bool reference = known != nullptr && known->known ? known->kind == ConstraintKind::foreign_key : name.ends_with("_fkey") || name.starts_with("fk_") || name.ends_with("_fk");
  Action& action = add(reference ? Operation::drop_foreign_key : Operation::drop_constraint, table, offset);
  action.object = name;
  if (reference && known != nullptr && known->references) {
    const Target referenced = target(*known->references);
    action.other = referenced.shown;
    action.other_is_private = referenced.is_private || referenced.key == table.key;
  }
  if (reference && known == nullptr) action.depends = "the constraint's name says that it is a foreign key";
  Relation& relation = edit(table);
  if (relation.indexes.contains(name) && relation.indexes.at(name).of_constraint) relation.indexes.erase(name);
  relation.constraints.erase(name);
}

void Analyser::validate_constraint(const Target& table, const std::string& name, std::size_t offset) {
  Constraint* known = nullptr;
  Relation& relation = edit(table);
  if (const auto it = relation.constraints.find(name); it != relation.constraints.end()) known = &it->second;
  const bool already = known != nullptr && known->known && known->validated;
  const bool reference = known != nullptr && known->kind == ConstraintKind::foreign_key;
  if (!already) {
    Action& action = add(reference ? Operation::validate_foreign_key : Operation::validate_check, table, offset);
    action.object = name;
    if (reference && known->references) action.other = target(*known->references).shown;
    action.fact = Fact::not_valid_left;
    action.what = "validated";
  }
  if (known == nullptr) {
    known = &relation.constraints[name];
    known->kind = ConstraintKind::check;
    known->known = false;
  }
  known->validated = true;
}

void Analyser::set_not_null(const Target& table, const std::string& name, std::size_t offset) {
  const Column* column = nullptr;
  if (table.known != nullptr) {
    if (const auto it = table.known->columns.find(name); it != table.known->columns.end()) column = &it->second;
  }
  bool proven = column != nullptr && column->not_null;
  bool unknown_validated = false;
  std::string near;  // a NOT VALID check that would prove it
  if (table.known != nullptr && !proven) {
    for (const auto& [constraint_called, constraint] : table.known->constraints) {
      if (constraint.kind != ConstraintKind::check) continue;
      if (!constraint.known && constraint.validated) unknown_validated = true;
      if (!constraint.not_null_columns.contains(name)) continue;
      if (constraint.validated && constraint.enforced) proven = true;
      else near = constraint_called;
    }
  }
  const bool no_rows = has_no_partitions(table);
  Action& action = add(proven || no_rows ? Operation::set_not_null_proven : Operation::set_not_null, table, offset);
  action.column = name;
  action.object = near;
  if (!proven && unknown_validated) {
    action.depends = "whether the constraint that was validated before proves it: name the schema with --schema";
    action.likely = false;
  }
  if (column == nullptr || !column->not_null) {
    const bool has_default = column != nullptr && column->has_default;
    if (!has_default) {
      Action& writers = add_fact(Fact::not_null_for_writers, table, offset);
      writers.column = name;
      writers.depends = column == nullptr || column->type.empty() ? "whether the column has a default" : "";
    }
  }
  edit(table).columns[name].not_null = true;
}

// PostgreSQL 18: ADD CONSTRAINT … NOT NULL column.
void Analyser::add_not_null(const Target& table, const std::string& column, bool not_valid, std::size_t offset) {
  // A validated CHECK proves it, as it does for SET NOT NULL.
  const auto proves = [&](const auto& item) {
    const Constraint& constraint = item.second;
    return constraint.kind == ConstraintKind::check && constraint.validated && constraint.enforced && constraint.not_null_columns.contains(column);
  };
  const bool already = table.known != nullptr && ((table.known->columns.contains(column) && table.known->columns.at(column).not_null) ||
                                                  std::any_of(table.known->constraints.begin(), table.known->constraints.end(), proves));
  Action& action = add(not_valid || already ? Operation::add_not_null_not_valid : Operation::add_not_null, table, offset);
  action.column = column;
  narrow(action, 18);
  if (!not_valid) edit(table).columns[column].not_null = true;
}

void Analyser::alter_domain(const PgQuery__AlterDomainStmt& statement) {
  const QualifiedName domain = complete_type(qualified(NodeList(statement.type_name, statement.n_type_name)));
  const std::string_view kind = text_of(statement.subtype);
  Type& type = schema_.types.edit(domain);
  type.kind = TypeKind::domain;
  if (kind == "T") {  // SET or DROP DEFAULT
    type.has_default = statement.def != nullptr;
  } else if (kind == "N") {
    type.not_null = false;
    type.constrained = !type.constraints.empty();
  } else if (kind == "O") {
    if (type.not_null) return;
    domain_work(Operation::domain_constraint, domain, "NOT NULL", statement_->offset);
    Type& changed = schema_.types.edit(domain);
    changed.not_null = changed.constrained = true;
  } else if (kind == "C" && statement.def != nullptr && statement.def->node_case == PG_QUERY__NODE__NODE_CONSTRAINT) {
    const PgQuery__Constraint& constraint = *statement.def->constraint;
    const std::string name = text_of(constraint.conname).empty() ? domain.name + "_check" : std::string(text_of(constraint.conname));
    const bool not_valid = constraint.skip_validation != 0;
    if (!not_valid) domain_work(Operation::domain_constraint, domain, name, statement_->offset);
    Type& changed = schema_.types.edit(domain);
    changed.constrained = true;
    changed.constraints[name] = !not_valid;
  } else if (kind == "V") {
    const std::string name(text_of(statement.name));
    domain_work(Operation::domain_validate, domain, name, statement_->offset);  // also of one that is valid: AlterDomainValidateConstraint() does not ask
    schema_.types.edit(domain).constraints[name] = true;
  } else if (kind == "X") {
    type.constraints.erase(std::string(text_of(statement.name)));
    type.constrained = type.not_null || !type.constraints.empty();
  }
}

// validateDomainCheckConstraint(): SHARE on, and a scan of, every table that has a column of the domain or of one over it.
void Analyser::domain_work(Operation operation, const QualifiedName& domain, const std::string& constraint, std::size_t offset) {
  const Type* known = schema_.types.find(domain);
  std::set<std::string> names{sql::quote(domain), domain.name};
  for (bool more = true; more;) {
    more = false;
    for (const QualifiedName* type_name : schema_.types.names()) {
      const Type* type = schema_.types.find(*type_name);
      if (type->kind == TypeKind::domain && names.contains(type->base) && names.insert(sql::quote(*type_name)).second) more = true;
    }
  }
  bool found = false;
  for (const QualifiedName* table_name : schema_.relations.names()) {
    const Relation* relation = schema_.relations.find(*table_name);
    if (relation->kind != RelationKind::table && relation->kind != RelationKind::materialized_view && relation->kind != RelationKind::partitioned) continue;
    for (const auto& [column_name, column] : relation->columns) {
      if (!names.contains(column.type)) continue;
      found = true;
      if (relation->kind == RelationKind::partitioned && !relation->partial) continue;  // its partitions have the column, too
      Action& action = add(operation, target(*table_name), offset);
      action.column = column_name;
      action.object = constraint;
      action.what = sql::quote(domain);
      break;
    }
  }
  if (found || schema_.complete || (known != nullptr && known->created_here)) return;
  Target unknown;
  Action& action = add(operation, unknown, offset);
  action.object = constraint;
  action.what = sql::quote(domain);
  action.depends = "which tables use the domain: name the schema with --schema";
  action.likely = operation == Operation::domain_constraint;
}

}  // namespace contraflow::lint
