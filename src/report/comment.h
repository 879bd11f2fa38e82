// SPDX-License-Identifier: Apache-2.0
//
// Markdown for a comment on a pull request: nothing of SQL or of servers opens tags, ends cells or mentions people, and the whole stays below GitHub's limit.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace contraflow::report {

inline constexpr std::size_t kCommentLimit = 65'536;  // characters

std::string comment_text(std::string_view text);
std::string comment_sql(std::string_view text);  // a fenced block
std::string comment_folded(const std::string& title, const std::string& body);
// Rows of a table while they fit into half of a comment, and how many are left out.
std::string comment_rows(const std::vector<std::string>& rows, std::string_view what);
// The head, and of the blocks those that fit; `elsewhere` says where the others are: "`contraflow check --format text` has them".
std::string comment(const std::string& head, const std::vector<std::string>& blocks, std::string_view elsewhere);

}  // namespace contraflow::report
