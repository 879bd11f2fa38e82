// SPDX-License-Identifier: Apache-2.0
//
// Objects that hold no rows: created in expand, changed in place where ALTER or CREATE OR REPLACE leads there, dropped in contract. And what every
// kind has: owner, privileges, comment, labels.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "catalog/alter.h"
#include "catalog/ddl.h"
#include "plan/planner.h"
#include "plan/strategies/common_aspects.h"
#include "plan/strategies/domain_parts.h"
#include "plan/strategies/extensions.h"
#include "plan/strategies/replace.h"
#include "plan/strategies/stored_results.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

// A member goes where its relation goes: nothing is to be done for it alone.
bool goes_with_relation(const Planner& p, const ObjectId& id, const std::set<ObjectId>& set) {
  switch (id.kind) {
    case Kind::column:
    case Kind::constraint:
    case Kind::rule:
    case Kind::trigger:
    case Kind::policy: break;
    default: return false;
  }
  (void)p;
  for (const Kind kind : {Kind::table, Kind::foreign_table, Kind::view, Kind::materialized_view}) {
    if (set.contains(ObjectId{kind, id.schema, "", id.relation, ""})) return true;
  }
  return false;
}

// A domain's CHECKs come with it: once a composite type of it is in a table, ALTER DOMAIN refuses. Empty where a CHECK calls what needs the domain.
std::vector<const Object*> checks_that_come_along(const Database& database, const ObjectId& domain) {
  std::vector<const Object*> out = checks_of_domain(database, domain);
  const auto calls = [](const Object* check) {
    return std::any_of(check->depends_on.begin(), check->depends_on.end(), [](const ObjectId& id) { return id.kind == Kind::routine || id.kind == Kind::operator_; });
  };
  return std::any_of(out.begin(), out.end(), calls) ? std::vector<const Object*>{} : out;
}

bool is_inherited_trigger(const Object& object) {
  const auto* trigger = std::get_if<Trigger>(&object.body);
  return trigger && trigger->inherited;
}

constexpr std::array kRelationsAndTypes{Kind::table, Kind::foreign_table, Kind::view, Kind::materialized_view, Kind::sequence, Kind::index,
                                        Kind::composite_type, Kind::enum_type, Kind::domain, Kind::range_type, Kind::base_type, Kind::shell_type};

// The condition for dropping it, where a relation or type of another kind has its name in the other schema: a second run must leave that alone.
std::string unless_another_kind(const ObjectId& id, const Database& other) {
  const bool taken = std::any_of(kRelationsAndTypes.begin(), kRelationsAndTypes.end(), [&](Kind kind) {
    return kind != id.kind && other.find(ObjectId{kind, id.schema, "", id.name, ""});
  });
  const bool of_these = std::find(kRelationsAndTypes.begin(), kRelationsAndTypes.end(), id.kind) != kRelationsAndTypes.end();
  return taken && of_these ? exists_as_kind(id) : std::string();
}

// They go with their schema.
std::string schema_stands(const ObjectId& id) { return id.schema.empty() ? std::string() : exists(relation_id(Kind::schema, "", id.schema)); }

// IF EXISTS says nothing of a type among the arguments that is gone, nor of the domain of a CHECK; a subscription has none of its statements.
std::string drops_once(const ObjectId& id, const Database& other) {
  switch (id.kind) {
    case Kind::routine:
    case Kind::aggregate:
    case Kind::cast:
    case Kind::domain_constraint:
    case Kind::subscription: return exists(id);
    default: return unless_another_kind(id, other);
  }
}

// What stands in `set` is dropped, or made anew, with all that was granted on its members.
bool goes_with_extension(const Object& privileges, const std::set<ObjectId>& set) {
  return std::any_of(privileges.depends_on.begin(), privileges.depends_on.end(), [&](const ObjectId& id) { return id.kind == Kind::extension && set.contains(id); });
}

void create_other(Planner& p, const ObjectId& id) {
  const Object& object = p.to.objects.at(id);
  if (is_inherited_trigger(object)) return;  // the parent's trigger makes it
  if (id.kind == Kind::default_privileges) {
    p.add(Phase::expand, "set", id, brief(alter_default_privileges(nullptr, &object)), brief(alter_default_privileges(&object, nullptr), schema_stands(id)));
    p.operations.back().needs = object.depends_on;
    return;
  }
  if (id.kind == Kind::privileges) {
    p.add(privileges_phase(object.default_grants, object.grants), "set", id, brief(create_all(object, p.to)),
          goes_with_extension(object, p.created) ? Action{} : brief(drop(object)));
    p.operations.back().needs = object.depends_on;
    return;
  }
  Statements statements = create_all(object, p.to);
  Operation operation;
  operation.provides.insert(id);
  operation.needs = object.depends_on;
  if (id.kind == Kind::foreign_table) {
    // Its columns come with it.
    for (const Object* member : Planner::members(p.to, id)) {
      if (member->id.kind != Kind::column) continue;
      p.take(member->id);
      operation.provides.insert(member->id);
      operation.needs.insert(member->depends_on.begin(), member->depends_on.end());
    }
    for (const ObjectId& made : operation.provides) operation.needs.erase(made);
  }
  for (const Object* check : checks_that_come_along(p.to, id)) {
    p.take(check->id);
    operation.provides.insert(check->id);
    operation.needs.insert(check->depends_on.begin(), check->depends_on.end());
    for (std::string& statement : create_all(*check, p.to)) statements.push_back(std::move(statement));
  }
  for (const ObjectId& made : operation.provides) operation.needs.erase(made);
  const QualifiedName table = Planner::home(p.to, object);
  // A restrictive policy hides rows from the deployed version.
  const auto* policy = std::get_if<Policy>(&object.body);
  operation.step.phase = policy && !policy->permissive && Planner::relation(p.from, table.schema, table.name) ? Phase::contract : Phase::expand;
  operation.step.title = "create " + describe(id);
  operation.step.id = fmt::format("{}.create-{}", phase_name(operation.step.phase), describe(id));
  if (!table.name.empty()) operation.step.tables.push_back(table);
  operation.step.forward = brief(std::move(statements), absent(id));
  operation.step.undo = brief(drop(object), drops_once(id, p.from));
  if (id.kind == Kind::subscription || id.kind == Kind::extension) operation.groupable = false;
  if (id.kind == Kind::trigger) operation.step.effects = {{table, effects::LockMode::share_row_exclusive, effects::Work::none}};
  const bool there = !table.name.empty() && Planner::relation(p.from, table.schema, table.name);
  if (there && (id.kind == Kind::policy || id.kind == Kind::rule)) operation.step.effects = {{table, effects::LockMode::access_exclusive, effects::Work::none}};
  if (id.kind == Kind::subscription) {
    operation.step.notes.push_back(fmt::format(
        "{} is made without a connection to its publisher, so it is disabled and no slot is made there: ALTER SUBSCRIPTION … ENABLE and REFRESH PUBLICATION "
        "are the operator's to run",
        describe(id)));
  }
  p.operations.push_back(std::move(operation));
}

void drop_other(Planner& p, const ObjectId& id) {
  const Object& object = p.from.objects.at(id);
  if (is_inherited_trigger(object)) return;
  if (id.kind == Kind::default_privileges) {
    p.add(Phase::contract, "reset", id, brief(alter_default_privileges(&object, nullptr), schema_stands(id)), brief(alter_default_privileges(nullptr, &object)));
    p.operations.back().removes.insert(id);
    return;
  }
  if (id.kind == Kind::privileges) {
    p.add(privileges_phase(object.grants, object.default_grants), "reset", id, goes_with_extension(object, p.dropped) ? Action{} : brief(drop(object)), brief(create_all(object, p.from)));
    p.operations.back().removes.insert(id);
    return;
  }
  Statements back = create_all(object, p.from);
  std::set<ObjectId> gone{id};
  if (id.kind == Kind::foreign_table) {
    for (const Object* member : Planner::members(p.from, id)) {
      if (member->id.kind != Kind::column) continue;
      p.take(member->id);
      gone.insert(member->id);
    }
  }
  for (const Object* check : checks_that_come_along(p.from, id)) {
    p.take(check->id);
    gone.insert(check->id);
    for (std::string& statement : create_all(*check, p.from)) back.push_back(std::move(statement));
  }
  Operation& operation = p.add(Phase::contract, "drop", id, brief(drop(object), drops_once(id, p.to)), brief(std::move(back), absent(id)));
  operation.removes = gone;
  if (id.kind == Kind::materialized_view) operation.step.undo.mode = Mode::blocking;
  if (id.kind == Kind::subscription) {
    operation.step.notes.push_back(fmt::format(
        "the replication slot of {} stays on its publisher, where it keeps WAL: drop it there (pg_drop_replication_slot) once nobody wants to go back. A rollback makes "
        "the subscription anew without a connection: disabled, without the tables' states and without its place in the stream",
        describe(id)));
  }
}

// What holds until the publication has the members of `b`; empty where ALTER may run again. They change in one transaction, so one of them tells.
std::string members_pending(const ObjectId& id, const Publication& a, const Publication& b) {
  const auto has_table = [](const Publication& publication, const PublicationTable& table) {
    return std::any_of(publication.tables.begin(), publication.tables.end(), [&](const PublicationTable& t) { return t.table == table.table; });
  };
  const auto has_schema = [](const Publication& publication, const std::string& schema) {
    return std::find(publication.schemas.begin(), publication.schemas.end(), schema) != publication.schemas.end();
  };
  for (const PublicationTable& table : b.tables) {
    if (!has_table(a, table)) return negate(publishes_table(id, table.table));
  }
  for (const std::string& schema : b.schemas) {
    if (!has_schema(a, schema)) return negate(publishes_schema(id, schema));
  }
  for (const PublicationTable& table : a.tables) {
    if (!has_table(b, table)) return publishes_table(id, table.table);
  }
  for (const std::string& schema : a.schemas) {
    if (!has_schema(b, schema)) return publishes_schema(id, schema);
  }
  return {};
}

// CREATE OR REPLACE and ALTER; the aspects that a replacement carries have been claimed with the object.
void alter_other(Planner& p, const ObjectId& id) {
  const Object& a = p.from.objects.at(id);
  const Object& b = p.to.objects.at(id);
  const auto step = [&](Phase phase, const char* verb, Statements forward, Statements back, std::string todo = {}, std::string undo_todo = {}) {
    if (forward.empty() && back.empty()) return;
    Operation& operation = p.add(phase, verb, id, brief(std::move(forward), std::move(todo)), brief(std::move(back), std::move(undo_todo)));
    operation.needs = b.depends_on;
    operation.detaches.insert(id);
    operation.provides.insert(id);
    operation.needs.erase(id);
  };
  const auto optional_step = [&](const char* verb, std::optional<Statements> forward, std::optional<Statements> back) {
    if (forward && back) {
      step(Phase::expand, verb, std::move(*forward), std::move(*back));
    } else {
      p.refuse(describe(id) + " cannot be changed in place");
    }
  };
  const auto or_replace = [](const Object& object, const Database& database) {
    Statements statements = create(object, database);
    for (std::string& statement : statements) {
      if (statement.starts_with("CREATE VIEW")) statement.insert(6, " OR REPLACE");
      if (statement.starts_with("CREATE RECURSIVE VIEW")) statement.insert(6, " OR REPLACE");
    }
    return statements;
  };
  if (id.kind == Kind::view && p.claim(id, Aspect::definition)) {
    p.claim(id, Aspect::options);  // CREATE OR REPLACE sets them anew
    const bool same_columns = view_extends(std::get<View>(b.body), std::get<View>(a.body));
    const Object first = still_by_owner(a, b);
    if (same_columns) {
      step(Phase::expand, "replace", or_replace(first, p.to), or_replace(a, p.from));
    } else {
      // Back to fewer columns: no OR REPLACE leads there.
      Statements back = drop(b);
      for (std::string& statement : create_all(a, p.from)) back.push_back(std::move(statement));
      back = with_dependents_made_anew(p, id, std::move(back));
      step(Phase::expand, "replace", or_replace(first, p.to), std::move(back), {}, all_of({exists(id), negate(has_definition(a))}));
    }
    by_caller_in_contract(p, id);
  }
  if (id.kind == Kind::routine && p.claim(id, Aspect::definition)) {
    const Routine& old_routine = std::get<Routine>(a.body);
    if (routine_replaceable(std::get<Routine>(b.body), old_routine)) {
      step(Phase::expand, "replace", create(b, p.to), create(a, p.from));
    } else {
      // The way back takes a default away, which OR REPLACE refuses.
      Statements back = drop(b);
      for (std::string& statement : create_all(a, p.from)) back.push_back(std::move(statement));
      step(Phase::expand, "replace", create(b, p.to), with_dependents_made_anew(p, id, std::move(back)));
    }
    renew_stored_results(p, id, p.operations.size() - 1);
  }
  if (id.kind == Kind::view && p.claim(id, Aspect::options)) {
    const catalog::Options old_options = std::get<View>(a.body).options, first = std::get<View>(still_by_owner(a, b).body).options;
    step(Phase::expand, "set the options of", alter_view_options(id, old_options, first), alter_view_options(id, first, old_options));
    by_caller_in_contract(p, id);
  }
  if (id.kind == Kind::materialized_view) {
    const auto& old_view = std::get<MaterializedView>(a.body);
    const auto& new_view = std::get<MaterializedView>(b.body);
    if (p.claim(id, Aspect::options)) {
      step(Phase::expand, "set the options of", alter_materialized_view_options(id, old_view.options, new_view.options),
           alter_materialized_view_options(id, new_view.options, old_view.options));
    }
    if (p.claim(id, Aspect::populated)) {
      const auto refresh = [&](const MaterializedView& view) {
        return Statements{"REFRESH MATERIALIZED VIEW " + quoted_name(id) + (view.populated ? "" : " WITH NO DATA")};
      };
      step(Phase::expand, "refresh", refresh(new_view), refresh(old_view));
    }
    if (p.claim(id, Aspect::tablespace)) {
      const auto move = [&](const MaterializedView& view) {
        return Statements{fmt::format("ALTER MATERIALIZED VIEW {} SET TABLESPACE {}", quoted_name(id), view.tablespace.empty() ? "pg_default" : sql::quote_identifier(view.tablespace))};
      };
      step(Phase::expand, "move", move(new_view), move(old_view));
    }
    if (p.claim(id, Aspect::statistics_target)) {
      step(Phase::expand, "set the statistics targets of", describe_state(b, p.to), describe_state(a, p.from));
    }
  }
  if ((id.kind == Kind::view || id.kind == Kind::materialized_view)) {
    if (p.claim(id, Aspect::column_comments) | p.claim(id, Aspect::column_defaults)) {
      step(Phase::expand, "describe the columns of", view_column_state(b), view_column_state(a));
    }
    if (p.claim(id, Aspect::column_grants)) {
      const auto grants = [&](const Object& from, const Object& to) { return view_column_grants(from, to); };
      step(Phase::expand, "grant on the columns of", grants(a, b), grants(b, a));
    }
  }
  if (id.kind == Kind::policy && p.claim(id, Aspect::definition)) {
    optional_step("change", alter_policy(id, std::get<Policy>(a.body), std::get<Policy>(b.body)), alter_policy(id, std::get<Policy>(b.body), std::get<Policy>(a.body)));
  }
  if (id.kind == Kind::publication) {
    const bool changed = p.claim(id, Aspect::membership) | p.claim(id, Aspect::options) | p.claim(id, Aspect::definition);
    if (changed) {
      auto forward = alter_publication(id, std::get<Publication>(a.body), std::get<Publication>(b.body));
      auto back = alter_publication(id, std::get<Publication>(b.body), std::get<Publication>(a.body));
      if (forward && back) {
        // A table that goes must leave the publication first, on the way back it must be there again.
        const auto &old_publication = std::get<Publication>(a.body), &new_publication = std::get<Publication>(b.body);
        step(Phase::expand, "change", std::move(*forward), std::move(*back), members_pending(id, old_publication, new_publication),
             members_pending(id, new_publication, old_publication));
      } else {
        p.refuse(describe(id) + " cannot be changed in place");
      }
    }
  }
  if (id.kind == Kind::extension) change_extension(p, id);
  if (const auto* old_generic = std::get_if<Generic>(&a.body)) {
    const auto& new_generic = std::get<Generic>(b.body);
    if (p.claim(id, Aspect::options)) {
      const auto alter = [&](const Generic& from, const Generic& to) {
        return id.kind == Kind::text_search_dictionary ? alter_text_search_dictionary(id, from.options, to.options) : alter_fdw_options(id, from.options, to.options);
      };
      step(Phase::expand, "set the options of", alter(*old_generic, new_generic), alter(new_generic, *old_generic),
           negate(fdw_options_are(id, new_generic.options)), negate(fdw_options_are(id, old_generic->options)));
    }
  }
  if (id.kind == Kind::foreign_table && p.claim(id, Aspect::options)) {
    const auto& old_table = std::get<ForeignTable>(a.body);
    const auto& new_table = std::get<ForeignTable>(b.body);
    step(Phase::expand, "set the options of", alter_fdw_options(id, old_table.options, new_table.options), alter_fdw_options(id, new_table.options, old_table.options),
         negate(fdw_options_are(id, new_table.options)), negate(fdw_options_are(id, old_table.options)));
  }
  if (p.claim(id, Aspect::enabled)) {
    if (const auto* trigger = std::get_if<Trigger>(&b.body)) {
      step(Phase::expand, "set the state of", alter_trigger_state(id, trigger->enabled), alter_trigger_state(id, std::get<Trigger>(a.body).enabled));
    } else if (const auto* rule = std::get_if<Rule>(&b.body)) {
      step(Phase::expand, "set the state of", alter_rule_state(id, rule->enabled), alter_rule_state(id, std::get<Rule>(a.body).enabled));
    } else if (const auto* event = std::get_if<EventTrigger>(&b.body)) {
      step(Phase::expand, "set the state of", alter_event_trigger(id, event->enabled), alter_event_trigger(id, std::get<EventTrigger>(a.body).enabled));
    }
  }
  if (id.kind == Kind::statistics && p.claim(id, Aspect::statistics_target)) {
    step(Phase::expand, "set the target of", alter_statistics_target(id, std::get<StatisticsObject>(b.body).target),
         alter_statistics_target(id, std::get<StatisticsObject>(a.body).target));
  }
}

}  // namespace

namespace {

// They do not depend on their schema in pg_depend, and go with it: reset before it goes, so that on the way back it is there when they are set.
void order_default_privileges(Planner& p) {
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    for (const ObjectId& gone : p.operations[i].removes) {
      if (gone.kind != Kind::schema) continue;
      for (std::size_t j = 0; j < p.operations.size(); ++j) {
        const auto& removed = p.operations[j].removes;
        const bool of_it = std::any_of(removed.begin(), removed.end(), [&](const ObjectId& id) { return id.kind == Kind::default_privileges && id.schema == gone.name; });
        if (of_it && j != i) p.operations[i].after.push_back(j);
      }
    }
  }
}

}  // namespace

void plan_other_objects(Planner& p) {
  for (const ObjectId& id : p.created) {
    if (!p.take(id)) continue;
    if (goes_with_relation(p, id, p.created) && (id.kind == Kind::column || id.kind == Kind::constraint)) continue;
    create_other(p, id);
  }
  for (const ObjectId& id : p.dropped) {
    if (!p.take(id) || (goes_with_relation(p, id, p.dropped) && (id.kind == Kind::column || id.kind == Kind::constraint))) continue;
    drop_other(p, id);
  }
  for (const auto& [id, aspects] : p.altered) {
    if (p.done.contains(id)) continue;
    alter_other(p, id);
    alter_common(p, id);
  }
  order_default_privileges(p);
}

}  // namespace contraflow::plan
