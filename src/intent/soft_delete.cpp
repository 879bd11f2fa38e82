// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "intent/resolver.h"
#include "sql/name.h"

namespace contraflow::intent {

namespace {

// pg_get_indexdef() ends with " WHERE " and the predicate; its name follows "CREATE UNIQUE INDEX ".
std::string live_definition(const std::string& definition, const std::string& old_name,
                            const std::string& new_name, const std::string& predicate,
                            const std::string& column) {
  std::string head = definition;
  std::string condition = sql::quote_identifier(column) + " IS NULL";
  if (!predicate.empty()) {
    head = head.substr(0, head.rfind(" WHERE "));
    condition = "(" + predicate + ") AND " + condition;
  }
  const std::string start = "CREATE UNIQUE INDEX " + sql::quote_identifier(old_name) + " ON ";
  if (!head.starts_with(start))
    throw std::logic_error("an index definition that does not start with its name: " + head);
  std::string rest = head.substr(start.size());
  if (rest.starts_with("ONLY ")) rest = rest.substr(5);  // partitioned: the copy's partitions follow
  return fmt::format("CREATE UNIQUE INDEX {} ON {} WHERE ({})", sql::quote_identifier(new_name), rest,
                     condition);
}

// What ON CONFLICT names: the columns, or, where the index has expressions, its keys as the server writes them.
std::string conflict_target(const catalog::Index& index) {
  std::vector<std::string> names;
  for (const std::string& column : index.columns) names.push_back(sql::quote_identifier(column));
  if (std::find(index.columns.begin(), index.columns.end(), "") == index.columns.end()) return join(names, ", ");
  const std::size_t begin = index.definition.find(" USING btree (") + std::string_view(" USING btree (").size();
  std::size_t end = begin;
  char quote = 0;
  for (int depth = 1; end < index.definition.size(); ++end) {
    const char c = index.definition[end];
    if (quote != 0) quote = c == quote ? 0 : quote;
    else if (c == '\'' || c == '"') quote = c;
    else if (c == '(') ++depth;
    else if (c == ')' && --depth == 0) break;
  }
  return index.definition.substr(begin, end - begin);
}

}  // namespace

void Resolver::replace_with_live(const ObjectId& of, const ObjectId& id, const std::string& column) {
  const auto index = *database_.find_body<catalog::Index>(id);
  const std::string shown = sql::quote_identifier(id.name);
  const auto keep = [&](const std::string& why) {
    note(fmt::format("{} keeps counting deleted rows: {}", shown, why));
  };
  if (index.predicate.find(column) != std::string::npos) return;  // the user's own rule about deleted rows
  if (index.replica_identity) return keep("a partial index cannot be the replica identity");
  if (is_referenced_key(of, index.columns)) return keep("a foreign key references it");
  if (!index.constraint.empty()) {
    const ObjectId key{Kind::constraint, of.schema, of.name, index.constraint, {}};
    const auto* body = database_.find_body<catalog::Constraint>(key);
    if (body != nullptr && body->deferrable) return keep("it is deferrable, which an index alone cannot be");
    run(fmt::format("ALTER TABLE {} DROP CONSTRAINT {}", sql::quote({of.schema, of.name}),
                    sql::quote_identifier(index.constraint)));
    remove(key);
  } else {
    run("DROP INDEX " + sql::quote({id.schema, id.name}));
  }
  const std::string name = free_name(id.schema, id.name.substr(0, 58) + "_live");
  run(live_definition(index.definition, id.name, name, index.predicate, column));
  note(
      fmt::format("{} becomes unique index {}, for live rows only: ON CONFLICT needs its condition too (ON "
                  "CONFLICT ({}) WHERE {} IS NULL)",
                  index.constraint.empty() ? "unique index " + shown : "unique constraint " + shown,
                  sql::quote_identifier(name), conflict_target(index), sql::quote_identifier(column)));
  remove(id);
}

void Resolver::operator()(const SoftDelete& intent) {
  const ObjectId of = table(intent.table);
  const std::string table_name = sql::quote({of.schema, of.name});
  const std::string column = intent.column ? intent.column->parts.back() : "deleted_at";
  const ObjectId column_id = catalog::column_id(of.schema, of.name, column);
  if (database_.find_body<catalog::Table>(of)->partition_of)
    throw Error(ErrorCode::usage, fmt::format("{} is a partition", key_of(of)), "name the partitioned table")
        .at(intent.table.at);
  if (const auto* known = database_.find_body<catalog::Column>(column_id)) {
    if (known->type != "timestamp with time zone" || known->not_null)
      throw Error(ErrorCode::usage,
                  fmt::format("table {} has a column {} already, and it is no nullable timestamptz",
                              table_name, sql::quote_identifier(column)),
                  "name another: soft-delete TABLE column NAME")
          .at(intent.table.at);
    note(fmt::format("column {} exists already and is used as it is", key_of(column_id)));
  } else {
    add_column(column_id, "timestamp with time zone", false, {});
  }

  std::vector<ObjectId> indexes;
  for (const auto& [id, object] : database_.objects) {
    const auto* index = std::get_if<catalog::Index>(&object.body);
    if (index == nullptr || id.schema != of.schema || index->table != of.name || !index->unique ||
        index->definition.empty())
      continue;
    const auto* key = database_.find_body<catalog::Constraint>(
        {Kind::constraint, of.schema, of.name, index->constraint, {}});
    if (key == nullptr || key->type == catalog::ConstraintType::unique) indexes.push_back(id);
  }
  for (const ObjectId& id : indexes) replace_with_live(of, id, column);

  std::vector<std::string> cascading;
  for (const auto& [id, object] : database_.objects) {
    const auto* body = std::get_if<catalog::Constraint>(&object.body);
    if (body == nullptr) continue;
    if (body->type == catalog::ConstraintType::exclusion && id.schema == of.schema && id.relation == of.name)
      note(fmt::format(
          "exclusion constraint {} keeps counting deleted rows: there is no online way to replace it",
          sql::quote_identifier(id.name)));
    const bool here =
        body->references && body->references->schema == of.schema && body->references->name == of.name;
    if (here && (body->definition.find("ON DELETE CASCADE") != std::string::npos ||
                 body->definition.find("ON DELETE SET ") != std::string::npos))
      cascading.push_back(key_of(id));
  }
  if (!cascading.empty())
    note(fmt::format(
        "a soft delete does not fire the ON DELETE action of {}: the application has to do what it did",
        join(cascading, ", ")));

  std::vector<std::string> key;
  for (const ObjectId& id : primary_key(of)) key.push_back(sql::quote_identifier(id.name));
  if (key.empty()) key.push_back(sql::quote_identifier(column));
  run(fmt::format("CREATE INDEX {} ON {} ({}) WHERE ({} IS NULL)",
                  sql::quote_identifier(free_name(of.schema, of.name + "_live_idx")), table_name,
                  join(key, ", "), sql::quote_identifier(column)));

  if (!intent.with_view) return;
  const std::string schema = intent.view && intent.view->parts.size() > 1 ? intent.view->parts[0] : of.schema;
  const std::string name = intent.view ? intent.view->parts.back() : of.name + "_live";
  if (has_relation(schema, name))
    throw Error(ErrorCode::usage, fmt::format("{} exists already", sql::quote({schema, name})))
        .at(intent.view ? intent.view->at : intent.table.at);
  for (const LiveView& other : live_views_) {
    if (other.name.schema == schema && other.name.name == name)
      throw Error(ErrorCode::usage, fmt::format("{} exists already", sql::quote(other.name))).at(intent.view ? intent.view->at : intent.table.at);
  }
  // Without security_invoker the view would show rows by its owner's rights, past the table's policies.
  const bool row_security = database_.find_body<catalog::Table>(of)->row_security && database_.major() >= 15;
  live_views_.push_back({column_id, {schema, name}, row_security, current_});
}

IntentResult Resolver::take_result() {
  for (const LiveView& view : live_views_) {
    begin(view.intent);
    run(fmt::format("CREATE VIEW {}{} AS SELECT * FROM {} WHERE {} IS NULL", sql::quote(view.name), view.invoker_security ? " WITH (security_invoker = true)" : "",
                    sql::quote({view.column.schema, view.column.relation}), sql::quote_identifier(view.column.name)));
  }
  return std::move(result_);
}

}  // namespace contraflow::intent
