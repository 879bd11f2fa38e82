// SPDX-License-Identifier: Apache-2.0
#include "catalog/ddl_live.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>

#include "base/process.h"
#include "catalog/read.h"
#include "catalog/source.h"

namespace contraflow::catalog::live {

pg::Sandbox& sandbox() {
  static pg::Sandbox instance({.settings = {"wal_level = logical"}});
  return instance;
}

std::string source_file(const std::string& path) {
  std::ifstream file(std::string(CONTRAFLOW_SOURCE_DIR) + "/" + path);
  if (!file) throw Error(ErrorCode::usage, "cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void run(const std::string& conninfo, const std::vector<std::string>& statements) {
  pg::Connection connection(conninfo);
  connection.on_notice([](const pg::Notice&) {});
  connection.execute("SET check_function_bodies = off");
  connection.query("SELECT set_config('search_path', '', false)");
  for (const auto& statement : statements) {
    try {
      connection.execute(statement);
    } catch (const Error& error) {
      throw Error(error.code(), error.message() + "\n" + statement, error.hint(), error.sqlstate());
    }
  }
}

std::string database_with(const std::string& sql) {
  std::string conninfo = sandbox().create_database("ddl");
  pg::Connection connection(conninfo);
  connection.on_notice([](const pg::Notice&) {});
  run_sql_text(connection, sql, "test");  // one statement at a time, as psql
  return conninfo;
}

Database read_from(const std::string& conninfo) {
  pg::Connection connection(conninfo);
  return read(connection);
}

namespace {

// Empty where this machine has none of the sandbox's major.
std::string pg_dump_program() {
  for (const auto& server : pg::find_servers())
    if (server.major >= sandbox().major())
      if (auto path = server.bindir + "/pg_dump"; std::ifstream(path).good()) return path;
  return {};
}

std::string with_sorted_lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return fmt::format("{}", fmt::join(lines, "\n"));
}

// Storage parameters are kept in the order in which they were given and mean the same in any.
std::string with_sorted_parameters(const std::string& line) {
  static const std::regex list(R"((.*\bWITH \()(\w[^()]*)(\).*))");
  std::smatch match;
  if (!std::regex_match(line, match, list)) return line;
  std::istringstream stream(match[2].str());
  std::vector<std::string> items;
  for (std::string item; std::getline(stream, item, ',');)
    items.push_back(item.starts_with(" ") ? item.substr(1) : item);
  std::sort(items.begin(), items.end());
  return fmt::format("{}{}{}", match[1].str(), fmt::join(items, ", "), match[3].str());
}

// connoinherit of a key says whether it was made with its parent's key or attached to it, and nothing about
// the key.
Object without_trace_of_making(Object object) {
  if (auto* constraint = std::get_if<Constraint>(&object.body); constraint && !constraint->index_name.empty())
    constraint->no_inherit = false;
  return object;
}

}  // namespace

bool can_dump() { return !pg_dump_program().empty(); }

std::set<std::string> dump(const std::string& conninfo) {
  if (!can_dump())
    throw Error(ErrorCode::environment, fmt::format("no pg_dump of PostgreSQL {}", sandbox().major()));
  const auto result = run_process({pg_dump_program(), "--schema-only", "--dbname", conninfo});
  if (!result.succeeded()) throw Error(ErrorCode::environment, "pg_dump: " + result.error_output);
  std::istringstream stream(result.output);
  std::set<std::string> entries;
  std::string entry;
  auto finish = [&] {
    const bool acl = entry.find("; Type: ACL;") != std::string::npos ||
                     entry.find("; Type: DEFAULT ACL;") != std::string::npos;
    if (entry.starts_with("-- Name: ")) entries.insert(acl ? with_sorted_lines(entry) : entry);
    entry.clear();
  };
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("-- Name: ") || line.starts_with("-- PostgreSQL database dump complete")) finish();
    // The settings between entries depend on the order of the dump.
    if (line.empty() || line == "--" || line.starts_with("SET default_table") || line.starts_with("\\"))
      continue;
    entry += with_sorted_parameters(line) + "\n";
  }
  finish();
  return entries;
}

std::vector<std::string> differences(const Database& a, const Database& b) {
  std::vector<std::string> lines;
  for (const auto& [id, original] : a.objects) {
    const Object* found = b.find(id);
    if (!found) {
      lines.push_back("missing: " + describe(id));
      continue;
    }
    Object object = without_trace_of_making(original);
    Object copy = without_trace_of_making(*found);
    // No dump shows whether NOT NULL is a partition's own beside its parent's.
    const auto* table = id.kind == Kind::column ? a.find_body<Table>({Kind::table, id.schema, {}, id.relation, {}}) : nullptr;
    if (table && table->partition_of)
      std::get<Column>(copy.body).not_null_local = std::get<Column>(object.body).not_null_local;
    const Object* other = &copy;
    std::string what;
    if (object.body != other->body) what += " body";
    if (object.owner != other->owner) what += " owner";
    if (object.grants != other->grants) what += " grants";
    if (object.comment != other->comment) what += " comment";
    if (object.depends_on != other->depends_on) what += " dependencies";
    if (object != *other) lines.push_back("differs: " + describe(id) + what);
  }
  for (const auto& [id, object] : b.objects)
    if (!a.find(id)) lines.push_back("extra: " + describe(id));
  return lines;
}

std::vector<std::string> differences(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::vector<std::string> lines;
  for (const auto& entry : a)
    if (!b.contains(entry)) lines.push_back("- " + entry);
  for (const auto& entry : b)
    if (!a.contains(entry)) lines.push_back("+ " + entry);
  return lines;
}

}  // namespace contraflow::catalog::live
