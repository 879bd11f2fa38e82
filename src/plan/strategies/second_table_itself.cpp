// SPDX-License-Identifier: Apache-2.0
//
// Foreign keys of the second table to itself. They come when all rows are there: until then a row that the application writes may reference one that has
// not been copied. As long as a trigger writes the rows one by one they are deferred: the application may write both of two rows in one statement, in any order.
#include <fmt/format.h>

#include <algorithm>

#include "plan/strategies/reference_parts.h"
#include "plan/strategies/second_tables.h"
#include "plan/strategies/table_parts.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

constexpr std::string_view kDeferred = "DEFERRABLE INITIALLY DEFERRED";

// The key under its spare names, deferred. pg_get_constraintdef() writes DEFERRABLE, INITIALLY DEFERRED and NOT VALID last, in this order.
Object deferred(const Database& renamed, const ObjectId& id) {
  Object object = renamed.objects.at(id);
  auto& key = std::get<Constraint>(object.body);
  for (const std::string_view last : {" NOT VALID", " INITIALLY DEFERRED", " DEFERRABLE"}) {
    if (key.definition.ends_with(last)) key.definition.resize(key.definition.size() - last.size());
  }
  key.definition += fmt::format(" {}", kDeferred);
  key.deferrable = key.initially_deferred = true;
  return object;
}

Database with_deferred(const Family& family, const RelationNames& names, const std::vector<const Object*>& keys) {
  Database renamed = under_names(family, names);
  for (const Object* key : keys) {
    const ObjectId spare{Kind::constraint, key->id.schema, mapped(names, {key->id.schema, key->id.relation}).name, key->id.name, ""};
    const Object object = deferred(renamed, spare);
    for (const ReferencePart& part : reference_parts(renamed, renamed.objects.at(spare))) renamed.objects.at(part.id) = deferred(renamed, part.id);
    renamed.objects.at(spare) = object;
  }
  return renamed;
}

}  // namespace

std::vector<const Object*> SecondTable::references_to_itself(const Family& family) {
  std::vector<const Object*> out;
  const std::set<ObjectId> ids = family.ids();
  for (const Object* member : family.of_kinds({Kind::constraint})) {
    const auto& key = std::get<Constraint>(member->body);
    if (is_foreign_key(*member) && key.references && !(key.inherited && !key.local) && ids.contains(table_id(*key.references))) out.push_back(member);
  }
  return out;
}

std::size_t SecondTable::refer_to_itself(std::size_t filled) {
  const std::vector<const Object*> keys = references_to_itself(new_);
  const Database renamed = with_deferred(new_, next_, keys);
  const std::string here = all_of({reason_.old_form, exists(table_id(next()))});
  for (const Object* key : keys) {
    const ObjectId spare{Kind::constraint, key->id.schema, mapped(next_, {key->id.schema, key->id.relation}).name, key->id.name, ""};
    ReferenceReturn made = reference_return(renamed, renamed.objects.at(spare));
    const auto step = [&](const std::string& verb, Action action) {
      Operation& operation = add(Phase::backfill, verb + " a foreign key to itself of the second table for", std::move(action), Action{});
      operation.after.push_back(filled);
      filled = p_.operations.size() - 1;
    };
    Statements statements = made.remove;  // what an interrupted run left
    append(statements, made.add);
    if (!made.add.empty()) step("add", brief(std::move(statements), all_of({here, absent(spare)})));
    for (auto& [id, action] : made.later) {
      action.todo = all_of({here, action.todo});
      step(action.mode == Mode::scan ? "validate" : "join", std::move(action));
    }
  }
  return filled;
}

std::vector<std::size_t> SecondTable::refer_to_itself_again() {
  std::vector<std::size_t> out;
  const std::vector<const Object*> keys = references_to_itself(old_);
  const Database renamed = with_deferred(old_, retired_, keys);
  const std::string here = all_of({negate(reason_.old_form), exists(table_id(retired()))});
  for (const Object* key : keys) {
    const ObjectId spare{Kind::constraint, key->id.schema, mapped(retired_, {key->id.schema, key->id.relation}).name, key->id.name, ""};
    ReferenceReturn made = reference_return(renamed, renamed.objects.at(spare));
    // Undone from the last to the first.
    std::reverse(made.later.begin(), made.later.end());
    const auto step = [&](const std::string& verb, Action action) {
      Operation& operation = add(Phase::purge, "way back: " + verb + " a foreign key to itself of the old table of", Action{}, std::move(action));
      if (!out.empty()) operation.after.push_back(out.back());
      out.push_back(p_.operations.size() - 1);
    };
    for (auto& [id, action] : made.later) {
      action.todo = all_of({here, action.todo});
      step(action.mode == Mode::scan ? "validate" : "join", std::move(action));
    }
    Statements statements = made.remove;
    append(statements, made.add);
    if (!made.add.empty()) step("add", brief(std::move(statements), all_of({here, absent(spare)})));
  }
  return out;
}

Statements SecondTable::defer_references_to_itself(const Family& family, const RelationNames& names, bool now) {
  Statements out;
  for (const Object* member : references_to_itself(family)) {
    const auto& key = std::get<Constraint>(member->body);
    const std::string table = sql::quote(mapped(names, {member->id.schema, member->id.relation}));
    const std::string_view own = !key.deferrable ? "NOT DEFERRABLE" : key.initially_deferred ? kDeferred
                                                                                             : "DEFERRABLE INITIALLY IMMEDIATE";
    out.push_back(fmt::format("ALTER TABLE {} ALTER CONSTRAINT {} {}", table, sql::quote_identifier(member->id.name), now ? kDeferred : own));
  }
  return out;
}

}  // namespace contraflow::plan
