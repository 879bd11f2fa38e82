// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.h"
#include "intent/parse_actions.h"

namespace contraflow::intent {

namespace {

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

std::string referential_action(Cursor& c) {
  if (c.accept_word("cascade")) return "CASCADE";
  if (c.accept_word("restrict")) return "RESTRICT";
  if (c.accept_words("set", "null")) return "SET NULL";
  if (c.accept_words("set", "default")) return "SET DEFAULT";
  if (c.accept_words("no", "action")) return "NO ACTION";
  c.fail_expected("cascade, restrict, set null, set default or no action");
}

}  // namespace

NotNull read_not_null(Cursor& c) {
  NotNull out;
  out.column = column_name(c, "users.email");
  if (c.accept_word("fill")) out.fill = expression(c);
  return out;
}

SetDefault read_set_default(Cursor& c) {
  SetDefault out;
  out.column = column_name(c, "users.created_at");
  out.expression = c.text_until("an expression", [] { return false; });
  if (to_lower(out.expression->sql) == "none") out.expression.reset();
  return out;
}

Unique read_unique(Cursor& c) {
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

ForeignKey read_foreign_key(Cursor& c) {
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

CreateIndex read_create_index(Cursor& c) {
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

AddEnumValue read_add_enum_value(Cursor& c) {
  AddEnumValue out;
  out.type = c.name("an enum type");
  out.label = c.label("the new label");
  if (c.accept_word("after")) out.after = c.label("a label");
  if (c.accept_word("before")) out.before = c.label("a label");
  return out;
}

DropEnumValue read_drop_enum_value(Cursor& c) {
  DropEnumValue out;
  out.type = c.name("an enum type");
  out.label = c.label("the label");
  if (c.accept_arrow() || c.accept_word("to")) out.replacement = c.label("the label that takes its place");
  return out;
}

Check read_check(Cursor& c) {
  Check out;
  out.table = c.name("a table");
  out.expression = expression(c, "a condition");
  if (out.expression.sql.starts_with('\'') && out.expression.sql.ends_with('\''))
    out.expression.sql = replace_all(out.expression.sql.substr(1, out.expression.sql.size() - 2), "''", "'");
  if (c.accept_word("name")) out.name = c.name("the name");
  return out;
}

}  // namespace contraflow::intent
