// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "intent/parse_actions.h"

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

}  // namespace

Text expression(Cursor& c, std::string_view what) {
  return c.text_until(what, [&c] { return starts_option(c); });
}

Name column_name(Cursor& c, std::string_view example) {
  Name name = c.name(fmt::format("a column, as in {}", example));
  if (name.parts.size() < 2)
    throw Error(ErrorCode::usage, fmt::format("\"{}\" names no column", name.parts[0]),
                fmt::format("write TABLE.COLUMN, as in {}", example))
        .at(name.at);
  return name;
}

SoftDelete read_soft_delete(Cursor& c) {
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

AddEnumColumn read_add_enum_column(Cursor& c) {
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

Rename read_rename(Cursor& c) {
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
    out.from = c.name("TYPE.LABEL", true);
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

Retype read_retype(Cursor& c) {
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

AddColumn read_add_column(Cursor& c) {
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

}  // namespace contraflow::intent
