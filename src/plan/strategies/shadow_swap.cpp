// SPDX-License-Identifier: Apache-2.0
//
// The swap of names, what the column that comes to its name gets, and what is purged.
#include "plan/strategies/shadows.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/alter.h"
#include "catalog/ddl.h"
#include "catalog/of_kind.h"
#include "plan/strategies/column_parts.h"
#include "plan/strategies/conversion.h"
#include "plan/strategies/shadow_trigger.h"

namespace contraflow::plan {

using namespace catalog;

void Shadows::swap_scripts() {
  // Deferred until the way back is known: see finish_swap().
  std::vector<std::string> shadow_there, retired_there;
  for (const auto& [table, columns] : tables_) {
    for (const ShadowColumn& column : columns) {
      shadow_there.push_back(exists(named(column, column.shadow_name)));
      if (column.shadow_name == column.id.name) shadow_there.push_back(exists(named(column, column.old_name)));
      retired_there.push_back(exists(named(column, column.retired_name)));
      swap_.preconditions.insert(swap_.preconditions.end(), column.up_refused.begin(), column.up_refused.end());
      swap_.preconditions.push_back({fmt::format("rows of {} whose two columns for {} differ", sql::quote(table), sql::quote_identifier(column.id.name)),
                                     fmt::format("SELECT count(*) FROM {} WHERE {}", sql::quote(table), differs(sql::quote_identifier(column.shadow_name), column.up, column.shadow_type)),
                                     "run 2_backfill.sql again, and see that every writer goes through the trigger"});
      if (column.shadow_wins && &column == &columns.front()) {
        if (const std::string unknown = known_tables(table); !unknown.empty()) {
          swap_.preconditions.push_back({fmt::format("partitions of {} that came after the plan was made, and have no indexes of its on the second column", sql::quote(table)), unknown,
                                         "make the plan again: contraflow plan --refresh"});
        }
      }
      swap_.undo_preconditions.insert(swap_.undo_preconditions.end(), column.down_preconditions.begin(), column.down_preconditions.end());
      if (column.down_loses) {
        swap_.grade = std::max(swap_.grade, Grade::data);
        swap_.notes.push_back(fmt::format("the way back of {} can lose information: what the old type cannot hold becomes NULL", describe(column.id)));
      }
      if (column.up_changes) {
        swap_.notes.push_back(fmt::format("the conversion of {} can lose information: {} -> {} does not keep every value as it is; until purge the old column has them all, after it the way back brings what is left",
                                          describe(column.id), column.retired_type, column.shadow_type));
      }
      const Column& before = std::get<Column>(p_.from.objects.at(column.id).body);
      const Column& after = std::get<Column>(p_.to.objects.at(column.id).body);
      if (column.two_way() && before.type == after.type && before.default_expression != after.default_expression) {
        swap_.notes.push_back(fmt::format("the default of {} becomes {} at the start of contract; until then a row written without a value gets {} under both names", describe(column.id),
                                          after.default_expression.empty() ? "NULL" : after.default_expression, before.default_expression.empty() ? "NULL" : before.default_expression));
      }
      if (column.two_way() && before.not_null && !after.not_null) {
        swap_.notes.push_back(fmt::format("{} takes NULL from contract on; until then NOT NULL holds under the old name, and with it under both", describe(column.id)));
      }
      if (!column.two_way()) {
        swap_.notes.push_back(fmt::format(
            "{} changes its type under the same name at the start of contract: a prepared statement that reads it fails once at that moment; a query that "
            "casts it to the new type ({}::{}) keeps its result type across the swap",
            describe(column.id), sql::quote_identifier(column.id.name), std::get<Column>(p_.to.objects.at(column.id).body).type));
      }
    }
  }
  // Keys first on the way back, then what points at them: the operations stand in the opposite order.
  for (std::size_t i = 0; i < restores_.size(); ++i) {
    Operation& operation = p_.operations[restores_[i]];
    operation.after.insert(operation.after.end(), builds_.begin(), builds_.end());
    swap_.before.push_back(restores_[i]);
  }
  for (const std::size_t later : restores_) {
    for (const std::size_t earlier : restores_) {
      const bool key = p_.operations[later].step.undo.mode == Mode::concurrent;
      if (key && p_.operations[earlier].step.undo.mode != Mode::concurrent) p_.operations[later].after.push_back(earlier);
    }
  }
  for (std::size_t i = 0; i + 1 < restores_.size(); ++i) {
    const bool same_kind = (p_.operations[restores_[i]].step.undo.mode == Mode::concurrent) == (p_.operations[restores_[i + 1]].step.undo.mode == Mode::concurrent);
    if (same_kind) p_.operations[restores_[i + 1]].after.push_back(restores_[i]);
  }
  swap_.todo = all_of(shadow_there);
  swap_.undo_todo = all_of(retired_there);
  for (const std::size_t i : builds_) swap_.before.push_back(i);
  for (const auto& [table, before] : ready_) swap_.before.insert(swap_.before.end(), before.begin(), before.end());
}

// The swap's statements, when all members of both directions are known.
void Shadows::finish_swap(ShadowSwap& swap) const {
  const bool triggers = p_.options.synchronise == Synchronise::triggers;
  const auto one_way = [&](const Direction& direction, Statements& out, const Statements& drops, const Statements& places) {
    const Database& target = *direction.target;
    for (const auto& [table, columns] : tables_) {
      if (triggers) append(out, exchanged(table) ? drop_sync(synchronised(table)) : drop_sync_triggers(synchronised(table)));
    }
    append(out, drops);
    for (const auto& [table, columns] : tables_) {
      for (const ShadowColumn& column : columns) {
        const auto rename = [&, &table = table](const std::string& a, const std::string& b) {
          if (a != b) out.push_back(fmt::format("{} RENAME COLUMN {} TO {}", alter(table), sql::quote_identifier(a), sql::quote_identifier(b)));
        };
        if (column.shadow_wins) {
          if (direction.forward) hand_over_below(out, table, column, true);
          if (direction.forward) hand_over_defaults(out, table, column, true);
          if (direction.forward) {
            rename(column.old_name, column.retired_name);
            rename(column.shadow_name, column.id.name);
          } else {
            hand_over_below(out, table, column, false);
            hand_over_defaults(out, table, column, false);
            rename(column.id.name, column.shadow_name);
            rename(column.retired_name, column.old_name);
          }
          settle(out, table, column, direction, target);
          settle_below(out, table, column, direction);
          const Column& after = std::get<Column>(p_.to.objects.at(column.id).body);
          if (column.two_way() && has_domain_default(p_.to, after)) {
            // While both names are in use nothing but the application gives the second column a value.
            if (!direction.forward) out.push_back(fmt::format("{} ALTER COLUMN {} SET DEFAULT NULL", alter(table), sql::quote_identifier(column.shadow_name)));
            else if (after.default_expression.empty()) out.push_back(fmt::format("{} ALTER COLUMN {} DROP DEFAULT", alter(table), sql::quote_identifier(column.id.name)));
          }
        } else if (direction.forward) {
          rename(column.shadow_name, column.retired_name);
          rename(column.old_name, column.id.name);
        } else {
          rename(column.id.name, column.old_name);
          rename(column.retired_name, column.shadow_name);
        }
      }
    }
    append(out, places);
    for (const auto& [table, columns] : tables_) {
      if (triggers && !(exchanged(table) && direction.forward)) append(out, create_sync_triggers(synchronised(table), columns, direction.forward));
    }
  };
  one_way(kForward, swap.forward, drops_forward_, places_forward_);
  one_way(kBack, swap.undo, drops_back_, places_back_);
  for (const auto& [table, columns] : tables_) {
    for (const ShadowColumn& column : columns) {
      if (!column.two_way()) continue;
      const auto rename = [&, &table = table](Statements& out, const std::string& a, const std::string& b) {
        out.push_back(fmt::format("{} RENAME COLUMN {} TO {}", alter(table), sql::quote_identifier(a), sql::quote_identifier(b)));
      };
      const std::string parked = p_.spare_column(table.schema, table.name, column.id.name, "swap");
      rename(swap.undo_dress, column.shadow_name, parked);
      rename(swap.undo_dress, column.old_name, column.id.name);
      rename(swap.undo_undress, column.id.name, column.old_name);
      rename(swap.undo_undress, parked, column.shadow_name);
    }
  }
}

// The sequence of the column's own that is in `database` and not in `other`: a serial column that becomes an identity column, or one that was.
const Object* Shadows::own_sequence(const ShadowColumn& column, const Database& database, const Database& other) {
  for (const auto& [id, object] : of_kind(database, Kind::sequence)) {
    const auto* sequence = std::get_if<Sequence>(&object.body);
    if (sequence && sequence->owned_by == column.id && !other.find(id)) return &object;
  }
  return nullptr;
}

// Default and identity leave the column that goes; the numbers go on where they stood.
void Shadows::hand_over_defaults(Statements& out, const QualifiedName& table, const ShadowColumn& column, bool forward) const {
  const Database& leaving = forward ? p_.from : p_.to;
  const Column& body = std::get<Column>(leaving.objects.at(column.id).body);
  const std::string name = sql::quote_identifier(forward ? column.old_name : column.id.name);
  if (!body.default_expression.empty() && body.generated == Generated::none) out.push_back(fmt::format("{} ALTER COLUMN {} DROP DEFAULT", alter(table), name));
  if (body.identity != Identity::none) {
    const QualifiedName parked{body.identity_sequence.schema, p_.spare_relation(body.identity_sequence.schema, body.identity_sequence.name, "swap")};
    out.push_back(fmt::format("ALTER SEQUENCE {} RENAME TO {}", sql::quote(body.identity_sequence), sql::quote_identifier(parked.name)));
  }
  const Database& arriving = forward ? p_.to : p_.from;
  if (std::get<Column>(arriving.objects.at(column.id).body).identity == Identity::none) return;
  if (const Object* sequence = own_sequence(column, leaving, arriving)) {
    out.push_back(fmt::format("ALTER SEQUENCE {} RENAME TO {}", quoted_name(sequence->id), sql::quote_identifier(p_.spare_relation(sequence->id.schema, sequence->id.name, "swap"))));
  }
}

// The column that has come to its name gets everything else that it has in the schema.
void Shadows::settle(Statements& out, const QualifiedName& table, const ShadowColumn& column, const Direction& direction, const Database& target) const {
  const Database& leaving = direction.forward ? p_.from : p_.to;
  const Object& object = target.objects.at(column.id);
  const Column& body = std::get<Column>(object.body);
  const Column& old_body = std::get<Column>(leaving.objects.at(column.id).body);
  const std::string name = sql::quote_identifier(direction.forward ? column.id.name : column.old_name);
  const std::string loser = sql::quote_identifier(direction.forward ? column.retired_name : column.shadow_name);
  if (old_body.not_null && old_body.identity == Identity::none) out.push_back(fmt::format("{} ALTER COLUMN {} DROP NOT NULL", alter(table), loser));
  own_not_null_below(out, table, column, direction);
  if (old_body.identity != Identity::none && !old_body.not_null_name.empty()) {
    // From 18 on it has a name; the identity column keeps it until its identity goes, below.
    const std::string aside = p_.spare_constraint(table.schema, table.name, old_body.not_null_name, "swap");
    out.push_back(fmt::format("{} RENAME CONSTRAINT {} TO {}", alter(table), sql::quote_identifier(old_body.not_null_name), sql::quote_identifier(aside)));
  }
  if (body.not_null) {
    p_.claim(column.id, Aspect::not_null_name);
    out.push_back(fmt::format("{} {}", alter(table), set_not_null_action(named(column, direction.forward ? column.id.name : column.old_name), body)));
    const std::string spare = p_.spare_constraint(table.schema, table.name, column.id.name, std::string("not_null_") + std::string(direction.suffix));
    out.push_back(fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(table), sql::quote_identifier(spare)));
  }
  const Object* comes = old_body.identity != Identity::none ? own_sequence(column, target, leaving) : nullptr;
  if (comes) {
    Object sequence = *comes;
    std::get<Sequence>(sequence.body).owned_by.reset();  // below, under the column's name of then
    append(out, create_all(sequence, target));
    const QualifiedName parked{old_body.identity_sequence.schema, p_.spare_relation(old_body.identity_sequence.schema, old_body.identity_sequence.name, "swap")};
    out.push_back(fmt::format("SELECT pg_catalog.setval({}, last_value, is_called) FROM {}", sql::quote_literal(quoted_name(comes->id)), sql::quote(parked)));
    p_.done.insert(comes->id);
  }
  if (!body.default_expression.empty() && body.generated == Generated::none) {
    out.push_back(fmt::format("{} ALTER COLUMN {} SET DEFAULT {}", alter(table), name, body.default_expression));
  }
  if (body.identity != Identity::none) {
    Column bare = body;
    bare.identity = Identity::none;
    bare.default_expression.clear();
    append(out, alter_identity(named(column, direction.forward ? column.id.name : column.old_name), bare, body));
    const Object* goes = own_sequence(column, leaving, target);
    if (goes) {
      const std::string parked = sql::quote(QualifiedName{goes->id.schema, p_.spare_relation(goes->id.schema, goes->id.name, "swap")});
      out.push_back(fmt::format("SELECT pg_catalog.setval({}, last_value, is_called) FROM {}", sql::quote_literal(sql::quote(body.identity_sequence)), parked));
      out.push_back("DROP SEQUENCE " + parked);
      p_.done.insert(goes->id);
    } else if (old_body.identity == Identity::none) {
      out.push_back(fmt::format("SELECT pg_catalog.setval({}, max({}), true) FROM {} HAVING max({}) IS NOT NULL", sql::quote_literal(sql::quote(body.identity_sequence)), name, sql::quote(table), name));
    }
  }
  if (old_body.identity != Identity::none) {
    const QualifiedName parked{old_body.identity_sequence.schema, p_.spare_relation(old_body.identity_sequence.schema, old_body.identity_sequence.name, "swap")};
    if (body.identity != Identity::none) {
      out.push_back(fmt::format("SELECT pg_catalog.setval({}, last_value, is_called) FROM {}", sql::quote_literal(sql::quote(body.identity_sequence)), sql::quote(parked)));
    }
    out.push_back(fmt::format("{} ALTER COLUMN {} DROP IDENTITY", alter(table), loser));
    out.push_back(fmt::format("{} ALTER COLUMN {} DROP NOT NULL", alter(table), loser));
  }
  for (const auto& [id, sequence] : target.objects) {
    const auto* owned = std::get_if<Sequence>(&sequence.body);
    if (owned && owned->owned_by == column.id) out.push_back(fmt::format("ALTER SEQUENCE {} OWNED BY {}.{}", quoted_name(id), sql::quote(table), name));
  }
  if (!direction.forward) return;  // the original has kept the rest
  append(out, dressed(object, target));
}

// What a bare column of its type lacks: settings, comment, privileges.
Statements Shadows::dressed(const Object& object, const Database& database) {
  const Column& body = std::get<Column>(object.body);
  Statements out;
  if (body.statistics_target != -1) append(out, alter_column_statistics(object.id, body.statistics_target));
  if (!body.storage.empty()) append(out, alter_column_storage(object.id, body));
  if (!body.compression.empty()) append(out, alter_column_compression(object.id, body));
  if (!body.options.empty()) append(out, alter_column_options(object.id, {}, body.options));
  append(out, describe_state(object, database));
  return out;
}

void Shadows::purge(const QualifiedName& table, const std::vector<ShadowColumn>& columns) {
  Statements statements = p_.options.synchronise == Synchronise::triggers ? drop_sync(synchronised(table)) : Statements{};
  Statements back, dress;
  std::multimap<int, Statements> added;  // in the order in which they stood
  std::vector<std::string> conditions, swapped;
  Backfill fill{table, usable_key(p_, table), "", ""};
  Grade grade = Grade::exact;
  for (const ShadowColumn& column : columns) {
    const std::string retired = sql::quote_identifier(column.retired_name);
    append(statements, drop_column(table, column, column.retired_name, p_.from));
    const Column& old_body = std::get<Column>(p_.from.objects.at(column.id).body);
    const std::string& type = column.shadow_wins ? column.retired_type : column.plain ? column.shadow_type
                                                                                      : std::get<Column>(p_.to.objects.at(column.id).body).type;
    Statements described;
    if (column.shadow_wins) {
      // It is the original again: what describes it comes with it.
      Object original = p_.from.objects.at(column.id);
      original.id = named(column, column.retired_name);
      described = dressed(original, p_.from);
      for (const QualifiedName& heir : below(table)) {
        original = p_.from.objects.at(column_id(heir.schema, heir.name, column.id.name));
        p_.moved_columns.insert(original.id);
        original.id = column_id(heir.schema, heir.name, column.retired_name);
        append(described, dressed(original, p_.from));
      }
      grade = std::max(grade, column.down_loses || column.up_changes ? Grade::data : Grade::order);
      p_.moved_columns.insert(column.id);
    }
    added.emplace(old_body.position, add_column(table, column, column.retired_name, type + (column.shadow_wins && !old_body.collation.empty() ? " COLLATE " + old_body.collation : ""), p_.from));
    append(dress, std::move(described));
    // Swapped, and only then: the current schema must not be mistaken for it.
    std::vector<std::string> swapped_state{exists(column.id), absent(named(column, column.shadow_name == column.id.name ? column.old_name : column.shadow_name))};
    if (!column.two_way()) swapped_state.push_back(negate(type_stays(column) ? old_labels(column) : column_has_type(column.id, old_body.type)));
    conditions.push_back(all_of(swapped_state));
    fill.assignments += fmt::format("{}{} = {}", fill.assignments.empty() ? "" : ", ", retired, column.kept());
    fill.pending += (fill.pending.empty() ? "" : " OR ") + differs(retired, column.kept(), type);
    swapped.push_back(exists(named(column, column.retired_name)));
  }
  for (const auto& [position, statements_of_one] : added) append(back, Statements(statements_of_one));
  append(back, std::move(dress));
  if (p_.options.synchronise == Synchronise::triggers) append(back, create_sync_triggers(synchronised(table), columns, true));
  Action action;
  action.mode = Mode::batched;
  action.backfill = fill;
  action.todo = all_of(swapped);
  Operation& refill = add(Phase::purge, "way back: fill the old column for", columns.front().id, Action{}, std::move(action));
  for (const ShadowColumn& column : columns) {
    auto& expected = refill.step.undo_preconditions;
    expected.insert(expected.end(), column.down_preconditions.begin(), column.down_preconditions.end());
    if (column.shadow_wins) expected.insert(expected.end(), column.down_refused.begin(), column.down_refused.end());
  }
  swap_.after.push_back(p_.operations.size() - 1);
  refill.after = {};
  const std::size_t filled = p_.operations.size() - 1;
  // The trigger goes first: a writer between the two would name a column that is gone. Both are one transaction.
  Operation& last = add(Phase::purge, "purge the old column for", columns.front().id, brief(std::move(statements), all_of(swapped)), brief(std::move(back), all_of(conditions)), grade);
  for (const ShadowColumn& column : columns) {
    const Column& old = std::get<Column>(p_.from.objects.at(column.id).body);
    if (!column.shadow_wins || !has_checked_domain(p_.from, old)) continue;
    last.step.undo.mode = Mode::blocking;
    last.step.notes.push_back(fmt::format("after purge a rollback writes the whole of {} under ACCESS EXCLUSIVE: {} comes back with {}, which tests its values", sql::quote(table), describe(column.id), old.type));
  }
  last.after.push_back(filled);
  for (const ShadowColumn& column : columns) {
    // The old column is of a type that goes: that one goes after it.
    const auto& needs = p_.from.objects.at(column.id).depends_on;
    const bool type_goes = std::any_of(needs.begin(), needs.end(), [&](const ObjectId& need) {
      return p_.dropped.contains(need) && (need.kind == Kind::domain || need.kind == Kind::enum_type || need.kind == Kind::composite_type || need.kind == Kind::range_type || need.kind == Kind::base_type);
    });
    if (column.shadow_wins && type_goes) last.detaches.insert(column.id);
  }
  last.step.effects = {{table, effects::LockMode::access_exclusive, effects::Work::none}};
  swap_.after.push_back(p_.operations.size() - 1);
}

}  // namespace contraflow::plan
