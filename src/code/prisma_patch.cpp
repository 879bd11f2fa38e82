// SPDX-License-Identifier: Apache-2.0
#include "code/prisma_patch.h"

#include "code/prisma_patcher.h"

namespace contraflow::code {

SchemaPatch PrismaPatcher::run() {
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

void PrismaPatcher::note(std::string text) {
  if (std::find(out_.notes.begin(), out_.notes.end(), text) == out_.notes.end()) out_.notes.push_back(std::move(text));
}

bool PrismaPatcher::is_renamed_to(const QualifiedName& name) const {
  return std::any_of(renames_.tables.begin(), renames_.tables.end(), [&](const auto& entry) { return entry.second == name; });
}

QualifiedName PrismaPatcher::now_of(const QualifiedName& table) const {
  if (now_.find(table_id(table)) != nullptr) return table;
  const auto renamed = renames_.tables.find(table);
  return renamed != renames_.tables.end() && now_.find(table_id(renamed->second)) != nullptr ? renamed->second : table;
}

std::optional<std::string> PrismaPatcher::column_now(const QualifiedName& table, const std::string& column) const {
  const QualifiedName now = now_of(table);
  const bool there = now_.find(catalog::column_id(now.schema, now.name, column)) != nullptr;
  if (const auto columns = renames_.columns.find(table); columns != renames_.columns.end()) {
    const auto renamed = columns->second.find(column);
    if (renamed != columns->second.end() && (!there || renames_.filled) && now_.find(catalog::column_id(now.schema, now.name, renamed->second)) != nullptr) return renamed->second;
  }
  return there ? std::optional(column) : std::nullopt;
}

bool PrismaPatcher::renamed_later(const QualifiedName& table, const std::string& column) const {
  const auto columns = renames_.columns.find(table);
  return columns != renames_.columns.end() && columns->second.contains(column);
}

bool PrismaPatcher::is_new_name(const QualifiedName& table, const std::string& column) const {
  const auto columns = renames_.columns.find(table);
  return columns != renames_.columns.end() && std::any_of(columns->second.begin(), columns->second.end(), [&](const auto& entry) { return entry.second == column; });
}

bool PrismaPatcher::maps_names(const Block* block) const {
  const auto mapped = [](const Block& one) { return std::any_of(one.fields.begin(), one.fields.end(), [](const Field& f) { return f.find("map") != nullptr; }); };
  if (block != nullptr && mapped(*block)) return true;
  if (block != nullptr && std::any_of(block->fields.begin(), block->fields.end(), [](const Field& f) { return f.name.find('_') != std::string::npos; })) return false;
  return std::any_of(schema_.blocks.begin(), schema_.blocks.end(), [&](const Block& one) { return one.kind == BlockKind::model && mapped(one); });
}

void PrismaPatcher::model(const Block& block) {
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

NewField PrismaPatcher::field_for(const Block* block, const std::string& model, const std::string& name, const Column& column) {
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

void PrismaPatcher::change_field(const Field& field, const Column& old, const Column& column) {
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

void PrismaPatcher::remove_field(const Block& block, const Field& field) {
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

std::string PrismaPatcher::relation_name(const Field& field) {
  const Attribute* relation = field.find("relation");
  const prisma::Argument* name = relation == nullptr ? nullptr : relation->first("name");
  return name == nullptr ? "" : prisma::string_value(name->value).value_or("");
}

const Field* PrismaPatcher::other_side(const Block& block, const Field& field) const {
  const Block* other = schema_.model(field.type);
  if (other == nullptr) return nullptr;
  for (const Field& back : other->fields) {
    if (&back != &field && back.type == block.name && relation_name(back) == relation_name(field)) return &back;
  }
  return nullptr;
}

void PrismaPatcher::remove_relation(const Block& block, const Field& field) {
  drafts_.drop(field);
  if (const Field* back = other_side(block, field)) drafts_.drop(*back);
}

void PrismaPatcher::ignored_relations(const Block& block) {
  for (const Field& field : block.fields) {
    if (ignored_.contains(field.type) && !ignored_.contains(block.name) && field.find("ignore") == nullptr && !drafts_.dropped(field)) drafts_.field(field).set("ignore", "@ignore");
  }
}

std::string PrismaPatcher::field_of(const Block& block, const QualifiedName& table, const std::string& column) const {
  for (const Field& field : block.fields) {
    if (!is_relation(field) && !drafts_.dropped(field) && column_now(table, field.column()) == column) return field.name;
  }
  for (const Field& field : block.fields) {
    if (!is_relation(field) && field.column() == column && !drafts_.dropped(field)) return field.name;
  }
  return new_field_name(&block, column);
}

SchemaPatch patch_schema(const prisma::Schema& schema, const Database& before, const Database& now, const Database& end, const PlanRenames& renames) {
  return PrismaPatcher(schema, before, now, end, renames).run();
}

}  // namespace contraflow::code
