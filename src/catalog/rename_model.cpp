// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>
#include <set>

#include "catalog/ddl.h"
#include "catalog/rename.h"

namespace contraflow::catalog {
namespace {

using NewNames = std::map<ObjectId, ObjectId>;

void replace_first(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  if (at != std::string::npos) text.replace(at, from.size(), to);
}

// `word name ` at the place where the definition says what it defines.
void rename_in_definition(std::string& text, const std::string& word, const std::string& from, const std::string& to) {
  replace_first(text, " " + word + " " + from + " ", " " + word + " " + to + " ");
}

std::set<QualifiedName> descendants(const Database& database, const QualifiedName& table) {
  std::set<QualifiedName> out{table};
  for (bool grown = true; grown;) {
    grown = false;
    for (const auto& [id, object] : database.objects) {
      const auto below = [&](const auto& body) {
        if (body.partition_of && out.contains(*body.partition_of)) return true;
        for (const QualifiedName& parent : body.inherits) {
          if (out.contains(parent)) return true;
        }
        return false;
      };
      const auto* plain = std::get_if<Table>(&object.body);
      const auto* foreign = std::get_if<ForeignTable>(&object.body);
      if ((plain && below(*plain)) || (foreign && below(*foreign))) grown |= out.insert({id.schema, id.name}).second;
    }
  }
  out.erase(table);
  return out;
}

// The copies in partitions and children that the server renames along.
void add_copies(const Database& database, const Renaming& renaming, NewNames& names) {
  const ObjectId& id = renaming.from;
  if (id.kind != Kind::constraint && id.kind != Kind::trigger) return;
  if (const auto* constraint = database.find_body<Constraint>(id)) {
    // Only constraints that are inherited by name; keys of partitions have names of their own.
    if (constraint->type != ConstraintType::check && constraint->type != ConstraintType::not_null) return;
  }
  for (const QualifiedName& child : descendants(database, {id.schema, id.relation})) {
    const ObjectId copy{id.kind, child.schema, child.name, id.name, ""};
    const Object* object = database.find(copy);
    if (!object) continue;
    const auto* constraint = std::get_if<Constraint>(&object->body);
    const auto* trigger = std::get_if<Trigger>(&object->body);
    const bool follows = constraint ? constraint->inherited : trigger && trigger->inherited && database.major() >= 15;
    if (follows) names[copy] = ObjectId{id.kind, child.schema, child.name, renaming.to.name, ""};
  }
}

struct Rewrite {
  const NewNames& names;

  std::string index(const std::string& schema, const std::string& name) const {
    auto it = names.find(ObjectId{Kind::index, schema, "", name, ""});
    return it == names.end() ? name : it->second.name;
  }

  void operator()(const ObjectId& id, Body& body) const {
    auto it = names.find(id);
    if (auto* table = std::get_if<Table>(&body)) {
      if (!table->replica_identity_index.empty()) table->replica_identity_index = index(id.schema, table->replica_identity_index);
    }
    if (auto* found = std::get_if<Index>(&body)) {
      if (found->parent) found->parent->name = index(found->parent->schema, found->parent->name);
      auto backed = names.find(ObjectId{Kind::constraint, id.schema, found->table, found->constraint, ""});
      if (backed != names.end()) found->constraint = backed->second.name;
      if (it != names.end()) {
        rename_in_definition(found->definition, "INDEX", sql::quote_identifier(id.name), sql::quote_identifier(it->second.name));
      }
    }
    if (auto* constraint = std::get_if<Constraint>(&body)) {
      if (!constraint->index_name.empty()) constraint->index_name = index(id.schema, constraint->index_name);
    }
    if (it == names.end()) return;
    const std::string from = sql::quote_identifier(id.name), to = sql::quote_identifier(it->second.name);
    if (auto* trigger = std::get_if<Trigger>(&body)) rename_in_definition(trigger->definition, "TRIGGER", from, to);
    if (auto* rule = std::get_if<Rule>(&body)) rename_in_definition(rule->definition, "RULE", from, to);
    if (auto* statistics = std::get_if<StatisticsObject>(&body)) {
      rename_in_definition(statistics->definition, "STATISTICS", quoted_name(id), quoted_name(it->second));
    }
  }
};

}  // namespace

bool renamed_in_model(const ObjectId& id) {
  switch (id.kind) {
    case Kind::index:
    case Kind::constraint:
    case Kind::domain_constraint:
    case Kind::trigger:
    case Kind::rule:
    case Kind::policy:
    case Kind::statistics: return true;
    default: return false;
  }
}

Database rename_in_model(const Database& database, const std::vector<Renaming>& renames) {
  NewNames names;
  std::map<std::pair<QualifiedName, std::string>, std::string> constraints;  // of a table: old name -> new name
  for (const Renaming& renaming : renames) {
    ObjectId to = renaming.from;
    to.name = renaming.to.name;
    names[renaming.from] = to;
    add_copies(database, renaming, names);
    if (const auto* constraint = database.find_body<Constraint>(renaming.from)) {
      constraints[{{renaming.from.schema, renaming.from.relation}, renaming.from.name}] = to.name;
      if (!constraint->index_name.empty()) {
        names[ObjectId{Kind::index, to.schema, "", constraint->index_name, ""}] = ObjectId{Kind::index, to.schema, "", to.name, ""};
      }
    }
  }
  const auto name = [&](const ObjectId& id) {
    auto it = names.find(id);
    return it == names.end() ? id : it->second;
  };
  const Rewrite rewrite{names};
  Database out = database;
  out.objects.clear();
  for (const auto& [id, object] : database.objects) {
    Object copy = object;
    copy.id = name(id);
    rewrite(id, copy.body);
    if (auto* constraint = std::get_if<Constraint>(&copy.body); constraint && !constraint->parent.empty()) {
      const auto* table = database.find_body<Table>(ObjectId{Kind::table, id.schema, "", id.relation, ""});
      if (table && table->partition_of) {
        auto it = constraints.find({*table->partition_of, constraint->parent});
        if (it != constraints.end()) constraint->parent = it->second;
      }
    }
    copy.depends_on.clear();
    for (const ObjectId& dependency : object.depends_on) copy.depends_on.insert(name(dependency));
    out.objects.emplace(copy.id, std::move(copy));
  }
  return out;
}

}  // namespace contraflow::catalog
