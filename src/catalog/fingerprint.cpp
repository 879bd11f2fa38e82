// SPDX-License-Identifier: Apache-2.0
//
// A schema of thousands of objects is hashed twice in each plan: its fields are, not the statements that would make it. The bindings below name
// every field of each body, so that a new field does not compile until somebody says here whether it counts.
#include "catalog/fingerprint.h"

#include <algorithm>
#include <charconv>

#include "base/hash.h"
#include "sql/name.h"

namespace contraflow::catalog {
namespace {

// Every value is written with its length or as a single byte, so that no two sequences of values make the same text.
class Text {
 public:
  template <class... Values>
  void add(const Values&... values) {
    (one(values), ...);
  }
  const std::string& text() const { return text_; }

 private:
  void number(unsigned long long value) {
    char digits[24];
    text_.append(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
    text_ += ' ';
  }
  void one(std::string_view value) {
    number(value.size());
    text_ += value;
  }
  void one(const std::string& value) { one(std::string_view(value)); }
  void one(bool value) { text_ += value ? 't' : 'f'; }
  void one(char value) { text_ += value; }
  void one(int value) {
    if (value < 0) text_ += '-';
    number(value < 0 ? 0ULL - static_cast<unsigned long long>(value) : static_cast<unsigned long long>(value));
  }
  template <class T>
  requires std::is_enum_v<T>
  void one(T value) {
    one(static_cast<int>(value));
  }
  void one(const QualifiedName& name) { add(name.schema, name.name); }
  void one(const ObjectId& id) { add(id.kind, id.schema, id.relation, id.name, id.arguments); }
  template <class T>
  void one(const std::optional<T>& value) {
    one(value.has_value());
    if (value) one(*value);
  }
  template <class A, class B>
  void one(const std::pair<A, B>& value) {
    add(value.first, value.second);
  }
  template <class T>
  void all(const T& values) {
    number(values.size());
    for (const auto& value : values) one(value);
  }
  template <class T>
  void one(const std::vector<T>& values) {
    all(values);
  }
  template <class K, class V>
  void one(const std::map<K, V>& values) {
    all(values);
  }
  template <class T>
  void one(const std::set<T>& values) {
    all(values);
  }
  void one(const Options& options) {  // their order says nothing
    std::vector<Options::value_type> sorted(options.begin(), options.end());
    std::sort(sorted.begin(), sorted.end());
    all(sorted);
  }
  void one(const SequenceOptions& options) {
    const auto& [type, start, increment, minimum, maximum, cache, cycle] = options;
    add(type, start, increment, minimum, maximum, cache, cycle);
  }
  void one(const CompositeAttribute& attribute) {
    const auto& [name, type, collation, comment] = attribute;
    add(name, type, collation, comment);
  }
  void one(const PublicationTable& member) {
    const auto& [table, columns, where] = member;
    add(table, columns, where);
  }

  std::string text_;
};

// What is granted beyond and short of the default. The owner's own name as grantor says nothing: another database has another owner.
void add_grants(Text& out, const std::vector<Grant>& grants, const std::vector<Grant>& implicit, const std::string& owner) {
  if (grants == implicit) return;
  const auto write = [&](char sign, const std::vector<Grant>& of, const std::vector<Grant>& without) {
    for (const Grant& grant : of) {
      if (std::binary_search(without.begin(), without.end(), grant)) continue;
      out.add(sign, grant.grantee, grant.privilege, grant.grantable, grant.grantor == owner ? std::string_view() : std::string_view(grant.grantor));
    }
  };
  write('+', grants, implicit);
  write('-', implicit, grants);
}

struct Fields {
  const Object& object;
  const Database& database;
  Text& out;
  const std::set<std::string>& any_order;

  const Object* relation_of_column() const {
    for (const Kind kind : {Kind::table, Kind::foreign_table}) {
      if (const Object* relation = database.find(relation_id(kind, object.id.schema, object.id.relation))) return relation;
    }
    return nullptr;
  }
  // Columns have no owner of their own.
  const std::string& relation_owner() const {
    const Object* relation = relation_of_column();
    return relation ? relation->owner : object.owner;
  }
  // A partition that was attached owns its columns, one that was made as such does not: no dump tells them apart.
  bool of_partition() const {
    const Object* relation = relation_of_column();
    if (!relation) return false;
    if (const auto* table = std::get_if<Table>(&relation->body)) return table->partition_of.has_value();
    return std::get<ForeignTable>(relation->body).partition_of.has_value();
  }
  void view_columns(const std::vector<ViewColumn>& columns) const {
    for (const ViewColumn& column : columns) {
      const auto& [name, type, collation, default_expression, comment, grants] = column;  // type and collation follow from the query
      out.add(name, default_expression, comment);
      add_grants(out, grants, {}, object.owner);
    }
  }

  void operator()(const Schema&) const {}
  void operator()(const Extension& extension) const {
    const auto& [version, schema, relocatable] = extension;  // the version is what is installed on the machine
    out.add(schema);
  }
  void operator()(const Table& table) const {
    const auto& [partitioned, persistence, access_method, tablespace, options, replica_identity, replica_identity_index, row_security, force_row_security, inherits,
                 partition_of, partition_bound, partition_constraint, partition_key, of_type] = table;  // partition_constraint follows from the bounds
    out.add(partitioned, persistence, access_method, tablespace, options, replica_identity, replica_identity_index, row_security, force_row_security, inherits,
            partition_of, partition_bound, partition_key, of_type);
  }
  void operator()(const ForeignTable& table) const {
    const auto& [server, options, inherits, partition_of, partition_bound] = table;
    out.add(server, options, inherits, partition_of, partition_bound);
  }
  void operator()(const Column& column) const {
    const auto& [position, type, type_base, collation, not_null, not_null_inherited, not_null_local, not_null_name, default_expression, identity, identity_options, identity_sequence,
                 identity_persistence, identity_grants, identity_comment, generated, storage, compression, statistics_target, options, fdw_options, local,
                 inherited] = column;  // type_base and not_null_inherited follow from others; no dump shows not_null_local of partitions
    const bool no_matter = !any_order.empty() && any_order.contains(sql::quote(QualifiedName{object.id.schema, object.id.relation}));
    out.add(no_matter ? 0 : position, type, collation, not_null, not_null_name, default_expression, identity, generated, storage, compression, statistics_target, options, fdw_options,
            inherited);
    if (inherited && !of_partition()) out.add(local);
    if (identity == Identity::none) return;
    out.add(identity_options, identity_sequence, identity_persistence, identity_comment);
    add_grants(out, identity_grants, {}, relation_owner());
  }
  void operator()(const Constraint& constraint) const {
    const auto& [type, definition, expression, columns, references, referenced_columns, deferrable, initially_deferred, validated, enforced, no_inherit, local, inherited,
                 parent, index_name, nulls_not_distinct] = constraint;  // the parts are in the definition
    out.add(type, definition, validated, enforced, local, inherited, parent);
  }
  void operator()(const Index& index) const {
    const auto& [table, definition, access_method, unique, valid, clustered, replica_identity, partitioned, parent, constraint, columns, include, predicate, tablespace,
                 options, statistics_targets, nulls_not_distinct] = index;  // a constraint's index shows options and tablespace here alone
    out.add(table, definition, valid, clustered, replica_identity, parent, constraint, tablespace, options, statistics_targets);
  }
  void operator()(const View& view) const {
    const auto& [definition, options, columns] = view;
    out.add(definition, options);
    view_columns(columns);
  }
  void operator()(const MaterializedView& view) const {
    const auto& [definition, options, access_method, tablespace, populated, columns, statistics_targets] = view;
    out.add(definition, options, access_method, tablespace, populated, statistics_targets);
    view_columns(columns);
  }
  void operator()(const Sequence& sequence) const {
    const auto& [options, persistence, owned_by] = sequence;
    out.add(options, persistence, owned_by);
  }
  void operator()(const EnumType& type) const {
    const auto& [labels] = type;
    out.add(labels);
  }
  void operator()(const Domain& domain) const {
    const auto& [base_type, collation, not_null, not_null_name, default_expression] = domain;
    out.add(base_type, collation, not_null, not_null_name, default_expression);
  }
  void operator()(const CompositeType& type) const {
    const auto& [attributes] = type;
    out.add(attributes);
  }
  void operator()(const Routine& routine) const {
    const auto& [kind, definition, result, arguments, argument_names, default_count, language, body, volatility] = routine;  // all in the definition
    out.add(definition);
  }
  void operator()(const Trigger& trigger) const {
    const auto& [definition, enabled, constraint, inherited, function] = trigger;
    out.add(definition, enabled, inherited);
  }
  void operator()(const EventTrigger& trigger) const {
    const auto& [event, tags, function, enabled] = trigger;
    out.add(event, tags, function, enabled);
  }
  void operator()(const Rule& rule) const {
    const auto& [definition, enabled] = rule;
    out.add(definition, enabled);
  }
  void operator()(const Policy& policy) const {
    const auto& [command, permissive, roles, using_expression, check_expression] = policy;
    out.add(command, permissive, roles, using_expression, check_expression);
  }
  void operator()(const StatisticsObject& statistics) const {
    const auto& [table, definition, target] = statistics;
    out.add(definition, target);
  }
  void operator()(const DomainConstraint& constraint) const {
    const auto& [definition, validated] = constraint;
    out.add(definition, validated);
  }
  void operator()(const Publication& publication) const {
    const auto& [all_tables, options, tables, schemas] = publication;
    out.add(all_tables, options, tables, schemas);
  }
  void operator()(const DefaultPrivileges& privileges) const {
    const auto& [built_in] = privileges;
    add_grants(out, object.grants, built_in, object.id.relation);
  }
  void operator()(const Generic& generic) const {
    const auto& [create, options] = generic;  // the options are in the statements
    out.add(create);
  }
};

// Members of extensions and what initdb made have owners of their own, which are not the schema's.
bool has_owner(const Object& object) { return object.id.kind != Kind::extension && object.id.kind != Kind::privileges && object.id.kind != Kind::default_privileges; }

}  // namespace

std::string fingerprint(const Database& database, const std::set<std::string>& any_order) {
  Text out;
  for (const auto& [id, object] : database.objects) {
    const auto* index = std::get_if<Index>(&object.body);
    if (index && !index->valid && !index->partitioned) continue;  // what a failed build leaves is no part of the schema
    out.add(id);
    std::visit(Fields{object, database, out, any_order}, object.body);
    if (has_owner(object)) out.add(object.owner);
    if (id.kind == Kind::column) {
      if (!object.grants.empty()) add_grants(out, object.grants, object.default_grants, Fields{object, database, out, any_order}.relation_owner());
    } else if (id.kind != Kind::default_privileges) {
      add_grants(out, object.grants, object.default_grants, object.owner);
    }
    out.add(object.comment, object.security_labels, object.extension_dependencies);
  }
  return sha256(out.text());
}

}  // namespace contraflow::catalog
