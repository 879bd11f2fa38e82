// SPDX-License-Identifier: Apache-2.0
#include "testgen/enum_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace contraflow::testgen {

using catalog::EnumType;

std::vector<std::string> labels_in(const World& world, const Database& from, const Database& to, const catalog::ObjectId& type, State state) {
  const auto* old_type = from.find_body<EnumType>(type);
  const auto* new_type = to.find_body<EnumType>(type);
  const State contract = world.shape.contract == 99 ? world.shape.last : world.shape.contract;
  if (!old_type) {
    State made = state_of(world.plan, nullptr, {fmt::format("CREATE TYPE {} AS ENUM", sql::quote(QualifiedName{type.schema, type.name}))}, true);
    if (made == 0) made = state_of(world.plan, nullptr, {"ALTER TYPE ", fmt::format(" RENAME TO {}\n", sql::quote_identifier(type.name))}, true);
    if (made == 0) made = world.shape.last;
    return state >= made ? new_type->labels : std::vector<std::string>{};
  }
  if (!new_type) return state >= contract ? std::vector<std::string>{} : old_type->labels;
  if (state >= contract) return new_type->labels;
  std::vector<std::string> out = old_type->labels;
  for (const std::string& label : new_type->labels) {
    if (std::find(out.begin(), out.end(), label) != out.end()) continue;
    const State added = state_of(world.plan, nullptr, {fmt::format("ALTER TYPE {} ADD VALUE IF NOT EXISTS {}", sql::quote(QualifiedName{type.schema, type.name}), sql::quote_literal(label))});
    if (added != 0 && state >= added) out.push_back(label);
  }
  return out;
}

void enum_tests(World& world, const Database& from, const Database& to, TestFile& file, State state) {
  std::set<catalog::ObjectId> types;
  for (const Database* database : {&from, &to}) {
    for (const auto& [id, object] : database->objects) {
      if (id.kind != catalog::Kind::enum_type) continue;
      const auto* a = from.find_body<EnumType>(id);
      const auto* b = to.find_body<EnumType>(id);
      if (!a || !b || a->labels != b->labels) types.insert(id);
    }
  }
  for (const catalog::ObjectId& type : types) {
    const std::vector<std::string> labels = labels_in(world, from, to, type, state);
    const std::string name = sql::quote(QualifiedName{type.schema, type.name});
    std::vector<std::string> all;
    for (const Database* database : {&from, &to}) {
      if (const auto* body = database->find_body<EnumType>(type)) all.insert(all.end(), body->labels.begin(), body->labels.end());
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    file.heading(name);
    if (labels.empty()) {
      // Its name may be another kind's then, or its schema not there.
      const auto other = [&](const Database& database) {
        for (const catalog::Kind kind : {catalog::Kind::domain, catalog::Kind::composite_type, catalog::Kind::table}) {
          if (database.find({kind, type.schema, {}, type.name, {}}) != nullptr) return true;
        }
        return database.find({catalog::Kind::schema, {}, {}, type.schema, {}}) == nullptr;
      };
      if (other(from) || other(to)) continue;
      file.refuses(fmt::format("SELECT NULL::{}", name), "42704", name + " is not there");
      continue;
    }
    all.push_back("none of its values");
    for (const std::string& label : all) {
      const std::string statement = fmt::format("SELECT {}::{}", sql::quote_literal(label), name);
      if (std::find(labels.begin(), labels.end(), label) != labels.end())
        file.lives(statement, fmt::format("{} takes {}", name, sql::quote_literal(label)));
      else
        file.refuses(statement, "22P02", fmt::format("{} refuses {}", name, sql::quote_literal(label)));
    }
  }
}

}  // namespace contraflow::testgen
