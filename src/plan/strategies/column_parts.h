// SPDX-License-Identifier: Apache-2.0
//
// What the strategies that change columns share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/planner.h"

namespace contraflow::plan {

// Adding the column with this default makes the server write every row.
bool has_volatile_default(const Database& database, const catalog::Column& column);
bool has_checked_domain(const Database& database, const catalog::Column& column);
// Its type is a domain with a default, or over one that has: a column without a default takes that.
bool has_domain_default(const Database& database, const catalog::Column& column);
// What the domain of a column is of in the end, where it, or one that it is over, has a default, a CHECK or NOT NULL; nothing for other types.
std::optional<std::string> type_below_domain(const Database& database, const catalog::Column& column);

// NOT NULL without a scan under ACCESS EXCLUSIVE: CHECK NOT VALID, VALIDATE, SET NOT NULL (>= 12 takes the proof), DROP CHECK. `name_now` is
// what the column is called when this runs. `after`: operations that come before.
void set_not_null(Planner& planner, Phase phase, const ObjectId& column, const std::string& name_now, std::vector<std::size_t> after);
// `contents_may_be_lost`: on the way back NOT NULL is left out where rows hold NULL.
void drop_not_null(Planner& planner, Phase phase, const ObjectId& column, bool contents_may_be_lost = false, const std::string& fill = {});

// A value that rows without contents can hold in a NOT NULL column; empty where the type has none that is safe.
std::string neutral_value(const Database& database, const catalog::Column& column);

void backfill_column(Planner& planner, Phase phase, const ObjectId& column, const std::string& expression, const std::string& pending);
// Columns by whose ranges a backfill of the table goes; empty: ctid.
std::vector<std::string> usable_key(const Planner& planner, const QualifiedName& table);

// ADD COLUMN with a volatile default, serial or identity on a large table: nullable column, default, batched backfill, then the rest.
void add_column_in_stages(Planner& planner, const ObjectId& column);
// Identity options, serial <-> identity with the sequence's value carried over.
void plan_identity(Planner& planner, const ObjectId& column);
// The column's NOT NULL comes from a primary key that this plan takes away, so it can go only afterwards.
bool not_null_needed_by_dropped_key(const Planner& planner, const ObjectId& column);

// Said beforehand: what becomes of rows that the next version writes without a value (`value` on the way back; empty: `otherwise`).
void note_rows_without_value(Planner& planner, const ObjectId& column, const std::string& value, std::string_view otherwise);
void rename_not_null(Planner& planner, const ObjectId& column);
void retire_column(Planner& planner, const ObjectId& column);
// The operation that adds a column comes after a table without it has left: ADD COLUMN reaches whoever inherits, and a partition gets none of its own.
void add_after_leaving(const Planner& planner, const ObjectId& column, Operation& add);
// `ALTER TABLE name` of the column's table, or ALTER FOREIGN TABLE.
std::string column_target(const Database& database, const ObjectId& column);

}  // namespace contraflow::plan
