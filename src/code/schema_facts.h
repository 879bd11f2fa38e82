// SPDX-License-Identifier: Apache-2.0
//
// What the scanner has to know of a schema: tables with their columns, and Prisma's models over them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/model.h"
#include "prisma/schema.h"
#include "sql/usage.h"

namespace contraflow::code {

struct ModelField {
  std::string name;
  std::string column;                        // empty for relations
  std::string relation;                      // the model that it leads to; empty for columns
  std::string relation_name;                 // what tells two relations between the same models apart; mostly empty
  std::vector<std::string> relation_fields;  // columns of this model that hold the key, where it does
  std::vector<std::string> referenced = {};  // the other model's columns that they point at
  bool list = false;
};

struct Model {
  std::string name;      // "User"
  std::string accessor;  // "user": what the client calls it
  sql::QualifiedName table;
  std::vector<ModelField> fields;

  const ModelField* field(std::string_view name) const;
  std::vector<std::string> columns() const;
};

struct SchemaFacts {
  std::map<sql::QualifiedName, std::vector<std::string>> relations;  // tables and views -> columns in order
  std::vector<Model> models;
  std::set<std::string> functions;  // names of the schema's own routines and aggregates
  bool extensions = false;          // some are installed, and their functions are not known
  bool complete = false;            // a table that is not here does not exist; false where only Prisma's models are known, or nothing

  // The relation that a written name means: with its schema, or `public` first, then the one schema that has it.
  std::optional<sql::QualifiedName> resolve(const sql::QualifiedName& written) const;
  const std::vector<std::string>* columns(const sql::QualifiedName& relation) const;
  const Model* model(std::string_view name) const;
  const Model* by_accessor(std::string_view accessor) const;
  std::string fingerprint() const;
};

SchemaFacts facts_of(const catalog::Database& database);
// Models of a schema.prisma (of all its files, one after another): fills `models`, and `relations` where the database did not.
void add_models(SchemaFacts& facts, const prisma::Schema& schema);

}  // namespace contraflow::code
