// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/file.h"
#include "base/text.h"
#include "intent/cursor.h"
#include "intent/intent.h"
#include "intent/parse_actions.h"

namespace contraflow::intent {

namespace {

struct Command {
  std::string_view name;
  Action (*read)(Cursor&);
};

const std::array kCommands = {
    Command{"soft-delete", [](Cursor& c) -> Action { return read_soft_delete(c); }},
    Command{"add-enum-column", [](Cursor& c) -> Action { return read_add_enum_column(c); }},
    Command{"rename", [](Cursor& c) -> Action { return read_rename(c); }},
    Command{"retype", [](Cursor& c) -> Action { return read_retype(c); }},
    Command{"add", [](Cursor& c) -> Action { return read_add_column(c); }},
    Command{"drop",
            [](Cursor& c) -> Action {
              Name n = column_name(c, "users.nickname");
              return DropColumn{std::move(n), c.accept_word("cascade")};
            }},
    Command{"drop-table",
            [](Cursor& c) -> Action {
              Name n = c.name("a table");
              return DropTable{std::move(n), c.accept_word("cascade")};
            }},
    Command{"drop-index", [](Cursor& c) -> Action { return DropIndex{c.name("an index")}; }},
    Command{"drop-constraint",
            [](Cursor& c) -> Action { return DropConstraint{column_name(c, "users.users_email_key")}; }},
    Command{"not-null", [](Cursor& c) -> Action { return read_not_null(c); }},
    Command{"nullable", [](Cursor& c) -> Action { return Nullable{column_name(c, "users.email")}; }},
    Command{"default", [](Cursor& c) -> Action { return read_set_default(c); }},
    Command{"drop-default",
            [](Cursor& c) -> Action {
              return SetDefault{column_name(c, "users.email"), {}};
            }},
    Command{"unique", [](Cursor& c) -> Action { return read_unique(c); }},
    Command{"foreign-key", [](Cursor& c) -> Action { return read_foreign_key(c); }},
    Command{"index", [](Cursor& c) -> Action { return read_create_index(c); }},
    Command{"add-enum-value", [](Cursor& c) -> Action { return read_add_enum_value(c); }},
    Command{"drop-enum-value", [](Cursor& c) -> Action { return read_drop_enum_value(c); }},
    Command{"reorder-enum",
            [](Cursor& c) -> Action {
              Name n = c.name("an enum type");
              return ReorderEnum{std::move(n), c.labels_in_parentheses("a label")};
            }},
    Command{"check", [](Cursor& c) -> Action { return read_check(c); }},
};

Intent parse_one(const std::string& text, std::size_t begin, std::size_t end, const std::string& file) {
  Cursor cursor(text, begin, end, file);
  Intent intent;
  intent.at = cursor.location();
  intent.text = std::string(trim(std::string_view(text).substr(begin, end - begin)));
  const std::size_t start = cursor.offset();
  const std::string name = cursor.command();
  const auto command =
      std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& c) { return c.name == name; });
  if (command == kCommands.end()) {
    if (name == "create-table" || name == "create")
      throw cursor.error_at(start, "a new table is no intent",
                            "write it in SQL: the desired schema as a file for --to");
    std::vector<std::string> names;
    for (const Command& c : kCommands) names.emplace_back(c.name);
    const std::string guess = nearest(name, names);
    throw cursor.error_at(
        start, fmt::format("\"{}\" is no intent", name),
        guess.empty() ? "intents are: " + join(names, ", ") : fmt::format("did you mean \"{}\"?", guess));
  }
  intent.action = command->read(cursor);
  cursor.expect_end();
  return intent;
}

// The places at which one intent ends and the next starts.
std::vector<std::pair<std::size_t, std::size_t>> split_intents(const std::string& text) {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  catalog::SqlScanner scanner(text);
  std::size_t begin = 0, last = 0;
  bool open = false;
  int depth = 0;
  for (Token token = scanner.next(); token.kind != TokenKind::end; token = scanner.next()) {
    if (open && depth <= 0 && text.substr(last, token.begin - last).find('\n') != std::string::npos) {
      out.emplace_back(begin, last);
      open = false;
      depth = 0;
    }
    if (token.kind == TokenKind::comment) continue;
    const char c = token.kind == TokenKind::symbol ? text[token.begin] : '\0';
    if (c == '#' && !open) {
      scanner.seek(std::min(text.find('\n', token.begin), text.size()));
      continue;
    }
    if (c == ';' && depth <= 0) {
      if (open) out.emplace_back(begin, token.begin);
      open = false;
      depth = 0;
      continue;
    }
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (!open) begin = token.begin;
    open = true;
    last = token.end;
  }
  if (open) out.emplace_back(begin, last);
  return out;
}

}  // namespace

std::vector<Intent> parse(const std::string& text, const std::string& file) {
  std::vector<Intent> out;
  for (const auto& [begin, end] : split_intents(text)) out.push_back(parse_one(text, begin, end, file));
  if (out.empty())
    throw Error(ErrorCode::usage, "there is no intent in it", "for instance: --do \"soft-delete users\"");
  return out;
}

std::pair<std::string, std::string> read_argument(const std::string& argument) {
  if (!argument.starts_with('@')) return {argument, "--do"};
  const std::string file = argument.substr(1);
  return {read_text_file(file), file == "-" ? "<stdin>" : file};
}

const std::vector<Usage>& usages() {
  static const std::vector<Usage> kUsages = {
      {"soft-delete TABLE [column NAME] [view [NAME]]",
       "keep deleted rows: nullable timestamp, unique rules and an index for live rows only"},
      {"add TABLE.COLUMN TYPE [not null] [default EXPR] [fill EXPR]", "add a column"},
      {"add-enum-column TABLE.COLUMN TYPE(LABEL, …) [default LABEL] [not null]",
       "add a column of a new or existing enum type"},
      {"drop TABLE.COLUMN [cascade]", "drop a column"},
      {"drop-table TABLE [cascade]", "drop a table"},
      {"rename [table|column|index|type|constraint|view|sequence|schema] NAME to NAME", "rename an object"},
      {"rename value TYPE.LABEL to LABEL", "rename a value of an enum type"},
      {"retype TABLE.COLUMN to TYPE [using EXPR] [using-back EXPR]", "change a column's type"},
      {"not-null TABLE.COLUMN [fill EXPR]", "forbid NULL; rows that hold it get EXPR"},
      {"nullable TABLE.COLUMN", "allow NULL"},
      {"default TABLE.COLUMN EXPR|none", "set or drop a default"},
      {"drop-default TABLE.COLUMN", "drop a default"},
      {"unique TABLE(COLUMN, …) [where EXPR] [name NAME]",
       "unique constraint, or unique index with a condition"},
      {"check TABLE 'EXPR' [name NAME]", "check constraint"},
      {"foreign-key TABLE.COLUMN -> TABLE[.COLUMN] [on delete ACTION] [on update ACTION] [deferrable]",
       "foreign key; several columns as TABLE(A, B) -> TABLE(A, B)"},
      {"drop-constraint TABLE.NAME", "drop a constraint"},
      {"index TABLE(COLUMN [desc], …) [unique] [using METHOD] [include (COLUMN, …)] [where EXPR] [name NAME]",
       "index"},
      {"drop-index NAME", "drop an index"},
      {"add-enum-value TYPE LABEL [after LABEL|before LABEL]", "add a value to an enum type"},
      {"drop-enum-value TYPE LABEL [-> LABEL]", "remove a value; rows that hold it get the other"},
      {"reorder-enum TYPE (LABEL, …)", "change the order of the values"},
  };
  return kUsages;
}

}  // namespace contraflow::intent
