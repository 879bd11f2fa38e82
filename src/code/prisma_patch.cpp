// SPDX-License-Identifier: Apache-2.0
#include "code/prisma_patch.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/edit.h"
#include "base/text.h"

namespace contraflow::code {
namespace {

using catalog::Kind;
using prisma::Block;
using prisma::BlockKind;
using prisma::Field;

bool is_helper(const std::string& name) { return name.find("__new") != std::string::npos || name.find("__old") != std::string::npos || name.starts_with("contraflow"); }

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

std::string quoted(const std::string& text) { return '"' + replace_all(replace_all(text, "\\", "\\\\"), "\"", "\\\"") + '"'; }

class Patch {
 public:
  Patch(const prisma::Schema& schema, const catalog::Database& before, const catalog::Database& now, const catalog::Database& end)
      : schema_(schema), before_(before), now_(now), end_(end) {}

  SchemaPatch run() {
    for (const Block& block : schema_.blocks) {
      if (block.kind == BlockKind::model) model(block);
      if (block.kind == BlockKind::enumeration) enumeration(block);
    }
    for (const auto& [id, object] : now_.objects) {
      if (id.kind == Kind::enum_type && !is_helper(id.name) && before_.find(id) == nullptr) new_enumeration(id, std::get<catalog::EnumType>(object.body));
      if (id.kind == Kind::table && !is_helper(id.name) && before_.find(id) == nullptr) note(fmt::format("table {} is new: its model is yours to name (prisma db pull shows it)", id.name));
    }
    std::string text = apply_edits(schema_.text, edits_);
    for (const std::string& block : blocks_) text += "\n" + block;
    out_.text = prisma::format(text, schema_.file);
    return std::move(out_);
  }

 private:
  void note(std::string text) {
    if (std::find(out_.notes.begin(), out_.notes.end(), text) == out_.notes.end()) out_.notes.push_back(std::move(text));
  }

  static std::string schema_of(const Block& block) { return block.schema().empty() ? "public" : block.schema(); }

  // The line of a part, with its line end.
  prisma::Span line_of(const prisma::Span& span) const {
    std::size_t begin = span.begin, end = span.end;
    while (begin > 0 && schema_.text[begin - 1] != '\n') --begin;
    end = schema_.text.find('\n', end);
    return {begin, end == std::string::npos ? schema_.text.size() : end + 1};
  }
  void drop_line(const prisma::Span& span) {
    const prisma::Span line = line_of(span);
    if (dropped_.insert(line.begin).second) edits_.push_back({line.begin, line.end, ""});
  }

  // Prisma's spelling of a type: name, and @db where the default mapping differs.
  struct Type {
    std::string name, native;
    bool list = false;
  };
  Type type_of(const catalog::Column& column) {
    std::string type = column.type;
    Type out;
    if (type.ends_with("[]")) {
      out.list = true;
      type.resize(type.size() - 2);
    }
    for (const auto& [id, object] : now_.objects) {
      if (id.kind != Kind::enum_type) continue;
      if (type == sql::quote({id.schema, id.name})) {
        out.name = enum_name(id);
        return out;
      }
    }
    std::string modifier;
    const std::size_t open = type.find('(');
    std::string base = type;
    if (open != std::string::npos) {
      const std::size_t close = type.find(')', open);
      modifier = type.substr(open, close - open + 1);
      base = type.substr(0, open) + type.substr(close + 1);
    }
    static const std::map<std::string, std::pair<std::string, std::string>> kTypes{
        {"text", {"String", ""}}, {"integer", {"Int", ""}}, {"bigint", {"BigInt", ""}}, {"smallint", {"Int", "SmallInt"}}, {"boolean", {"Boolean", ""}},
        {"double precision", {"Float", ""}}, {"real", {"Float", "Real"}}, {"jsonb", {"Json", ""}}, {"json", {"Json", "Json"}}, {"bytea", {"Bytes", ""}},
        {"character varying", {"String", "VarChar"}}, {"character", {"String", "Char"}}, {"uuid", {"String", "Uuid"}}, {"xml", {"String", "Xml"}},
        {"inet", {"String", "Inet"}}, {"public.citext", {"String", "Citext"}}, {"bit", {"String", "Bit"}}, {"bit varying", {"String", "VarBit"}},
        {"date", {"DateTime", "Date"}}, {"numeric", {"Decimal", "Decimal"}}, {"money", {"Decimal", "Money"}}, {"oid", {"Int", "Oid"}},
        {"timestamp without time zone", {"DateTime", "Timestamp"}}, {"timestamp with time zone", {"DateTime", "Timestamptz"}},
        {"time without time zone", {"DateTime", "Time"}}, {"time with time zone", {"DateTime", "Timetz"}}};
    const auto it = kTypes.find(base);
    if (it == kTypes.end()) {
      out.name = fmt::format("Unsupported({})", quoted(type));
      return out;
    }
    out.name = it->second.first;
    if (type == "timestamp(3) without time zone" || type == "numeric(65,30)") return out;
    if (!it->second.second.empty()) out.native = "@db." + it->second.second + modifier;
    return out;
  }

  const Block* enum_block(const catalog::ObjectId& id) const {
    for (const Block& block : schema_.blocks) {
      if (block.kind == BlockKind::enumeration && block.mapped_name() == id.name && schema_of(block) == id.schema) return &block;
    }
    return nullptr;
  }
  std::string enum_name(const catalog::ObjectId& id) const {
    const Block* block = enum_block(id);
    return block != nullptr ? block->name : camel(id.name, true);
  }

  std::string default_of(const catalog::Column& column) const {
    std::string value = column.default_expression;
    if (value.empty() || column.generated != catalog::Generated::none) return {};
    if (value.starts_with("nextval(")) return "@default(autoincrement())";
    if (value == "CURRENT_TIMESTAMP" || value == "now()") return "@default(now())";
    if (value == "true" || value == "false") return fmt::format("@default({})", value);
    if (value.find_first_not_of("0123456789.-") == std::string::npos) return fmt::format("@default({})", value);
    if (value.starts_with('\'')) {
      const std::size_t close = value.find('\'', 1);
      const std::string text = value.substr(1, close - 1);
      const bool plain = close != std::string::npos && value.substr(close + 1).starts_with("::") && value.find('\'', close + 1) == std::string::npos;
      for (const auto& [id, object] : now_.objects) {
        if (id.kind != Kind::enum_type || column.type != sql::quote({id.schema, id.name})) continue;
        return fmt::format("@default({})", label_name(enum_block(id), text));
      }
      if (plain && (column.type_base == "text" || column.type_base == "character varying")) return fmt::format("@default({})", quoted(text));
    }
    return fmt::format("@default(dbgenerated({}))", quoted(value));
  }

  static std::string label_name(const Block* block, const std::string& label) {
    if (block != nullptr) {
      for (const Field& field : block->fields) {
        if (field.column() == label) return field.name;
      }
    }
    std::string out;
    for (const char c : label) out += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9' && !out.empty()) || (c == '_' && !out.empty()) ? c : '_';
    while (!out.empty() && out[0] == '_') out.erase(0, 1);
    return out.empty() ? "value" : out;
  }
  static std::string label_line(const std::string& label) {
    const std::string name = label_name(nullptr, label);
    return "  " + name + (name == label ? "" : fmt::format(" @map({})", quoted(label)));
  }

  void model(const Block& block) {
    const std::string schema = schema_of(block), table = block.mapped_name();
    const bool camels = std::any_of(block.fields.begin(), block.fields.end(), [](const Field& f) { return f.find("map") != nullptr; });
    std::set<std::string> known;
    std::string added;
    for (const Field& field : block.fields) {
      if (schema_.model(field.type) != nullptr) continue;
      known.insert(field.column());
      const catalog::ObjectId id = catalog::column_id(schema, table, field.column());
      const auto* old = before_.find_body<catalog::Column>(id);
      const auto* column = now_.find_body<catalog::Column>(id);
      if (column == nullptr) {
        if (old != nullptr) remove_field(block, field);
        continue;
      }
      if (end_.find(id) == nullptr && field.find("ignore") == nullptr) {
        edits_.push_back({field.span.end, field.span.end, " @ignore"});
        if (column->not_null) note(fmt::format("{}.{} is retired, but still NOT NULL: the client can only leave it out once that is relaxed", block.name, field.name));
      }
      if (old != nullptr) change_field(field, *old, *column);
    }
    std::vector<std::pair<int, std::string>> lines;
    for (const auto& [id, object] : now_.objects) {
      if (id.kind != Kind::column || id.schema != schema || id.relation != table || known.contains(id.name) || is_helper(id.name)) continue;
      if (before_.find(id) != nullptr) continue;  // the model leaves it out on purpose
      const auto& column = std::get<catalog::Column>(object.body);
      const Type type = type_of(column);
      std::string line = "  " + (camels ? camel(id.name, false) : id.name) + " " + type.name + (type.list ? "[]" : column.not_null ? "" : "?");
      if (const std::string value = default_of(column); !value.empty()) line += " " + value;
      if (camels && camel(id.name, false) != id.name) line += fmt::format(" @map({})", quoted(id.name));
      if (!type.native.empty()) line += " " + type.native;
      if (column.generated != catalog::Generated::none) note(fmt::format("{}.{} is generated: the client must not write it", block.name, id.name));
      lines.emplace_back(column.position, line + "\n");
    }
    std::sort(lines.begin(), lines.end());
    for (const auto& [position, line] : lines) added += line;
    // Behind the last column's field, before the relations that often follow.
    const Field* last = nullptr;
    for (const Field& field : block.fields) {
      if (schema_.model(field.type) == nullptr) last = &field;
    }
    if (!added.empty()) {
      const std::size_t at = last != nullptr ? line_of(last->span).end : block.body.begin + 1;
      edits_.push_back({at, at, added});
    }
    indexes(block, schema, table);
  }

  void change_field(const Field& field, const catalog::Column& old, const catalog::Column& column) {
    if (old.type != column.type) {
      const Type type = type_of(column);
      const std::size_t begin = schema_.text.find(field.type, field.span.begin + field.name.size());
      edits_.push_back({begin, begin + field.type.size(), type.name});
      const auto native = std::find_if(field.attributes.begin(), field.attributes.end(), [](const prisma::Attribute& a) { return a.name.starts_with("db."); });
      if (native != field.attributes.end())
        edits_.push_back({native->span.begin, native->span.end, type.native});
      else if (!type.native.empty())
        edits_.push_back({field.span.end, field.span.end, " " + type.native});
    }
    if (old.not_null != column.not_null && !field.list) {
      std::size_t at = schema_.text.find(field.type, field.span.begin + field.name.size()) + field.type.size();
      if (column.not_null && field.optional) edits_.push_back({at, at + 1, ""});
      if (!column.not_null && !field.optional) edits_.push_back({at, at, "?"});
    }
    if (old.default_expression != column.default_expression) {
      const std::string value = default_of(column);
      const prisma::Attribute* attribute = field.find("default");
      if (attribute != nullptr)
        edits_.push_back({attribute->span.begin, attribute->span.end, value});
      else if (!value.empty())
        edits_.push_back({field.span.end, field.span.end, " " + value});
    }
  }

  void remove_field(const Block& block, const Field& field) {
    drop_line(field.span);
    for (const prisma::Attribute& attribute : block.attributes) {
      const prisma::Argument* fields = attribute.first("fields");
      if (fields == nullptr) continue;
      for (const std::string& element : prisma::list_elements(fields->value)) {
        if (element.substr(0, element.find('(')) == field.name) drop_line(attribute.span);
      }
    }
    for (const Field& other : block.fields) {
      const prisma::Attribute* relation = other.find("relation");
      const prisma::Argument* own = relation != nullptr ? relation->find("fields") : nullptr;
      if (own == nullptr) continue;
      for (const std::string& element : prisma::list_elements(own->value)) {
        if (element != field.name) continue;
        drop_line(other.span);
        note(fmt::format("{}.{} goes with its key {}: the field on the other side ({}) is yours to remove", block.name, other.name, field.name, other.type));
      }
    }
  }

  void indexes(const Block& block, const std::string& schema, const std::string& table) {
    std::string lines;
    const auto field_of = [&](const std::string& column) {
      for (const Field& field : block.fields) {
        if (schema_.model(field.type) == nullptr && field.column() == column) return field.name;
      }
      return std::any_of(block.fields.begin(), block.fields.end(), [](const Field& f) { return f.find("map") != nullptr; }) ? camel(column, false) : column;
    };
    for (const auto& [id, object] : now_.objects) {
      const auto* index = std::get_if<catalog::Index>(&object.body);
      if (index == nullptr || id.schema != schema || index->table != table || is_helper(id.name) || before_.find(id) != nullptr) continue;
      if (std::find(index->columns.begin(), index->columns.end(), "") != index->columns.end() || !index->predicate.empty()) {
        note(fmt::format("index {} is {}: schema.prisma does not say it; keep it in the migration", id.name, index->predicate.empty() ? "over an expression" : "partial"));
        continue;
      }
      std::vector<std::string> fields;
      for (const std::string& column : index->columns) fields.push_back(field_of(column));
      std::string type;
      if (index->access_method != "btree") type = ", type: " + (index->access_method == "spgist" ? std::string("SpGist") : camel(index->access_method, true));
      const std::string usual = table + "_" + join(index->columns, "_") + (index->unique ? "_key" : "_idx");
      lines += fmt::format("  @@{}([{}]{}{})\n", index->unique ? "unique" : "index", join(fields, ", "), id.name == usual ? "" : fmt::format(", map: {}", quoted(id.name)), type);
    }
    for (const auto& [id, object] : before_.objects) {
      const auto* index = std::get_if<catalog::Index>(&object.body);
      if (index == nullptr || id.schema != schema || index->table != table || now_.find(id) != nullptr) continue;
      // A unique index that became one for live rows: the client goes on to address rows by it.
      const bool replaced = index->unique && std::any_of(now_.objects.begin(), now_.objects.end(), [&](const auto& entry) {
        const auto* other = std::get_if<catalog::Index>(&entry.second.body);
        return other != nullptr && entry.first.schema == schema && other->table == table && other->unique && other->columns == index->columns && !is_helper(entry.first.name);
      });
      if (replaced) {
        note(fmt::format("unique {} holds for live rows only from now on; @unique stays, so that the client finds rows by it; upsert on it needs a look", join(index->columns, ", ")));
        continue;
      }
      for (const prisma::Attribute& attribute : block.attributes) {
        const prisma::Argument* fields = attribute.first("fields");
        if ((attribute.name != "index" && attribute.name != "unique") || fields == nullptr) continue;
        std::vector<std::string> columns;
        for (const std::string& element : prisma::list_elements(fields->value)) {
          const Field* field = block.field(element.substr(0, element.find('(')));
          columns.push_back(field != nullptr ? field->column() : element);
        }
        if (columns == index->columns && (attribute.name == "unique") == index->unique) drop_line(attribute.span);
      }
      for (const Field& field : block.fields) {
        const prisma::Attribute* unique = field.find("unique");
        if (unique != nullptr && index->unique && index->columns == std::vector<std::string>{field.column()}) edits_.push_back({unique->span.begin, unique->span.end, ""});
      }
    }
    if (!lines.empty()) edits_.push_back({block.body.end, block.body.end, lines});
  }

  void enumeration(const Block& block) {
    const catalog::ObjectId id{Kind::enum_type, schema_of(block), "", block.mapped_name(), ""};
    const auto* old = before_.find_body<catalog::EnumType>(id);
    const auto* now = now_.find_body<catalog::EnumType>(id);
    if (old == nullptr || now == nullptr || block.fields.empty()) return;
    for (const Field& field : block.fields) {
      if (std::find(now->labels.begin(), now->labels.end(), field.column()) == now->labels.end()) drop_line(field.span);
    }
    std::size_t at = line_of(block.fields.back().span).end;
    for (const std::string& label : now->labels) {
      const auto known = std::find_if(block.fields.begin(), block.fields.end(), [&](const Field& f) { return f.column() == label; });
      if (known != block.fields.end())
        at = line_of(known->span).end;
      else
        edits_.push_back({at, at, label_line(label) + "\n"});
    }
  }

  void new_enumeration(const catalog::ObjectId& id, const catalog::EnumType& type) {
    const std::string name = camel(id.name, true);
    std::string text = fmt::format("enum {} {{\n", name);
    for (const std::string& label : type.labels) text += label_line(label) + "\n";
    if (name != id.name) text += fmt::format("\n  @@map({})\n", quoted(id.name));
    if (id.schema != "public") text += fmt::format("  @@schema({})\n", quoted(id.schema));
    blocks_.push_back(text + "}\n");
  }

  const prisma::Schema& schema_;
  const catalog::Database& before_;
  const catalog::Database& now_;
  const catalog::Database& end_;
  std::vector<TextEdit> edits_;
  std::set<std::size_t> dropped_;
  std::vector<std::string> blocks_;
  SchemaPatch out_;
};

}  // namespace

SchemaPatch patch_schema(const prisma::Schema& schema, const catalog::Database& before, const catalog::Database& now, const catalog::Database& end) {
  return Patch(schema, before, now, end).run();
}

}  // namespace contraflow::code
