// SPDX-License-Identifier: Apache-2.0
//
// A column that goes: out of the application's way in contract, with its data until purge.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "catalog/alter.h"
#include "catalog/ddl.h"
#include "plan/strategies/column_parts.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

// A constraint or a unique index of the column says what values its rows may hold: the same value in all of them is not safe.
bool values_are_constrained(const Database& database, const ObjectId& id) {
  const auto names = [&](const std::vector<std::string>& columns) { return std::find(columns.begin(), columns.end(), id.name) != columns.end(); };
  for (const Object* member : Planner::members(database, ObjectId{Kind::table, id.schema, "", id.relation, ""})) {
    if (const auto* constraint = std::get_if<Constraint>(&member->body); constraint && constraint->type != ConstraintType::not_null && names(constraint->columns)) return true;
    if (const auto* index = std::get_if<Index>(&member->body); index && index->unique && (names(index->columns) || member->depends_on.contains(id))) return true;
  }
  return false;
}

// Everything that the generated column reads stays as it is, or goes: then it can stand under another name until purge.
bool may_stand_retired(const Planner& p, const ObjectId& id) {
  const std::set<ObjectId>& reads = p.from.objects.at(id).depends_on;
  return std::all_of(reads.begin(), reads.end(), [&](const ObjectId& read) {
    const bool renamed = std::any_of(p.renames.begin(), p.renames.end(), [&](const diff::Rename& rename) { return rename.to == read; });
    if (read.kind == Kind::column && p.dropped.contains(read)) return read.relation == id.relation && read.schema == id.schema;
    return !renamed && !p.replaced.contains(read) && !(p.altered.contains(read) && read.kind != Kind::table);
  });
}

}  // namespace

void retire_column(Planner& p, const ObjectId& id) {
  const Object& object = p.from.objects.at(id);
  const Column& column = std::get<Column>(object.body);
  const std::string target = column_target(p.from, id);
  const std::string quoted = sql::quote_identifier(id.name);
  const bool foreign = p.from.find(ObjectId{Kind::foreign_table, id.schema, "", id.relation, ""}) != nullptr;
  std::set<ObjectId> gone = Planner::with_copies(p.from, id);
  // A table that leaves its parents keeps its copy as its own until that one goes, and so does a partition.
  std::vector<std::size_t> after;
  for (const auto& [table, left] : p.leaves_parent) {
    if (gone.erase(column_id(table.schema, table.name, id.name)) != 0) after.push_back(left);
  }
  for (const auto& [table, left] : p.leaves_partition) {
    const auto* body = p.to.find_body<Table>(table);
    if ((body && body->partition_of) || gone.erase(column_id(table.schema, table.name, id.name)) == 0) continue;
    after.push_back(left);
  }
  gone.insert(id);
  const std::set<ObjectId> copies = gone;
  Statements sequences, owned;
  // A sequence that the column owns goes with it.
  for (auto it = p.from.objects.lower_bound(ObjectId{Kind::sequence, "", "", "", ""});
       it != p.from.objects.end() && it->first.kind == Kind::sequence; ++it) {
    const auto& sequence = std::get<Sequence>(it->second.body);
    if (sequence.owned_by != id || p.to.find(it->first) || !p.take(it->first)) continue;
    gone.insert(it->first);
    Object free = it->second;
    std::get<Sequence>(free.body).owned_by.reset();
    for (std::string& statement : create_all(free, p.from)) sequences.push_back(std::move(statement));
    for (std::string& statement : alter_sequence(it->first, std::get<Sequence>(free.body), sequence)) owned.push_back(std::move(statement));
  }
  const bool bare_not_null = column.not_null && column.default_expression.empty() && column.identity == Identity::none &&
                             column.generated == Generated::none && !column.not_null_inherited && !foreign;
  const std::string neutral = bare_not_null && !values_are_constrained(p.from, id) ? neutral_value(p.from, column) : std::string();
  const auto add_back = [&](const std::string& name) {
    ObjectId renamed = id;
    renamed.name = name;
    Object copy = object;
    copy.id = renamed;
    // It comes back without its contents: rows that are there hold NULL, and NOT NULL, where it has no default, is proven afterwards.
    auto& body = std::get<Column>(copy.body);
    body.local = true;
    const bool bare = body.default_expression.empty() && body.identity == Identity::none;
    if (name != id.name && bare) body.not_null = false;
    if (bare) body.default_expression = neutral;
    // Its contents are lost: where it may hold NULL its default is for new rows alone, and is not computed for those that are there.
    std::string later;
    if (!bare && !body.not_null && body.generated == Generated::none && body.identity == Identity::none) std::swap(later, body.default_expression);
    Statements out = sequences;
    Statements whole = create_all(copy, p.from);
    out.insert(out.end(), whole.begin(), whole.end());
    if (!later.empty()) out.push_back(fmt::format("{} ALTER COLUMN {} SET DEFAULT {}", target, sql::quote_identifier(name), later));
    if (bare && !neutral.empty()) out.push_back(fmt::format("{} ALTER COLUMN {} DROP DEFAULT", target, sql::quote_identifier(name)));
    return out;
  };
  const auto own = [&](Statements statements, const std::string& name) {
    for (const std::string& statement : owned) {
      statements.push_back(name == id.name ? statement
                                           : fmt::format("ALTER SEQUENCE {} OWNED BY {}.{}", quoted_name(*std::find_if(gone.begin(), gone.end(), [](const ObjectId& g) { return g.kind == Kind::sequence; })),
                                                         sql::quote(QualifiedName{id.schema, id.relation}), sql::quote_identifier(name)));
    }
    return statements;
  };
  const bool computed = column.generated != Generated::none;
  const auto bring_back = [&](const std::string& name, std::string todo) {
    Action action = brief(own(add_back(name), name), std::move(todo));
    if (column.generated == Generated::stored) action.mode = Mode::blocking;  // computes every row
    return action;
  };
  const Grade lost = computed ? Grade::order : Grade::data;
  const std::string loss = computed ? fmt::format("going back from here, {} is computed anew", describe(id)) + (column.generated == Generated::stored ? ": the table is written under ACCESS EXCLUSIVE" : "")
                                    : fmt::format("the contents of {} are lost from here on", describe(id));
  if (foreign || (computed && !may_stand_retired(p, id))) {
    // Nothing is lost: the values are computed (or live elsewhere).
    Operation& operation = p.add(Phase::contract, "drop", id, brief({fmt::format("{} DROP COLUMN IF EXISTS {}", target, quoted)}), bring_back(id.name, absent(id)), Grade::order);
    operation.removes = gone;
    operation.after = after;
    return;
  }
  // Heirs that keep the column: a rename of it would reach them, and so would the drop, but with ONLY.
  const auto keepers = std::count_if(copies.begin(), copies.end(), [&](const ObjectId& copy) { return copy != id && p.to.find(copy); });
  if (keepers > 0) {
    if (keepers + 1 != static_cast<std::ptrdiff_t>(copies.size())) {
      p.refuse(fmt::format("{} goes from the parent and from some of the tables that inherit it, but not from all: not supported", describe(id)));
      return;
    }
    const std::string only = fmt::format("ALTER TABLE ONLY {} DROP COLUMN IF EXISTS {}", sql::quote(QualifiedName{id.schema, id.relation}), quoted);
    Operation& operation = p.add(Phase::contract, "drop", id, brief({only}), bring_back(id.name, absent(id)), lost);
    operation.removes = {id};
    operation.after = after;
    operation.step.notes.push_back(loss + "; the tables that inherited it keep it as their own, also after a rollback where they have grown beyond 1 MiB or have children");
    return;
  }
  const bool in_key = std::any_of(p.from.objects.begin(), p.from.objects.end(), [&](const auto& entry) {
    if (entry.first.kind != Kind::constraint || entry.first.schema != id.schema || entry.first.relation != id.relation) return false;
    const auto& constraint = std::get<Constraint>(entry.second.body);
    return constraint.type == ConstraintType::primary_key &&
           std::find(constraint.columns.begin(), constraint.columns.end(), id.name) != constraint.columns.end();
  });
  if (bare_not_null) {
    // The next version of the application no longer writes it. The primary key's columns keep NOT NULL as long as it does.
    const std::size_t first = p.operations.size();
    const auto given = p.options.fill.find(option_key(id));
    const std::string value = given != p.options.fill.end() ? given->second : neutral;
    drop_not_null(p, in_key ? Phase::contract : Phase::expand, id, value.empty(), value);
    note_rows_without_value(p, id, value, "keep it from being NOT NULL again on the way back, which warns");
    for (std::size_t i = first; i < p.operations.size(); ++i) {
      p.operations[i].detaches.erase(id);
      after.push_back(i);
    }
  }
  const std::string retired = p.spare_column(id.schema, id.relation, id.name, "retired");
  const ObjectId retired_id = column_id(id.schema, id.relation, retired);
  if (p.options.drops == Drops::direct) {
    Operation& operation = p.add(Phase::contract, "drop", id, brief({fmt::format("{} DROP COLUMN IF EXISTS {}", target, quoted)}),
                                 bring_back(id.name, absent(id)), lost);
    operation.removes = gone;
    operation.after = after;
    return;
  }
  const std::string quoted_retired = sql::quote_identifier(retired);
  Operation& retire = p.add(Phase::contract, "retire", id,
                            brief({fmt::format("{} RENAME COLUMN {} TO {}", target, quoted, quoted_retired)}, all_of({exists(id), absent(retired_id)})),
                            brief({fmt::format("{} RENAME COLUMN {} TO {}", target, quoted_retired, quoted)}, exists(retired_id)));
  retire.removes = copies;
  retire.after.insert(retire.after.end(), after.begin(), after.end());
  retire.step.effects = {{{id.schema, id.relation}, effects::LockMode::access_exclusive, effects::Work::none}};
  const std::size_t retired_at = p.operations.size() - 1;
  if (computed) {
    // What it is computed from may have other names until then: it comes back here, not on the way back from purge.
    Operation& again = p.add(Phase::contract, "way back: compute", id, Action{}, bring_back(id.name, all_of({absent(id), absent(retired_id)})));
    again.removes = copies;
    again.groupable = false;
    again.after.push_back(retired_at);
  }
  Operation& purge = p.add(Phase::purge, "purge", id,
                           brief({fmt::format("{} DROP COLUMN IF EXISTS {}", target, quoted_retired)}),
                           computed ? Action{} : bring_back(retired, all_of({absent(retired_id), absent(id)})), lost);
  purge.after.push_back(retired_at);
  // What it reads may be retired beside it, so this removes nothing that would hold that up.
  if (computed) p.purged_generated.emplace_back(id, p.operations.size() - 1);
  else purge.removes = gone;
  purge.step.effects = {{{id.schema, id.relation}, effects::LockMode::access_exclusive, effects::Work::none}};
  purge.step.notes.push_back(loss);
  if (bare_not_null) {
    purge.step.notes.push_back(neutral.empty() ? fmt::format("going back from here, {} comes back without NOT NULL where the table has rows: they hold NULL in it", describe(id))
                                               : fmt::format("going back from here, the rows hold {} in {}", neutral, describe(id)));
  }
}

void order_around_generated(Planner& p) {
  for (const auto& [generated, purge] : p.purged_generated) {
    const std::set<ObjectId>& reads = p.from.objects.at(generated).depends_on;
    for (std::size_t i = 0; i < p.operations.size(); ++i) {
      Operation& operation = p.operations[i];
      const bool needed = std::any_of(operation.removes.begin(), operation.removes.end(), [&](const ObjectId& gone) {
        return reads.contains(gone) && (gone.kind != Kind::column || operation.step.phase == Phase::purge);
      });
      if (needed && i != purge) operation.after.push_back(purge);
    }
  }
}

}  // namespace contraflow::plan
