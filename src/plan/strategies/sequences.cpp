// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "catalog/alter.h"
#include "catalog/ddl.h"
#include "plan/planner.h"

namespace contraflow::plan {

using namespace catalog;

void plan_sequences(Planner& p) {
  for (const ObjectId& id : p.created) {
    if (id.kind != Kind::sequence || !p.take(id)) continue;
    const Object& object = p.to.objects.at(id);
    const Sequence& sequence = std::get<Sequence>(object.body);
    Object free = object;
    std::get<Sequence>(free.body).owned_by.reset();
    Operation& make = p.add(Phase::expand, "create", id, brief(create_all(free, p.to), absent(id)), brief(drop(object)));
    make.provides.insert(id);
    make.needs = object.depends_on;
    if (sequence.owned_by) {
      // A default may need the sequence before the column that owns it is there.
      make.needs.erase(*sequence.owned_by);
      const std::size_t made = p.operations.size() - 1;
      Operation& own = p.add(Phase::expand, "let the column own", id, brief(alter_sequence(id, std::get<Sequence>(free.body), sequence)),
                             brief(alter_sequence(id, sequence, std::get<Sequence>(free.body)), exists(id)));
      own.after.push_back(made);
      own.needs.insert(*sequence.owned_by);
    }
  }
  for (const ObjectId& id : p.dropped) {
    if (id.kind != Kind::sequence || !p.take(id)) continue;
    const Object& object = p.from.objects.at(id);
    Operation& operation = p.add(Phase::purge, "drop", id, brief(drop(object)), brief(create_all(object, p.from), absent(id)), Grade::data);
    operation.removes.insert(id);
    operation.step.notes.push_back("the value of " + describe(id) + " is lost from here on");
  }
  for (const auto& [id, aspects] : p.altered) {
    if (id.kind != Kind::sequence || p.done.contains(id)) continue;
    const bool options = p.claim(id, Aspect::options);
    const bool owned = p.claim(id, Aspect::owned_by);
    const bool persistence = p.claim(id, Aspect::persistence);
    if (!options && !owned && !persistence) continue;
    const Sequence& a = std::get<Sequence>(p.from.objects.at(id).body);
    const Sequence& b = std::get<Sequence>(p.to.objects.at(id).body);
    const auto usable = [&, &id = id](const Sequence& from, Sequence to, const Database& database) {
      // The column may belong to a table that this plan takes away.
      if (to.owned_by && !database.find(*to.owned_by)) to.owned_by.reset();
      return alter_sequence(id, from, to);
    };
    Operation& operation = p.add(Phase::expand, "change", id, brief(usable(a, b, p.to)), brief(usable(b, a, p.from), exists(id)));
    const auto once = [&, &id = id](Action& action, const Sequence& goal) {
      const bool restarts = std::any_of(action.statements.begin(), action.statements.end(), [](const std::string& s) { return s.find(" RESTART WITH ") != std::string::npos; });
      // Numbers that were given since would be given again.
      if (restarts) action.todo = all_of({exists(id), negate(sequence_bounds_are({id.schema, id.name}, goal.options))});
    };
    once(operation.step.forward, b);
    once(operation.step.undo, a);
    if (!operation.step.forward.todo.empty()) {
      operation.step.grade = Grade::data;
      operation.step.notes.push_back("the numbers of " + describe(id) + " start anew within the new bounds, and within the old ones after a rollback");
    }
    operation.needs = p.to.objects.at(id).depends_on;
    if (b.owned_by) operation.needs.insert(*b.owned_by);
    operation.detaches.insert(id);
    if (a.owned_by && p.dropped.contains(*a.owned_by)) {
      // Before the column goes, or the sequence would go with it.
      operation.detaches.insert(*a.owned_by);
      for (Operation& other : p.operations) {
        if (&other != &operation && other.removes.contains(*a.owned_by)) other.after.push_back(p.operations.size() - 1);
      }
    }
  }
}

}  // namespace contraflow::plan
