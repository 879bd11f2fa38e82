// SPDX-License-Identifier: Apache-2.0
#include "lint/session.h"

#include <charconv>
#include <cmath>

#include "base/text.h"

namespace contraflow::lint {

effects::LockMode Action::lock(int major) const {
  const effects::LockMode own = locks ? effects::lock_of(operation, major) : effects::LockMode::none;
  return std::max(own, held);
}

std::optional<long long> Session::milliseconds(std::string text) {
  text = std::string(trim(text));
  std::size_t digits = 0;
  while (digits < text.size() && ((text[digits] >= '0' && text[digits] <= '9') || text[digits] == '.')) ++digits;
  if (digits == 0 || digits > 15) return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, number);
  if (error != std::errc() || end != text.data() + digits) return std::nullopt;
  const std::string unit(trim(std::string_view(text).substr(digits)));
  static const std::map<std::string, double, std::less<>> kUnits{{"", 1}, {"us", 0.001}, {"ms", 1}, {"s", 1000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  const auto unit_of = kUnits.find(unit);
  if (unit_of == kUnits.end()) return std::nullopt;
  return std::llround(number * unit_of->second);
}

const HeldLock* Transaction::strongest(const QualifiedName& key) const {
  const HeldLock* found = nullptr;
  for (const HeldLock& lock : locks) {
    if (lock.key == key && (found == nullptr || lock.mode > found->mode)) found = &lock;
  }
  return found;
}

}  // namespace contraflow::lint
