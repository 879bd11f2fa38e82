// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "catalog/ddl_parts.h"

namespace contraflow::catalog {

using namespace parts;

namespace parts {

std::string option_name(std::string_view name) {
  auto dot = name.find('.');  // toast.autovacuum_enabled: the dot belongs to the syntax, not to the name
  if (dot == std::string_view::npos) return sql::quote_identifier(name);
  return sql::quote_identifier(name.substr(0, dot)) + "." + sql::quote_identifier(name.substr(dot + 1));
}

std::string fdw_options_list(const Options& options) {
  std::vector<std::string> items;
  for (const auto& [name, value] : options)
    items.push_back(sql::quote_identifier(name) + " " + sql::quote_literal(value));
  return join(items);
}

namespace {

std::string with_options(const Options& options) {
  return options.empty() ? "" : fmt::format(" WITH ({})", options_list(options));
}

std::string collate(const std::string& collation) { return collation.empty() ? "" : " COLLATE " + collation; }

}  // namespace

Statements create_enum(const Object& object) {
  std::vector<std::string> labels;
  for (const auto& label : std::get<EnumType>(object.body).labels)
    labels.push_back(sql::quote_literal(label));
  return {fmt::format("CREATE TYPE {} AS ENUM ({})", quoted_name(object.id), join(labels))};
}

Statements create_domain(const Object& object) {
  const auto& domain = std::get<Domain>(object.body);
  std::string text = fmt::format("CREATE DOMAIN {} AS {}{}", quoted_name(object.id), domain.base_type,
                                 collate(domain.collation));
  if (!domain.default_expression.empty()) text += " DEFAULT " + domain.default_expression;
  if (domain.not_null && !domain.not_null_name.empty())
    text += " CONSTRAINT " + sql::quote_identifier(domain.not_null_name);
  if (domain.not_null) text += " NOT NULL";
  return {text};
}

Statements create_composite(const Object& object) {
  std::vector<std::string> attributes;
  for (const auto& attribute : std::get<CompositeType>(object.body).attributes)
    attributes.push_back(fmt::format("{} {}{}", sql::quote_identifier(attribute.name), attribute.type,
                                     collate(attribute.collation)));
  return {fmt::format("CREATE TYPE {} AS ({})", quoted_name(object.id), join(attributes))};
}

Statements create_sequence(const Object& object) {
  const auto& sequence = std::get<Sequence>(object.body);
  std::string options = sequence_options(sequence.options);
  return {fmt::format("CREATE {}SEQUENCE {}{}{}",
                      sequence.persistence == Persistence::unlogged ? "UNLOGGED " : "",
                      quoted_name(object.id), options.empty() ? "" : " ", options)};
}

Statements create_view(const Object& object, bool or_replace) {
  const auto& view = std::get<View>(object.body);
  Statements statements{fmt::format("CREATE {}VIEW {}{} AS\n{}", or_replace ? "OR REPLACE " : "",
                                    quoted_name(object.id), with_options(view.options),
                                    without_semicolon(view.definition))};
  for (const auto& column : view.columns)
    if (!column.default_expression.empty())
      statements.push_back(fmt::format("ALTER VIEW {} ALTER COLUMN {} SET DEFAULT {}", quoted_name(object.id),
                                       sql::quote_identifier(column.name), column.default_expression));
  return statements;
}

Statements create_dummy_view(const Object& object) {
  std::vector<std::string> columns;
  for (const auto& column : std::get<View>(object.body).columns)
    columns.push_back(fmt::format("NULL::{}{} AS {}", column.type, collate(column.collation),
                                  sql::quote_identifier(column.name)));
  return {fmt::format("CREATE VIEW {} AS SELECT {}", quoted_name(object.id), join(columns))};
}

Statements create_materialized_view(const Object& object, bool populate) {
  const auto& view = std::get<MaterializedView>(object.body);
  std::string text = "CREATE MATERIALIZED VIEW " + quoted_name(object.id);
  if (!view.access_method.empty() && view.access_method != "heap")
    text += " USING " + sql::quote_identifier(view.access_method);
  text += with_options(view.options);
  if (!view.tablespace.empty()) text += " TABLESPACE " + sql::quote_identifier(view.tablespace);
  text += fmt::format(" AS\n{}\nWITH {}DATA", without_semicolon(view.definition), populate ? "" : "NO ");
  Statements statements{text};
  for (const auto& [column, target] : view.statistics_targets)
    statements.push_back(fmt::format("ALTER MATERIALIZED VIEW {} ALTER COLUMN {} SET STATISTICS {}",
                                     quoted_name(object.id), sql::quote_identifier(column), target));
  return statements;
}

Statements create_policy(const Object& object) {
  const auto& policy = std::get<Policy>(object.body);
  std::string text = fmt::format("CREATE POLICY {}{} FOR {}", quoted_name(object.id),
                                 policy.permissive ? "" : " AS RESTRICTIVE", policy.command);
  std::vector<std::string> roles;
  for (const auto& role : policy.roles) roles.push_back(quote_role(role));
  if (!roles.empty()) text += " TO " + join(roles);
  if (!policy.using_expression.empty()) text += fmt::format(" USING ({})", policy.using_expression);
  if (!policy.check_expression.empty()) text += fmt::format(" WITH CHECK ({})", policy.check_expression);
  return {text};
}

Statements create_event_trigger(const Object& object) {
  const auto& trigger = std::get<EventTrigger>(object.body);
  std::vector<std::string> tags;
  for (const auto& tag : trigger.tags) tags.push_back(sql::quote_literal(tag));
  return {fmt::format("CREATE EVENT TRIGGER {} ON {}{} EXECUTE FUNCTION {}()", quoted_name(object.id),
                      trigger.event, tags.empty() ? "" : fmt::format(" WHEN TAG IN ({})", join(tags)),
                      trigger.function)};
}

std::vector<std::string> publication_tables(const std::vector<PublicationTable>& tables) {
  std::vector<std::string> items;
  for (const auto& table : tables) {
    // Until 14 the word TABLE stands once, before the list; later majors take that too.
    std::string text = (items.empty() ? "TABLE ONLY " : "ONLY ") + sql::quote(table.table);
    std::vector<std::string> columns;
    for (const auto& column : table.columns) columns.push_back(sql::quote_identifier(column));
    if (!columns.empty()) text += fmt::format(" ({})", join(columns));
    if (!table.where.empty()) text += fmt::format(" WHERE ({})", table.where);
    items.push_back(std::move(text));
  }
  return items;
}

Statements create_publication(const Object& object) {
  const auto& publication = std::get<Publication>(object.body);
  std::string text = "CREATE PUBLICATION " + quoted_name(object.id);
  std::vector<std::string> members = publication_tables(publication.tables);
  for (const auto& schema : publication.schemas)
    members.push_back("TABLES IN SCHEMA " + sql::quote_identifier(schema));
  if (publication.all_tables)
    text += " FOR ALL TABLES";
  else if (!members.empty())
    text += " FOR " + join(members);
  return {text + with_options(publication.options)};
}

}  // namespace parts

std::string options_list(const Options& options) {
  std::vector<std::string> items;
  for (const auto& [name, value] : options)
    items.push_back(option_name(name) + "=" + sql::quote_literal(value));
  return join(items);
}

std::string sequence_options(const SequenceOptions& options) {
  std::vector<std::string> items;
  if (!options.type.empty() && options.type != "bigint") items.push_back("AS " + options.type);
  auto add = [&](const char* word, const std::string& value) {
    if (!value.empty()) items.push_back(word + value);
  };
  add("INCREMENT BY ", options.increment);
  add("MINVALUE ", options.minimum);
  add("MAXVALUE ", options.maximum);
  add("START WITH ", options.start);
  add("CACHE ", options.cache);
  if (options.cycle) items.push_back("CYCLE");
  return join(items, " ");
}

}  // namespace contraflow::catalog
