// SPDX-License-Identifier: Apache-2.0
//
// Conditions over the catalog, as SQL boolean expressions: what makes a step of a plan file a no-op when it is done.
// They call nothing but pg_catalog and run with an empty search_path.
#pragma once

#include <string>
#include <vector>

#include "catalog/model.h"

namespace contraflow::plan {

std::string exists(const catalog::ObjectId& id);
std::string absent(const catalog::ObjectId& id);
// The same, where something of another kind may have the name: DROP … IF EXISTS refuses that, and DROP TYPE takes any type.
std::string exists_as_kind(const catalog::ObjectId& id);
std::string all_of(const std::vector<std::string>& conditions);  // empty conditions are dropped
std::string any_of(const std::vector<std::string>& conditions);
std::string negate(const std::string& condition);

// The index stands on the table; the sequence is owned by one of its columns.
std::string belongs_to(const catalog::ObjectId& part, const catalog::ObjectId& table);

std::string column_has_type(const catalog::ObjectId& column, const std::string& type);
std::string column_is_not_null(const catalog::ObjectId& column);
std::string column_order_is(const catalog::ObjectId& table, const std::vector<std::string>& columns);
// All of these columns are there, and no others.
std::string columns_present(const catalog::ObjectId& table, std::vector<std::string> columns);
std::string foreign_key_points_at(const catalog::ObjectId& constraint, const sql::QualifiedName& table);
std::string constraint_is_validated(const catalog::ObjectId& constraint);
std::string index_is_valid(const catalog::ObjectId& index);
std::string enum_labels_are(const catalog::ObjectId& type, const std::vector<std::string>& labels);
std::string enum_has_label(const catalog::ObjectId& type, const std::string& label);
// Options of a foreign-data wrapper, server, user mapping, foreign table or a foreign table's column.
std::string fdw_options_are(const catalog::ObjectId& id, const catalog::Options& options);
std::string sequence_bounds_are(const sql::QualifiedName& sequence, const catalog::SequenceOptions& options);
std::string publishes_table(const catalog::ObjectId& publication, const sql::QualifiedName& table);
std::string publishes_schema(const catalog::ObjectId& publication, const std::string& schema);  // 15 and later
// Partitioned by this key (as pg_get_partkeydef() writes it); empty: not partitioned.
std::string is_partitioned_by(const catalog::ObjectId& table, const std::string& key);
std::string is_partition_of(const catalog::ObjectId& table, const sql::QualifiedName& parent);

// The object's server-side definition equals the one in the model (compared by md5). Empty for kinds whose definition
// the server does not give as one text.
std::string has_definition(const catalog::Object& object);

}  // namespace contraflow::plan
