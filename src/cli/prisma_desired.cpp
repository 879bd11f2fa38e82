// SPDX-License-Identifier: Apache-2.0
#include "cli/prisma_desired.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"

namespace contraflow::cli {
namespace {

using namespace catalog;

constexpr const char* kMigrateTable = "_prisma_migrations";

// Prisma compares the values of an enum as a set, and new ones go to the end (ALTER TYPE … ADD VALUE).
bool keep_order(const EnumType& from, EnumType& to) {
  std::vector<std::string> labels;
  const auto has = [](const std::vector<std::string>& all, const std::string& label) { return std::find(all.begin(), all.end(), label) != all.end(); };
  std::copy_if(from.labels.begin(), from.labels.end(), std::back_inserter(labels), [&](const std::string& label) { return has(to.labels, label); });
  std::copy_if(to.labels.begin(), to.labels.end(), std::back_inserter(labels), [&](const std::string& label) { return !has(from.labels, label); });
  // One gone and one new may be a rename, which is told by the place: as long as that is open, the order is as written.
  if (labels == to.labels || (labels.size() == from.labels.size() && std::any_of(from.labels.begin(), from.labels.end(), [&](const std::string& label) { return !has(labels, label); })))
    return false;
  to.labels = std::move(labels);
  return true;
}

// Prisma reads both as now().
bool is_now(const std::string& expression) { return expression == "now()" || expression.starts_with("CURRENT_TIMESTAMP"); }

// '{}'::text[] and ARRAY[]::text[]: the same to Prisma.
bool is_empty_list(const std::string& expression) { return expression.starts_with("'{}'") || expression.starts_with("ARRAY[]"); }

// What @db and the attributes of a field do not say. A generated column is one with a default to Prisma, an identity one that counts.
void keep_column(const Column& from, Column& to) {
  const int position = to.position;
  if ((is_now(from.default_expression) && is_now(to.default_expression)) || (is_empty_list(from.default_expression) && is_empty_list(to.default_expression))) to.default_expression = from.default_expression;
  if (from.type.ends_with("[]") && to.type.ends_with("[]")) to.not_null = from.not_null;  // a list is a list to Prisma
  const bool counts = from.identity != Identity::none && to.default_expression.starts_with("nextval(");
  if (from.type == to.type && from.not_null == to.not_null && (from.default_expression == to.default_expression || counts || from.generated != Generated::none)) {
    to = from;
    to.position = position;
    return;
  }
  if (from.type_base == to.type_base) {
    to.collation = from.collation;
    to.storage = from.storage;
    to.compression = from.compression;
  }
  to.statistics_target = from.statistics_target;
  to.options = from.options;
}

// Whether Prisma has no words for an object that only the database has.
bool unsaid(const Database& from, const Object& object) {
  const ObjectId& id = object.id;
  const auto partition = [&](const std::string& table) {
    const auto* body = from.find_body<Table>(relation_id(Kind::table, id.schema, table));
    return body != nullptr && body->partition_of.has_value();
  };
  const auto whole = [&](const std::string& table) { return table == kMigrateTable || partition(table); };
  switch (id.kind) {
    case Kind::table: return whole(id.name);
    case Kind::column: return whole(id.relation) || from.find(relation_id(Kind::foreign_table, id.schema, id.relation)) != nullptr;
    case Kind::constraint: {
      const auto& body = std::get<Constraint>(object.body);
      return whole(id.relation) || body.type == ConstraintType::check || body.type == ConstraintType::exclusion || body.type == ConstraintType::trigger;
    }
    case Kind::index: {
      const auto& body = std::get<Index>(object.body);
      if (whole(body.table) || !body.predicate.empty() || std::find(body.columns.begin(), body.columns.end(), "") != body.columns.end()) return true;
      const auto* constraint = from.find_body<Constraint>({Kind::constraint, id.schema, body.table, body.constraint, ""});
      return constraint != nullptr && constraint->type == ConstraintType::exclusion;
    }
    case Kind::enum_type: return false;
    case Kind::sequence: {
      const auto& body = std::get<Sequence>(object.body);
      return !body.owned_by || whole(body.owned_by->relation);
    }
    default: return true;
  }
}

// The desired schema has a unique index over the constraint's columns that the database lacks: it is the constraint, renamed.
void rename_unique_constraint(const Database& from, Database& to, const Object& constraint, const Object& index) {
  const auto& body = std::get<Index>(index.body);
  std::vector<ObjectId> same;
  for (const auto& [id, object] : to.objects) {
    const auto* other = std::get_if<Index>(&object.body);
    if (other != nullptr && other->unique && other->constraint.empty() && id.schema == index.id.schema && other->table == body.table && other->columns == body.columns && from.find(id) == nullptr) same.push_back(id);
  }
  if (same.size() != 1) return;
  const std::string name = same.front().name;
  Object renamed_index = index, renamed = constraint;
  renamed_index.id = same.front();
  auto& new_body = std::get<Index>(renamed_index.body);
  new_body.definition = std::get<Index>(to.objects.at(same.front()).body).definition;
  new_body.constraint = name;
  renamed.id.name = name;
  std::get<Constraint>(renamed.body).index_name = name;
  to.objects[same.front()] = renamed_index;
  to.objects[renamed.id] = renamed;
}

// A UNIQUE constraint is a unique index to Prisma: the constraint stays where the index of that name has the same columns. Where the index only has another name, so gets the
// constraint, as ALTER INDEX … RENAME does it.
void keep_unique_constraints(const Database& from, Database& to) {
  for (const auto& [id, object] : from.objects) {
    const auto* constraint = std::get_if<Constraint>(&object.body);
    if (constraint == nullptr || constraint->type != ConstraintType::unique) continue;
    const ObjectId index{Kind::index, id.schema, "", constraint->index_name, ""};
    const Object* old = from.find(index);
    const auto* wanted = to.find_body<Index>(index);
    if (old != nullptr && wanted == nullptr) rename_unique_constraint(from, to, object, *old);
    if (old == nullptr || wanted == nullptr || !wanted->unique || wanted->columns != std::get<Index>(old->body).columns || wanted->table != id.relation) continue;
    to.objects[index] = *old;
    to.objects[id] = object;
  }
}

// The order of a model's fields says nothing of the order of columns: new ones go to the end.
void keep_column_order(const Database& from, Database& to) {
  std::map<std::pair<std::string, std::string>, std::vector<Column*>> tables;
  std::map<const Column*, int> rank;
  for (auto& [id, object] : to.objects) {
    auto* column = std::get_if<Column>(&object.body);
    if (column == nullptr) continue;
    const auto* old = from.find_body<Column>(id);
    rank[column] = old != nullptr ? old->position : 10'000 + column->position;  // PostgreSQL's tables have at most 1,600 columns
    tables[{id.schema, id.relation}].push_back(column);
  }
  for (auto& [name, columns] : tables) {
    std::sort(columns.begin(), columns.end(), [&](const Column* a, const Column* b) { return rank.at(a) < rank.at(b); });
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i]->position = static_cast<int>(i) + 1;
  }
}

// The sequence that Prisma's SERIAL made for a column that is an identity.
void drop_sequences_of_identities(Database& to) {
  std::erase_if(to.objects, [&](const auto& entry) {
    const auto* sequence = std::get_if<Sequence>(&entry.second.body);
    if (sequence == nullptr || !sequence->owned_by) return false;
    const auto* column = to.find_body<Column>(*sequence->owned_by);
    return column != nullptr && column->identity != Identity::none;
  });
}

std::string listed(const std::map<std::string, int>& counts) {
  std::vector<std::string> parts;
  for (const auto& [kind, count] : counts) parts.push_back(fmt::format("{} ({})", kind, count));
  return join(parts, ", ");
}

std::string kind_of(const Object& object) {
  if (const auto* constraint = std::get_if<Constraint>(&object.body))
    return constraint->type == ConstraintType::check ? "check constraint" : constraint->type == ConstraintType::exclusion ? "exclusion constraint"
                                                                                                                          : "constraint";
  return std::string(kind_name(object.id.kind));
}

}  // namespace

std::vector<std::string> keep_what_prisma_leaves_alone(const Database& from, Database& to) {
  std::vector<std::string> reordered;
  for (auto& [id, object] : to.objects) {
    const Object* old = from.find(id);
    if (old == nullptr || old->body.index() != object.body.index()) continue;
    object.comment = old->comment;
    object.grants = old->grants;
    object.default_grants = old->default_grants;
    object.owner = old->owner;
    object.security_labels = old->security_labels;
    if (auto* type = std::get_if<EnumType>(&object.body)) {
      if (keep_order(std::get<EnumType>(old->body), *type)) reordered.push_back(id.schema + "." + id.name);
    }
    if (auto* table = std::get_if<Table>(&object.body)) {
      *table = std::get<Table>(old->body);
      object.depends_on = old->depends_on;
    }
    if (auto* column = std::get_if<Column>(&object.body)) {
      keep_column(std::get<Column>(old->body), *column);
      if (*column == std::get<Column>(old->body)) object.depends_on = old->depends_on;
    }
  }
  keep_unique_constraints(from, to);
  keep_column_order(from, to);
  drop_sequences_of_identities(to);

  std::map<ObjectId, const Object*> candidates;
  for (const auto& [id, object] : from.objects) {
    if (to.find(id) == nullptr && unsaid(from, object)) candidates.emplace(id, &object);
  }
  // What stands on something that is gone goes with it, and what stands on that.
  std::vector<std::string> gone;
  for (bool again = true; again;) {
    again = false;
    for (auto it = candidates.begin(); it != candidates.end();) {
      const auto missing = std::find_if(it->second->depends_on.begin(), it->second->depends_on.end(),
                                        [&](const ObjectId& needed) { return from.find(needed) && !to.find(needed) && !candidates.contains(needed); });
      if (missing == it->second->depends_on.end()) {
        ++it;
        continue;
      }
      if (it->first.kind != Kind::column) gone.push_back(fmt::format("{} (stands on {})", describe(it->first), describe(*missing)));
      it = candidates.erase(it);
      again = true;
    }
  }
  std::map<std::string, int> kept;
  for (const auto& [id, object] : candidates) {
    to.objects.emplace(id, *object);
    if (id.kind != Kind::column && id.kind != Kind::schema && id.kind != Kind::privileges) ++kept[kind_of(*object)];
  }

  std::vector<std::string> notes;
  if (!reordered.empty()) notes.push_back(fmt::format("the order of the values of {} stays as it is in the database: Prisma does not look at it", join(reordered, ", ")));
  if (!kept.empty()) notes.push_back(fmt::format("kept, because a schema.prisma cannot say it and Prisma leaves it alone: {}", listed(kept)));
  if (!gone.empty()) notes.push_back(fmt::format("not kept, because what it stands on is not in the schema.prisma: {}", join(gone, ", ")));
  return notes;
}

}  // namespace contraflow::cli
