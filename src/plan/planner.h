// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "catalog/ddl.h"
#include "plan/condition.h"
#include "plan/make_plan.h"
#include "plan/operation.h"

namespace contraflow::plan {

using catalog::Database;
using catalog::Kind;
using catalog::Object;
using catalog::Statements;
using diff::Aspect;
using sql::QualifiedName;

// Everything the strategies share while a plan is made: both schemas, what changed, the operations so far.
class Planner {
 public:
  Planner(const Database& from_schema, const Database& to_schema, const diff::Difference& difference,
          const Options& user_options);

  const Database& from;
  const Database& to;
  const Options& options;

  // Carried out in `from` already: it reads as the server shows it after them.
  std::vector<diff::Rename> renames;
  std::set<ObjectId> created, dropped;
  std::map<ObjectId, std::set<Aspect>> altered;
  std::map<ObjectId, std::set<ObjectId>> dependents;  // in `from`: who depends on it
  std::set<ObjectId> replaced;                        // in both schemas, but dropped and created again (see replace.cpp)
  std::set<ObjectId> done;                            // objects whose changes a strategy has taken care of already
  std::set<std::pair<ObjectId, Aspect>> handled;      // single aspects likewise

  std::vector<std::string> written_twice;  // --strategy app: "kind and kind__new of public.events"
  std::set<ObjectId> exchanged;            // tables whose place a second one takes (second_table.h)
  std::set<ObjectId> made_anew;            // tables whose columns stand in the desired order because a new table takes their place
  std::set<ObjectId> contended;            // indexes whose name another table's index has before this plan: on the way back that one has it again
  std::set<ObjectId> moved_columns;        // columns of `from` that a rollback after purge brings back at the end of their table
  struct CarriedRename {
    diff::Rename rename;
    std::size_t operation;                // makes the new name
    std::optional<std::size_t> farewell;  // takes the old name away
  };
  std::vector<CarriedRename> carried_renames;
  struct RenamedColumn {
    ObjectId id;  // its name afterwards
    std::string old_name;
    std::size_t operation;  // the swap that gives it its new name
    bool second = false;    // a second column has taken its place
  };
  std::vector<RenamedColumn> renamed_columns;
  std::vector<Operation> operations;
  std::map<ObjectId, std::vector<std::size_t>> not_null_operations;  // column -> what sets its NOT NULL
  std::map<ObjectId, std::vector<std::size_t>> null_operations;      // column -> what drops its NOT NULL
  std::vector<std::pair<ObjectId, std::size_t>> attachments;         // an index, and what attaches it to its parent's
  struct MovedForeignKey {                                           // leaves one key for another
    ObjectId id;
    std::set<ObjectId> old_keys, new_keys;
    std::vector<std::size_t> drop, add;  // operations
    bool same_columns = false;           // both keys would do
  };
  std::vector<MovedForeignKey> moved_foreign_keys;
  // Between a table that is exchanged and a column that changes its type: taken off and put back around both, in one transaction.
  std::set<ObjectId> crossing_foreign_keys;
  std::vector<std::pair<ObjectId, std::size_t>> purged_generated;  // a generated column that stands under another name until purge, and what drops it
  std::set<std::pair<ObjectId, std::size_t>> leaves_parent;        // table, and what ends its inheritance
  std::set<std::pair<ObjectId, std::size_t>> leaves_partition;     // partition, and what takes it out of its bound
  std::map<ObjectId, std::size_t> replica_identity_operations;     // table -> what sets its replica identity
  std::set<std::string> owned_not_null;                            // partitions whose NOT NULL becomes their own beside their parent's
  std::vector<std::string> refusals;
  std::vector<std::string> notes;

  // The aspect changed and nobody has taken care of it yet.
  bool has(const ObjectId& id, Aspect aspect) const;
  // The same, and from now on it is taken care of.
  bool claim(const ObjectId& id, Aspect aspect);
  // A change that no other strategy has taken: claims it and returns true.
  bool take(const ObjectId& id) { return done.insert(id).second; }

  // Adds an operation; the step's id is made from phase, verb and object.
  Operation& add(Phase phase, std::string verb, const ObjectId& subject, Action forward, Action undo,
                 Grade grade = Grade::exact);

  void refuse(std::string reason) { refusals.push_back(std::move(reason)); }
  // Work under a blocking lock: true when all tables are known to be small (then the action is capped and guarded) or the user
  // allowed this kind; otherwise refuses, saying what would block.
  // `instead`: another way that the refusal names.
  bool allow_blocking(Action& action, const std::string& kind, const std::vector<QualifiedName>& tables, const std::string& what,
                      effects::LockMode lock = effects::LockMode::access_exclusive, const std::string& instead = {});
  // Known to be below kSmallTableBytes with all its partitions and children, or made by this plan.
  bool is_small(const QualifiedName& table) const;

  // A name that neither schema uses for a column of the table, or for a relation of the schema: `name__suffix`.
  std::string spare_column(const std::string& schema, const std::string& table, const std::string& name,
                           std::string_view suffix) const;
  std::string spare_relation(const std::string& schema, const std::string& name, std::string_view suffix) const;
  std::string spare_constraint(const std::string& schema, const std::string& table, const std::string& name,
                               std::string_view suffix) const;

  // Members of a table (columns, constraints, triggers, rules, policies: by relation; indexes, statistics: by table).
  static std::vector<const Object*> members(const Database& database, const ObjectId& table);
  static std::vector<const Object*> columns(const Database& database, const ObjectId& table);        // by name
  static std::vector<QualifiedName> children(const Database& database, const QualifiedName& table);  // direct
  static std::vector<QualifiedName> descendants(const Database& database, const QualifiedName& table);
  static bool is_relation(Kind kind) {
    return kind == Kind::table || kind == Kind::foreign_table || kind == Kind::view || kind == Kind::materialized_view;
  }
  // The column, and its copies in tables that inherit it.
  static std::set<ObjectId> with_copies(const Database& database, const ObjectId& column);
  // The table, foreign table, view or materialized view of that name.
  static const Object* relation(const Database& database, const std::string& schema, const std::string& name);
  // The enum, domain … whose quoted name a column's type is.
  static const Object* type_named(const Database& database, Kind kind, const std::string& type);
  // The relation that an object is a part of (a column's table); the object itself where it is a relation.
  static QualifiedName home(const Database& database, const Object& object);
};

inline QualifiedName name_of(const ObjectId& relation) { return {relation.schema, relation.name}; }
inline ObjectId table_id(const QualifiedName& name) { return {Kind::table, name.schema, "", name.name, ""}; }
// The index that backs a key: it has the constraint's name.
inline ObjectId index_of(const ObjectId& key) { return {Kind::index, key.schema, "", key.name, ""}; }
// "schema.table.column", as the options of a plan name columns.
std::string option_key(const ObjectId& column);

// `ALTER TABLE name`, or ALTER FOREIGN TABLE.
std::string alter_table(const Database& database, const std::string& schema, const std::string& table, bool only = false);

Action brief(Statements statements, std::string todo = {});
Action scan(Statements statements, std::string todo = {});
Action concurrent(std::string statement, std::string todo = {});
Action blocking(Statements statements, std::string todo = {});

// The strategies, each in its file, in the order in which they look at the changes.
void plan_renames(Planner& planner);             // of everything but columns
void plan_moved_foreign_keys(Planner& planner);  // whose unique index or key gives way to another
void plan_replacements(Planner& planner);        // views, functions, types … that must be dropped and created again
void plan_columns(Planner& planner);
void plan_constraints(Planner& planner);
void plan_indexes(Planner& planner);
void plan_tables(Planner& planner);  // create, retire, purge; table properties
void plan_sequences(Planner& planner);
void plan_types(Planner& planner);  // enums, composite types
void plan_domains(Planner& planner);
void plan_other_objects(Planner& planner);  // everything that is simply created, altered and dropped

// Once all operations are there: NOT NULL before the primary keys that stand on it.
void order_not_null_around_keys(Planner& planner);
void order_builds_before_drops(Planner& planner);
// Once all operations are there: a foreign key is off while the key that it points at changes.
void order_moved_foreign_keys(Planner& planner);
// Once all operations are there: event triggers that go are the first of them, those that come the last.
void order_event_triggers(Planner& planner);
// Some fire when the files define their procedures; says so in the notes.
bool has_procedure_triggers(Planner& planner);
// Once all operations are there: those that use a new name come after what makes it.
void order_after_renames(Planner& planner);
void order_around_generated(Planner& planner);  // what a retired generated column reads is dropped after it

// Moves a table's data into a new table of the same name that is as `target` describes; drops and recreates what hangs on it. For
// tables where no ALTER leads there (position of columns, partition key).
// `conversions`: column -> expression over the old table's columns, where it is not the column itself.
Statements rebuild_table(const Database& target, const ObjectId& table, const std::vector<std::string>& copied_columns, const std::map<std::string, std::string>& conversions = {});
// What outside the table depends on it or its members in `from`, directly or not: it goes and comes with a rebuild.
std::set<ObjectId> outside_dependents(const Planner& planner, const ObjectId& table);
// Publications lose a table with a rebuild and get it back by these.
Statements publish_again(const Database& database, const ObjectId& table);
// Neither partition nor parent, child or typed table: a new table can take its place.
bool stands_alone(const Database& database, const ObjectId& table);
// Part of the partition key of its table, or of a partition below it: no ALTER changes its type.
bool is_partition_column(const Database& database, const ObjectId& column);
// The last thing on the way back: columns that were purged stand where they stood.
void restore_column_order(Planner& planner, const ObjectId& table);
// What the column is called before the plan.
std::string old_column_name(const Planner& planner, const ObjectId& column);
// The view under which a renamed table answers to its old name: statements that drop it and make it again; empty where the table has none.
std::pair<Statements, Statements> old_name_again(const Planner& planner, const ObjectId& table);
// Likewise: columns that a child came to own in between are its parents' alone again.
void restore_inheritance(Planner& planner, const ObjectId& table);

}  // namespace contraflow::plan
