// SPDX-License-Identifier: Apache-2.0
#include "agent/direct_ddl.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/context.h"
#include "base/error.h"
#include "base/text.h"
#include "sql/statements.h"

namespace contraflow::agent {
namespace {

constexpr std::array<std::string_view, 13> kHarmless = {"select", "with", "show", "explain", "table", "values", "begin", "commit", "rollback", "set", "insert", "update", "delete"};

// Runners that change a schema by themselves, as words that follow each other in the command.
constexpr std::array<std::string_view, 22> kRunners = {"prisma migrate deploy", "prisma migrate dev", "prisma migrate reset", "prisma db push", "prisma db execute", "flyway migrate", "flyway clean", "dbmate up",
                                                       "dbmate migrate", "dbmate drop", "goose up", "goose down", "sqitch deploy", "sqitch revert", "diesel migration run", "rails db:migrate", "rake db:migrate",
                                                       "knex migrate:latest", "typeorm migration:run", "drizzle-kit push", "drizzle-kit migrate", "alembic upgrade"};
constexpr std::array<std::string_view, 6> kClients = {"psql", "pgcli", "usql", "pg_restore", "dropdb", "createdb"};

struct Shell {
  std::vector<std::string> words;
  bool joined = false;  // pipes, redirections, substitutions: what comes in cannot be seen
};

// The words of one command of a line, quotes taken off. Good enough to find options; what it cannot follow shows in `joined`.
std::vector<Shell> commands_of(const std::string& line) {
  std::vector<Shell> out(1);
  std::string word;
  bool any = false;
  const auto end = [&] {
    if (any) out.back().words.push_back(word);
    word.clear();
    any = false;
  };
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\'' || c == '"') {
      any = true;
      for (++i; i < line.size() && line[i] != c; ++i) {
        if (c == '"' && line[i] == '\\' && i + 1 < line.size()) ++i;
        else if (c == '"' && (line[i] == '`' || (line[i] == '$' && i + 1 < line.size() && line[i + 1] == '('))) out.back().joined = true;
        word += line[i];
      }
    } else if (c == '\\' && i + 1 < line.size()) {
      any = true;
      word += line[++i];
    } else if (c == ';' || c == '\n' || c == '&') {
      end();
      out.emplace_back();
    } else if (c == '|') {
      end();
      out.emplace_back();
      out.back().joined = true;
    } else if (c == '<' || c == '`' || (c == '$' && i + 1 < line.size() && line[i + 1] == '(')) {
      end();
      out.back().joined = true;
    } else if (c == '(' || c == ')') {
      end();
      out.emplace_back();
    } else if (c == ' ' || c == '\t') {
      end();
    } else {
      any = true;
      word += c;
    }
  }
  end();
  return out;
}

std::string program_of(const std::string& word) { return to_lower(word.substr(word.rfind('/') == std::string::npos ? 0 : word.rfind('/') + 1)); }

// The first statement that changes a schema, or what cannot be judged; empty: none.
std::string changing(const std::string& sql) {
  for (const std::string& line : split_lines(sql)) {
    const std::string_view text = trim(line);
    for (const char* command : {"\\i", "\\!", "\\g", "\\copy", "\\o", "\\connect", "\\c "}) {
      if (text.starts_with(command) || text.find(std::string(" ") + command) != std::string_view::npos) return std::string(text);
    }
  }
  if (trim(sql).starts_with('\\')) return "";  // \d and its like
  try {
    for (const sql::Statement& statement : sql::split_statements(sql)) {
      std::string word;
      for (const char c : statement.text) {
        if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z')) break;
        word += c;
      }
      word = to_lower(word);
      if (std::find(kHarmless.begin(), kHarmless.end(), word) == kHarmless.end()) return statement.text;
    }
  } catch (const Error&) {
    return sql;
  }
  return "";
}

bool names(const std::string& text, const std::string& part) { return !part.empty() && text.find(part) != std::string::npos; }

// "$DATABASE_URL" and "${DATABASE_URL}", but not "$DATABASE_URL_TEST".
bool names_variable(const std::string& text, const std::string& variable) {
  if (variable.empty()) return false;
  if (names(text, "${" + variable + "}") || names(text, "${" + variable + ":")) return true;
  for (std::size_t at = 0; (at = text.find("$" + variable, at)) != std::string::npos; ++at) {
    const std::size_t end = at + 1 + variable.size();
    if (end == text.size() || !(std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) return true;
  }
  return false;
}

bool is_remote(const std::string& host) { return !host.empty() && host != "localhost" && host != "127.0.0.1" && !host.starts_with('/'); }

class Judge {
 public:
  explicit Judge(const HookInput& input) : input_(input) {}

  std::optional<std::string> run() {
    if (!input_.sql.empty()) {
      const std::string found = changing(input_.sql);
      if (!found.empty()) return refusal("this statement changes the schema", found);
    }
    for (const Shell& shell : commands_of(input_.command)) {
      if (auto why = command(shell)) return why;
    }
    return std::nullopt;
  }

 private:
  static std::string refusal(const std::string& what, const std::string& shown) {
    return fmt::format("{}: {}\nThe schema of this database is changed through contraflow only: contraflow plan writes a phased plan with a way back, contraflow next says what comes then, and a person approves it (contraflow approve).", what,
                       shown_text(shown, 200));
  }

  bool reaches(const std::vector<std::string>& words) const {
    // Variables that are set for this command alone.
    std::vector<std::string> set;
    for (const std::string& word : words) {
      if (const std::size_t equal = word.find('='); equal != std::string::npos && equal > 0 && word.substr(0, equal).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == std::string::npos) set.push_back(word);
      else if (word != "env" && word != "export") break;
    }
    const std::string text = join(words, " ");
    const auto variable = [&](const std::string& name) {
      for (const std::string& one : set) {
        if (one.starts_with(name + "=")) return one.substr(name.size() + 1);
      }
      return name.empty() || !input_.environment ? std::string() : input_.environment(name.c_str());
    };
    const bool names_one = std::any_of(words.begin(), words.end(), [](const std::string& word) {
      return word.find("://") != std::string::npos || word.starts_with("-h") || word.starts_with("--host") || word.find("host=") != std::string::npos || word.starts_with("-d") || word.starts_with("--dbname") || word.find("dbname=") != std::string::npos;
    });
    return std::any_of(input_.databases.begin(), input_.databases.end(), [&](const ProtectedDatabase& one) {
      if (names(text, one.url) || names_variable(text, one.variable)) return true;
      if (is_remote(one.host) && names(text, one.host)) return true;
      // Nothing but a port or a socket tells databases of this machine apart.
      if (!is_remote(one.host) && !one.database.empty() && std::find(words.begin(), words.end(), one.database) != words.end()) return true;
      if (is_runner_) {
        const bool given = std::any_of(set.begin(), set.end(), [&](const std::string& word) { return word.starts_with((one.variable.empty() ? "DATABASE_URL" : one.variable) + "="); });
        if (!given && !names_one) return true;  // it reads its own configuration, which is this project's
        return false;
      }
      return !names_one && ((!one.host.empty() && variable("PGHOST") == one.host) || (!one.database.empty() && variable("PGDATABASE") == one.database && variable("PGHOST") == one.host) || !variable("PGSERVICE").empty());
    });
  }

  std::optional<std::string> command(const Shell& shell) {
    const std::string text = join(shell.words, " ");
    is_runner_ = false;
    for (const std::string_view runner : kRunners) {
      const std::size_t at = text.find(runner);
      if (at == std::string::npos || (at > 0 && text[at - 1] != ' ' && text[at - 1] != '/')) continue;
      is_runner_ = true;
      if (reaches(shell.words)) return refusal("this runs migrations", text);
    }
    is_runner_ = false;
    const auto client = std::find_if(shell.words.begin(), shell.words.end(), [](const std::string& word) { return std::find(kClients.begin(), kClients.end(), program_of(word)) != kClients.end(); });
    if (client == shell.words.end() || !reaches(shell.words)) return std::nullopt;
    const std::string program = program_of(*client);
    if (program == "pg_restore" || program == "dropdb" || program == "createdb") return refusal("this changes the schema", text);
    bool seen = false;
    for (auto word = client + 1; word != shell.words.end(); ++word) {
      std::string value;
      bool file = false;
      const auto option = [&](const std::string& brief, const std::string& full, bool is_file) {
        if (*word == brief || *word == full) {
          value = word + 1 == shell.words.end() ? "" : *(word + 1);
        } else if (word->starts_with(full + "=")) {
          value = word->substr(full.size() + 1);
        } else if (word->starts_with(brief) && !word->starts_with("--") && word->size() > 2) {
          value = word->substr(2);
        } else {
          // Flags may stand before it in one word: -Atc.
          if (!word->starts_with("--") && word->starts_with('-') && word->ends_with(brief.substr(1)) && word->size() > 2) value = word + 1 == shell.words.end() ? "" : *(word + 1);
          else return false;
        }
        file = is_file;
        return true;
      };
      if (*word == "-l" || *word == "--list") return std::nullopt;
      if (!option("-c", "--command", false) && !option("-f", "--file", true)) continue;
      seen = true;
      if (value.find('$') != std::string::npos) return refusal("this runs what cannot be seen", text);
      if (file) {
        const std::optional<std::string> content = input_.read_file ? input_.read_file(value) : std::nullopt;
        if (!content) return refusal("this runs a file that cannot be read", value);
        value = *content;
      }
      if (const std::string found = changing(value); !found.empty()) return refusal("this statement changes the schema", found);
    }
    if (!seen || shell.joined) return refusal("this runs what cannot be seen", text);
    return std::nullopt;
  }

  const HookInput& input_;
  bool is_runner_ = false;
};

}  // namespace

std::optional<std::string> direct_ddl(const HookInput& input) { return Judge(input).run(); }

}  // namespace contraflow::agent
