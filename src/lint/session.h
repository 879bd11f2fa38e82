// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lint/action.h"

namespace contraflow::lint {

// Settings that statements of the session gave; empty: what the server has, which is not known.
struct Session {
  std::optional<long long> lock_timeout_ms;  // 0: no timeout
  std::optional<long long> statement_timeout_ms;
  std::optional<std::string> time_zone;
  std::vector<std::string> search_path = {"public"};
  bool search_path_set = false;

  // Time units as in guc.c: "2s", "500", "1min"; nothing where it is none.
  static std::optional<long long> milliseconds(std::string text);
};

// A lock that an earlier statement of the transaction took and that is held until it ends.
struct HeldLock {
  QualifiedName relation;
  QualifiedName key;
  effects::LockMode mode{};
  int line = 0;
  std::string by;  // "ADD COLUMN"
};

struct Transaction {
  bool explicit_block = false;  // BEGIN … COMMIT; else the runner's
  int line = 0;                 // of BEGIN
  std::size_t offset = 0;
  std::vector<HeldLock> locks;
  std::vector<std::pair<QualifiedName, std::string>> not_valid;  // constraints added NOT VALID in it
  std::map<std::string, int> enum_values;                        // added in it: "type.value" -> line
  int ddl_line = 0;                                              // of the first statement that changed a table others use
  int data_line = 0;                                             // of the first that changed rows of one
  int statements = 0;
  bool fails = false;                     // a statement of it is refused in any transaction
  std::vector<QualifiedName> referenced;  // tables locked because a foreign key points at them

  const HeldLock* strongest(const QualifiedName& key) const;
};

}  // namespace contraflow::lint
