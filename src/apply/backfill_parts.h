// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "apply/journal.h"
#include "apply/session.h"
#include "plan/plan.h"

namespace contraflow::apply {

// Where the rows of a backfill lie, and how they are cut into ranges.

// The OIDs of the relations that the backfill reads and writes: progress of a table that was dropped and made again is none.
std::string identity_of(pg::Connection& connection, const plan::Backfill& backfill);

// The whole work: each table that holds rows (partitions, children), cut into `pieces` disjoint parts of about the same size. Upper bounds are what
// is there now: rows that come later are the trigger's.
std::vector<Part> parts_of(pg::Connection& connection, const plan::Backfill& backfill, int pieces);

// Estimated rows of all tables; 0 where they were never analyzed.
long long expected_rows(pg::Connection& connection, const plan::Backfill& backfill);

// "(id > 17 OR true) AND id <= 42": the rows above `lower` and up to `upper` of the part's relation.
std::string range_condition(const Part& part, const std::vector<std::string>& lower, const std::vector<std::string>& upper);

// The upper end of the range that begins above `lower` and holds `size` rows (blocks/50 where the part has no key), at most the part's own.
std::vector<std::string> next_bound(pg::Connection& connection, const Part& part, const std::vector<std::string>& lower, long long size);

// How much of the part lies below `reached`, 0 to 1: for keys that are numbers, and blocks; -1 otherwise.
double fraction_of(const std::vector<std::string>& lower, const std::vector<std::string>& upper, const std::vector<std::string>& reached);

std::string describe(const Part& part);

}  // namespace contraflow::apply
