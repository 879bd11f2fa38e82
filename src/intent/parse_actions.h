// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "intent/cursor.h"
#include "intent/intent.h"

// Inside the module only: what follows the first word of an intent, read from the cursor behind it.
namespace contraflow::intent {

// SQL up to the next option of an intent.
Text expression(Cursor& c, std::string_view what = "an expression");
// `users.email`: at least a table and a column.
Name column_name(Cursor& c, std::string_view example);

SoftDelete read_soft_delete(Cursor& c);
AddEnumColumn read_add_enum_column(Cursor& c);
Rename read_rename(Cursor& c);
Retype read_retype(Cursor& c);
AddColumn read_add_column(Cursor& c);
NotNull read_not_null(Cursor& c);
SetDefault read_set_default(Cursor& c);
Unique read_unique(Cursor& c);
ForeignKey read_foreign_key(Cursor& c);
CreateIndex read_create_index(Cursor& c);
AddEnumValue read_add_enum_value(Cursor& c);
DropEnumValue read_drop_enum_value(Cursor& c);
Check read_check(Cursor& c);

}  // namespace contraflow::intent
