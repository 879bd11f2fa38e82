// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "effects/operation.h"
#include "lint/schema.h"
#include "lint/versions.h"

namespace contraflow::lint {

// What a statement does that is no matter of locks, or not of locks alone.
enum class Fact {
  none,  // the operation says it all
  rename,
  drop_object,
  drop_not_null,
  drop_default,
  not_null_for_writers,
  enum_add_value,
  enum_rename_value,
  enum_value_used,
  type_under_view,
  type_breaks_prepared,
  shape_breaks_prepared,
  concurrently_on_partitioned,
  not_valid_on_partitioned,
  cannot_run_in_block,
  builds_if_not_exists,
  index_row_known_bad,
  whole_update,
  whole_delete,
  fires_triggers,
  replaces_function,
  sequence_may_lag,
  sequence_set,
  trigger_left_disabled,
  view_left_empty,
  not_valid_left,
  reference_without_index,
  function_left,
  function_used,
  trigger_reads_column,
  set_timeout,
  not_idempotent,
  style,
  executes_unknown,
  unread,
  view_made,
};

// One thing that a statement does to one relation. A statement may have several; a rule looks at them, never at the text.
struct Action {
  effects::Operation operation = effects::Operation::alter_column;
  bool locks = true;  // false: `operation` means nothing, only `fact` does
  Fact fact = Fact::none;
  QualifiedName relation;              // as it is shown: without schema where none is known
  QualifiedName key;                   // the same, completed: what it is compared by
  bool is_private = false;             // created by this migration: empty, and nobody waits for it
  std::optional<QualifiedName> other;  // referenced table, parent, default partition
  bool other_is_private = false;
  std::string what;  // "table", "column", "enum value", … for facts that have a subject
  std::string column;
  bool column_is_new = false;                        // added by this migration
  std::string object;                                // constraint, index, type, value: its name
  std::string from, to;                              // types, names
  std::string reason;                                // why the work is done: "the default calls random()"
  std::string depends;                               // what decides, where it is not known here
  bool likely = true;                                // with `depends`: the work is what usually happens
  effects::LockMode held = effects::LockMode::none;  // a stronger lock than the operation's own that the statement holds meanwhile
  std::size_t offset = 0;                            // bytes in the file
  Majors versions;

  effects::LockMode lock(int major) const;
  effects::Work work() const { return locks ? effects::facts_of(operation).work : effects::Work::none; }
};

}  // namespace contraflow::lint
