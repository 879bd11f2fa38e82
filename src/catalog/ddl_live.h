// SPDX-License-Identifier: Apache-2.0
//
// What the live tests of the catalog share: one sandbox for the process, databases with a script in them,
// pg_dump's word on what is in a database, and what two models differ in.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "catalog/model.h"
#include "pg/connection.h"
#include "pg/sandbox.h"

namespace contraflow::catalog::live {

pg::Sandbox& sandbox();
std::string source_file(const std::string& path);  // the text of a file of the repository

// A new database in which the SQL ran; its connection string.
std::string database_with(const std::string& sql);
Database read_from(const std::string& conninfo);
void run(const std::string& conninfo, const std::vector<std::string>& statements);

// `pg_dump --schema-only` as the set of its entries, without the lines that differ from run to run and with
// each entry's GRANT and REVOKE lines sorted. Throws Error{environment} where there is no pg_dump of the
// sandbox's major.
bool can_dump();
std::set<std::string> dump(const std::string& conninfo);

// One line for each object that only one of them has or that differs; empty where they are equal.
std::vector<std::string> differences(const Database& a, const Database& b);
std::vector<std::string> differences(const std::set<std::string>& a, const std::set<std::string>& b);

}  // namespace contraflow::catalog::live
