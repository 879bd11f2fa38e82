// SPDX-License-Identifier: Apache-2.0
#include "code/prisma_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/text.h"

namespace contraflow::code {

using catalog::Kind;
using prisma::Block;
using prisma::Field;

std::string camel(const std::string& name, bool capital) {
  std::string out;
  bool up = capital;
  for (const char c : name) {
    if (c == '_' || c == '-' || c == ' ') {
      up = !out.empty() || capital;
      continue;
    }
    out += up && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    up = false;
  }
  return out;
}

std::string in_quotes(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + '"';
}

namespace {

struct Constant {
  std::string text;
  std::string rest;  // what stands behind it: "::text"
};

// 'it''s'::text; nothing where the expression does not begin with a plain string constant.
std::optional<Constant> string_constant(const std::string& expression) {
  if (!expression.starts_with('\'')) return std::nullopt;
  Constant out;
  std::size_t at = 1;
  for (; at < expression.size(); ++at) {
    if (expression[at] != '\'') {
      out.text += expression[at];
    } else if (at + 1 < expression.size() && expression[at + 1] == '\'') {
      out.text += '\'';
      ++at;
    } else {
      break;
    }
  }
  if (at >= expression.size()) return std::nullopt;
  out.rest = expression.substr(at + 1);
  return out;
}

// A cast and nothing else: no operator, no further constant.
bool only_a_cast(const std::string& rest) { return rest.empty() || (rest.starts_with("::") && rest.find_first_of("'|+*/<>=") == std::string::npos); }

bool is_number(const std::string& text) {
  const std::size_t digits = text.starts_with('-') ? 1 : 0;
  return text.size() > digits && text.find_first_not_of("0123456789.", digits) == std::string::npos && std::count(text.begin(), text.end(), '.') <= 1 && text.back() != '.' && text[digits] != '.';
}

}  // namespace

const catalog::ObjectId* PrismaWords::enum_of(const std::string& type) const {
  for (const auto& [id, object] : now_.objects) {
    if (id.kind == Kind::enum_type && type == sql::quote({id.schema, id.name})) return &id;
  }
  return nullptr;
}

PrismaWords::Type PrismaWords::type_of(const catalog::Column& column) const {
  std::string type = column.type;
  Type out;
  if (type.ends_with("[]")) {
    out.list = true;
    type.resize(type.size() - 2);
  }
  if (const catalog::ObjectId* id = enum_of(type)) {
    const Block* block = enum_block(*id);
    out.name = block != nullptr ? block->name : camel(id->name, true);
    return out;
  }
  std::string modifier;
  const std::size_t open = type.find('(');
  std::string base = type;
  if (open != std::string::npos) {
    const std::size_t close = type.find(')', open);
    modifier = replace_all(type.substr(open, close - open + 1), ",", ", ");
    base = type.substr(0, open) + type.substr(close + 1);
  }
  // Prisma's reference, "PostgreSQL: native type mappings".
  static const std::map<std::string, std::pair<std::string, std::string>> kTypes{
      {"text", {"String", ""}}, {"integer", {"Int", ""}}, {"bigint", {"BigInt", ""}}, {"smallint", {"Int", "SmallInt"}}, {"boolean", {"Boolean", ""}}, {"double precision", {"Float", ""}}, {"real", {"Float", "Real"}}, {"jsonb", {"Json", ""}}, {"json", {"Json", "Json"}}, {"bytea", {"Bytes", ""}}, {"character varying", {"String", "VarChar"}}, {"character", {"String", "Char"}}, {"uuid", {"String", "Uuid"}}, {"xml", {"String", "Xml"}}, {"inet", {"String", "Inet"}}, {"public.citext", {"String", "Citext"}}, {"bit", {"String", "Bit"}}, {"bit varying", {"String", "VarBit"}}, {"date", {"DateTime", "Date"}}, {"numeric", {"Decimal", "Decimal"}}, {"money", {"Decimal", "Money"}}, {"oid", {"Int", "Oid"}}, {"timestamp without time zone", {"DateTime", "Timestamp"}}, {"timestamp with time zone", {"DateTime", "Timestamptz"}}, {"time without time zone", {"DateTime", "Time"}}, {"time with time zone", {"DateTime", "Timetz"}}};
  const auto it = kTypes.find(base);
  if (it == kTypes.end()) {
    out.name = fmt::format("Unsupported({})", in_quotes(type));
    return out;
  }
  out.name = it->second.first;
  if (type == "timestamp(3) without time zone" || type == "numeric(65,30)") return out;
  if (!it->second.second.empty()) out.native = "@db." + it->second.second + modifier;
  return out;
}

std::string PrismaWords::default_of(const catalog::Column& column) const {
  const std::string& value = column.default_expression;
  if (column.generated != catalog::Generated::none) return {};
  if (column.identity != catalog::Identity::none) return "@default(autoincrement())";
  if (value.empty()) return {};
  const auto as_is = [&] { return fmt::format("@default(dbgenerated({}))", in_quotes(value)); };
  if (value.starts_with("nextval(")) return "@default(autoincrement())";
  if (value == "CURRENT_TIMESTAMP" || value == "now()") return "@default(now())";
  const Type type = type_of(column);
  if (type.name.starts_with("Unsupported")) return as_is();
  const auto constant = string_constant(value);
  if (type.list) {
    if (constant && constant->text == "{}" && only_a_cast(constant->rest)) return "@default([])";
    if (value.starts_with("ARRAY[]::")) return "@default([])";
    return as_is();
  }
  if (value == "true" || value == "false") return type.name == "Boolean" ? fmt::format("@default({})", value) : as_is();
  const std::string number = constant && only_a_cast(constant->rest) ? constant->text : value;
  if (type.name == "Int" || type.name == "BigInt") return is_number(number) && number.find('.') == std::string::npos ? fmt::format("@default({})", number) : as_is();
  if (type.name == "Float" || type.name == "Decimal") return is_number(number) ? fmt::format("@default({})", number) : as_is();
  if (!constant || !only_a_cast(constant->rest)) return as_is();
  if (const catalog::ObjectId* id = enum_of(column.type)) return fmt::format("@default({})", label_name(*id, constant->text));
  if ((type.name == "String" && (type.native.empty() || type.native.starts_with("@db.VarChar") || type.native.starts_with("@db.Char") || type.native == "@db.Citext")) || type.name == "Json")
    return fmt::format("@default({})", in_quotes(constant->text));
  return as_is();
}

const Block* PrismaWords::enum_block(const catalog::ObjectId& id) const {
  for (const Block& block : schema_.blocks) {
    if (block.kind == prisma::BlockKind::enumeration && block.mapped_name() == id.name && (block.schema().empty() ? "public" : block.schema()) == id.schema) return &block;
  }
  return nullptr;
}

std::string PrismaWords::label_name(const catalog::ObjectId& type, const std::string& label) const {
  const auto values = renames_.values.find({type.schema, type.name});
  if (const Block* block = enum_block(type)) {
    for (const Field& field : block->fields) {
      if (field.column() == label) return field.name;
      if (values == renames_.values.end()) continue;
      const auto renamed = values->second.find(field.column());
      if (renamed != values->second.end() && renamed->second == label) return field.name;
    }
  }
  const std::string line = new_label(label, enum_block(type));
  return line.substr(0, line.find(' '));
}

std::string PrismaWords::new_label(const std::string& label, const Block* block) {
  std::string name;
  for (const char c : label) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    name += letter || (!name.empty() && ((c >= '0' && c <= '9') || c == '_')) ? c : '_';
  }
  while (name.starts_with('_')) name.erase(0, 1);
  if (name.empty()) name = "value";
  const auto capitals = [](const Field& field) { return to_lower(field.name) != field.name && std::none_of(field.name.begin(), field.name.end(), [](char c) { return c >= 'a' && c <= 'z'; }) && field.find("map") != nullptr; };
  if (block != nullptr && !block->fields.empty() && std::all_of(block->fields.begin(), block->fields.end(), capitals)) {
    for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name == label ? name : fmt::format("{} @map({})", name, in_quotes(label));
}

}  // namespace contraflow::code
