// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/file.h"
#include "base/text.h"
#include "intent/cursor.h"
#include "intent/intent.h"

namespace contraflow::intent {

namespace {

// Words that end an expression or a type where they stand outside of parentheses; `not null` belongs to `is
// not null`.
bool starts_option(const Cursor& c) {
  for (const std::string_view word : {"default", "using", "where", "fill", "include", "unique"}) {
    if (c.is_word(word)) return true;
  }
  if (to_lower(c.previous_text()) == "is" || to_lower(c.previous_text()) == "not") return false;
  if (c.is_word("not") && c.is_word("null", 1)) return true;
  return c.is_word("name") && c.is_name(1);
}

Text expression(Cursor& c, std::string_view what = "an expression") {
  return c.text_until(what, [&c] { return starts_option(c); });
}

// `users.email`: at least a table and a column.
Name column_name(Cursor& c, std::string_view example) {
  Name name = c.name(fmt::format("a column, as in {}", example));
  if (name.parts.size() < 2)
    throw Error(ErrorCode::usage, fmt::format("\"{}\" names no column", name.parts[0]),
                fmt::format("write TABLE.COLUMN, as in {}", example))
        .at(name.at);
  return name;
}

SoftDelete soft_delete(Cursor& c) {
  SoftDelete out;
  out.table = c.name("a table");
  while (!c.at_end()) {
    if (c.accept_word("column")) {
      out.column = c.name("the name of the column");
    } else if (c.accept_word("view")) {
      out.with_view = true;
      if (c.is_name() && !c.is_word("column")) out.view = c.name("the name of the view");
    } else {
      c.fail_expected("\"column NAME\", \"view NAME\" or the end");
    }
  }
  return out;
}

AddEnumColumn add_enum_column(Cursor& c) {
  AddEnumColumn out;
  out.column = column_name(c, "users.tier");
  out.type = c.name("the enum type");
  if (c.is_symbol('(')) {
    for (const Name& label : c.labels_in_parentheses("a label")) out.labels.push_back(label.parts[0]);
  }
  while (!c.at_end()) {
    if (c.accept_word("default")) {
      out.default_label = c.label("a label of the enum").parts[0];
    } else if (c.accept_words("not", "null")) {
      out.not_null = true;
    } else {
      c.fail_expected("\"default LABEL\", \"not null\" or the end");
    }
  }
  return out;
}

Rename rename(Cursor& c) {
  static constexpr std::array<std::pair<std::string_view, RenameKind>, 9> kKinds = {
      {{"table", RenameKind::table},
       {"column", RenameKind::column},
       {"index", RenameKind::index},
       {"type", RenameKind::type},
       {"constraint", RenameKind::constraint},
       {"view", RenameKind::view},
       {"sequence", RenameKind::sequence},
       {"schema", RenameKind::schema},
       {"value", RenameKind::value}}};
  Rename out;
  for (const auto& [word, kind] : kKinds) {
    // A table may be called "value": the word is a kind only where a name follows it.
    if (!c.is_word(word) || !c.is_name(1) || c.is_word("to", 1)) continue;
    c.advance();
    out.kind = kind;
    break;
  }
  if (out.kind == RenameKind::value) {
    out.from = c.name("TYPE.LABEL");
    // Labels keep their case; the type before them is an identifier.
    if (c.previous() != nullptr && c.previous()->kind == TokenKind::word)
      out.from.parts.back() = std::string(c.previous_text());
    if (out.from.parts.size() == 1 && !c.is_word("to")) out.from.parts.push_back(c.label("a label").parts[0]);
    if (out.from.parts.size() < 2) c.fail_expected("the label, as in order_state.packed");
  } else {
    out.from = c.name("a name");
  }
  if (!c.accept_word("to") && !c.accept_arrow()) c.fail_expected("\"to NEW_NAME\"");
  out.to = out.kind == RenameKind::value ? c.label("the new label") : c.name("the new name");
  return out;
}

Retype retype(Cursor& c) {
  Retype out;
  out.column = column_name(c, "orders.amount");
  if (!c.accept_word("to") && !c.accept_arrow()) c.fail_expected("\"to TYPE\"");
  out.type = expression(c, "a type");
  while (!c.at_end()) {
    if (c.is_word("using") && c.is_symbol('-', 1) && c.is_word("back", 2)) {
      c.advance();
      c.advance();
      c.advance();
      out.conversion_back = expression(c);
    } else if (c.accept_word("using")) {
      out.conversion = expression(c);
    } else {
      c.fail_expected("\"using EXPRESSION\", \"using-back EXPRESSION\" or the end");
    }
  }
  return out;
}

AddColumn add_column(Cursor& c) {
  AddColumn out;
  out.column = column_name(c, "users.nickname");
  out.type = expression(c, "a type");
  while (!c.at_end()) {
    if (c.accept_words("not", "null")) {
      out.not_null = true;
    } else if (c.accept_word("default")) {
      out.default_expression = expression(c);
    } else if (c.accept_word("fill")) {
      out.fill = expression(c);
    } else {
      c.fail_expected("\"not null\", \"default EXPRESSION\", \"fill EXPRESSION\" or the end");
    }
  }
  return out;
}

bool cascade(Cursor& c) { return c.accept_word("cascade"); }

NotNull not_null(Cursor& c) {
  NotNull out;
  out.column = column_name(c, "users.email");
  if (c.accept_word("fill")) out.fill = expression(c);
  return out;
}

SetDefault set_default(Cursor& c) {
  SetDefault out;
  out.column = column_name(c, "users.created_at");
  out.expression = c.text_until("an expression", [] { return false; });
  if (to_lower(out.expression->sql) == "none") out.expression.reset();
  return out;
}

// `users(email)`, or `users.email` for one column.
void table_and_columns(Cursor& c, Name& table, std::vector<Name>& columns) {
  table = c.name("a table and its columns, as in users(email)");
  if (c.is_symbol('(')) {
    columns = c.names_in_parentheses("a column");
  } else if (table.parts.size() > 1) {
    columns.push_back({{table.parts.back()}, table.at});
    table.parts.pop_back();
  } else {
    c.fail_expected("the columns, as in users(email)");
  }
}

Unique unique(Cursor& c) {
  Unique out;
  table_and_columns(c, out.table, out.columns);
  while (!c.at_end()) {
    if (c.accept_word("where")) {
      out.where = expression(c);
    } else if (c.accept_word("name")) {
      out.name = c.name("the name");
    } else {
      c.fail_expected("\"where CONDITION\", \"name NAME\" or the end");
    }
  }
  return out;
}

std::string referential_action(Cursor& c) {
  if (c.accept_word("cascade")) return "CASCADE";
  if (c.accept_word("restrict")) return "RESTRICT";
  if (c.accept_words("set", "null")) return "SET NULL";
  if (c.accept_words("set", "default")) return "SET DEFAULT";
  if (c.accept_words("no", "action")) return "NO ACTION";
  c.fail_expected("cascade, restrict, set null, set default or no action");
}

ForeignKey foreign_key(Cursor& c) {
  ForeignKey out;
  table_and_columns(c, out.table, out.columns);
  if (!c.accept_arrow() && !c.accept_word("references") && !c.accept_word("to"))
    c.fail_expected("\"-> TABLE.COLUMN\"");
  out.referenced = c.name("the referenced table");
  if (c.is_symbol('(')) out.referenced_columns = c.names_in_parentheses("a column");
  while (!c.at_end()) {
    if (c.accept_words("on", "delete")) {
      out.actions += " ON DELETE " + referential_action(c);
    } else if (c.accept_words("on", "update")) {
      out.actions += " ON UPDATE " + referential_action(c);
    } else if (c.accept_word("deferrable")) {
      out.actions += " DEFERRABLE";
    } else if (c.accept_words("initially", "deferred")) {
      out.actions += " INITIALLY DEFERRED";
    } else if (c.accept_word("name")) {
      out.name = c.name("the name");
    } else {
      c.fail_expected("\"on delete ACTION\", \"on update ACTION\", \"deferrable\", \"name NAME\" or the end");
    }
  }
  return out;
}

CreateIndex create_index(Cursor& c) {
  CreateIndex out;
  out.table = c.name("a table and its columns, as in orders(user_id)");
  if (c.is_symbol('(')) {
    out.elements = c.texts_in_parentheses("a column or expression");
  } else if (out.table.parts.size() > 1) {
    out.elements.push_back(
        {c.previous()->kind == TokenKind::word ? out.table.parts.back() : std::string(c.previous_text()),
         out.table.at});
    out.table.parts.pop_back();
  } else {
    c.fail_expected("the columns, as in orders(user_id)");
  }
  while (!c.at_end()) {
    if (c.accept_word("where")) {
      out.where = expression(c);
    } else if (c.accept_word("unique")) {
      out.unique = true;
    } else if (c.accept_word("using")) {
      out.method = c.identifier("an access method");
    } else if (c.accept_word("include")) {
      out.include = c.names_in_parentheses("a column");
    } else if (c.accept_word("name")) {
      out.name = c.name("the name");
    } else {
      c.fail_expected(
          "\"where CONDITION\", \"unique\", \"using METHOD\", \"include (COLUMN, …)\", \"name NAME\" or the "
          "end");
    }
  }
  return out;
}

AddEnumValue add_enum_value(Cursor& c) {
  AddEnumValue out;
  out.type = c.name("an enum type");
  out.label = c.label("the new label");
  if (c.accept_word("after")) out.after = c.label("a label");
  if (c.accept_word("before")) out.before = c.label("a label");
  return out;
}

DropEnumValue drop_enum_value(Cursor& c) {
  DropEnumValue out;
  out.type = c.name("an enum type");
  out.label = c.label("the label");
  if (c.accept_arrow() || c.accept_word("to")) out.replacement = c.label("the label that takes its place");
  return out;
}

Check check(Cursor& c) {
  Check out;
  out.table = c.name("a table");
  out.expression = expression(c, "a condition");
  if (out.expression.sql.starts_with('\'') && out.expression.sql.ends_with('\''))
    out.expression.sql = replace_all(out.expression.sql.substr(1, out.expression.sql.size() - 2), "''", "'");
  if (c.accept_word("name")) out.name = c.name("the name");
  return out;
}

struct Command {
  std::string_view name;
  Action (*read)(Cursor&);
};

const std::array kCommands = {
    Command{"soft-delete", [](Cursor& c) -> Action { return soft_delete(c); }},
    Command{"add-enum-column", [](Cursor& c) -> Action { return add_enum_column(c); }},
    Command{"rename", [](Cursor& c) -> Action { return rename(c); }},
    Command{"retype", [](Cursor& c) -> Action { return retype(c); }},
    Command{"add", [](Cursor& c) -> Action { return add_column(c); }},
    Command{"drop",
            [](Cursor& c) -> Action {
              Name n = column_name(c, "users.nickname");
              return DropColumn{std::move(n), cascade(c)};
            }},
    Command{"drop-table",
            [](Cursor& c) -> Action {
              Name n = c.name("a table");
              return DropTable{std::move(n), cascade(c)};
            }},
    Command{"drop-index", [](Cursor& c) -> Action { return DropIndex{c.name("an index")}; }},
    Command{"drop-constraint",
            [](Cursor& c) -> Action { return DropConstraint{column_name(c, "users.users_email_key")}; }},
    Command{"not-null", [](Cursor& c) -> Action { return not_null(c); }},
    Command{"nullable", [](Cursor& c) -> Action { return Nullable{column_name(c, "users.email")}; }},
    Command{"default", [](Cursor& c) -> Action { return set_default(c); }},
    Command{"drop-default",
            [](Cursor& c) -> Action {
              return SetDefault{column_name(c, "users.email"), {}};
            }},
    Command{"unique", [](Cursor& c) -> Action { return unique(c); }},
    Command{"foreign-key", [](Cursor& c) -> Action { return foreign_key(c); }},
    Command{"index", [](Cursor& c) -> Action { return create_index(c); }},
    Command{"add-enum-value", [](Cursor& c) -> Action { return add_enum_value(c); }},
    Command{"drop-enum-value", [](Cursor& c) -> Action { return drop_enum_value(c); }},
    Command{"reorder-enum",
            [](Cursor& c) -> Action {
              Name n = c.name("an enum type");
              return ReorderEnum{std::move(n), c.labels_in_parentheses("a label")};
            }},
    Command{"check", [](Cursor& c) -> Action { return check(c); }},
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
