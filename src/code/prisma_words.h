// SPDX-License-Identifier: Apache-2.0
//
// How Prisma spells what a database has: types, defaults, names.
#pragma once

#include <string>
#include <vector>

#include "catalog/model.h"
#include "code/prisma_patch.h"
#include "prisma/schema.h"

namespace contraflow::code {

std::string camel(const std::string& name, bool capital);  // "user_id" -> "userId", "UserId"
std::string in_quotes(const std::string& text);            // a Prisma string

class PrismaWords {
 public:
  PrismaWords(const prisma::Schema& schema, const catalog::Database& now, const PlanRenames& renames) : schema_(schema), now_(now), renames_(renames) {}

  struct Type {
    std::string name, native;  // "Decimal", "@db.Decimal(10, 2)"; native is empty where the default mapping says it
    bool list = false;
  };
  Type type_of(const catalog::Column& column) const;
  std::string default_of(const catalog::Column& column) const;  // "@default(now())"; empty: none

  const prisma::Block* enum_block(const catalog::ObjectId& id) const;
  std::string label_name(const catalog::ObjectId& type, const std::string& label) const;
  // `in_use`, or `in_use @map("in use")`; in capitals where all values of the enum are.
  static std::string new_label(const std::string& label, const prisma::Block* block);

 private:
  const catalog::ObjectId* enum_of(const std::string& type) const;

  const prisma::Schema& schema_;
  const catalog::Database& now_;
  const PlanRenames& renames_;
};

}  // namespace contraflow::code
