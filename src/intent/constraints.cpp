// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "catalog/source_scan.h"
#include "intent/resolver.h"
#include "sql/expression.h"
#include "sql/name.h"

namespace contraflow::intent {

namespace {

std::string quoted_list(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const std::string& name : names) out.push_back(sql::quote_identifier(name));
  return join(out, ", ");
}

std::string add_constraint(const ObjectId& table, const std::optional<Name>& name) {
  const std::string alter = fmt::format("ALTER TABLE {} ADD ", sql::quote({table.schema, table.name}));
  return name ? fmt::format("{}CONSTRAINT {} ", alter, sql::quote_identifier(name->parts.back())) : alter;
}

}  // namespace

void Resolver::operator()(const Unique& intent) {
  const ObjectId of = table(intent.table);
  std::vector<std::string> columns;
  for (const Name& name : intent.columns) columns.push_back(column_of(of, name).name);
  for (const auto& [id, object] : database_.objects) {
    const auto* index = std::get_if<catalog::Index>(&object.body);
    if (index == nullptr || id.schema != of.schema || index->table != of.name || !index->unique ||
        intent.where || !index->predicate.empty())
      continue;
    if (std::set<std::string>(index->columns.begin(), index->columns.end()) ==
        std::set<std::string>(columns.begin(), columns.end()))
      return note(fmt::format("{} is unique already, by index {}", join(columns, ", "),
                              sql::quote_identifier(id.name)));
  }
  if (intent.where) {
    const std::string name = intent.name ? intent.name->parts.back()
                                         : free_name(of.schema, of.name + "_" + join(columns, "_") + "_key");
    return run(fmt::format("CREATE UNIQUE INDEX {} ON {} ({}) WHERE ({})", sql::quote_identifier(name),
                           sql::quote({of.schema, of.name}), quoted_list(columns),
                           expression(*intent.where, &of)));
  }
  run(add_constraint(of, intent.name) + fmt::format("UNIQUE ({})", quoted_list(columns)));
}

void Resolver::operator()(const ForeignKey& intent) {
  const ObjectId of = table(intent.table);
  std::vector<std::string> columns;
  for (const Name& name : intent.columns) columns.push_back(column_of(of, name).name);
  // `users`, `public.users`, `users.id` or `public.users.id`: a column only where its table is there.
  ObjectId referenced;
  std::vector<std::string> referenced_columns;
  const auto& parts = intent.referenced.parts;
  const bool names_table =
      parts.size() == 1 ||
      (parts.size() == 2 &&
       (!intent.referenced_columns.empty() || find_if_exists(Kind::table, parts[0], parts[1]) != nullptr));
  if (names_table) {
    referenced = table(intent.referenced);
    for (const Name& name : intent.referenced_columns)
      referenced_columns.push_back(column_of(referenced, name).name);
  } else {
    const ObjectId id = column(intent.referenced);
    referenced = catalog::relation_id(Kind::table, id.schema, id.relation);
    referenced_columns.push_back(id.name);
  }
  if (referenced_columns.empty()) {
    for (const ObjectId& id : primary_key(referenced)) referenced_columns.push_back(id.name);
    if (referenced_columns.empty())
      throw Error(ErrorCode::usage, fmt::format("table {} has no primary key", key_of(referenced)),
                  "name the referenced column: TABLE.COLUMN")
          .at(intent.referenced.at);
  }
  if (columns.size() != referenced_columns.size())
    throw Error(
        ErrorCode::usage,
        fmt::format("{} cannot reference {}", count_of(static_cast<long long>(columns.size()), "column"),
                    count_of(static_cast<long long>(referenced_columns.size()), "column")))
        .at(intent.referenced.at);
  const std::set<std::string> key(referenced_columns.begin(), referenced_columns.end());
  bool unique = false, indexed = false;
  for (const auto& [id, object] : database_.objects) {
    const auto* index = std::get_if<catalog::Index>(&object.body);
    if (index == nullptr || !index->predicate.empty()) continue;
    if (id.schema == referenced.schema && index->table == referenced.name && index->unique)
      unique = unique || std::set<std::string>(index->columns.begin(), index->columns.end()) == key;
    if (id.schema == of.schema && index->table == of.name && index->columns.size() >= columns.size())
      indexed = indexed || std::is_permutation(columns.begin(), columns.end(), index->columns.begin());
  }
  const bool made_here =
      std::any_of(result_.statements.begin(), result_.statements.end(),
                  [](const std::string& s) { return s.find("UNIQUE") != std::string::npos; });
  if (!unique && !made_here)
    throw Error(
        ErrorCode::usage,
        fmt::format("{}({}) is not unique, so that nothing can reference it", key_of(referenced),
                    join(referenced_columns, ", ")),
        fmt::format("put this before it: unique {}({})", key_of(referenced), join(referenced_columns, ", ")))
        .at(intent.referenced.at);
  if (!indexed)
    note(fmt::format(
        "foreign key {}({}) has no index: deletes from {} scan the whole table; add: index {}({})",
        key_of(of), join(columns, ", "), key_of(referenced), key_of(of), join(columns, ", ")));
  run(add_constraint(of, intent.name) + fmt::format("FOREIGN KEY ({}) REFERENCES {} ({}){}",
                                                    quoted_list(columns),
                                                    sql::quote({referenced.schema, referenced.name}),
                                                    quoted_list(referenced_columns), intent.actions));
}

void Resolver::operator()(const CreateIndex& intent) {
  const ObjectId of = table(intent.table);
  std::vector<std::string> elements, plain;
  for (const Text& element : intent.elements) {
    catalog::SqlScanner scanner(element.sql);
    const catalog::Token first = scanner.next();
    const catalog::Token second = scanner.next();
    const bool name = first.kind == catalog::TokenKind::word || first.kind == catalog::TokenKind::quoted;
    if (name && (second.kind == catalog::TokenKind::end || second.kind == catalog::TokenKind::word)) {
      Name column_written{{catalog::identifier_of(scanner.text(first))}, element.at};
      const ObjectId id = column_of(of, column_written);
      // What follows a column: COLLATE, an operator class, ASC/DESC, NULLS FIRST/LAST; words only.
      for (catalog::Token token = second; token.kind != catalog::TokenKind::end; token = scanner.next()) {
        const bool word = token.kind == catalog::TokenKind::word || token.kind == catalog::TokenKind::quoted;
        if (!word && scanner.text(token) != ".")
          throw Error(ErrorCode::usage, fmt::format("\"{}\" is no index column", element.sql),
                      "put an expression into parentheses: (a || b)")
              .at(element.at);
      }
      elements.push_back(sql::quote_identifier(id.name) + element.sql.substr(first.end));
      plain.push_back(id.name);
      continue;
    }
    // An expression; ASC, DESC and NULLS … may follow it.
    std::string body = element.sql, order;
    for (bool more = true; more;) {
      more = false;
      for (const std::string_view suffix : {" asc", " desc", " nulls first", " nulls last"}) {
        if (!to_lower(body).ends_with(suffix)) continue;
        order = body.substr(body.size() - suffix.size()) + order;
        body = std::string(trim(std::string_view(body).substr(0, body.size() - suffix.size())));
        more = true;
      }
    }
    elements.push_back("(" + expression({body, element.at}, &of) + ")" + order);
    plain.emplace_back("expr");
  }
  std::vector<std::string> include;
  for (const Name& name : intent.include) include.push_back(column_of(of, name).name);
  if (intent.name && has_relation(of.schema, intent.name->parts.back()))
    throw Error(ErrorCode::usage,
                fmt::format("{} exists already", sql::quote({of.schema, intent.name->parts.back()})))
        .at(intent.name->at);
  const std::string name =
      intent.name
          ? intent.name->parts.back()
          : free_name(of.schema, of.name + "_" + join(plain, "_") + (intent.unique ? "_key" : "_idx"));
  std::string statement = fmt::format("CREATE {}INDEX {} ON {} USING {} ({})", intent.unique ? "UNIQUE " : "",
                                      sql::quote_identifier(name), sql::quote({of.schema, of.name}),
                                      sql::quote_identifier(intent.method.empty() ? "btree" : intent.method),
                                      join(elements, ", "));
  if (!include.empty()) statement += fmt::format(" INCLUDE ({})", quoted_list(include));
  if (intent.where) statement += fmt::format(" WHERE ({})", expression(*intent.where, &of));
  run(std::move(statement));
  catalog::Index index;
  index.table = of.name;
  index.unique = intent.unique;
  index.columns = plain;
  if (intent.where) index.predicate = intent.where->sql;
  catalog::Object object;
  object.id = ObjectId{Kind::index, of.schema, {}, name, {}};
  object.body = std::move(index);
  database_.objects[object.id] = object;
}

void Resolver::operator()(const DropIndex& intent) {
  const ObjectId id = find(Kind::index, intent.index, "index");
  const auto* index = database_.find_body<catalog::Index>(id);
  if (!index->constraint.empty())
    throw Error(ErrorCode::usage, fmt::format("index {} belongs to a constraint", key_of(id)),
                fmt::format("write: drop-constraint {}.{}.{}", sql::quote_identifier(id.schema),
                            sql::quote_identifier(index->table), sql::quote_identifier(index->constraint)))
        .at(intent.index.at);
  run("DROP INDEX " + sql::quote({id.schema, id.name}));
  remove(id);
}

void Resolver::operator()(const DropConstraint& intent) {
  const ObjectId id = constraint(intent.constraint);
  const auto* body = database_.find_body<catalog::Constraint>(id);
  const bool key =
      body->type == catalog::ConstraintType::unique || body->type == catalog::ConstraintType::primary_key;
  if (key && is_referenced_key(catalog::relation_id(Kind::table, id.schema, id.relation), body->columns))
    throw Error(ErrorCode::usage,
                fmt::format("constraint {} is the key that a foreign key references", key_of(id)),
                "drop the foreign key first")
        .at(intent.constraint.at);
  run(fmt::format("ALTER TABLE {} DROP CONSTRAINT {}", sql::quote({id.schema, id.relation}),
                  sql::quote_identifier(id.name)));
  if (!body->index_name.empty()) remove(ObjectId{Kind::index, id.schema, {}, body->index_name, {}});
  remove(id);
}

void Resolver::operator()(const Check& intent) {
  const ObjectId of = table(intent.table);
  run(add_constraint(of, intent.name) + fmt::format("CHECK ({})", expression(intent.expression, &of)));
}

}  // namespace contraflow::intent
