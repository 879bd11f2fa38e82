// SPDX-License-Identifier: Apache-2.0
//
// What stands beside the objects: default privileges, comments, security labels.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/reader.h"

namespace contraflow::catalog::detail {

namespace {

// ALTER DEFAULT PRIVILEGES' word for pg_default_acl.defaclobjtype.
const char* default_acl_word(char letter) {
  switch (letter) {
    case 'r':
      return "tables";
    case 'S':
      return "sequences";
    case 'f':
      return "functions";
    case 'T':
      return "types";
    case 'n':
      return "schemas";
    case 'L':
      return "large objects";
    default:
      return nullptr;
  }
}

void ask_default_privileges(Reader& reader) {
  // acldefault() calls sequences 's' and tables 'r'; pg_default_acl calls sequences 'S'.
  reader.ask(
      "SELECT oid, defaclrole, defaclnamespace, defaclobjtype, defaclacl::text[], CASE WHEN defaclnamespace "
      "= 0 THEN "
      "acldefault(CASE WHEN defaclobjtype = 'S' THEN 's' ELSE defaclobjtype END, defaclrole)::text[] END "
      "FROM pg_default_acl",
      [&reader](const pg::Result& result) {
        for (int row = 0; row < result.rows(); ++row) {
          Cells cells(result, row);
          const Oid oid = cells.oid();
          const std::string role = reader.role(cells.oid());
          const Oid schema_oid = cells.oid();
          const std::string& schema = reader.schema(schema_oid);
          // Of a schema that is not read.
          if (schema_oid != 0 && !reader.identify({catalog_oid::schema, schema_oid, 0})) continue;
          const char letter = cells.letter();
          const char* word = default_acl_word(letter);
          const ObjectId id{Kind::default_privileges, schema, role, word ? word : std::string(1, letter), {}};
          if (!word) {
            reader.unsupported(id, describe(id));
            continue;
          }
          std::vector<Grant> grants = reader.grants(false, cells.texts(), letter, role);
          DefaultPrivileges privileges;
          privileges.built_in = reader.grants(false, cells.texts(), letter, role);
          Object* object = reader.add(catalog_oid::default_acl, oid, id, std::move(privileges));
          if (!object) continue;
          object->owner = role;
          object->grants = std::move(grants);
        }
      });
}

// A part of an object that has no address of its own: a column of a view or of a composite type.
std::optional<std::string>* part_comment(Reader& reader, Oid relation, int attnum) {
  const auto found = reader.relations.find(relation);
  if (found == reader.relations.end() || !found->second.object) return nullptr;
  const std::string name = reader.column_name(relation, attnum);
  Body& body = found->second.object->body;
  const auto in = [&](auto& parts) -> std::optional<std::string>* {
    const auto it =
        std::find_if(parts.begin(), parts.end(), [&](const auto& part) { return part.name == name; });
    return it == parts.end() ? nullptr : &it->comment;
  };
  if (auto* view = std::get_if<View>(&body)) return in(view->columns);
  if (auto* view = std::get_if<MaterializedView>(&body)) return in(view->columns);
  if (auto* composite = std::get_if<CompositeType>(&body)) return in(composite->attributes);
  return nullptr;
}

void ask_comments(Reader& reader) {
  reader.ask(
      "SELECT classoid, objoid, objsubid, description, CASE WHEN classoid = 'pg_rewrite'::regclass OR "
      "classoid = "
      "'pg_type'::regclass THEN pg_describe_object(classoid, objoid, objsubid) END FROM pg_description WHERE "
      "objoid >= "
      "16384 OR classoid IN ('pg_extension'::regclass, 'pg_namespace'::regclass)",
      [&reader](const pg::Result& result) {
        for (int row = 0; row < result.rows(); ++row) {
          Cells cells(result, row);
          Address address;
          address.catalog = cells.oid();
          address.oid = cells.oid();
          address.sub = cells.number();
          std::string text = cells.text();
          if (Object* object = reader.identify(address)) {
            object->comment = std::move(text);
          } else if (address.catalog == catalog_oid::relation && address.sub > 0) {
            if (auto* comment = part_comment(reader, address.oid, address.sub)) *comment = std::move(text);
          } else if (Object* alias = reader.resolve(address); alias && alias->id.kind != Kind::extension) {
            auto* column = std::get_if<Column>(&alias->body);
            if (column && address.catalog == catalog_oid::relation) {
              column->identity_comment = std::move(text);
            } else {  // COMMENT ON RULE "_RETURN", on the row type of a table
              reader.unsupported(alias->id, "comment on " + cells.text());
            }
          }
        }
      });
}

void ask_security_labels(Reader& reader) {
  reader.ask(
      "SELECT classoid, objoid, objsubid, provider, label, pg_describe_object(classoid, objoid, objsubid) "
      "FROM pg_seclabel",
      [&reader](const pg::Result& result) {
        for (int row = 0; row < result.rows(); ++row) {
          Cells cells(result, row);
          Address address;
          address.catalog = cells.oid();
          address.oid = cells.oid();
          address.sub = cells.number();
          std::string provider = cells.text();
          std::string label = cells.text();
          if (Object* object = reader.identify(address)) {
            object->security_labels[std::move(provider)] = std::move(label);
          } else if (Object* part = reader.resolve(address)) {
            reader.unsupported(part->id, "security label on " + cells.text());
          }
        }
      });
}

}  // namespace

void ask_privileges(Reader& reader) {
  ask_default_privileges(reader);
  ask_comments(reader);
  ask_security_labels(reader);
}

}  // namespace contraflow::catalog::detail
