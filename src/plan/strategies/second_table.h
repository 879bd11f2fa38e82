// SPDX-License-Identifier: Apache-2.0
//
// A second table stands in for the first where no ALTER leads to the new form without rewriting all rows under a lock: another partition key, a stored
// generated column, another access method … Expand makes it beside the first, with a trigger that carries every change over, backfill copies the rows,
// contract exchanges the two in one brief transaction, and the first stays in sync, out of the way, until purge. Going back is the same road the other way.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/planner.h"

namespace contraflow::plan {

// Why a table must be exchanged: the condition under which it still has its old form, and the phrase for the plan.
struct ExchangeReason {
  std::string old_form;
  std::string why;
};
// None where the table's changes need no rewrite, where it is small, or where it cannot be exchanged.
std::optional<ExchangeReason> must_exchange(const Planner& planner, const ObjectId& table);

// The exchange itself, for the transaction that also takes down and makes anew what reads the table.
struct TableExchange {
  Statements forward, undo;
  Statements forward_before, undo_before, forward_after, undo_after;  // around everything else in that transaction
  Statements undo_last;                                               // when all of that is done: columns of the first table get their old names back
  std::string todo, undo_todo;
  std::vector<Precondition> preconditions, undo_preconditions;
  std::vector<ObjectId> renamed;           // columns that have two names until then
  std::string work;                        // "rewrite": rows are copied within the transaction
  std::vector<std::size_t> before, after;  // operations
  std::set<ObjectId> joined;               // columns of other tables that change in the same transaction: a foreign key joins them to the table
  std::set<ObjectId> needs;                // of other tables, that must be there before it
  std::set<ObjectId> touches;              // have their final form afterwards
  std::set<ObjectId> carried;              // foreign keys of other tables that the exchange itself points at the new table
  std::vector<std::string> notes;
  Grade grade = Grade::exact;
};
// Adds the operations of all phases but the exchange; takes the table, its partitions and all their members.
TableExchange plan_second_table(Planner& planner, const ObjectId& table, const ExchangeReason& reason);

}  // namespace contraflow::plan
