// SPDX-License-Identifier: Apache-2.0
#include "plan/strategies/family.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/ddl.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

// "… ON [ONLY] schema.table USING …" and "… REFERENCES schema.table(…": the only places where a definition names its own table.
void rename_in_text(std::string& text, const std::string& before, const QualifiedName& from, const QualifiedName& to, const std::string& behind) {
  const std::string old_text = before + sql::quote(from) + behind;
  if (const std::size_t at = text.find(old_text); at != std::string::npos) text.replace(at, old_text.size(), before + sql::quote(to) + behind);
}

void rename_constraint(const RelationNames& names, Object& object, Constraint& constraint) {
  if (!constraint.index_name.empty()) {
    constraint.index_name = mapped(names, {object.id.schema, constraint.index_name}).name;
    if (constraint.type != ConstraintType::foreign_key) object.id.name = constraint.index_name;
  }
  if (!constraint.references) return;
  const QualifiedName referenced = mapped(names, *constraint.references);
  rename_in_text(constraint.definition, " REFERENCES ", *constraint.references, referenced, "(");
  constraint.references = referenced;
}

void rename_index(const RelationNames& names, const ObjectId& id, const Object& object, Index& index) {
  const QualifiedName table{id.schema, index.table}, spare = mapped(names, table);
  const std::string head = index.unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ";
  index.definition = head + sql::quote_identifier(object.id.name) + index.definition.substr(head.size() + sql::quote_identifier(id.name).size());
  rename_in_text(index.definition, " ON ", table, spare, " USING ");
  rename_in_text(index.definition, " ON ONLY ", table, spare, " USING ");
  index.table = spare.name;
  if (index.parent) index.parent = mapped(names, *index.parent);
  if (!index.constraint.empty()) index.constraint = object.id.name;
}

}  // namespace

QualifiedName mapped(const RelationNames& names, const QualifiedName& name) {
  auto it = names.find(name);
  return it == names.end() ? name : it->second;
}

Family::Family(const Database& schema, const ObjectId& root) : database(schema), relations{root} {
  if (root.kind == Kind::table) {
    for (const QualifiedName& name : Planner::descendants(schema, name_of(root))) relations.push_back({Kind::table, name.schema, "", name.name, ""});
  }
  for (const ObjectId& relation : relations) {
    for (const Object* member : Planner::members(schema, relation)) members.push_back(member);
  }
}

std::set<ObjectId> Family::ids() const {
  std::set<ObjectId> out(relations.begin(), relations.end());
  for (const Object* member : members) out.insert(member->id);
  return out;
}

std::vector<QualifiedName> Family::names() const {
  std::vector<QualifiedName> out;
  for (const ObjectId& relation : relations) out.push_back(name_of(relation));
  for (const Object* member : members) {
    if (member->id.kind == Kind::index) out.push_back(name_of(member->id));
    const auto* column = std::get_if<Column>(&member->body);
    if (column && column->identity != Identity::none) out.push_back(column->identity_sequence);
  }
  return out;
}

std::vector<const Object*> Family::of_kinds(std::initializer_list<Kind> kinds) const {
  std::vector<const Object*> out;
  for (const Object* member : members) {
    if (std::find(kinds.begin(), kinds.end(), member->id.kind) != kinds.end()) out.push_back(member);
  }
  return out;
}

Database under_names(const Family& family, const RelationNames& names) {
  Database out = family.database;
  std::vector<Object> renamed;
  for (const ObjectId& id : family.ids()) {
    Object object = std::move(out.objects.at(id));
    out.objects.erase(id);
    if (!object.id.relation.empty()) object.id.relation = mapped(names, {id.schema, id.relation}).name;
    if (Planner::is_relation(id.kind) || id.kind == Kind::index) object.id.name = mapped(names, name_of(id)).name;
    if (auto* table = std::get_if<Table>(&object.body); table && table->partition_of) table->partition_of = mapped(names, *table->partition_of);
    if (auto* table = std::get_if<Table>(&object.body); table && !table->replica_identity_index.empty()) {
      table->replica_identity_index = mapped(names, {id.schema, table->replica_identity_index}).name;
    }
    if (auto* column = std::get_if<Column>(&object.body); column && column->identity != Identity::none) {
      column->identity_sequence = mapped(names, column->identity_sequence);
    }
    if (auto* constraint = std::get_if<Constraint>(&object.body)) rename_constraint(names, object, *constraint);
    if (auto* index = std::get_if<Index>(&object.body)) rename_index(names, id, object, *index);
    renamed.push_back(std::move(object));
  }
  std::map<ObjectId, ObjectId> ids;
  const std::set<ObjectId> before = family.ids();
  auto old_id = before.begin();
  for (Object& object : renamed) {
    ids.emplace(*old_id++, object.id);
    const ObjectId id = object.id;
    out.objects.insert_or_assign(id, std::move(object));
  }
  for (auto& [id, object] : out.objects) {
    for (const auto& [from, to] : ids) {
      if (from != to && object.depends_on.erase(from) != 0) object.depends_on.insert(to);
    }
  }
  return out;
}

Statements rename_family(const Family& family, const RelationNames& names, bool away) {
  Statements out;
  const auto rename = [&](const char* what, const QualifiedName& name) {
    auto it = names.find(name);
    if (it == names.end()) return;
    const QualifiedName& from = away ? name : it->second;
    const QualifiedName& to = away ? it->second : name;
    out.push_back(fmt::format("ALTER {} {} RENAME TO {}", what, sql::quote(from), sql::quote_identifier(to.name)));
  };
  for (const ObjectId& relation : family.relations) rename(relation.kind == Kind::materialized_view ? "MATERIALIZED VIEW" : "TABLE", name_of(relation));
  for (const Object* member : family.members) {
    if (member->id.kind == Kind::index) rename("INDEX", name_of(member->id));
    const auto* column = std::get_if<Column>(&member->body);
    if (column && column->identity != Identity::none) rename("SEQUENCE", column->identity_sequence);
  }
  return out;
}

}  // namespace contraflow::plan
