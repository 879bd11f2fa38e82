// SPDX-License-Identifier: Apache-2.0
#include "prisma/to_sql.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"
#include "sql/name.h"

namespace contraflow::prisma {
namespace {

struct TypeRow {
  std::string_view name, sql;
};
// What a scalar is without @db (Prisma's reference, "Prisma schema reference: model field scalar types").
constexpr std::array<TypeRow, 9> kScalars{{{"String", "TEXT"}, {"Boolean", "BOOLEAN"}, {"Int", "INTEGER"}, {"BigInt", "BIGINT"}, {"Float", "DOUBLE PRECISION"}, {"Decimal", "DECIMAL(65,30)"}, {"DateTime", "TIMESTAMP(3)"}, {"Json", "JSONB"}, {"Bytes", "BYTEA"}}};
constexpr std::array<TypeRow, 27> kNative{{{"Text", "TEXT"}, {"Char", "CHAR"}, {"VarChar", "VARCHAR"}, {"Bit", "BIT"}, {"VarBit", "VARBIT"}, {"Uuid", "UUID"}, {"Xml", "XML"}, {"Inet", "INET"}, {"Citext", "CITEXT"}, {"Boolean", "BOOLEAN"}, {"Integer", "INTEGER"}, {"Int", "INTEGER"}, {"SmallInt", "SMALLINT"}, {"Oid", "OID"}, {"BigInt", "BIGINT"}, {"DoublePrecision", "DOUBLE PRECISION"}, {"Real", "REAL"}, {"Decimal", "DECIMAL"}, {"Money", "MONEY"}, {"Timestamp", "TIMESTAMP"}, {"Timestamptz", "TIMESTAMPTZ"}, {"Date", "DATE"}, {"Time", "TIME"}, {"Timetz", "TIMETZ"}, {"Json", "JSON"}, {"JsonB", "JSONB"}, {"ByteA", "BYTEA"}}};

std::string quoted(std::string_view name) { return '"' + replace_all(name, "\"", "\"\"") + '"'; }

std::string table_of(const Block& model) {
  const std::string schema = model.schema();
  return (schema.empty() ? "" : quoted(schema) + ".") + quoted(model.mapped_name());
}

const Attribute* native_type(const Field& field) {
  for (const Attribute& attribute : field.attributes) {
    if (attribute.name.starts_with("db.")) return &attribute;
  }
  return nullptr;
}

bool is_relation(const Schema& schema, const Field& field) { return schema.model(field.type) != nullptr; }

[[noreturn]] void refuse(const Schema& schema, const Field& field, const std::string& what) {
  throw Error(ErrorCode::usage, what, "prisma validate says what a Prisma schema may hold").at(schema.place(field.span.begin));
}

std::string literal(const Schema& schema, const Field& field, const std::string& value) {
  if (const auto text = string_value(value)) return sql::quote_literal(*text);
  if (const Block* type = schema.enumeration(field.type)) {
    const Field* label = type->field(value);
    return sql::quote_literal(label != nullptr ? label->column() : value);
  }
  return value;
}

// The DEFAULT of a column; empty: none in the database (cuid(), uuid() and so on are the client's).
std::string default_of(const Schema& schema, const Field& field) {
  const Attribute* attribute = field.find("default");
  if (attribute == nullptr || attribute->first("value") == nullptr) return {};
  const std::string value = attribute->first("value")->value;
  if (value.starts_with('[')) {
    std::vector<std::string> elements;
    for (const std::string& element : list_elements(value)) elements.push_back(literal(schema, field, element));
    return fmt::format("ARRAY[{}]::{}", join(elements, ", "), column_type(schema, field));
  }
  const Call call = call_value(value);
  if (call.name == "now") return "CURRENT_TIMESTAMP";
  if (call.name == "dbgenerated") {
    if (call.arguments.empty()) return {};
    return string_value(call.arguments[0].value).value_or("");
  }
  if (!call.name.empty()) return {};
  if (field.type == "Bytes") {
    const auto text = string_value(value);
    return text ? fmt::format("decode({}, 'base64')", sql::quote_literal(*text)) : value;
  }
  return literal(schema, field, value);
}

bool is_autoincrement(const Field& field) {
  const Attribute* attribute = field.find("default");
  return attribute != nullptr && attribute->first("value") != nullptr && attribute->first("value")->value == "autoincrement()";
}

std::string serial_of(const std::string& type) { return type == "BIGINT" ? "BIGSERIAL" : type == "SMALLINT" ? "SMALLSERIAL"
                                                                                                            : "SERIAL"; }

struct Key {
  std::vector<std::string> columns;  // with order and operator class, quoted
  std::vector<std::string> names;    // plain
};

// `[a, b(sort: Desc, ops: raw("x"))]`
Key key_of(const Schema& schema, const Block& model, const Attribute& attribute) {
  Key out;
  const Argument* fields = attribute.first("fields");
  if (fields == nullptr) return out;
  for (const std::string& element : list_elements(fields->value)) {
    const Call call = call_value(element);
    const std::string name = call.name.empty() ? element : call.name;
    const Field* field = model.field(name.substr(0, name.find('.')));
    if (field == nullptr)
      throw Error(ErrorCode::usage, fmt::format("model {} has no field {}", model.name, name)).at(schema.place(attribute.span.begin));
    std::string column = quoted(field->column());
    for (const Argument& argument : call.arguments) {
      if (argument.name != "ops") continue;
      const Call raw = call_value(argument.value);
      if (raw.name == "raw" && !raw.arguments.empty()) {
        column += " " + string_value(raw.arguments[0].value).value_or("");
      } else {  // JsonbPathOps is jsonb_path_ops
        std::string snake;
        for (const char c : argument.value) {
          if (c >= 'A' && c <= 'Z') {
            if (!snake.empty()) snake += '_';
            snake += static_cast<char>(c - 'A' + 'a');
          } else {
            snake += c;
          }
        }
        column += " " + snake;
      }
    }
    for (const Argument& argument : call.arguments) {
      if (argument.name == "sort") column += argument.value == "Desc" ? " DESC" : " ASC";
    }
    out.columns.push_back(std::move(column));
    out.names.push_back(field->column());
  }
  return out;
}

std::string mapped(const Attribute& attribute, const std::string& otherwise) {
  const Argument* map = attribute.find("map");
  return map != nullptr ? string_value(map->value).value_or(otherwise) : otherwise;
}

std::string action_of(const Argument* action, const std::string& otherwise) {
  if (action == nullptr) return otherwise;
  if (action->value == "NoAction") return "NO ACTION";
  if (action->value == "SetNull") return "SET NULL";
  if (action->value == "SetDefault") return "SET DEFAULT";
  return action->value == "Cascade" ? "CASCADE" : "RESTRICT";
}

class Writer {
 public:
  explicit Writer(const Schema& schema) : schema_(schema) {}

  std::vector<std::string> write() {
    const Block* source = schema_.datasource();
    bool foreign_keys = true;
    if (source != nullptr) {
      const std::string* provider = source->setting("provider");
      if (provider != nullptr && *provider != "\"postgresql\"" && *provider != "\"postgres\"" && !provider->starts_with("env"))
        throw Error(ErrorCode::usage, fmt::format("the datasource is {}, not PostgreSQL", *provider)).at(schema_.place(source->span.begin));
      if (const std::string* mode = source->setting("relationMode")) foreign_keys = *mode != "\"prisma\"";
      if (const std::string* schemas = source->setting("schemas")) {
        for (const std::string& name : list_elements(*schemas)) out_.push_back(fmt::format("CREATE SCHEMA IF NOT EXISTS {}", quoted(string_value(name).value_or(name))));
      }
      if (const std::string* extensions = source->setting("extensions")) {
        for (const std::string& element : list_elements(*extensions)) extension(element);
      }
    }
    implied_extensions();
    for (const Block& block : schema_.blocks) {
      if (block.kind == BlockKind::enumeration) enumeration(block);
    }
    for (const Block& block : schema_.blocks) {
      if (block.kind == BlockKind::model) table(block);
    }
    for (const Block& block : schema_.blocks) {
      if (block.kind == BlockKind::model) indexes(block);
    }
    many_to_many();
    if (foreign_keys) {
      for (const Block& block : schema_.blocks) {
        if (block.kind == BlockKind::model) references(block);
      }
      out_.insert(out_.end(), pair_keys_.begin(), pair_keys_.end());
    }
    return std::move(out_);
  }

 private:
  void extension(const std::string& element) {
    const Call call = call_value(element);
    std::string name = call.name.empty() ? element : call.name, rest;
    for (const Argument& argument : call.arguments) {
      const std::string value = string_value(argument.value).value_or(argument.value);
      if (argument.name == "map") name = value;
      if (argument.name == "schema") rest += " WITH SCHEMA " + quoted(value);
    }
    out_.push_back(fmt::format("CREATE EXTENSION IF NOT EXISTS {}{}", quoted(name), rest));
  }

  // Types and operator classes of extensions that the datasource does not list: a migration made them, and nothing loads without.
  void implied_extensions() {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kMarks{{{"_trgm_ops", "pg_trgm"}, {"@db.Citext", "citext"}, {"Unsupported(\"vector", "vector"}, {"Unsupported(\"geometry", "postgis"}, {"Unsupported(\"geography", "postgis"}, {"Unsupported(\"ltree", "ltree"}}};
    for (const auto& [mark, name] : kMarks) {
      if (schema_.text.find(mark) != std::string::npos) out_.push_back(fmt::format("CREATE EXTENSION IF NOT EXISTS {}", quoted(name)));
    }
  }

  void enumeration(const Block& block) {
    std::vector<std::string> labels;
    for (const Field& label : block.fields) labels.push_back(sql::quote_literal(label.column()));
    out_.push_back(fmt::format("CREATE TYPE {} AS ENUM ({})", table_of(block), join(labels, ", ")));
  }

  void table(const Block& model) {
    std::vector<std::string> lines;
    std::vector<std::string> key;
    std::string key_name = default_name(model.mapped_name(), {}, "_pkey");
    for (const Field& field : model.fields) {
      if (is_relation(schema_, field)) continue;
      std::string type = column_type(schema_, field);
      if (is_autoincrement(field)) type = serial_of(type);
      std::string line = fmt::format("{} {}", quoted(field.column()), type);
      if (!field.optional && !field.list) line += " NOT NULL";
      if (const std::string value = default_of(schema_, field); !value.empty()) line += " DEFAULT " + value;
      lines.push_back(std::move(line));
      if (const Attribute* id = field.find("id")) {
        key.push_back(quoted(field.column()));
        key_name = mapped(*id, key_name);
      }
    }
    if (const Attribute* id = model.find("id")) {
      const Key columns = key_of(schema_, model, *id);
      key = columns.columns;
      key_name = mapped(*id, key_name);
    }
    if (!key.empty()) lines.push_back(fmt::format("CONSTRAINT {} PRIMARY KEY ({})", quoted(key_name), join(key, ", ")));
    out_.push_back(fmt::format("CREATE TABLE {} (\n    {}\n)", table_of(model), join(lines, ",\n    ")));
  }

  void index(const Block& model, const Attribute& attribute, const Key& key, bool unique) {
    const std::string name = mapped(attribute, default_name(model.mapped_name(), key.names, unique ? "_key" : "_idx"));
    std::string method;
    if (const Argument* type = attribute.find("type"); type != nullptr && type->value != "BTree") {
      method = " USING " + (type->value == "SpGist" ? std::string("SPGIST") : type->value);
    }
    std::string predicate;  // where: raw("…"), Prisma's partial indexes
    if (const Argument* where = attribute.find("where")) {
      const Call raw = call_value(where->value);
      if (raw.name == "raw" && !raw.arguments.empty()) predicate = fmt::format(" WHERE ({})", string_value(raw.arguments[0].value).value_or("true"));
    }
    out_.push_back(fmt::format("CREATE {}INDEX {} ON {}{} ({}){}", unique ? "UNIQUE " : "", quoted(name), table_of(model), method, join(key.columns, ", "), predicate));
  }

  void indexes(const Block& model) {
    for (const Field& field : model.fields) {
      if (const Attribute* unique = field.find("unique")) {
        std::string column = quoted(field.column());
        if (const Argument* sort = unique->find("sort")) column += sort->value == "Desc" ? " DESC" : " ASC";
        index(model, *unique, {{column}, {field.column()}}, true);
      }
    }
    for (const Attribute& attribute : model.attributes) {
      if (attribute.name == "unique") index(model, attribute, key_of(schema_, model, attribute), true);
      if (attribute.name == "index") index(model, attribute, key_of(schema_, model, attribute), false);
    }
  }

  void references(const Block& model) {
    for (const Field& field : model.fields) {
      const Block* other = schema_.find(BlockKind::model, field.type);
      const Attribute* relation = field.find("relation");
      if (other == nullptr || relation == nullptr || relation->find("fields") == nullptr || relation->find("references") == nullptr) continue;
      std::vector<std::string> columns, plain, referenced;
      for (const std::string& name : list_elements(relation->find("fields")->value)) {
        const Field* own = model.field(name);
        if (own == nullptr) refuse(schema_, field, fmt::format("model {} has no field {}", model.name, name));
        plain.push_back(own->column());
        columns.push_back(quoted(own->column()));
      }
      for (const std::string& name : list_elements(relation->find("references")->value)) {
        const Field* theirs = other->field(name);
        if (theirs == nullptr) refuse(schema_, field, fmt::format("model {} has no field {}", other->name, name));
        referenced.push_back(quoted(theirs->column()));
      }
      out_.push_back(fmt::format("ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {}({}) ON DELETE {} ON UPDATE {}", table_of(model),
                                 quoted(mapped(*relation, default_name(model.mapped_name(), plain, "_fkey"))), join(columns, ", "), table_of(*other),
                                 join(referenced, ", "), action_of(relation->find("onDelete"), field.optional ? "SET NULL" : "RESTRICT"),
                                 action_of(relation->find("onUpdate"), "CASCADE")));
    }
  }

  static std::string relation_name(const Field& field) {
    const Attribute* relation = field.find("relation");
    const Argument* name = relation != nullptr ? relation->first("name") : nullptr;
    return name != nullptr ? string_value(name->value).value_or("") : "";
  }

  // Lists on both sides without a key: a table of pairs, "A" being the model that comes first by name.
  void many_to_many() {
    std::set<std::string> done;
    for (const Block& left : schema_.blocks) {
      if (left.kind != BlockKind::model) continue;
      for (const Field& field : left.fields) {
        const Block* right = schema_.find(BlockKind::model, field.type);
        if (right == nullptr || !field.list) continue;
        const std::string name = relation_name(field);
        const auto back = std::find_if(right->fields.begin(), right->fields.end(), [&](const Field& f) {
          return f.type == left.name && relation_name(f) == name && (right != &left || f.name != field.name || !name.empty());
        });
        if (back == right->fields.end() || !back->list) continue;
        const bool own_first = left.name <= right->name;
        const Block& a = own_first ? left : *right;
        const Block& b = own_first ? *right : left;
        const std::string table = "_" + (name.empty() ? a.name + "To" + b.name : name);
        if (!done.insert(table).second) continue;
        const auto id_of = [&](const Block& model) -> const Field& {
          for (const Field& f : model.fields) {
            if (f.find("id") != nullptr) return f;
          }
          throw Error(ErrorCode::usage, fmt::format("model {} has no single @id, which an implicit many-to-many relation needs", model.name))
              .at(schema_.place(model.span.begin));
        };
        const Field& a_id = id_of(a);
        const Field& b_id = id_of(b);
        const std::string qualified = (a.schema().empty() ? "" : quoted(a.schema()) + ".") + quoted(table);
        out_.push_back(fmt::format("CREATE TABLE {} (\n    \"A\" {} NOT NULL,\n    \"B\" {} NOT NULL,\n    CONSTRAINT {} PRIMARY KEY (\"A\", \"B\")\n)", qualified,
                                   column_type(schema_, a_id), column_type(schema_, b_id), quoted(table + "_AB_pkey")));
        out_.push_back(fmt::format("CREATE INDEX {} ON {} (\"B\")", quoted(table + "_B_index"), qualified));
        pair_keys_.push_back(fmt::format("ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY (\"A\") REFERENCES {}({}) ON DELETE CASCADE ON UPDATE CASCADE", qualified,
                                         quoted(table + "_A_fkey"), table_of(a), quoted(a_id.column())));
        pair_keys_.push_back(fmt::format("ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY (\"B\") REFERENCES {}({}) ON DELETE CASCADE ON UPDATE CASCADE", qualified,
                                         quoted(table + "_B_fkey"), table_of(b), quoted(b_id.column())));
      }
    }
  }

  const Schema& schema_;
  std::vector<std::string> out_, pair_keys_;
};

}  // namespace

std::string default_name(const std::string& table, const std::vector<std::string>& columns, std::string_view suffix) {
  // PostgreSQL's identifiers have 63 bytes: the part before the suffix is cut, as Prisma's schema engine does (seen in the migrations that it wrote for langfuse and civitai).
  std::string joined = table;
  for (const std::string& column : columns) joined += "_" + column;
  constexpr std::size_t kLimit = 63;
  if (joined.size() > kLimit - suffix.size()) {
    std::size_t cut = kLimit - suffix.size();
    while (cut > 0 && (static_cast<unsigned char>(joined[cut]) & 0xC0) == 0x80) --cut;
    joined.resize(cut);
  }
  return joined + std::string(suffix);
}

std::string column_type(const Schema& schema, const Field& field) {
  const std::string list = field.list ? "[]" : "";
  if (field.type.starts_with("Unsupported(")) {
    const Call call = call_value(field.type);
    return (call.arguments.empty() ? "" : string_value(call.arguments[0].value).value_or("")) + list;
  }
  if (const Block* type = schema.enumeration(field.type)) return table_of(*type) + list;
  if (const Attribute* native = native_type(field)) {
    const std::string name = native->name.substr(3);
    const auto* row = std::find_if(kNative.begin(), kNative.end(), [&](const TypeRow& r) { return r.name == name; });
    if (row == kNative.end()) refuse(schema, field, fmt::format("@db.{} is no type of PostgreSQL", name));
    std::vector<std::string> sizes;
    for (const Argument& argument : native->arguments) sizes.push_back(argument.value);
    return std::string(row->sql) + (sizes.empty() ? "" : "(" + join(sizes, ",") + ")") + list;
  }
  const auto* row = std::find_if(kScalars.begin(), kScalars.end(), [&](const TypeRow& r) { return r.name == field.type; });
  if (row == kScalars.end()) refuse(schema, field, fmt::format("there is no type, enum or model {}", field.type));
  return std::string(row->sql) + list;
}

std::vector<std::string> to_sql(const Schema& schema) { return Writer(schema).write(); }

}  // namespace contraflow::prisma
