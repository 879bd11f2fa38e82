// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "catalog/constraint_name.h"
#include "catalog/ddl_parts.h"

namespace contraflow::catalog {

using namespace parts;

namespace parts {

std::vector<NamedColumn> columns_of(const Database& database, const std::string& schema,
                                    const std::string& table) {
  std::vector<NamedColumn> columns;
  for (auto it = database.objects.lower_bound(ObjectId{Kind::column, schema, table, "", ""});
       it != database.objects.end() && it->first.kind == Kind::column && it->first.schema == schema &&
       it->first.relation == table;
       ++it)
    columns.push_back({&it->second, &std::get<Column>(it->second.body)});
  std::sort(columns.begin(), columns.end(),
            [](const auto& a, const auto& b) { return a.column->position < b.column->position; });
  return columns;
}

const Column* find_column(const Database& database, const QualifiedName& table, const std::string& name) {
  return database.find_body<Column>(column_id(table.schema, table.name, name));
}

const Object* find_relation(const Database& database, const QualifiedName& name) {
  const Object* table = database.find(relation_id(Kind::table, name.schema, name.name));
  return table ? table : database.find(relation_id(Kind::foreign_table, name.schema, name.name));
}

std::vector<QualifiedName> parents_of(const Object& relation) {
  auto parents = [](const auto& body) {
    return body.partition_of ? std::vector<QualifiedName>{*body.partition_of} : body.inherits;
  };
  if (const auto* table = std::get_if<Table>(&relation.body)) return parents(*table);
  if (const auto* table = std::get_if<ForeignTable>(&relation.body)) return parents(*table);
  return {};
}

// What ALTER TABLE … SET STORAGE needs to bring a column back to its type's own: PLAIN cannot have been
// changed, numeric and the network types are MAIN, the other variable-length types EXTENDED
// (pg_type.typstorage).
const char* default_storage(const Column& column) {
  const std::string& type = column.type_base;
  return type == "numeric" || type == "inet" || type == "cidr" ? "MAIN" : "EXTENDED";
}

std::string generation(const Column& column) {
  switch (column.generated) {
    case Generated::stored:
      return fmt::format(" GENERATED ALWAYS AS ({}) STORED", column.default_expression);
    case Generated::virtual_:
      return fmt::format(" GENERATED ALWAYS AS ({}) VIRTUAL", column.default_expression);
    case Generated::none:
      break;
  }
  if (column.identity != Identity::none) {
    SequenceOptions options = column.identity_options;
    options.type.clear();  // the column's type decides; AS is refused here
    std::string text = sequence_options(options);
    if (!column.identity_sequence.name.empty())
      text = fmt::format("SEQUENCE NAME {}{}{}", sql::quote(column.identity_sequence),
                         text.empty() ? "" : " ", text);
    return fmt::format(" GENERATED {} AS IDENTITY{}",
                       column.identity == Identity::always ? "ALWAYS" : "BY DEFAULT",
                       text.empty() ? "" : fmt::format(" ({})", text));
  }
  return column.default_expression.empty() ? "" : " DEFAULT " + column.default_expression;
}

namespace {

// Its constraint has another name than the server would give it.
bool named_not_null(const ObjectId& id, const Column& column) {
  return !column.not_null_name.empty() &&
         column.not_null_name != default_constraint_name(id.relation, id.name, "not_null");
}

std::string not_null_clause(const ObjectId& id, const Column& column) {
  if (!column.not_null) return {};
  if (!named_not_null(id, column)) return " NOT NULL";
  return fmt::format(" CONSTRAINT {} NOT NULL", sql::quote_identifier(column.not_null_name));
}

// The NOT NULL constraint of the column that is an object of its own, from PostgreSQL 18 on, where NOT NULL is
// a constraint: NOT VALID or NO INHERIT.
const Object* not_null_constraint(const ObjectId& column, const Database& database) {
  for (auto it =
           database.objects.lower_bound(ObjectId{Kind::constraint, column.schema, column.relation, "", ""});
       it != database.objects.end() && it->first.kind == Kind::constraint &&
       it->first.schema == column.schema && it->first.relation == column.relation;
       ++it) {
    const auto& constraint = std::get<Constraint>(it->second.body);
    if (constraint.type == ConstraintType::not_null && constraint.columns == std::vector{column.name})
      return &it->second;
  }
  return nullptr;
}

// `database` decides whether the NOT NULL needs a name.
std::string definition_in(const NamedColumn& column, const Database& database) {
  const ObjectId& id = column.object->id;
  const Object* not_null =
      database.major() >= 18 && column.column->not_null ? not_null_constraint(id, database) : nullptr;
  if (!not_null) return column_definition(id, *column.column, database.major());
  Column nullable = *column.column;
  nullable.not_null = false;
  const auto& constraint = std::get<Constraint>(not_null->body);
  std::string text = column_definition(id, nullable, database.major());
  if (!constraint.validated) return text;  // comes with ADD CONSTRAINT … NOT VALID
  return fmt::format("{} CONSTRAINT {} NOT NULL{}", text, sql::quote_identifier(not_null->id.name),
                     constraint.no_inherit ? " NO INHERIT" : "");
}

// What sets a column that came from a parent apart from the parent's.
Statements column_overrides(const std::string& table, const NamedColumn& named, const Column* parent) {
  Statements statements;
  const Column& column = *named.column;
  auto alter = [&](const std::string& action) {
    statements.push_back(fmt::format("ALTER TABLE ONLY {} ALTER COLUMN {} {}", table,
                                     sql::quote_identifier(named.name()), action));
  };
  const Column plain;
  const Column& from = parent ? *parent : plain;
  if (column.generated == Generated::none && from.generated == Generated::none &&
      column.identity == Identity::none && column.default_expression != from.default_expression)
    alter(column.default_expression.empty() ? "DROP DEFAULT" : "SET DEFAULT " + column.default_expression);
  // Not where another parent gives it (18 and later).
  if (column.not_null && !from.not_null && !(column.not_null_inherited && !column.not_null_local))
    statements.push_back(
        fmt::format("ALTER TABLE ONLY {} {}", table, set_not_null_action(named.object->id, column)));
  if (column.storage != from.storage)
    alter(std::string("SET STORAGE ") + (column.storage.empty() ? default_storage(column) : column.storage));
  if (column.compression != from.compression)
    alter("SET COMPRESSION " + (column.compression.empty() ? "default" : column.compression));
  Column rest = column;  // never inherited
  rest.storage.clear();
  for (auto& statement : column_storage_statements(table, named.name(), rest))
    statements.push_back(statement);
  return statements;
}

struct Shape {  // what tables and foreign tables share
  std::optional<QualifiedName> partition_of;
  std::vector<QualifiedName> inherits;
  std::string bound;
};

Shape shape_of(const Object& object) {
  if (const auto* table = std::get_if<Table>(&object.body))
    return {table->partition_of, table->inherits, table->partition_bound};
  const auto& table = std::get<ForeignTable>(object.body);
  return {table.partition_of, table.inherits, table.partition_bound};
}

// Whether CREATE TABLE … PARTITION OF gives the same columns: same order and types, generated alike, and no
// identity of its own.
bool follows_parent(const std::vector<NamedColumn>& columns, const std::vector<NamedColumn>& parent) {
  return std::equal(
      columns.begin(), columns.end(), parent.begin(), parent.end(), [](const auto& a, const auto& b) {
        return a.name() == b.name() && a.column->type == b.column->type &&
               (!a.column->not_null || !b.column->not_null ||
                a.column->not_null_name == b.column->not_null_name) &&
               a.column->collation == b.column->collation && a.column->generated == b.column->generated &&
               (a.column->generated == Generated::none ||
                a.column->default_expression == b.column->default_expression);
      });
}

std::string table_tail(const Object& object, const Database& database, bool of_parent) {
  std::string text;
  if (const auto* foreign = std::get_if<ForeignTable>(&object.body)) {
    text += " SERVER " + sql::quote_identifier(foreign->server);
    if (!foreign->options.empty()) text += fmt::format(" OPTIONS ({})", fdw_options_list(foreign->options));
    return text;
  }
  const auto& table = std::get<Table>(object.body);
  const Object* parent = of_parent ? find_relation(database, *table.partition_of) : nullptr;
  const auto* parent_table = parent ? std::get_if<Table>(&parent->body) : nullptr;
  if (!table.partition_key.empty()) text += " PARTITION BY " + table.partition_key;
  if (!table.access_method.empty() && table.access_method != "heap")
    text += " USING " + sql::quote_identifier(table.access_method);
  else if (!table.partitioned && parent_table && !parent_table->access_method.empty())
    text += " USING heap";
  if (!table.options.empty()) text += fmt::format(" WITH ({})", options_list(table.options));
  if (!table.tablespace.empty())
    text += " TABLESPACE " + sql::quote_identifier(table.tablespace);
  else if (parent_table && !parent_table->tablespace.empty())
    text += " TABLESPACE pg_default";  // a partition takes its parent's otherwise
  return text;
}

std::string create_words(const Object& object) {
  if (object.id.kind == Kind::foreign_table) return "CREATE FOREIGN TABLE " + quoted_name(object.id);
  return fmt::format("CREATE {}TABLE {}",
                     std::get<Table>(object.body).persistence == Persistence::unlogged ? "UNLOGGED " : "",
                     quoted_name(object.id));
}

Statements create_partition_of(const Object& object, const Database& database, const Shape& shape,
                               const std::vector<NamedColumn>& columns) {
  Statements statements{fmt::format("{} PARTITION OF {} {}{}", create_words(object),
                                    sql::quote(*shape.partition_of), shape.bound,
                                    table_tail(object, database, true))};
  for (const auto& column : columns)
    append(statements, column_overrides(quoted_name(object.id), column,
                                        find_column(database, *shape.partition_of, column.name())));
  return statements;
}

std::string typed_columns(const std::vector<NamedColumn>& columns) {
  std::vector<std::string> items;
  for (const auto& [object, column] : columns) {
    std::string options = generation(*column) + not_null_clause(object->id, *column);
    if (!options.empty()) items.push_back(sql::quote_identifier(object->id.name) + " WITH OPTIONS" + options);
  }
  return items.empty() ? "" : fmt::format(" ({})", join(items));
}

// INHERITS puts the parents' columns first. Where they lie otherwise, and are the table's own as well, the
// table was made alone and given its parents later.
bool inherits_later(const Database& database, const Shape& shape, const std::vector<NamedColumn>& columns) {
  std::vector<std::string> order;
  auto add = [&](const std::string& name) {
    if (std::find(order.begin(), order.end(), name) == order.end()) order.push_back(name);
  };
  for (const auto& parent : shape.inherits)
    for (const auto& column : columns_of(database, parent.schema, parent.name)) add(column.name());
  for (const auto& column : columns) add(column.name());
  const bool same =
      std::equal(order.begin(), order.end(), columns.begin(), columns.end(),
                 [](const std::string& name, const NamedColumn& column) { return name == column.name(); });
  return !same && std::all_of(columns.begin(), columns.end(), [](const auto& c) { return c.column->local; });
}

const Column* column_of_parents(const Database& database, const std::vector<QualifiedName>& parents,
                                const std::string& name) {
  for (const auto& parent : parents)
    if (const Column* column = find_column(database, parent, name)) return column;
  return nullptr;
}

}  // namespace

Statements column_storage_statements(const std::string& table, const std::string& name,
                                     const Column& column) {
  Statements statements;
  auto alter = [&](const std::string& action) {
    statements.push_back(
        fmt::format("ALTER TABLE ONLY {} ALTER COLUMN {} {}", table, sql::quote_identifier(name), action));
  };
  if (!column.storage.empty()) alter("SET STORAGE " + column.storage);
  if (column.statistics_target >= 0) alter(fmt::format("SET STATISTICS {}", column.statistics_target));
  if (!column.options.empty()) alter(fmt::format("SET ({})", options_list(column.options)));
  return statements;
}

Statements create_table(const Object& object, const Database& database) {
  const Shape shape = shape_of(object);
  auto columns = columns_of(database, object.id.schema, object.id.name);
  if (shape.partition_of &&
      follows_parent(columns, columns_of(database, shape.partition_of->schema, shape.partition_of->name)) &&
      std::none_of(columns.begin(), columns.end(),
                   [](const auto& c) { return !c.column->fdw_options.empty(); }))
    return create_partition_of(object, database, shape, columns);
  Statements statements = create_standalone(object, database);
  append(statements, attach_partition(object));
  return statements;
}

Statements create_column(const Object& object, const Database& database) {
  const auto& column = std::get<Column>(object.body);
  const NamedColumn named{&object, &column};
  const std::string table = quoted_relation(object.id);
  if (column.inherited && !column.local) {
    const Object* relation = find_relation(database, {object.id.schema, object.id.relation});
    const Column* parent =
        relation ? column_of_parents(database, parents_of(*relation), object.id.name) : nullptr;
    return column_overrides(table, named, parent);
  }
  Statements statements{fmt::format("ALTER TABLE {} ADD COLUMN {}", table, definition_in(named, database))};
  append(statements, column_storage_statements(table, object.id.name, column));
  return statements;
}

}  // namespace parts

Statements create_standalone(const Object& object, const Database& database) {
  const Shape shape = shape_of(object);
  const std::string name = quoted_name(object.id);
  auto columns = columns_of(database, object.id.schema, object.id.name);
  std::string text = create_words(object);
  const auto* table = std::get_if<Table>(&object.body);
  std::vector<NamedColumn> overridden;
  Statements inherit;
  if (table && !table->of_type.empty()) {
    text += " OF " + table->of_type + typed_columns(columns);
  } else {
    std::vector<std::string> items;
    const bool by_inherits = !shape.inherits.empty() && !inherits_later(database, shape, columns);
    for (const auto& column : columns) {
      Column plain = *column.column;
      // NOT NULL that comes with the parents is not the child's own (18 and later).
      if (by_inherits && plain.not_null_inherited && !plain.not_null_local) plain.not_null = false;
      // A partition is made with all its columns, an inheritance child with its own.
      if (shape.partition_of || column.column->local || shape.inherits.empty())
        items.push_back("\n    " + definition_in({column.object, &plain}, database));
      else
        overridden.push_back(column);
    }
    text += fmt::format(" ({}{})", join(items, ","), items.empty() ? "" : "\n");
    std::vector<std::string> parents;
    for (const auto& parent : shape.inherits) parents.push_back(sql::quote(parent));
    if (inherits_later(database, shape, columns)) {
      for (const auto& parent : parents)
        inherit.push_back(
            fmt::format("ALTER {} {} INHERIT {}", table ? "TABLE" : "FOREIGN TABLE", name, parent));
    } else if (!parents.empty())
      text += fmt::format(" INHERITS ({})", join(parents));
  }
  Statements statements{text + table_tail(object, database, false)};
  for (const auto& column : columns) {
    bool is_overridden = std::any_of(overridden.begin(), overridden.end(),
                                     [&](const auto& o) { return o.object == column.object; });
    append(statements,
           is_overridden
               ? column_overrides(name, column, column_of_parents(database, shape.inherits, column.name()))
               : column_storage_statements(name, column.name(), *column.column));
  }
  append(statements, inherit);
  return statements;
}

Statements attach_partition(const Object& object) {
  const Shape shape = shape_of(object);
  if (!shape.partition_of) return {};
  return {fmt::format("ALTER TABLE ONLY {} ATTACH PARTITION {} {}", sql::quote(*shape.partition_of),
                      quoted_name(object.id), shape.bound)};
}

std::string column_definition(const ObjectId& id, const Column& column, int server_major) {
  std::string text = sql::quote_identifier(id.name) + " " + column.type;
  if (!column.compression.empty() && server_major >= 14) text += " COMPRESSION " + column.compression;
  if (!column.fdw_options.empty()) text += fmt::format(" OPTIONS ({})", fdw_options_list(column.fdw_options));
  if (!column.collation.empty()) text += " COLLATE " + column.collation;
  text += generation(column);
  return text + not_null_clause(id, column);
}

std::string set_not_null_action(const ObjectId& id, const Column& column) {
  const std::string name = sql::quote_identifier(id.name);
  // Named even where the server would choose that name: it chooses another one while a table of the schema has it.
  if (column.not_null_name.empty()) return fmt::format("ALTER COLUMN {} SET NOT NULL", name);
  return fmt::format("ADD CONSTRAINT {} NOT NULL {}", sql::quote_identifier(column.not_null_name), name);
}

}  // namespace contraflow::catalog
