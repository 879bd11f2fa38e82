// SPDX-License-Identifier: Apache-2.0
//
// What the ddl_*.cpp files share. Private to the statements' generation: include ddl.h or alter.h elsewhere.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/ddl.h"

namespace contraflow::catalog::parts {

// The columns of a table in their order, as name and body. The pointers live as long as the database.
struct NamedColumn {
  const Object* object;
  const Column* column;
  const std::string& name() const { return object->id.name; }
};
std::vector<NamedColumn> columns_of(const Database& database, const std::string& schema,
                                    const std::string& table);
const Column* find_column(const Database& database, const QualifiedName& table, const std::string& name);

// The relation as a table or foreign table, wherever it is; nullptr where the database has none.
const Object* find_relation(const Database& database, const QualifiedName& name);
// Parents of a table or foreign table: inherited ones in order, or the partitioned table.
std::vector<QualifiedName> parents_of(const Object& relation);

// The index that backs the constraint.
const Object* backing_index(const Object& constraint, const Database& database);
std::string attach_index(const QualifiedName& parent, const QualifiedName& child);

Statements create_table(const Object& object, const Database& database);
Statements create_column(const Object& object, const Database& database);
Statements create_constraint(const Object& object, const Database& database);
Statements create_index(const Object& object, const Database& database);

Statements create_enum(const Object& object);
Statements create_domain(const Object& object);
Statements create_composite(const Object& object);
Statements create_sequence(const Object& object);
Statements create_view(const Object& object, bool or_replace = false);
// A view with the right columns that needs nothing but their types: breaks cycles, CREATE OR REPLACE VIEW
// follows.
Statements create_dummy_view(const Object& object);
Statements create_materialized_view(const Object& object, bool populate);
Statements create_policy(const Object& object);
Statements create_event_trigger(const Object& object);
Statements create_publication(const Object& object);
// TABLE ONLY a (x) WHERE (…) and, for those after the first, ONLY b.
std::vector<std::string> publication_tables(const std::vector<PublicationTable>& tables);

// What the type's storage is, for SET STORAGE back to it.
const char* default_storage(const Column& column);
// " DEFAULT …", " GENERATED … AS (…) STORED" or " GENERATED … AS IDENTITY (…)"; empty where there is none.
std::string generation(const Column& column);

// `table` is the quoted name of the table that the column is in.
Statements column_storage_statements(const std::string& table, const std::string& name, const Column& column);

std::string join(const std::vector<std::string>& items, std::string_view separator = ", ");
std::string without_semicolon(std::string_view text);
// name 'value', … as in OPTIONS (…) of the foreign-data commands.
std::string fdw_options_list(const Options& options);
std::string option_name(std::string_view name);
std::string quote_role(const std::string& role);  // "" is PUBLIC
std::string quoted_relation(const ObjectId& id);  // the table of a column, constraint, trigger …

// GRANT/REVOKE with the text between: `head` such as "ALTER DEFAULT PRIVILEGES FOR ROLE r ", `target` such as
// "TABLE public.t". `columns` such as " (a)" follows each privilege.
struct GrantTarget {
  std::string head;
  std::string on;
  std::string columns;
  std::string owner;
  std::vector<Grant> all;  // the owner's complete set, to write ALL; may be empty
};
Statements grant_statements(const GrantTarget& target, const std::vector<Grant>& from,
                            const std::vector<Grant>& to);

}  // namespace contraflow::catalog::parts
