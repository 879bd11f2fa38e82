// SPDX-License-Identifier: Apache-2.0
#include "catalog/rename.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "base/error.h"
#include "catalog/ddl.h"

namespace contraflow::catalog {

ObjectId enum_value_id(const std::string& schema, const std::string& type, const std::string& label) {
  return {Kind::enum_type, schema, type, label, ""};
}

bool is_enum_value(const ObjectId& id) { return id.kind == Kind::enum_type && !id.relation.empty(); }

ObjectId type_of_value(const ObjectId& value) { return {Kind::enum_type, value.schema, "", value.relation, ""}; }

std::string describe_renamed(const ObjectId& id) {
  if (!is_enum_value(id)) return describe(id);
  return fmt::format("value {} of enum type {}", sql::quote_literal(id.name), sql::quote(QualifiedName{id.schema, id.relation}));
}

std::string rename_statement(const ObjectId& id, const std::string& name) {
  const std::string to = sql::quote_identifier(name), old = sql::quote_identifier(id.name);
  const std::string relation = sql::quote(QualifiedName{id.schema, id.relation}), own = quoted_name(id);
  if (is_enum_value(id)) return fmt::format("ALTER TYPE {} RENAME VALUE {} TO {}", relation, sql::quote_literal(id.name), sql::quote_literal(name));
  switch (id.kind) {
    case Kind::column: return fmt::format("ALTER TABLE {} RENAME COLUMN {} TO {}", relation, old, to);
    case Kind::constraint: return fmt::format("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", relation, old, to);
    case Kind::domain_constraint: return fmt::format("ALTER DOMAIN {} RENAME CONSTRAINT {} TO {}", relation, old, to);
    case Kind::trigger: return fmt::format("ALTER TRIGGER {} ON {} RENAME TO {}", old, relation, to);
    case Kind::rule: return fmt::format("ALTER RULE {} ON {} RENAME TO {}", old, relation, to);
    case Kind::policy: return fmt::format("ALTER POLICY {} ON {} RENAME TO {}", old, relation, to);
    case Kind::schema: return fmt::format("ALTER SCHEMA {} RENAME TO {}", old, to);
    case Kind::table: return fmt::format("ALTER TABLE {} RENAME TO {}", own, to);
    case Kind::foreign_table: return fmt::format("ALTER FOREIGN TABLE {} RENAME TO {}", own, to);
    case Kind::index: return fmt::format("ALTER INDEX {} RENAME TO {}", own, to);
    case Kind::sequence: return fmt::format("ALTER SEQUENCE {} RENAME TO {}", own, to);
    case Kind::domain: return fmt::format("ALTER DOMAIN {} RENAME TO {}", own, to);
    case Kind::statistics: return fmt::format("ALTER STATISTICS {} RENAME TO {}", own, to);
    case Kind::enum_type:
    case Kind::composite_type:
    case Kind::range_type:
    case Kind::base_type: return fmt::format("ALTER TYPE {} RENAME TO {}", own, to);
    default: throw Error(ErrorCode::usage, fmt::format("renaming {} is not supported", describe(id)), "leave the rename out: it is dropped and created under its new name");
  }
}

namespace {

// The word of ALTER … SET SCHEMA; empty for kinds that have none, or that go with their table.
std::string_view movable_as(Kind kind) {
  switch (kind) {
    case Kind::table: return "TABLE";
    case Kind::foreign_table: return "FOREIGN TABLE";
    case Kind::sequence: return "SEQUENCE";
    case Kind::domain: return "DOMAIN";
    case Kind::statistics: return "STATISTICS";
    case Kind::enum_type:
    case Kind::composite_type:
    case Kind::range_type:
    case Kind::base_type: return "TYPE";
    default: return {};
  }
}

}  // namespace

std::vector<std::string> move_statements(const ObjectId& now, const ObjectId& then, const std::function<bool(const ObjectId&)>& taken) {
  if (now.schema == then.schema) return {rename_statement(now, then.name)};
  const std::string_view word = movable_as(now.kind);
  if (word.empty()) throw Error(ErrorCode::usage, fmt::format("moving {} to another schema is not supported", describe(now)), "leave the rename out: it is dropped and created there");
  ObjectId renamed_first = now, moved_first = then;
  renamed_first.name = then.name;
  moved_first.name = now.name;
  const auto move = [&](const ObjectId& id) { return fmt::format("ALTER {} {} SET SCHEMA {}", word, quoted_name(id), sql::quote_identifier(then.schema)); };
  if (now.name == then.name) return {move(now)};
  if (!taken(moved_first)) return {move(now), rename_statement(moved_first, then.name)};
  if (!taken(renamed_first)) return {rename_statement(now, then.name), move(renamed_first)};
  throw Error(ErrorCode::usage, fmt::format("{} cannot go to {} at once: {} and {} are taken", describe(now), quoted_name(then), quoted_name(moved_first), quoted_name(renamed_first)),
              "make two plans: rename first, then move");
}

bool name_is_taken(const Database& database, const ObjectId& id) {
  for (const Kind kind : {Kind::table, Kind::foreign_table, Kind::view, Kind::materialized_view, Kind::index, Kind::sequence, Kind::composite_type, Kind::enum_type,
                          Kind::domain, Kind::range_type, Kind::base_type, Kind::shell_type}) {
    if (database.find(ObjectId{kind, id.schema, "", id.name, ""})) return true;
  }
  return false;
}

std::string schema_of_before(const Renaming& renaming, const std::vector<Renaming>& all) {
  for (const Renaming& other : all) {
    if (other.from.kind == Kind::schema && other.from.name == renaming.from.schema) return other.to.name;
  }
  return renaming.from.schema;
}

bool is_moved(const Renaming& renaming, const std::vector<Renaming>& all) {
  return !movable_as(renaming.from.kind).empty() && !is_enum_value(renaming.from) && schema_of_before(renaming, all) != renaming.to.schema;
}

ObjectId located(const ObjectId& id, const std::vector<Renaming>& renames, const Database& database) {
  ObjectId out = renamed(id, renames);
  std::optional<ObjectId> table;
  if (const auto* index = database.find_body<Index>(id)) table = ObjectId{Kind::table, id.schema, "", index->table, ""};
  if (const auto* sequence = database.find_body<Sequence>(id); sequence && sequence->owned_by) {
    table = ObjectId{Kind::table, sequence->owned_by->schema, "", sequence->owned_by->relation, ""};
  }
  if (table) out.schema = renamed(*table, renames).schema;
  return out;
}

ObjectId renamed(const ObjectId& id, const std::vector<Renaming>& renames) {
  ObjectId out = id;
  bool moved = false;  // what is said of the object or its table counts before what is said of the schema it leaves
  for (const Renaming& renaming : renames) {
    const ObjectId& from = renaming.from;
    if (from == id) {
      out.name = renaming.to.name;
      out.schema = renaming.to.schema;
      moved = true;
    } else if (from.kind == Kind::schema && from.name == id.schema) {
      if (!moved) out.schema = renaming.to.name;
    } else if (from.relation.empty() && !id.relation.empty() && from.schema == id.schema && from.name == id.relation) {
      const bool has_parts = from.kind == Kind::table || from.kind == Kind::foreign_table || from.kind == Kind::domain || from.kind == Kind::enum_type;
      if (has_parts && (id.kind == Kind::domain_constraint) == (from.kind == Kind::domain) && is_enum_value(id) == (from.kind == Kind::enum_type)) {
        out.relation = renaming.to.name;
        out.schema = renaming.to.schema;
        moved = true;
      }
    }
  }
  return out;
}

}  // namespace contraflow::catalog
