// SPDX-License-Identifier: Apache-2.0
#include "code/prisma_patcher.h"

namespace contraflow::code {

void PrismaPatcher::enumeration(const Block& block) {
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

void PrismaPatcher::new_enumeration(const catalog::ObjectId& id, const catalog::EnumType& type) {
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

}  // namespace contraflow::code
