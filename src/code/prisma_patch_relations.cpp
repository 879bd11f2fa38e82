// SPDX-License-Identifier: Apache-2.0
#include "code/prisma_patcher.h"
#include "prisma/to_sql.h"

namespace contraflow::code {

std::string PrismaPatcher::model_name(const QualifiedName& table) const {
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

std::string PrismaPatcher::singular(std::string name) {
  if (name.ends_with("ies")) return name.substr(0, name.size() - 3) + "y";
  for (const char* ending : {"sses", "xes", "ches", "shes", "zes"}) {
    if (name.ends_with(ending)) return name.substr(0, name.size() - 2);
  }
  if (name.ends_with('s') && !name.ends_with("ss")) name.pop_back();
  return name;
}

std::string PrismaPatcher::plural(const std::string& name) {
  if (name.ends_with("ss") || name.ends_with('x') || name.ends_with("ch") || name.ends_with("sh")) return name + "es";
  if (name.ends_with('s')) return name;
  if (name.ends_with('y') && name.size() > 1 && std::string("aeiou").find(name[name.size() - 2]) == std::string::npos) return name.substr(0, name.size() - 1) + "ies";
  return name + "s";
}

std::string PrismaPatcher::prisma_name(const std::string& name) {
  std::string out;
  for (const char c : name) out += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (!out.empty() && ((c >= '0' && c <= '9') || c == '_')) ? c : '_';
  while (out.starts_with('_')) out.erase(0, 1);
  return out.empty() ? "Table" : out;
}

void PrismaPatcher::new_model(const QualifiedName& name) {
  const auto* table = now_.find_body<catalog::Table>(table_id(name));
  if (table == nullptr || table->partition_of || end_.find(table_id(name)) == nullptr) return;
  if (std::any_of(schema_.blocks.begin(), schema_.blocks.end(), [&](const Block& block) { return block.kind == BlockKind::model && table_of(block) == name; })) return;  // written already
  MadeModel made{.table = name, .name = model_name(name), .fields = {}, .attributes = {}};
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

std::optional<RelationSide> PrismaPatcher::side_of(const QualifiedName& table) {
  for (MadeModel& made : made_) {
    if (made.table == table) return RelationSide{nullptr, &made};
  }
  for (const Block& block : schema_.blocks) {
    if (block.kind == BlockKind::model && !drafts_.dropped(block) && now_of(table_of(block)) == table) return RelationSide{&block, nullptr};
  }
  return std::nullopt;
}

std::string PrismaPatcher::field_of(const RelationSide& side, const std::string& column) const {
  if (side.block != nullptr) return field_of(*side.block, table_of(*side.block), column);
  const auto it = std::find_if(side.made->fields.begin(), side.made->fields.end(), [&](const NewField& field) { return field.column == column; });
  return it == side.made->fields.end() ? column : it->name;
}

bool PrismaPatcher::taken(const RelationSide& side, const std::string& name) const {
  if (side.block != nullptr) return side.block->field(name) != nullptr || drafts_.adds(*side.block, name);
  return std::any_of(side.made->fields.begin(), side.made->fields.end(), [&](const NewField& field) { return field.name == name; });
}

void PrismaPatcher::add(const RelationSide& side, NewField field) {
  if (side.block != nullptr)
    drafts_.add(*side.block, std::move(field));
  else
    side.made->fields.push_back(std::move(field));
}

bool PrismaPatcher::related(const RelationSide& one, const RelationSide& other) const {
  const auto fields_to = [&](const RelationSide& from, const RelationSide& to) {
    if (from.block != nullptr) {
      if (std::any_of(from.block->fields.begin(), from.block->fields.end(), [&](const Field& field) { return field.type == to.name() && !drafts_.dropped(field); })) return true;
      return drafts_.adds_type(*from.block, to.name());
    }
    return std::any_of(from.made->fields.begin(), from.made->fields.end(), [&](const NewField& field) { return field.relation && field.type.substr(0, field.type.find_first_of("[?")) == to.name(); });
  };
  return one.name() == other.name() || fields_to(one, other) || fields_to(other, one);
}

std::string PrismaPatcher::action(const std::string& definition, const char* which) {
  const std::size_t at = definition.find(which);
  if (at == std::string::npos) return "NoAction";
  const std::string rest = definition.substr(at + std::string(which).size());
  for (const auto& [words, name] : {std::pair{"CASCADE", "Cascade"}, {"SET NULL", "SetNull"}, {"SET DEFAULT", "SetDefault"}, {"RESTRICT", "Restrict"}}) {
    if (rest.starts_with(words)) return name;
  }
  return "NoAction";
}

std::string PrismaPatcher::actions(const std::string& definition, bool optional) {
  std::string out;
  const std::string on_delete = action(definition, " ON DELETE "), on_update = action(definition, " ON UPDATE ");
  if (on_delete != (optional ? "SetNull" : "Restrict")) out += ", onDelete: " + on_delete;
  if (on_update != "Cascade") out += ", onUpdate: " + on_update;
  return out;
}

const Field* PrismaPatcher::relation_of(const Block& block, const std::vector<std::string>& columns) const {
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

std::vector<std::string> PrismaPatcher::old_columns(const Block& block, std::vector<std::string> columns) const {
  const auto renames = renames_.columns.find(table_of(block));
  if (renames == renames_.columns.end()) return columns;
  for (std::string& column : columns) {
    for (const auto& [old, name] : renames->second) {
      if (name == column) column = old;
    }
  }
  return columns;
}

void PrismaPatcher::foreign_keys() {
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
    const std::optional<RelationSide> child = side_of({id.schema, id.relation});
    if (!child) continue;
    if (child->block != nullptr) {
      const QualifiedName old_table = table_of(*child->block);
      if (before_.find({Kind::constraint, old_table.schema, old_table.name, id.name, {}}) != nullptr || relation_of(*child->block, key->columns) != nullptr) continue;
    }
    relation(id, *key, *child);
  }
  for (MadeModel& made : made_) {
    std::string text = fmt::format("model {} {{\n", made.name);
    for (const NewField& field : made.fields) text += field.line();
    if (!made.attributes.empty()) text += "\n";
    for (const std::string& attribute : made.attributes) text += "  " + attribute + "\n";
    drafts_.add_block(made.near, text + "}\n");
  }
}

void PrismaPatcher::relation(const catalog::ObjectId& id, const Constraint& key, const RelationSide& child) {
  const std::optional<RelationSide> parent = side_of(*key.references);
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

}  // namespace contraflow::code
