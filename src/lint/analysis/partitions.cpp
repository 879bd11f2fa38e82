// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "lint/analysis/analyser.h"
#include "lint/analysis/partition_bound.h"
#include "lint/analysis/parts.h"

namespace contraflow::lint {

using effects::Operation;

// check_default_partition_contents(): a default partition is read, under ACCESS EXCLUSIVE, for rows that belong to the new one.
void Analyser::scan_default(const Target& parent, const PgQuery__PartitionBoundSpec& bound, std::size_t offset) {
  if (parent.known == nullptr || bound.is_default != 0) return;
  for (const QualifiedName& name : parent.known->partitions) {
    const Target partition = target(name);
    if (partition.known == nullptr || !partition.known->is_default_partition) continue;
    const Implied excluded = bound_is_excluded(*partition.known, *parent.known, bound);
    if (excluded == Implied::yes) return;
    Action& action = add(Operation::scan_default_partition, partition, offset);
    action.other = parent.shown;
    if (excluded == Implied::unknown && !partition.known->constraints.empty()) {
      action.depends = "whether a CHECK of the default partition excludes the new bound";
      action.likely = false;
    }
  }
}

// A default partition holds what no sibling takes: its CHECKs must exclude the bound of each.
Implied Analyser::default_is_implied(const Target& child, const Target& parent) const {
  Implied out = Implied::yes;
  for (const QualifiedName& name : parent.known->partitions) {
    const Relation* sibling = schema_.relations.find(name);
    if (sibling == nullptr || sibling->partition_bound.empty()) return Implied::unknown;
    try {
      const sql::ParseTree tree = sql::parse("ALTER TABLE p ATTACH PARTITION c " + sibling->partition_bound);
      const PgQuery__Node* command = tree.node(0).alter_table_stmt->cmds[0]->alter_table_cmd->def;
      const Implied excluded = bound_is_excluded(*child.known, *parent.known, *command->partition_cmd->bound);
      if (excluded != Implied::yes) out = excluded == Implied::unknown || out == Implied::unknown ? Implied::unknown : Implied::no;
    } catch (const Error&) {
      return Implied::unknown;
    }
  }
  return out;
}

void Analyser::attach_partition(const Target& parent, const PgQuery__PartitionCmd& command, std::size_t offset) {
  if (command.name == nullptr || command.bound == nullptr) return;
  const Target child = target(*command.name);
  Implied implied = Implied::no;
  if (child.known != nullptr && parent.known != nullptr && !parent.known->partition_key.empty()) {
    implied = command.bound->is_default != 0 ? default_is_implied(child, parent) : bound_is_implied(*child.known, *parent.known, *command.bound);
  }
  if (child.known == nullptr || child.known->partial) implied = Implied::unknown;
  const bool foreign = child.known != nullptr && child.known->kind == RelationKind::foreign_table;
  // A default partition's constraint is the negation of its siblings': with none there is nothing to prove.
  const bool lone_default = command.bound->is_default != 0 && parent.known != nullptr && !parent.known->partial && parent.known->partitions.empty();
  const bool free = implied == Implied::yes || foreign || lone_default;
  Action& action = add(free ? Operation::attach_partition : Operation::attach_partition_scan, child, offset);
  action.other = parent.shown;
  action.other_is_private = parent.is_private;
  if (!free && implied == Implied::unknown) {
    const bool has_checks = child.known != nullptr && std::any_of(child.known->constraints.begin(), child.known->constraints.end(), [](const auto& item) { return item.second.kind == ConstraintKind::check; });
    if (child.known == nullptr || child.known->partial || has_checks) {
      action.depends = "whether a validated CHECK of the partition implies its bound";
      action.likely = child.known == nullptr || !has_checks;
    }
  }
  // AttachPartitionEnsureIndexes(): what the parent has and the child has not is built now.
  if (parent.known != nullptr && child.known != nullptr && !child.known->partial && !foreign) {
    for (const auto& [name, index] : parent.known->indexes) {
      const bool has = std::any_of(child.known->indexes.begin(), child.known->indexes.end(), [&, &wanted = index](const auto& item) { return same_index(item.second, wanted); });
      if (has) continue;
      Action& build = add(Operation::attach_partition_index, child, offset);
      build.other = parent.shown;
      build.object = name;
      build.column = fmt::format("{}", fmt::join(index.key, ", "));
      break;
    }
    for (const auto& [name, constraint] : parent.known->constraints) {
      if (constraint.kind != ConstraintKind::foreign_key || !constraint.references) continue;
      const bool has = std::any_of(child.known->constraints.begin(), child.known->constraints.end(), [&, &wanted = constraint](const auto& item) {
        return item.second.kind == ConstraintKind::foreign_key && item.second.columns == wanted.columns && item.second.references == wanted.references;
      });
      if (has) continue;
      Action& check = add(Operation::attach_partition_scan, child, offset);
      check.other = target(*constraint.references).shown;
      check.object = name;
      check.reason = fmt::format("the parent's foreign key {} is checked", name);
    }
  }
  scan_default(parent, *command.bound, offset);
  edit(parent).partitions.insert(child.key);
  Relation& changed = edit(child);
  changed.partition_of = parent.key;
  changed.is_default_partition = command.bound->is_default != 0;
}

void Analyser::detach_partition(const Target& parent, const PgQuery__PartitionCmd& command, std::size_t offset) {
  if (command.name == nullptr) return;
  const Target child = target(*command.name);
  Action& action = add(command.concurrent != 0 ? Operation::detach_partition_concurrently : Operation::detach_partition, parent, offset);
  action.other = child.shown;
  action.other_is_private = child.is_private;
  if (command.concurrent != 0) narrow(action, 14);
  // ATDetachCheckNoForeignKeyRefs(): no row may reference one of the partition's.
  for (const QualifiedName& name : parent.known == nullptr ? std::set<QualifiedName>() : parent.known->referenced_by) {
    const Target referencing = target(name);
    if (command.concurrent != 0 || referencing.is_private || child.is_private) continue;
    Action& check = add(Operation::detach_partition_referenced, referencing, offset);
    check.other = parent.shown;
    check.object = sql::quote(child.shown);
  }
  edit(parent).partitions.erase(child.key);
  edit(child).partition_of.reset();
}

void Analyser::create_partition(const Target& parent, const Target& child, const PgQuery__PartitionBoundSpec& bound, std::size_t offset) {
  Action& action = add(Operation::create_partition, parent, offset);
  action.other = child.shown;
  scan_default(parent, bound, offset);
  edit(parent).partitions.insert(child.key);
  Relation& made = edit(child);
  made.partition_of = parent.key;
  made.is_default_partition = bound.is_default != 0;
  if (const Relation* known = schema_.relations.find(parent.key)) {
    made.columns.insert(known->columns.begin(), known->columns.end());
    made.constraints.insert(known->constraints.begin(), known->constraints.end());
  }
}

}  // namespace contraflow::lint
