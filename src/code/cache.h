// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "code/query_site.h"

namespace contraflow::code {

// What was found in files of one code base, by the hash of their content: one file in the user's cache folder for each root. Thread-safe.
// A cache that cannot be read or written is none: the scan does without.
class SiteCache {
 public:
  // `key`: what the findings depend on besides the file (schema, options, the scanner's version): entries of another key are dropped.
  SiteCache(const std::filesystem::path& root, const std::string& key);

  struct Entry {
    std::vector<QuerySite> sites;
    std::string note;  // why the file was read in part or not at all
    bool operator==(const Entry&) const = default;
  };
  std::optional<Entry> find(const std::string& content_hash);
  void put(const std::string& content_hash, Entry entry);
  // Writes what is known now, where something was put.
  void save();

 private:
  std::filesystem::path file_;
  std::string key_;
  std::mutex mutex_;
  std::map<std::string, Entry> known_;
  std::set<std::string> used_;  // by this run
  bool changed_ = false;
};

}  // namespace contraflow::code
