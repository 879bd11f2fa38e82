// SPDX-License-Identifier: Apache-2.0
//
// A schema.prisma as data that knows where everything stands: the text is kept, and every part has its bytes in it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace contraflow::prisma {

struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const Span&) const = default;
};

// `name: value` or a bare value; the value is source text: `[a, b(sort: Desc)]`, `"text"`, `dbgenerated("x")`.
struct Argument {
  std::string name;
  std::string value;
};

// `@id`, `@db.VarChar(20)`, `@@index([a, b])`; the name is without its at signs.
struct Attribute {
  std::string name;
  std::vector<Argument> arguments;
  Span span;

  const Argument* find(std::string_view argument) const;   // by name
  const Argument* first(std::string_view argument) const;  // by name, or the first that has none
};

struct Field {
  std::string name;
  std::string type;  // "String", "User", "Unsupported(\"tsvector\")"
  bool list = false;
  bool optional = false;
  std::vector<Attribute> attributes;
  Span span;  // of its line from the name to the last attribute, without a comment behind it

  const Attribute* find(std::string_view attribute) const;
  std::string column() const;  // @map, or its name
};

enum class BlockKind { model,
                       view,
                       composite_type,
                       enumeration,
                       datasource,
                       generator };

// model, view, type: fields. enum: values as fields without a type. datasource, generator: `settings`.
struct Block {
  BlockKind kind{};
  std::string name;
  std::vector<Field> fields;
  std::vector<Attribute> attributes;  // those with @@
  std::vector<Argument> settings;
  Span span;  // from its keyword to the brace
  Span body;  // between the braces

  const Field* field(std::string_view name) const;
  const Attribute* find(std::string_view attribute) const;
  std::string mapped_name() const;  // @@map, or its name
  std::string schema() const;       // @@schema, or ""
  const std::string* setting(std::string_view name) const;
};

// One file of a schema: its bytes in the text.
struct Part {
  std::string file;
  Span span;
};

struct Schema {
  std::string text;  // of all files, one after another
  std::string file;  // its only one, or the folder
  std::vector<Part> parts;
  std::vector<Block> blocks;  // in the order of the text

  const Part& part_at(std::size_t offset) const;
  Location place(std::size_t offset) const;

  const Block* find(BlockKind kind, std::string_view name) const;
  const Block* model(std::string_view name) const;  // a model or a view
  const Block* enumeration(std::string_view name) const;
  const Block* datasource() const;
};

// Error{usage} with the place where the text is no Prisma schema.
Schema parse(std::string_view text, const std::string& file = "schema.prisma");

// Prisma's multi-file form: the models of several files see each other. `files`: names and texts; `folder` names the whole.
Schema parse_files(const std::vector<std::pair<std::string, std::string>>& files, const std::string& folder);

// A field's type that is neither a model, an enum or a composite type of the schema nor one of Prisma's own; empty where there is none.
std::string unknown_type(const Schema& schema);

// The text of a string value ("a\"b" -> a"b), or nothing where the value is no string.
std::optional<std::string> string_value(std::string_view value);
// The elements of `[a, b(sort: Desc)]`; a value that is no list is its only element.
std::vector<std::string> list_elements(std::string_view value);
// `dbgenerated("x")` -> its name and arguments; an empty name where the value is no call.
struct Call {
  std::string name;
  std::vector<Argument> arguments;
};
Call call_value(std::string_view value);

// The text as `prisma format` writes it: two blanks of indentation, names, types and attributes in columns.
std::string format(std::string_view text, const std::string& file = "schema.prisma");

}  // namespace contraflow::prisma
