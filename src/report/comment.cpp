// SPDX-License-Identifier: Apache-2.0
#include "report/comment.h"

#include <fmt/format.h>

#include "base/text.h"
#include "base/utf8.h"

namespace contraflow::report {

std::string comment_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '|' || c == '`' || c == '*' || c == '_' || c == '[' || c == ']' || c == '#' || c == '@')
      (out += '\\') += c;
    else if (c == '\n' || c == '\r')
      out += ' ';
    else
      out += c;
  }
  return out;
}

std::string comment_sql(std::string_view text) {
  std::string fence = "```";
  while (text.find(fence) != std::string_view::npos) fence += '`';
  return fence + "sql\n" + std::string(trim(text)) + "\n" + fence + "\n";
}

std::string comment_folded(const std::string& title, const std::string& body) { return fmt::format("<details><summary>{}</summary>\n\n{}\n</details>\n\n", title, body); }

std::string comment_rows(const std::vector<std::string>& rows, std::string_view what) {
  std::string out;
  std::size_t length = 0, shown = 0;
  for (const std::string& row : rows) {
    length += count_characters(row);
    if (length > kCommentLimit / 2) break;
    out += row;
    ++shown;
  }
  if (shown < rows.size()) out += fmt::format("\n{} left out here.\n", count_of(static_cast<long long>(rows.size() - shown), what));
  return out;
}

std::string comment(const std::string& head, const std::vector<std::string>& blocks, std::string_view elsewhere) {
  std::string out = head;
  std::size_t length = count_characters(head), left_out = 0;
  for (const std::string& block : blocks) {
    const std::size_t more = count_characters(block);
    if (length + more + 200 > kCommentLimit) {
      ++left_out;
      continue;
    }
    out += block;
    length += more;
  }
  if (left_out > 0) out += fmt::format("_{} left out to stay below {} characters: {}._\n", count_of(static_cast<long long>(left_out), "section"), kCommentLimit, elsewhere);
  if (count_characters(out) > kCommentLimit) out = out.substr(0, byte_of_character(out, kCommentLimit - 20)) + "\n…\n";
  return out;
}

}  // namespace contraflow::report
