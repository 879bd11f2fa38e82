// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "catalog/ddl.h"
#include "intent/resolver.h"
#include "sql/name.h"

namespace contraflow::intent {

namespace {

std::string table_name(const ObjectId& column) { return sql::quote({column.schema, column.relation}); }

// Kinds that stand in the way of ALTER COLUMN … TYPE; indexes, constraints and statistics are rebuilt by the
// server.
const std::set<Kind>& kinds_in_the_way() {
  static const std::set<Kind> kKinds = {
      Kind::view, Kind::materialized_view, Kind::rule, Kind::policy, Kind::trigger,
      Kind::routine, Kind::publication, Kind::index, Kind::statistics};
  return kKinds;
}

// 'x'::text -> 'x': a constant takes on any type, a cast of it does not.
std::string without_cast(const std::string& expression) {
  if (!expression.starts_with('\'')) return expression;
  std::size_t close = 1;
  while (close < expression.size()) {
    if (expression[close] != '\'') {
      ++close;
    } else if (close + 1 < expression.size() && expression[close + 1] == '\'') {
      close += 2;
    } else {
      break;
    }
  }
  const std::string rest = expression.substr(std::min(close + 1, expression.size()));
  if (!rest.starts_with("::") || rest.find_first_of("|+*/<>=") != std::string::npos) return expression;
  return expression.substr(0, close + 1);
}

}  // namespace

void Resolver::add_column(const ObjectId& id, const std::string& type_text, bool not_null,
                          const std::string& default_expression) {
  const ObjectId of = catalog::relation_id(Kind::table, id.schema, id.relation);
  std::string statement = fmt::format("ALTER TABLE {} ADD COLUMN {} {}", table_name(id),
                                      sql::quote_identifier(id.name), type_text);
  if (!default_expression.empty()) statement += " DEFAULT (" + default_expression + ")";
  if (not_null) statement += " NOT NULL";
  run(std::move(statement));
  catalog::Column column;
  column.position = static_cast<int>(column_names(of).size()) + 1;
  column.type = column.type_base = type_text;
  column.not_null = not_null;
  column.default_expression = default_expression;
  catalog::Object object;
  object.id = id;
  object.depends_on.insert(of);
  object.body = std::move(column);
  database_.objects[id] = std::move(object);
}

void Resolver::remove(const ObjectId& id) {
  const bool relation = id.kind == Kind::table || id.kind == Kind::view || id.kind == Kind::materialized_view;
  std::erase_if(database_.objects, [&](const auto& entry) {
    const ObjectId& other = entry.first;
    if (other == id) return true;
    if (relation && other.schema == id.schema && other.relation == id.name) return true;
    const auto* index = std::get_if<catalog::Index>(&entry.second.body);
    if (index != nullptr && relation && other.schema == id.schema && index->table == id.name) return true;
    // A column takes the indexes and constraints over it along.
    if (id.kind != Kind::column || other.schema != id.schema) return false;
    if (index != nullptr && index->table == id.relation)
      return std::find(index->columns.begin(), index->columns.end(), id.name) != index->columns.end();
    const auto* constraint_body = std::get_if<catalog::Constraint>(&entry.second.body);
    return constraint_body != nullptr && other.relation == id.relation &&
           std::find(constraint_body->columns.begin(), constraint_body->columns.end(), id.name) !=
               constraint_body->columns.end();
  });
  // What an earlier intent renamed and this one drops is dropped under its first name: the desired schema has nothing of the new one.
  for (std::size_t i = result_.renames.size(); i-- > 0;) {
    if (database_.find(renamed_now_[i]) != nullptr) continue;
    result_.renames.erase(result_.renames.begin() + static_cast<std::ptrdiff_t>(i));
    renamed_now_.erase(renamed_now_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  std::erase_if(result_.renamed_objects, [&](const auto& rename) { return database_.find(rename.second) == nullptr; });
}

void Resolver::operator()(const AddColumn& intent) {
  const ObjectId of = table_of_new_column(intent.column);
  const ObjectId id = catalog::column_id(of.schema, of.name, intent.column.parts.back());
  if (database_.find(id) != nullptr) {
    throw Error(ErrorCode::usage,
                fmt::format("table {} has a column {} already", sql::quote({of.schema, of.name}),
                            sql::quote_identifier(id.name)),
                "to change it: retype, not-null, nullable, default, rename")
        .at(intent.column.at);
  }
  add_column(id, type(intent.type), intent.not_null,
             intent.default_expression ? expression(*intent.default_expression, nullptr) : std::string());
  if (intent.fill) result_.fills[key_of(id)] = expression(*intent.fill, &of);
  if (intent.not_null && !intent.default_expression && !intent.fill)
    note(fmt::format(
        "column {} is NOT NULL without a default: rows that exist need a value, give one with \"fill EXPR\"",
        key_of(id)));
}

void Resolver::operator()(const DropColumn& intent) {
  const ObjectId id = column(intent.column);
  const std::vector<ObjectId> in_the_way =
      dependents({id}, {Kind::view, Kind::materialized_view, Kind::rule, Kind::policy, Kind::routine,
                        Kind::publication, Kind::column});
  if (!in_the_way.empty() && !intent.cascade) {
    std::vector<std::string> names;
    for (const ObjectId& other : in_the_way) names.push_back(catalog::describe(other));
    throw Error(ErrorCode::usage, fmt::format("column {} is used by {}", key_of(id), join(names, ", ")),
                "add \"cascade\" to drop them too, or change them first")
        .at(intent.column.at);
  }
  for (const ObjectId& other : in_the_way)
    note(fmt::format("dropped with column {}: {}", key_of(id), catalog::describe(other)));
  run(fmt::format("ALTER TABLE {} DROP COLUMN {}{}", table_name(id), sql::quote_identifier(id.name),
                  intent.cascade ? " CASCADE" : ""));
  for (const ObjectId& other : in_the_way) remove(other);
  remove(id);
}

void Resolver::operator()(const DropTable& intent) {
  const ObjectId id = table(intent.table);
  std::vector<ObjectId> in_the_way;
  std::set<ObjectId> seeds = {id};
  for (const std::string& name : column_names(id)) seeds.insert(catalog::column_id(id.schema, id.name, name));
  for (const ObjectId& other :
       dependents(seeds, {Kind::view, Kind::materialized_view, Kind::rule, Kind::policy, Kind::routine,
                          Kind::constraint, Kind::table})) {
    const bool own = other.schema == id.schema && other.relation == id.name;
    const auto* child = database_.find_body<catalog::Table>(other);
    if (!own && !(child != nullptr && child->partition_of)) in_the_way.push_back(other);
  }
  if (!in_the_way.empty() && !intent.cascade) {
    std::vector<std::string> names;
    for (const ObjectId& other : in_the_way) names.push_back(catalog::describe(other));
    throw Error(ErrorCode::usage, fmt::format("table {} is used by {}", key_of(id), join(names, ", ")),
                "add \"cascade\" to drop them too, or change them first")
        .at(intent.table.at);
  }
  for (const ObjectId& other : in_the_way)
    note(fmt::format("dropped with table {}: {}", key_of(id), catalog::describe(other)));
  run(fmt::format("DROP TABLE {}{}", sql::quote({id.schema, id.name}), intent.cascade ? " CASCADE" : ""));
  for (const ObjectId& other : in_the_way) remove(other);
  remove(id);
}

void Resolver::operator()(const Retype& intent) {
  const ObjectId id = column(intent.column);
  const ObjectId of = catalog::relation_id(Kind::table, id.schema, id.relation);
  const std::string new_type = type(intent.type);
  auto& body = std::get<catalog::Column>(database_.objects.at(id).body);
  for (const auto& [other, object] : database_.objects) {
    const auto* generated = std::get_if<catalog::Column>(&object.body);
    if (generated == nullptr || generated->generated == catalog::Generated::none ||
        !object.depends_on.contains(id))
      continue;
    throw Error(
        ErrorCode::usage, fmt::format("generated column {} is computed from {}", key_of(other), key_of(id)),
        "write the desired schema in SQL (--to), where the generated column's own type is yours to decide")
        .at(intent.column.at);
  }
  const std::string conversion = intent.conversion ? expression(*intent.conversion, &of) : std::string();
  if (intent.conversion) result_.conversions[key_of(id)] = conversion;
  if (intent.conversion_back)
    result_.conversions_back[key_of(id)] = expression(*intent.conversion_back, nullptr);

  std::vector<ObjectId> in_the_way = dependents({id}, kinds_in_the_way());
  std::erase_if(in_the_way, [&](const ObjectId& other) {  // the table's own indexes and statistics
    const auto* index = database_.find_body<catalog::Index>(other);
    return (index != nullptr && find_if_exists(Kind::table, other.schema, index->table) != nullptr) ||
           other.kind == Kind::statistics;
  });
  for (auto it = in_the_way.rbegin(); it != in_the_way.rend(); ++it) {
    for (const std::string& statement : catalog::drop(*database_.find(*it))) run(statement);
  }
  const std::string alter =
      fmt::format("ALTER TABLE {} ALTER COLUMN {}", table_name(id), sql::quote_identifier(id.name));
  const bool has_default = !body.default_expression.empty() && body.generated == catalog::Generated::none;
  if (has_default) run(alter + " DROP DEFAULT");
  run(alter + " TYPE " + new_type + (conversion.empty() ? "" : " USING (" + conversion + ")"));
  if (has_default) run(alter + " SET DEFAULT " + without_cast(body.default_expression));
  for (const ObjectId& other : in_the_way) {
    for (const std::string& statement : catalog::create_all(*database_.find(other), database_))
      run(statement);
  }
  body.type = body.type_base = new_type;
}

void Resolver::operator()(const NotNull& intent) {
  const ObjectId id = column(intent.column);
  const ObjectId of = catalog::relation_id(Kind::table, id.schema, id.relation);
  auto& body = std::get<catalog::Column>(database_.objects.at(id).body);
  if (intent.fill) result_.fills[key_of(id)] = expression(*intent.fill, &of);
  if (body.not_null) return note(fmt::format("column {} is NOT NULL already", key_of(id)));
  run(fmt::format("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL", table_name(id),
                  sql::quote_identifier(id.name)));
  body.not_null = true;
}

void Resolver::operator()(const Nullable& intent) {
  const ObjectId id = column(intent.column);
  auto& body = std::get<catalog::Column>(database_.objects.at(id).body);
  if (!body.not_null) return note(fmt::format("column {} allows NULL already", key_of(id)));
  run(fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL", table_name(id),
                  sql::quote_identifier(id.name)));
  body.not_null = false;
}

void Resolver::operator()(const SetDefault& intent) {
  const ObjectId id = column(intent.column);
  auto& body = std::get<catalog::Column>(database_.objects.at(id).body);
  if (body.generated != catalog::Generated::none || body.identity != catalog::Identity::none)
    throw Error(ErrorCode::usage,
                fmt::format("column {} is {}: it has no default to change", key_of(id),
                            body.identity != catalog::Identity::none ? "an identity column" : "generated"))
        .at(intent.column.at);
  const std::string alter =
      fmt::format("ALTER TABLE {} ALTER COLUMN {}", table_name(id), sql::quote_identifier(id.name));
  body.default_expression = intent.expression ? expression(*intent.expression, nullptr) : std::string();
  run(intent.expression ? alter + " SET DEFAULT (" + body.default_expression + ")" : alter + " DROP DEFAULT");
}

}  // namespace contraflow::intent
