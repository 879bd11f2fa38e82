// SPDX-License-Identifier: Apache-2.0
#include "lint/schema.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "lint/analysis/parts.h"
#include "lint/routine.h"

namespace contraflow::lint {
namespace {

// A definition that the parser of PostgreSQL 15 does not know (NOT ENFORCED, PERIOD) leaves the parts unknown that only it says.
std::optional<sql::ParseTree> parse(const std::string& text) {
  try {
    return sql::parse(text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

const PgQuery__Constraint* added_constraint(const sql::ParseTree& tree) {
  const PgQuery__Node& node = tree.node(0);
  if (node.node_case != PG_QUERY__NODE__NODE_ALTER_TABLE_STMT || node.alter_table_stmt->n_cmds != 1) return nullptr;
  const PgQuery__Node* def = node.alter_table_stmt->cmds[0]->alter_table_cmd->def;
  return def != nullptr && def->node_case == PG_QUERY__NODE__NODE_CONSTRAINT ? def->constraint : nullptr;
}

// Bits of pg_trigger.tgtype, from pg_get_triggerdef(): CREATE TRIGGER name BEFORE INSERT OR UPDATE OF column ON …
int events_of(const std::string& definition) {
  int events = 0;
  const std::string head = definition.substr(0, definition.find(" ON "));
  constexpr std::pair<const char*, int> kEvents[] = {{" INSERT", 1 << 2}, {" DELETE", 1 << 3}, {" UPDATE", 1 << 4}, {" TRUNCATE", 1 << 5}};
  for (const auto& [word, bit] : kEvents) {
    if (head.find(word) != std::string::npos) events |= bit;
  }
  return events;
}

class Loader {
 public:
  Loader(Schema& schema, const catalog::Database& database) : schema_(schema), database_(database) {}

  void run() {
    schema_.complete = true;
    for (const auto& [id, object] : database_.objects) std::visit([&, &key = id](const auto& body) { add(key, body); }, object.body);
    for (const auto& [id, object] : database_.objects) {
      if (id.kind == catalog::Kind::view || id.kind == catalog::Kind::materialized_view) add_dependencies(id, object);
    }
    settle_domains();
  }

 private:
  using Id = catalog::ObjectId;
  static QualifiedName name(const Id& id) { return {id.schema, id.name}; }
  static QualifiedName owner(const Id& id) { return {id.schema, id.relation}; }
  Relation& relation(const QualifiedName& of) { return schema_.relations.edit(of); }

  template <class T>
  void add(const Id&, const T&) {}

  void add(const Id& id, const catalog::Table& table) {
    Relation& out = relation(name(id));
    out.partial = false;
    out.kind = table.partitioned ? RelationKind::partitioned : RelationKind::table;
    out.unlogged = table.persistence == catalog::Persistence::unlogged;
    out.access_method = table.access_method;
    out.tablespace = table.tablespace;
    out.of_type = table.of_type;
    out.partition_of = table.partition_of;
    out.is_default_partition = table.partition_bound == "DEFAULT";
    out.partition_bound = table.partition_bound;
    if (table.partition_of) relation(*table.partition_of).partitions.insert(name(id));
    for (const QualifiedName& parent : table.inherits) relation(parent).children.insert(name(id));
    if (!table.partition_key.empty()) add_partition_key(relation(name(id)), table.partition_key);
  }

  void add_partition_key(Relation& out, const std::string& key) {
    const auto tree = parse("CREATE TABLE t () PARTITION BY " + key);
    if (!tree || tree->node(0).node_case != PG_QUERY__NODE__NODE_CREATE_STMT || tree->node(0).create_stmt->partspec == nullptr) return;
    const PgQuery__PartitionSpec& spec = *tree->node(0).create_stmt->partspec;
    out.partition_strategy = to_lower(text_of(spec.strategy));
    for (std::size_t i = 0; i < spec.n_part_params; ++i) {
      const PgQuery__PartitionElem& element = *spec.part_params[i]->partition_elem;
      out.partition_key.emplace_back(text_of(element.name));
      out.partition_functions.merge(functions_below(element.expr));
    }
  }

  void add(const Id& id, const catalog::ForeignTable&) {
    relation(name(id)).kind = RelationKind::foreign_table;
    relation(name(id)).partial = false;
  }
  void add(const Id& id, const catalog::Sequence&) {
    relation(name(id)).kind = RelationKind::sequence;
    relation(name(id)).partial = false;
  }
  void add(const Id& id, const catalog::View& view) {
    relation(name(id)).kind = RelationKind::view;
    relation(name(id)).partial = false;
    for (const auto& column : view.columns) relation(name(id)).columns[column.name].type = column.type;
  }
  void add(const Id& id, const catalog::MaterializedView& view) {
    Relation& out = relation(name(id));
    out.kind = RelationKind::materialized_view;
    out.partial = false;
    out.access_method = view.access_method;
    out.tablespace = view.tablespace;
    for (const auto& column : view.columns) out.columns[column.name].type = column.type;
  }

  void add(const Id& id, const catalog::Column& column) {
    Column& out = relation(owner(id)).columns[id.name];
    out.type = column.type;
    out.not_null = column.not_null;
    out.collation = column.collation;
    out.identity = column.identity != catalog::Identity::none;
    out.stored = column.generated == catalog::Generated::stored;
    out.virtual_ = column.generated == catalog::Generated::virtual_;
    out.has_default = !column.default_expression.empty() || out.identity;
    if (column.default_expression.empty()) return;
    if (const auto tree = parse("SELECT " + column.default_expression)) out.functions = functions_below(&tree->node(0));
  }

  void add(const Id& id, const catalog::Constraint& constraint) {
    Constraint out;
    out.columns = constraint.columns;
    out.references = constraint.references;
    out.validated = constraint.validated;
    out.enforced = constraint.enforced;
    out.expression = constraint.expression;
    switch (constraint.type) {
      case catalog::ConstraintType::check: out.kind = ConstraintKind::check; break;
      case catalog::ConstraintType::foreign_key: out.kind = ConstraintKind::foreign_key; break;
      case catalog::ConstraintType::primary_key: out.kind = ConstraintKind::primary_key; break;
      case catalog::ConstraintType::unique: out.kind = ConstraintKind::unique; break;
      case catalog::ConstraintType::exclusion: out.kind = ConstraintKind::exclusion; break;
      case catalog::ConstraintType::not_null: out.kind = ConstraintKind::not_null; break;
      case catalog::ConstraintType::trigger: return;
    }
    if (out.kind == ConstraintKind::check) {
      const auto tree = parse("ALTER TABLE t ADD CHECK (" + constraint.expression + ")");
      if (const PgQuery__Constraint* parsed = tree ? added_constraint(*tree) : nullptr) {
        const Constraint read = constraint_of(*parsed);
        out.columns = read.columns;
        out.not_null_columns = read.not_null_columns;
        out.functions = read.functions;
      }
    }
    // attnotnull is set for a NOT NULL constraint that is not validated, too (18).
    if (out.kind == ConstraintKind::not_null && !out.validated) {
      for (const std::string& column : out.columns) relation(owner(id)).columns[column].not_null = false;
    }
    if (out.references) relation(*out.references).referenced_by.insert(owner(id));
    relation(owner(id)).constraints[id.name] = std::move(out);
  }

  void add(const Id& id, const catalog::Index& index) {
    Index out;
    const auto tree = parse(index.definition);
    if (tree && tree->node(0).node_case == PG_QUERY__NODE__NODE_INDEX_STMT) {
      out = index_of(*tree->node(0).index_stmt);
    } else {
      out.key = index.columns;
      out.columns.insert(index.columns.begin(), index.columns.end());
      out.columns.insert(index.include.begin(), index.include.end());
      out.unique = index.unique;
      out.method = index.access_method;
      out.partial = !index.predicate.empty();
      out.has_expression = std::find(index.columns.begin(), index.columns.end(), "") != index.columns.end();
    }
    out.of_constraint = !index.constraint.empty();
    const QualifiedName table{id.schema, index.table};
    if (index.clustered) relation(table).clustered_on = id.name;
    relation(table).indexes[id.name] = std::move(out);
    schema_.index_tables.edit(name(id)) = table;
  }

  void add(const Id& id, const catalog::Trigger& trigger) {
    Relation& table = relation(owner(id));
    if (!trigger.inherited) {
      table.user_triggers.insert(id.name);
      table.trigger_events[id.name] = events_of(trigger.definition);
      table.trigger_functions[id.name] = name(trigger.function);
    }
    if (trigger.enabled == 'D') table.disabled_triggers.insert(id.name);
  }
  void add(const Id& id, const catalog::EnumType& type) {
    Type& out = schema_.types.edit(name(id));
    out.kind = TypeKind::enumeration;
    out.labels.insert(type.labels.begin(), type.labels.end());
  }
  void add(const Id& id, const catalog::Domain& domain) {
    Type& out = schema_.types.edit(name(id));
    out.kind = TypeKind::domain;
    out.base = domain.base_type;
    out.not_null = domain.not_null;
    out.constrained = out.constrained || domain.not_null;
    out.has_default = !domain.default_expression.empty();
  }
  void add(const Id& id, const catalog::DomainConstraint& constraint) {
    Type& out = schema_.types.edit(owner(id));
    out.constrained = true;
    out.constraints[id.name] = constraint.validated;
  }
  void add(const Id& id, const catalog::CompositeType&) { schema_.types.edit(name(id)).kind = TypeKind::composite; }

  void add(const Id& id, const catalog::Routine& routine) {
    Function out;
    out.volatility = routine.volatility;
    out.language = routine.language;
    out.body = routine.body;
    if (out.body.empty() && out.language == "sql") out.body = standard_body(routine.definition);
    const std::string definition = to_lower(routine.definition);
    out.strict = definition.find(" strict") != std::string::npos;
    if (const auto tree = parse(routine.definition); tree && tree->node(0).node_case == PG_QUERY__NODE__NODE_CREATE_FUNCTION_STMT) {
      note_arguments(out, *tree->node(0).create_function_stmt);
    }
    out.may_inline = routine.kind == 'f' && routine.language == "sql" && !to_lower(routine.result).starts_with("setof") &&
                     definition.find("security definer") == std::string::npos && definition.find("\n set ") == std::string::npos;
    schema_.functions.edit(name(id)).push_back(std::move(out));
  }

  void add(const Id& id, const catalog::Generic& generic) {
    if (id.kind != catalog::Kind::operator_) return;
    for (const std::string& text : generic.create) {
      if (const auto tree = parse(text); tree && tree->node(0).node_case == PG_QUERY__NODE__NODE_DEFINE_STMT) {
        if (const auto function = operator_function(*tree->node(0).define_stmt)) schema_.operators.edit(name(id)) = *function;
      }
    }
  }

  void add_dependencies(const Id& id, const catalog::Object& object) {
    for (const Id& used : object.depends_on) {
      if (used.kind == catalog::Kind::column) relation(name(id)).shows.insert({owner(used), used.name});
      if (used.kind == catalog::Kind::table || used.kind == catalog::Kind::view) relation(name(id)).shows.insert({name(used), ""});
    }
  }

  // A domain over a constrained domain is constrained.
  void settle_domains() {
    for (bool changed = true; changed;) {
      changed = false;
      for (const QualifiedName* type_name : schema_.types.names()) {
        const Type* type = schema_.types.find(*type_name);
        if (type->kind != TypeKind::domain || type->constrained) continue;
        for (const QualifiedName* other_name : schema_.types.names()) {
          const Type* other = schema_.types.find(*other_name);
          if (other->kind == TypeKind::domain && other->constrained && type->base == sql::quote(*other_name)) {
            schema_.types.edit(*type_name).constrained = changed = true;
            break;
          }
        }
        if (changed) break;
      }
    }
  }

  Schema& schema_;
  const catalog::Database& database_;
};

}  // namespace

void Schema::end_of_migration() {
  for (const QualifiedName& name : created_relations) {
    if (relations.find(name) != nullptr) relations.edit(name).created_here = false;
  }
  for (const QualifiedName& name : created_types) {
    if (types.find(name) != nullptr) types.edit(name).created_here = false;
  }
  for (const auto& [name, column] : created_columns) {
    if (const Relation* relation = relations.find(name); relation != nullptr && relation->columns.contains(column)) relations.edit(name).columns[column].created_here = false;
  }
  created_relations.clear();
  created_columns.clear();
  renamed_types.clear();
  created_types.clear();
}

void Schema::note_uses() {
  relations.take_changed([&](const QualifiedName& name, const Relation& relation) {
    const auto note = [&](const std::set<std::string>& called) {
      for (const std::string& each : called) calling_[each].insert(name);
    };
    for (const auto& [index_name, index] : relation.indexes) note(index.functions);
    for (const auto& [column_name, column] : relation.columns) note(column.functions);
    for (const auto& [constraint_name, constraint] : relation.constraints) note(constraint.functions);
    note(relation.partition_functions);
    for (const auto& [table, column] : relation.shows) showing_[table].insert(name);
  });
}

std::set<QualifiedName> Schema::relations_calling(const std::string& function) {
  note_uses();
  const auto found = calling_.find(function);
  return found == calling_.end() ? std::set<QualifiedName>() : found->second;
}

std::set<QualifiedName> Schema::relations_showing(const QualifiedName& table) {
  note_uses();
  const auto found = showing_.find(table);
  return found == showing_.end() ? std::set<QualifiedName>() : found->second;
}

void Schema::mark() {
  relations.mark();
  types.mark();
  functions.mark();
  operators.mark();
  index_tables.mark();
}

void Schema::keep() {
  relations.keep();
  types.keep();
  functions.keep();
  operators.keep();
  index_tables.keep();
}

void Schema::undo() {
  relations.undo();
  types.undo();
  functions.undo();
  operators.undo();
  index_tables.undo();
}

void load(Schema& schema, const catalog::Database& database) { Loader(schema, database).run(); }

}  // namespace contraflow::lint
