// SPDX-License-Identifier: Apache-2.0
//
// Renames of objects: the statements, and the model after those that need no server, because the name stands nowhere but in
// the object's own definition (indexes, constraints, triggers, policies, rules, statistics).
#pragma once

#include <functional>
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
// ALTER … SET SCHEMA, and a rename where the name differs as well. `taken` tells whether a relation or type has a name already: between the two the object
// must have one that is free. A table takes its indexes, constraints and owned sequences along.
std::vector<std::string> move_statements(const ObjectId& now, const ObjectId& then, const std::function<bool(const ObjectId&)>& taken);
// Another object of any kind whose names are one namespace with relations and types has this name.
bool name_is_taken(const Database& database, const ObjectId& id);

// What `id` is called after the renames of its schema, its table and itself. An index or owned sequence does not say whose it is: see located().
ObjectId renamed(const ObjectId& id, const std::vector<Renaming>& renames);
// The same, with the database that has the object: indexes and owned sequences go where their table goes.
ObjectId located(const ObjectId& id, const std::vector<Renaming>& renames, const Database& database);
// The schema of before, under its name of after: where this is not `to.schema`, the object is moved.
std::string schema_of_before(const Renaming& renaming, const std::vector<Renaming>& all);
bool is_moved(const Renaming& renaming, const std::vector<Renaming>& all);

// Kinds that need no server.
bool renamed_in_model(const ObjectId& id);
Database rename_in_model(const Database& database, const std::vector<Renaming>& renames);

}  // namespace contraflow::catalog
