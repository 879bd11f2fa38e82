// SPDX-License-Identifier: Apache-2.0
#include "effects/operation.h"

#include <algorithm>
#include <iterator>

namespace contraflow::effects {
namespace {

constexpr LockMode kNone = LockMode::none, kRS = LockMode::row_share, kRE = LockMode::row_exclusive, kSUE = LockMode::share_update_exclusive,
                   kS = LockMode::share, kSRE = LockMode::share_row_exclusive, kX = LockMode::exclusive, kAE = LockMode::access_exclusive;
using O = Operation;
using W = Work;

// Sources: AlterTableGetLockLevel() and the phases of ATController() in tablecmds.c, indexcmds.c, cluster.c, typecmds.c; observed on servers 14 to 18.
constexpr OperationFacts kFacts[] = {
    {O::add_column, "ADD COLUMN", kAE},
    {O::add_column_rewrite, "ADD COLUMN whose value each row must be given", kAE, kNone, W::rewrite},
    {O::add_column_not_null, "ADD COLUMN NOT NULL without default", kAE},
    {O::add_column_check, "ADD COLUMN with CHECK", kAE, kNone, W::scan},
    {O::add_column_reference, "ADD COLUMN with REFERENCES", kAE, kSRE},
    {O::add_column_reference_scan, "ADD COLUMN with REFERENCES and a default", kAE, kSRE, W::scan},
    {O::add_column_unique, "ADD COLUMN with UNIQUE or PRIMARY KEY", kAE, kNone, W::index_build},
    {O::drop_column, "DROP COLUMN", kAE},
    {O::alter_column, "ALTER COLUMN (default, identity, storage, expression)", kAE},
    {O::alter_column_options, "ALTER COLUMN SET STATISTICS or (options)", kSUE},
    {O::set_not_null, "SET NOT NULL", kAE, kNone, W::scan},
    {O::set_not_null_proven, "SET NOT NULL that a validated CHECK proves", kAE},
    {O::set_expression, "SET EXPRESSION of a stored column", kAE, kNone, W::rewrite},
    {O::alter_type, "ALTER COLUMN TYPE, binary compatible", kAE},
    {O::alter_type_rewrite, "ALTER COLUMN TYPE, other representation", kAE, kNone, W::rewrite},
    {O::alter_type_index, "ALTER COLUMN TYPE that rebuilds indexes", kAE, kNone, W::index_build},
    {O::alter_type_check, "ALTER COLUMN TYPE of a column with a CHECK", kAE, kNone, W::scan},
    {O::add_check, "ADD CHECK", kAE, kNone, W::scan},
    {O::add_check_not_valid, "ADD CHECK NOT VALID", kAE},
    {O::add_not_null, "ADD CONSTRAINT NOT NULL", kAE, kNone, W::scan},
    {O::add_not_null_not_valid, "ADD CONSTRAINT NOT NULL NOT VALID", kAE},
    {O::add_foreign_key, "ADD FOREIGN KEY", kSRE, kSRE, W::scan},
    {O::add_foreign_key_not_valid, "ADD FOREIGN KEY NOT VALID", kSRE, kSRE},
    {O::validate_check, "VALIDATE CONSTRAINT of a CHECK", kSUE, kNone, W::scan},
    {O::validate_foreign_key, "VALIDATE CONSTRAINT of a foreign key", kSUE, kRS, W::scan},
    {O::add_unique, "ADD UNIQUE or PRIMARY KEY", kAE, kNone, W::index_build},
    {O::add_using_index, "ADD UNIQUE or PRIMARY KEY USING INDEX", kAE},
    {O::add_primary_key_scan, "ADD PRIMARY KEY USING INDEX over a nullable column", kAE, kNone, W::scan},
    {O::add_exclusion, "ADD EXCLUDE", kAE, kNone, W::index_build},
    {O::drop_constraint, "DROP CONSTRAINT", kAE},
    {O::drop_foreign_key, "DROP CONSTRAINT of a foreign key", kAE, kAE},
    {O::alter_constraint, "ALTER CONSTRAINT", kAE},
    {O::domain_constraint, "ALTER DOMAIN ADD CHECK or SET NOT NULL", kS, kNone, W::scan},
    {O::domain_validate, "ALTER DOMAIN VALIDATE CONSTRAINT", kS, kNone, W::scan},
    {O::create_index, "CREATE INDEX", kS, kNone, W::index_build},
    {O::create_index_concurrently, "CREATE INDEX CONCURRENTLY", kSUE, kNone, W::index_build},
    {O::create_index_only, "CREATE INDEX ON ONLY a partitioned table", kS},
    {O::drop_index, "DROP INDEX", kAE},
    {O::drop_index_concurrently, "DROP INDEX CONCURRENTLY", kSUE},
    {O::reindex, "REINDEX", kS, kNone, W::index_build},
    {O::reindex_concurrently, "REINDEX CONCURRENTLY", kSUE, kNone, W::index_build},
    {O::rename_index, "ALTER INDEX RENAME", kSUE},
    {O::rename_index_as_table, "ALTER TABLE RENAME of an index", kAE},
    {O::index_set_tablespace, "ALTER INDEX SET TABLESPACE", kAE, kNone, W::rewrite},
    {O::attach_partition, "ATTACH PARTITION whose bound a CHECK implies", kAE, kSUE},
    {O::attach_partition_scan, "ATTACH PARTITION", kAE, kSUE, W::scan},
    {O::attach_partition_index, "ATTACH PARTITION that lacks an index of its parent", kAE, kSUE, W::index_build},
    {O::scan_default_partition, "new partition beside a default partition", kAE, kNone, W::scan},
    {O::detach_partition, "DETACH PARTITION", kAE, kAE},
    {O::detach_partition_concurrently, "DETACH PARTITION CONCURRENTLY", kSUE, kSUE},
    {O::detach_partition_referenced, "DETACH PARTITION of a table that foreign keys reference", kAE, kAE, W::scan},
    {O::create_partition, "CREATE TABLE PARTITION OF", kAE},
    {O::drop_partition, "DROP TABLE of a partition", kAE, kAE},
    {O::vacuum_full, "VACUUM FULL", kAE, kNone, W::rewrite},
    {O::cluster, "CLUSTER", kAE, kNone, W::rewrite},
    {O::set_logged, "SET LOGGED or UNLOGGED", kAE, kNone, W::rewrite},
    {O::set_access_method, "SET ACCESS METHOD", kAE, kNone, W::rewrite},
    {O::set_tablespace, "SET TABLESPACE", kAE, kNone, W::rewrite},
    {O::refresh, "REFRESH MATERIALIZED VIEW", kAE, kNone, W::rewrite},
    {O::refresh_concurrently, "REFRESH MATERIALIZED VIEW CONCURRENTLY", kX},
    {O::truncate, "TRUNCATE", kAE},
    {O::create_trigger, "CREATE TRIGGER", kSRE},
    {O::toggle_trigger, "ENABLE or DISABLE TRIGGER", kSRE},
    {O::drop_trigger, "DROP TRIGGER", kAE},
    {O::create_rule, "CREATE RULE", kAE},
    {O::row_security, "ENABLE or DISABLE ROW LEVEL SECURITY", kAE},
    {O::policy, "CREATE, ALTER or DROP POLICY", kAE},
    {O::replica_identity, "REPLICA IDENTITY", kAE},
    {O::inherit, "INHERIT", kAE, kSUE},
    {O::rename, "RENAME", kAE},
    {O::set_schema, "SET SCHEMA", kAE},
    {O::change_owner, "OWNER TO", kAE},
    {O::table_options, "SET (storage parameters)", kSUE},
    {O::drop_table, "DROP TABLE", kAE},
    {O::drop_table_referenced, "DROP TABLE that has foreign keys", kAE, kAE},
    {O::lock_table, "LOCK TABLE", kAE},
    {O::update_rows, "UPDATE or DELETE of a whole table", kRE},
    {O::create_table_reference, "CREATE TABLE with REFERENCES", kNone, kSRE},
    {O::typed_table_rewrite, "ALTER TYPE … CASCADE over typed tables", kAE, kNone, W::rewrite},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < std::size(kFacts); ++i) {
    if (static_cast<std::size_t>(kFacts[i].operation) != i) return false;
  }
  return true;
}
static_assert(in_order(), "one row for each operation, in the order of the enumeration");
static_assert(static_cast<std::size_t>(Operation::typed_table_rewrite) + 1 == std::size(kFacts));

}  // namespace

const OperationFacts& facts_of(Operation operation) { return kFacts[static_cast<std::size_t>(operation)]; }

LockMode lock_of(Operation operation, int major) {
  const OperationFacts& facts = facts_of(operation);
  return facts.weaker_since != 0 && major >= facts.weaker_since ? facts.weaker_lock : facts.lock;
}

const OperationFacts* begin_facts() { return std::begin(kFacts); }
const OperationFacts* end_facts() { return std::end(kFacts); }

}  // namespace contraflow::effects
