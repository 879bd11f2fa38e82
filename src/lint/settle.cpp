// SPDX-License-Identifier: Apache-2.0
//
// From what the rules said of a file to what is reported: places, sizes, suppressions, order.
#include <fmt/format.h>

#include <algorithm>

#include "base/pattern.h"
#include "base/text.h"
#include "base/utf8.h"
#include "catalog/source_scan.h"
#include "lint/walker.h"

namespace contraflow::lint {
namespace {

constexpr long long kSmallBytes = 1024LL * 1024;  // as in plans: what takes milliseconds under any lock

struct Allowance {
  std::string rule;
  std::size_t offset = 0;
  bool whole_file = false;
  std::size_t begin = 0, end = 0;  // of the statement that it is for
  bool used = false;
};

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at < text.size();) {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
    std::size_t end = at;
    while (end < text.size() && text[end] != ' ' && text[end] != '\t' && text[end] != '\r') ++end;
    if (end > at) out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

Finding plain(const char* rule, std::size_t offset, std::string message, std::string fix) {
  Finding out;
  out.rule = find_rule(rule);
  out.severity = out.rule->severity;
  out.offset = offset;
  out.message = std::move(message);
  out.fix = std::move(fix);
  return out;
}

class Settler {
 public:
  Settler(std::vector<Finding>& findings, const Input& input, const CheckOptions& options, const Sizes& sizes, const std::vector<std::pair<std::size_t, std::size_t>>& spans, Report& report)
      : findings_(findings), input_(input), options_(options), sizes_(sizes), spans_(spans), report_(report), text_(input.text_shown.empty() ? input.file->text : input.text_shown) {}

  void run() {
    by_size();
    if (input_.in_plan) by_step();
    if (text_.find("contraflow:") != std::string_view::npos) {
      read_allowances();
      suppress();
    }
    by_path();
    place(in_order());
  }

 private:
  void by_size() {
    if (!options_.have_stats) return;
    for (Finding& finding : findings_) {
      if (finding.relation.empty() || (finding.rule->category != Category::lock && finding.rule->category != Category::brief_lock && finding.rule->category != Category::data)) continue;
      const RelationStats* stats = sizes_.find(finding.relation);
      if (stats == nullptr) continue;
      finding.size = stats->rows >= 0 ? fmt::format("{} rows", static_cast<long long>(stats->rows)) : "";
      if (stats->bytes >= 0) finding.size += fmt::format("{}{}", finding.size.empty() ? "" : ", ", bytes_text(stats->bytes));
      const bool small = stats->bytes >= 0 ? stats->bytes <= kSmallBytes : stats->rows >= 0 && stats->rows <= 1'000;
      if (small) finding.severity = Severity::info;
    }
  }

  // The planner knew types, partitions and sizes that the files alone do not show: that a step is brief stands until --schema shows them here, too.
  // That a step blocks, the plan says itself, and its reader decides.
  void by_step() {
    std::vector<std::pair<std::size_t, std::string>> modes;
    for (std::size_t at = text_.find("-- contraflow: step "); at != std::string_view::npos; at = text_.find("-- contraflow: step ", at + 1)) {
      const std::string_view line = text_.substr(at, text_.find('\n', at) - at);
      const std::size_t mode = line.find(" mode=");
      if (mode != std::string_view::npos) modes.emplace_back(at, std::string(line.substr(mode + 6, line.find_first_of(" \r", mode + 6) - mode - 6)));
    }
    for (Finding& finding : findings_) {
      const bool about_work = finding.rule->category == Category::lock || std::string_view(finding.rule->name) == "work-under-lock";
      if (!about_work || finding.severity != Severity::error) continue;
      std::string mode;
      for (const auto& [offset, name] : modes) {
        if (offset < finding.offset) mode = name;
      }
      if (mode == "brief" && options_.schema == nullptr) {
        finding.severity = Severity::info;
        finding.depends = "the plan, which knew the schema, says that the step is brief: judge it with --schema";
      } else if (mode == "blocking") {
        finding.severity = Severity::warning;
        finding.depends = "how large the table is: the plan says that this step blocks (allowed by --allow-blocking, or the only way back)";
      }
    }
  }

  static std::string bytes_text(long long bytes) {
    constexpr const char* kUnits[] = {"bytes", "kB", "MB", "GB", "TB"};
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < std::size(kUnits)) value /= 1024, ++unit;
    return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.{}f} {}", value, value < 10 ? 1 : 0, kUnits[unit]);
  }

  void read_allowances() {
    catalog::SqlScanner scanner(text_);
    for (catalog::Token token = scanner.next(); token.kind != catalog::TokenKind::end; token = scanner.next()) {
      if (token.kind != catalog::TokenKind::comment) continue;
      std::string_view comment = scanner.text(token);
      if (!comment.starts_with("--")) continue;
      comment = trim(comment.substr(2));
      if (!comment.starts_with("contraflow:")) continue;
      const std::vector<std::string_view> words = words_of(comment.substr(11));
      if (words.empty() || (words[0] != "allow" && words[0] != "allow-file")) continue;
      if (words.size() < 2 || find_rule(words[1]) == nullptr) {
        std::vector<std::string> names;
        for (const Rule* rule : rules()) names.emplace_back(rule->name);
        const std::string near = words.size() < 2 ? std::string() : nearest(words[1], names);
        extra_.push_back(plain("suppression-without-reason", token.begin, words.size() < 2 ? "the comment names no rule" : fmt::format("there is no rule {}", words[1]),
                               near.empty() ? "-- contraflow: allow RULE reason" : fmt::format("did you mean {}?", near)));
        continue;
      }
      if (words.size() < 3) {
        extra_.push_back(plain("suppression-without-reason", token.begin, fmt::format("{} is allowed without a reason", words[1]), fmt::format("-- contraflow: allow {} why it is safe here", words[1])));
        continue;
      }
      Allowance allowance;
      allowance.rule = words[1];
      allowance.offset = token.begin;
      allowance.whole_file = words[0] == "allow-file";
      if (!allowance.whole_file) attach(allowance);
      allowances_.push_back(std::move(allowance));
    }
  }

  // To the statement that it stands in or behind on the same line, else to the next one.
  void attach(Allowance& allowance) const {
    for (const auto& [begin, end] : spans_) {
      const std::size_t line_end = std::min(text_.find('\n', end), text_.size());
      if (allowance.offset > line_end) continue;
      allowance.begin = begin;
      allowance.end = end;
      return;
    }
  }

  void suppress() {
    std::erase_if(findings_, [&](const Finding& finding) {
      for (Allowance& allowance : allowances_) {
        if (allowance.rule != finding.rule->name) continue;
        const bool here = allowance.whole_file || (finding.statement_end > 0 && finding.statement_begin == allowance.begin && finding.statement_end == allowance.end);
        if (!here) continue;
        allowance.used = true;
        ++report_.suppressed;
        return true;
      }
      return false;
    });
    for (const Allowance& allowance : allowances_) {
      if (allowance.used) continue;
      extra_.push_back(plain("unused-suppression", allowance.offset, fmt::format("nothing here needs that {} is allowed", allowance.rule), "remove the comment"));
    }
    for (Finding& finding : extra_) {
      if (options_.disabled.contains(finding.rule->name)) continue;
      finding.versions = options_.majors;
      findings_.push_back(std::move(finding));
    }
  }

  void by_path() {
    for (const auto& [pattern, disabled] : options_.disabled_paths) {
      if (!matches_pattern(input_.file->name, pattern)) continue;
      std::erase_if(findings_, [this, &disabled = disabled](const Finding& finding) {  // clang 14 captures no structured bindings
        const bool gone = disabled.empty() || disabled.contains(finding.rule->name);
        if (gone) ++report_.suppressed;
        return gone;
      });
    }
  }

  // Findings are large: not they are sorted, but where they are.
  std::vector<Finding*> in_order() {
    std::vector<Finding*> out;
    out.reserve(findings_.size());
    for (Finding& finding : findings_) out.push_back(&finding);
    const auto earlier = [](const Finding* left, const Finding* right) { return left->offset < right->offset; };
    if (!std::is_sorted(out.begin(), out.end(), earlier)) std::stable_sort(out.begin(), out.end(), earlier);
    return out;
  }

  // Their lines and columns, whereupon they go to the report.
  void place(const std::vector<Finding*>& findings) {
    std::vector<Finding>& all = report_.findings;
    if (all.capacity() < all.size() + findings.size()) all.reserve(std::max(2 * all.capacity(), all.size() + findings.size()));
    std::size_t at = 0, line_begin = 0;
    int line = 1;
    for (Finding* each : findings) {
      Finding& finding = *each;
      const std::size_t offset = std::min(finding.offset, text_.size());
      for (std::size_t newline = text_.find('\n', at); newline < offset; newline = text_.find('\n', at)) {
        ++line;
        at = line_begin = newline + 1;
      }
      finding.file = input_.file->name;
      finding.line = line;
      finding.column = static_cast<int>(count_characters(text_.substr(line_begin, offset - line_begin))) + 1;
      std::string_view source = text_.substr(line_begin, std::min(text_.find('\n', line_begin), text_.size()) - line_begin);
      if (source.ends_with('\r')) source.remove_suffix(1);
      if (source.size() > 4'000) source = source.substr(0, 4'000);
      finding.source_line = source;
      all.push_back(std::move(finding));
    }
  }

  std::vector<Finding>& findings_;
  const Input& input_;
  const CheckOptions& options_;
  const Sizes& sizes_;
  const std::vector<std::pair<std::size_t, std::size_t>>& spans_;
  Report& report_;
  std::string_view text_;
  std::vector<Allowance> allowances_;
  std::vector<Finding> extra_;
};

}  // namespace

Sizes::Sizes(const CheckOptions& options) {
  for (const auto& [name, size] : options.stats) {
    qualified_[quoted(name)] = &size;
    bare_[sql::quote_identifier(name.name)] = &size;
  }
}

const RelationStats* Sizes::find(const std::string& relation) const {
  const auto& sizes = relation.find('.') == std::string::npos ? bare_ : qualified_;
  const auto it = sizes.find(relation);
  return it == sizes.end() ? nullptr : it->second;
}

void settle(std::vector<Finding>& findings, const Input& input, const CheckOptions& options, const Sizes& sizes, const std::vector<std::pair<std::size_t, std::size_t>>& spans, Report& report) {
  Settler(findings, input, options, sizes, spans, report).run();
}

}  // namespace contraflow::lint
