// SPDX-License-Identifier: Apache-2.0
//
// ALTER statements that lead from one state of an object to another in place. Pure: no connection. Empty
// statements: the two are the same. An empty optional: no ALTER leads there, the object must be made anew.
// Statements have no final semicolon.
#pragma once

#include <optional>

#include "catalog/ddl.h"

namespace contraflow::catalog {

// Tables. `id` is the table's or column's.
Statements alter_table_options(const ObjectId& id, const Options& from, const Options& to);
Statements alter_replica_identity(const ObjectId& id, const Table& to);
Statements alter_row_security(const ObjectId& id, const Table& from, const Table& to);
Statements alter_column_options(const ObjectId& id, const Options& from, const Options& to);
// `to` of the column; storage that becomes the type's own is named by the type.
Statements alter_column_storage(const ObjectId& id, const Column& to);
Statements alter_column_compression(const ObjectId& id, const Column& to);
Statements alter_column_statistics(const ObjectId& id, int target);
// Sequence options of an identity column, its sequence's name, ALWAYS <-> BY DEFAULT; also to and from no
// identity.
Statements alter_identity(const ObjectId& id, const Column& from, const Column& to);
// Comment, privileges and persistence of the identity's sequence, whose name is that of `to`. `owner`: the
// table's.
Statements alter_identity_sequence(const Column& from, const Column& to, const std::string& owner);

Statements alter_index_options(const ObjectId& id, const Options& from, const Options& to);
Statements alter_index_statistics(const ObjectId& id, const std::map<int, int>& from,
                                  const std::map<int, int>& to);
Statements alter_statistics_target(const ObjectId& id, int target);

Statements alter_view_options(const ObjectId& id, const Options& from, const Options& to);
Statements alter_materialized_view_options(const ObjectId& id, const Options& from, const Options& to);

Statements alter_sequence(const ObjectId& id, const Sequence& from, const Sequence& to);
Statements alter_domain(const ObjectId& id, const Domain& from, const Domain& to);
// ADD/DROP/ALTER ATTRIBUTE. Empty optional where the order of the attributes that stay would have to change.
std::optional<Statements> alter_composite(const ObjectId& id, const CompositeType& from,
                                          const CompositeType& to);

std::optional<Statements> alter_policy(const ObjectId& id, const Policy& from, const Policy& to);
std::optional<Statements> alter_publication(const ObjectId& id, const Publication& from,
                                            const Publication& to);
// Empty optional where the extension is not relocatable and must move.
std::optional<Statements> alter_extension(const ObjectId& id, const Extension& from, const Extension& to);
// OPTIONS (ADD …, SET …, DROP …) of a foreign-data wrapper, server, user mapping, foreign table or a foreign
// table's column.
Statements alter_fdw_options(const ObjectId& id, const Options& from, const Options& to);
Statements alter_text_search_dictionary(const ObjectId& id, const Options& from, const Options& to);

// `enabled` as in the catalog: O, D, R or A.
Statements alter_trigger_state(const ObjectId& id, char enabled);
Statements alter_rule_state(const ObjectId& id, char enabled);
Statements alter_event_trigger(const ObjectId& id, char enabled);

// nullptr stands for the absence of the entry.
Statements alter_default_privileges(const Object* from, const Object* to);
Statements alter_security_labels(const Object& object, const std::map<std::string, std::string>& from,
                                 const std::map<std::string, std::string>& to);

}  // namespace contraflow::catalog
