// SPDX-License-Identifier: Apache-2.0
#include "catalog/ddl.h"

#include <fmt/format.h>

#include "catalog/alter.h"
#include "catalog/ddl_parts.h"
#include "sql/array_casts.h"

namespace contraflow::catalog {

using namespace parts;

Statements create(const Object& object, const Database& database) {
  struct Visitor {
    const Object& object;
    const Database& database;
    Statements operator()(const Schema&) const {
      // Every new database has it; describe_state() leads from its built-in state.
      if (object.id.name == "public") return {};
      return {"CREATE SCHEMA " + quoted_name(object.id)};
    }
    Statements operator()(const Extension& extension) const {
      // Without VERSION: that of the source may not be installed here. plpgsql is there from the start.
      return {fmt::format("CREATE EXTENSION IF NOT EXISTS {} WITH SCHEMA {}", quoted_name(object.id),
                          sql::quote_identifier(extension.schema))};
    }
    Statements operator()(const Table&) const { return create_table(object, database); }
    Statements operator()(const ForeignTable&) const { return create_table(object, database); }
    Statements operator()(const Column&) const { return create_column(object, database); }
    Statements operator()(const Constraint&) const { return create_constraint(object, database); }
    Statements operator()(const Index&) const { return create_index(object, database); }
    Statements operator()(const View&) const { return create_view(object); }
    Statements operator()(const MaterializedView& view) const {
      return create_materialized_view(object, view.populated);
    }
    Statements operator()(const Sequence&) const { return create_sequence(object); }
    Statements operator()(const EnumType&) const { return create_enum(object); }
    Statements operator()(const Domain&) const { return create_domain(object); }
    Statements operator()(const CompositeType&) const { return create_composite(object); }
    Statements operator()(const Routine& routine) const { return {without_semicolon(routine.definition)}; }
    Statements operator()(const Trigger& trigger) const {
      if (trigger.inherited) return {};  // made with the parent's trigger
      return {without_semicolon(trigger.definition)};
    }
    Statements operator()(const EventTrigger&) const { return create_event_trigger(object); }
    Statements operator()(const Rule& rule) const { return {without_semicolon(rule.definition)}; }
    Statements operator()(const Policy&) const { return create_policy(object); }
    Statements operator()(const StatisticsObject& statistics) const {
      return {without_semicolon(statistics.definition)};
    }
    Statements operator()(const DomainConstraint& constraint) const {
      return {fmt::format("ALTER DOMAIN {} ADD CONSTRAINT {} {}", quoted_relation(object.id),
                          sql::quote_identifier(object.id.name), constraint.definition)};
    }
    Statements operator()(const Publication&) const { return create_publication(object); }
    Statements operator()(const DefaultPrivileges&) const {
      return alter_default_privileges(nullptr, &object);
    }
    Statements operator()(const Generic& generic) const { return generic.create; }
  };
  Statements statements = std::visit(Visitor{object, database}, object.body);
  if (object.id.kind != Kind::routine) {
    for (std::string& statement : statements) statement = sql::keep_array_casts(statement);
  }
  return statements;
}

Statements create_all(const Object& object, const Database& database) {
  Statements statements = create(object, database);
  Statements state = describe_state(object, database);
  statements.insert(statements.end(), state.begin(), state.end());
  return statements;
}

}  // namespace contraflow::catalog
