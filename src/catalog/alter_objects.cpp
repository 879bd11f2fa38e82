// SPDX-License-Identifier: Apache-2.0
//
// Sequences, identities, types, policies, publications, extensions, foreign data and text search.
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "catalog/alter.h"
#include "catalog/ddl_parts.h"

namespace contraflow::catalog {

using namespace parts;

namespace {

// The options that differ, one item each, as ALTER SEQUENCE and (after SET) ALTER COLUMN take them.
std::vector<std::string> changed_options(const SequenceOptions& from, const SequenceOptions& to) {
  std::vector<std::string> items;
  auto add = [&](const char* word, const std::string& before, const std::string& after, bool always = false) {
    if (!after.empty() && (before != after || always)) items.push_back(word + after);
  };
  add("INCREMENT BY ", from.increment, to.increment);
  // A new type moves bounds that are the old type's own: say them.
  const bool type = from.type != to.type;
  add("MINVALUE ", from.minimum, to.minimum, type);
  add("MAXVALUE ", from.maximum, to.maximum, type);
  add("START WITH ", from.start, to.start);
  add("CACHE ", from.cache, to.cache);
  if (from.cycle != to.cycle) items.push_back(to.cycle ? "CYCLE" : "NO CYCLE");
  return items;
}

void append(Statements& into, const Statements& more) { into.insert(into.end(), more.begin(), more.end()); }

// "RESTART value cannot be less than MINVALUE": a value that the new bounds leave out is moved to their edge before; where the two ranges do not
// meet it starts anew.
Statements move_into_bounds(const std::string& sequence, const SequenceOptions& from, const SequenceOptions& to,
                            std::vector<std::string>& items) {
  const auto number = [](const std::string& text) { return text.empty() ? 0LL : std::stoll(text); };
  const long long old_low = number(from.minimum), old_high = number(from.maximum), low = number(to.minimum), high = number(to.maximum);
  if (low <= old_low && high >= old_high) return {};
  if (low > old_high || high < old_low) {
    items.push_back("RESTART WITH " + to.start);
    return {};
  }
  Statements statements;
  const auto move = [&](const char* comparison, long long bound) {
    statements.push_back(fmt::format("SELECT pg_catalog.setval({}, {}, false) FROM {} WHERE last_value {} {}",
                                     sql::quote_literal(sequence), bound, sequence, comparison, bound));
  };
  if (low > old_low) move("<", low);
  if (high < old_high) move(">", high);
  return statements;
}

const CompositeAttribute* find_attribute(const CompositeType& type, const std::string& name) {
  auto it = std::find_if(type.attributes.begin(), type.attributes.end(),
                         [&](const auto& a) { return a.name == name; });
  return it == type.attributes.end() ? nullptr : &*it;
}

std::string attribute_type(const CompositeAttribute& attribute) {
  return attribute.type + (attribute.collation.empty() ? "" : " COLLATE " + attribute.collation);
}

// ADD ATTRIBUTE appends: what stays must come first and in its old order.
bool order_allows(const CompositeType& from, const CompositeType& to) {
  std::vector<std::string> result, wanted;
  for (const auto& attribute : from.attributes)
    if (find_attribute(to, attribute.name)) result.push_back(attribute.name);
  for (const auto& attribute : to.attributes) {
    wanted.push_back(attribute.name);
    if (!find_attribute(from, attribute.name)) result.push_back(attribute.name);
  }
  return result == wanted;
}

}  // namespace

Statements alter_sequence(const ObjectId& id, const Sequence& from, const Sequence& to) {
  const std::string alter = "ALTER SEQUENCE " + quoted_name(id);
  Statements statements;
  auto items = changed_options(from.options, to.options);
  if (from.options.type != to.options.type) items.insert(items.begin(), "AS " + to.options.type);
  if (!items.empty()) {
    append(statements, move_into_bounds(quoted_name(id), from.options, to.options, items));
    statements.push_back(alter + " " + join(items, " "));
  }
  if (from.persistence != to.persistence)
    statements.push_back(alter + (to.persistence == Persistence::unlogged ? " SET UNLOGGED" : " SET LOGGED"));
  if (from.owned_by != to.owned_by)
    statements.push_back(alter + " OWNED BY " + (to.owned_by ? quoted_name(*to.owned_by) : "NONE"));
  return statements;
}

Statements alter_identity(const ObjectId& id, const Column& from, const Column& to) {
  // No ONLY: from 17 on partitions share the identity.
  const std::string alter =
      fmt::format("ALTER TABLE {} ALTER COLUMN {}", quoted_relation(id), sql::quote_identifier(id.name));
  if (to.identity == Identity::none)
    return from.identity == Identity::none ? Statements{} : Statements{alter + " DROP IDENTITY"};
  if (from.identity == Identity::none) return {fmt::format("{} ADD{}", alter, generation(to))};
  Statements statements;
  std::vector<std::string> items;
  if (from.identity != to.identity)
    items.push_back(to.identity == Identity::always ? "SET GENERATED ALWAYS" : "SET GENERATED BY DEFAULT");
  for (const auto& item : changed_options(from.identity_options, to.identity_options))
    items.push_back("SET " + item);
  append(statements, move_into_bounds(sql::quote(from.identity_sequence), from.identity_options, to.identity_options, items));
  if (!items.empty()) statements.push_back(alter + " " + join(items, " "));
  QualifiedName sequence = from.identity_sequence;
  if (sequence.name != to.identity_sequence.name) {
    statements.push_back(fmt::format("ALTER SEQUENCE IF EXISTS {} RENAME TO {}", sql::quote(sequence),
                                     sql::quote_identifier(to.identity_sequence.name)));
  }
  return statements;
}

Statements alter_identity_sequence(const Column& from, const Column& to, const std::string& owner) {
  Object sequence;
  sequence.id = ObjectId{Kind::sequence, to.identity_sequence.schema, "", to.identity_sequence.name, ""};
  sequence.body = Sequence{};
  sequence.owner = owner;
  for (const char* privilege : {"SELECT", "UPDATE", "USAGE"})
    sequence.default_grants.push_back({owner, privilege, false, owner});
  Statements statements = alter_grants(sequence, from.identity_grants, to.identity_grants);
  if (from.identity_comment != to.identity_comment)
    statements.push_back(
        fmt::format("COMMENT ON SEQUENCE {} IS {}", quoted_name(sequence.id),
                    to.identity_comment ? sql::quote_literal(*to.identity_comment) : "NULL"));
  if (from.identity_persistence != to.identity_persistence)
    statements.push_back(
        fmt::format("ALTER SEQUENCE {} SET {}", quoted_name(sequence.id),
                    to.identity_persistence == Persistence::unlogged ? "UNLOGGED" : "LOGGED"));
  return statements;
}

Statements alter_domain(const ObjectId& id, const Domain& from, const Domain& to) {
  const std::string alter = "ALTER DOMAIN " + quoted_name(id);
  Statements statements;
  if (from.default_expression != to.default_expression)
    statements.push_back(
        alter + (to.default_expression.empty() ? " DROP DEFAULT" : " SET DEFAULT " + to.default_expression));
  if (from.not_null != to.not_null)
    statements.push_back(alter + (to.not_null ? " SET NOT NULL" : " DROP NOT NULL"));
  return statements;
}

std::optional<Statements> alter_composite(const ObjectId& id, const CompositeType& from,
                                          const CompositeType& to) {
  if (!order_allows(from, to)) return std::nullopt;
  const std::string alter = "ALTER TYPE " + quoted_name(id);
  Statements statements;
  auto comment = [&](const CompositeAttribute& attribute) {
    statements.push_back(fmt::format("COMMENT ON COLUMN {}.{} IS {}", quoted_name(id),
                                     sql::quote_identifier(attribute.name),
                                     attribute.comment ? sql::quote_literal(*attribute.comment) : "NULL"));
  };
  // CASCADE reaches typed tables, and nothing else.
  for (const auto& attribute : from.attributes)
    if (!find_attribute(to, attribute.name))
      statements.push_back(
          fmt::format("{} DROP ATTRIBUTE {} CASCADE", alter, sql::quote_identifier(attribute.name)));
  for (const auto& attribute : to.attributes) {
    const CompositeAttribute* old = find_attribute(from, attribute.name);
    const std::string name = sql::quote_identifier(attribute.name);
    if (!old)
      statements.push_back(
          fmt::format("{} ADD ATTRIBUTE {} {} CASCADE", alter, name, attribute_type(attribute)));
    else if (attribute_type(*old) != attribute_type(attribute))
      statements.push_back(
          fmt::format("{} ALTER ATTRIBUTE {} TYPE {} CASCADE", alter, name, attribute_type(attribute)));
    if ((old ? old->comment : std::nullopt) != attribute.comment) comment(attribute);
  }
  return statements;
}

std::optional<Statements> alter_policy(const ObjectId& id, const Policy& from, const Policy& to) {
  if (from.command != to.command || from.permissive != to.permissive) return std::nullopt;
  // ALTER POLICY can change an expression, not take it away.
  if (to.using_expression.empty() && !from.using_expression.empty()) return std::nullopt;
  if (to.check_expression.empty() && !from.check_expression.empty()) return std::nullopt;
  std::string text;
  if (from.roles != to.roles) {
    std::vector<std::string> roles;
    for (const auto& role : to.roles) roles.push_back(quote_role(role));
    text += " TO " + (roles.empty() ? "PUBLIC" : join(roles));
  }
  if (from.using_expression != to.using_expression) text += fmt::format(" USING ({})", to.using_expression);
  if (from.check_expression != to.check_expression)
    text += fmt::format(" WITH CHECK ({})", to.check_expression);
  if (text.empty()) return Statements{};
  return Statements{fmt::format("ALTER POLICY {}{}", quoted_name(id), text)};
}

std::optional<Statements> alter_publication(const ObjectId& id, const Publication& from,
                                            const Publication& to) {
  if (from.all_tables != to.all_tables) return std::nullopt;
  const std::string alter = "ALTER PUBLICATION " + quoted_name(id);
  Options changed;
  for (const auto& [name, value] : to.options)
    if (auto it = from.options.find(name); it == from.options.end() || it->second != value)
      changed[name] = value;
  for (const auto& [name, value] : from.options)
    if (!to.options.contains(name)) return std::nullopt;  // there is no RESET
  Statements statements;
  auto missing_in = [](const auto& list, const auto& item) {
    return std::find(list.begin(), list.end(), item) == list.end();
  };
  std::vector<PublicationTable> removed_tables, added_tables;
  for (const auto& table : from.tables)
    if (missing_in(to.tables, table)) removed_tables.push_back({table.table, {}, {}});
  for (const auto& table : to.tables)
    if (missing_in(from.tables, table)) added_tables.push_back(table);
  auto removed = publication_tables(removed_tables);
  auto added = publication_tables(added_tables);
  for (const auto& schema : from.schemas)
    if (missing_in(to.schemas, schema))
      removed.push_back("TABLES IN SCHEMA " + sql::quote_identifier(schema));
  for (const auto& schema : to.schemas)
    if (missing_in(from.schemas, schema))
      added.push_back("TABLES IN SCHEMA " + sql::quote_identifier(schema));
  if (!removed.empty()) statements.push_back(fmt::format("{} DROP {}", alter, join(removed)));
  if (!added.empty()) statements.push_back(fmt::format("{} ADD {}", alter, join(added)));
  if (!changed.empty()) statements.push_back(fmt::format("{} SET ({})", alter, options_list(changed)));
  return statements;
}

std::optional<Statements> alter_extension(const ObjectId& id, const Extension& from, const Extension& to) {
  Statements statements;
  if (from.schema != to.schema) {
    if (!from.relocatable) return std::nullopt;
    statements.push_back(
        fmt::format("ALTER EXTENSION {} SET SCHEMA {}", quoted_name(id), sql::quote_identifier(to.schema)));
  }
  if (from.version != to.version)
    statements.push_back(
        fmt::format("ALTER EXTENSION {} UPDATE TO {}", quoted_name(id), sql::quote_literal(to.version)));
  return statements;
}

Statements alter_fdw_options(const ObjectId& id, const Options& from, const Options& to) {
  std::vector<std::string> items;
  for (const auto& [name, value] : from)
    if (!to.contains(name)) items.push_back("DROP " + sql::quote_identifier(name));
  for (const auto& [name, value] : to) {
    auto it = from.find(name);
    if (it != from.end() && it->second == value) continue;
    items.push_back(fmt::format("{} {} {}", it == from.end() ? "ADD" : "SET", sql::quote_identifier(name),
                                sql::quote_literal(value)));
  }
  if (items.empty()) return {};
  std::string alter;
  if (id.kind == Kind::column) {
    alter =
        fmt::format("FOREIGN TABLE {} ALTER COLUMN {}", quoted_relation(id), sql::quote_identifier(id.name));
  } else {
    Object object;
    object.id = id;
    alter = reference(object);
  }
  return {fmt::format("ALTER {} OPTIONS ({})", alter, join(items))};
}

Statements alter_text_search_dictionary(const ObjectId& id, const Options& from, const Options& to) {
  std::vector<std::string> items;
  for (const auto& [name, value] : from)
    if (!to.contains(name)) items.push_back(sql::quote_identifier(name));  // without a value: removed
  for (const auto& [name, value] : to)
    if (auto it = from.find(name); it == from.end() || it->second != value)
      items.push_back(fmt::format("{} = {}", sql::quote_identifier(name), sql::quote_literal(value)));
  if (items.empty()) return {};
  return {fmt::format("ALTER TEXT SEARCH DICTIONARY {} ({})", quoted_name(id), join(items))};
}

}  // namespace contraflow::catalog
