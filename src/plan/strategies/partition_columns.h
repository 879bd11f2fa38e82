// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plan/planner.h"

namespace contraflow::plan {

// ATTACH wants the columns of the parent in the table, no more and no less, and INHERIT wants them all. What if columns change in the same plan?

// Refuses where a column of the parent gets another name: for a time the parent has both.
void refuse_renamed_columns(Planner& planner, const catalog::ObjectId& table, const sql::QualifiedName& parent);
// Refuses a move between parents while columns of one of the three come or go: what one parent wants the other may not have.
void refuse_other_columns(Planner& planner, const catalog::ObjectId& partition, const sql::QualifiedName& old_parent, const sql::QualifiedName& new_parent);

// A column that the parent loses is still there when the table is attached: the table has it, or gets it for the time, and it goes with the parent's. The operations, which come before the
// attachment. Refuses where the table's rows would have nothing for it.
std::vector<std::size_t> lend_leaving_columns(Planner& planner, const catalog::ObjectId& table, const sql::QualifiedName& parent);

// A column that the parent gets comes before the attachment where the table has it, otherwise after it, from the parent; one that the table alone has is purged before. `attach`: the index of
// an operation; another one than an attachment changes nothing.
void order_columns_around(Planner& planner, std::size_t attach);

}  // namespace contraflow::plan
