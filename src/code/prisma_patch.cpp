// SPDX-License-Identifier: Apache-2.0
#include "code/prisma_patch.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/edit.h"
#include "base/text.h"
#include "code/prisma_drafts.h"
#include "code/prisma_words.h"
#include "prisma/to_sql.h"

namespace contraflow::code {
namespace {

using catalog::Column;
using catalog::Constraint;
using catalog::ConstraintType;
using catalog::Database;
using catalog::Index;
using catalog::Kind;
using prisma::Attribute;
using prisma::Block;
using prisma::BlockKind;
using prisma::Field;
using sql::QualifiedName;

bool is_helper(const std::string& name) {
  return name.find("__new") != std::string::npos || name.find("__old") != std::string::npos || name.find("__retired") != std::string::npos || name.starts_with("contraflow");
}

std::string without_arguments(const std::string& element) { return element.substr(0, element.find('(')); }

// `sort: Desc` and the like as far as the index's definition says it; by key column.
std::vector<std::string> key_options(const Index& index) {
  const std::size_t open = index.definition.find('(', index.definition.find(" USING "));
  std::vector<std::string> out(index.columns.size());
  if (open == std::string::npos) return out;
  std::size_t at = open + 1, place = 0;
  int depth = 0;
  std::string part;
  for (; at < index.definition.size() && depth >= 0 && place < out.size(); ++at) {
    const char c = index.definition[at];
    depth += c == '(' ? 1 : c == ')' ? -1
                                     : 0;
    if ((c == ',' && depth == 0) || depth < 0) {
      std::vector<std::string> said;
      if (part.find(" DESC") != std::string::npos) said.emplace_back("sort: Desc");
      const std::string words = std::string(trim(part));
      const std::size_t blank = words.starts_with('"') ? words.find(' ', words.find('"', 1)) : words.find(' ');
      if (blank != std::string::npos) {
        std::string rest = words.substr(blank + 1);
        rest = rest.substr(0, rest.find(' '));
        if (rest.ends_with("_ops") || rest.find("_ops.") != std::string::npos) said.insert(said.begin(), fmt::format("ops: raw({})", in_quotes(rest)));
      }
      out[place++] = join(said, ", ");
      part.clear();
    } else {
      part += c;
    }
  }
  return out;
}

class Patch {
 public:
  Patch(const prisma::Schema& schema, const Database& before, const Database& now, const Database& end, const PlanRenames& renames)
      : schema_(schema), before_(before), now_(now), end_(end), renames_(renames), words_(schema, now, renames), drafts_(schema) {}

  SchemaPatch run() {
    for (const Block& block : schema_.blocks) {
      if (block.kind == BlockKind::model) model(block);
      if (block.kind == BlockKind::enumeration) enumeration(block);
    }
    for (const auto& [id, object] : now_.objects) {
      if (id.kind == Kind::enum_type && !is_helper(id.name) && before_.find(id) == nullptr && words_.enum_block(id) == nullptr) new_enumeration(id, std::get<catalog::EnumType>(object.body));
      if (id.kind == Kind::table && !is_helper(id.name) && before_.find(id) == nullptr && !is_renamed_to({id.schema, id.name})) new_model({id.schema, id.name});
    }
    foreign_keys();
    for (const Block& block : schema_.blocks) {
      if (block.kind == BlockKind::model && !drafts_.dropped(block)) ignored_relations(block);
    }
    out_.files = drafts_.files();
    return std::move(out_);
  }

 private:
  void note(std::string text) {
    if (std::find(out_.notes.begin(), out_.notes.end(), text) == out_.notes.end()) out_.notes.push_back(std::move(text));
  }

  static std::string schema_of(const Block& block) { return block.schema().empty() ? "public" : block.schema(); }
  static QualifiedName table_of(const Block& block) { return {schema_of(block), block.mapped_name()}; }
  static catalog::ObjectId table_id(const QualifiedName& name) { return catalog::relation_id(Kind::table, name.schema, name.name); }
  bool is_relation(const Field& field) const { return schema_.model(field.type) != nullptr; }

  bool is_renamed_to(const QualifiedName& name) const {
    return std::any_of(renames_.tables.begin(), renames_.tables.end(), [&](const auto& entry) { return entry.second == name; });
  }
  // The name that the table has now.
  QualifiedName now_of(const QualifiedName& table) const {
    if (now_.find(table_id(table)) != nullptr) return table;
    const auto renamed = renames_.tables.find(table);
    return renamed != renames_.tables.end() && now_.find(table_id(renamed->second)) != nullptr ? renamed->second : table;
  }
  // The column that the field maps to after this phase; nothing where it is gone.
  std::optional<std::string> column_now(const QualifiedName& table, const std::string& column) const {
    const QualifiedName now = now_of(table);
    const bool there = now_.find(catalog::column_id(now.schema, now.name, column)) != nullptr;
    if (const auto columns = renames_.columns.find(table); columns != renames_.columns.end()) {
      const auto renamed = columns->second.find(column);
      if (renamed != columns->second.end() && (!there || renames_.filled) && now_.find(catalog::column_id(now.schema, now.name, renamed->second)) != nullptr) return renamed->second;
    }
    return there ? std::optional(column) : std::nullopt;
  }
  bool renamed_later(const QualifiedName& table, const std::string& column) const {
    const auto columns = renames_.columns.find(table);
    return columns != renames_.columns.end() && columns->second.contains(column);
  }
  bool is_new_name(const QualifiedName& table, const std::string& column) const {
    const auto columns = renames_.columns.find(table);
    return columns != renames_.columns.end() && std::any_of(columns->second.begin(), columns->second.end(), [&](const auto& entry) { return entry.second == column; });
  }
  bool maps_names(const Block* block) const {
    const auto mapped = [](const Block& one) { return std::any_of(one.fields.begin(), one.fields.end(), [](const Field& f) { return f.find("map") != nullptr; }); };
    if (block != nullptr && mapped(*block)) return true;
    if (block != nullptr && std::any_of(block->fields.begin(), block->fields.end(), [](const Field& f) { return f.name.find('_') != std::string::npos; })) return false;
    return std::any_of(schema_.blocks.begin(), schema_.blocks.end(), [&](const Block& one) { return one.kind == BlockKind::model && mapped(one); });
  }
  std::string new_field_name(const Block* block, const std::string& column) const { return maps_names(block) ? camel(column, false) : column; }

  void model(const Block& block) {
    const QualifiedName table = table_of(block), now = now_of(table);
    if (before_.find(table_id(table)) == nullptr) return;
    if (now_.find(table_id(now)) == nullptr) {
      drafts_.drop(block);
      for (const Block& other : schema_.blocks) {
        if (&other == &block) continue;
        for (const Field& field : other.fields) {
          if (field.type == block.name) remove_field(other, field);
        }
      }
      return;
    }
    if (now != table) {
      drafts_.set_block_attribute(block, "map", now.name == block.name ? "" : fmt::format("@@map({})", in_quotes(now.name)));
      if (now.schema != table.schema) drafts_.set_block_attribute(block, "schema", fmt::format("@@schema({})", in_quotes(now.schema)));
    }
    const bool goes = end_.find(table_id(now)) == nullptr && !renames_.tables.contains(table);
    if (goes) {
      drafts_.set_block_attribute(block, "ignore", "@@ignore");
      ignored_.insert(block.name);
    }
    std::set<std::string> known;
    for (const Field& field : block.fields) {
      if (is_relation(field)) continue;
      known.insert(field.column());
      const auto* old = before_.find_body<Column>(catalog::column_id(table.schema, table.name, field.column()));
      const std::optional<std::string> name = column_now(table, field.column());
      if (!name) {
        if (old != nullptr) remove_field(block, field);
        continue;
      }
      known.insert(*name);
      const auto* column = now_.find_body<Column>(catalog::column_id(now.schema, now.name, *name));
      if (*name != field.column()) drafts_.field(field).set("map", *name == field.name ? "" : fmt::format("@map({})", in_quotes(*name)));
      const bool retired = end_.find(catalog::column_id(now.schema, now.name, *name)) == nullptr && !renamed_later(table, *name);
      if (!goes && retired && field.find("ignore") == nullptr) {
        drafts_.field(field).set("ignore", "@ignore");
        if (column->not_null && column->default_expression.empty()) note(fmt::format("{}.{} is retired, but still NOT NULL: the client can only leave it out once that is relaxed", block.name, field.name));
      } else if (renamed_later(table, *name)) {
        const std::string& later = renames_.columns.at(table).at(*name);
        note(fmt::format("{}.{}: column {} becomes {}: the field keeps its name, and is mapped to the new one from {} on (--phase)", block.name, field.name, *name, later,
                         now_.find(catalog::column_id(now.schema, now.name, later)) != nullptr ? "backfill" : "contract"));
      }
      if (old != nullptr) change_field(field, *old, *column);
    }
    std::vector<std::pair<int, NewField>> fields;
    for (const auto& [id, object] : now_.objects) {
      if (id.kind != Kind::column || id.schema != now.schema || id.relation != now.name || known.contains(id.name) || is_helper(id.name) || is_new_name(table, id.name)) continue;
      if (before_.find(catalog::column_id(table.schema, table.name, id.name)) != nullptr || end_.find(id) == nullptr) continue;  // the model leaves it out on purpose; a column of the plan's own
      const auto& column = std::get<Column>(object.body);
      fields.emplace_back(column.position, field_for(&block, block.name, id.name, column));
    }
    std::sort(fields.begin(), fields.end(), [](const auto& l, const auto& r) { return l.first < r.first; });
    for (auto& [position, field] : fields) drafts_.add(block, std::move(field));
    indexes(block, table, now);
  }

  NewField field_for(const Block* block, const std::string& model, const std::string& name, const Column& column) {
    const PrismaWords::Type type = words_.type_of(column);
    NewField out{.name = new_field_name(block, name), .type = type.name + (type.list ? "[]" : column.not_null ? ""
                                                                                                              : "?"),
                 .attributes = {},
                 .relation = false};
    if (const std::string value = words_.default_of(column); !value.empty()) out.attributes.push_back(value);
    if (out.name != name) out.attributes.push_back(fmt::format("@map({})", in_quotes(name)));
    if (!type.native.empty()) out.attributes.push_back(type.native);
    if (column.generated != catalog::Generated::none) note(fmt::format("{}.{} is generated: the client must not write it", model, name));
    return out;
  }

  void change_field(const Field& field, const Column& old, const Column& column) {
    const PrismaWords::Type type = words_.type_of(column);
    if (old.type != column.type) {
      FieldDraft& draft = drafts_.field(field);
      draft.type = type.name + (type.list ? "[]" : field.optional ? "?"
                                                                  : "");
      draft.set_native(type.native);
    }
    if (old.not_null != column.not_null && !type.list) {
      FieldDraft& draft = drafts_.field(field);
      if (draft.type.ends_with('?')) draft.type.pop_back();
      if (!column.not_null) draft.type += '?';
    }
    if (old.default_expression != column.default_expression || old.identity != column.identity) {
      const Attribute* attribute = field.find("default");
      const std::string value = words_.default_of(column);
      // uuid(), cuid() and the like are the client's: the database knows nothing of them.
      if (value.empty() && attribute != nullptr && old.default_expression.empty() && old.identity == catalog::Identity::none) return;
      drafts_.field(field).set("default", value);
    }
  }

  void remove_field(const Block& block, const Field& field) {
    if (!drafts_.drop(field)) return;
    for (const Attribute& attribute : block.attributes) {
      const prisma::Argument* fields = attribute.first("fields");
      if (fields == nullptr || attribute.name == "map" || attribute.name == "schema") continue;
      for (const std::string& element : prisma::list_elements(fields->value)) {
        if (without_arguments(element) != field.name) continue;
        drafts_.drop(attribute);
        if (attribute.name == "id") note(fmt::format("{}: its @@id goes with {}: say what identifies a row", block.name, field.name));
      }
    }
    for (const Field& other : block.fields) {
      const Attribute* relation = other.find("relation");
      const prisma::Argument* own = relation != nullptr ? relation->find("fields") : nullptr;
      if (own == nullptr) continue;
      const std::vector<std::string> elements = prisma::list_elements(own->value);
      if (std::find(elements.begin(), elements.end(), field.name) != elements.end()) remove_relation(block, other);
    }
    if (is_relation(field)) {
      const Attribute* relation = field.find("relation");
      if (relation != nullptr && relation->find("fields") != nullptr) remove_relation(block, field);
    }
  }

  static std::string relation_name(const Field& field) {
    const Attribute* relation = field.find("relation");
    const prisma::Argument* name = relation == nullptr ? nullptr : relation->first("name");
    return name == nullptr ? "" : prisma::string_value(name->value).value_or("");
  }

  // The field on the other side of a relation.
  const Field* other_side(const Block& block, const Field& field) const {
    const Block* other = schema_.model(field.type);
    if (other == nullptr) return nullptr;
    for (const Field& back : other->fields) {
      if (&back != &field && back.type == block.name && relation_name(back) == relation_name(field)) return &back;
    }
    return nullptr;
  }

  void remove_relation(const Block& block, const Field& field) {
    drafts_.drop(field);
    if (const Field* back = other_side(block, field)) drafts_.drop(*back);
  }

  // Prisma asks for @ignore on relation fields to a model that has @@ignore.
  void ignored_relations(const Block& block) {
    for (const Field& field : block.fields) {
      if (ignored_.contains(field.type) && !ignored_.contains(block.name) && field.find("ignore") == nullptr && !drafts_.dropped(field)) drafts_.field(field).set("ignore", "@ignore");
    }
  }

  // The field of a column of the table as it is now, also one that is added here.
  std::string field_of(const Block& block, const QualifiedName& table, const std::string& column) const {
    for (const Field& field : block.fields) {
      if (!is_relation(field) && !drafts_.dropped(field) && column_now(table, field.column()) == column) return field.name;
    }
    for (const Field& field : block.fields) {
      if (!is_relation(field) && field.column() == column && !drafts_.dropped(field)) return field.name;
    }
    return new_field_name(&block, column);
  }

  static bool same_index(const Index& a, const Index& b) {
    return a.columns == b.columns && a.unique == b.unique && a.access_method == b.access_method && a.predicate == b.predicate && key_options(a) == key_options(b);
  }

  bool is_key(const Database& database, const catalog::ObjectId& id, const Index& index) const {
    if (index.constraint.empty()) return false;
    const auto* constraint = database.find_body<Constraint>({Kind::constraint, id.schema, index.table, index.constraint, {}});
    return constraint != nullptr && constraint->type != ConstraintType::unique;
  }

  // `@@index([a, b(sort: Desc)], map: "x", type: Gin)`
  std::string index_text(const std::string& table, const catalog::ObjectId& id, const Index& index, const std::vector<std::string>& fields) const {
    const std::vector<std::string> options = key_options(index);
    std::vector<std::string> elements;
    for (std::size_t i = 0; i < fields.size(); ++i) elements.push_back(fields[i] + (options[i].empty() ? "" : fmt::format("({})", options[i])));
    const std::string map = id.name == prisma::default_name(table, index.columns, index.unique ? "_key" : "_idx") ? "" : fmt::format(", map: {}", in_quotes(id.name));
    std::string type;
    if (index.access_method != "btree") type = ", type: " + (index.access_method == "spgist" ? std::string("SpGist") : camel(index.access_method, true));
    return fmt::format("@@{}([{}]{}{})", index.unique ? "unique" : "index", join(elements, ", "), map, type);
  }

  bool sayable(const catalog::ObjectId& id, const Index& index) {
    static const std::set<std::string> kMethods{"btree", "hash", "gin", "gist", "spgist", "brin"};
    const bool expression = std::find(index.columns.begin(), index.columns.end(), "") != index.columns.end();
    if (!expression && index.predicate.empty() && index.include.empty() && kMethods.contains(index.access_method)) return true;
    note(fmt::format("index {} is {}: schema.prisma does not say it; keep it in the migration", id.name,
                     expression ? "over an expression" : !index.predicate.empty() ? "partial"
                                                     : index.include.empty()      ? "of the method " + index.access_method
                                                                                  : "one with INCLUDE"));
    return false;
  }

  void indexes(const Block& block, const QualifiedName& old_table, const QualifiedName& table) {
    for (const auto& [id, object] : before_.objects) {
      const auto* index = std::get_if<Index>(&object.body);
      if (index == nullptr || id.schema != old_table.schema || index->table != old_table.name || is_key(before_, id, *index)) continue;
      const auto* now = now_.find_body<Index>(id);
      if (now != nullptr && (now->table == table.name || now->table == old_table.name) && (same_index(*index, *now) || renamed_columns(old_table, index->columns) == now->columns)) continue;
      // A unique index that became one for live rows: the client goes on to address rows by it.
      const bool replaced = index->unique && std::any_of(now_.objects.begin(), now_.objects.end(), [&](const auto& entry) {
                              const auto* other = std::get_if<Index>(&entry.second.body);
                              return other != nullptr && entry.first.schema == table.schema && other->table == table.name && other->unique && other->columns == index->columns && !is_helper(entry.first.name) &&
                                     !other->predicate.empty();
                            });
      if (replaced) {
        note(fmt::format("unique {} holds for live rows only from now on; @unique stays, so that the client finds rows by it; upsert on it needs a look", join(index->columns, ", ")));
        continue;
      }
      drop_index(block, old_table, table, id, *index);
    }
    for (const auto& [id, object] : now_.objects) {
      const auto* index = std::get_if<Index>(&object.body);
      if (index == nullptr || id.schema != table.schema || index->table != table.name || is_helper(id.name) || is_key(now_, id, *index) || end_.find(id) == nullptr || followed_.contains(id)) continue;
      if (const auto* old = before_.find_body<Index>(id); old != nullptr && (same_index(*old, *index) || renamed_columns(old_table, old->columns) == index->columns)) continue;
      // A column that stands under its new name beside the old one is not the field's yet.
      if (std::any_of(index->columns.begin(), index->columns.end(), [&](const std::string& column) { return is_new_name(old_table, column) && !field_has(block, old_table, column); })) continue;
      if (!sayable(id, *index)) continue;
      std::vector<std::string> fields;
      for (const std::string& column : index->columns) fields.push_back(field_of(block, old_table, column));
      const std::string text = index_text(table.name, id, *index, fields);
      if (says_already(block, *index, fields)) continue;
      if (index->unique && fields.size() == 1 && text == fmt::format("@@unique([{}])", fields[0]) && drafts_.set_on_field(block, fields[0], "unique", "@unique")) continue;
      drafts_.add(block, text);
    }
  }

  bool field_has(const Block& block, const QualifiedName& table, const std::string& column) const {
    return std::any_of(block.fields.begin(), block.fields.end(), [&](const Field& field) { return !is_relation(field) && column_now(table, field.column()) == column; });
  }

  std::vector<std::string> renamed_columns(const QualifiedName& table, std::vector<std::string> columns) const {
    const auto renames = renames_.columns.find(table);
    for (std::string& column : columns) {
      if (renames != renames_.columns.end() && renames->second.contains(column)) column = renames->second.at(column);
    }
    return columns;
  }

  // The schema may be ahead of the database.
  bool says_already(const Block& block, const Index& index, const std::vector<std::string>& fields) const {
    for (const Attribute& attribute : block.attributes) {
      const prisma::Argument* argument = attribute.first("fields");
      if (argument == nullptr || attribute.name != (index.unique ? "unique" : "index") || drafts_.dropped(attribute)) continue;
      std::vector<std::string> said;
      for (const std::string& element : prisma::list_elements(argument->value)) said.push_back(without_arguments(element));
      const prisma::Argument* type = attribute.find("type");
      if (said == fields && to_lower(type == nullptr ? "btree" : type->value) == index.access_method && key_options(index) == std::vector<std::string>(fields.size())) return true;
    }
    const Field* field = fields.size() == 1 && index.unique ? block.field(fields[0]) : nullptr;
    return field != nullptr && field->find("unique") != nullptr && !drafts_.field_is_without(*field, "unique");
  }

  // The same index under another name: of a renamed column or table.
  const catalog::Object* renamed_index(const QualifiedName& old_table, const QualifiedName& table, const Index& index) const {
    for (const auto& [id, object] : now_.objects) {
      const auto* other = std::get_if<Index>(&object.body);
      if (other == nullptr || id.schema != table.schema || other->table != table.name || is_helper(id.name) || before_.find(id) != nullptr || end_.find(id) == nullptr) continue;
      if (other->unique == index.unique && other->access_method == index.access_method && other->predicate.empty() && index.predicate.empty() && key_options(*other) == key_options(index) &&
          other->columns == renamed_columns(old_table, index.columns))
        return &object;
    }
    return nullptr;
  }

  void drop_index(const Block& block, const QualifiedName& table, const QualifiedName& now_table, const catalog::ObjectId& id, const Index& index) {
    const std::string usual = prisma::default_name(table.name, index.columns, index.unique ? "_key" : "_idx");
    const auto named = [&](const Attribute& attribute) {
      const prisma::Argument* map = attribute.find("map");
      return (map == nullptr ? usual : prisma::string_value(map->value).value_or("")) == id.name;
    };
    const auto columns_of = [&](const Attribute& attribute) {
      std::vector<std::string> columns;
      const prisma::Argument* fields = attribute.first("fields");
      for (const std::string& element : prisma::list_elements(fields == nullptr ? "" : fields->value)) {
        const Field* field = block.field(without_arguments(element));
        columns.push_back(field != nullptr ? field->column() : element);
      }
      return columns;
    };
    std::vector<const Attribute*> same;
    for (const Attribute& attribute : block.attributes) {
      if (attribute.name == (index.unique ? "unique" : "index") && columns_of(attribute) == index.columns && !drafts_.dropped(attribute)) same.push_back(&attribute);
    }
    // By its name; a schema that was written by hand may not say the name.
    const auto it = std::find_if(same.begin(), same.end(), [&](const Attribute* attribute) { return named(*attribute); });
    const catalog::Object* renamed = renamed_index(table, now_table, index);
    if (it != same.end() || same.size() == 1) {
      const Attribute& attribute = it != same.end() ? **it : *same.front();
      if (renamed == nullptr) return drafts_.drop(attribute);
      followed_.insert(renamed->id);
      std::vector<std::string> fields;
      for (const std::string& element : prisma::list_elements(attribute.first("fields")->value)) fields.push_back(without_arguments(element));
      return drafts_.replace(attribute, index_text(now_table.name, renamed->id, std::get<Index>(renamed->body), fields));
    }
    for (const Field& field : block.fields) {
      if (index.unique && field.find("unique") != nullptr && index.columns == std::vector<std::string>{field.column()} && !drafts_.dropped(field)) {
        if (renamed == nullptr) {
          drafts_.field(field).set("unique", "");
          continue;
        }
        followed_.insert(renamed->id);
        const auto& now = std::get<Index>(renamed->body);
        drafts_.field(field).set("unique", renamed->id.name == prisma::default_name(now_table.name, now.columns, "_key") ? "@unique" : fmt::format("@unique(map: {})", in_quotes(renamed->id.name)));
      }
    }
  }

  void enumeration(const Block& block) {
    const catalog::ObjectId id{Kind::enum_type, schema_of(block), "", block.mapped_name(), ""};
    const auto* old = before_.find_body<catalog::EnumType>(id);
    const auto* now = now_.find_body<catalog::EnumType>(id);
    if (old == nullptr) return;
    if (now == nullptr) return drafts_.drop(block);
    if (block.fields.empty()) return;
    const auto values = renames_.values.find({id.schema, id.name});
    const auto now_label = [&](const Field& field) {
      if (values == renames_.values.end()) return field.column();
      const auto renamed = values->second.find(field.column());
      const bool there = renamed != values->second.end() && std::find(now->labels.begin(), now->labels.end(), renamed->second) != now->labels.end();
      return there ? renamed->second : field.column();
    };
    for (const Field& field : block.fields) {
      const std::string label = now_label(field);
      if (std::find(now->labels.begin(), now->labels.end(), label) == now->labels.end())
        drafts_.drop(field);
      else if (label != field.column())
        drafts_.field(field).set("map", label == field.name ? "" : fmt::format("@map({})", in_quotes(label)));
    }
    const Field* above = nullptr;
    for (const std::string& label : now->labels) {
      const auto known = std::find_if(block.fields.begin(), block.fields.end(), [&](const Field& f) { return now_label(f) == label; });
      if (known != block.fields.end())
        above = &*known;
      else
        drafts_.add_below(block, above, words_.new_label(label, &block));
    }
  }

  void new_enumeration(const catalog::ObjectId& id, const catalog::EnumType& type) {
    const std::string name = camel(id.name, true);
    std::string text = fmt::format("enum {} {{\n", name);
    for (const std::string& label : type.labels) text += "  " + PrismaWords::new_label(label, nullptr) + "\n";
    if (name != id.name) text += fmt::format("\n  @@map({})\n", in_quotes(id.name));
    if (id.schema != "public") text += fmt::format("  @@schema({})\n", in_quotes(id.schema));
    // Beside the models that use it.
    const Block* user = nullptr;
    for (const Block& block : schema_.blocks) {
      if (block.kind != BlockKind::model) continue;
      const QualifiedName table = now_of(table_of(block));
      for (const auto& [column_id, object] : now_.objects) {
        const auto* column = std::get_if<Column>(&object.body);
        if (column != nullptr && user == nullptr && column_id.schema == table.schema && column_id.relation == table.name && column->type_base.starts_with(sql::quote({id.schema, id.name}))) user = &block;
      }
    }
    drafts_.add_block(user, text + "}\n");
  }

  // ---- tables and relations that the plan makes

  struct Made {
    QualifiedName table;
    std::string name;
    std::vector<NewField> fields;
    std::vector<std::string> attributes;
    const Block* near = nullptr;
  };

  std::string model_name(const QualifiedName& table) const {
    bool maps = false, plural = false;
    for (const Block& block : schema_.blocks) {
      if (block.kind != BlockKind::model || block.mapped_name() == block.name) continue;
      maps = true;
      plural = plural || to_lower(replace_all(block.mapped_name(), "_", "")) == to_lower(block.name) + "s";
    }
    if (!maps && !schema_.blocks.empty()) return prisma_name(table.name);
    std::string name = camel(table.name, true);
    return prisma_name(plural ? singular(name) : name);
  }
  static std::string singular(std::string name) {
    if (name.ends_with("ies")) return name.substr(0, name.size() - 3) + "y";
    for (const char* ending : {"sses", "xes", "ches", "shes", "zes"}) {
      if (name.ends_with(ending)) return name.substr(0, name.size() - 2);
    }
    if (name.ends_with('s') && !name.ends_with("ss")) name.pop_back();
    return name;
  }
  static std::string plural(const std::string& name) {
    if (name.ends_with("ss") || name.ends_with('x') || name.ends_with("ch") || name.ends_with("sh")) return name + "es";
    if (name.ends_with('s')) return name;
    if (name.ends_with('y') && name.size() > 1 && std::string("aeiou").find(name[name.size() - 2]) == std::string::npos) return name.substr(0, name.size() - 1) + "ies";
    return name + "s";
  }
  static std::string prisma_name(const std::string& name) {
    std::string out;
    for (const char c : name) out += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (!out.empty() && ((c >= '0' && c <= '9') || c == '_')) ? c : '_';
    while (out.starts_with('_')) out.erase(0, 1);
    return out.empty() ? "Table" : out;
  }

  void new_model(const QualifiedName& name) {
    const auto* table = now_.find_body<catalog::Table>(table_id(name));
    if (table == nullptr || table->partition_of || end_.find(table_id(name)) == nullptr) return;
    if (std::any_of(schema_.blocks.begin(), schema_.blocks.end(), [&](const Block& block) { return block.kind == BlockKind::model && table_of(block) == name; })) return;  // written already
    Made made{.table = name, .name = model_name(name), .fields = {}, .attributes = {}};
    while (schema_.model(made.name) != nullptr || schema_.enumeration(made.name) != nullptr) made.name += "Row";
    std::vector<std::pair<int, NewField>> fields;
    for (const auto& [id, object] : now_.objects) {
      const auto* column = std::get_if<Column>(&object.body);
      if (column == nullptr || id.schema != name.schema || id.relation != name.name) continue;
      fields.emplace_back(column->position, field_for(nullptr, made.name, id.name, *column));
      fields.back().second.column = id.name;
    }
    std::sort(fields.begin(), fields.end(), [](const auto& l, const auto& r) { return l.first < r.first; });
    for (auto& [position, field] : fields) made.fields.push_back(std::move(field));
    const auto field_name = [&](const std::string& column) {
      const auto it = std::find_if(made.fields.begin(), made.fields.end(), [&](const NewField& field) { return field.column == column; });
      return it == made.fields.end() ? column : it->name;
    };
    bool identified = false;
    for (const auto& [id, object] : now_.objects) {
      const auto* key = std::get_if<Constraint>(&object.body);
      if (key == nullptr || id.schema != name.schema || id.relation != name.name || key->type != ConstraintType::primary_key) continue;
      identified = true;
      const std::string map = id.name == name.name + "_pkey" ? "" : fmt::format("map: {}", in_quotes(id.name));
      std::vector<std::string> names;
      for (const std::string& column : key->columns) names.push_back(field_name(column));
      if (names.size() == 1) {
        for (NewField& field : made.fields) {
          if (field.name == names[0]) field.attributes.insert(field.attributes.begin(), map.empty() ? "@id" : fmt::format("@id({})", map));
        }
      } else {
        made.attributes.push_back(fmt::format("@@id([{}]{})", join(names, ", "), map.empty() ? "" : ", " + map));
      }
    }
    for (const auto& [id, object] : now_.objects) {
      const auto* index = std::get_if<Index>(&object.body);
      if (index == nullptr || id.schema != name.schema || index->table != name.name || is_key(now_, id, *index) || end_.find(id) == nullptr || !sayable(id, *index)) continue;
      std::vector<std::string> names;
      for (const std::string& column : index->columns) names.push_back(field_name(column));
      const std::string text = index_text(name.name, id, *index, names);
      const auto field = std::find_if(made.fields.begin(), made.fields.end(), [&](const NewField& one) { return one.name == names[0]; });
      if (names.size() == 1 && text == fmt::format("@@unique([{}])", names[0]) && field != made.fields.end())
        field->attributes.insert(field->attributes.begin(), "@unique");
      else
        made.attributes.push_back(text);
      identified = identified || index->unique;
    }
    if (made.name != name.name) made.attributes.push_back(fmt::format("@@map({})", in_quotes(name.name)));
    if (name.schema != "public") made.attributes.push_back(fmt::format("@@schema({})", in_quotes(name.schema)));
    if (!identified) {
      made.attributes.emplace_back("@@ignore");
      note(fmt::format("table {} has no key: Prisma's client cannot address its rows, so its model has @@ignore", name.name));
    }
    note(fmt::format("table {} is new: its model is called {}; another name is yours to give, with @@map({})", name.name, made.name, in_quotes(name.name)));
    made_.push_back(std::move(made));
  }

  struct Side {
    const Block* block = nullptr;  // a model that is there, or
    Made* made = nullptr;
    std::string name() const { return block != nullptr ? block->name : made->name; }
  };
  std::optional<Side> side_of(const QualifiedName& table) {
    for (Made& made : made_) {
      if (made.table == table) return Side{nullptr, &made};
    }
    for (const Block& block : schema_.blocks) {
      if (block.kind == BlockKind::model && !drafts_.dropped(block) && now_of(table_of(block)) == table) return Side{&block, nullptr};
    }
    return std::nullopt;
  }
  std::string field_of(const Side& side, const std::string& column) const {
    if (side.block != nullptr) return field_of(*side.block, table_of(*side.block), column);
    const auto it = std::find_if(side.made->fields.begin(), side.made->fields.end(), [&](const NewField& field) { return field.column == column; });
    return it == side.made->fields.end() ? column : it->name;
  }
  bool taken(const Side& side, const std::string& name) const {
    if (side.block != nullptr) return side.block->field(name) != nullptr || drafts_.adds(*side.block, name);
    return std::any_of(side.made->fields.begin(), side.made->fields.end(), [&](const NewField& field) { return field.name == name; });
  }
  void add(const Side& side, NewField field) {
    if (side.block != nullptr)
      drafts_.add(*side.block, std::move(field));
    else
      side.made->fields.push_back(std::move(field));
  }
  bool related(const Side& one, const Side& other) const {
    const auto fields_to = [&](const Side& from, const Side& to) {
      if (from.block != nullptr) {
        if (std::any_of(from.block->fields.begin(), from.block->fields.end(), [&](const Field& field) { return field.type == to.name() && !drafts_.dropped(field); })) return true;
        return drafts_.adds_type(*from.block, to.name());
      }
      return std::any_of(from.made->fields.begin(), from.made->fields.end(), [&](const NewField& field) { return field.relation && field.type.substr(0, field.type.find_first_of("[?")) == to.name(); });
    };
    return one.name() == other.name() || fields_to(one, other) || fields_to(other, one);
  }

  static std::string action(const std::string& definition, const char* which) {
    const std::size_t at = definition.find(which);
    if (at == std::string::npos) return "NoAction";
    const std::string rest = definition.substr(at + std::string(which).size());
    for (const auto& [words, name] : {std::pair{"CASCADE", "Cascade"}, {"SET NULL", "SetNull"}, {"SET DEFAULT", "SetDefault"}, {"RESTRICT", "Restrict"}}) {
      if (rest.starts_with(words)) return name;
    }
    return "NoAction";
  }
  static std::string actions(const std::string& definition, bool optional) {
    std::string out;
    const std::string on_delete = action(definition, " ON DELETE "), on_update = action(definition, " ON UPDATE ");
    if (on_delete != (optional ? "SetNull" : "Restrict")) out += ", onDelete: " + on_delete;
    if (on_update != "Cascade") out += ", onUpdate: " + on_update;
    return out;
  }

  // The relation field that has the key's columns.
  const Field* relation_of(const Block& block, const std::vector<std::string>& columns) const {
    for (const Field& field : block.fields) {
      const Attribute* relation = field.find("relation");
      const prisma::Argument* fields = relation == nullptr ? nullptr : relation->find("fields");
      if (fields == nullptr || drafts_.dropped(field)) continue;
      std::vector<std::string> own;
      for (const std::string& name : prisma::list_elements(fields->value)) {
        const Field* scalar = block.field(name);
        own.push_back(scalar == nullptr ? name : scalar->column());
      }
      if (own == columns || own == old_columns(block, columns)) return &field;
    }
    return nullptr;
  }
  std::vector<std::string> old_columns(const Block& block, std::vector<std::string> columns) const {
    const auto renames = renames_.columns.find(table_of(block));
    if (renames == renames_.columns.end()) return columns;
    for (std::string& column : columns) {
      for (const auto& [old, name] : renames->second) {
        if (name == column) column = old;
      }
    }
    return columns;
  }

  void foreign_keys() {
    for (const Block& block : schema_.blocks) {
      if (block.kind != BlockKind::model || drafts_.dropped(block)) continue;
      const QualifiedName old_table = table_of(block), table = now_of(old_table);
      for (const auto& [id, object] : before_.objects) {
        const auto* old = std::get_if<Constraint>(&object.body);
        if (old == nullptr || old->type != ConstraintType::foreign_key || id.schema != old_table.schema || id.relation != old_table.name) continue;
        const Field* field = relation_of(block, old->columns);
        if (field == nullptr) continue;
        const auto* now = now_.find_body<Constraint>({Kind::constraint, table.schema, table.name, id.name, {}});
        if (now == nullptr) {
          const bool another = std::any_of(now_.objects.begin(), now_.objects.end(), [&](const auto& entry) {
            const auto* key = std::get_if<Constraint>(&entry.second.body);
            return key != nullptr && key->type == ConstraintType::foreign_key && entry.first.schema == table.schema && entry.first.relation == table.name && old_columns(block, key->columns) == old->columns;
          });
          if (!another) {
            remove_relation(block, *field);
            note(fmt::format("{}.{}: its foreign key goes, and the relation with it", block.name, field->name));
          }
        } else if (action(now->definition, " ON DELETE ") != action(old->definition, " ON DELETE ") || action(now->definition, " ON UPDATE ") != action(old->definition, " ON UPDATE ")) {
          const Attribute* relation = field->find("relation");
          std::vector<std::string> kept;
          for (const prisma::Argument& argument : relation->arguments) {
            if (argument.name != "onDelete" && argument.name != "onUpdate") kept.push_back((argument.name.empty() ? "" : argument.name + ": ") + argument.value);
          }
          drafts_.field(*field).set("relation", fmt::format("@relation({}{})", join(kept, ", "), actions(now->definition, field->optional)));
        }
      }
    }
    for (const auto& [id, object] : now_.objects) {
      const auto* key = std::get_if<Constraint>(&object.body);
      if (key == nullptr || key->type != ConstraintType::foreign_key || !key->references || is_helper(id.name) || end_.find(id) == nullptr) continue;
      const std::optional<Side> child = side_of({id.schema, id.relation});
      if (!child) continue;
      if (child->block != nullptr) {
        const QualifiedName old_table = table_of(*child->block);
        if (before_.find({Kind::constraint, old_table.schema, old_table.name, id.name, {}}) != nullptr || relation_of(*child->block, key->columns) != nullptr) continue;
      }
      relation(id, *key, *child);
    }
    for (Made& made : made_) {
      std::string text = fmt::format("model {} {{\n", made.name);
      for (const NewField& field : made.fields) text += field.line();
      if (!made.attributes.empty()) text += "\n";
      for (const std::string& attribute : made.attributes) text += "  " + attribute + "\n";
      drafts_.add_block(made.near, text + "}\n");
    }
  }

  void relation(const catalog::ObjectId& id, const Constraint& key, const Side& child) {
    const std::optional<Side> parent = side_of(*key.references);
    if (!parent) return note(fmt::format("foreign key {}: {} has no model", id.name, key.references->name));
    if (child.made != nullptr && parent->block != nullptr && child.made->near == nullptr) child.made->near = parent->block;
    std::vector<std::string> own, theirs;
    bool optional = false;
    for (const std::string& column : key.columns) {
      own.push_back(field_of(child, column));
      const auto* body = now_.find_body<Column>(catalog::column_id(id.schema, id.relation, column));
      optional = optional || (body != nullptr && !body->not_null);
    }
    for (const std::string& column : key.referenced_columns) theirs.push_back(field_of(*parent, column));
    const auto lower_first = [](std::string name) {
      if (!name.empty() && name[0] >= 'A' && name[0] <= 'Z') name[0] = static_cast<char>(name[0] - 'A' + 'a');
      return name;
    };
    std::string name = key.columns.size() == 1 ? own[0] : "";
    if (name.ends_with("_id"))
      name.resize(name.size() - 3);
    else if (name.ends_with("Id") || name.ends_with("ID"))
      name.resize(name.size() - 2);
    while (name.ends_with('_')) name.pop_back();
    const std::string role = name;
    if (name.empty())
      name = lower_first(parent->name());
    else if (name == own[0])
      name += parent->name();
    while (taken(child, name)) name += "Relation";
    const std::set<std::string> columns(key.columns.begin(), key.columns.end());
    const bool one = std::any_of(now_.objects.begin(), now_.objects.end(), [&](const auto& entry) {
      const auto* index = std::get_if<Index>(&entry.second.body);
      return index != nullptr && index->unique && index->predicate.empty() && entry.first.schema == id.schema && index->table == id.relation && std::set<std::string>(index->columns.begin(), index->columns.end()) == columns;
    });
    const std::string both = related(child, *parent) ? in_quotes(child.name() + "_" + join(own, "_") + "To" + parent->name()) : "";
    std::string back = one ? lower_first(child.name()) : plural(lower_first(child.name()));
    if (!both.empty() && taken(*parent, back)) back += "As" + camel(role.empty() ? name : role, true);
    while (taken(*parent, back) || (child.name() == parent->name() && back == name)) back += "Relation";
    const std::string map = id.name == prisma::default_name(id.relation, key.columns, "_fkey") ? "" : fmt::format(", map: {}", in_quotes(id.name));
    add(child, {.name = name, .type = parent->name() + (optional ? "?" : ""), .attributes = {fmt::format("@relation({}fields: [{}], references: [{}]{}{})", both.empty() ? "" : both + ", ", join(own, ", "), join(theirs, ", "), actions(key.definition, optional), map)}, .relation = true});
    add(*parent, {.name = back, .type = child.name() + (one ? "?" : "[]"), .attributes = both.empty() ? std::vector<std::string>{} : std::vector<std::string>{fmt::format("@relation({})", both)}, .relation = true});
    note(fmt::format("foreign key {} is new: the relation is {}.{} and {}.{}", id.name, child.name(), name, parent->name(), back));
  }

  const prisma::Schema& schema_;
  const Database& before_;
  const Database& now_;
  const Database& end_;
  const PlanRenames& renames_;
  PrismaWords words_;
  PrismaDrafts drafts_;
  std::set<std::string> ignored_;
  std::set<catalog::ObjectId> followed_;  // indexes that an attribute of the schema says already
  std::vector<Made> made_;
  SchemaPatch out_;
};

}  // namespace

SchemaPatch patch_schema(const prisma::Schema& schema, const Database& before, const Database& now, const Database& end, const PlanRenames& renames) {
  return Patch(schema, before, now, end, renames).run();
}

}  // namespace contraflow::code
