// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "catalog/model.h"
#include "pg/connection.h"

namespace contraflow::rehearse {

struct Reference {
  std::vector<std::string> columns;
  sql::QualifiedName table;
  std::vector<std::string> referenced;
};

struct TableToFill {
  sql::QualifiedName name;
  const catalog::Table* table = nullptr;
  std::vector<std::pair<std::string, const catalog::Column*>> columns;  // in order, generated ones left out
  std::vector<std::pair<std::string, const catalog::Column*>> generated;
  std::vector<Reference> references;
  std::vector<std::vector<std::string>> unique;  // column sets
  std::vector<std::string> conditions;           // checks and the partition's bound

  const catalog::Column* find(const std::string& column) const;
  bool is_unique(const std::string& column) const;
  bool may_be_null(const Reference& reference) const;  // all of its columns
};
using TablesToFill = std::map<sql::QualifiedName, TableToFill>;

// Referenced tables first, a partitioned table after its partitions. Of a circle the reference that may be NULL waits, else any.
std::vector<sql::QualifiedName> in_order_of_references(const TablesToFill& tables);

// References of rows that were made before the rows that they refer to: these get what they refer to afterwards.
class LateReferences {
 public:
  explicit LateReferences(pg::Connection& connection, const TablesToFill& tables) : connection_(connection), tables_(tables) {}

  // `shared`: columns of it that another reference of the table decides. `nulls`: SQL over the row number n, true where it stays NULL; empty: nowhere.
  void add(const sql::QualifiedName& table, const Reference& reference, std::set<std::string> shared, std::string nulls);

  // Points them to rows that are there; then takes away, or sets to NULL, what still refers to nothing, until nothing does. How many rows went.
  long long settle();

 private:
  struct Late {
    sql::QualifiedName table;
    const Reference* reference;
    std::set<std::string> shared;
    std::string nulls;
  };
  void point(const Late& late);
  long long clear(const sql::QualifiedName& table, const Reference& reference);

  pg::Connection& connection_;
  const TablesToFill& tables_;
  std::vector<Late> late_;
};

}  // namespace contraflow::rehearse
