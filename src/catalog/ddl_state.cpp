// SPDX-License-Identifier: Apache-2.0
//
// What hangs on an object beside its definition: owner, comment, privileges, labels, enabled states, marks.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "catalog/alter.h"
#include "catalog/ddl_parts.h"

namespace contraflow::catalog {

using namespace parts;

namespace {

bool has_owner(const Object& object) {
  switch (object.id.kind) {
    case Kind::extension:  // no ALTER EXTENSION … OWNER TO
    case Kind::index:      // follows its table
    case Kind::column:
    case Kind::constraint:
    case Kind::domain_constraint:
    case Kind::rule:
    case Kind::trigger:
    case Kind::policy:
    case Kind::user_mapping:
    case Kind::cast:
    case Kind::transform:
    case Kind::access_method:
    case Kind::text_search_parser:
    case Kind::text_search_template:
    case Kind::default_privileges:
    case Kind::privileges:
      return false;
    default:
      return !object.owner.empty();
  }
}

std::string comment_literal(const std::optional<std::string>& comment) {
  return comment ? sql::quote_literal(*comment) : "NULL";
}

// What a new database's `public` has (src/backend/catalog and initdb): owner, and privileges beside the
// owner's own.
std::vector<Grant> public_schema_grants(const Object& schema, int major) {
  std::vector<Grant> grants{{"", "USAGE", false, schema.owner},
                            {schema.owner, "CREATE", false, schema.owner},
                            {schema.owner, "USAGE", false, schema.owner}};
  if (major < 15)
    grants.push_back({"", "CREATE", false, schema.owner});  // until CVE-2018-1058's default went in 15
  return grants;
}

// The word of ALTER DEFAULT PRIVILEGES for what the object is; empty where it has none.
std::string default_privileges_word(Kind kind) {
  switch (kind) {
    case Kind::table:
    case Kind::foreign_table:
    case Kind::view:
    case Kind::materialized_view:
      return "tables";
    case Kind::sequence:
      return "sequences";
    case Kind::routine:
    case Kind::aggregate:
      return "functions";
    case Kind::enum_type:
    case Kind::base_type:
    case Kind::domain:
    case Kind::composite_type:
    case Kind::range_type:
      return "types";
    case Kind::schema:
      return "schemas";
    default:
      return {};
  }
}

// ALTER … OWNER TO hands on the old owner's part, as grantor and as grantee (aclnewowner()).
Grant hand_over(Grant grant, const std::string& from, const std::string& to) {
  if (grant.grantor == from) grant.grantor = to;
  if (grant.grantee == from) grant.grantee = to;
  return grant;
}

std::vector<Grant> initial_grants(const Object& object, const Database& database,
                                  const std::string& acting_role, bool from_elsewhere = false) {
  if (object.id.kind == Kind::schema && object.id.name == "public")
    return public_schema_grants(object, database.major());
  const std::string word = default_privileges_word(object.id.kind);
  if (word.empty()) return object.default_grants;
  std::vector<Grant> grants = object.default_grants;
  // An entry for all schemas replaces the built-in default, an entry for one schema adds to it
  // (get_user_default_acl()).
  if (const Object* global = database.find(ObjectId{Kind::default_privileges, "", acting_role, word, from_elsewhere ? "elsewhere" : ""})) {
    grants.clear();
    for (const auto& grant : global->grants) grants.push_back(hand_over(grant, acting_role, object.owner));
  }
  if (const Object* local =
          database.find(ObjectId{Kind::default_privileges, object.id.schema, acting_role, word, from_elsewhere ? "elsewhere" : ""});
      local && !object.id.schema.empty())
    for (const auto& grant : local->grants) grants.push_back(hand_over(grant, acting_role, object.owner));
  return grants;
}

// Who creates the object is not known: what any role's ALTER DEFAULT PRIVILEGES may have given it is taken back, what any may have withheld is
// granted.
Statements grants_of_new(const Object& object, const Database& database, const std::string& acting_role) {
  const std::string word = default_privileges_word(object.id.kind);
  std::set<std::string> roles;
  for (auto it = database.objects.lower_bound(ObjectId{Kind::default_privileges, "", "", "", ""});
       it != database.objects.end() && it->first.kind == Kind::default_privileges; ++it) {
    if (it->first.name == word && (it->first.schema.empty() || it->first.schema == object.id.schema)) roles.insert(it->first.relation);
  }
  if (!acting_role.empty() || word.empty() || roles.empty() || (object.id.kind == Kind::schema && object.id.name == "public")) {
    return alter_grants(object, initial_grants(object, database, acting_role), object.grants);
  }
  std::vector<Grant> widest = object.default_grants, certain = object.default_grants;
  for (const std::string& role : roles) {
    for (const bool elsewhere : {false, true}) {
      const std::vector<Grant> possible = initial_grants(object, database, role, elsewhere);
      for (const Grant& grant : possible) {
        if (std::find(widest.begin(), widest.end(), grant) == widest.end()) widest.push_back(grant);
      }
      std::erase_if(certain, [&](const Grant& grant) { return std::find(possible.begin(), possible.end(), grant) == possible.end(); });
    }
  }
  std::vector<Grant> kept;
  for (const Grant& grant : widest) {
    if (std::find(object.grants.begin(), object.grants.end(), grant) != object.grants.end()) kept.push_back(grant);
  }
  Statements statements = alter_grants(object, widest, kept);
  std::erase_if(kept, [&](const Grant& grant) { return std::find(certain.begin(), certain.end(), grant) == certain.end(); });
  append(statements, alter_grants(object, kept, object.grants));
  return statements;
}

Statements column_states(const Object& relation, const Database& database) {
  Statements statements;
  for (const auto& [object, column] : columns_of(database, relation.id.schema, relation.id.name)) {
    append(statements, alter_grants(*object, object->default_grants, object->grants, relation.owner));
    append(statements, comment_on(*object));
    append(statements, alter_security_labels(*object, {}, object->security_labels));
    if (column->identity == Identity::none || column->identity_sequence.name.empty()) continue;
    Column made = *column;  // as CREATE TABLE leaves its sequence
    made.identity_comment.reset();
    made.identity_grants.clear();
    for (const char* privilege : {"SELECT", "UPDATE", "USAGE"})
      made.identity_grants.push_back({relation.owner, privilege, false, relation.owner});
    const auto* table = std::get_if<Table>(&relation.body);
    // Until 14 every sequence is permanent.
    if (table && database.major() >= 15) made.identity_persistence = table->persistence;
    append(statements, alter_identity_sequence(made, *column, relation.owner));
  }
  return statements;
}

Statements view_column_states(const Object& view, const std::vector<ViewColumn>& columns) {
  Statements statements;
  for (const auto& column : columns) {
    Object object;
    object.id = column_id(view.id.schema, view.id.name, column.name);
    object.comment = column.comment;
    append(statements, alter_grants(object, {}, column.grants, view.owner));
    append(statements, comment_on(object));
  }
  return statements;
}

Statements attribute_comments(const Object& type) {
  Statements statements;
  for (const auto& attribute : std::get<CompositeType>(type.body).attributes)
    if (attribute.comment)
      statements.push_back(fmt::format("COMMENT ON COLUMN {}.{} IS {}", quoted_name(type.id),
                                       sql::quote_identifier(attribute.name),
                                       comment_literal(attribute.comment)));
  return statements;
}

Statements table_marks(const Object& object) {
  const auto& table = std::get<Table>(object.body);
  Statements statements = alter_row_security(object.id, Table{}, table);
  // By index: with the index, which exists later.
  if (table.replica_identity == ReplicaIdentity::full || table.replica_identity == ReplicaIdentity::nothing)
    append(statements, alter_replica_identity(object.id, table));
  return statements;
}

Statements index_marks(const Object& object) {
  const auto& index = std::get<Index>(object.body);
  const std::string table = sql::quote({object.id.schema, index.table});
  const std::string name = sql::quote_identifier(object.id.name);
  Statements statements = alter_index_statistics(object.id, {}, index.statistics_targets);
  if (index.clustered) statements.push_back(fmt::format("ALTER TABLE {} CLUSTER ON {}", table, name));
  if (index.replica_identity)
    statements.push_back(fmt::format("ALTER TABLE ONLY {} REPLICA IDENTITY USING INDEX {}", table, name));
  return statements;
}

Statements trigger_state(const Object& object, const Database& database) {
  const auto& trigger = std::get<Trigger>(object.body);
  char made = 'O';
  if (trigger.inherited)  // cloned with its parent's state
    if (const Object* relation = find_relation(database, {object.id.schema, object.id.relation}))
      for (const auto& parent : parents_of(*relation))
        if (const auto* from = database.find_body<Trigger>(
                ObjectId{Kind::trigger, parent.schema, parent.name, object.id.name, ""}))
          made = from->enabled;
  // Told again where it may be one or the other: before 15 the clone does not take the parent's state.
  if (trigger.enabled == made && made == 'O') return {};
  return alter_trigger_state(object.id, trigger.enabled);
}

// What only objects of this kind have.
Statements own_state(const Object& object, const Database& database, bool include_columns) {
  Statements statements;
  switch (object.id.kind) {
    case Kind::table:
      statements = table_marks(object);
      if (include_columns) append(statements, column_states(object, database));
      break;
    case Kind::foreign_table:
      if (include_columns) append(statements, column_states(object, database));
      break;
    case Kind::view:
      if (include_columns) statements = view_column_states(object, std::get<View>(object.body).columns);
      break;
    case Kind::materialized_view:
      if (include_columns)
        statements = view_column_states(object, std::get<MaterializedView>(object.body).columns);
      break;
    case Kind::composite_type:
      if (include_columns) statements = attribute_comments(object);
      break;
    case Kind::index:
      statements = index_marks(object);
      break;
    case Kind::trigger:
      statements = trigger_state(object, database);
      break;
    case Kind::rule:
      if (char enabled = std::get<Rule>(object.body).enabled; enabled != 'O')
        statements = alter_rule_state(object.id, enabled);
      break;
    case Kind::event_trigger:
      if (char enabled = std::get<EventTrigger>(object.body).enabled; enabled != 'O')
        statements = alter_event_trigger(object.id, enabled);
      break;
    case Kind::statistics:
      if (int target = std::get<StatisticsObject>(object.body).target; target >= 0)
        statements = alter_statistics_target(object.id, target);
      break;
    case Kind::sequence:
      if (const auto& owned_by = std::get<Sequence>(object.body).owned_by)
        statements.push_back(
            fmt::format("ALTER SEQUENCE {} OWNED BY {}", quoted_name(object.id), quoted_name(*owned_by)));
      break;
    default:
      break;
  }
  return statements;
}

}  // namespace

Statements alter_owner(const Object& object) {
  if (!has_owner(object)) return {};
  return {fmt::format("ALTER {} OWNER TO {}", reference(object), sql::quote_identifier(object.owner))};
}

Statements comment_on(const Object& object) {
  const bool given = object.id.kind == Kind::extension ||  // its control file brings one
                     (object.id.kind == Kind::schema && object.id.name == "public");
  if (!object.comment && !given) return {};
  return {fmt::format("COMMENT ON {} IS {}", reference(object), comment_literal(object.comment))};
}

Statements describe_state(const Object& object, const Database& database, bool include_columns,
                          const std::string& acting_role) {
  if (object.id.kind == Kind::default_privileges) return {};
  Statements statements;
  if (acting_role.empty() || object.owner != acting_role) append(statements, alter_owner(object));
  append(statements, comment_on(object));
  append(statements, grants_of_new(object, database, acting_role));
  append(statements, alter_security_labels(object, {}, object.security_labels));
  append(statements, own_state(object, database, include_columns));
  for (const auto& extension : object.extension_dependencies)
    statements.push_back(
        fmt::format("ALTER {} DEPENDS ON EXTENSION {}", reference(object), sql::quote_identifier(extension)));
  return statements;
}

}  // namespace contraflow::catalog
