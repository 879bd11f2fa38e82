// SPDX-License-Identifier: Apache-2.0
//
// Triggers, rules, policies, statistics objects and event triggers.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/reader.h"

namespace contraflow::catalog::detail {

namespace {

// The relation that a part belongs to; null when there is nothing to enter (then the address goes to the
// extension).
Relation* home(Reader& reader, Oid relation, Address part) {
  const auto found = reader.relations.find(relation);
  if (found == reader.relations.end()) return nullptr;
  if (found->second.object) return &found->second;
  if (Object* extension = reader.resolve({catalog_oid::relation, relation, 0})) reader.alias(part, extension);
  return nullptr;
}

ObjectId part_id(Kind kind, const Relation& relation, std::string name) {
  return {kind, relation.name.schema, relation.name.name, std::move(name), {}};
}

// Until 14 a partition's copy of a row trigger counts as internal, as do the triggers of constraints; the
// latter have a constraint that is not of the trigger's own type.
void ask_triggers(Reader& reader) {
  reader.ask(
      "SELECT t.oid, t.tgrelid, t.tgname, pg_get_triggerdef(t.oid), t.tgenabled, t.tgconstraint, "
      "t.tgparentid <> 0, "
      "n.nspname, p.proname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON "
      "n.oid = "
      "p.pronamespace LEFT JOIN pg_constraint k ON k.oid = t.tgconstraint AND t.tgconstraint <> 0 "
      "WHERE NOT t.tgisinternal OR (t.tgparentid <> 0 AND (t.tgconstraint = 0 OR k.contype = 't'))",
      [&reader](const pg::Result& result) {
        for (int row = 0; row < result.rows(); ++row) {
          Cells cells(result, row);
          const Oid oid = cells.oid();
          const Relation* relation = home(reader, cells.oid(), {catalog_oid::trigger, oid, 0});
          if (!relation) continue;
          ObjectId id = part_id(Kind::trigger, *relation, cells.text());
          Trigger trigger;
          trigger.definition = cells.text();
          trigger.enabled = cells.letter();
          const Oid constraint = cells.oid();
          trigger.constraint = constraint != 0;
          trigger.inherited = cells.boolean();
          trigger.function.kind = Kind::routine;
          trigger.function.schema = cells.text();
          trigger.function.name = cells.text();
          Object* object = reader.add(catalog_oid::trigger, oid, std::move(id), std::move(trigger));
          if (!object) continue;
          object->depends_on.insert(relation->object->id);
          if (constraint) reader.alias({catalog_oid::constraint, constraint, 0}, object);
        }
      });
}

// _RETURN is the view itself.
void ask_rules(Reader& reader) {
  reader.ask(
      fmt::format(
          "SELECT r.oid, r.ev_class, r.rulename, r.rulename = '_RETURN' AND c.relkind IN ('v', 'm'), "
          "CASE WHEN r.rulename <> '_RETURN' OR c.relkind NOT IN ('v', 'm') THEN pg_get_ruledef(r.oid) END, "
          "r.ev_enabled FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE c.relnamespace IN {}",
          kUserSchemas),
      [&reader](const pg::Result& result) {
        for (int row = 0; row < result.rows(); ++row) {
          Cells cells(result, row);
          const Oid oid = cells.oid();
          const Relation* relation = home(reader, cells.oid(), {catalog_oid::rewrite, oid, 0});
          if (!relation) continue;
          ObjectId id = part_id(Kind::rule, *relation, cells.text());
          if (cells.boolean()) {
            reader.alias({catalog_oid::rewrite, oid, 0}, relation->object);
            continue;
          }
          Rule rule;
          rule.definition = cells.text();
          while (!rule.definition.empty() && rule.definition.back() == ';') rule.definition.pop_back();
          rule.enabled = cells.letter();
          if (Object* object = reader.add(catalog_oid::rewrite, oid, std::move(id), std::move(rule))) {
            object->depends_on.insert(relation->object->id);
          }
        }
      });
}

void ask_policies(Reader& reader) {
  reader.ask(
      "SELECT oid, polrelid, polname, polcmd, polpermissive, polroles, pg_get_expr(polqual, polrelid), "
      "pg_get_expr(polwithcheck, polrelid) FROM pg_policy",
      [&reader](const pg::Result& result) {
        for (int row = 0; row < result.rows(); ++row) {
          Cells cells(result, row);
          const Oid oid = cells.oid();
          const Relation* relation = home(reader, cells.oid(), {catalog_oid::policy, oid, 0});
          if (!relation) continue;
          ObjectId id = part_id(Kind::policy, *relation, cells.text());
          Policy policy;
          switch (cells.letter()) {
            case 'r':
              policy.command = "SELECT";
              break;
            case 'a':
              policy.command = "INSERT";
              break;
            case 'w':
              policy.command = "UPDATE";
              break;
            case 'd':
              policy.command = "DELETE";
              break;
            default:
              policy.command = "ALL";
          }
          policy.permissive = cells.boolean();
          for (const std::string& role : cells.texts()) {
            policy.roles.push_back(role == "0" ? std::string{}
                                               : reader.role(static_cast<Oid>(std::stoul(role))));
          }
          std::sort(policy.roles.begin(), policy.roles.end());
          policy.using_expression = cells.text();
          policy.check_expression = cells.text();
          if (Object* object = reader.add(catalog_oid::policy, oid, std::move(id), std::move(policy))) {
            object->depends_on.insert(relation->object->id);
          }
        }
      });
}

void ask_statistics(Reader& reader) {
  reader.ask(
      fmt::format("SELECT oid, stxrelid, stxnamespace, stxname, pg_get_statisticsobjdef(oid), "
                  "coalesce(stxstattarget, -1), stxowner FROM pg_statistic_ext WHERE stxnamespace IN {}",
                  kUserSchemas),
      [&reader](const pg::Result& result) {
        for (int row = 0; row < result.rows(); ++row) {
          Cells cells(result, row);
          const Oid oid = cells.oid();
          const Relation* relation = home(reader, cells.oid(), {catalog_oid::statistic_ext, oid, 0});
          if (!relation) continue;
          ObjectId id{Kind::statistics, reader.schema(cells.oid()), {}, {}, {}};
          id.name = cells.text();
          StatisticsObject statistics;
          statistics.table = relation->name;
          statistics.definition = cells.text();
          statistics.target = cells.number();
          Object* object = reader.add_owned(catalog_oid::statistic_ext, oid, std::move(id),
                                            std::move(statistics), cells.oid(), '\0', true, {});
          if (object) object->depends_on.insert(relation->object->id);
        }
      });
}

void ask_event_triggers(Reader& reader) {
  reader.ask(
      "SELECT e.oid, e.evtname, e.evtowner, e.evtevent, e.evttags, format('%I.%I', n.nspname, p.proname), "
      "e.evtenabled FROM pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid JOIN pg_namespace n ON n.oid "
      "= "
      "p.pronamespace",
      [&reader](const pg::Result& result) {
        for (int row = 0; row < result.rows(); ++row) {
          Cells cells(result, row);
          const Oid oid = cells.oid();
          ObjectId id{Kind::event_trigger, {}, {}, cells.text(), {}};
          const Oid owner = cells.oid();
          EventTrigger trigger;
          trigger.event = cells.text();
          trigger.tags = cells.texts();
          trigger.function = cells.text();
          trigger.enabled = cells.letter();
          reader.add_owned(catalog_oid::event_trigger, oid, std::move(id), std::move(trigger), owner, '\0',
                           true, {});
        }
      });
}

}  // namespace

void ask_actions(Reader& reader) {
  ask_triggers(reader);
  ask_rules(reader);
  ask_policies(reader);
  ask_statistics(reader);
  ask_event_triggers(reader);
}

}  // namespace contraflow::catalog::detail
