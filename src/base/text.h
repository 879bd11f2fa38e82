// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace contraflow {

std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::vector<std::string> split(std::string_view text, char separator);
// Lines without their "\n" or "\r\n"; a last line without a line end counts, an empty rest does not.
std::vector<std::string> split_lines(std::string_view text);
std::string_view trim(std::string_view text);  // blanks, tabs and line ends on both sides
std::string to_lower(
    std::string_view text);  // ASCII only, as the server folds identifiers in UTF-8 databases
std::string replace_all(std::string_view text, std::string_view from, std::string_view to);
std::string indent(std::string_view text, int spaces);  // every line that is not empty

// Order in which people number files: runs of digits by their value, everything else by byte. "2_x" < "10_x".
bool natural_less(std::string_view left, std::string_view right);

// "1 step", "2 steps"; `many` where the plural is irregular.
std::string count_of(long long count, std::string_view one, std::string_view many = {});

// Insertions, deletions and replacements of bytes that lead from one to the other.
std::size_t edit_distance(std::string_view left, std::string_view right);

// The candidate that is nearest to `word` (edit distance at most a third of its length), or empty: for "did
// you mean".
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace contraflow
