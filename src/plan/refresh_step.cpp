// SPDX-License-Identifier: Apache-2.0
#include "plan/refresh_step.h"

#include <fmt/format.h>

#include <optional>

#include "base/text.h"
#include "sql/scan.h"
#include "sql/statements.h"

namespace contraflow::plan {
namespace {

using Fail = std::function<Error(std::size_t, const std::string&, const std::string&)>;

constexpr std::string_view kForms =
    "a step holds CALL pg_temp.brief(…), CALL pg_temp.backfill(…) or, with mode=concurrent, statements; SELECT coalesce(CONDITION, false) AS todo \\gset, \\if :todo and \\endif around it";

// The value of a string constant as the plan files write them; nothing for other tokens.
std::optional<std::string> constant_value(std::string_view token) {
  if (token.size() >= 2 && token.front() == '$') {
    const std::size_t tag = token.find('$', 1) + 1;
    if (tag * 2 > token.size()) return std::nullopt;
    return std::string(token.substr(tag, token.size() - 2 * tag));
  }
  const bool escapes = token.starts_with("E'") || token.starts_with("e'");
  if (escapes) token.remove_prefix(1);
  if (token.size() < 2 || token.front() != '\'') return std::nullopt;
  const std::string inside(token.substr(1, token.size() - 2));
  std::string out;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] == '\'' && i + 1 < inside.size()) ++i;
    else if (escapes && inside[i] == '\\') {
      if (++i >= inside.size() || (inside[i] != '\\' && inside[i] != '\'')) return std::nullopt;
    }
    out += inside[i];
  }
  return out;
}

struct Argument {
  bool null = false;
  std::vector<std::string> texts;  // one, or the elements of an ARRAY[…]
  std::size_t offset = 0;          // of its first token's contents in the statement, for dollar quotes
};

// The arguments of `CALL pg_temp.NAME(…)`; nothing where the statement is another one.
std::optional<std::vector<Argument>> call_of(const std::string& statement, std::string_view name) {
  std::vector<sql::Token> tokens;
  for (const sql::Token& token : sql::scan(statement)) {
    if (token.kind != sql::TokenKind::line_comment && token.kind != sql::TokenKind::block_comment) tokens.push_back(token);
  }
  const auto text = [&](std::size_t i) { return std::string_view(statement).substr(tokens[i].begin, tokens[i].end - tokens[i].begin); };
  if (tokens.size() < 6 || to_lower(text(0)) != "call" || to_lower(text(1)) != "pg_temp" || text(2) != "." || to_lower(text(3)) != name || text(4) != "(") return std::nullopt;
  std::vector<Argument> out(1);
  for (std::size_t i = 5; i + 1 < tokens.size(); ++i) {
    Argument& argument = out.back();
    const std::string word = to_lower(text(i));
    if (word == "array") {
      for (i += 2; i < tokens.size() && text(i) != "]"; ++i) {
        if (text(i) == ",") continue;
        const auto value = constant_value(text(i));
        if (!value) return std::vector<Argument>{};
        argument.texts.push_back(*value);
      }
    } else if (word == "null") {
      argument.null = true;
    } else if (word == ",") {
      out.emplace_back();
    } else if (const auto value = constant_value(text(i))) {
      argument.texts.push_back(*value);
      argument.offset = tokens[i].begin + (text(i).front() == '$' ? text(i).find('$', 1) + 1 : 1);
    } else {
      return std::vector<Argument>{};
    }
  }
  return out;
}

std::optional<sql::QualifiedName> name_of(const std::string& written) {
  std::vector<std::string> parts;
  for (const sql::Token& token : sql::scan(written)) {
    const std::string part = written.substr(token.begin, token.end - token.begin);
    if (part != ".") parts.push_back(sql::identifier_value(part));
  }
  if (parts.empty() || parts.size() > 2) return std::nullopt;
  return sql::QualifiedName{parts.size() == 2 ? parts.front() : "", parts.back()};
}

// What a concurrent step puts around its statements.
bool is_setting(const std::string& statement) {
  const std::string text = to_lower(statement);
  return text.starts_with("set lock_timeout") || text.starts_with("reset lock_timeout") || text.starts_with("set search_path");
}

}  // namespace

PsqlText take_out_commands(const std::string& text, const std::string& file) {
  PsqlText out{text, {}};
  std::size_t done = 0;
  for (const sql::Token& token : sql::scan(text, file)) {
    if (text[token.begin] != '\\' || token.begin < done) continue;
    std::size_t end = text.find('\n', token.begin);
    if (end == std::string::npos) end = text.size();
    out.commands.push_back({token.begin, std::string(trim(std::string_view(text).substr(token.begin, end - token.begin)))});
    for (std::size_t i = token.begin; i < end; ++i) out.sql[i] = ' ';
    // \gset sends what stands before it.
    if (out.commands.back().text.starts_with("\\g")) out.sql[token.begin] = ';';
    done = end;
  }
  return out;
}

StepText read_step_text(const PsqlText& text, std::size_t begin, std::size_t end, Mode mode, const Action& before, const Fail& fail) {
  StepText out;
  out.action.mode = mode;
  std::vector<PsqlText::Command> commands;
  for (const PsqlText::Command& command : text.commands) {
    if (command.offset >= begin && command.offset < end) commands.push_back(command);
  }
  const bool conditional = commands.size() == 3 && commands[0].text == "\\gset" && commands[1].text == "\\if :todo" && commands[2].text == "\\endif";
  if (!commands.empty() && !conditional) throw fail(commands.front().offset, fmt::format("{} is not the form of a conditional step", commands.front().text), std::string(kForms));
  bool first = true, acts = false;
  for (const sql::Statement& statement : sql::split_statements(std::string_view(text.sql).substr(begin, end - begin))) {
    const std::size_t at = begin + statement.offset;
    if (!statement.terminated) throw fail(at, "the last statement of the step has no semicolon", "");
    if (conditional && at > commands[2].offset) throw fail(at, "a statement behind the step's \\endif", std::string(kForms));
    if (first && conditional) {
      constexpr std::string_view kHead = "SELECT coalesce(", kTail = ", false) AS todo";
      const std::string condition(trim(statement.text));
      if (!condition.starts_with(kHead) || !condition.ends_with(kTail) || condition.size() < kHead.size() + kTail.size()) {
        throw fail(at, "the condition of the step is not written as SELECT coalesce(CONDITION, false) AS todo", std::string(kForms));
      }
      out.action.todo = condition.substr(kHead.size(), condition.size() - kHead.size() - kTail.size());
      first = false;
      continue;
    }
    first = false;
    if (const auto expect = call_of(statement.text, "expect_none")) {
      if (acts) throw fail(at, "expect_none stands before what the step does", "");
      if (expect->size() != 3) throw fail(at, "expect_none takes a query, what it counts and a remedy", "");
      std::vector<std::string> texts;
      for (const Argument& argument : *expect) {
        if (argument.texts.size() != 1) throw fail(at, "expect_none takes three string constants", "");
        texts.push_back(argument.texts.front());
      }
      out.preconditions.push_back({texts[1], texts[0], texts[2]});
      continue;
    }
    if (const auto brief = call_of(statement.text, "brief")) {
      if (mode != Mode::brief && mode != Mode::scan && mode != Mode::blocking) throw fail(at, fmt::format("pg_temp.brief in a step with mode={}", mode_name(mode)), "change the directive's mode to brief, scan or blocking");
      if (acts) throw fail(at, "a step is one transaction: one CALL pg_temp.brief", "put the statements into one call");
      if (brief->empty() || brief->size() > 2 || (*brief)[0].texts.size() != 1) throw fail(at, "pg_temp.brief takes a string constant and perhaps an ARRAY of table names", "");
      for (const sql::Statement& inner : sql::split_statements((*brief)[0].texts.front())) out.action.statements.push_back(inner.text);
      if (brief->size() == 2) {
        for (const std::string& table : (*brief)[1].texts) {
          const auto name = name_of(table);
          if (!name) throw fail(at, fmt::format("'{}' is not the name of a table", table), "");
          out.action.small_tables.push_back(*name);
        }
      }
      acts = true;
      continue;
    }
    if (const auto backfill = call_of(statement.text, "backfill")) {
      if (mode != Mode::batched) throw fail(at, fmt::format("pg_temp.backfill in a step with mode={}", mode_name(mode)), "change the directive's mode to batched");
      const bool right = !acts && backfill->size() == 4 && (*backfill)[0].texts.size() == 1 && ((*backfill)[1].null || (*backfill)[1].texts.size() == 1) &&
                         (*backfill)[2].texts.size() == 1 && (*backfill)[3].texts.size() == 1;
      const auto table = right ? name_of((*backfill)[0].texts.front()) : std::nullopt;
      if (!table) throw fail(at, "pg_temp.backfill takes a table, a key or NULL, assignments and the condition of rows that are pending", "");
      out.action.backfill = Backfill{*table, (*backfill)[1].texts, (*backfill)[2].texts.front(), (*backfill)[3].texts.front()};
      acts = true;
      continue;
    }
    if (mode != Mode::concurrent) throw fail(at, fmt::format("a statement outside CALL pg_temp.brief(…) in a step with mode={}", mode_name(mode)), std::string(kForms));
    if (is_setting(statement.text)) continue;
    acts = true;
    if (before.builds_index && out.action.statements.empty() && statement.text == "DROP INDEX CONCURRENTLY IF EXISTS " + sql::quote(*before.builds_index)) {
      out.action.builds_index = before.builds_index;
    } else {
      out.action.statements.push_back(statement.text);
    }
  }
  if (mode == Mode::batched && !out.action.backfill) throw fail(begin, "a step with mode=batched has no CALL pg_temp.backfill(…)", "to take a step out, leave its directive with mode=none and nothing below it");
  if (!acts && mode != Mode::none) throw fail(begin, "the step does nothing", "to take a step out, leave its directive with mode=none and nothing below it");
  return out;
}

}  // namespace contraflow::plan
