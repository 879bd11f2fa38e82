// SPDX-License-Identifier: Apache-2.0
//
// What stands beside the objects: default privileges, privileges on what is no object of the model, comments, security labels.
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

// What pg_dump shows of privileges that are not on the model's objects: those of pg_catalog, information_schema
// and members of extensions that differ from what initdb or the extension's script gave (pg_init_privs; where it
// has no row, the kind's default).
void ask_initial_privileges(Reader& reader) {
  // Where no extension has made anything, only what initdb made counts, which the index on the OID finds: to look at the privileges of everything else is dear.
  const bool of_extensions = reader.holds(catalog_oid::extension);
  const auto rows = [&](const char* catalog, const char* table, const char* oid, const char* columns, const char* where) {
    return fmt::format("SELECT '{0}'::regclass::oid AS classid, {1} AS objid, {2} FROM {3} WHERE {4}{5}", catalog, oid, columns, table, where,
                       of_extensions ? "" : fmt::format(" AND {} < {}", oid, kFirstUserOid));
  };
  const std::string all =
      rows("pg_proc", "pg_proc o", "o.oid",
           "0 AS sub, 'f' AS letter, o.pronamespace AS namespace, o.proowner AS owner, o.proacl AS acl, NULL::name AS "
           "attname, CASE o.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS word, o.proname AS name",
           "true") +
      " UNION ALL " +
      rows("pg_class", "pg_class o", "o.oid",
           "0, CASE o.relkind WHEN 'S' THEN 's' ELSE 'r' END, o.relnamespace, o.relowner, o.relacl, NULL, CASE o.relkind "
           "WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, o.relname",
           "o.relkind IN ('r', 'v', 'm', 'f', 'p', 'S')") +
      " UNION ALL " +
      rows("pg_class", "pg_attribute a JOIN pg_class o ON o.oid = a.attrelid", "a.attrelid",
           "a.attnum, 'c', o.relnamespace, o.relowner, a.attacl, a.attname, 'TABLE', o.relname",
           // Most columns have none, and nobody asks further about these.
           "(a.attacl IS NOT NULL OR a.attrelid IN (SELECT objoid FROM pg_init_privs WHERE objsubid > 0)) AND a.attnum > 0 AND NOT a.attisdropped AND "
           "o.relkind IN ('r', 'v', 'm', 'f', 'p')") +
      " UNION ALL " +
      rows("pg_type", "pg_type o", "o.oid", "0, 'T', o.typnamespace, o.typowner, o.typacl, NULL, 'TYPE', o.typname",
           "o.typrelid = 0 AND o.typelem = 0") +
      " UNION ALL " + rows("pg_language", "pg_language o", "o.oid", "0, 'l', 0, o.lanowner, o.lanacl, NULL, 'LANGUAGE', o.lanname", "true") +
      " UNION ALL " +
      rows("pg_namespace", "pg_namespace o", "o.oid", "0, 'n', 0, o.nspowner, o.nspacl, NULL, 'SCHEMA', o.nspname",
           "o.nspname <> 'public'") +
      " UNION ALL " +
      rows("pg_foreign_data_wrapper", "pg_foreign_data_wrapper o", "o.oid",
           "0, 'F', 0, o.fdwowner, o.fdwacl, NULL, 'FOREIGN DATA WRAPPER', o.fdwname", "true") +
      " UNION ALL " +
      rows("pg_foreign_server", "pg_foreign_server o", "o.oid", "0, 'S', 0, o.srvowner, o.srvacl, NULL, 'FOREIGN SERVER', o.srvname", "true");
  reader.ask(
      fmt::format(
          "SELECT x.classid, x.objid, n.nspname, x.letter, x.owner, x.acl IS NULL, x.acl::text[], i.initprivs IS NULL, "
          "i.initprivs::text[], x.attname, x.word || ' ' || CASE WHEN x.namespace <> 0 THEN format('%I.%I', n.nspname, x.name) "
          "ELSE quote_ident(x.name) END || CASE WHEN x.letter = 'f' THEN '(' || pg_get_function_identity_arguments(x.objid) "
          "|| ')' ELSE '' END FROM ({}) x LEFT JOIN pg_init_privs i ON i.classoid = x.classid AND i.objoid = x.objid AND "
          "i.objsubid = x.sub LEFT JOIN pg_namespace n ON n.oid = x.namespace WHERE x.acl IS DISTINCT FROM i.initprivs AND "
          "(x.objid < {} OR EXISTS (SELECT FROM pg_depend d WHERE d.classid = x.classid AND d.objid = x.objid AND d.deptype = 'e'))",
          all, kFirstUserOid),
      [&reader](const pg::Result& result) {
        for (int row = 0; row < result.rows(); ++row) {
          Cells cells(result, row);
          const Oid catalog = cells.oid();
          const Oid oid = cells.oid();
          ObjectId id{Kind::privileges, cells.text(), {}, {}, {}};
          const char letter = cells.letter();
          const std::string owner = reader.role(cells.oid());
          const bool null = cells.boolean();
          const std::vector<std::string> acl = cells.texts();
          const bool initially_null = cells.boolean();
          const std::vector<std::string> initial = cells.texts();
          id.arguments = cells.text();
          id.name = cells.text();
          Object object;
          object.owner = owner;
          object.grants = reader.grants(null, acl, letter, owner);
          object.default_grants = reader.grants(initially_null, initial, letter, owner);
          if (object.grants == object.default_grants) continue;
          if (const Object* extension = reader.member_of({catalog, oid, 0})) object.depends_on.insert(extension->id);
          object.id = id;
          object.body = Generic{};
          reader.database.objects.emplace(std::move(id), std::move(object));
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
  ask_initial_privileges(reader);
  ask_comments(reader);
  ask_security_labels(reader);
}

}  // namespace contraflow::catalog::detail
