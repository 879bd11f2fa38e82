// SPDX-License-Identifier: Apache-2.0
#include "code/cache.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "code/site_json.h"

namespace contraflow::code {

namespace fs = std::filesystem;

SiteCache::SiteCache(const fs::path& root, const std::string& key) : key_(sha256(key)) {
  std::error_code ignored;
  const fs::path folder = cache_folder();
  if (folder.empty()) return;
  file_ = folder / "queries" / (sha256(fs::canonical(root, ignored).string()).substr(0, 32) + ".cbor");
  if (!fs::exists(file_, ignored)) return;
  // Written by an older version, cut short, or of another schema: no cache.
  try {
    const nlohmann::json json = nlohmann::json::from_cbor(read_file(file_));
    if (json.at("key") != key_) return;
    for (const auto& [hash, entry] : json.at("files").items()) {
      Entry known{.note = entry.at("note")};
      for (const auto& site : entry.at("sites")) known.sites.push_back(site_of_json(site));
      known_.emplace(hash, std::move(known));
    }
  } catch (const nlohmann::json::exception&) {
    known_.clear();
  } catch (const Error&) {
    known_.clear();
  }
}

std::optional<SiteCache::Entry> SiteCache::find(const std::string& content_hash) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto it = known_.find(content_hash);
  if (it == known_.end()) return std::nullopt;
  used_.insert(content_hash);
  return it->second;
}

void SiteCache::put(const std::string& content_hash, Entry entry) {
  const std::lock_guard<std::mutex> lock(mutex_);
  used_.insert(content_hash);
  known_.insert_or_assign(content_hash, std::move(entry));
  changed_ = true;
}

void SiteCache::save() {
  if (file_.empty() || !changed_) return;
  // What files held in earlier states is of use on another branch, and not for ever.
  constexpr std::size_t kMost = 20'000;
  if (known_.size() > kMost) std::erase_if(known_, [&](const auto& entry) { return !used_.contains(entry.first); });
  nlohmann::json json;
  json["key"] = key_;
  auto& files = json["files"] = nlohmann::json::object();
  for (const auto& [hash, entry] : known_) {
    auto& one = files[hash];
    one["note"] = entry.note;
    auto& sites = one["sites"] = nlohmann::json::array();
    for (const QuerySite& site : entry.sites) sites.push_back(nlohmann::json(site_json(site)));
  }
  const std::vector<std::uint8_t> bytes = nlohmann::json::to_cbor(json);
  try {
    write_file(file_, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  } catch (const Error&) {
    // A cache folder that cannot be written costs time, nothing else.
  }
}

}  // namespace contraflow::code
