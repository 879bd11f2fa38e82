// SPDX-License-Identifier: Apache-2.0
#include "rehearse/patterns.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "sql/name.h"

namespace contraflow::rehearse {
namespace {

// In the order in which they are taken for a class.
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz", kCapitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", kDigits = "0123456789", kOthers = "_-. @/:+#%&=,;!?$*()'\"";
constexpr int kUsual = 8, kMost = 200;

std::string all_characters() { return std::string(kLetters) + std::string(kDigits) + std::string(kCapitals) + std::string(kOthers); }

struct NotUnderstood {};

class Maker {
 public:
  Maker(std::string_view pattern, std::string n) : pattern_(pattern), n_(std::move(n)) {}

  std::string make() {
    const std::string out = choices();
    if (at_ < pattern_.size()) throw NotUnderstood();
    return out;
  }

 private:
  bool more() const { return at_ < pattern_.size(); }
  char look(std::size_t ahead = 0) const { return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0'; }

  std::string choices() {
    std::vector<std::string> out = {sequence()};
    while (more() && look() == '|') {
      ++at_;
      out.push_back(sequence());
    }
    if (out.size() == 1) return out[0];
    std::string list;
    for (const std::string& one : out) list += (list.empty() ? "" : ", ") + one;
    return fmt::format("(ARRAY[{}])[1 + ({}) % {}]", list, n_, out.size());
  }

  std::string sequence() {
    std::vector<std::string> parts;
    std::string literal;
    const auto finish = [&] {
      if (!literal.empty()) parts.push_back(sql::quote_literal(literal));
      literal.clear();
    };
    while (more() && look() != '|' && look() != ')') {
      const char c = look();
      if (c == '^' || c == '$') {
        ++at_;
        continue;
      }
      if (c == '(') {
        ++at_;
        if (look() == '?') {
          if (look(1) != ':') throw NotUnderstood();
          at_ += 2;
        }
        const std::string inner = choices();
        if (look() != ')') throw NotUnderstood();
        ++at_;
        const auto [least, most] = repetition();
        finish();
        for (int i = 0; i < std::max(least, most == 1 ? least : std::min(1, most)); ++i) parts.push_back(inner);
        continue;
      }
      const std::string set = characters();
      if (set.empty()) continue;  // an anchor
      const auto [least, most] = repetition();
      if (set.size() == 1) {
        literal += std::string(static_cast<std::size_t>(least), set[0]);
        continue;
      }
      const int width = most < 0 ? std::max(least, kUsual) : least == 0 && most == 1 ? 0
                                                                                     : std::min(most, std::max(least, kUsual));
      if (width == 0) continue;
      finish();
      parts.push_back(varying(set, width));
    }
    finish();
    if (parts.empty()) return "''";
    std::string out;
    for (const std::string& part : parts) out += (out.empty() ? "" : " || ") + part;
    return parts.size() == 1 ? out : "(" + out + ")";
  }

  // `width` characters of the set, which tell the number in as many digits as the set has characters.
  std::string varying(const std::string& set, int width) const {
    std::string out;
    const int told = std::min(width, 6);
    if (width > told) out = sql::quote_literal(std::string(static_cast<std::size_t>(width - told), set[0]));
    long long weight = 1;
    std::vector<std::string> digits;
    for (int i = 0; i < told; ++i) {
      digits.push_back(fmt::format("substr({}, (1 + ({}) / {} % {})::int, 1)", sql::quote_literal(set), n_, weight, set.size()));
      if (weight < 1'000'000'000'000LL) weight *= static_cast<long long>(set.size());
    }
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) out += (out.empty() ? "" : " || ") + *digit;
    return out;
  }

  // One character: those that may stand there. Empty: an anchor.
  std::string characters() {
    const char c = look();
    if (c == '[') return bracket();
    ++at_;
    if (c == '.') return std::string(kLetters) + std::string(kDigits);
    if (c != '\\') {
      if (c == '*' || c == '+' || c == '?' || c == '{') throw NotUnderstood();
      return std::string(1, c);
    }
    const char escaped = look();
    ++at_;
    return class_of(escaped);
  }

  static std::string class_of(char escaped) {
    switch (escaped) {
      case 'd': return std::string(kDigits);
      case 'w': return std::string(kLetters) + std::string(kDigits);
      case 's': return " ";
      case 'D':
      case 'S': return std::string(kLetters);
      case 'W': return "-";
      case 'A':
      case 'Z':
      case 'm':
      case 'M':
      case 'y': return {};
      default: break;
    }
    if (std::string_view("nrtfvabBceuUxY0123456789").find(escaped) != std::string_view::npos || escaped == '\0') throw NotUnderstood();
    return std::string(1, escaped);
  }

  std::string bracket() {
    ++at_;
    const bool negated = look() == '^';
    if (negated) ++at_;
    std::string listed;
    bool first = true;
    while (more() && (look() != ']' || first)) {
      first = false;
      if (look() == '[' && look(1) == ':') {
        const std::size_t end = pattern_.find(":]", at_);
        if (end == std::string_view::npos) throw NotUnderstood();
        listed += named(pattern_.substr(at_ + 2, end - at_ - 2));
        at_ = end + 2;
        continue;
      }
      std::string from(1, look());
      ++at_;
      if (from == "\\") {
        from = class_of(look());
        ++at_;
      }
      if (from.size() == 1 && look() == '-' && look(1) != ']' && look(1) != '\0') {
        ++at_;
        char to = look();
        ++at_;
        if (to == '\\') to = look(), ++at_;
        for (int c = static_cast<unsigned char>(from[0]); c <= static_cast<unsigned char>(to); ++c) listed += static_cast<char>(c);
        continue;
      }
      listed += from;
    }
    if (!more()) throw NotUnderstood();
    ++at_;
    std::string out;
    for (const char c : all_characters())
      if ((listed.find(c) == std::string::npos) == negated) out += c;
    if (out.empty() && !negated && !listed.empty() && static_cast<unsigned char>(listed[0]) < 0x80) out = listed.substr(0, 1);
    if (out.empty()) throw NotUnderstood();
    // Letters and digits alone where there are any: what is legal is not always likely.
    const auto likely = [](char c) { return std::string(kOthers).find(c) == std::string::npos; };
    if (std::any_of(out.begin(), out.end(), likely)) out.erase(std::remove_if(out.begin(), out.end(), [&](char c) { return !likely(c); }), out.end());
    return out;
  }

  static std::string named(std::string_view name) {
    if (name == "alpha") return std::string(kLetters) + std::string(kCapitals);
    if (name == "digit" || name == "xdigit") return std::string(kDigits);
    if (name == "alnum") return std::string(kLetters) + std::string(kDigits) + std::string(kCapitals);
    if (name == "lower") return std::string(kLetters);
    if (name == "upper") return std::string(kCapitals);
    if (name == "space") return " ";
    throw NotUnderstood();
  }

  std::pair<int, int> repetition() {  // most < 0: any number
    std::pair<int, int> out{1, 1};
    const char c = look();
    if (c == '?') out = {0, 1};
    if (c == '*') out = {0, -1};
    if (c == '+') out = {1, -1};
    if (c == '?' || c == '*' || c == '+') {
      ++at_;
    } else if (c == '{') {
      ++at_;
      const auto number = [&] {
        if (look() < '0' || look() > '9') throw NotUnderstood();
        int value = 0;
        for (; look() >= '0' && look() <= '9' && value < 10'000; ++at_) value = value * 10 + (look() - '0');
        return value;
      };
      out.first = out.second = number();
      if (look() == ',') {
        ++at_;
        out.second = look() == '}' ? -1 : number();
      }
      if (look() != '}') throw NotUnderstood();
      ++at_;
    }
    if (look() == '?' && c != '\0' && std::string_view("?*+{").find(c) != std::string_view::npos) ++at_;  // as little as possible: no matter
    if (out.first > kMost) throw NotUnderstood();
    return out;
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  std::string n_;
};

}  // namespace

std::string text_for_pattern(std::string_view pattern, const std::string& n) {
  if (pattern.starts_with("***") || pattern.starts_with("(?")) return {};
  try {
    const std::string made = Maker(pattern, n).make();
    // Where it may begin anywhere, what tells the values apart comes first.
    return pattern.starts_with('^') || pattern.starts_with("\\A") ? made : fmt::format("({})::text || '_' || {}", n, made);
  } catch (const NotUnderstood&) {
    return {};
  }
}

std::string pattern_of_like(std::string_view like) {
  std::string out = "^";
  for (std::size_t i = 0; i < like.size(); ++i) {
    const char c = like[i];
    if (c == '%') out += ".*";
    else if (c == '_') out += ".";
    else {
      const char plain = c == '\\' && i + 1 < like.size() ? like[++i] : c;
      const bool letter = (plain >= 'a' && plain <= 'z') || (plain >= 'A' && plain <= 'Z') || (plain >= '0' && plain <= '9') || static_cast<unsigned char>(plain) >= 0x80;
      out += letter ? std::string(1, plain) : std::string{'\\', plain};
    }
  }
  return out + "$";
}

std::optional<std::string> string_value(std::string_view token) {
  const bool escapes = !token.empty() && (token.front() == 'E' || token.front() == 'e');
  if (escapes) token.remove_prefix(1);
  if (token.size() < 2 || token.front() != '\'' || token.back() != '\'') return std::nullopt;
  token = token.substr(1, token.size() - 2);
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '\'' || (escapes && token[i] == '\\')) ++i;  // doubled
    if (i < token.size()) out += token[i];
  }
  return out;
}

}  // namespace contraflow::rehearse
