// SPDX-License-Identifier: Apache-2.0
//
// What is known of the schema while the statements of migrations pass by: read from catalog::Database where --schema names one, and
// changed by each statement. A relation that nothing declared is simply not there; one that was altered but never declared is `partial`.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "catalog/model.h"
#include "lint/journaled.h"
#include "sql/name.h"

namespace contraflow::lint {

using sql::QualifiedName;

struct Column {
  std::string type;  // format_type(), empty: not known
  bool not_null = false;
  bool has_default = false;
  bool identity = false;
  bool stored = false;        // GENERATED … STORED
  bool virtual_ = false;      // GENERATED … VIRTUAL
  bool created_here = false;  // added by the migration at hand: no deployed version knows of it
  std::string collation;
  std::set<std::string> functions;  // that its default or generation expression calls
};

enum class ConstraintKind { check,
                            foreign_key,
                            primary_key,
                            unique,
                            exclusion,
                            not_null };

struct Constraint {
  ConstraintKind kind{};
  std::vector<std::string> columns;
  std::optional<QualifiedName> references;
  bool validated = true;
  bool enforced = true;
  std::set<std::string> not_null_columns;  // CHECK: columns that it proves to be NOT NULL
  std::string expression;                  // CHECK: as SQL, where known
  std::set<std::string> functions;
  bool known = true;  // false: only VALIDATE … named it
};

struct Index {
  std::vector<std::string> key;   // column names, "" for an expression
  std::set<std::string> columns;  // that it uses anywhere
  std::vector<std::string> collations_and_classes;
  bool unique = false;
  bool has_expression = false;
  bool partial = false;
  bool of_constraint = false;
  bool concurrently = false;  // built so by a statement of these files
  std::string method = "btree";
  std::string where;        // normalised text of the predicate
  std::string expressions;  // normalised text of its expressions
  std::set<std::string> functions;
};

enum class RelationKind { table,
                          partitioned,
                          view,
                          materialized_view,
                          foreign_table,
                          sequence,
                          composite };

struct Relation {
  RelationKind kind = RelationKind::table;
  bool partial = true;        // false: declared, so its columns, constraints and indexes are all known
  bool created_here = false;  // by the migration at hand: empty, and nobody else knows of it
  bool temporary = false;
  bool unlogged = false;
  std::string access_method;  // empty: the default
  std::string tablespace;
  std::map<std::string, Column> columns;
  std::map<std::string, Constraint> constraints;
  std::map<std::string, Index> indexes;
  std::set<std::string> user_triggers;
  std::set<std::string> disabled_triggers;
  std::map<std::string, int> trigger_events;               // of user_triggers, where known: bits of pg_trigger.tgtype
  std::map<std::string, QualifiedName> trigger_functions;  // of user_triggers, where known
  std::optional<QualifiedName> partition_of;
  std::string partition_strategy;          // of a partitioned table: "range", "list", "hash"
  std::vector<std::string> partition_key;  // "" for an expression
  std::set<std::string> partition_functions;
  bool is_default_partition = false;
  std::string partition_bound;  // as the catalog writes it; empty where only a migration said it
  std::set<QualifiedName> partitions;
  std::set<QualifiedName> children;                       // by INHERIT
  std::set<QualifiedName> referenced_by;                  // tables that have a foreign key to it
  std::set<std::pair<QualifiedName, std::string>> shows;  // views: columns used; column "" is all of them
  std::string clustered_on;
  std::string of_type;                    // a typed table
  std::set<std::string> dropped_columns;  // known to be gone, of a partial relation
  bool has_data_here = false;             // rows were put into it by this migration
};

enum class TypeKind { enumeration,
                      domain,
                      composite,
                      other };

struct Type {
  TypeKind kind = TypeKind::other;
  std::string base;          // domain: its type
  bool not_null = false;     // domain: of its own
  bool constrained = false;  // domain: NOT NULL or CHECK, its own or of a domain below
  bool has_default = false;
  bool volatile_default = false;
  bool created_here = false;
  std::set<std::string> labels;
  std::map<std::string, bool> constraints;  // domain: name -> validated
};

struct Function {
  char volatility = 'v';
  std::string language;
  std::string body;
  bool may_inline = false;  // nothing but its body stands against it: no SETOF, no SECURITY DEFINER, no SET
  bool strict = false;
  std::vector<std::string> arguments;       // types of the input arguments, as format_type() writes them
  std::vector<std::string> argument_names;  // "" where an argument has none
  std::size_t defaults = 0;                 // of the last arguments
  bool variadic = false;
  std::size_t offset = 0;  // of the body's text in the file, where it comes from one
  bool has_offset = false;
};

class Schema {
 public:
  Journaled<Relation> relations;
  Journaled<Type> types;
  Journaled<std::vector<Function>> functions;                   // a name's overloads
  Journaled<QualifiedName> operators;                           // user's: the function of the latest of that name
  Journaled<QualifiedName> index_tables;                        // index -> its table
  bool complete = false;                                        // --schema was given: what is not here does not exist
  std::vector<QualifiedName> created_relations, created_types;  // by the file at hand
  std::vector<std::pair<QualifiedName, std::string>> created_columns;
  std::set<QualifiedName> renamed_types;  // names that the file at hand gave to types that were there
  void end_of_migration();                // what it created is in use from now on

  void mark();
  void keep();
  void undo();

  // Relations whose indexes, stored columns, checks or partition key may call a function of this bare name, in order.
  std::set<QualifiedName> relations_calling(const std::string& function);
  // Views that may show a column of the table, in order.
  std::set<QualifiedName> relations_showing(const QualifiedName& table);

 private:
  void note_uses();
  // These only grow: what is there may be gone from the relation.
  std::map<std::string, std::set<QualifiedName>> calling_;
  std::map<QualifiedName, std::set<QualifiedName>> showing_;
};

// Everything that the rules need of a database.
void load(Schema& schema, const catalog::Database& database);

}  // namespace contraflow::lint
