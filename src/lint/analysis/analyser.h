// SPDX-License-Identifier: Apache-2.0
//
// From one statement's tree and the schema before it: what the statement does (actions), and the schema after it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lint/action.h"
#include "lint/analysis/partition_bound.h"
#include "lint/session.h"
#include "lint/statement.h"

namespace contraflow::lint {

class Analyser {
 public:
  Analyser(Schema& schema, const Session& session, const Majors& majors) : schema_(schema), session_(session), majors_(majors) {}

  std::vector<Action> analyse(const Statement& statement);

  // What the statement is judged by: the transaction that it runs in may already have added enum values and so on.
  void in_transaction(const Transaction* transaction) { transaction_ = transaction; }

 private:
  // A relation that a statement names.
  struct Target {
    QualifiedName key;    // completed by the search path
    QualifiedName shown;  // as messages show it
    const Relation* known = nullptr;
    bool is_private = false;
    bool only = false;  // ONLY: neither partitions nor children
  };

  Target target(const QualifiedName& written) const;
  Target target(const PgQuery__RangeVar& relation) const;
  Target refreshed(const Target& old) const;
  QualifiedName complete_type(const QualifiedName& written) const;
  // A partitioned table without partitions has no rows. Files alone do not say so: functions make partitions too.
  bool has_no_partitions(const Target& table) const {
    return schema_.complete && table.known != nullptr && !table.known->partial && table.known->kind == RelationKind::partitioned && table.known->partitions.empty();
  }
  std::string type_of(const PgQuery__TypeName& type) const;  // qualified where the schema knows it
  const Type* find_type(std::string_view type) const;        // a domain, enum or composite type by its spelled name
  Relation& edit(const Target& target) { return schema_.relations.edit(target.key); }

  Action& add(effects::Operation operation, const Target& target, std::size_t offset);
  Action& add_fact(Fact fact, const Target& target, std::size_t offset);
  Action& add_fact(Fact fact, std::size_t offset);
  void narrow(Action& action, int since, int before = 0);

  // alter_table.cpp
  void alter_table(const PgQuery__AlterTableStmt& statement);
  static bool column_is_new(const Target& table, const std::string& column);
  void alter_table_command(const Target& target, const PgQuery__AlterTableCmd& command, std::size_t offset);
  void alter_index(const PgQuery__AlterTableStmt& statement);
  void alter_materialized_view(const PgQuery__AlterTableStmt& statement);
  void alter_composite_type(const PgQuery__AlterTableStmt& statement);
  void move_all(const PgQuery__AlterTableMoveAllStmt& statement);
  std::size_t command_place(const PgQuery__AlterTableStmt& statement, std::size_t index) const;
  void take_strongest_lock(std::size_t first_action);

  // add_column.cpp
  void add_column(const Target& target, const PgQuery__AlterTableCmd& command, std::size_t offset);
  void judge_column_value(const Target& target, const PgQuery__ColumnDef& column, const std::string& type, std::size_t offset);
  void judge_column_constraint(const Target& target, const PgQuery__ColumnDef& column, const PgQuery__Constraint& constraint, std::size_t offset);
  void note_column(Relation& relation, const PgQuery__ColumnDef& column, const QualifiedName& table);

  // alter_type.cpp
  void alter_type(const Target& target, const PgQuery__AlterTableCmd& command, std::size_t offset);

  // constraints.cpp
  void add_constraint(const Target& target, const PgQuery__Constraint& constraint, std::size_t offset);
  void add_foreign_key(const Target& target, const PgQuery__Constraint& constraint, std::size_t offset);
  void add_key(const Target& target, const PgQuery__Constraint& constraint, std::size_t offset);
  void drop_constraint(const Target& target, const PgQuery__AlterTableCmd& command, std::size_t offset);
  void validate_constraint(const Target& target, const std::string& name, std::size_t offset);
  void set_not_null(const Target& target, const std::string& column, std::size_t offset);
  void add_not_null(const Target& target, const std::string& column, bool not_valid, std::size_t offset);
  const Newer* newer_at(std::size_t offset, Newer::Kind kind) const;
  std::string check_text(const PgQuery__Constraint& constraint) const;
  void note_constraint(const Target& target, const PgQuery__Constraint& constraint, const std::string& column);
  void reference_index(const Target& target, const Constraint& constraint, std::size_t offset);
  void alter_domain(const PgQuery__AlterDomainStmt& statement);
  void domain_work(effects::Operation operation, const QualifiedName& domain, const std::string& constraint, std::size_t offset);

  // partitions.cpp
  Implied default_is_implied(const Target& child, const Target& parent) const;
  void attach_partition(const Target& parent, const PgQuery__PartitionCmd& command, std::size_t offset);
  void detach_partition(const Target& parent, const PgQuery__PartitionCmd& command, std::size_t offset);
  void create_partition(const Target& parent, const Target& child, const PgQuery__PartitionBoundSpec& bound, std::size_t offset);
  void scan_default(const Target& parent, const PgQuery__PartitionBoundSpec& bound, std::size_t offset);

  // create.cpp
  void create_table(const PgQuery__CreateStmt& statement);
  void create_table_as(const PgQuery__CreateTableAsStmt& statement);
  void create_view(const PgQuery__ViewStmt& statement);
  void create_domain(const PgQuery__CreateDomainStmt& statement);
  void create_enum(const PgQuery__CreateEnumStmt& statement);
  void alter_enum(const PgQuery__AlterEnumStmt& statement);
  void create_function(const PgQuery__CreateFunctionStmt& statement);
  void create_operator(const PgQuery__DefineStmt& statement);
  void create_trigger(const PgQuery__CreateTrigStmt& statement);

  // indexes.cpp
  void create_index(const PgQuery__IndexStmt& statement);
  void drop_index(const PgQuery__DropStmt& statement);
  void reindex(const PgQuery__ReindexStmt& statement);
  void cluster(const PgQuery__ClusterStmt& statement);
  void vacuum(const PgQuery__VacuumStmt& statement);
  void refresh(const PgQuery__RefreshMatViewStmt& statement);

  // drop_rename.cpp
  void drop(const PgQuery__DropStmt& statement);
  void drop_table(const PgQuery__DropStmt& statement);
  void drop_on_table(const PgQuery__DropStmt& statement, effects::Operation operation, const char* what);
  void rename(const PgQuery__RenameStmt& statement);
  void rename_relation(const PgQuery__RenameStmt& statement);
  void rename_column(const PgQuery__RenameStmt& statement);
  void set_schema(const PgQuery__AlterObjectSchemaStmt& statement);

  // left_behind.cpp
  QualifiedName known_function(const QualifiedName& written) const;
  void note_trigger(const Target& table, const PgQuery__CreateTrigStmt& statement);
  void rename_trigger(const Target& table, const std::string& old_name, const std::string& new_name);
  void forget_trigger(const Target& table, const std::string& trigger);
  void forget_function(const QualifiedName& function);
  void functions_left(const Relation& gone, const Target& table, std::size_t offset);
  void function_left(const QualifiedName& function, const Target& table, std::size_t offset);
  void triggers_reading(const Target& table, const std::string& column, const char* happens, std::size_t offset);

  // data.cpp
  void update_rows(const PgQuery__RangeVar& relation, const PgQuery__Node* where, Fact fact);
  void insert_rows(const PgQuery__InsertStmt& statement);
  void truncate(const PgQuery__TruncateStmt& statement);
  void sequences_set(const PgQuery__SelectStmt& statement);
  void sequence_set(const PgQuery__RangeVar& sequence);
  void enum_values_used(const ProtobufCMessage& message);

  Schema& schema_;
  const Session& session_;
  const Majors& majors_;
  const Transaction* transaction_ = nullptr;
  const Statement* statement_ = nullptr;
  std::vector<Action> actions_;
  bool validates_references_ = false;  // ALTER TABLE: a column of it has a default, or an FK is added by itself
};

}  // namespace contraflow::lint
