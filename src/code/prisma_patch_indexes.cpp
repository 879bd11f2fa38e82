// SPDX-License-Identifier: Apache-2.0
#include "code/prisma_patcher.h"
#include "prisma/to_sql.h"

namespace contraflow::code {
namespace {

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

}  // namespace

bool PrismaPatcher::same_index(const Index& a, const Index& b) {
  return a.columns == b.columns && a.unique == b.unique && a.access_method == b.access_method && a.predicate == b.predicate && key_options(a) == key_options(b);
}

bool PrismaPatcher::is_key(const Database& database, const catalog::ObjectId& id, const Index& index) const {
  if (index.constraint.empty()) return false;
  const auto* constraint = database.find_body<Constraint>({Kind::constraint, id.schema, index.table, index.constraint, {}});
  return constraint != nullptr && constraint->type != ConstraintType::unique;
}

std::string PrismaPatcher::index_text(const std::string& table, const catalog::ObjectId& id, const Index& index, const std::vector<std::string>& fields) const {
  const std::vector<std::string> options = key_options(index);
  std::vector<std::string> elements;
  for (std::size_t i = 0; i < fields.size(); ++i) elements.push_back(fields[i] + (options[i].empty() ? "" : fmt::format("({})", options[i])));
  const std::string map = id.name == prisma::default_name(table, index.columns, index.unique ? "_key" : "_idx") ? "" : fmt::format(", map: {}", in_quotes(id.name));
  std::string type;
  if (index.access_method != "btree") type = ", type: " + (index.access_method == "spgist" ? std::string("SpGist") : camel(index.access_method, true));
  return fmt::format("@@{}([{}]{}{})", index.unique ? "unique" : "index", join(elements, ", "), map, type);
}

bool PrismaPatcher::sayable(const catalog::ObjectId& id, const Index& index) {
  static const std::set<std::string> kMethods{"btree", "hash", "gin", "gist", "spgist", "brin"};
  const bool expression = std::find(index.columns.begin(), index.columns.end(), "") != index.columns.end();
  if (!expression && index.predicate.empty() && index.include.empty() && kMethods.contains(index.access_method)) return true;
  note(fmt::format("index {} is {}: schema.prisma does not say it; keep it in the migration", id.name,
                   expression ? "over an expression" : !index.predicate.empty() ? "partial"
                                                   : index.include.empty()      ? "of the method " + index.access_method
                                                                                : "one with INCLUDE"));
  return false;
}

void PrismaPatcher::indexes(const Block& block, const QualifiedName& old_table, const QualifiedName& table) {
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

bool PrismaPatcher::field_has(const Block& block, const QualifiedName& table, const std::string& column) const {
  return std::any_of(block.fields.begin(), block.fields.end(), [&](const Field& field) { return !is_relation(field) && column_now(table, field.column()) == column; });
}

std::vector<std::string> PrismaPatcher::renamed_columns(const QualifiedName& table, std::vector<std::string> columns) const {
  const auto renames = renames_.columns.find(table);
  for (std::string& column : columns) {
    if (renames != renames_.columns.end() && renames->second.contains(column)) column = renames->second.at(column);
  }
  return columns;
}

bool PrismaPatcher::says_already(const Block& block, const Index& index, const std::vector<std::string>& fields) const {
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

const catalog::Object* PrismaPatcher::renamed_index(const QualifiedName& old_table, const QualifiedName& table, const Index& index) const {
  for (const auto& [id, object] : now_.objects) {
    const auto* other = std::get_if<Index>(&object.body);
    if (other == nullptr || id.schema != table.schema || other->table != table.name || is_helper(id.name) || before_.find(id) != nullptr || end_.find(id) == nullptr) continue;
    if (other->unique == index.unique && other->access_method == index.access_method && other->predicate.empty() && index.predicate.empty() && key_options(*other) == key_options(index) &&
        other->columns == renamed_columns(old_table, index.columns))
      return &object;
  }
  return nullptr;
}

void PrismaPatcher::drop_index(const Block& block, const QualifiedName& table, const QualifiedName& now_table, const catalog::ObjectId& id, const Index& index) {
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

}  // namespace contraflow::code
