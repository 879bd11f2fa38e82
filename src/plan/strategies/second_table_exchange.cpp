// SPDX-License-Identifier: Apache-2.0
//
// The two tables change names in one transaction; the first one goes in purge.
#include "plan/strategies/second_tables.h"

#include <fmt/format.h>

#include "catalog/ddl.h"
#include "plan/strategies/family.h"
#include "plan/strategies/reference_parts.h"
#include "plan/strategies/replace.h"
#include "plan/strategies/table_parts.h"

namespace contraflow::plan {

using namespace catalog;

// What stands on the table by name and goes over with the exchange: triggers, rules, policies, statistics objects.
Statements SecondTable::drop_attendants(const Family& family) {
  Statements out;
  for (const Object* member : family.of_kinds({Kind::trigger, Kind::rule, Kind::policy, Kind::statistics})) {
    const auto* trigger = std::get_if<Trigger>(&member->body);
    if (!trigger || !trigger->inherited) append(out, drop(*member));
  }
  return out;
}

Statements SecondTable::create_attendants(const Family& family) {
  Statements out;
  for (const Object* member : family.of_kinds({Kind::statistics, Kind::policy, Kind::rule, Kind::trigger})) {
    const auto* trigger = std::get_if<Trigger>(&member->body);
    if (!trigger || !trigger->inherited) append(out, create_all(*member, family.database));
  }
  return out;
}

// New values go on where the old sequence stood.
Statements SecondTable::carry_identities(const Family& target, const RelationNames& target_names, const Family& source, const RelationNames& source_names) const {
  Statements out;
  for (const Object* member : target.of_kinds({Kind::column})) {
    const auto& column = std::get<Column>(member->body);
    if (column.identity == Identity::none || member->id.relation != id_.name) continue;
    const std::string into = sql::quote_literal(sql::quote(mapped(target_names, column.identity_sequence)));
    const auto* before = source.database.find_body<Column>(member->id);
    std::string from;
    if (before && before->identity != Identity::none) from = sql::quote(mapped(source_names, before->identity_sequence));
    for (const Object* sequence : owned_sequences(source.database, id_)) {
      if (std::get<Sequence>(sequence->body).owned_by == member->id) from = quoted_name(sequence->id);
    }
    out.push_back(from.empty() ? fmt::format("SELECT pg_catalog.setval({}, coalesce(max({}), 0) + 1, false) FROM {}", into, sql::quote_identifier(member->id.name), sql::quote(table()))
                               : fmt::format("SELECT pg_catalog.setval({}, last_value, is_called) FROM {}", into, from));
  }
  // Serial on the other side: its sequence goes on where the identity stood.
  for (const Object* sequence : owned_sequences(target.database, id_)) {
    const ObjectId& owner = *std::get<Sequence>(sequence->body).owned_by;
    const auto* before = source.database.find_body<Column>(owner);
    if (before && before->identity != Identity::none) {
      out.push_back(fmt::format("SELECT pg_catalog.setval({}, last_value, is_called) FROM {}", sql::quote_literal(quoted_name(sequence->id)),
                                sql::quote(mapped(source_names, before->identity_sequence))));
    }
  }
  return out;
}

Statements SecondTable::own_sequences(const Database& database, const ObjectId& id) {
  Statements out;
  for (const Object* sequence : owned_sequences(database, id)) {
    const ObjectId& owner = *std::get<Sequence>(sequence->body).owned_by;
    out.push_back(fmt::format("ALTER SEQUENCE {} OWNED BY {}.{}", quoted_name(sequence->id), sql::quote(QualifiedName{owner.schema, owner.relation}), sql::quote_identifier(owner.name)));
  }
  return out;
}

void SecondTable::exchange(std::size_t filled) {
  const auto script = [&](const Family& leaving, const RelationNames& leaving_names, const Family& coming, const RelationNames& coming_names, const Copy& fill, const Copy& sync, bool forward) {
    Statements out{fmt::format("LOCK TABLE {}, {} IN ACCESS EXCLUSIVE MODE", sql::quote(table()), sql::quote(coming_names.at(table())))};
    append(out, stop_sync());
    append(out, drop_attendants(leaving));
    append(out, forward ? leave_publications_ : leave_back_);
    if (at_once_) append(out, {"TRUNCATE " + sql::quote(fill.target), copy_all(fill)});
    append(out, carry_identities(coming, coming_names, leaving, {}));
    append(out, rename_family(leaving, leaving_names, true));
    append(out, rename_family(coming, coming_names, false));
    append(out, defer_references_to_itself(leaving, leaving_names, true));
    append(out, defer_references_to_itself(coming, {}, false));
    append(out, own_sequences(coming.database, id_));
    append(out, create_attendants(coming));
    append(out, forward ? join_publications_ : join_back_);
    append(out, start_sync(sync));
    return out;
  };
  out_.forward = script(old_, retired_, new_, next_, forward_copy(), back_copy(), true);
  out_.undo = script(new_, next_, old_, retired_, back_copy(), forward_copy(), false);
  out_.todo = all_of({reason_.old_form, exists(table_id(next()))});
  out_.undo_todo = all_of({negate(reason_.old_form), exists(table_id(retired()))});
  out_.before.push_back(filled);
  const auto around = [&](const std::vector<const Object*>& own_leaving, const std::vector<const Object*>& own_coming, const Family& leaving, const Family& coming, bool forward) {
    std::vector<std::pair<const Object*, const Database*>> off, on;
    for (const Object* key : references_) {
      off.emplace_back(key, &p_.from);
      on.emplace_back(key, &p_.from);
    }
    for (const Object* key : own_leaving) off.emplace_back(key, &leaving.database);
    for (const Object* key : own_coming) on.emplace_back(key, &coming.database);
    for (const auto& [key, database] : off) append(forward ? out_.forward_before : out_.undo_before, reference_return(*database, *key).remove);
    std::optional<std::size_t> previous;
    for (const auto& [key, database] : on) {
      ReferenceReturn back = reference_return(*database, *key);
      append(forward ? out_.forward_after : out_.undo_after, back.add);
      for (auto& [id, action] : back.later) {
        // On the way back the columns have their old names again by then.
        if (!forward && action.mode == Mode::brief) action.statements = under_new_names(p_, {key->id}, std::move(action.statements), true);
        const bool validates = action.mode == Mode::scan;
        const std::string verb = validates ? "validate" : "join";
        Operation& operation = p_.add(Phase::contract, (forward ? "" : "way back: ") + verb, id, forward ? action : Action{}, forward ? Action{} : action);
        operation.groupable = false;
        const std::size_t here = p_.operations.size() - 1;
        if (forward) {
          const effects::LockMode lock = validates ? effects::LockMode::share_update_exclusive : effects::LockMode::share_row_exclusive;
          operation.step.effects = {{{id.schema, id.relation}, lock, validates ? effects::Work::scan : effects::Work::none}};
          if (previous) operation.after.push_back(*previous);
        } else if (previous) {
          p_.operations[*previous].after.push_back(here);  // undone in the opposite order
        }
        (forward ? out_.after : out_.before).push_back(here);
        previous = here;
      }
    }
  };
  around(new_crossing_, old_crossing_, new_, old_, false);
  around(old_crossing_, new_crossing_, old_, new_, true);
  append(out_.forward_before, swap_);  // tables that reference it are locked first, as their writers lock them
}

void SecondTable::purge() {
  const ObjectId retired_id = table_id(retired());
  const std::string new_form = negate(reason_.old_form);
  // Undo runs from the last operation to the first: the old table is made again, then filled.
  Operation& copy = add(Phase::purge, "way back: copy the rows of", Action{}, at_once_ ? Action{} : copy_rows(back_copy(), false, all_of({new_form, exists(retired_id)})));
  copy.step.grade = out_.grade;
  copy.step.undo_preconditions = undo_preconditions_;
  const std::size_t copied = p_.operations.size() - 1;
  out_.after.push_back(copied);
  const std::vector<std::size_t> referring = refer_to_itself_again();
  out_.after.insert(out_.after.end(), referring.begin(), referring.end());
  p_.operations[copied].after.insert(p_.operations[copied].after.end(), referring.begin(), referring.end());
  Statements forward = stop_sync(), back, foreign_keys;
  forward.push_back("DROP TABLE IF EXISTS " + sql::quote(retired()));
  for (const Object* sequence : owned_sequences(p_.from, id_)) {
    if (p_.to.find(sequence->id)) continue;
    Object free = *sequence;
    std::get<Sequence>(free.body).owned_by.reset();
    append(back, create_all(free, p_.from));
  }
  append(back, tables(old_, retired_, &foreign_keys));
  append(back, second_names_again());
  append(back, foreign_keys);
  for (const Object* sequence : owned_sequences(p_.from, id_)) {
    if (p_.to.find(sequence->id)) continue;
    const ObjectId& owner = *std::get<Sequence>(sequence->body).owned_by;
    back.push_back(fmt::format("ALTER SEQUENCE {} OWNED BY {}.{}", quoted_name(sequence->id), sql::quote(retired()), sql::quote_identifier(owner.name)));
  }
  append(back, start_sync(back_copy()));
  Operation& drop = add(Phase::purge, "purge the old table of", brief(std::move(forward), new_form), brief(std::move(back), all_of({new_form, absent(retired_id)})));
  drop.after.push_back(copied);
  drop.step.grade = out_.grade;
  drop.step.effects = {{table(), effects::LockMode::access_exclusive, effects::Work::none}};
  // What goes with the plan and the old table's columns are made of goes after them.
  for (const Object* member : old_.members) {
    for (const ObjectId& need : member->depends_on) {
      const bool of_rows = need.kind == Kind::enum_type || need.kind == Kind::domain || need.kind == Kind::composite_type || need.kind == Kind::range_type || need.kind == Kind::routine;
      if (member->id.kind == Kind::column && of_rows && p_.dropped.contains(need)) drop.detaches.insert(member->id);
    }
  }
  for (const Object* sequence : owned_sequences(p_.from, id_)) {
    if (!p_.to.find(sequence->id)) drop.removes.insert(sequence->id);
  }
}

}  // namespace contraflow::plan
