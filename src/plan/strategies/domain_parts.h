// SPDX-License-Identifier: Apache-2.0
//
// What hangs on a domain, and the domain as a whole: with its CHECKs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/planner.h"

namespace contraflow::plan {

// Tables and materialized views whose rows a CHECK or NOT NULL of the domain is tested on: columns of it, or of a domain over it.
std::vector<QualifiedName> users_of_domain(const Planner& planner, const ObjectId& domain);

// A column that holds values of the domain inside an array, a composite or a range: what tests the domain's rows refuses then, even without any
// (typecmds.c, get_rels_with_domain -> find_composite_type_dependencies).
std::optional<ObjectId> holds_inside(const Planner& planner, const ObjectId& domain);

// Its CHECKs, by name.
std::vector<const Object*> checks_of_domain(const Database& database, const ObjectId& domain);

// The type under another name; a domain with its CHECKs, which read no row as long as no column has it.
Statements make_type_as(const Database& database, const ObjectId& type, const std::string& name);

// Holds while the domain is as in `database`: base type, NOT NULL, CHECKs.
std::string domain_is(const Database& database, const ObjectId& domain);

// True for values (an expression of the base type) that a CHECK or NOT NULL of the domain in `database` refuses, which it lacks in `before`. Empty where it has no further ones.
std::string refused_by_domain(const Database& before, const Database& database, const ObjectId& domain, const std::string& value);

// A value of the exchanged type (`type_of_value`: it, or an array of it) as `target`, which is its other form: by its text, or, for a domain, by the base type.
std::string through_base(const Planner& planner, const ObjectId& type, const std::string& value, const std::string& type_of_value, const std::string& target, bool back);

// A new CHECK or NOT NULL of the domain would be tested under SHARE on large tables, or not at all because arrays hold its values; tables and columns of a new domain, which are exchanged for
// those of the old one, are tested row by row as they are filled.
bool tested_by_exchange(const Planner& planner, const ObjectId& domain);

}  // namespace contraflow::plan
