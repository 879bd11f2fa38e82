// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace contraflow::catalog {

// Storage parameters and FDW options: name -> value, with the interface of a map. They keep the order in
// which the catalog has them, because a new object is to get them in this order; two that differ in order
// only are equal.
class Options {
 public:
  using value_type = std::pair<std::string, std::string>;
  using iterator = std::vector<value_type>::iterator;
  using const_iterator = std::vector<value_type>::const_iterator;

  Options() = default;
  Options(std::initializer_list<value_type> items) : items_(items) {}

  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }
  iterator begin() { return items_.begin(); }
  iterator end() { return items_.end(); }
  const_iterator begin() const { return items_.begin(); }
  const_iterator end() const { return items_.end(); }

  iterator find(std::string_view name) {
    return std::find_if(items_.begin(), items_.end(),
                        [&](const value_type& item) { return item.first == name; });
  }
  const_iterator find(std::string_view name) const {
    return std::find_if(items_.begin(), items_.end(),
                        [&](const value_type& item) { return item.first == name; });
  }
  bool contains(std::string_view name) const { return find(name) != end(); }
  std::size_t count(std::string_view name) const { return contains(name) ? 1 : 0; }
  const std::string& at(std::string_view name) const {
    const auto it = find(name);
    if (it == end()) throw std::out_of_range("no such option");
    return it->second;
  }
  std::string& operator[](std::string_view name) {
    if (const auto it = find(name); it != end()) return it->second;
    return items_.emplace_back(name, std::string()).second;
  }
  std::size_t erase(std::string_view name) {
    return std::erase_if(items_, [&](const value_type& item) { return item.first == name; });
  }
  iterator erase(const_iterator it) { return items_.erase(it); }

  bool operator==(const Options& other) const {
    return items_.size() == other.items_.size() && std::is_permutation(begin(), end(), other.begin());
  }

 private:
  std::vector<value_type> items_;
};

}  // namespace contraflow::catalog
