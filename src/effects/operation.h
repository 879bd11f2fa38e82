// SPDX-License-Identifier: Apache-2.0
//
// What one operation on a table locks and does, per major version: the home of PostgreSQL's lock facts for single statements. `lint` decides
// from the parse tree and the schema which operation a statement is; docs/locks.md is made from this table, and a live test holds every row
// against servers.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "effects/effect.h"

namespace contraflow::effects {

enum class Operation : std::uint8_t {
  add_column,
  add_column_rewrite,
  add_column_not_null,
  add_column_check,
  add_column_reference,
  add_column_reference_scan,
  add_column_unique,
  drop_column,
  alter_column,
  alter_column_options,
  set_not_null,
  set_not_null_proven,
  set_expression,
  alter_type,
  alter_type_rewrite,
  alter_type_index,
  alter_type_check,
  add_check,
  add_check_not_valid,
  add_not_null,
  add_not_null_not_valid,
  add_foreign_key,
  add_foreign_key_not_valid,
  validate_check,
  validate_foreign_key,
  add_unique,
  add_using_index,
  add_primary_key_scan,
  add_exclusion,
  drop_constraint,
  drop_foreign_key,
  alter_constraint,
  domain_constraint,
  domain_validate,
  create_index,
  create_index_concurrently,
  create_index_only,
  drop_index,
  drop_index_concurrently,
  reindex,
  reindex_concurrently,
  rename_index,
  rename_index_as_table,
  index_set_tablespace,
  attach_partition,
  attach_partition_scan,
  attach_partition_index,
  scan_default_partition,
  detach_partition,
  detach_partition_concurrently,
  detach_partition_referenced,
  create_partition,
  drop_partition,
  vacuum_full,
  cluster,
  set_logged,
  set_access_method,
  set_tablespace,
  refresh,
  refresh_concurrently,
  truncate,
  create_trigger,
  toggle_trigger,
  drop_trigger,
  create_rule,
  row_security,
  policy,
  replica_identity,
  inherit,
  rename,
  set_schema,
  change_owner,
  table_options,
  drop_table,
  drop_table_referenced,
  lock_table,
  update_rows,
  create_table_reference,
  typed_table_rewrite,
};

struct OperationFacts {
  Operation operation;
  std::string_view name;            // as in messages and docs: "ADD COLUMN with a volatile default"
  LockMode lock;                    // on the table itself
  LockMode other = LockMode::none;  // on the other table: referenced, parent, default partition
  Work work = Work::none;           // in proportion to the table, while `lock` is held
  int weaker_since = 0;             // from this major on the lock is `weaker_lock`
  LockMode weaker_lock = LockMode::none;
};

const OperationFacts& facts_of(Operation operation);
LockMode lock_of(Operation operation, int major);
// All rows, in the order of the enumeration.
const OperationFacts* begin_facts();
const OperationFacts* end_facts();

}  // namespace contraflow::effects
