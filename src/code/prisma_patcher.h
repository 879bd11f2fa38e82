// SPDX-License-Identifier: Apache-2.0
//
// How patch_schema() goes through a schema.prisma: models and fields, indexes, enums, relations, each in a file of its own. Nothing else includes this.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/text.h"
#include "code/prisma_drafts.h"
#include "code/prisma_patch.h"
#include "code/prisma_words.h"

namespace contraflow::code {

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

inline bool is_helper(const std::string& name) {
  return name.find("__new") != std::string::npos || name.find("__old") != std::string::npos || name.find("__retired") != std::string::npos || name.starts_with("contraflow");
}

inline std::string without_arguments(const std::string& element) { return element.substr(0, element.find('(')); }

// A model that the plan makes.
struct MadeModel {
  QualifiedName table;
  std::string name;
  std::vector<NewField> fields;
  std::vector<std::string> attributes;
  const Block* near = nullptr;
};

// One end of a relation.
struct RelationSide {
  const Block* block = nullptr;  // a model that is there, or
  MadeModel* made = nullptr;
  std::string name() const { return block != nullptr ? block->name : made->name; }
};

class PrismaPatcher {
 public:
  PrismaPatcher(const prisma::Schema& schema, const Database& before, const Database& now, const Database& end, const PlanRenames& renames)
      : schema_(schema), before_(before), now_(now), end_(end), renames_(renames), words_(schema, now, renames), drafts_(schema) {}
  SchemaPatch run();

 private:
  void note(std::string text);

  static std::string schema_of(const Block& block) { return block.schema().empty() ? "public" : block.schema(); }
  static QualifiedName table_of(const Block& block) { return {schema_of(block), block.mapped_name()}; }
  static catalog::ObjectId table_id(const QualifiedName& name) { return catalog::relation_id(Kind::table, name.schema, name.name); }
  bool is_relation(const Field& field) const { return schema_.model(field.type) != nullptr; }
  // Names, before and now.
  bool is_renamed_to(const QualifiedName& name) const;
  // The name that the table has now.
  QualifiedName now_of(const QualifiedName& table) const;
  // The column that the field maps to after this phase; nothing where it is gone.
  std::optional<std::string> column_now(const QualifiedName& table, const std::string& column) const;
  bool renamed_later(const QualifiedName& table, const std::string& column) const;
  bool is_new_name(const QualifiedName& table, const std::string& column) const;
  bool maps_names(const Block* block) const;
  std::string new_field_name(const Block* block, const std::string& column) const { return maps_names(block) ? camel(column, false) : column; }

  // prisma_patch.cpp: models and their fields.
  void model(const Block& block);
  NewField field_for(const Block* block, const std::string& model, const std::string& name, const Column& column);
  void change_field(const Field& field, const Column& old, const Column& column);
  void remove_field(const Block& block, const Field& field);
  static std::string relation_name(const Field& field);
  // The field on the other side of a relation.
  const Field* other_side(const Block& block, const Field& field) const;
  void remove_relation(const Block& block, const Field& field);
  // Prisma asks for @ignore on relation fields to a model that has @@ignore.
  void ignored_relations(const Block& block);
  // The field of a column of the table as it is now, also one that is added here.
  std::string field_of(const Block& block, const QualifiedName& table, const std::string& column) const;

  // prisma_patch_indexes.cpp
  static bool same_index(const Index& a, const Index& b);
  bool is_key(const Database& database, const catalog::ObjectId& id, const Index& index) const;
  // `@@index([a, b(sort: Desc)], map: "x", type: Gin)`
  std::string index_text(const std::string& table, const catalog::ObjectId& id, const Index& index, const std::vector<std::string>& fields) const;
  bool sayable(const catalog::ObjectId& id, const Index& index);
  void indexes(const Block& block, const QualifiedName& old_table, const QualifiedName& table);
  bool field_has(const Block& block, const QualifiedName& table, const std::string& column) const;
  std::vector<std::string> renamed_columns(const QualifiedName& table, std::vector<std::string> columns) const;
  // The schema may be ahead of the database.
  bool says_already(const Block& block, const Index& index, const std::vector<std::string>& fields) const;
  // The same index under another name: of a renamed column or table.
  const catalog::Object* renamed_index(const QualifiedName& old_table, const QualifiedName& table, const Index& index) const;
  void drop_index(const Block& block, const QualifiedName& table, const QualifiedName& now_table, const catalog::ObjectId& id, const Index& index);

  // prisma_patch_enums.cpp
  void enumeration(const Block& block);
  void new_enumeration(const catalog::ObjectId& id, const catalog::EnumType& type);

  // prisma_patch_relations.cpp: tables and foreign keys that the plan makes or takes away.
  std::string model_name(const QualifiedName& table) const;
  static std::string singular(std::string name);
  static std::string plural(const std::string& name);
  static std::string prisma_name(const std::string& name);
  void new_model(const QualifiedName& name);
  std::optional<RelationSide> side_of(const QualifiedName& table);
  std::string field_of(const RelationSide& side, const std::string& column) const;
  bool taken(const RelationSide& side, const std::string& name) const;
  void add(const RelationSide& side, NewField field);
  bool related(const RelationSide& one, const RelationSide& other) const;
  static std::string action(const std::string& definition, const char* which);
  static std::string actions(const std::string& definition, bool optional);
  // The relation field that has the key's columns.
  const Field* relation_of(const Block& block, const std::vector<std::string>& columns) const;
  std::vector<std::string> old_columns(const Block& block, std::vector<std::string> columns) const;
  void foreign_keys();
  void relation(const catalog::ObjectId& id, const Constraint& key, const RelationSide& child);

  const prisma::Schema& schema_;
  const Database& before_;
  const Database& now_;
  const Database& end_;
  const PlanRenames& renames_;
  PrismaWords words_;
  PrismaDrafts drafts_;
  std::set<std::string> ignored_;
  std::set<catalog::ObjectId> followed_;  // indexes that an attribute of the schema says already
  std::vector<MadeModel> made_;
  SchemaPatch out_;
};

}  // namespace contraflow::code
