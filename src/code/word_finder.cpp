// SPDX-License-Identifier: Apache-2.0
#include "code/word_finder.h"

#include <algorithm>
#include <queue>

#include "base/text.h"

namespace contraflow::code {
namespace {

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || static_cast<unsigned char>(c) >= 0x80; }

}  // namespace

void WordFinder::add(std::string_view word, unsigned kinds) {
  if (word.empty()) return;
  const std::string lower = to_lower(word);
  for (Word& known : words_) {
    if (known.text == lower) {
      known.kinds |= kinds;
      return;
    }
  }
  words_.push_back({lower, kinds});
}

void WordFinder::build() {
  // Classes: 0 for bytes that no word has. Bytes that do not fit share the last class: at worst a file is read
  // for nothing.
  std::uint8_t last = 0;
  for (const Word& word : words_) {
    for (const char c : word.text) {
      std::uint8_t& slot = class_of_[static_cast<unsigned char>(c)];
      if (slot == 0) slot = last < kWidth - 1 ? ++last : last;
    }
  }
  for (unsigned char c = 'A'; c <= 'Z'; ++c) class_of_[c] = class_of_[static_cast<unsigned char>(c - 'A' + 'a')];

  std::vector<std::array<std::uint32_t, kWidth>> trie(1);
  trie[0].fill(0);
  std::vector<std::vector<Output>> outputs(1);
  for (const Word& word : words_) {
    std::uint32_t state = 0;
    for (const char c : word.text) {
      const std::uint8_t k = class_of_[static_cast<unsigned char>(c)];
      if (trie[state][k] == 0) {
        const auto fresh = static_cast<std::uint32_t>(trie.size());
        trie[state][k] = fresh;
        trie.emplace_back();
        trie.back().fill(0);
        outputs.emplace_back();
      }
      state = trie[state][k];
    }
    outputs[state].push_back({static_cast<std::uint32_t>(word.text.size()), word.kinds});
  }
  std::vector<std::uint32_t> fail(trie.size(), 0);
  std::queue<std::uint32_t> waiting;
  for (std::size_t k = 0; k < kWidth; ++k) {
    if (trie[0][k] != 0) waiting.push(trie[0][k]);
  }
  while (!waiting.empty()) {
    const std::uint32_t state = waiting.front();
    waiting.pop();
    outputs[state].insert(outputs[state].end(), outputs[fail[state]].begin(), outputs[fail[state]].end());
    for (std::size_t k = 0; k < kWidth; ++k) {
      const std::uint32_t child = trie[state][k];
      if (child == 0) {
        trie[state][k] = trie[fail[state]][k];
      } else {
        fail[child] = trie[fail[state]][k];
        waiting.push(child);
      }
    }
  }
  // States that end a word come first, so that one comparison in the loop tells them; the root keeps its number by standing for itself.
  std::vector<std::uint32_t> order(trie.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin() + 1, order.end(), [&](std::uint32_t l, std::uint32_t r) { return !outputs[l].empty() && outputs[r].empty(); });
  std::vector<std::uint32_t> number(trie.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) number[order[i]] = i;
  next_.assign(trie.size() * kWidth, 0);
  outputs_.clear();
  ends_ = 0;
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    for (std::size_t k = 0; k < kWidth; ++k) next_[i * kWidth + k] = number[trie[order[i]][k]];
    if (i == 0 || !outputs[order[i]].empty()) {
      outputs_.push_back(outputs[order[i]]);
      ends_ = i;
    }
  }
}

bool WordFinder::matches(std::string_view text, std::size_t last, std::uint32_t state, unsigned& found) const {
  bool any = false;
  for (const Output& output : outputs_[state]) {
    if ((found & output.kinds) == output.kinds) continue;
    const std::size_t begin = last + 1 - output.length;
    if (begin > 0 && is_word(text[begin - 1])) continue;
    if (last + 1 < text.size() && is_word(text[last + 1])) continue;
    found |= output.kinds;
    any = true;
  }
  return any;
}

}  // namespace contraflow::code
