// SPDX-License-Identifier: Apache-2.0
//
// Tables whose rows the server does not let anyone update, because of the publications that they are in.
#pragma once

#include <optional>
#include <string>

#include "plan/planner.h"

namespace contraflow::plan {

// Why an UPDATE of the table's rows fails ("publication feed filters …"); nothing where it does not. The server asks this of each partition (CheckCmdReplicaIdentity() in execReplication.c).
std::optional<std::string> refuses_updates(const Planner& p, const QualifiedName& table);

// Steps that fill rows of such a table by UPDATE cannot run.
void refuse_updates_of_published(Planner& p);

}  // namespace contraflow::plan
