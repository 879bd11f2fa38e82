// SPDX-License-Identifier: Apache-2.0
#include "agent/direct_ddl.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "agent/client_target.h"
#include "agent/context.h"
#include "agent/database_reach.h"
#include "agent/migration_runners.h"
#include "agent/schema_changes.h"
#include "agent/shell_line.h"
#include "agent/shell_state.h"
#include "base/text.h"

namespace contraflow::agent {
namespace {

constexpr int kMostDepth = 8;
constexpr std::size_t kMostScript = 1 << 20;

constexpr auto kClients = std::to_array<std::string_view>({"psql", "pgcli", "usql", "pg_restore", "dropdb", "createdb"});
constexpr auto kShells = std::to_array<std::string_view>({"sh", "bash", "zsh", "dash", "ksh", "ash"});
// Programs that do not run what stands in their arguments.
constexpr auto kQuiet = std::to_array<std::string_view>({"echo", "printf", "cat", "grep", "egrep", "fgrep", "rg", "ag", "ack", "sed", "head", "tail", "less", "more", "man", "which", "type", "whereis", "ls", "wc", "sort",
                                                         "uniq", "tee", "diff", "git", "gh", "touch", "mkdir", "rm", "cp", "mv", "ln", "chmod", "test", "true", "false", "sleep", "cd", "jq", "contraflow", "printenv", "apt-get"});
constexpr auto kReserved = std::to_array<std::string_view>({"if", "then", "elif", "else", "while", "until", "do", "!", "{", "time"});
constexpr auto kExports = std::to_array<std::string_view>({"export", "declare", "typeset", "local", "readonly"});
constexpr auto kInterpreters = std::to_array<std::string_view>({"python", "python3", "node", "ruby", "perl", "php", "deno", "bun", "tsx"});

// Programs that write no file which they name.
constexpr auto kReaders = std::to_array<std::string_view>({"cat", "ls", "head", "tail", "less", "more", "wc", "grep", "rg", "diff", "test", "psql", "echo", "printf", "contraflow", "stat", "file", "set", "cd"});

template <std::size_t N>
bool in(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

class Judge {
 public:
  explicit Judge(const HookInput& input) : input_(input), state_(input), reach_(input, state_) {}

  std::optional<std::string> run() {
    if (!input_.sql.empty()) {
      const std::string found = input_.surely_sql ? schema_change_in(input_.sql) : certain_schema_change_in(input_.sql);
      if (!found.empty()) return refusal("this statement changes the schema", found);
    }
    return line(input_.command, "", 0);
  }

 private:
  using Verdict = std::optional<std::string>;

  static std::string refusal(const std::string& what, const std::string& shown) {
    return fmt::format("{}: {}\nThe schema of this database is changed through contraflow only: contraflow plan writes a phased plan with a way back, contraflow next says what comes then, and a person approves it (contraflow approve).", what,
                       shown_text(shown, 200));
  }

  // `inside`: the host or container on which the line runs; empty: here.
  Verdict line(const std::string& text, const std::string& inside, int depth) {
    if (depth > kMostDepth || text.size() > kMostScript) return refusal("this is nested too deeply, or too long, to be seen through", text);
    SeenWord output;  // of the command before, where it is known
    output.unseen = true;
    for (const ShellCommand& one : shell_commands(text)) {
      SeenWord written;
      written.unseen = true;
      if (Verdict why = command(one, output, written, inside, depth)) return why;
      output = written;
    }
    return std::nullopt;
  }

  // A shell of its own, with the variables that are set for it.
  Verdict nested(const std::string& text, const Variables& own, const std::string& inside, int depth) {
    const Variables before = state_.variables;
    for (const auto& [name, value] : own) state_.variables[name] = value;
    Verdict why = line(text, inside, depth);
    state_.variables = before;
    return why;
  }

  Verdict substitutions(const ShellWord& word, const std::string& inside, int depth) {
    for (const ShellPart& part : word.parts) {
      if (part.kind != ShellPart::Kind::substitution) continue;
      if (Verdict why = line(part.value, inside, depth + 1)) return why;
    }
    return std::nullopt;
  }

  // --- one command

  Verdict command(const ShellCommand& given, const SeenWord& piped, SeenWord& written, const std::string& inside, int depth) {
    for (const ShellWord& word : given.words) {
      if (Verdict why = substitutions(word, inside, depth)) return why;
    }
    for (const auto* word : {&given.input, &given.input_file}) {
      if (!*word) continue;
      if (Verdict why = substitutions(**word, inside, depth)) return why;
    }
    Variables own;
    std::size_t at = 0;
    const auto is_word = [&](const auto& list) { return given.words[at].parts.size() == 1 && !given.words[at].parts[0].quoted && in(list, given.words[at].parts[0].value); };
    while (at < given.words.size() && is_word(kReserved)) ++at;
    for (; at < given.words.size() && is_assignment(given.words[at]); ++at) assign(own, joined(state_.expand(given.words[at], own)));
    if (at == given.words.size()) {
      for (auto& [name, value] : own) state_.variables[name] = std::move(value);
      return std::nullopt;
    }
    std::vector<SeenWord> words;
    for (; at < given.words.size(); ++at) {
      for (SeenWord& word : state_.expand(given.words[at], own)) words.push_back(std::move(word));
    }
    if (in(kExports, words[0].text)) {
      for (std::size_t i = 1; i < words.size(); ++i) {
        if (words[i].text.find('=') != std::string::npos) assign(state_.variables, words[i]);
      }
      return std::nullopt;
    }
    if ((words[0].text == "cd" || words[0].text == "pushd") && words.size() > 1) {
      state_.change_folder(words.back());
      return std::nullopt;
    }
    if (words[0].text == "for" || words[0].text == "case" || words[0].text == "select") {
      if (words.size() > 1) state_.variables.erase(words[1].text);
      return std::nullopt;
    }
    // env NAME=value …, docker run -e NAME=value …: for what stands behind.
    for (const SeenWord& word : words) {
      const std::size_t equal = word.text.find('=');
      if (equal != std::string::npos && equal > 0 && word.text.substr(0, equal).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == std::string::npos) assign(own, word);
    }
    SeenWord input{"", true, false};  // of the command
    if (given.input) input = state_.text_of(*given.input, own);
    else if (given.input_file) {
      if (const auto content = state_.file(joined(state_.expand(*given.input_file, own)))) input = {*content, false, false};
    } else if (given.piped) {
      input = piped;
    }
    if (auto known = state_.written_by(words)) written = *known;
    else if (program_of(words[0].text) == "cat" && words.size() == 1) written = input;
    Verdict why = run(words, own, input, given.piped || given.input || given.input_file, inside, depth);
    if (!in(kReaders, program_of(words[0].text))) {
      for (const SeenWord& word : words) state_.made[word.text] = std::nullopt;
    }
    if (given.output_file) state_.made[joined(state_.expand(*given.output_file, own)).text] = written.unseen || given.appends ? std::nullopt : std::optional(written.text + "\n");
    return why;
  }

  Verdict run(const std::vector<SeenWord>& words, const Variables& own, const SeenWord& input, bool fed, const std::string& inside, int depth) {
    const std::string first = program_of(words[0].text);
    if (first == "alias") {
      for (std::size_t i = 1; i < words.size(); ++i) {
        if (const std::size_t equal = words[i].text.find('='); equal != std::string::npos) aliases_[words[i].text.substr(0, equal)] = words[i].text.substr(equal + 1);
      }
      return std::nullopt;
    }
    if (const auto alias = aliases_.find(words[0].text); alias != aliases_.end()) {
      // Not again within its own text.
      const auto kept = aliases_;
      const std::string text = alias->second + " " + texts(words, 1);
      aliases_.erase(words[0].text);
      Verdict why = nested(text, own, inside, depth + 1);
      aliases_ = kept;
      return why;
    }
    if (in(kQuiet, first)) return std::nullopt;
    if (first == "builtin" || (first == "command" && words.size() > 1 && !words[1].text.starts_with('-'))) {
      if (words.size() > 1) return run({words.begin() + 1, words.end()}, own, input, fed, inside, depth);
      return std::nullopt;
    }
    if (first == "eval") return line(texts(words, 1), inside, depth + 1);
    if (first == "ssh") return over_ssh(words, depth);
    if ((first == "source" || first == ".") && words.size() > 1) {
      const auto content = state_.file(words[1]);
      return content ? line(*content, inside, depth + 1) : std::nullopt;
    }
    if (Verdict why = package_script(words, own, inside, depth)) return why;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::string program = program_of(words[i].text);
      if (in(kShells, program) || ((program == "su" || program == "runuser") && i == 0)) return shell({words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end()}, program.ends_with("sh"), own, input, within(words, i, inside), depth);
      if (in(kInterpreters, program)) {
        if (Verdict why = code({words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end()}, input)) return why;
      }
      if (in(kClients, program)) return client(program, {words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end()}, own, input, fed, within(words, i, inside), texts(words));
    }
    // A script that is named by its path.
    if (words[0].text.find('/') != std::string::npos) {
      const auto content = state_.file(words[0]);
      if (content && content->starts_with("#!") && content->substr(0, content->find('\n')).find("sh") != std::string::npos) return nested(*content, own, inside, depth + 1);
    }
    return runner(words, own);
  }

  // docker exec db psql, kubectl exec pg-0 -- psql: in whose place it runs.
  static std::string within(const std::vector<SeenWord>& words, std::size_t client, const std::string& inside) {
    for (std::size_t i = 0; i + 1 < client; ++i) {
      const std::string program = program_of(words[i].text);
      if (program != "docker" && program != "podman" && program != "kubectl" && program != "nerdctl" && program != "docker-compose") continue;
      const std::string before = words[client - 1].text;
      return before == "--" && client >= 2 ? words[client - 2].text : before;
    }
    return inside;
  }

  Verdict over_ssh(const std::vector<SeenWord>& words, int depth) {
    std::size_t i = 1;
    for (; i < words.size() && words[i].text.starts_with('-'); ++i) {
      if (words[i].text.size() == 2 && std::string("bcDEeFIiJLlmOopQRSWw").find(words[i].text[1]) != std::string::npos) ++i;
    }
    if (i + 1 >= words.size()) return std::nullopt;
    std::string host = words[i].text;
    if (const std::size_t at = host.find('@'); at != std::string::npos) host = host.substr(at + 1);
    return nested(texts(words, i + 1), {}, host, depth + 1);
  }

  // `files`: a word that is no option is a script; for su it is a user.
  Verdict shell(const std::vector<SeenWord>& arguments, bool files, const Variables& own, const SeenWord& input, const std::string& inside, int depth) {
    bool script = false;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const std::string& word = arguments[i].text;
      if (word.starts_with('-') || word.starts_with('+')) {
        if (word == "-o" || word == "+o" || word == "-O") ++i;
        else if (!word.starts_with("--") && word.find('c') != std::string::npos) script = true;
        continue;
      }
      if (script) return nested(word, own, inside, depth + 1);
      if (!files) continue;
      const auto content = state_.file(arguments[i]);
      return content ? nested(*content, own, inside, depth + 1) : std::nullopt;
    }
    return input.unseen || !files ? std::nullopt : nested(input.text, own, inside, depth + 1);
  }

  // npm run X, yarn X: what package.json has for it.
  Verdict package_script(const std::vector<SeenWord>& words, const Variables& own, const std::string& inside, int depth) {
    const std::string manager = program_of(words[0].text);
    if ((manager != "npm" && manager != "pnpm" && manager != "yarn" && manager != "bun") || words.size() < 2 || depth > kMostDepth) return std::nullopt;
    const auto json = input_.read_file ? input_.read_file("package.json") : std::nullopt;
    const auto package = nlohmann::json::parse(json.value_or(""), nullptr, false);
    if (!package.is_object() || !package.contains("scripts") || !package["scripts"].is_object()) return std::nullopt;
    std::size_t at = 1;
    while (at < words.size() && (words[at].text.starts_with('-') || words[at].text == "run" || words[at].text == "run-script")) ++at;
    if (at == words.size()) return std::nullopt;
    std::string more = texts(words, at + 1);
    if (more.starts_with("-- ")) more = more.substr(3);
    for (const char* prefix : {"pre", "", "post"}) {
      const std::string name = prefix + words[at].text;
      if (!package["scripts"].contains(name) || !package["scripts"][name].is_string()) continue;
      if (Verdict why = nested(package["scripts"][name].get<std::string>() + " " + (*prefix == '\0' ? more : ""), own, inside, depth + 2)) return why;
    }
    return std::nullopt;
  }

  // python -c '…', node -e '…', ruby <<EOF
  Verdict code(const std::vector<SeenWord>& arguments, const SeenWord& input) const {
    std::string text = input.unseen ? "" : input.text;
    for (std::size_t i = 0; i + 1 < arguments.size(); ++i) {
      const std::string& option = arguments[i].text;
      if (option == "-c" || option == "-e" || option == "-r" || option == "-p" || option == "--eval" || option == "--print" || option == "eval") text += "\n" + arguments[i + 1].text;
    }
    if (!code_changes_schema(text)) return std::nullopt;
    for (const ProtectedDatabase& one : input_.databases) {
      if (mentions(text, one.variable) || (!one.url.empty() && text.find(one.url) != std::string::npos) || (is_remote(one.host) && mentions(text, one.host))) return refusal("this code changes the schema", text);
    }
    return std::nullopt;
  }

  Verdict client(const std::string& program, const std::vector<SeenWord>& words, const Variables& own, const SeenWord& input, bool fed, const std::string& inside, const std::string& shown) const {
    const ClientArguments arguments = client_arguments(program, words);
    if (arguments.only_tells) return std::nullopt;
    if (program == "pg_restore" && arguments.databases.empty()) return std::nullopt;
    Reach found = reach_.of_client(arguments, own, inside);
    // \c in what it runs leads to another database.
    const auto leads = [&](const SeenWord& sql) {
      const bool connects = sql.text.find("\\c ") != std::string::npos || sql.text.find("\\connect ") != std::string::npos;
      return connects && std::any_of(input_.databases.begin(), input_.databases.end(), [&](const ProtectedDatabase& one) { return word_names(sql.text, one) || (is_remote(one.host) && mentions(sql.text, one.host)); });
    };
    found.reaches |= leads(input) || std::any_of(arguments.commands.begin(), arguments.commands.end(), leads);
    for (const SeenWord& path : arguments.files) found.reaches |= leads({state_.file(path).value_or(""), false, false});
    if (!found.reaches && !found.hidden) return std::nullopt;
    const std::string where = found.reaches ? "" : " on a database that cannot be seen";
    if (program == "pg_restore" || program == "dropdb" || program == "createdb") return refusal("this changes the schema" + where, shown);
    std::vector<SeenWord> run = arguments.commands;
    for (const SeenWord& path : arguments.files) {
      if (path.text == "-") {
        run.push_back(input);
        continue;
      }
      const auto content = state_.file(path);
      if (!content) return refusal("this runs a file that cannot be read" + where, path.text);
      run.push_back({*content, false, false});
    }
    if (run.empty()) {
      if (!fed || input.unseen) return refusal("this runs what cannot be seen" + where, shown);
      run.push_back(input);
    }
    for (const SeenWord& sql : run) {
      if (sql.unseen) return refusal("this runs what cannot be seen" + where, shown);
      if (const std::string change = schema_change_in(sql.text); !change.empty()) return refusal("this statement changes the schema" + where, change);
    }
    return std::nullopt;
  }

  // A runner reads its own configuration, which is this project's, where it is not led elsewhere.
  Verdict runner(const std::vector<SeenWord>& words, const Variables& own) const {
    std::vector<std::string> said;
    for (const SeenWord& word : words) said.push_back(word.text);
    if (!runs_migrations(said) || input_.databases.empty()) return std::nullopt;
    bool elsewhere = false;
    const auto look = [&](const std::string& text) {
      for (const ProtectedDatabase& one : input_.databases) {
        if (word_names(text, one)) return true;
        if (text.find("://") == std::string::npos) continue;
        // -url=jdbc:postgresql://…
        std::string url = text;
        if (const std::size_t equal = url.find('='); equal < url.find("://")) url = url.substr(equal + 1);
        if (reach_.same_place(one, reach_.named(url), "")) return true;
      }
      elsewhere |= text.find("://") != std::string::npos;
      return false;
    };
    for (const SeenWord& word : words) {
      if (look(word.text)) return refusal("this runs migrations", texts(words));
    }
    for (const Variables* set : {&own, &state_.variables}) {
      for (const auto& [name, value] : *set) {
        if (name != "DATABASE_URL" && !state_.is_protected(name) && name != "PGHOST" && name.find("_URL") == std::string::npos) continue;
        if (look(value.text)) return refusal("this runs migrations", texts(words));
        if (name == "PGHOST") {
          const bool same = std::any_of(input_.databases.begin(), input_.databases.end(), [host = to_lower(value.text)](const ProtectedDatabase& one) { return to_lower(one.host) == host; });
          if (same) return refusal("this runs migrations", texts(words));
          elsewhere = true;
        }
      }
    }
    if (elsewhere) return std::nullopt;
    return refusal("this runs migrations", texts(words));
  }

  const HookInput& input_;
  ShellState state_;
  std::map<std::string, std::string> aliases_;
  const DatabaseReach reach_;
};

}  // namespace

std::optional<std::string> direct_ddl(const HookInput& input) { return Judge(input).run(); }

}  // namespace contraflow::agent
