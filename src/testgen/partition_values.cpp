// SPDX-License-Identifier: Apache-2.0
#include "testgen/partition_values.h"

#include <fmt/format.h>

#include "base/text.h"

namespace contraflow::testgen {
namespace {

using catalog::Column;
using catalog::Database;
using catalog::Kind;
using catalog::Table;
using sql::QualifiedName;

// What stands between the brackets behind `word`, at its commas: "FROM (1, 'a,b') TO …" -> 1, 'a,b'.
std::vector<std::string> listed_behind(const std::string& text, const std::string& word) {
  std::vector<std::string> out;
  std::size_t at = text.find(word + " (");
  if (at == std::string::npos) return out;
  std::string one;
  int depth = 0;
  bool quoted = false;
  for (at += word.size() + 2; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\'') quoted = !quoted;
    if (!quoted && c == '(') ++depth;
    if (!quoted && ((c == ',' && depth == 0) || (c == ')' && depth-- == 0))) {
      out.emplace_back(trim(one));
      one.clear();
      if (c == ')') break;
      continue;
    }
    one += c;
  }
  return out;
}

std::string unquoted(const std::string& identifier) {
  if (identifier.size() < 2 || identifier.front() != '"') return identifier;
  return replace_all(identifier.substr(1, identifier.size() - 2), "\"\"", "\"");
}

void add_bound(const Database& database, const QualifiedName& table, const std::string& key, const std::string& bound, std::map<std::string, std::vector<std::string>>& out) {
  const std::string method = key.substr(0, key.find(' '));
  std::vector<std::string> columns = listed_behind(key, method);
  if (method == "LIST" && columns.size() == 1) {
    for (const std::string& value : listed_behind(bound, "IN")) {
      if (value != "NULL") out[unquoted(columns[0])].push_back(value);
    }
  }
  if (method != "RANGE") return;
  const std::vector<std::string> lowest = listed_behind(bound, "FROM");
  for (std::size_t i = 0; i < columns.size() && i < lowest.size(); ++i) {
    const std::string name = unquoted(columns[i]);
    const auto* column = database.find_body<Column>(catalog::column_id(table.schema, table.name, name));
    if (column == nullptr || lowest[i] == "MINVALUE" || lowest[i] == "MAXVALUE") continue;
    const std::string lower = fmt::format("{}::{}", lowest[i], column->type);
    // The lower bound is in the range; a little more is, too, in most of them.
    for (int more = 0; more < 20; ++more) {
      if (column->type == "date" || column->type == "integer" || column->type == "bigint" || column->type == "smallint" || column->type_base == "numeric")
        out[name].push_back(fmt::format("{} + {}", lower, more));
      else if (column->type.starts_with("timestamp"))
        out[name].push_back(fmt::format("{} + interval '{} hours'", lower, more));
      else if (more == 0)
        out[name].push_back(lower);
    }
  }
}

}  // namespace

std::map<std::string, std::vector<std::string>> partition_values(const Database& database, const QualifiedName& table) {
  std::map<std::string, std::vector<std::string>> out;
  const auto body = [&](const QualifiedName& name) { return database.find_body<Table>(catalog::relation_id(Kind::table, name.schema, name.name)); };
  const auto below = [&](const auto& self, const QualifiedName& parent) -> void {
    for (const auto& [id, object] : database.objects) {
      const auto* part = std::get_if<Table>(&object.body);
      if (part == nullptr || part->partition_of != parent) continue;
      add_bound(database, table, body(parent)->partition_key, part->partition_bound, out);
      if (part->partitioned) self(self, {id.schema, id.name});
    }
  };
  const Table* own = body(table);
  if (own == nullptr) return out;
  if (own->partitioned) below(below, table);
  for (const Table* part = own; part->partition_of;) {
    const Table* parent = body(*part->partition_of);
    if (parent == nullptr) break;
    add_bound(database, table, parent->partition_key, part->partition_bound, out);
    part = parent;
  }
  return out;
}

}  // namespace contraflow::testgen
