// SPDX-License-Identifier: Apache-2.0
#include "agent/client_target.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace contraflow::agent {
namespace {

// Letters and long names of options that take a value, by the manual pages of PostgreSQL 14 to 18 (usql and pgcli take psql's).
std::string_view letters_with_value(const std::string& program) {
  if (program == "pg_restore") return "dfFhIjLnNpPStTU";
  if (program == "createdb") return "DElOSTUhp";
  if (program == "dropdb") return "hpU";
  return "cdfFhLopPRTUv";
}

constexpr auto kLongWithValue = std::to_array<std::string_view>({"--command", "--dbname", "--file", "--field-separator", "--host", "--log-file", "--output", "--port", "--pset", "--record-separator", "--table-attr", "--username",
                                                                 "--set", "--variable", "--format", "--jobs", "--schema", "--table", "--owner", "--encoding", "--template", "--maintenance-db", "--use-list"});

}  // namespace

ClientArguments client_arguments(const std::string& program, const std::vector<SeenWord>& words) {
  ClientArguments out;
  bool options = true;
  const auto take = [&](const std::string& name, const SeenWord& value) {
    const bool restore = program == "pg_restore";
    if (name == "c" || name == "--command") out.commands.push_back(value);
    else if (!restore && (name == "f" || name == "--file")) out.files.push_back(value);
    else if (name == "d" || name == "--dbname" || name == "--maintenance-db") out.databases.insert(out.databases.begin(), value);
    else if (name == "h" || name == "--host") out.hosts.push_back(value);
    else if (name == "p" || name == "--port") out.port = value.text;
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    const SeenWord& word = words[i];
    const auto rest = [&](std::size_t from) { return SeenWord{word.text.substr(from), word.unseen, word.hidden}; };
    const auto following = [&] { return i + 1 < words.size() ? words[++i] : SeenWord{"", true, false}; };
    if (!options || word.text.size() < 2 || word.text[0] != '-') {
      out.databases.push_back(word);
    } else if (word.text == "--") {
      options = false;
    } else if (word.text.starts_with("--")) {
      if (word.text == "--version" || word.text == "--list" || word.text.starts_with("--help")) out.only_tells = true;
      const std::size_t equal = word.text.find('=');
      if (equal != std::string::npos) take(word.text.substr(0, equal), rest(equal + 1));
      else if (std::find(kLongWithValue.begin(), kLongWithValue.end(), word.text) != kLongWithValue.end()) take(word.text, following());
    } else {
      // Letters without a value may stand together, before one that has its value in the same word or in the next: -Atc 'SELECT 1'.
      for (std::size_t at = 1; at < word.text.size(); ++at) {
        const char letter = word.text[at];
        if (letter == 'V' || letter == '?' || (letter == 'l' && program != "createdb")) out.only_tells = true;
        if (letters_with_value(program).find(letter) == std::string_view::npos) continue;
        take(std::string(1, letter), at + 1 < word.text.size() ? rest(word.text[at + 1] == '=' ? at + 2 : at + 1) : following());
        break;
      }
    }
  }
  return out;
}

}  // namespace contraflow::agent
