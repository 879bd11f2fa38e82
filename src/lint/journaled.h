// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "sql/name.h"

namespace contraflow::lint {

// Objects by name, with a way back: ROLLBACK TO a savepoint undoes what was assumed since. An object is copied on its first change after a
// mark, so that a mark costs nothing and a folder of thousands of tables is never copied.
template <class T>
class Journaled {
 public:
  using Map = std::map<sql::QualifiedName, std::shared_ptr<const T>>;

  const T* find(const sql::QualifiedName& name) const {
    const auto it = objects_.find(name);
    return it == objects_.end() ? nullptr : it->second.get();
  }
  const Map& all() const { return objects_; }

  // The object, made where there is none. The reference is good until the next mark.
  T& edit(const sql::QualifiedName& name) {
    std::shared_ptr<const T>& place = objects_[name];
    const bool first = !marks_.empty() && marks_.back().touched.insert(name).second;
    if (first) log_.emplace_back(name, place);
    if (place == nullptr || first) place = place == nullptr ? std::make_shared<T>() : std::make_shared<T>(*place);
    if (changed_.empty() || changed_.back() != name) changed_.push_back(name);
    return const_cast<T&>(*place);  // made by make_shared<T> here, never a const object
  }
  void erase(const sql::QualifiedName& name) {
    const auto it = objects_.find(name);
    if (it == objects_.end()) return;
    if (!marks_.empty() && marks_.back().touched.insert(name).second) log_.emplace_back(name, std::move(it->second));
    objects_.erase(it);
  }

  // Calls visit(name, object) for what was edited, or put back, since the last call and is there: for those who keep an index.
  template <class Visit>
  void take_changed(const Visit& visit) {
    std::sort(changed_.begin(), changed_.end());
    changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
    for (const sql::QualifiedName& name : changed_) {
      if (const T* object = find(name)) visit(name, *object);
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
    while (log_.size() > marks_.back().log_size) {
      auto& [name, old] = log_.back();
      changed_.push_back(name);
      if (old == nullptr) {
        objects_.erase(name);
      } else {
        objects_[name] = std::move(old);
      }
      log_.pop_back();
    }
    keep();
  }

 private:
  Map objects_;
  std::vector<sql::QualifiedName> changed_;
  std::vector<std::pair<sql::QualifiedName, std::shared_ptr<const T>>> log_;
  struct Mark {
    std::size_t log_size = 0;
    std::set<sql::QualifiedName> touched;  // logged since this mark
  };
  std::vector<Mark> marks_;
};

}  // namespace contraflow::lint
