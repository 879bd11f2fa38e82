// SPDX-License-Identifier: Apache-2.0
//
// What the parts of catalog::read share: the queries to send, and the way from the server's OIDs to the
// objects of the model. Internal to the module.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "catalog/model.h"
#include "catalog/read.h"
#include "pg/connection.h"

namespace contraflow::catalog::detail {

using Oid = std::uint32_t;

// OIDs of the system catalogs: fixed by the server's sources, the same in every version.
namespace catalog_oid {
constexpr Oid type = 1247, proc = 1255, relation = 1259, foreign_server = 1417, user_mapping = 1418,
              foreign_data_wrapper = 2328, am = 2601, amop = 2602, amproc = 2603, attrdef = 2604, cast = 2605,
              constraint = 2606, conversion = 2607, language = 2612, large_object = 2613, schema = 2615,
              opclass = 2616, operator_ = 2617, rewrite = 2618, trigger = 2620, opfamily = 2753,
              extension = 3079, policy = 3256, statistic_ext = 3381, collation = 3456, event_trigger = 3466,
              transform = 3576, ts_dict = 3600, ts_parser = 3601, ts_config = 3602, ts_template = 3764,
              default_acl = 826, subscription = 6100, publication = 6104, publication_rel = 6106,
              publication_namespace = 6237;
}  // namespace catalog_oid

// The first OID that is never given to an object of initdb (FirstNormalObjectId).
constexpr Oid kFirstUserOid = 16384;

// Reads the columns of one row from left to right, in the order of the SELECT list.
class Cells {
 public:
  Cells(const pg::Result& result, int row) : result_(result), row_(row) {}
  bool null() const { return result_.is_null(row_, column_); }
  std::string text() { return result_.string(row_, column_++); }
  bool boolean() { return result_.boolean(row_, column_++); }
  long long integer() { return result_.integer(row_, column_++); }
  int number() { return static_cast<int>(integer()); }
  Oid oid() { return static_cast<Oid>(integer()); }
  char letter() {
    const std::string_view value = result_.text(row_, column_++);
    return value.empty() ? '\0' : value.front();
  }
  std::vector<std::string> texts() { return result_.text_array(row_, column_++); }
  std::optional<std::string> optional() {
    if (null()) return ++column_, std::nullopt;
    return text();
  }
  Options options();           // an array of name=value
  std::vector<int> numbers();  // an int2vector or oidvector ("1 2"), or an array of numbers ("{1,2}")

 private:
  const pg::Result& result_;
  int row_;
  int column_ = 0;
};

// An object's place in pg_depend, pg_description and so on.
struct Address {
  Oid catalog = 0;
  Oid oid = 0;
  int sub = 0;
  bool operator==(const Address&) const = default;
};

struct AddressHash {
  std::size_t operator()(const Address& a) const {
    std::uint64_t h = (static_cast<std::uint64_t>(a.oid) << 20) ^
                      (static_cast<std::uint64_t>(a.catalog) << 8) ^
                      static_cast<std::uint64_t>(static_cast<std::uint32_t>(a.sub));
    h *= 0x9E3779B97F4A7C15ULL;  // Fibonacci hashing: OIDs are consecutive
    return static_cast<std::size_t>(h ^ (h >> 32));
  }
};

// What is remembered of each relation until all its parts are read.
struct Relation {
  char kind = 0;  // relkind
  QualifiedName name;
  Object* object = nullptr;  // null for sequences until they are read, and for members of extensions
  bool member = false;       // of an extension
  bool partition = false;
  std::string owner;
  std::vector<std::string> acl;
  bool acl_null = true;
  Persistence persistence = Persistence::permanent;
  std::unordered_map<int, std::string> columns;  // attnum -> name
  std::unordered_map<int, Oid> types;            // attnum -> its type
  std::unordered_set<int> collated;              // attnums whose collation is not their type's
  std::vector<Oid> parents;                      // in order
};

// What the session may see, asked before all else.
struct Session {
  bool superuser = false;
  bool subscriptions = false;  // may read pg_subscription.subconninfo
  // The catalogs of rare kinds that hold anything beside what initdb made. To plan a query over them costs the server as much as to read a
  // hundred tables: where there is nothing, nothing is asked. pg_proc stands for aggregates, pg_type for base and range types, pg_extension for members
  // of extensions.
  std::unordered_set<std::uint32_t> holds;
};

// The query for Session::holds: one row, one array of OIDs.
std::string held_catalogs_query();

class Reader {
 public:
  Reader(Database& target, int major, const ReadOptions& read_options, const Session& who)
      : database(target), version(major), options(read_options), session(who) {}

  using Consumer = std::function<void(const pg::Result&)>;
  struct Batch {
    std::vector<std::string> queries;
    std::vector<Consumer> consumers;
  };
  // Queries are sent batch by batch, each in one pipeline; the consumers run in the order of asking, those of
  // one batch while the server works on the next.
  void ask(std::string sql, Consumer consumer) {
    batches.back().queries.push_back(std::move(sql));
    batches.back().consumers.push_back(std::move(consumer));
  }
  void next_batch() { batches.emplace_back(); }
  // What the answers of earlier batches show to be needed: sent after all other batches. Not for consumers of the last of these.
  void ask_at_end(std::string sql, Consumer consumer) {
    end.queries.push_back(std::move(sql));
    end.consumers.push_back(std::move(consumer));
  }
  bool holds(Oid catalog) const { return session.holds.contains(catalog); }

  // Enters an object and its address. Null when the object belongs to an extension: then whatever depends on
  // it depends on the extension.
  Object* add(Oid catalog, Oid oid, ObjectId id, Body body);
  // As add(), for kinds with an owner and privileges; `acl_type` is acldefault()'s letter.
  Object* add_owned(Oid catalog, Oid oid, ObjectId id, Body body, Oid owner, char acl_type, bool acl_null,
                    const std::vector<std::string>& acl);
  // From now on, dependencies from and to `address` are those of `object`.
  void alias(Address address, Object* object) { addresses[address].alias = object; }
  void enter(Address address, Object* object) { addresses[address].object = object; }
  Object* member_of(Address address) const;                         // the extension, or null
  Object* resolve(Address address) const;                           // for dependencies: aliases first, then the object itself
  Object* identify(Address address) const;                          // the very object
  const Object* schema_extension(const std::string& schema) const;  // the extension that a schema belongs to
  void unsupported(const ObjectId& id, const std::string& what);

  const std::string& role(Oid oid) const;
  const std::string& schema(Oid oid) const;
  // The grants of an ACL (aclitem[] as text); of the kind's default where it is null. Sorted.
  std::vector<Grant> grants(bool null, const std::vector<std::string>& acl, char type,
                            const std::string& owner) const;
  std::vector<Grant> default_grants(char type, const std::string& owner) const;
  std::string column_name(Oid relation, int attnum) const;
  std::vector<std::string> column_names(Oid relation, const std::vector<int>& attnums) const;

  Database& database;
  const int version;  // the major
  const ReadOptions& options;
  const Session session;

  std::deque<Batch> batches{1};  // stay where they are while others are added
  Batch end;

  std::unordered_map<Oid, std::string> roles, schemas, access_methods, tablespaces;
  struct Known {
    Object* object = nullptr;     // what lies there
    Object* alias = nullptr;      // what it counts as in dependencies
    Object* extension = nullptr;  // whose member it is
  };
  std::unordered_map<Address, Known, AddressHash> addresses;
  std::unordered_map<Oid, Relation> relations;
  std::unordered_map<Oid, Oid> default_classes;                  // operator class that is its type's default -> that type
  std::unordered_map<Oid, std::map<int, int>> index_statistics;  // index -> position -> target
  std::map<char, std::vector<std::string>> acl_templates;        // acldefault() of the bootstrap superuser
  std::string bootstrap_superuser;
  std::vector<std::pair<ObjectId, std::string>> not_supported;  // filtered like objects
};

// `x.namespace IN (…)`: the schemas that are read at all.
inline constexpr const char* kUserSchemas =
    "(SELECT oid FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', "
    "'contraflow'))";

Options parse_options(const std::vector<std::string>& pairs);

// One part of the catalog each: they ask their queries. The order is that of need: later ones look up what
// earlier ones have entered.
void ask_basics(Reader& reader);     // roles, schemas, extensions and their members
void ask_relations(Reader& reader);  // tables, views, composite types and their columns
void ask_sequences(Reader& reader);
void ask_inheritance(Reader& reader);
void ask_types(Reader& reader);
void ask_constraints(Reader& reader);
void ask_indexes(Reader& reader);
void ask_actions(Reader& reader);  // triggers, rules, policies, statistics, event triggers
void ask_routines(Reader& reader);
void ask_publications(Reader& reader);
void ask_generic(Reader& reader);
void ask_privileges(Reader& reader);  // default privileges, security labels, comments
void ask_dependencies(Reader& reader);

void apply_filters(Database& database, std::vector<std::pair<ObjectId, std::string>>& not_supported,
                   const ReadOptions& options);

}  // namespace contraflow::catalog::detail
