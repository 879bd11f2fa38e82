// SPDX-License-Identifier: Apache-2.0
#include "cli/soft_deletes.h"

#include <algorithm>

#include "base/text.h"
#include "sql/name.h"

namespace contraflow::cli {
namespace {

bool has_live_index(const catalog::Database& database, const catalog::ObjectId& column) {
  const std::string live = "(" + sql::quote_identifier(column.name) + " IS NULL";
  return std::any_of(database.objects.begin(), database.objects.end(), [&](const auto& entry) {
    const auto* index = std::get_if<catalog::Index>(&entry.second.body);
    return index != nullptr && entry.first.schema == column.schema && index->table == column.relation && index->predicate.find(live) != std::string::npos;
  });
}

}  // namespace

std::vector<code::SoftDelete> soft_deletes(const catalog::Database& before, const catalog::Database& now, const code::SchemaFacts& facts, const std::optional<prisma::Schema>& models) {
  std::vector<code::SoftDelete> out;
  for (const auto& [id, object] : now.objects) {
    const auto* column = std::get_if<catalog::Column>(&object.body);
    if (column == nullptr || before.find(id) != nullptr || column->not_null || !column->type.starts_with("timestamp")) continue;
    const std::string lower = to_lower(id.name);
    const bool usual = lower == "deleted_at" || lower == "deletedat" || lower == "archived_at" || lower == "removed_at";
    if (!usual && !has_live_index(now, id)) continue;
    code::SoftDelete one{.table = {id.schema, id.relation}, .column = id.name, .model = {}, .field = {}};
    for (const code::Model& model : facts.models) {
      if (model.table != one.table) continue;
      one.model = model.name;
      const prisma::Block* block = models ? models->model(model.name) : nullptr;
      if (block == nullptr) continue;
      for (const prisma::Field& field : block->fields) {
        if (field.column() == id.name) one.field = field.name;
      }
    }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace contraflow::cli
