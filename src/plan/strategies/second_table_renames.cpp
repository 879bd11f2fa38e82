// SPDX-License-Identifier: Apache-2.0
//
// Columns that take new names in a table that is exchanged. The first table has them under both names from expand on, as any table whose columns are renamed (shadow.h); the second one has
// the new names alone. In the exchange the first columns take the new names, the second ones step aside: from then on the first table reads as `from` does, which has all renames behind it.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "catalog/alter.h"
#include "plan/strategies/column_parts.h"
#include "plan/strategies/enum_labels.h"
#include "plan/strategies/second_tables.h"
#include "sql/expression.h"
#include "sql/rewrite_definition.h"

namespace contraflow::plan {

using namespace catalog;

void SecondTable::find_renamed() {
  for (const diff::Rename& rename : p_.renames) {
    const ObjectId& id = rename.to;
    if (id.kind != Kind::column || id.schema != id_.schema || id.relation != id_.name || !p_.from.find(id) || !p_.to.find(id)) continue;
    const auto &before = std::get<Column>(p_.from.objects.at(id).body), &after = std::get<Column>(p_.to.objects.at(id).body);
    const auto cannot = [&](const std::string& what) {
      p_.refuse(fmt::format("{} gets its name in a table that is exchanged for a second one ({}), and {}: make two plans, the new name first", describe(id), reason_.why, what));
    };
    const ObjectId old_id = column_id(id.schema, id.relation, rename.from.name);
    if (p_.to.find(old_id)) {
      cannot(fmt::format("another column takes its old name {}", sql::quote_identifier(rename.from.name)));
    } else if (exchanged_type_of(p_, id)) {
      cannot("is of a type that is exchanged with it");
    } else if (before.generated != after.generated) {
      cannot(after.generated == Generated::none ? "is computed no longer" : "comes to be computed");
    } else if (before.generated != Generated::none && before.type != after.type) {
      cannot("is computed and changes its type");
    } else {
      renamed_.push_back(shadow_for(p_, id, rename.from.name, true));
    }
  }
}

std::string SecondTable::old_name(const std::string& column) const {
  const auto it = std::find_if(renamed_.begin(), renamed_.end(), [&](const ShadowColumn& renamed) { return renamed.id.name == column; });
  return it == renamed_.end() ? column : it->old_name;
}

// The value of a column for the second table, while the first one has it under both names: a new type's is there already, unless the application writes it itself.
std::string SecondTable::before_rename(const std::string& expression, const std::string& column, bool converted) const {
  const std::string old = old_name(column);
  if (old == column) return expression;
  if (converted && p_.options.synchronise == Synchronise::triggers) return sql::quote_identifier(column);
  return sql::rename_columns(expression, {{column, old}});
}

void SecondTable::name_twice() {
  if (renamed_.empty()) return;
  ShadowSwap swap = plan_shadow_columns(p_, {{table(), renamed_}});
  two_names_ = swap.added;
  both_filled_ = swap.filled;
  copies_ = std::move(swap.copies);
  swap_ = std::move(swap.forward);
  out_.undo_last = std::move(swap.undo);
  out_.preconditions = std::move(swap.preconditions);
  out_.notes.insert(out_.notes.end(), swap.notes.begin(), swap.notes.end());
  out_.before.insert(out_.before.end(), swap.before.begin(), swap.before.end());
  out_.grade = std::max(out_.grade, swap.grade);
  for (const ShadowColumn& column : renamed_) out_.renamed.push_back(column.id);
}

// On the way back from purge: the first table has been made anew as it was after the exchange, but for what is left of the second columns.
Statements SecondTable::second_names_again() const {
  if (renamed_.empty()) return {};
  const QualifiedName first = retired();
  std::vector<const ShadowColumn*> placed;
  for (const ShadowColumn& column : renamed_) placed.push_back(&column);
  const auto wanted = [&](const ShadowColumn* column) -> const Object& { return p_.to.objects.at(column->id); };
  std::stable_sort(placed.begin(), placed.end(), [&](const ShadowColumn* a, const ShadowColumn* b) { return std::get<Column>(wanted(a).body).position < std::get<Column>(wanted(b).body).position; });
  Statements out;
  sql::ColumnNames names;
  for (const ShadowColumn* column : placed) {
    const std::string& collation = std::get<Column>(wanted(column).body).collation;
    out.push_back(fmt::format("ALTER TABLE {} ADD COLUMN {} {}{}", sql::quote(first), sql::quote_identifier(column->retired_name), column->shadow_type, collation.empty() ? "" : " COLLATE " + collation));
    Object second = wanted(column);
    second.id = column_id(first.schema, first.name, column->retired_name);
    append(out, alter_grants(second, {}, second.grants, p_.to.objects.at(id_).owner));
    names[column->id.name] = column->retired_name;
  }
  const Database renamed = under_names(old_, retired_);
  for (const ShadowSwap::Copy& copy : copies_) {
    std::string definition = std::get<Index>(renamed.objects.at({Kind::index, copy.of.schema, "", mapped(retired_, name_of(copy.of)).name, ""}).body).definition;
    constexpr std::string_view kUnique = "CREATE UNIQUE INDEX ";
    if (!copy.unique && definition.starts_with(kUnique)) definition.replace(0, kUnique.size(), "CREATE INDEX ");
    out.push_back(sql::index_over(definition, copy.name.name, names, false));
  }
  return out;
}

// Columns of another table that take new names and have a foreign key to this one: it is put back on those that keep the new names.
void SecondTable::join_renamed(const Object& key) {
  const ObjectId home = table_id({key.id.schema, key.id.relation});
  const auto renamed = [&](const std::string& name) { return old_column_name(p_, column_id(home.schema, home.name, name)) != name; };
  const auto& columns = std::get<Constraint>(key.body).columns;
  if (home == id_ || std::none_of(columns.begin(), columns.end(), renamed)) return;
  for (const Object* column : Planner::columns(p_.from, home)) {
    if (renamed(column->id.name)) out_.joined.insert(column->id);
  }
}

// Made in expand, it points at columns that get their new names later; it follows them.
void SecondTable::under_old_names(Constraint& key) const {
  if (!key.references) return;
  std::vector<std::string> now, then;
  for (const std::string& name : key.referenced_columns) {
    now.push_back(sql::quote_identifier(name));
    then.push_back(sql::quote_identifier(old_column_name(p_, column_id(key.references->schema, key.references->name, name))));
  }
  const std::string head = " REFERENCES " + sql::quote(*key.references) + "(";
  const std::size_t at = key.definition.find(head + contraflow::join(now, ", ") + ")");
  if (at != std::string::npos) key.definition.replace(at + head.size(), contraflow::join(now, ", ").size(), contraflow::join(then, ", "));
}

// A sequence has its new name from contract on; what reads it goes along.
Statements SecondTable::with_sequences_as_they_are(Statements statements) const {
  for (const diff::Rename& rename : p_.renames) {
    if (rename.to.kind != Kind::sequence) continue;
    const std::string now = sql::quote_literal(quoted_name(rename.to)), then = sql::quote_literal(sql::quote(QualifiedName{rename.to.schema, rename.from.name}));
    for (std::string& statement : statements) statement = replace_all(statement, now + "::regclass", then + "::regclass");
  }
  return statements;
}

// A relation has it until it is renamed, and its view after that.
bool SecondTable::gives_up(const QualifiedName& name) const {
  return std::any_of(p_.renames.begin(), p_.renames.end(), [&](const diff::Rename& rename) {
    const bool of_relations = Planner::is_relation(rename.to.kind) || rename.to.kind == Kind::index || rename.to.kind == Kind::constraint || rename.to.kind == Kind::sequence;
    return of_relations && rename.from.name == name.name && (rename.from.schema == name.schema || rename.to.schema == name.schema);
  });
}

// The second table takes names that the first one's indexes and constraints have got in expand, beside them; and it reads the second columns.
void SecondTable::after_renames(Operation& create) const {
  if (two_names_) create.after.push_back(*two_names_);
  const std::set<ObjectId> family = old_.ids();
  for (const Planner::CarriedRename& carried : p_.carried_renames) {
    if (p_.operations[carried.operation].step.phase == Phase::expand && family.contains(carried.rename.to)) create.after.push_back(carried.operation);
  }
}

}  // namespace contraflow::plan
