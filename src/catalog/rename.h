// SPDX-License-Identifier: Apache-2.0
//
// Renames of objects: the statements, and the model after those that need no server, because the name stands nowhere but in
// the object's own definition (indexes, constraints, triggers, policies, rules, statistics).
#pragma once

#include <string>
#include <vector>

#include "catalog/model.h"

namespace contraflow::catalog {

// `from` as the object is named in the model, `to` as it is named when all renames are done (its table or schema may
// be renamed as well).
struct Renaming {
  ObjectId from;
  ObjectId to;
  bool operator==(const Renaming&) const = default;
};

// A value of an enum type: the kind is enum_type, `relation` the type's name, `name` the label.
ObjectId enum_value_id(const std::string& schema, const std::string& type, const std::string& label);
bool is_enum_value(const ObjectId& id);
ObjectId type_of_value(const ObjectId& value);
// describe(), and `value packed of enum type public.order_state`.
std::string describe_renamed(const ObjectId& id);

// ALTER … RENAME of the object that is called `id` now.
std::string rename_statement(const ObjectId& id, const std::string& name);

// What `id` is called after the renames of its schema, its table and itself.
ObjectId renamed(const ObjectId& id, const std::vector<Renaming>& renames);

// Kinds that need no server.
bool renamed_in_model(const ObjectId& id);
Database rename_in_model(const Database& database, const std::vector<Renaming>& renames);

}  // namespace contraflow::catalog
