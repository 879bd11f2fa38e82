// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace contraflow::agent {

// A database that nobody changes but through contraflow, by what a command can name it with.
struct ProtectedDatabase {
  std::string url;       // may be empty: then only the variable is known
  std::string variable;  // "DATABASE_URL", that holds it
  std::string host, port, database, service;
};

// What a connection string names; empty where it does not say.
struct NamedTarget {
  std::string host, port, database, service;
};

struct HookInput {
  std::string command;     // of a shell
  std::string sql;         // of a tool that runs SQL
  bool surely_sql = true;  // false: a tool's text that may be anything
  std::vector<ProtectedDatabase> databases;
  std::function<std::string(const char*)> environment;                               // "" for what is not set
  std::function<std::optional<std::string>(const std::string& path)> read_file;      // empty: cannot be read
  std::function<std::optional<NamedTarget>(const std::string& conninfo)> target_of;  // empty: no connection string
};

// Why the call is not let through; empty: it may run. A shell command is refused where it reaches a protected database with a client, a migration runner or a line of code and changes the
// schema there, or may: SQL that cannot be seen (standard input, a file that is not there, `\i`) is not let through. Variables, here documents, pipes from echo and cat, substitutions,
// `sh -c`, eval, ssh, scripts for a shell and those of package.json are followed. No sandbox: a program that hides what it does is not seen.
std::optional<std::string> direct_ddl(const HookInput& input);

}  // namespace contraflow::agent
