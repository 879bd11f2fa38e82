// SPDX-License-Identifier: Apache-2.0
//
// Event triggers see, and may refuse, the plan's own statements: one that goes does so before everything else, one that comes is the last.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/of_kind.h"
#include "plan/planner.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

bool fires(const Database& database, const ObjectId& id) {
  const auto* trigger = database.find_body<EventTrigger>(id);
  return trigger && trigger->enabled != 'D';
}

// `id` among the ids, as an event trigger that `a` does not let fire and `b` does.
bool starts_to_fire(const std::set<ObjectId>& ids, const Database& a, const Database& b) {
  return std::any_of(ids.begin(), ids.end(), [&](const ObjectId& id) { return id.kind == Kind::event_trigger && !fires(a, id) && fires(b, id); });
}

}  // namespace

namespace {

// A file that runs again when all is done meets the trigger: its being there says that everything before it has been done.
void skip_where_present(Action& action, const std::set<ObjectId>& triggers, const Database& without) {
  if (action.empty()) return;
  for (const ObjectId& id : triggers) {
    if (id.kind == Kind::event_trigger && !without.find(id)) action.todo = all_of({action.todo, absent(id)});
  }
}

}  // namespace

void order_event_triggers(Planner& p) {
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    Operation& operation = p.operations[i];
    std::set<ObjectId> changed = operation.provides;
    changed.insert(operation.removes.begin(), operation.removes.end());
    if (starts_to_fire(changed, p.to, p.from)) {
      operation.first = true;
      for (std::size_t j = 0; j < p.operations.size(); ++j) {
        if (j == i) continue;
        p.operations[j].rather_after.push_back(i);
        skip_where_present(p.operations[j].step.undo, changed, p.to);
      }
    } else if (starts_to_fire(changed, p.from, p.to)) {
      for (std::size_t j = 0; j < p.operations.size(); ++j) {
        if (j == i) continue;
        operation.rather_after.push_back(j);
        skip_where_present(p.operations[j].step.forward, changed, p.from);
      }
    }
  }
}

bool has_procedure_triggers(Planner& p) {
  bool found = false;
  for (const Database* database : {&p.from, &p.to}) {
    for (const auto& [id, object] : catalog::of_kind(*database, Kind::event_trigger)) {
      const auto* trigger = std::get_if<EventTrigger>(&object.body);
      if (!trigger || trigger->enabled == 'D' || !trigger->event.starts_with("ddl_command_")) continue;
      const auto& tags = trigger->tags;
      if (!tags.empty() && std::find(tags.begin(), tags.end(), "CREATE PROCEDURE") == tags.end()) continue;
      found = true;
      const std::string note = fmt::format(
          "{} fires on CREATE PROCEDURE, by which the files define what they call: a superuser's session keeps it from firing there (not where it is enabled "
          "ALWAYS or REPLICA); where it refuses the procedure to another role, the files stop at once and have done nothing",
          describe(id));
      if (std::find(p.notes.begin(), p.notes.end(), note) == p.notes.end()) p.notes.push_back(note);
    }
  }
  return found;
}

}  // namespace contraflow::plan
