// SPDX-License-Identifier: Apache-2.0
#include "plan/make_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <tuple>

#include "base/error.h"
#include "base/text.h"
#include "catalog/ddl.h"
#include "catalog/of_kind.h"
#include "plan/column_order.h"
#include "plan/planner.h"
#include "plan/strategies/index_trees.h"
#include "plan/strategies/family.h"
#include "plan/strategies/not_null_names.h"
#include "plan/strategies/partitions.h"
#include "plan/strategies/published_rows.h"
#include "sql/expression.h"
#include "sql/scan.h"

namespace contraflow::plan {
namespace {

// Every change must have been taken care of by a strategy; one that was not is named, never left out.
void refuse_leftovers(Planner& p) {
  for (const auto* set : {&p.created, &p.dropped}) {
    for (const ObjectId& id : *set) {
      if (!p.done.contains(id)) p.refuse(fmt::format("{} {} is not supported", set == &p.created ? "creating" : "dropping", describe(id)));
    }
  }
  for (const auto& [id, aspects] : p.altered) {
    if (p.done.contains(id)) continue;
    for (const Aspect aspect : aspects) {
      if (p.has(id, aspect)) p.refuse(fmt::format("changing the {} of {} is not supported", diff::aspect_name(aspect), describe(id)));
    }
  }
}

// What a user, a file or an agent gave as an expression is put into statements as it is: it must be exactly one, with nothing behind it.
void check_expressions(const Options& options) {
  for (const auto& [option, given] : {std::pair{"--using", &options.conversion}, {"--using-back", &options.conversion_back}, {"--fill", &options.fill}}) {
    for (const auto& [column, expression] : *given) {
      try {
        sql::columns_in(expression);
        sql::columns_in("(" + expression + ")");  // nor a comment to the end of the line
      } catch (const Error& error) {
        throw Error(ErrorCode::usage, fmt::format("{} {}={}: what follows the = is not one SQL expression: {}", option, column, expression, error.message()));
      }
    }
  }
}

// In a sub-query a bare name may be a column of its own tables, or of the table whose rows are converted: only the user knows, and a trigger names the row otherwise than UPDATE does.
void refuse_bare_names_in_queries(Planner& p) {
  for (const auto& [option, given] : {std::pair{"--using", &p.options.conversion}, {"--using-back", &p.options.conversion_back}}) {
    for (const auto& [id, object] : catalog::of_kind(p.to, catalog::Kind::column)) {
      const auto it = given->find(option_key(id));
      if (it == given->end()) continue;
      for (const sql::ColumnReference& reference : sql::columns_in(it->second)) {
        const ObjectId named = catalog::column_id(id.schema, id.relation, reference.column);
        if (!reference.in_subquery || !reference.relation.empty() || (!p.from.find(named) && !p.to.find(named))) continue;
        p.refuse(fmt::format("{} for {}: {} stands in a sub-query without its table: write {}.{}", option, describe(id), sql::quote_identifier(reference.column), sql::quote_identifier(id.relation),
                             sql::quote_identifier(reference.column)));
      }
    }
  }
}

// What reads the same in both schemas, but stands on an object that goes in one and on another object in the other: nothing else makes it anew, and the object could not be dropped.
void refuse_left_behind(Planner& p) {
  std::set<ObjectId> touched;
  for (const Operation& operation : p.operations) {
    for (const auto* set : {&operation.provides, &operation.removes, &operation.detaches}) touched.insert(set->begin(), set->end());
  }
  for (const ObjectId& gone : p.dropped) {
    const auto dependents = p.dependents.find(gone);
    if (dependents == p.dependents.end() || gone.kind == catalog::Kind::column || gone.kind == catalog::Kind::constraint || gone.kind == catalog::Kind::index) continue;
    for (const ObjectId& id : dependents->second) {
      const catalog::Object* after = p.to.find(id);
      if (!after || after->depends_on.contains(gone) || touched.contains(id) || p.altered.contains(id) || p.replaced.contains(id)) continue;
      p.refuse(fmt::format("{} reads the same from {} and from what takes its place: make two plans, which first give the new one another name, and change what reads it", describe(id), describe(gone)));
    }
  }
}

// A body in quotes has no dependencies in the catalog: what it names by a word comes before it where that is possible, because an index or a
// generated column may call it at once.
void order_by_routine_bodies(Planner& p) {
  std::map<ObjectId, std::vector<std::size_t>> made, gone;
  const auto may_be_named = [](const ObjectId& id) { return id.kind == catalog::Kind::routine || id.kind == catalog::Kind::table || id.kind == catalog::Kind::view; };
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    for (const ObjectId& id : p.operations[i].provides) {
      if (may_be_named(id)) made[id].push_back(i);
    }
    for (const ObjectId& id : p.operations[i].removes) {
      if (may_be_named(id)) gone[id].push_back(i);
    }
  }
  const auto names = [](const std::string& body, const std::string& name) {
    const auto word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
    for (std::size_t at = body.find(name); at != std::string::npos; at = body.find(name, at + 1)) {
      const bool starts = at == 0 || !word(body[at - 1]);
      const bool ends = at + name.size() >= body.size() || !word(body[at + name.size()]);
      if (starts && ends) return true;
    }
    return false;
  };
  for (const auto& [id, operations] : made) {
    const auto* routine = p.to.find_body<catalog::Routine>(id);
    if (!routine) continue;
    for (const auto& [other, providers] : made) {
      if (other == id || !names(routine->body, other.name)) continue;
      for (const std::size_t i : operations) {
        p.operations[i].rather_after.insert(p.operations[i].rather_after.end(), providers.begin(), providers.end());
      }
    }
  }
  // What goes comes back in the opposite order.
  for (const auto& [id, operations] : gone) {
    const auto* routine = p.from.find_body<catalog::Routine>(id);
    if (!routine) continue;
    for (const auto& [other, removers] : gone) {
      if (other == id || !names(routine->body, other.name)) continue;
      for (const std::size_t i : removers) {
        p.operations[i].rather_after.insert(p.operations[i].rather_after.end(), operations.begin(), operations.end());
      }
    }
  }
}

// An expression over a cast depends, in the catalog, on the cast's function alone, and reads differently (or not at all) where the cast is not there: what uses the function comes
// after the cast, and on the way back goes before it.
void order_by_casts(Planner& p) {
  const auto functions_of = [](const catalog::Object& cast) {
    std::set<ObjectId> out;
    for (const ObjectId& id : cast.depends_on) {
      if (id.kind == catalog::Kind::routine) out.insert(id);
    }
    return out;
  };
  const auto uses = [](const catalog::Database& database, const ObjectId& id, const std::set<ObjectId>& functions) {
    const catalog::Object* object = database.find(id);
    return object && id.kind != catalog::Kind::cast && !functions.contains(id) &&
           std::any_of(object->depends_on.begin(), object->depends_on.end(), [&](const ObjectId& need) { return functions.contains(need); });
  };
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    for (const auto* touched : {&p.operations[i].provides, &p.operations[i].removes}) {
      const bool makes = touched == &p.operations[i].provides;
      const catalog::Database& database = makes ? p.to : p.from;
      for (const ObjectId& cast : *touched) {
        if (cast.kind != catalog::Kind::cast || !database.find(cast)) continue;
        const std::set<ObjectId> functions = functions_of(database.objects.at(cast));
        if (functions.empty()) continue;
        for (std::size_t j = 0; j < p.operations.size(); ++j) {
          if (j == i) continue;
          const std::set<ObjectId>& others = makes ? p.operations[j].provides : p.operations[j].removes;
          if (std::none_of(others.begin(), others.end(), [&](const ObjectId& id) { return uses(database, id, functions); })) continue;
          if (makes) p.operations[j].rather_after.push_back(i);
          else p.operations[i].rather_after.push_back(j);
        }
      }
    }
  }
}

// Where one policy goes or becomes another and a permissive one comes, it comes first: in between a role would see no row.
void order_policies(Planner& p) {
  const auto policy_in = [](const std::set<ObjectId>& ids) {
    const auto it = std::find_if(ids.begin(), ids.end(), [](const ObjectId& id) { return id.kind == catalog::Kind::policy; });
    return it == ids.end() ? nullptr : &*it;
  };
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    const ObjectId* made = policy_in(p.operations[i].provides);
    if (!made || !p.created.contains(*made) || !std::get<catalog::Policy>(p.to.objects.at(*made).body).permissive) continue;
    for (std::size_t j = 0; j < p.operations.size(); ++j) {
      const ObjectId* changed = policy_in(p.operations[j].removes);
      if (!changed) changed = policy_in(p.operations[j].detaches);
      if (j != i && changed && changed->schema == made->schema && changed->relation == made->relation) p.operations[j].rather_after.push_back(i);
    }
  }
}

// A trigger that goes goes before the columns that its function's text may name, and comes back after them.
void order_triggers_before_columns(Planner& p) {
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    for (const ObjectId& trigger : p.operations[i].removes) {
      if (trigger.kind != catalog::Kind::trigger || !p.dropped.contains(trigger)) continue;
      for (std::size_t j = 0; j < p.operations.size(); ++j) {
        const auto& gone = p.operations[j].removes;
        if (j != i && std::any_of(gone.begin(), gone.end(), [&](const ObjectId& id) {
              return id.kind == catalog::Kind::column && id.schema == trigger.schema && id.relation == trigger.relation && p.dropped.contains(id);
            })) {
          p.operations[j].rather_after.push_back(i);
        }
      }
    }
  }
}

void make_ids_unique(std::vector<Step>& steps) {
  std::map<std::string, int> seen;
  for (Step& step : steps) {
    if (const int count = ++seen[step.id]; count > 1) step.id += fmt::format("-{}", count);
  }
}

// The phase of a step that does nothing forward is that of the first one that does something, so that its undo has a file to be in.
void add_gates(Plan& plan, const std::vector<std::string>& written_twice) {
  const auto has = [&](Phase phase) { return !plan.in_phase(phase).empty(); };
  const bool before_contract = has(Phase::expand) || has(Phase::backfill);
  const std::string both = contraflow::join(written_twice, ", ");
  if (!both.empty()) {
    plan.gates.push_back({Phase::backfill, {fmt::format("the version of the application that writes both columns is deployed everywhere: {}; no trigger keeps them equal", both)}});
  }
  if (has(Phase::contract)) {
    Gate gate{Phase::contract, {}};
    if (!both.empty()) gate.conditions.push_back("the columns change names in this phase: a version that writes both under their names of before fails then, one that writes only the first name goes on");
    if (before_contract) gate.conditions.push_back("the next version of the application is deployed everywhere and works with the new shape");
    gate.conditions.push_back(
        "no running version of the application uses what this phase takes away: look at live sessions, prepared statements and "
        "pg_stat_statements since the deploy");
    plan.gates.push_back(std::move(gate));
  }
  if (has(Phase::purge)) {
    plan.gates.push_back({Phase::purge, {"enough time has passed that nobody wants to go back: what this phase removes does not come back with its data"}});
  }
}

// On the way back what a step did to a new table has nothing to undo once that table is gone again.
void undo_only_while_tables_stand(std::vector<Step>& steps, const Database& from, const std::set<ObjectId>& created) {
  for (Step& step : steps) {
    if (step.undo.empty()) continue;
    for (const sql::QualifiedName& name : step.tables) {
      const ObjectId table{catalog::Kind::table, name.schema, "", name.name, ""};
      const bool name_was_taken = Planner::relation(from, name.schema, name.name) != nullptr;  // by a view, which the step may be about
      if (created.contains(table) && !name_was_taken) step.undo.todo = all_of({exists(table), step.undo.todo});
    }
  }
}

// While objects are made, the default privileges of either schema may be in force: each knows the other's too, under a name of its own.
// Nothing where the schema knows them all.
std::optional<catalog::Database> with_default_privileges_of(const catalog::Database& database, const catalog::Database& other) {
  std::optional<catalog::Database> out;
  for (auto it = other.objects.lower_bound(ObjectId{catalog::Kind::default_privileges, "", "", "", ""});
       it != other.objects.end() && it->first.kind == catalog::Kind::default_privileges; ++it) {
    ObjectId id = it->first;
    id.arguments = "elsewhere";
    if (const catalog::Object* same = database.find(it->first); same && same->grants == it->second.grants) continue;
    if (!out) out = database;
    out->objects.emplace(id, it->second);
  }
  return out;
}

// Names of indexes and identity sequences that a dropped table holds until purge, or an index that goes holds until contract, and that the desired schema gives to others.
struct Contended {
  ObjectId table;
  RelationNames names;
};
std::vector<Contended> contended_names(const catalog::Database& from, const catalog::Database& to, const Planner& spare_names) {
  std::vector<ObjectId> going;
  for (const ObjectId& id : spare_names.dropped) {
    if (const auto* table = from.find_body<catalog::Table>(id); table && !table->partition_of) going.push_back(id);
  }
  std::set<sql::QualifiedName> wanted;
  for (const auto& [id, object] : to.objects) {
    if (going.empty()) break;
    if (Planner::is_relation(id.kind) || id.kind == catalog::Kind::index || id.kind == catalog::Kind::sequence) wanted.insert({id.schema, id.name});
    const auto* column = std::get_if<catalog::Column>(&object.body);
    if (column && column->identity != catalog::Identity::none) wanted.insert(column->identity_sequence);
  }
  std::vector<Contended> out;
  for (const ObjectId& id : going) {
    const Family family(from, id);
    Contended contended{id, {}};
    for (const sql::QualifiedName& name : family.names()) {
      const bool is_table = from.find(ObjectId{catalog::Kind::table, name.schema, "", name.name, ""}) != nullptr;
      if (!is_table && wanted.contains(name)) contended.names.emplace(name, sql::QualifiedName{name.schema, spare_names.spare_relation(name.schema, name.name, "retired")});
    }
    if (!contended.names.empty()) out.push_back(std::move(contended));
  }
  // An index of a table that stays, whose name another table's index takes.
  std::map<ObjectId, RelationNames> moved;
  for (const auto& [id, aspects] : spare_names.altered) {
    if (id.kind != catalog::Kind::index) continue;
    const auto& before = std::get<catalog::Index>(from.objects.at(id).body);
    const ObjectId table = table_id({id.schema, before.table});
    if (std::get<catalog::Index>(to.objects.at(id).body).table == before.table || before.partitioned || before.parent || !from.find(table) || !to.find(table)) continue;
    // A table that is renamed takes its indexes along.
    const bool renamed = std::any_of(spare_names.renames.begin(), spare_names.renames.end(), [&, &id = id](const diff::Rename& rename) { return rename.to == table || rename.to == id || rename.to.name == id.name; });
    if (!renamed) moved[table].emplace(name_of(id), sql::QualifiedName{id.schema, spare_names.spare_relation(id.schema, id.name, "retired")});
  }
  for (auto& [table, names] : moved) out.push_back({table, std::move(names)});
  return out;
}

// The index (or sequence) that goes gives its name up at once.
void make_way(Planner& p, const catalog::Database& before, const Contended& contended) {
  const Family family(before, contended.table);
  catalog::Statements forward, back;
  for (const auto& [name, spare] : contended.names) {
    const bool index = before.find(ObjectId{catalog::Kind::index, name.schema, "", name.name, ""}) != nullptr;
    const auto rename = [&](const sql::QualifiedName& a, const sql::QualifiedName& b) {
      return fmt::format("ALTER {} {} RENAME TO {}", index ? "INDEX" : "SEQUENCE", sql::quote(a), sql::quote_identifier(b.name));
    };
    const ObjectId now{index ? catalog::Kind::index : catalog::Kind::sequence, name.schema, "", name.name, ""};
    const ObjectId then{now.kind, spare.schema, "", spare.name, ""};
    Operation& operation = p.add(Phase::expand, "make way for a new " + std::string(index ? "index" : "sequence") + " of its name:", now,
                                 brief({rename(name, spare)}, all_of({belongs_to(now, contended.table), absent(then)})), brief({rename(spare, name)}, all_of({exists(then), absent(now)})));
    operation.step.tables = {{contended.table.schema, contended.table.name}};
    operation.step.effects = {{{contended.table.schema, contended.table.name}, effects::LockMode::share_update_exclusive, effects::Work::none}};
    operation.removes.insert(now);
    operation.groupable = false;
  }
}

bool names(const Action& action, const std::string& name) {
  return std::any_of(action.statements.begin(), action.statements.end(), [&](const std::string& statement) {
    const std::vector<sql::Token> tokens = sql::scan(statement);
    return std::any_of(tokens.begin(), tokens.end(), [&](const sql::Token& token) { return statement.substr(token.begin, token.end - token.begin) == name; });
  });
}

// An index that gave its name up is made again under the spare one only where it did so: not while it stands under its own.
void undo_only_after_giving_way(std::vector<Operation>& operations, const std::vector<Contended>& contended) {
  for (const Contended& one : contended) {
    for (const auto& [name, spare] : one.names) {
      const ObjectId now{catalog::Kind::index, name.schema, "", name.name, ""};
      const std::string quoted = sql::quote_identifier(spare.name);
      for (Operation& operation : operations) {
        const bool gives_way = operation.removes.contains(now) && names(operation.step.forward, quoted);
        if (!gives_way && names(operation.step.undo, quoted)) operation.step.undo.todo = all_of({operation.step.undo.todo, negate(belongs_to(now, one.table))});
      }
    }
  }
}

// By the ids of their steps.
std::map<std::string, ObjectId> views_that_come(const Planner& p) {
  std::map<std::string, ObjectId> out;
  for (const Operation& operation : p.operations) {
    for (const ObjectId& id : operation.provides) {
      if ((id.kind == Kind::view || id.kind == Kind::materialized_view) && p.created.contains(id) && !Planner::relation(p.from, id.schema, id.name)) out.emplace(operation.step.id, id);
    }
  }
  return out;
}

}  // namespace

Outcome make_plan(const catalog::Database& from_schema, const catalog::Database& to_schema, const diff::Difference& given_difference, const Options& options) {
  check_expressions(options);
  Outcome out;
  std::optional<catalog::Database> changed_from = with_default_privileges_of(from_schema, to_schema);
  const std::optional<catalog::Database> changed_to = with_default_privileges_of(to_schema, from_schema);
  const catalog::Database& to = changed_to ? *changed_to : to_schema;
  std::optional<Planner> planner(std::in_place, changed_from ? *changed_from : from_schema, to, given_difference, options);
  const std::vector<Contended> contended = contended_names(planner->from, to, *planner);
  if (!contended.empty()) {
    for (const Contended& one : contended) changed_from = under_names(Family(changed_from ? *changed_from : from_schema, one.table), one.names);
    planner.emplace(*changed_from, to, diff::compare(*changed_from, to), options);
  }
  Planner& p = *planner;
  const catalog::Database& from = p.from;
  for (const Contended& one : contended) {
    for (const auto& [name, spare] : one.names) p.contended.insert({catalog::Kind::index, name.schema, "", name.name, ""});
    make_way(p, from_schema, one);
  }
  for (const std::string& object : from.unsupported) p.refuse("the current schema holds what is not supported: " + object + " (leave it out with --exclude)");
  for (const std::string& object : to.unsupported) p.refuse("the desired schema holds what is not supported: " + object + " (leave it out with --exclude)");
  plan_renames(p);
  plan_index_trees(p);
  plan_moved_foreign_keys(p);
  plan_replacements(p);
  plan_tables(p);
  plan_columns(p);
  plan_constraints(p);
  plan_indexes(p);
  plan_sequences(p);
  plan_types(p);
  plan_domains(p);
  plan_other_objects(p);
  refuse_leftovers(p);
  refuse_left_behind(p);
  refuse_updates_of_published(p);
  refuse_bare_names_in_queries(p);
  order_after_renames(p);
  order_around_generated(p);
  note_own_not_null_of_partitions(p);
  order_not_null_around_keys(p);
  order_builds_before_drops(p);
  order_by_routine_bodies(p);
  order_by_casts(p);
  order_policies(p);
  order_triggers_before_columns(p);
  order_partitions(p);
  order_moved_foreign_keys(p);
  order_event_triggers(p);

  undo_only_after_giving_way(p.operations, contended);
  const std::map<std::string, ObjectId> new_views = views_that_come(p);
  Ordered ordered = order(std::move(p.operations), from, to);
  for (const Step& step : ordered.steps) {
    const auto view = new_views.find(step.id);
    if (view == new_views.end() || step.phase != Phase::contract) continue;
    p.notes.push_back(fmt::format("{} comes only in contract, after what it reads has changed there: until then the next version must do without it", describe(view->second)));
  }
  if (!ordered.cycle.empty() && p.refusals.empty()) p.refuse("these changes wait for each other: " + contraflow::join(ordered.cycle, "; "));
  Plan& plan = out.plan;
  plan.name = options.name;
  plan.server_major = from.major();
  plan.steps = std::move(ordered.steps);
  std::erase_if(plan.steps, [](const Step& step) { return step.forward.empty() && step.undo.empty(); });
  make_ids_unique(plan.steps);
  undo_only_while_tables_stand(plan.steps, from, p.created);
  for (const Step& step : plan.steps) plan.grade = std::max(plan.grade, step.grade);
  plan.column_order = tables_in_other_order(p);
  note_listed_columns(p, plan.column_order);
  refuse_columns_by_position(p, plan.column_order);
  plan.event_triggers = has_procedure_triggers(p);
  plan.notes = std::move(p.notes);
  for (const Step& step : plan.steps) {
    for (const std::string& note : step.notes) {
      if (std::find(plan.notes.begin(), plan.notes.end(), note) == plan.notes.end()) plan.notes.push_back(note);
    }
  }
  add_gates(plan, p.written_twice);
  std::sort(p.refusals.begin(), p.refusals.end());
  p.refusals.erase(std::unique(p.refusals.begin(), p.refusals.end()), p.refusals.end());
  out.refusals = std::move(p.refusals);
  return out;
}

}  // namespace contraflow::plan
