// SPDX-License-Identifier: Apache-2.0
#include "sql/dynamic.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "base/utf8.h"
#include "sql/direct_parser.h"
#include "sql/nesting.h"

namespace contraflow::sql {
namespace {

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || static_cast<unsigned char>(c) >= 0x80; }
bool is_letter(char c) { return is_word(c) && !(c >= '0' && c <= '9'); }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

enum class Region { plain,
                    string,
                    name,
                    ignored };  // ignored: comments and dollar quotes

struct Span {
  Region region;
  std::size_t begin, end;
};

// Where quotes and comments are. Holes have no width that could hide a quote: the text is the program's own.
std::vector<Span> regions(std::string_view text) {
  std::vector<Span> out;
  std::size_t i = 0, plain = 0;
  const auto push = [&](Region region, std::size_t begin, std::size_t end) {
    if (begin > plain) out.push_back({Region::plain, plain, begin});
    out.push_back({region, begin, end});
    plain = i = end;
  };
  while (i < text.size()) {
    const char c = text[i];
    if (c == '\'' || c == '"') {
      const bool escapes = c == '\'' && i > 0 && (text[i - 1] == 'E' || text[i - 1] == 'e') && (i < 2 || !is_word(text[i - 2]));
      std::size_t end = i + 1;
      while (end < text.size()) {
        if (escapes && text[end] == '\\') {
          end += 2;
          continue;
        }
        if (text[end] == c) {
          if (end + 1 < text.size() && text[end + 1] == c) {
            end += 2;
            continue;
          }
          break;
        }
        ++end;
      }
      push(c == '"' ? Region::name : Region::string, i, std::min(end + 1, text.size()));
    } else if (c == '-' && text.substr(i, 2) == "--") {
      push(Region::ignored, i, std::min(text.find('\n', i), text.size()));
    } else if (c == '/' && text.substr(i, 2) == "/*") {
      int depth = 0;
      std::size_t end = i;
      do {
        if (text.substr(end, 2) == "/*") {
          ++depth;
          end += 2;
        } else if (text.substr(end, 2) == "*/") {
          --depth;
          end += 2;
        } else {
          ++end;
        }
      } while (depth > 0 && end < text.size());
      push(Region::ignored, i, std::min(end, text.size()));
    } else if (c == '$' && (i == 0 || !is_word(text[i - 1]))) {
      std::size_t tag = i + 1;
      while (tag < text.size() && is_word(text[tag])) ++tag;
      const bool opens = tag < text.size() && text[tag] == '$' && (tag == i + 1 || is_letter(text[i + 1]));
      const std::size_t close = opens ? text.find(text.substr(i, tag + 1 - i), tag + 1) : std::string_view::npos;
      if (close == std::string_view::npos) {
        ++i;
      } else {
        push(Region::ignored, i, close + (tag + 1 - i));
      }
    } else {
      ++i;
    }
  }
  if (text.size() > plain) out.push_back({Region::plain, plain, text.size()});
  return out;
}

struct Candidate {
  std::size_t begin = 0, end = 0;  // what it replaces
  std::vector<std::string> texts;  // to try in turn; "$" stands for the parameter
  std::size_t chosen = 0;
  bool certain = false;  // the first text is no guess
  std::string name;      // placeholders of one name share a parameter
};

std::string word_before(std::string_view text, std::size_t offset) {
  while (offset > 0 && is_space(text[offset - 1])) --offset;
  std::size_t begin = offset;
  while (begin > 0 && is_word(text[begin - 1])) --begin;
  return to_lower(text.substr(begin, offset - begin));
}

char character_before(std::string_view text, std::size_t offset) {
  while (offset > 0 && is_space(text[offset - 1])) --offset;
  return offset > 0 ? text[offset - 1] : '\0';
}

template <std::size_t N>
bool one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// A hole between tokens: what stands before it says what it can be.
Candidate bare(std::string_view text, const Hole& hole) {
  static constexpr std::array<std::string_view, 9> kNames{"from", "join", "into", "update", "table", "only", "as", "using", "truncate"};
  static constexpr std::array<std::string_view, 12> kClauses{"where", "and", "or", "on", "having", "by", "select", "returning", "distinct", "not", "when", "all"};
  Candidate out{.begin = hole.begin, .end = hole.end};
  const char left = hole.begin > 0 ? text[hole.begin - 1] : ' ';
  const char right = hole.end < text.size() ? text[hole.end] : ' ';
  const std::string word = word_before(text, hole.begin);
  if (hole.value) {
    out.texts = {"$", " ", "contraflow_name", " = "};  // such tags take fragments as well, made elsewhere
    out.certain = true;
    return out;
  }
  if (is_word(left) || is_word(right)) {
    out.texts = {"_contraflow", "1", " "};  // a part of a name
  } else if (left == '.' || right == '.' || one_of(word, kNames)) {
    out.texts = {" contraflow_name ", "$", " "};
    if (left == '.' || right == '.') out.texts[0] = "contraflow_name";
  } else if (hole.fragment) {
    out.texts = {" ", "$", "contraflow_name", "($)", "contraflow_name = NULL"};
  } else if (word == "values" || word == "in") {
    out.texts = {"($)", "$"};
    out.certain = word == "in";
  } else if (word == "set") {
    out.texts = {"contraflow_name = NULL", "$"};
  } else if (one_of(word, kClauses) && word != "and") {
    out.texts = {"$", " ", "contraflow_name"};
  } else {
    out.texts = {"$", " ", "contraflow_name", "($)", ", contraflow_name = NULL"};
    const char before = character_before(text, hole.begin);
    static constexpr std::string_view kValueAfter = "=<>(,+-*/|~@%[";
    out.certain = kValueAfter.find(before) != std::string_view::npos || word == "limit" || word == "offset" || word == "like" ||
                  word == "ilike" || word == "between" || word == "and" || word == "then" || word == "else";
  }
  return out;
}

// A hole inside of a literal: the whole literal is the value. `interval '${n} days'` becomes `$1::interval`.
Candidate quoted(std::string_view text, const Span& span) {
  static constexpr std::array<std::string_view, 5> kTypes{"interval", "timestamp", "timestamptz", "date", "time"};
  Candidate out{.begin = span.begin, .end = span.end, .texts = {"$"}, .certain = true};
  if (out.begin > 0 && (text[out.begin - 1] == 'E' || text[out.begin - 1] == 'e') && (out.begin < 2 || !is_word(text[out.begin - 2]))) --out.begin;
  const std::string word = word_before(text, out.begin);
  if (one_of(word, kTypes)) {
    std::size_t begin = out.begin;
    while (begin > 0 && is_space(text[begin - 1])) --begin;
    out.begin = begin - word.size();
    out.texts = {"$::" + word};
  }
  return out;
}

const Span& span_at(const std::vector<Span>& spans, std::size_t offset) {
  auto it = std::upper_bound(spans.begin(), spans.end(), offset, [](std::size_t o, const Span& s) { return o < s.begin; });
  if (it != spans.begin()) --it;
  // Between a quote that ends here and plain text that begins here the hole is outside; at its very begin it is not inside either.
  if (it->region != Region::plain && offset == it->begin && it != spans.begin()) --it;
  return *it;
}

std::vector<Candidate> candidates_of(std::string_view text, const std::vector<Hole>& holes, const std::vector<Span>& spans) {
  std::vector<Candidate> out;
  for (const Hole& hole : holes) {
    const Span* span = spans.empty() ? nullptr : &span_at(spans, hole.begin);
    const bool inside = span != nullptr && span->region != Region::plain && hole.begin > span->begin && hole.begin < span->end;
    if (!inside) {
      out.push_back(bare(text, hole));
    } else if (span->region == Region::string) {
      if (!out.empty() && out.back().end == span->end) continue;  // a second hole in the same literal
      out.push_back(quoted(text, *span));
    } else if (span->region == Region::name) {
      const bool whole = hole.begin == span->begin + 1 && hole.end + 1 == span->end;
      out.push_back({.begin = hole.begin, .end = hole.end, .texts = {whole ? "contraflow_name" : "contraflow"}});
    } else {
      out.push_back({.begin = hole.begin, .end = hole.end, .texts = {" "}, .certain = true});
    }
  }
  return out;
}

// Placeholders of drivers in the plain parts.
void add_placeholders(std::string_view text, const std::vector<Span>& spans, std::vector<Hole>& holes, std::map<std::size_t, std::string>& names,
                      bool all, bool at_names) {
  const auto add = [&](std::size_t begin, std::size_t end, bool value, std::string name) {
    for (const Hole& hole : holes) {
      if (hole.begin < end && begin < hole.end) return;
    }
    holes.push_back({begin, end, value, false});
    if (!name.empty()) names[begin] = std::move(name);
  };
  for (const Span& span : spans) {
    if (span.region == Region::ignored) continue;
    const bool plain = span.region == Region::plain;
    for (std::size_t i = span.begin; i < span.end; ++i) {
      const char c = text[i];
      const char next = i + 1 < text.size() ? text[i + 1] : '\0';
      const char before = i > 0 ? text[i - 1] : ' ';
      std::size_t end = i + 1;
      if (plain && at_names && c == '@' && is_letter(next) && (is_space(before) || before == '(' || before == ',' || before == '=')) {
        while (end < text.size() && is_word(text[end])) ++end;
        add(i, end, true, std::string(text.substr(i, end - i)));
      } else if (plain && c == '?' && next >= '1' && next <= '9' && before != '?' && before != '@') {  // JPA's ?1: no operator of PostgreSQL's takes a number so
        while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
        add(i, end, true, std::string(text.substr(i, end - i)));
      } else if (!all) {
        continue;
      } else if (plain && c == '?' && next != '|' && next != '&' && next != '?' && before != '@') {
        add(i, end, true, "");
      } else if (plain && c == ':' && before != ':' && is_letter(next)) {
        while (end < text.size() && is_word(text[end])) ++end;
        add(i, end, true, std::string(text.substr(i, end - i)));
      } else if (c == '%' && (next == 's' || next == 'd' || next == 'v' || next == 'q') && !is_word(i + 2 < text.size() ? text[i + 2] : ' ')) {
        end = i + 2;
        add(i, end, false, {});
      } else if (c == '%' && (next == '(' || next == '[')) {
        const std::size_t close = text.find(next == '(' ? ')' : ']', i);
        if (close != std::string_view::npos && close + 1 < text.size() && is_letter(text[close + 1])) {
          end = close + 2;
          add(i, end, next == '(', std::string(text.substr(i, end - i)));
        }
      } else if (plain && c == '{' && next == '{') {  // {{name::type}}
        const std::size_t close = text.find("}}", i);
        if (close != std::string_view::npos) {
          end = close + 2;
          add(i, end, true, std::string(text.substr(i, end - i)));
        }
      } else if (c == '{' && (next == '}' || is_word(next))) {
        const std::size_t close = text.find('}', i);
        if (close != std::string_view::npos) {
          end = close + 1;
          add(i, end, false, {});
        }
      }
      i = end - 1;
    }
  }
  std::sort(holes.begin(), holes.end(), [](const Hole& l, const Hole& r) { return l.begin < r.begin; });
}

int highest_parameter(std::string_view text, const std::vector<Span>& spans) {
  int highest = 0;
  for (const Span& span : spans) {
    if (span.region != Region::plain) continue;
    for (std::size_t i = span.begin; i + 1 < span.end; ++i) {
      if (text[i] != '$') continue;
      int number = 0;
      for (std::size_t d = i + 1; d < span.end && text[d] >= '0' && text[d] <= '9' && number < 10000; ++d) number = number * 10 + (text[d] - '0');
      highest = std::max(highest, number);
    }
  }
  return highest;
}

struct Attempt {
  DynamicStatement statement;
  std::vector<std::size_t> begins;  // of each candidate in the statement's text
};

Attempt assemble(std::string_view text, const std::vector<Candidate>& candidates, int first_parameter) {
  Attempt out;
  int last = first_parameter;
  std::map<std::string, int> numbers;
  std::size_t copied = 0;
  for (const Candidate& candidate : candidates) {
    std::string replacement = candidate.texts[candidate.chosen];
    if (const std::size_t dollar = replacement.find('$'); dollar != std::string::npos) {
      int number = 0;
      if (!candidate.name.empty()) {
        number = numbers.try_emplace(candidate.name, last + 1).first->second;
        last = std::max(last, number);
      } else {
        number = ++last;
      }
      replacement.replace(dollar, 1, fmt::format("${}", number));
    }
    out.statement.text.append(text.substr(copied, candidate.begin - copied));
    out.begins.push_back(out.statement.text.size());
    // A parameter must not run into a word: `LIMIT${n}`.
    if (replacement[0] == '$' && candidate.begin > 0 && is_word(text[candidate.begin - 1]) && candidate.begin == candidate.end) replacement.insert(0, " ");
    out.statement.text += replacement;
    out.statement.edits.push_back({candidate.begin, candidate.end, replacement});
    out.statement.certain &= candidate.certain && candidate.chosen == 0;
    copied = candidate.end;
  }
  out.statement.text.append(text.substr(copied));
  out.statement.parameters = last;
  return out;
}

struct Complaint {
  std::size_t offset = 0;  // bytes
  bool alias_missing = false;
};

// What the parser says against the text; nothing where it parses.
std::optional<Complaint> parser_complaint(const std::string& text) {
  if (const auto deep = nests_deeper_than(text, 1'000)) return Complaint{*deep};
  DirectTree tree;
  const auto error = tree.parse(text.c_str());
  if (!error) return std::nullopt;
  return Complaint{byte_of_character(text, error->cursorpos > 0 ? static_cast<std::size_t>(error->cursorpos - 1) : text.size()),
                   std::string_view(error->message).ends_with("in FROM must have an alias")};
}

// PostgreSQL takes `FROM (SELECT …)` without a name from 16 on, the parser here does not: one is put behind the parenthesis that opens at `open`.
bool add_alias(std::vector<Candidate>& candidates, std::string_view text, std::size_t open) {
  int depth = 0;
  for (const Span& span : regions(text)) {
    if (span.region != Region::plain) continue;
    for (std::size_t i = std::max(span.begin, open); i < span.end; ++i) {
      depth += text[i] == '(' ? 1 : text[i] == ')' ? -1
                                                   : 0;
      if (depth > 0 || i < open) continue;
      if (text[i] != ')') return false;
      const auto at = std::lower_bound(candidates.begin(), candidates.end(), i + 1, [](const Candidate& candidate, std::size_t begin) { return candidate.begin < begin; });
      candidates.insert(at, {.begin = i + 1, .end = i + 1, .texts = {fmt::format(" AS contraflow_{}", candidates.size())}, .certain = true});
      return true;
    }
  }
  return false;
}

std::optional<DynamicStatement> settle(std::string_view text, std::vector<Candidate> candidates, int first_parameter) {
  for (int tries = 0; tries < 24; ++tries) {
    Attempt attempt = assemble(text, candidates, first_parameter);
    const auto complaint = parser_complaint(attempt.statement.text);
    if (!complaint) return std::move(attempt.statement);
    if (complaint->alias_missing && add_alias(candidates, text, original_offset(attempt.statement.edits, complaint->offset))) continue;
    // The last hole at or before the complaint that has another reading left.
    std::size_t at = candidates.size();
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (attempt.begins[i] <= complaint->offset && candidates[i].chosen + 1 < candidates[i].texts.size()) at = i;
    }
    if (at == candidates.size()) return std::nullopt;
    ++candidates[at].chosen;
  }
  return std::nullopt;
}

}  // namespace

std::optional<DynamicStatement> read_dynamic(std::string_view text, const std::vector<Hole>& given, const DynamicOptions& options) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::vector<Span> spans = regions(text);
  const int first = highest_parameter(text, spans);
  for (const bool all : {false, true}) {
    std::vector<Hole> holes = given;
    std::map<std::size_t, std::string> names;
    add_placeholders(text, spans, holes, names, all, options.at_names);
    if (all && holes.size() == given.size()) break;  // nothing more to try
    std::vector<Candidate> candidates = candidates_of(text, holes, spans);
    for (Candidate& candidate : candidates) {
      if (const auto it = names.find(candidate.begin); it != names.end()) candidate.name = it->second;
    }
    if (auto statement = settle(text, std::move(candidates), first)) return statement;
  }
  return std::nullopt;
}

}  // namespace contraflow::sql
