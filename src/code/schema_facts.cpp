// SPDX-License-Identifier: Apache-2.0
#include "code/schema_facts.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"

namespace contraflow::code {

const ModelField* Model::field(std::string_view wanted) const {
  const auto it = std::find_if(fields.begin(), fields.end(), [&](const ModelField& f) { return f.name == wanted; });
  return it == fields.end() ? nullptr : &*it;
}

std::vector<std::string> Model::columns() const {
  std::vector<std::string> out;
  for (const ModelField& f : fields) {
    if (!f.column.empty()) out.push_back(f.column);
  }
  return out;
}

std::optional<sql::QualifiedName> SchemaFacts::resolve(const sql::QualifiedName& written) const {
  if (!written.schema.empty()) return relations.contains(written) ? std::optional(written) : std::nullopt;
  const sql::QualifiedName in_public{"public", written.name};
  if (relations.contains(in_public)) return in_public;
  std::optional<sql::QualifiedName> found;
  for (const auto& [name, columns] : relations) {
    if (name.name != written.name) continue;
    if (found) return std::nullopt;  // in several schemas: the search path decides, which nothing here knows
    found = name;
  }
  return found;
}

const std::vector<std::string>* SchemaFacts::columns(const sql::QualifiedName& relation) const {
  const auto it = relations.find(relation);
  return it == relations.end() ? nullptr : &it->second;
}

const Model* SchemaFacts::model(std::string_view name) const {
  const auto it = std::find_if(models.begin(), models.end(), [&](const Model& m) { return m.name == name; });
  return it == models.end() ? nullptr : &*it;
}

const Model* SchemaFacts::by_accessor(std::string_view accessor) const {
  const auto it = std::find_if(models.begin(), models.end(), [&](const Model& m) { return m.accessor == accessor; });
  return it == models.end() ? nullptr : &*it;
}

std::string SchemaFacts::fingerprint() const {
  std::string text = complete ? "complete\n" : "partial\n";
  for (const auto& [name, columns] : relations) text += name.schema + "." + name.name + ":" + join(columns, ",") + "\n";
  for (const std::string& function : functions) text += function + "()\n";
  if (extensions) text += "extensions\n";
  for (const Model& model : models) {
    text += model.name + "=" + model.table.schema + "." + model.table.name + ":";
    for (const ModelField& f : model.fields) text += f.name + ">" + f.column + ">" + f.relation + ">" + f.relation_name + ">" + join(f.relation_fields, "+") + ",";
    text += "\n";
  }
  return sha256(text);
}

SchemaFacts facts_of(const catalog::Database& database) {
  SchemaFacts out;
  out.complete = true;
  std::map<sql::QualifiedName, std::map<int, std::string>> columns;
  for (const auto& [id, object] : database.objects) {
    if (id.kind == catalog::Kind::routine || id.kind == catalog::Kind::aggregate) out.functions.insert(id.name);
    if (id.kind == catalog::Kind::extension && id.name != "plpgsql") out.extensions = true;
    if (id.kind == catalog::Kind::table || id.kind == catalog::Kind::foreign_table) columns[{id.schema, id.name}];
    if (const auto* column = std::get_if<catalog::Column>(&object.body)) columns[{id.schema, id.relation}][column->position] = id.name;
    const std::vector<catalog::ViewColumn>* of_view = nullptr;
    if (const auto* view = std::get_if<catalog::View>(&object.body)) of_view = &view->columns;
    if (const auto* view = std::get_if<catalog::MaterializedView>(&object.body)) of_view = &view->columns;
    if (of_view == nullptr) continue;
    auto& list = columns[{id.schema, id.name}];
    for (const catalog::ViewColumn& column : *of_view) list[static_cast<int>(list.size()) + 1] = column.name;
  }
  for (const auto& [name, by_position] : columns) {
    std::vector<std::string>& list = out.relations[name];
    for (const auto& [position, column] : by_position) list.push_back(column);
  }
  return out;
}

void add_models(SchemaFacts& facts, const prisma::Schema& schema) {
  for (const prisma::Block& block : schema.blocks) {
    if (block.kind != prisma::BlockKind::model && block.kind != prisma::BlockKind::view) continue;
    Model model;
    model.name = block.name;
    model.accessor = block.name;
    // The client's property is the model's name with its first letter in lower case.
    if (!model.accessor.empty() && model.accessor[0] >= 'A' && model.accessor[0] <= 'Z') model.accessor[0] = static_cast<char>(model.accessor[0] - 'A' + 'a');
    model.table = {block.schema().empty() ? "public" : block.schema(), block.mapped_name()};
    for (const prisma::Field& field : block.fields) {
      ModelField out{.name = field.name, .list = field.list};
      if (schema.model(field.type) != nullptr) {
        out.relation = field.type;
        if (const prisma::Attribute* relation = field.find("relation")) {
          const prisma::Argument* said = relation->find("name");
          if (said == nullptr) said = relation->find("");
          if (said != nullptr) out.relation_name = said->value;
          if (const prisma::Argument* own = relation->find("fields")) {
            for (const std::string& name : prisma::list_elements(own->value)) {
              const prisma::Field* key = block.field(name);
              out.relation_fields.push_back(key != nullptr ? key->column() : name);
            }
          }
          if (const prisma::Argument* there = relation->find("references")) {
            for (const std::string& name : prisma::list_elements(there->value)) {
              const prisma::Field* key = schema.model(field.type)->field(name);
              out.referenced.push_back(key != nullptr ? key->column() : name);
            }
          }
        }
      } else {
        out.column = field.column();
      }
      model.fields.push_back(std::move(out));
    }
    facts.relations.try_emplace(model.table, model.columns());
    facts.models.push_back(std::move(model));
  }
}

}  // namespace contraflow::code
