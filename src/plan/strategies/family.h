// SPDX-License-Identifier: Apache-2.0
//
// A relation with everything that is part of it, and the same under other names: what stands beside the original until the two are exchanged.
#pragma once

#include <initializer_list>
#include <map>
#include <set>
#include <vector>

#include "plan/planner.h"

namespace contraflow::plan {

using RelationNames = std::map<QualifiedName, QualifiedName>;  // name in the schema -> spare name
QualifiedName mapped(const RelationNames& names, const QualifiedName& name);

// A table with its partitions at every level, or a materialized view, and their members, in one of the two schemas.
struct Family {
  const Database& database;
  std::vector<ObjectId> relations;  // parents before partitions
  std::vector<const Object*> members;

  Family(const Database& schema, const ObjectId& root);
  std::set<ObjectId> ids() const;
  // Everything of it that has a name of its own in its schema: relations, indexes, the sequences of identities.
  std::vector<QualifiedName> names() const;
  std::vector<const Object*> of_kinds(std::initializer_list<Kind> kinds) const;
};

// The whole schema with the family under its spare names.
Database under_names(const Family& family, const RelationNames& names);
// RENAME of every part of a family that has a spare name: `away` from its own name, or back to it.
Statements rename_family(const Family& family, const RelationNames& names, bool away);

}  // namespace contraflow::plan
