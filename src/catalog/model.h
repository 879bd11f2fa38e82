// SPDX-License-Identifier: Apache-2.0
//
// The catalog model of one database: plain data without OIDs, comparable with ==. Expressions and definitions are the
// server's own text (pg_get_*def with an empty search_path, so every name outside pg_catalog is qualified).
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "catalog/object_id.h"
#include "catalog/options.h"
#include "sql/name.h"

namespace contraflow::catalog {

using sql::QualifiedName;

// One privilege of one grantee, implicit defaults included (acldefault): what is really granted.
struct Grant {
  std::string grantee;    // "" is PUBLIC
  std::string privilege;  // "SELECT"
  bool grantable = false;
  std::string grantor;
  int rank = 0;  // the place of its item in the ACL: the order in which to grant, no part of what is granted

  std::strong_ordering operator<=>(const Grant& other) const {
    return std::tie(grantee, privilege, grantable, grantor) <=>
           std::tie(other.grantee, other.privilege, other.grantable, other.grantor);
  }
  bool operator==(const Grant& other) const { return (*this <=> other) == 0; }
};

struct Schema {
  bool operator==(const Schema&) const = default;
};

struct Extension {
  std::string version;
  std::string schema;
  bool relocatable = false;
  bool operator==(const Extension&) const = default;
};

enum class Persistence { permanent,
                         unlogged };
enum class ReplicaIdentity { default_,
                             nothing,
                             full,
                             index };

struct Table {
  bool partitioned = false;
  Persistence persistence = Persistence::permanent;
  std::string access_method;  // empty: heap, or none (partitioned)
  std::string tablespace;     // empty: the default
  Options options;            // reloptions, TOAST's prefixed "toast."
  ReplicaIdentity replica_identity = ReplicaIdentity::default_;
  std::string replica_identity_index;
  bool row_security = false;
  bool force_row_security = false;
  std::vector<QualifiedName> inherits;  // in order; empty for partitions
  std::optional<QualifiedName> partition_of;
  std::string partition_bound;  // "FOR VALUES FROM (1) TO (2)" or "DEFAULT"
  // What its rows fulfil, as SQL over its columns; follows from the bounds and keys above it. Empty where a hash decides.
  std::string partition_constraint;
  std::string partition_key;  // "RANGE (created_at)"
  std::string of_type;        // typed table, quoted name
  bool operator==(const Table&) const = default;
};

struct ForeignTable {
  std::string server;
  Options options;
  std::vector<QualifiedName> inherits;
  std::optional<QualifiedName> partition_of;
  std::string partition_bound;
  bool operator==(const ForeignTable&) const = default;
};

struct SequenceOptions {
  std::string type = "bigint";
  std::string start, increment, minimum, maximum, cache;
  bool cycle = false;
  bool operator==(const SequenceOptions&) const = default;
};

enum class Identity { none,
                      always,
                      by_default };
enum class Generated { none,
                       stored,
                       virtual_ };

// Columns of tables and foreign tables (columns of views are part of View).
struct Column {
  int position = 0;       // 1-based rank among the live columns, not attnum
  std::string type;       // format_type(): "numeric(10,2)", "public.order_state"
  std::string type_base;  // format_type without the modifier: "numeric", "public.order_state"
  std::string collation;  // qualified and quoted; empty where it is the type's own
  bool not_null = false;
  bool not_null_inherited = false;  // NOT NULL that a parent dictates
  bool not_null_local = true;       // NOT NULL that the table declares itself (18 and later: pg_constraint.conislocal), perhaps beside its parent's
  std::string not_null_name;        // of its constraint (18 and later); empty where that is an object of its own
  std::string default_expression;   // empty: none. For generated columns: the generation expression
  Identity identity = Identity::none;
  SequenceOptions identity_options;                           // where identity != none
  QualifiedName identity_sequence;                            // where identity != none
  Persistence identity_persistence = Persistence::permanent;  // of the identity's sequence (unlogged: 15 and later)
  std::vector<Grant> identity_grants;                         // privileges on the identity's sequence; its owner is always the table's
  std::optional<std::string> identity_comment;                // COMMENT ON SEQUENCE of the identity's sequence
  Generated generated = Generated::none;
  std::string storage;      // "PLAIN", …; empty where it is the type's default
  std::string compression;  // empty: default
  int statistics_target = -1;
  Options options;         // n_distinct, …
  Options fdw_options;     // foreign tables
  bool local = true;       // attislocal: declared on this table, not only inherited
  bool inherited = false;  // attinhcount > 0
  bool operator==(const Column&) const = default;
};

enum class ConstraintType { check,
                            foreign_key,
                            primary_key,
                            unique,
                            exclusion,
                            not_null,
                            trigger };

struct Constraint {
  ConstraintType type{};
  std::string definition;  // pg_get_constraintdef(): "CHECK ((a > 0)) NOT VALID", "FOREIGN KEY (a) REFERENCES …"
  std::string expression;  // check: the expression
  std::vector<std::string> columns;
  std::optional<QualifiedName> references;  // foreign key
  std::vector<std::string> referenced_columns;
  bool deferrable = false;
  bool initially_deferred = false;
  bool validated = true;
  bool enforced = true;
  bool no_inherit = false;
  bool local = true;       // conislocal
  bool inherited = false;  // coninhcount > 0 or a partition's copy of its parent's (conparentid)
  std::string parent;      // name of the parent's constraint (conparentid), where there is one
  std::string index_name;  // primary key, unique, exclusion: the index (always the constraint's name, kept explicit)
  bool nulls_not_distinct = false;
  bool operator==(const Constraint&) const = default;
};

struct Index {
  std::string table;       // in the index's schema
  std::string definition;  // pg_get_indexdef()
  std::string access_method;
  bool unique = false;
  bool valid = true;
  bool clustered = false;
  bool replica_identity = false;
  bool partitioned = false;             // on a partitioned table
  std::optional<QualifiedName> parent;  // the partitioned index it is attached to
  std::string constraint;               // the constraint it backs; empty where none
  std::vector<std::string> columns;     // key column names, "" for expressions
  std::vector<std::string> include;
  std::string predicate;
  std::string tablespace;
  Options options;
  std::map<int, int> statistics_targets;  // key position -> target, where set
  bool nulls_not_distinct = false;
  bool operator==(const Index&) const = default;
};

struct ViewColumn {
  std::string name;
  std::string type;
  std::string collation;
  std::string default_expression;  // ALTER VIEW … SET DEFAULT
  std::optional<std::string> comment;
  std::vector<Grant> grants;  // column privileges
  bool operator==(const ViewColumn&) const = default;
};

struct View {
  std::string definition;  // pg_get_viewdef(), without the final semicolon
  Options options;         // security_barrier, security_invoker, check_option
  std::vector<ViewColumn> columns;
  bool operator==(const View&) const = default;
};

struct MaterializedView {
  std::string definition;
  Options options;
  std::string access_method;
  std::string tablespace;
  bool populated = true;
  std::vector<ViewColumn> columns;
  std::map<std::string, int> statistics_targets;  // column -> target, where set
  bool operator==(const MaterializedView&) const = default;
};

struct Sequence {
  SequenceOptions options;
  Persistence persistence = Persistence::permanent;
  std::optional<ObjectId> owned_by;  // a column; identity sequences are part of their column, not objects of their own
  bool operator==(const Sequence&) const = default;
};

struct EnumType {
  std::vector<std::string> labels;  // in order
  bool operator==(const EnumType&) const = default;
};

struct Domain {
  std::string base_type;  // format_type() with modifier
  std::string collation;
  bool not_null = false;
  std::string not_null_name;  // of the NOT NULL constraint (17 and later); empty where it is the default name
  std::string default_expression;
  bool operator==(const Domain&) const = default;
};

struct CompositeAttribute {
  std::string name;
  std::string type;
  std::string collation;
  std::optional<std::string> comment;
  bool operator==(const CompositeAttribute&) const = default;
};

struct CompositeType {
  std::vector<CompositeAttribute> attributes;
  bool operator==(const CompositeType&) const = default;
};

struct Routine {
  char kind = 'f';         // prokind: f function, p procedure, w window function
  std::string definition;  // pg_get_functiondef(), CREATE OR REPLACE …
  std::string result;      // pg_get_function_result()
  std::string arguments;   // pg_get_function_arguments(): names, modes, defaults
  // Names and modes of all arguments and of the OUT/TABLE result, without defaults: CREATE OR REPLACE is possible
  // only where result and this stay the same and no default disappears.
  std::vector<std::string> argument_names;
  int default_count = 0;
  std::string language;
  std::string body;  // prosrc
  char volatility = 'v';
  bool operator==(const Routine&) const = default;
};

struct Trigger {
  std::string definition;  // pg_get_triggerdef()
  char enabled = 'O';      // tgenabled: O origin, D disabled, R replica, A always
  bool constraint = false;
  bool inherited = false;  // a partition's copy of its parent's trigger
  ObjectId function;
  bool operator==(const Trigger&) const = default;
};

struct EventTrigger {
  std::string event;
  std::vector<std::string> tags;
  std::string function;  // qualified, quoted, without arguments
  char enabled = 'O';
  bool operator==(const EventTrigger&) const = default;
};

struct Rule {
  std::string definition;  // pg_get_ruledef()
  char enabled = 'O';
  bool operator==(const Rule&) const = default;
};

struct Policy {
  std::string command;  // ALL, SELECT, INSERT, UPDATE, DELETE
  bool permissive = true;
  std::vector<std::string> roles;  // "" is PUBLIC
  std::string using_expression;
  std::string check_expression;
  bool operator==(const Policy&) const = default;
};

struct StatisticsObject {
  QualifiedName table;
  std::string definition;  // pg_get_statisticsobjdef()
  int target = -1;
  bool operator==(const StatisticsObject&) const = default;
};

// A domain's CHECK.
struct DomainConstraint {
  std::string definition;
  bool validated = true;
  bool operator==(const DomainConstraint&) const = default;
};

struct PublicationTable {
  QualifiedName table;
  std::vector<std::string> columns;  // empty: all
  std::string where;                 // empty: none
  auto operator<=>(const PublicationTable&) const = default;
};

struct Publication {
  bool all_tables = false;
  Options options;                       // publish, publish_via_partition_root, publish_generated_columns
  std::vector<PublicationTable> tables;  // sorted
  std::vector<std::string> schemas;      // sorted
  bool operator==(const Publication&) const = default;
};

// Kinds whose definition is only ever created and dropped as a whole: casts, operators, operator classes and families,
// text search objects, languages, collations, conversions, transforms, access methods, foreign-data wrappers, servers,
// user mappings, range and base types, aggregates, subscriptions. `create` recreates the object exactly (without
// owner, privileges and comment), one statement an element, without semicolons; built by the server with format().
struct Generic {
  std::vector<std::string> create;
  // Set where a kind has options that ALTER can change in place, so that the diff need not recreate it:
  // FDW, server, user mapping and text search dictionary options.
  Options options;
  bool operator==(const Generic&) const = default;
};

// ALTER DEFAULT PRIVILEGES of one role, schema and object type. `grants` of the Object hold what new objects get.
struct DefaultPrivileges {
  std::vector<Grant> built_in;  // what objects of the type get without this entry (empty for per-schema entries)
  bool operator==(const DefaultPrivileges&) const = default;
};

using Body = std::variant<Schema, Extension, Table, ForeignTable, Column, Constraint, Index, View, MaterializedView,
                          Sequence, EnumType, Domain, CompositeType, Routine, Trigger, EventTrigger, Rule, Policy,
                          StatisticsObject, DomainConstraint, Publication, DefaultPrivileges, Generic>;

struct Object {
  ObjectId id;
  std::string owner;                  // empty for kinds without one (columns, constraints, indexes, triggers, …)
  std::vector<Grant> grants;          // sorted; empty for kinds without privileges
  std::vector<Grant> default_grants;  // acldefault() of the kind for this owner, sorted
  std::optional<std::string> comment;
  std::map<std::string, std::string> security_labels;  // provider -> label
  std::set<ObjectId> depends_on;                       // from pg_depend and ownership: must exist before this object
  std::set<std::string> extension_dependencies;        // ALTER … DEPENDS ON EXTENSION: extensions whose DROP takes it along
  Body body;
  bool operator==(const Object&) const = default;
};

// What is known of a relation's data; only from a live source. Not part of the schema's identity.
struct RelationSize {
  long long bytes = 0;  // pg_table_size(); 0 where the table has no page, so holds no row
  double rows = -1;     // reltuples; -1 unknown
};

struct Database {
  int server_version = 0;  // 150018
  std::map<ObjectId, Object> objects;
  // Objects that were seen but cannot be planned: the plan is refused with these names, unless they are excluded.
  std::vector<std::string> unsupported;
  std::map<QualifiedName, RelationSize> sizes;  // empty unless the source holds data
  std::string owner;                            // of the database
  std::set<std::string> roles;                  // all role names on the server

  int major() const { return server_version / 10000; }
  const Object* find(const ObjectId& id) const {
    auto it = objects.find(id);
    return it == objects.end() ? nullptr : &it->second;
  }
  template <class T>
  const T* find_body(const ObjectId& id) const {
    const Object* object = find(id);
    return object ? std::get_if<T>(&object->body) : nullptr;
  }
};

}  // namespace contraflow::catalog
