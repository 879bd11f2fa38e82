// SPDX-License-Identifier: Apache-2.0
#include "agent/direct_ddl.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "agent/client_target.h"
#include "agent/context.h"
#include "agent/migration_runners.h"
#include "agent/schema_changes.h"
#include "agent/shell_line.h"
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

std::string program_of(const std::string& word) { return to_lower(word.substr(word.rfind('/') == std::string::npos ? 0 : word.rfind('/') + 1)); }
bool is_remote(const std::string& host) { return !host.empty() && host != "localhost" && host != "127.0.0.1" && host != "::1" && !host.starts_with('/'); }
bool holds(const std::string& text, const std::string& part) { return !part.empty() && text.find(part) != std::string::npos; }
std::string as_variable(const std::string& name) { return "${" + name + "}"; }

// "app_user" in "app_user_2" is no mention.
bool mentions(const std::string& text, const std::string& name) {
  const auto part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  for (std::size_t at = 0; !name.empty() && (at = text.find(name, at)) != std::string::npos; ++at) {
    const std::size_t end = at + name.size();
    if ((at == 0 || !part(text[at - 1])) && (end == text.size() || !part(text[end]))) return true;
  }
  return false;
}

std::string texts(const std::vector<SeenWord>& words, std::size_t from = 0) {
  std::vector<std::string> out;
  for (std::size_t i = from; i < words.size(); ++i) out.push_back(words[i].text);
  return join(out, " ");
}

using Variables = std::map<std::string, SeenWord>;

class Judge {
 public:
  explicit Judge(const HookInput& input) : input_(input) {}

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
    if (depth > kMostDepth || text.size() > kMostScript) return std::nullopt;
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
    const Variables before = variables_;
    for (const auto& [name, value] : own) variables_[name] = value;
    Verdict why = line(text, inside, depth);
    variables_ = before;
    return why;
  }

  // --- what the shell fills in

  bool is_protected(const std::string& name) const {
    return std::any_of(input_.databases.begin(), input_.databases.end(), [&](const ProtectedDatabase& one) { return !name.empty() && one.variable == name; });
  }

  // Substitutions within each other are followed so far.
  struct Deeper {
    explicit Deeper(int& count) : count_(++count), counter_(count) {}
    ~Deeper() { --counter_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    bool too_deep() const { return count_ > kMostDepth; }

   private:
    int count_;
    int& counter_;
  };

  SeenWord value_of(const ShellPart& part, const Variables& own) const {
    const Deeper deeper(expanding_);
    if (deeper.too_deep()) return {"", true, true};
    std::string name = part.value;
    if (name.starts_with('!')) {
      const auto pointed = variables_.find(name.substr(1));
      name = pointed == variables_.end() ? name.substr(1) : pointed->second.text;
    }
    for (const Variables* set : {&own, &variables_}) {
      if (const auto found = set->find(name); found != set->end()) return found->second;
    }
    if (is_protected(name)) return {as_variable(name), false, false};
    const std::string value = input_.environment ? input_.environment(name.c_str()) : "";
    if (!value.empty()) return {value, false, false};
    if (!part.fallback.empty()) return expand(shell_word(part.fallback), own).front();
    return {as_variable(name), true, false};
  }

  static ShellWord shell_word(const std::string& text) {
    const std::vector<ShellCommand> parsed = shell_commands(text);
    return parsed.empty() || parsed[0].words.empty() ? ShellWord{{{ShellPart::Kind::text, text, "", true}}} : parsed[0].words[0];
  }

  // What a substitution writes, as far as that can be said; a protected database that it names stays in it.
  SeenWord output_of(const std::string& commands) const {
    SeenWord out{"", true, true};
    const Deeper deeper(expanding_);
    if (deeper.too_deep()) return out;
    const std::vector<ShellCommand> parsed = shell_commands(commands);
    if (parsed.size() == 1 && !parsed[0].words.empty()) {
      std::vector<SeenWord> words;
      for (const ShellWord& word : parsed[0].words) {
        for (SeenWord& one : expand(word, {})) words.push_back(std::move(one));
      }
      const std::string program = program_of(words[0].text);
      if (program == "printenv" && words.size() == 2) return value_of({ShellPart::Kind::variable, words[1].text, "", true}, {});
      if (program == "which" && words.size() == 2) return words[1];
      if (program == "command" && words.size() == 3 && words[1].text == "-v") return words[2];
      if (auto known = written_by(words)) return *known;
    }
    for (const ProtectedDatabase& one : input_.databases) {
      if (mentions(commands, one.variable)) out.text += as_variable(one.variable);
      if (holds(commands, one.url)) out.text += one.url;
    }
    return out;
  }

  // echo, printf, cat FILE
  std::optional<SeenWord> written_by(const std::vector<SeenWord>& words) const {
    const std::string program = words.empty() ? "" : program_of(words[0].text);
    SeenWord out;
    const auto add = [&](const SeenWord& word, const char* between) {
      out.text += (out.text.empty() ? "" : between) + word.text;
      out.unseen |= word.unseen;
      out.hidden |= word.hidden;
    };
    if (program == "echo") {
      for (std::size_t i = 1; i < words.size(); ++i) {
        if (out.text.empty() && (words[i].text == "-n" || words[i].text == "-e" || words[i].text == "-E")) continue;
        add(words[i], " ");
      }
      return out;
    }
    if (program == "printf" && words.size() > 1) {
      // '%s\n' takes the words behind it as they are.
      for (std::size_t i = 1; i < words.size(); ++i) {
        if (i == 1 && words.size() > 2 && words[1].text.find_first_not_of("%s\\n ;") == std::string::npos) continue;
        add(words[i], "\n");
      }
      if (out.text.find('%') != std::string::npos) out.unseen = true;
      out.text = replace_all(out.text, "\\n", "\n");
      return out;
    }
    if (program == "cat" && words.size() > 1) {
      for (std::size_t i = 1; i < words.size(); ++i) {
        const auto content = file(words[i]);
        if (!content) return std::nullopt;
        add({*content, false, false}, "\n");
      }
      return out;
    }
    return std::nullopt;
  }

  // What it holds when the command runs: a command before it in the line may write it.
  std::optional<std::string> file(const SeenWord& path) const {
    if (path.unseen || path.text.empty() || path.text == "-") return std::nullopt;
    if (const auto made = made_.find(path.text); made != made_.end()) return made->second;
    return input_.read_file ? input_.read_file(path.text) : std::nullopt;
  }

  // A word as the command gets it: more than one where a variable that is not quoted holds blanks.
  std::vector<SeenWord> expand(const ShellWord& word, const Variables& own) const {
    std::vector<SeenWord> out(1);
    for (const ShellPart& part : word.parts) {
      if (part.kind == ShellPart::Kind::text) {
        out.back().text += part.value;
        continue;
      }
      const SeenWord value = part.kind == ShellPart::Kind::variable ? value_of(part, own) : output_of(part.value);
      const std::vector<std::string> pieces = part.quoted ? std::vector<std::string>{value.text} : split(replace_all(replace_all(value.text, "\n", " "), "\t", " "), ' ');
      bool first = true;
      for (const std::string& piece : pieces) {
        if (!part.quoted && piece.empty() && pieces.size() > 1) continue;
        if (!first) out.emplace_back();
        first = false;
        out.back().text += piece;
        out.back().unseen |= value.unseen;
        out.back().hidden |= value.hidden;
      }
      out.back().unseen |= value.unseen;
      out.back().hidden |= value.hidden;
    }
    return out;
  }

  static SeenWord joined(const std::vector<SeenWord>& words) {
    SeenWord out{texts(words), false, false};
    for (const SeenWord& word : words) out.unseen |= word.unseen, out.hidden |= word.hidden;
    return out;
  }

  Verdict substitutions(const ShellWord& word, const std::string& inside, int depth) {
    for (const ShellPart& part : word.parts) {
      if (part.kind != ShellPart::Kind::substitution) continue;
      if (Verdict why = line(part.value, inside, depth + 1)) return why;
    }
    return std::nullopt;
  }

  // NAME=value
  static bool assignment(const ShellWord& word) {
    if (word.parts.empty() || word.parts[0].kind != ShellPart::Kind::text || word.parts[0].quoted) return false;
    const std::string& text = word.parts[0].value;
    const std::size_t equal = text.find('=');
    return equal != std::string::npos && equal > 0 && std::isdigit(static_cast<unsigned char>(text[0])) == 0 &&
           std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(equal), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; });
  }

  static void assign(Variables& variables, SeenWord value) {
    const std::size_t equal = value.text.find('=');
    const std::string name = value.text.substr(0, equal);
    value.text = value.text.substr(equal + 1);
    variables[name] = std::move(value);
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
    for (; at < given.words.size() && assignment(given.words[at]); ++at) assign(own, joined(expand(given.words[at], own)));
    if (at == given.words.size()) {
      for (auto& [name, value] : own) variables_[name] = std::move(value);
      return std::nullopt;
    }
    std::vector<SeenWord> words;
    for (; at < given.words.size(); ++at) {
      for (SeenWord& word : expand(given.words[at], own)) words.push_back(std::move(word));
    }
    if (in(kExports, words[0].text)) {
      for (std::size_t i = 1; i < words.size(); ++i) {
        if (words[i].text.find('=') != std::string::npos) assign(variables_, words[i]);
      }
      return std::nullopt;
    }
    if (words[0].text == "for" || words[0].text == "case" || words[0].text == "select") {
      if (words.size() > 1) variables_.erase(words[1].text);
      return std::nullopt;
    }
    // env NAME=value …, docker run -e NAME=value …: for what stands behind.
    for (const SeenWord& word : words) {
      const std::size_t equal = word.text.find('=');
      if (equal != std::string::npos && equal > 0 && word.text.substr(0, equal).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == std::string::npos) assign(own, word);
    }
    SeenWord input{"", true, false};  // of the command
    if (given.input) input = joined(expand(*given.input, own)), input.text = text_of(*given.input, own);
    else if (given.input_file) {
      if (const auto content = file(joined(expand(*given.input_file, own)))) input = {*content, false, false};
    } else if (given.piped) {
      input = piped;
    }
    if (auto known = written_by(words)) written = *known;
    else if (program_of(words[0].text) == "cat" && words.size() == 1) written = input;
    Verdict why = run(words, own, input, given.piped || given.input || given.input_file, inside, depth);
    if (!in(kReaders, program_of(words[0].text))) {
      for (const SeenWord& word : words) made_[word.text] = std::nullopt;
    }
    if (given.output_file) made_[joined(expand(*given.output_file, own)).text] = written.unseen || given.appends ? std::nullopt : std::optional(written.text + "\n");
    return why;
  }

  // With its line ends.
  std::string text_of(const ShellWord& word, const Variables& own) const {
    std::string out;
    for (const ShellPart& part : word.parts) {
      out += part.kind == ShellPart::Kind::text ? part.value : part.kind == ShellPart::Kind::variable ? value_of(part, own).text
                                                                                                      : output_of(part.value).text;
    }
    return out;
  }

  Verdict run(const std::vector<SeenWord>& words, const Variables& own, const SeenWord& input, bool fed, const std::string& inside, int depth) {
    const std::string first = program_of(words[0].text);
    if (in(kQuiet, first)) return std::nullopt;
    if (first == "builtin" || (first == "command" && words.size() > 1 && !words[1].text.starts_with('-'))) {
      if (words.size() > 1) return run({words.begin() + 1, words.end()}, own, input, fed, inside, depth);
      return std::nullopt;
    }
    if (first == "eval") return line(texts(words, 1), inside, depth + 1);
    if (first == "ssh") return over_ssh(words, depth);
    if ((first == "source" || first == ".") && words.size() > 1) {
      const auto content = file(words[1]);
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
      const auto content = file(words[0]);
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
      const auto content = file(arguments[i]);
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
      if (mentions(text, one.variable) || holds(text, one.url) || (is_remote(one.host) && mentions(text, one.host))) return refusal("this code changes the schema", text);
    }
    return std::nullopt;
  }

  // --- whose database

  struct Reach {
    bool reaches = false, hidden = false;  // hidden: where it leads is not seen
  };

  // What a word names, as a connection string, a URL of another kind, a variable.
  static bool word_names(const std::string& text, const ProtectedDatabase& one) { return holds(text, one.url) || (!one.variable.empty() && holds(text, as_variable(one.variable))); }

  std::string setting(const char* name, const Variables& own) const {
    for (const Variables* set : {&own, &variables_}) {
      if (const auto found = set->find(name); found != set->end()) return found->second.text;
    }
    return input_.environment ? input_.environment(name) : "";
  }

  // pg_service.conf's entry; empty: not known.
  std::optional<NamedTarget> service(const std::string& name, const Variables& own) const {
    std::string path = setting("PGSERVICEFILE", own);
    if (path.empty()) path = setting("HOME", own) + "/.pg_service.conf";
    const auto content = input_.read_file ? input_.read_file(path) : std::nullopt;
    if (!content) return std::nullopt;
    std::optional<NamedTarget> out;
    for (const std::string& line : split_lines(*content)) {
      const std::string text(trim(line));
      if (text.starts_with('[')) {
        if (out) break;
        if (text == "[" + name + "]") out.emplace();
        continue;
      }
      const std::size_t equal = text.find('=');
      if (!out || equal == std::string::npos) continue;
      const std::string key(trim(text.substr(0, equal))), value(trim(text.substr(equal + 1)));
      if (key == "host" || key == "hostaddr") out->host = value;
      if (key == "port") out->port = value;
      if (key == "dbname") out->database = value;
    }
    return out;
  }

  bool same_place(const ProtectedDatabase& one, const NamedTarget& target, const std::string& inside) const {
    const std::vector<std::string> hosts = split(to_lower(target.host), ',');
    const std::string host = to_lower(one.host);
    if (is_remote(host)) {
      if (target.host.empty()) return !inside.empty() && to_lower(inside) == host;
      return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& each) { return holds("," + host + ",", "," + std::string(trim(each)) + ","); });
    }
    // Nothing but name and port tells the databases of one machine apart.
    if (one.database.empty() || one.database != target.database) return false;
    if (!target.host.empty() && std::none_of(hosts.begin(), hosts.end(), [](const std::string& each) { return !is_remote(each); })) return false;
    const std::string own_port = one.port.empty() ? "5432" : one.port, port = target.port.empty() ? "5432" : target.port;
    return !inside.empty() || own_port == port;
  }

  Reach reach(const ClientArguments& arguments, const Variables& own, const std::string& inside) const {
    Reach out;
    NamedTarget target;
    for (const SeenWord& word : arguments.databases) {
      out.hidden |= word.hidden;
      for (const ProtectedDatabase& one : input_.databases) out.reaches |= word_names(word.text, one);
    }
    if (!arguments.databases.empty()) {
      const std::string& text = arguments.databases.front().text;
      if (text.find("://") != std::string::npos || text.find('=') != std::string::npos) target = named(text);
      else target.database = text;
    }
    for (const SeenWord& word : arguments.hosts) {
      out.hidden |= word.hidden;
      for (const ProtectedDatabase& one : input_.databases) out.reaches |= word_names(word.text, one);
      target.host += (target.host.empty() ? "" : ",") + word.text;
    }
    if (!arguments.port.empty()) target.port = arguments.port;
    if (target.service.empty() && target.host.empty()) target.service = setting("PGSERVICE", own);
    if (!target.service.empty()) {
      if (std::any_of(input_.databases.begin(), input_.databases.end(), [&](const ProtectedDatabase& one) { return one.service == target.service; })) out.reaches = true;
      if (const auto found = service(target.service, own)) {
        if (target.host.empty()) target.host = found->host;
        if (target.port.empty()) target.port = found->port;
        if (target.database.empty()) target.database = found->database;
      } else if (target.host.empty()) {
        out.hidden = true;
      }
    }
    // The environment of this machine is not that of another one.
    const auto from_environment = [&](const char* name) { return inside.empty() ? setting(name, own) : own.contains(name) ? own.at(name).text
                                                                                                                          : ""; };
    if (target.host.empty()) target.host = from_environment("PGHOST");
    if (target.host.empty()) target.host = from_environment("PGHOSTADDR");
    if (target.port.empty()) target.port = from_environment("PGPORT");
    if (target.database.empty()) target.database = from_environment("PGDATABASE");
    out.reaches |= std::any_of(input_.databases.begin(), input_.databases.end(), [&](const ProtectedDatabase& one) { return word_names(target.host, one) || word_names(target.database, one) || same_place(one, target, inside); });
    return out;
  }

  NamedTarget named(const std::string& conninfo) const {
    const std::string text = conninfo.starts_with("jdbc:") ? conninfo.substr(5) : conninfo;
    const std::size_t scheme = text.find("://");
    // Drivers have names of their own in the scheme: postgresql+asyncpg://
    const std::string plain = scheme != std::string::npos && text.starts_with("postgres") ? "postgresql" + text.substr(scheme) : text;
    if (const auto found = input_.target_of ? input_.target_of(plain) : std::nullopt) return *found;
    NamedTarget out;
    if (scheme == std::string::npos) return out;
    // What libpq does not take: the host as it stands there.
    std::string rest = text.substr(scheme + 3);
    rest = rest.substr(0, rest.find_first_of("?#"));
    const std::size_t slash = rest.find('/');
    if (slash != std::string::npos) out.database = rest.substr(slash + 1);
    rest = rest.substr(0, slash);
    if (const std::size_t at = rest.rfind('@'); at != std::string::npos) rest = rest.substr(at + 1);
    out.host = rest.substr(0, rest.rfind(':'));
    return out;
  }

  Verdict client(const std::string& program, const std::vector<SeenWord>& words, const Variables& own, const SeenWord& input, bool fed, const std::string& inside, const std::string& shown) const {
    const ClientArguments arguments = client_arguments(program, words);
    if (arguments.only_tells) return std::nullopt;
    if (program == "pg_restore" && arguments.databases.empty()) return std::nullopt;
    const Reach found = reach(arguments, own, inside);
    if (!found.reaches && !found.hidden) return std::nullopt;
    const std::string where = found.reaches ? "" : " on a database that cannot be seen";
    if (program == "pg_restore" || program == "dropdb" || program == "createdb") return refusal("this changes the schema" + where, shown);
    std::vector<SeenWord> run = arguments.commands;
    for (const SeenWord& path : arguments.files) {
      if (path.text == "-") {
        run.push_back(input);
        continue;
      }
      const auto content = file(path);
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
        if (same_place(one, named(url), "")) return true;
      }
      elsewhere |= text.find("://") != std::string::npos;
      return false;
    };
    for (const SeenWord& word : words) {
      if (look(word.text)) return refusal("this runs migrations", texts(words));
    }
    for (const Variables* set : {&own, &variables_}) {
      for (const auto& [name, value] : *set) {
        if (name != "DATABASE_URL" && !is_protected(name) && name != "PGHOST" && name.find("_URL") == std::string::npos) continue;
        if (look(value.text)) return refusal("this runs migrations", texts(words));
        if (name == "PGHOST") {
          const bool same = std::any_of(input_.databases.begin(), input_.databases.end(), [&](const ProtectedDatabase& one) { return to_lower(one.host) == to_lower(value.text); });
          if (same) return refusal("this runs migrations", texts(words));
          elsewhere = true;
        }
      }
    }
    if (elsewhere) return std::nullopt;
    return refusal("this runs migrations", texts(words));
  }

  const HookInput& input_;
  mutable int expanding_ = 0;
  Variables variables_;                                     // set by the line
  std::map<std::string, std::optional<std::string>> made_;  // files that it writes, or may: what they hold, where that is known
};

}  // namespace

std::optional<std::string> direct_ddl(const HookInput& input) { return Judge(input).run(); }

}  // namespace contraflow::agent
