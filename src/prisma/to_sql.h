// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "prisma/schema.h"

namespace contraflow::prisma {

// The SQL that creates what the models describe, by the mapping rules of Prisma Migrate for PostgreSQL (types, names of keys, indexes and foreign
// keys, implicit many-to-many tables). Views and what relationMode = "prisma" leaves to the client are not in it. Error{usage} for a schema of
// another database, and for a type that does not exist.
std::vector<std::string> to_sql(const Schema& schema);

// The name that Prisma gives an index, unique or foreign key of these columns: `suffix` is _idx, _key or _fkey.
std::string default_name(const std::string& table, const std::vector<std::string>& columns, std::string_view suffix);

// The column type of a scalar field: "TEXT", "TIMESTAMP(3)", `"Role"[]`; the plain type for autoincrement().
std::string column_type(const Schema& schema, const Field& field);

}  // namespace contraflow::prisma
