// SPDX-License-Identifier: Apache-2.0
#include "testgen/probes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace contraflow::testgen {

using catalog::Column;
using catalog::Kind;
using catalog::ObjectId;

namespace {

bool of_a_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || c == '"' || c == '.' || static_cast<unsigned char>(c) >= 0x80; }

}  // namespace

std::string as_ordinary(const std::string& quoted_role) { return fmt::format("ALTER ROLE {} NOSUPERUSER", quoted_role); }

bool has_name(const std::string& statement, const std::string& word, const std::string& name) {
  const std::string needle = word + name;
  for (std::size_t at = statement.find(needle); at != std::string::npos; at = statement.find(needle, at + 1)) {
    const std::size_t end = at + needle.size();
    if (end >= statement.size() || !of_a_word(statement[end])) return true;
  }
  return false;
}

std::vector<QualifiedName> named_in(const Database& database, const std::string& text) {
  std::vector<QualifiedName> out;
  for (const auto& [id, object] : database.objects) {
    if (id.kind != Kind::table) continue;
    const std::string name = sql::quote_identifier(id.name);
    for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
      const bool begins = at == 0 || text[at - 1] == '.' || !of_a_word(text[at - 1]);
      const std::size_t end = at + name.size();
      if (!begins || (end < text.size() && of_a_word(text[end]) && text[end] != '.')) continue;
      out.push_back({id.schema, id.name});
      break;
    }
  }
  return out;
}

std::set<QualifiedName> tables_below(const Database& database, const ObjectId& id, std::set<ObjectId>* all) {
  std::set<QualifiedName> out;
  std::set<ObjectId> seen;
  std::vector<ObjectId> open{id};
  while (!open.empty()) {
    const ObjectId one = open.back();
    open.pop_back();
    if (!seen.insert(one).second) continue;
    if (one.kind == Kind::table) {
      out.insert({one.schema, one.name});
      continue;  // what it hangs on itself does not show
    }
    if (one.kind == Kind::column) {
      for (const Kind kind : {Kind::table, Kind::view, Kind::materialized_view}) {
        if (database.find(catalog::relation_id(kind, one.schema, one.relation))) open.push_back(catalog::relation_id(kind, one.schema, one.relation));
      }
    }
    const catalog::Object* object = database.find(one);
    if (object == nullptr) continue;
    if (const auto* routine = std::get_if<catalog::Routine>(&object->body)) {
      for (const QualifiedName& table : named_in(database, routine->body)) out.insert(table);
    }
    open.insert(open.end(), object->depends_on.begin(), object->depends_on.end());
  }
  if (all) all->insert(seen.begin(), seen.end());
  return out;
}

bool made_up_type(const std::string& type) { return type.starts_with("time") || type == "date" || type == "uuid" || type == "interval" || type == "pg_lsn" || type == "xid8" || type == "txid_snapshot"; }

bool made_anew(const World& world, const Subject& subject) {
  const auto makes = [&](const plan::Action& action) {
    return std::any_of(action.statements.begin(), action.statements.end(), [&](const std::string& statement) {
      return (statement.starts_with("CREATE ") || statement.starts_with("GRANT ") || statement.starts_with("REVOKE ")) && subject.changed_by(statement);
    });
  };
  return std::any_of(world.plan.steps.begin(), world.plan.steps.end(), [&](const plan::Step& step) { return makes(step.forward) || makes(step.undo); });
}

std::string time_of(const std::string& quoted, const std::string& as_written) {
  const std::string first = as_written.empty() ? "" : fmt::format("WHEN {}::text IS NOT DISTINCT FROM {} THEN 'as written' ", quoted, as_written);
  return fmt::format("CASE {0}WHEN {1} IS NULL THEN NULL WHEN {1}::text::timestamptz BETWEEN pg_catalog.now() - interval '1 day' AND pg_catalog.now() + interval '1 day' THEN 'now' ELSE 'another time' END AS {1}", first, quoted);
}

std::string contents(const Database& database, const QualifiedName& table) {
  std::vector<std::string> columns;
  for (auto at = database.objects.lower_bound(ObjectId{Kind::column, table.schema, table.name, {}, {}}); at != database.objects.end(); ++at) {
    if (at->first.kind != Kind::column || at->first.schema != table.schema || at->first.relation != table.name) break;
    const auto& column = std::get<Column>(at->second.body);
    if (column.identity != catalog::Identity::none || column.default_expression.starts_with("nextval(")) continue;
    const std::string name = sql::quote_identifier(at->first.name);
    const bool time = column.type_base.starts_with("timestamp") || column.type_base == "date";
    columns.push_back(time ? time_of(name, "") : made_up_type(column.type_base) ? fmt::format("({} IS NOT NULL)::text AS {}", name, name)
                                                                                : fmt::format("{}::text", name));
  }
  return columns.empty() ? std::string() : fmt::format("SELECT {} FROM {}", join(columns, ", "), sql::quote(table));
}

const TablePair* pair_of(const World& world, const QualifiedName& name) {
  const auto at = std::find_if(world.shape.tables.begin(), world.shape.tables.end(), [&](const TablePair& table) { return table.old_name == name || table.new_name == name; });
  return at == world.shape.tables.end() ? nullptr : &*at;
}

std::vector<std::string> key_of(const Database& database, const QualifiedName& table) {
  for (const auto& [id, object] : database.objects) {
    const auto* key = std::get_if<catalog::Constraint>(&object.body);
    if (key && key->type == catalog::ConstraintType::primary_key && id.schema == table.schema && id.relation == table.name) return key->columns;
  }
  return {};
}

std::string where_row(const Database& database, const QualifiedName& table, const Row& row) {
  std::vector<std::string> parts;
  for (const std::string& column : key_of(database, table)) {
    if (row.contains(column)) parts.push_back(fmt::format("{}::text = {}", sql::quote_identifier(column), literal(row.at(column))));
  }
  if (parts.empty()) {
    for (const auto& [column, value] : row) parts.push_back(fmt::format("{}::text IS NOT DISTINCT FROM {}", sql::quote_identifier(column), literal(value)));
  }
  return parts.empty() ? "true" : join(parts, " AND ");
}

std::set<ObjectId> ids_of(const World& world, Kind kind) {
  std::set<ObjectId> out;
  for (const Database* database : {&world.before.database(), &world.desired.database()}) {
    for (const auto& [id, object] : database->objects) {
      if (id.kind == kind) out.insert(id);
    }
  }
  return out;
}

Written written_rows(World& world, const QualifiedName& table, long long number) {
  Written out{.old_name = table, .new_name = table, .old_row = {}, .new_row = {}, .old_other = {}, .new_other = {}};
  const TablePair* pair = pair_of(world, table);
  if (pair != nullptr) {
    out.old_name = pair->old_name;
    out.new_name = pair->new_name;
  }
  const auto make = [&](std::optional<Row>& old_row, std::optional<Row>& new_row, long long i) {
    if (pair != nullptr && pair->from && pair->to) {
      if (const std::optional<Seed> both = row_of_both(world, *pair, i, 5'003)) {
        old_row = both->old_row;
        new_row = both->new_row;
        return;
      }
    }
    const auto is_table = [&](const Database& database, const QualifiedName& name) { return database.find_body<catalog::Table>(catalog::relation_id(Kind::table, name.schema, name.name)) != nullptr; };
    if (is_table(world.before.database(), out.old_name)) old_row = world.before.make(out.old_name, i);
    if (is_table(world.desired.database(), out.new_name)) new_row = world.desired.make(out.new_name, i);
  };
  make(out.old_row, out.new_row, number);
  make(out.old_other, out.new_other, number + 1);
  return out;
}

}  // namespace contraflow::testgen
