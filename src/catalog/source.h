// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/model.h"
#include "catalog/read.h"
#include "pg/sandbox.h"

namespace contraflow::catalog {

// What a source is, decided by its spelling and by what lies there.
enum class SourceKind { connection,
                        sql_file,
                        standard_input,
                        migrations,
                        git,
                        plan_folder,
                        prisma };

struct Source {
  std::string text;  // as given
  SourceKind kind{};
  // Folders of migrations: only the files that run before this one (a path below the folder).
  std::string before_file = {};
};

// Throws Error{usage} where nothing of that name exists or the kind is not supported, with what was tried.
Source recognise_source(const std::string& text);

// A declared rename: `-- contraflow: renamed-from users.user_name` before or beside an object in the desired
// SQL.
struct RenameHint {
  std::string from;
  std::string to;  // empty: the statement that follows names it
  std::string file;
  int line = 0;
};

struct LoadOptions {
  ReadOptions read;
  pg::SandboxOptions sandbox;
  std::function<void(const std::string&)> progress;  // for loads that take over a second
  // Role of the throwaway server that loads SQL sources, and so owns what they make; empty: its superuser.
  std::string load_as = {};
};

struct LoadedSource {
  Database database;
  std::string conninfo;  // where the schema can be looked at: the live database, or the sandbox's
  bool live = false;
  bool prisma_models = false;  // from schema.prisma, or the files of one
  std::vector<RenameHint> rename_hints;
  std::vector<std::string>
      notes;  // what was left out or chosen, for the user: "x.sql:3: left out: CREATE DATABASE …"
  // SQL sources: the sandbox's superuser, who owns what the SQL gives no owner. Empty for live sources.
  std::string default_owner;
  // SQL sources: roles that the throwaway server lacked and got, and where the SQL refers to them first. A live server may lack them, too.
  std::map<std::string, Location> made_roles;
  // Tables in which the migration runner of the layout keeps its state ("schema_migrations"); a live database
  // has them, the replayed folder has not.
  std::vector<std::string> bookkeeping;
};

// Loads sources; starts at most one sandbox, on the major that it is told (that of the live side), and keeps
// it until destroyed.
class SourceLoader {
 public:
  explicit SourceLoader(LoadOptions options);
  ~SourceLoader();
  // `major`: the server major on which an SQL source is to be loaded; empty: any.
  LoadedSource load(const Source& source, std::optional<int> major = {});
  pg::Sandbox& sandbox(std::optional<int> major = {});  // started on first use

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// `-- contraflow: renamed-from NAME` comments in the text: before a CREATE statement, or beside or above a
// column, constraint or enum label in it. `to` is complete where the statement says what it is.
std::vector<RenameHint> rename_hints_in(const std::string& text, const std::string& file);

// Runs the statements one after another in a database of a throwaway server: roles and tablespaces that it
// lacks are created. For statements that another module built from a model; errors name the statement.
void run_statements(pg::Connection& connection, const std::vector<std::string>& statements);

// Runs the SQL text (several statements, pg_dump's psql meta-commands and COPY FROM stdin blocks included) on
// the connection. A failing statement throws Error with file, line, column and the source line, and what to
// do. `private_server`: the connection leads into a sandbox, where roles and tablespaces that the SQL refers
// to are created.
void run_sql_text(pg::Connection& connection, const std::string& text, const std::string& file,
                  bool private_server = false);

}  // namespace contraflow::catalog
