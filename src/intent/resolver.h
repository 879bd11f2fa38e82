// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/model.h"
#include "intent/intent.h"
#include "sql/name.h"

// Inside the module only: turns intents into statements, keeping track of the schema as they change it.
namespace contraflow::intent {

using catalog::Database;
using catalog::Kind;
using catalog::ObjectId;

class Resolver {
 public:
  explicit Resolver(const Database& database) : database_(database) {}
  IntentResult take_result();
  // What follows comes from this intent.
  void begin(std::size_t intent) { current_ = intent; }

  void operator()(const SoftDelete& intent);
  void operator()(const AddEnumColumn& intent);
  void operator()(const Rename& intent);
  void operator()(const Retype& intent);
  void operator()(const AddColumn& intent);
  void operator()(const DropColumn& intent);
  void operator()(const DropTable& intent);
  void operator()(const DropIndex& intent);
  void operator()(const DropConstraint& intent);
  void operator()(const NotNull& intent);
  void operator()(const Nullable& intent);
  void operator()(const SetDefault& intent);
  void operator()(const Unique& intent);
  void operator()(const ForeignKey& intent);
  void operator()(const CreateIndex& intent);
  void operator()(const AddEnumValue& intent);
  void operator()(const DropEnumValue& intent);
  void operator()(const ReorderEnum& intent);
  void operator()(const Check& intent);

 private:
  // Lookup; all throw Error{usage} at the name.
  ObjectId find(Kind kind, const Name& name, std::string_view what) const;
  const ObjectId* find_if_exists(Kind kind, const std::string& schema, const std::string& name) const;
  ObjectId table(const Name& name) const;
  ObjectId column(const Name& name) const;
  ObjectId column_of(const ObjectId& table, const Name& name) const;
  ObjectId constraint(const Name& name) const;
  ObjectId enum_type(const Name& name) const;
  std::vector<std::string> column_names(const ObjectId& table) const;
  std::vector<std::string> table_names() const;
  // TABLE of TABLE.COLUMN, where the column need not exist.
  ObjectId table_of_new_column(const Name& name) const;
  bool has_relation(const std::string& schema, const std::string& name) const;
  const std::string& label_of(const ObjectId& type, const Name& label) const;

  std::string type(const Text& text) const;  // checked, qualified where it is one of the schema's
  std::string expression(const Text& text,
                         const ObjectId* table) const;  // one expression over the table's columns
  std::vector<ObjectId> primary_key(const ObjectId& table) const;
  // Objects that must go before the seeds can and come back after: views, rules, policies, triggers; in
  // creation order.
  std::vector<ObjectId> dependents(const std::set<ObjectId>& seeds, const std::set<Kind>& kinds) const;
  bool is_referenced_key(const ObjectId& table, const std::vector<std::string>& columns) const;

  void run(std::string statement) {
    result_.statements.push_back(std::move(statement));
    result_.origins.push_back(current_);
  }
  void note(std::string text) { result_.notes.push_back(std::move(text)); }
  void add_column(const ObjectId& id, const std::string& type, bool not_null,
                  const std::string& default_expression);
  void remove(const ObjectId& id);
  void rename_in_model(const ObjectId& from, const ObjectId& to);
  void rename_keys(const std::string& from, const std::string& to);
  void rename_value(const Rename& intent);
  ObjectId rename_target(const Rename& intent) const;
  void replace_with_live(const ObjectId& table, const ObjectId& index, const std::string& column);
  std::string free_name(const std::string& schema, const std::string& wanted) const;

  // A view of the live rows: made when all other intents have run, because it shows every column of its table.
  struct LiveView {
    ObjectId column;  // deleted_at
    sql::QualifiedName name;
    bool invoker_security = false;
    std::size_t intent = 0;
  };

  std::vector<LiveView> live_views_;
  std::size_t current_ = 0;
  std::vector<ObjectId> renamed_now_;  // what each of result_.renames is called by now; a value's type
  Database database_;                  // as the intents so far leave it, as far as names go
  IntentResult result_;
};

// `schema.table.column`, unquoted: the key of options about a column or a type.
std::string key_of(const ObjectId& id);

}  // namespace contraflow::intent
