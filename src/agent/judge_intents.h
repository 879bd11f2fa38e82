// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "catalog/model.h"
#include "intent/intent.h"

namespace contraflow::agent {

struct JudgedIntents {
  std::vector<intent::Intent> intents;  // empty where anything is refused
  std::vector<std::string> refused;     // a sentence each, for whoever wrote them
};

// Intents that a model wrote. All of the text has to be intents of the grammar that this schema allows, and SQL within them (types, defaults, conditions) has to be
// one expression over the table's columns that calls PostgreSQL's own harmless functions: no statement, no query, no function that reads files, settings or other databases.
JudgedIntents judge_intents(const std::string& text, const catalog::Database& database);

}  // namespace contraflow::agent
