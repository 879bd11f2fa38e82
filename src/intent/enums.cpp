// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "intent/resolver.h"
#include "sql/name.h"

namespace contraflow::intent {

namespace {

std::vector<std::string>& labels_of(Database& database, const ObjectId& type) {
  return std::get<catalog::EnumType>(database.objects.at(type).body).labels;
}

std::string regtype(const ObjectId& type) {
  return sql::quote_literal(sql::quote({type.schema, type.name})) + "::pg_catalog.regtype";
}

}  // namespace

void Resolver::operator()(const AddEnumColumn& intent) {
  const ObjectId of = table_of_new_column(intent.column);
  const ObjectId id = catalog::column_id(of.schema, of.name, intent.column.parts.back());
  if (database_.find(id) != nullptr)
    throw Error(ErrorCode::usage,
                fmt::format("table {} has a column {} already", key_of(of), sql::quote_identifier(id.name)))
        .at(intent.column.at);
  ObjectId type_id;
  if (intent.labels.empty()) {
    type_id = enum_type(intent.type);
  } else {
    type_id = ObjectId{Kind::enum_type,
                       intent.type.parts.size() > 1 ? intent.type.parts[0] : of.schema,
                       {},
                       intent.type.parts.back(),
                       {}};
    for (std::size_t i = 0; i < intent.labels.size(); ++i) {
      if (std::find(intent.labels.begin(), intent.labels.begin() + static_cast<std::ptrdiff_t>(i),
                    intent.labels[i]) != intent.labels.begin() + static_cast<std::ptrdiff_t>(i))
        throw Error(ErrorCode::usage,
                    fmt::format("value {} is named twice", sql::quote_literal(intent.labels[i])))
            .at(intent.type.at);
    }
    if (const auto* known = database_.find_body<catalog::EnumType>(type_id)) {
      if (known->labels != intent.labels)
        throw Error(ErrorCode::usage,
                    fmt::format("type {} exists already, with the values {}", key_of(type_id),
                                join(known->labels, ", ")),
                    "leave the values out to use it as it is, or name another type")
            .at(intent.type.at);
      note(fmt::format("type {} exists already and is used as it is", key_of(type_id)));
    } else {
      std::vector<std::string> labels;
      for (const std::string& label : intent.labels) labels.push_back(sql::quote_literal(label));
      run(fmt::format("CREATE TYPE {} AS ENUM ({})", sql::quote({type_id.schema, type_id.name}),
                      join(labels, ", ")));
      catalog::Object object;
      object.id = type_id;
      object.body = catalog::EnumType{intent.labels};
      database_.objects[type_id] = std::move(object);
    }
  }
  std::string default_expression;
  if (intent.default_label)
    default_expression = sql::quote_literal(label_of(type_id, {{*intent.default_label}, intent.column.at}));
  add_column(id, sql::quote({type_id.schema, type_id.name}), intent.not_null, default_expression);
  if (intent.not_null && !intent.default_label)
    note(fmt::format("column {} is NOT NULL without a default: rows that exist need a value (--fill)",
                     key_of(id)));
}

void Resolver::operator()(const AddEnumValue& intent) {
  const ObjectId id = enum_type(intent.type);
  auto& labels = labels_of(database_, id);
  const std::string& label = intent.label.parts[0];
  if (std::find(labels.begin(), labels.end(), label) != labels.end())
    return note(fmt::format("type {} has the value {} already", key_of(id), sql::quote_literal(label)));
  std::string place;
  auto at = labels.end();
  if (intent.after) {
    const std::string& neighbour = label_of(id, *intent.after);
    at = std::find(labels.begin(), labels.end(), neighbour) + 1;
    place = " AFTER " + sql::quote_literal(neighbour);
  } else if (intent.before) {
    const std::string& neighbour = label_of(id, *intent.before);
    at = std::find(labels.begin(), labels.end(), neighbour);
    place = " BEFORE " + sql::quote_literal(neighbour);
  }
  run(fmt::format("ALTER TYPE {} ADD VALUE {}{}", sql::quote({id.schema, id.name}), sql::quote_literal(label),
                  place));
  labels.insert(at, label);
}

void Resolver::operator()(const DropEnumValue& intent) {
  const ObjectId id = enum_type(intent.type);
  auto& labels = labels_of(database_, id);
  const std::string label = label_of(id, intent.label);
  const std::string replacement = intent.replacement ? label_of(id, *intent.replacement) : std::string();
  if (intent.replacement && replacement == label)
    throw Error(ErrorCode::usage, "a value cannot take its own place").at(intent.replacement->at);
  if (labels.size() == 1)
    throw Error(ErrorCode::usage,
                fmt::format("{} is the only value of type {}", sql::quote_literal(label), key_of(id)))
        .at(intent.label.at);
  // What names the value in its definition would point to nothing: defaults get the replacement, everything
  // else is the user's to write.
  const std::string constant = sql::quote_literal(label) + "::" + sql::quote({id.schema, id.name});
  for (auto& [other, object] : database_.objects) {
    auto* column_body = std::get_if<catalog::Column>(&object.body);
    if (column_body != nullptr && column_body->generated == catalog::Generated::none &&
        column_body->default_expression == constant) {
      const std::string alter =
          fmt::format("ALTER TABLE {} ALTER COLUMN {}", sql::quote({other.schema, other.relation}),
                      sql::quote_identifier(other.name));
      if (replacement.empty())
        throw Error(ErrorCode::usage,
                    fmt::format("{} is the default of column {}", sql::quote_literal(label), key_of(other)),
                    "name the value that takes its place: -> LABEL")
            .at(intent.label.at);
      run(alter + " SET DEFAULT " + sql::quote_literal(replacement));
      note(
          fmt::format("the default of column {} becomes {}", key_of(other), sql::quote_literal(replacement)));
      column_body->default_expression =
          sql::quote_literal(replacement) + "::" + sql::quote({id.schema, id.name});
      continue;
    }
    const auto mentions = [&](const std::string& text) { return text.find(constant) != std::string::npos; };
    bool found = column_body != nullptr && mentions(column_body->default_expression);
    if (const auto* body = std::get_if<catalog::Constraint>(&object.body)) found = mentions(body->definition);
    if (const auto* body = std::get_if<catalog::Index>(&object.body)) found = mentions(body->definition);
    if (const auto* body = std::get_if<catalog::View>(&object.body)) found = mentions(body->definition);
    if (const auto* body = std::get_if<catalog::MaterializedView>(&object.body))
      found = mentions(body->definition);
    if (const auto* body = std::get_if<catalog::Rule>(&object.body)) found = mentions(body->definition);
    if (const auto* body = std::get_if<catalog::Trigger>(&object.body)) found = mentions(body->definition);
    if (const auto* body = std::get_if<catalog::DomainConstraint>(&object.body))
      found = mentions(body->definition);
    if (const auto* body = std::get_if<catalog::Policy>(&object.body))
      found = mentions(body->using_expression) || mentions(body->check_expression);
    if (const auto* body = std::get_if<catalog::Table>(&object.body))
      found = body->partition_bound.find(sql::quote_literal(label)) != std::string::npos &&
              object.depends_on.contains(id);
    if (found)
      throw Error(ErrorCode::usage,
                  fmt::format("{} names the value {}", catalog::describe(other), sql::quote_literal(label)),
                  "change it first, or write the desired schema in SQL (--to)")
          .at(intent.label.at);
    if (const auto* body = std::get_if<catalog::Routine>(&object.body)) {
      if (body->body.find(sql::quote_literal(label)) != std::string::npos)
        note(fmt::format("{} may use the value {}: check its body", catalog::describe(other),
                         sql::quote_literal(label)));
    }
  }
  run(fmt::format("DELETE FROM pg_catalog.pg_enum WHERE enumtypid = {} AND enumlabel = {}", regtype(id),
                  sql::quote_literal(label)));
  labels.erase(std::find(labels.begin(), labels.end(), label));
  if (!replacement.empty()) result_.enum_maps[key_of(id)][label] = replacement;
}

void Resolver::operator()(const ReorderEnum& intent) {
  const ObjectId id = enum_type(intent.type);
  auto& labels = labels_of(database_, id);
  std::vector<std::string> wanted;
  for (const Name& label : intent.labels) {
    wanted.push_back(label_of(id, label));
    if (std::count(wanted.begin(), wanted.end(), wanted.back()) > 1)
      throw Error(ErrorCode::usage, fmt::format("value {} is named twice", sql::quote_literal(wanted.back())))
          .at(label.at);
  }
  for (const std::string& label : labels) {
    if (std::find(wanted.begin(), wanted.end(), label) == wanted.end())
      throw Error(ErrorCode::usage,
                  fmt::format("the order leaves out the value {}", sql::quote_literal(label)),
                  "name all values; drop-enum-value removes one")
          .at(intent.type.at);
  }
  if (wanted == labels) return note(fmt::format("the values of type {} have this order already", key_of(id)));
  // (type, order) is unique and checked row by row: all move out of the way first. The copy has no rows that
  // are sorted by it.
  run(
      fmt::format("UPDATE pg_catalog.pg_enum e SET enumsortorder = 1000000 + r.n FROM (SELECT oid, "
                  "row_number() OVER (ORDER BY enumsortorder) AS n "
                  "FROM pg_catalog.pg_enum WHERE enumtypid = {}) r WHERE r.oid = e.oid",
                  regtype(id)));
  for (std::size_t i = 0; i < wanted.size(); ++i)
    run(fmt::format(
        "UPDATE pg_catalog.pg_enum SET enumsortorder = {} WHERE enumtypid = {} AND enumlabel = {}", i + 1,
        regtype(id), sql::quote_literal(wanted[i])));
  labels = wanted;
}

}  // namespace contraflow::intent
