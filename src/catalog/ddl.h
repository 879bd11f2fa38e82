// SPDX-License-Identifier: Apache-2.0
//
// Statements that make, remove and describe one object, from the model alone. Statements have no final
// semicolon.
#pragma once

#include <iterator>
#include <string>
#include <vector>

#include "catalog/model.h"

namespace contraflow::catalog {

using Statements = std::vector<std::string>;
inline void append(Statements& to, Statements from) { to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end())); }

// How an object is named after ALTER/COMMENT ON/DROP: `TABLE public.users`, `TRIGGER t ON public.users`,
// `FUNCTION public.f(integer)`, `CAST (a AS b)`.
std::string reference(const Object& object);
std::string quoted_name(const ObjectId& id);  // public.users, public.f(integer), or the bare name

// CREATE of the object alone, as it is in `database`: a table comes with its columns (defaults, NOT NULL,
// identity, generated, storage and so on) but without constraints, indexes, triggers, comments, owner and
// privileges; an index that backs a constraint yields nothing (the constraint makes it). Columns yield ALTER
// TABLE … ADD COLUMN.
Statements create(const Object& object, const Database& database);

//
// Sessions that run these statements need `check_function_bodies = off`, `search_path = ''` and
// client_encoding UTF8. Partitions: CREATE TABLE … PARTITION OF where the columns are in the parent's order,
// else stand-alone and ATTACH; both clone the parent's indexes, under names of the server's choice, where the
// parent has some already: then use create_standalone(), the indexes, and attach_partition(), which adopts
// equal ones. A partition's index or key that belongs to its parent's is made and attached (as pg_dump does:
// parent ON ONLY first); other inherited constraints, inherited columns' definitions and inherited triggers
// yield nothing.

// The table without its place in the partition tree, all columns spelled out; and the ATTACH PARTITION (empty
// for other tables).
Statements create_standalone(const Object& table, const Database& database);
Statements attach_partition(const Object& table);

// What create() leaves out and belongs to the object: owner (where it differs from `acting_role`, empty:
// always), comment, privileges (as GRANT/REVOKE from what a new object has: the kind's default, and the
// database's ALTER DEFAULT PRIVILEGES of `acting_role`; column privileges and comments of a table's columns
// included), security labels, row security, enabled states, clustered and replica identity marks, statistics
// targets of indexes and statistics objects, OWNED BY of sequences (after the owner: the table must have its
// owner by then).
Statements describe_state(const Object& object, const Database& database, bool include_columns = true,
                          const std::string& acting_role = {});

// DROP. `if_exists` gives the form that is a no-op when the object is gone.
Statements drop(const Object& object, bool if_exists = true);

Statements alter_owner(const Object& object);
Statements comment_on(const Object& object);
// GRANT/REVOKE that lead from the privileges `from` to the privileges `to` of the same object. `owner`: the
// table's, for columns. Grants of others than the owner run under SET SESSION AUTHORIZATION, as in pg_dump.
Statements alter_grants(const Object& object, const std::vector<Grant>& from, const std::vector<Grant>& to,
                        const std::string& owner = {});

// The type, collation, NOT NULL, default … of a column as in ADD COLUMN: `email text COLLATE "C" DEFAULT …
// NOT NULL`.
std::string column_definition(const ObjectId& id, const Column& column, int server_major);
// The action of ALTER TABLE that sets NOT NULL, under the name that its constraint has in `column`; the column
// is called `id.name` now.
std::string set_not_null_action(const ObjectId& id, const Column& column);
std::string sequence_options(const SequenceOptions& options);
std::string options_list(const Options& options);  // a='1', b='x'

// The same object's whole creation: create() and describe_state().
Statements create_all(const Object& object, const Database& database);

// Every object of the database in dependency order; loads into an empty database of the same major. Invalid
// indexes are left out, as in pg_dump. Throws std::logic_error where a dependency cycle cannot be broken.
// A column that a parent got after its inheritance child was made lies before the child's own, as after
// pg_dump.
Statements create_database(const Database& database);

}  // namespace contraflow::catalog
