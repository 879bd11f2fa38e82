// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace contraflow::code {

// Which of many words a text contains, in one pass whatever their number (Aho and Corasick's automaton as a table). Case of ASCII letters does
// not count; a word counts only where no letter, digit or underscore touches it.
class WordFinder {
 public:
  // `kinds`: bits that a word stands for.
  void add(std::string_view word, unsigned kinds);
  void build();
  // The bits of all words found; ends early where `enough` says so of the bits so far.
  template <class Enough>
  unsigned find(std::string_view text, Enough enough) const {
    unsigned found = 0;
    std::uint32_t state = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      state = next_[state * kWidth + class_of_[static_cast<unsigned char>(text[i])]];
      if (state - 1U < ends_ && matches(text, i, state, found) && enough(found)) return found;
    }
    return found;
  }

 private:
  static constexpr std::size_t kWidth = 64;  // classes of bytes: letters without case, digits, the rest that words use

  bool matches(std::string_view text, std::size_t last, std::uint32_t state, unsigned& found) const;

  struct Word {
    std::string text;
    unsigned kinds;
  };
  struct Output {
    std::uint32_t length;
    unsigned kinds;
  };
  std::vector<Word> words_;
  std::array<std::uint8_t, 256> class_of_{};
  std::vector<std::uint32_t> next_;
  std::vector<std::vector<Output>> outputs_;  // of the states 1 to ends_, those that end a word; 0 is the root
  std::uint32_t ends_ = 0;
};

}  // namespace contraflow::code
