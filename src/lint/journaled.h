// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "sql/name.h"

namespace contraflow::lint {

// Every rule asks for relations by name: names are short, and eight bytes of them are taken at a time.
struct HashOfName {
  std::size_t operator()(const sql::QualifiedName& name) const noexcept { return mixed(mixed(0, name.schema), name.name); }

 private:
  static std::uint64_t mixed(std::uint64_t hash, std::string_view text) noexcept {
    const auto take = [&hash](std::uint64_t word) {
      hash = (hash ^ word) * 0x9E3779B97F4A7C15ULL;
      hash ^= hash >> 32U;
    };
    while (text.size() >= sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data(), sizeof word);
      take(word);
      text.remove_prefix(sizeof word);
    }
    std::uint64_t rest = text.size();
    for (const char c : text) rest = rest << 8U | static_cast<unsigned char>(c);
    take(rest);
    return hash;
  }
};

// Objects by name, with a way back: ROLLBACK TO a savepoint undoes what was assumed since. An object is copied on its first change after a
// mark, so that a mark costs nothing and a folder of thousands of tables is never copied.
template <class T>
class Journaled {
 public:
  const T* find(const sql::QualifiedName& name) const {
    const auto it = objects_.find(name);
    return it == objects_.end() ? nullptr : it->second.object.get();
  }

  // The names of all, in order. Good until an object comes or goes.
  const std::vector<const sql::QualifiedName*>& names() const {
    if (names_.size() != objects_.size()) {
      names_.clear();
      for (const auto& entry : objects_) names_.push_back(&entry.first);
      std::sort(names_.begin(), names_.end(), [](const sql::QualifiedName* left, const sql::QualifiedName* right) { return *left < *right; });
    }
    return names_;
  }

  // The object, made where there is none. The reference is good until the next mark.
  T& edit(const sql::QualifiedName& name) {
    const auto [it, made] = objects_.try_emplace(name);
    if (made) names_.clear();
    Place& place = it->second;
    const bool first = !marks_.empty() && marks_.back().touched.insert(name).second;
    if (first) log_.emplace_back(name, place.object);
    if (place.object == nullptr || first) place.object = place.object == nullptr ? std::make_shared<T>() : std::make_shared<T>(*place.object);
    note_change(name, place);
    return const_cast<T&>(*place.object);  // made by make_shared<T> here, never a const object
  }
  void erase(const sql::QualifiedName& name) {
    const auto it = objects_.find(name);
    if (it == objects_.end()) return;
    if (!marks_.empty() && marks_.back().touched.insert(name).second) log_.emplace_back(name, std::move(it->second.object));
    names_.clear();
    objects_.erase(it);
  }

  // Calls visit(name, object) for what was edited, or put back, since the last call and is there, the first time for all: for those who keep an index. In no order.
  template <class Visit>
  void take_changed(const Visit& visit) {
    if (!noting_) {
      noting_ = true;
      for (const auto& [name, place] : objects_) visit(name, *place.object);
      return;
    }
    for (const sql::QualifiedName& name : changed_) {
      const auto it = objects_.find(name);
      if (it == objects_.end() || !it->second.changed) continue;
      it->second.changed = false;
      visit(name, *it->second.object);
    }
    changed_.clear();
  }

  void mark() { marks_.push_back({log_.size(), {}}); }
  // Forgets the latest mark; what happened since is kept (COMMIT, RELEASE).
  void keep() {
    marks_.pop_back();
    if (marks_.empty()) log_.clear();
  }
  // Back to the latest mark, which is forgotten.
  void undo() {
    names_.clear();
    while (log_.size() > marks_.back().log_size) {
      auto& [name, old] = log_.back();
      if (old == nullptr) {
        objects_.erase(name);
      } else {
        Place& place = objects_[name];
        place.object = std::move(old);
        note_change(name, place);
      }
      log_.pop_back();
    }
    keep();
  }

 private:
  struct Place {
    std::shared_ptr<const T> object;
    bool changed = false;  // its name is in changed_
  };

  void note_change(const sql::QualifiedName& name, Place& place) {
    if (noting_ && !std::exchange(place.changed, true)) changed_.push_back(name);
  }

  std::unordered_map<sql::QualifiedName, Place, HashOfName> objects_;
  mutable std::vector<const sql::QualifiedName*> names_;  // empty, or all
  bool noting_ = false;                                   // somebody has asked what changed
  std::vector<sql::QualifiedName> changed_;
  std::vector<std::pair<sql::QualifiedName, std::shared_ptr<const T>>> log_;
  struct Mark {
    std::size_t log_size = 0;
    std::unordered_set<sql::QualifiedName, HashOfName> touched;  // logged since this mark
  };
  std::vector<Mark> marks_;
};

}  // namespace contraflow::lint
