// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>

namespace contraflow::rehearse {

// Follows the tables of a database while a plan renames them; names are quoted and qualified.
class TableNames {
 public:
  explicit TableNames(const std::string& conninfo);
  // What they are called now: after each step.
  void look();
  // The names, and for each those that its table had at first.
  std::set<std::string> with_names_before(const std::set<std::string>& names) const;

 private:
  std::map<long long, std::string> now() const;

  std::string conninfo_;
  std::map<long long, std::string> first_;  // by OID, which a rename keeps
  std::map<std::string, std::set<std::string>> before_;
};

}  // namespace contraflow::rehearse
