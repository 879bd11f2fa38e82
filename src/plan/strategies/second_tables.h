// SPDX-License-Identifier: Apache-2.0
//
// What plan_second_table() does: which names, columns and references (second_table.cpp), the copy that is kept in step (second_table_copy.cpp), the exchange and the purge
// (second_table_exchange.cpp).
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plan/strategies/family.h"
#include "plan/strategies/second_table.h"
#include "plan/strategies/shadow.h"

namespace contraflow::plan {

class SecondTable {
 public:
  SecondTable(Planner& planner, const ObjectId& table, const ExchangeReason& reason)
      : p_(planner), id_(table), reason_(reason), old_(planner.from, table), new_(planner.to, table) {}

  TableExchange plan();

 private:
  Planner& p_;
  ObjectId id_;
  ExchangeReason reason_;
  Family old_, new_;
  RelationNames next_, retired_;                  // spare names of the new family before the exchange, of the old one after it
  std::vector<std::string> columns_, up_, down_;  // shared columns, and their values in the other table
  std::vector<std::string> kept_;                 // as up_, once new types have their own names
  std::vector<std::string> held_;                 // per shared column: the old one's type where it can hold NULL for a value that it refuses; else empty
  std::vector<std::string> new_only_, fills_;     // columns of the new table that are given a value
  std::vector<std::string> old_only_, neutral_;
  std::vector<std::string> new_key_, old_key_;
  std::map<QualifiedName, QualifiedName> new_types_, old_types_;  // enums that are exchanged with it: their names before and after
  std::vector<Precondition> preconditions_, undo_preconditions_;
  std::vector<const Object*> references_;                   // foreign keys of other tables
  std::vector<const Object*> old_crossing_, new_crossing_;  // its own, to columns that change their type in other tables
  Statements leave_publications_, join_publications_, leave_back_, join_back_;
  std::vector<ShadowColumn> renamed_;  // columns that the first table has under two names from expand on
  std::vector<ShadowSwap::Copy> copies_;
  Statements swap_;                                     // the new names alone
  std::optional<std::size_t> two_names_, both_filled_;  // operations: they are there, and have their values
  bool down_may_fail_ = false;
  bool at_once_ = false;  // no key by which rows find each other: they are copied within the exchange, in either direction
  TableExchange out_;

  QualifiedName table() const { return name_of(id_); }
  QualifiedName next() const { return next_.at(table()); }
  QualifiedName retired() const { return retired_.at(table()); }

  void choose_names();
  bool taken(const QualifiedName& name) const;
  void choose_columns();
  void choose_domain(const ObjectId& column, const ObjectId& type);
  void choose_labels(const ObjectId& column, const ObjectId& type);
  std::vector<std::string> key_of(const Database& database, const Database& other) const;
  void refuse_moving_partitions();
  // second_table_renames.cpp
  void find_renamed();
  void name_twice();
  std::string old_name(const std::string& column) const;
  std::string before_rename(const std::string& expression, const std::string& column, bool converted) const;
  Statements second_names_again() const;
  void join_renamed(const Object& key);
  void under_old_names(catalog::Constraint& key) const;
  Statements with_sequences_as_they_are(Statements statements) const;
  bool gives_up(const QualifiedName& name) const;
  void after_renames(Operation& create) const;
  void take();
  void collect_references();
  bool changes_type(const ObjectId& column) const;
  bool crosses(const Object& member) const;
  static bool references(const Database& database, const ObjectId& from_root, const ObjectId& to_root);
  bool exchanged_too(const QualifiedName& table) const;
  void cross(const ObjectId& key, const ObjectId& column);
  void collect_crossing();
  void collect_publications();

  // ---- the two tables, made empty

  // `before`: foreign keys while other tables' columns have their old names.
  Statements tables(const Family& family, const RelationNames& names, Statements* foreign_keys, bool before = false) const;
  Statements new_sequences() const;

  // ---- keeping them equal

  struct Copy {
    QualifiedName source, target;
    const std::vector<std::string>& key;                  // of the target
    std::vector<std::string> columns, values;             // of the target, over the source's
    std::vector<std::string> constants, constant_values;  // for new rows only
    const Database& target_schema;
    std::vector<std::string> held = {};  // per column: its type where it takes NULL for a value that the conversion refuses
    bool may_refuse = false;             // the target may refuse a row that the source takes: it is without it then
  };
  Copy forward_copy() const;
  Copy back_copy() const;

  static std::string list(const std::vector<std::string>& names, const std::string& prefix = {});

  static std::string copy_all(const Copy& copy);
  static std::string insert(const Copy& copy, const std::string& rows, const std::string& lock);
  static std::string value_of(const Copy& copy, const std::string& column);
  void hold(const ObjectId& column, const catalog::Column& before, const std::string& type, bool may_fail);
  bool old_table_may_refuse() const;
  void expect_all_kept();

  // Where columns have two names the trigger that keeps these equal has the usual names.
  std::string function_name() const { return sql::quote(QualifiedName{id_.schema, sql::truncate_identifier((renamed_.empty() ? "contraflow_sync_" : "contraflow_carry_") + id_.name)}); }
  std::string_view row_trigger() const { return renamed_.empty() ? "zz_contraflow_sync" : "zz_contraflow_carry"; }

  Statements start_sync(const Copy& copy) const;
  Statements stop_sync() const;
  static constexpr std::string_view kTruncate = "zz_contraflow_truncate";

  Action copy_rows(const Copy& copy, bool forward, const std::string& todo) const;

  // ---- the operations

  Operation& add(Phase phase, const std::string& verb, Action forward, Action undo);
  std::size_t make();
  std::string foreign_key_absent(const std::string& statement) const;
  // second_table_itself.cpp
  static std::vector<const Object*> references_to_itself(const Family& family);
  std::size_t refer_to_itself(std::size_t filled);
  std::vector<std::size_t> refer_to_itself_again();
  static Statements defer_references_to_itself(const Family& family, const RelationNames& names, bool deferred);
  std::size_t fill(std::size_t made);
  static Statements drop_attendants(const Family& family);
  static Statements create_attendants(const Family& family);
  Statements carry_identities(const Family& target, const RelationNames& target_names, const Family& source, const RelationNames& source_names) const;
  static Statements own_sequences(const Database& database, const ObjectId& id);
  void exchange(std::size_t filled);
  void purge();
};

// Columns by which the rows of a table in both schemas can be told apart: of a key that is not deferrable, NOT NULL, in both; empty: none.
std::vector<std::string> key_of_rows(const ObjectId& table, const Database& database, const Database& other);

}  // namespace contraflow::plan
