// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "catalog/source_script.h"
#include "pg/connection.h"

namespace contraflow::catalog {

struct RunOptions {
  // The server is a throwaway of our own: what the SQL refers to outside of its database (roles, tablespaces)
  // is created there, because it says nothing about the schema. On a server of the user's it is reported
  // instead.
  bool private_server = false;
  // Run all of it in one transaction as migration runners do, unless it has a transaction of its own or a
  // statement that cannot run inside of one.
  bool one_transaction = false;
  std::function<void(const std::string&)> note;  // what was left out, and why
  // A role was made on the throwaway server because this place refers to it.
  std::function<void(const std::string&, const Location&)> made_role;
};

// Runs the statements one by one, as psql does with autocommit. The first failing one ends the run (and the
// transaction that it is in) with an Error that has a location. Meta-commands that only psql knows are
// refused by name.
void run_script(pg::Connection& connection, const std::vector<ScriptItem>& items, const RunOptions& options);

// The error of `item` as the user is to see it: with the place in the file and what to do.
Error script_error(const pg::ServerError& error, const ScriptItem& item, int server_major);

// Role or tablespace that the error says does not exist; empty where it is about something else.
std::string missing_role(const Error& error);
std::string missing_tablespace(const Error& error);

// Creates what a throwaway server lacks to run the statement again; false where the error is about something
// else. The connection must not be in a transaction.
bool supply_missing(pg::Connection& connection, const Error& error);

// What to do about an extension that is not installed: the Debian package that has it, where known.
std::string extension_hint(const std::string& extension, int server_major);

}  // namespace contraflow::catalog
