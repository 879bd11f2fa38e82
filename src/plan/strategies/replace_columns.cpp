// SPDX-License-Identifier: Apache-2.0
//
// Columns whose type or generation expression changes: directly, or through a second column.
#include "plan/strategies/replacements.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "catalog/alter.h"
#include "catalog/ddl.h"
#include "catalog/of_kind.h"
#include "effects/type_change.h"
#include "plan/strategies/column_parts.h"
#include "plan/strategies/conversion.h"
#include "plan/strategies/index_trees.h"
#include "plan/strategies/not_null_names.h"
#include "plan/strategies/refused_rows.h"
#include "sql/expression.h"
#include "sql/scan.h"

namespace contraflow::plan {

using namespace catalog;

std::vector<QualifiedName> Replacements::with_descendants(const ObjectId& column) const {
  std::vector<QualifiedName> tables{{column.schema, column.relation}};
  for (QualifiedName& child : Planner::descendants(p_.from, tables.front())) tables.push_back(std::move(child));
  return tables;
}

std::string Replacements::set_type(const Database& database, const ObjectId& id, const Column& column, const std::string& conversion) {
  std::string out = fmt::format("{} ALTER COLUMN {} TYPE {}", alter_table(database, id.schema, id.relation), sql::quote_identifier(id.name),
                                column.type);
  if (!column.collation.empty()) out += " COLLATE " + column.collation;
  if (conversion != sql::quote_identifier(id.name)) out += " USING " + conversion;
  return out;
}

std::string Replacements::default_clause(const ObjectId& id, const Column& column) {
  return fmt::format("ALTER TABLE ONLY {} ALTER COLUMN {} {}", sql::quote(QualifiedName{id.schema, id.relation}),
                     sql::quote_identifier(id.name),
                     column.default_expression.empty() ? "DROP DEFAULT" : "SET DEFAULT " + column.default_expression);
}

bool Replacements::renamed(const ObjectId& id) const {
  return std::any_of(p_.renames.begin(), p_.renames.end(), [&](const diff::Rename& r) { return r.to == id; });
}

// The server only notes the new type: no row is converted, and no index of a large table computed anew.
bool Replacements::is_free(const ObjectId& id) const {
  const Column& a = std::get<Column>(p_.from.objects.at(id).body);
  const Column& b = std::get<Column>(p_.to.objects.at(id).body);
  return a.collation == b.collation && effects::classify_type_change(a.type, b.type) == effects::TypeChange::free && !p_.options.conversion.contains(option_key(id)) &&
         (direct_rewrite(id) || p_.options.allow_blocking.contains("index-build") || !computes_index(id));
}

// An index with a predicate or an expression over it is built anew, whatever the types (CheckIndexCompatible() in indexcmds.c).
bool Replacements::computes_index(const ObjectId& id) const {
  for (const QualifiedName& table : with_descendants(id)) {
    const ObjectId column = column_id(table.schema, table.name, id.name);
    const auto users = p_.dependents.find(column);
    if (users == p_.dependents.end()) continue;
    if (std::any_of(users->second.begin(), users->second.end(), [&](const ObjectId& user) { return user.kind == Kind::index && in_both(user) && !rides_along(column, p_.from.objects.at(user)); })) return true;
  }
  return false;
}

namespace {

// A foreign key holds while one end has the old type and the other the new one: their operators are of one family.
bool joinable(const Column& a, const Column& b) {
  static const std::vector<std::set<std::string>> kFamilies = {{"smallint", "integer", "bigint"}, {"text", "character varying"}};
  return a.type_base == b.type_base || std::any_of(kFamilies.begin(), kFamilies.end(), [&](const std::set<std::string>& family) { return family.contains(a.type_base) && family.contains(b.type_base); });
}

}  // namespace

// Both ends of a foreign key change their types, one of them through a second column, and no operator joins the old type with the new one: the other
// end gets a second column, too, whatever its size, and they swap together.
void Replacements::find_partners() {
  std::vector<ObjectId> through_second;
  for (const ObjectId& id : retyped_) {
    if (!is_free(id) && (renamed(id) ? !keeps_place(id) : !direct_rewrite(id))) through_second.push_back(id);
  }
  const auto partner = [&](const ObjectId& of, const ObjectId& key, const std::vector<std::string>& columns, const std::vector<std::string>& others, const QualifiedName& table, const QualifiedName& other) {
    for (std::size_t i = 0; i < std::min(columns.size(), others.size()); ++i) {
      const ObjectId one = column_id(table.schema, table.name, columns[i]), two = column_id(other.schema, other.name, others[i]);
      if (one != of || !in_both(key) || !retyped_.contains(two) || is_free(two) || joinable(std::get<Column>(p_.from.objects.at(two).body), std::get<Column>(p_.to.objects.at(two).body)) || !stands_alone(p_.from, table_id(other))) continue;
      if (beside_partner_.insert(two).second) through_second.push_back(two);
    }
  };
  while (!through_second.empty()) {
    const ObjectId id = through_second.back();
    through_second.pop_back();
    for (const auto& [key_id, object] : catalog::of_kind(p_.from, Kind::constraint)) {
      const auto* key = std::get_if<Constraint>(&object.body);
      if (!key || key->type != ConstraintType::foreign_key || !key->references) continue;
      const QualifiedName table{key_id.schema, key_id.relation};
      partner(id, key_id, key->columns, key->referenced_columns, table, *key->references);
      partner(id, key_id, key->referenced_columns, key->columns, *key->references, table);
    }
  }
}

void Replacements::retype(const ObjectId& id) {
  if (items_.contains(id)) return;
  const Column& a = std::get<Column>(p_.from.objects.at(id).body);
  const Column& b = std::get<Column>(p_.to.objects.at(id).body);
  const Conversion up = forward_conversion(p_, id, a.type, b.type);
  const Conversion down = back_conversion(p_, id, b.type, a.type);
  const bool foreign = p_.from.find(ObjectId{Kind::foreign_table, id.schema, "", id.relation, ""}) != nullptr;  // its rows are on another server
  const bool free = foreign || is_free(id);
  if (!free && (!direct_rewrite(id) || beside_partner_.contains(id))) {
    // Such a second column writes every row; must_exchange() takes a second table where its rows can be told apart.
    if (!direct_rewrite(id) && has_checked_domain(p_.to, b)) {
      p_.refuse(fmt::format("the new type of {} tests its values and has no online way: {} needs a primary key, or a unique constraint over NOT NULL columns, by which the rows of a second table are told apart; or allow it with --allow-blocking rewrite",
                            describe(id), sql::quote(QualifiedName{id.schema, id.relation})));
    }
    add_shadow(shadow_for(p_, id, id.name));
    return;
  }
  Item& out = item(id);
  const Conversion plain{sql::quote_identifier(id.name), false, false, false};
  // A generated column is computed anew: ALTER … TYPE takes no USING for it.
  const bool generated = b.generated != Generated::none;
  add_retype(out, id, a, b, free || generated ? plain : up, generated || foreign ? plain : down);
  if (!generated && !foreign) expect_convertible(out, id);
  // The deployed version works with a type that takes more; the next one may write more as soon as it runs.
  out.phase = free && !foreign ? Phase::expand : Phase::contract;
  if (!free) out.work = "rewrite";
  if (free && !foreign && effects::classify_type_change(b.type, a.type) != effects::TypeChange::free) {
    out.undo_rewrites = true;
    if (!direct_rewrite(id)) {
      out.notes.push_back(fmt::format("the way back of {} writes {} anew under ACCESS EXCLUSIVE: its readers and writers wait as long as that takes. The type can stay as it is: what worked with {} works with {}", describe(id),
                                      sql::quote(QualifiedName{id.schema, id.relation}), a.type, b.type));
    }
  }
  out.notes.push_back(fmt::format(
      "{} changes its type from {} to {}: a prepared statement that reads it fails once at this moment; a query that "
      "casts it ({}::{}) keeps its result type across the change",
      describe(id), a.type, b.type, sql::quote_identifier(id.name), b.type));
}

// In a tree of tables a renamed column has no second one that could take its place: it is converted in the transaction in which it gets its name.
bool Replacements::keeps_place(const ObjectId& id) const {
  const auto can = [&](const ObjectId& column) { return renamed(column) && in_both(column) && (is_free(column) || direct_rewrite(column)) && !is_partition_column(p_.from, column); };
  const auto in_tree = [&](const ObjectId& column) { return !stands_alone(p_.from, table_id({column.schema, column.relation})); };
  if (!can(id)) return false;
  if (in_tree(id)) return true;
  // A foreign key joins it to such a one: both take their types in one transaction.
  for (const auto& [key_id, object] : catalog::of_kind(p_.from, Kind::constraint)) {
    const auto* key = std::get_if<Constraint>(&object.body);
    if (!key || key->type != ConstraintType::foreign_key || !key->references) continue;
    for (std::size_t i = 0; i < std::min(key->columns.size(), key->referenced_columns.size()); ++i) {
      const ObjectId one = column_id(key_id.schema, key_id.relation, key->columns[i]), two = column_id(key->references->schema, key->references->name, key->referenced_columns[i]);
      const ObjectId& other = one == id ? two : one;
      if ((one == id || two == id) && can(other) && in_tree(other)) return true;
    }
  }
  return false;
}

void Replacements::convert_in_swap(Item& swap, const ObjectId& id) {
  const Column& a = std::get<Column>(p_.from.objects.at(id).body);
  const Column& b = std::get<Column>(p_.to.objects.at(id).body);
  const Conversion plain{sql::quote_identifier(id.name), false, false, false};
  const bool free = is_free(id);
  Item retype;
  retype.subject = id;
  Conversion up = free ? plain : forward_conversion(p_, id, a.type, b.type), down = back_conversion(p_, id, b.type, a.type);
  const auto& shadows = shadow_tables_.at({id.schema, id.relation});
  const auto shadow = std::find_if(shadows.begin(), shadows.end(), [&](const ShadowColumn& column) { return column.id == id; });
  for (const auto& [type, beside] : shadow->types) {
    // The types have changed names before it is converted.
    const auto named = [&, &type = type](const std::string& expression, const std::string& other) {
      const std::string& schema = std::find_if(p_.from.objects.begin(), p_.from.objects.end(), [&](const auto& entry) { return entry.first.kind == Kind::enum_type && quoted_name(entry.first) == type; })->first.schema;
      return replace_all(expression, sql::quote(QualifiedName{schema, other}), type);
    };
    up.expression = named(shadow->up, beside);
    down.expression = named(shadow->down, shadow->back_types.at(type));
  }
  up.expression = sql::rename_columns(up.expression, {{old_column_name(p_, id), id.name}});  // it has its new name by then
  add_retype(retype, id, a, b, up, down);
  if (shadow->types.empty()) expect_convertible(swap, id);
  append(swap.forward.core, std::move(retype.forward.before));
  append(swap.forward.core, std::move(retype.forward.core));
  // Under its new name until everything on it is made anew: the current schema is read with the new names of columns.
  append(swap.undo.before, std::move(retype.undo.before));
  append(swap.undo.core, std::move(retype.undo.core));
  if (!free) {
    swap.work = "rewrite";
    swap.worked.insert(swap.worked.end(), retype.tables.begin(), retype.tables.end());
  } else if (swap.work.empty()) {
    swap.work = retype.work;
  }
  swap.tables.insert(swap.tables.end(), retype.tables.begin(), retype.tables.end());
  swap.touches.insert(retype.touches.begin(), retype.touches.end());
  swap.carries.insert(retype.carries.begin(), retype.carries.end());
  swap.notes.insert(swap.notes.end(), retype.notes.begin(), retype.notes.end());
  swap.grade = std::max(swap.grade, retype.grade);
  p_.claim(id, Aspect::default_expression);
}

// Rows that the conversion where the column stands refuses are counted before the transaction, and on the way back.
void Replacements::expect_convertible(Item& out, const ObjectId& id) const {
  const std::string old_name = old_column_name(p_, id);
  if (auto rows = refused_rows(p_, id, old_name, false); rows && old_name == id.name) out.preconditions.push_back(std::move(*rows));  // else the second column's backfill has looked
  if (auto rows = refused_rows(p_, id, id.name, true)) out.undo_preconditions.push_back(std::move(*rows));
}

// ALTER … TYPE takes no sub-query in USING.
bool Replacements::converts_by_query(const ObjectId& id) const {
  for (const auto* given : {&p_.options.conversion, &p_.options.conversion_back}) {
    const auto it = given->find(option_key(id));
    if (it == given->end()) continue;
    const std::vector<sql::Token> tokens = sql::scan(it->second);
    if (std::any_of(tokens.begin(), tokens.end(), [&](const sql::Token& token) { return token.kind == sql::TokenKind::keyword && to_lower(it->second.substr(token.begin, token.end - token.begin)) == "select"; })) return true;
  }
  return false;
}

bool Replacements::direct_rewrite(const ObjectId& id) const {
  if (converts_by_query(id)) return false;
  if (p_.options.allow_blocking.contains("rewrite")) return true;
  for (const QualifiedName& table : with_descendants(id)) {
    if (!p_.is_small(table)) return false;
  }
  return true;
}

void Replacements::add_retype(Item& out, const ObjectId& id, const Column& a, const Column& b, const Conversion& up, const Conversion& down) {
  // A default is not converted with its column. Partitions and children have defaults of their own.
  std::vector<ObjectId> with_default;
  Statements targets;  // of statistics objects, which lose them when they are converted along; a new one is set afterwards
  for (const QualifiedName& table : with_descendants(id)) {
    const ObjectId column = column_id(table.schema, table.name, id.name);
    if (!in_both(column)) continue;
    with_default.push_back(column);
    out.touches.insert(column);
    if (column != id) p_.claim(column, Aspect::default_expression);
    p_.claim(column, Aspect::storage);
    p_.claim(column, Aspect::compression);
    if (const auto users = p_.dependents.find(column); users != p_.dependents.end()) {
      for (const ObjectId& user : users->second) {
        if (const auto* statistics = p_.from.find_body<StatisticsObject>(user); statistics && statistics->target >= 0) append(targets, alter_statistics_target(user, statistics->target));
        // One that goes may stay until what stands in its stead is built, unless the conversion could make two of its values equal.
        const auto* key = p_.from.find_body<Constraint>(user);
        const bool unique = key && (key->type == ConstraintType::unique || key->type == ConstraintType::primary_key);
        if (unique && !up.changes && !p_.options.conversion.contains(option_key(id)) && rides_along(column, p_.from.objects.at(user))) out.carries.insert(user);
        if (user.kind == Kind::statistics || (user.kind == Kind::index && rides_along(column, p_.from.objects.at(user)))) out.carries.insert(user);
      }
    }
  }
  const auto default_of = [](const Database& database, const ObjectId& column) {
    const Column& body = std::get<Column>(database.objects.at(column).body);
    return body.generated == Generated::none ? body.default_expression : std::string();
  };
  // Names of NOT NULL that differ in a tree (18 and later), as they are at this moment: where they change, that comes afterwards, and NOT NULL that goes is gone by now unless the column takes its new name first.
  const bool parted = not_null_names_differ(p_.from, id) && (b.not_null || renamed(id));
  if (parted) out.work = "scan";  // ADD … NOT NULL reads the tables, also where the type alone would not
  if (parted && not_null_is_keyed(p_, id)) {
    p_.refuse(fmt::format("{} changes its type, and NOT NULL of a table below has another name than its parent's, which the server takes away then; it cannot be dropped and added again because of a primary key: detach the table, give its constraint the parent's name, and attach it again", describe(id)));
  }
  const auto script = [&](Stages& into, const Database& left, const Database& database, const Column& new_column, const std::string& conversion) {
    for (const ObjectId& column : with_default) {
      if (!default_of(left, column).empty()) into.before.push_back(default_clause(column, Column{}));
    }
    if (parted) append(into.core, part_not_null(p_.from, id));
    into.core.push_back(set_type(database, id, new_column, conversion));
    if (parted) append(into.core, join_not_null(p_, p_.from, id));
    for (const ObjectId& column : with_default) {
      if (!default_of(database, column).empty()) into.core.push_back(default_clause(column, std::get<Column>(database.objects.at(column).body)));
    }
    // Storage and compression become those of the new type (tablecmds.c, ATExecAlterColumnType).
    for (const ObjectId& column : with_default) {
      const Column& body = std::get<Column>(database.objects.at(column).body);
      const std::string alter = fmt::format("{} ALTER COLUMN {} SET", alter_table(database, column.schema, column.relation, true), sql::quote_identifier(column.name));
      if (!body.storage.empty()) into.core.push_back(fmt::format("{} STORAGE {}", alter, body.storage));
      if (!body.compression.empty()) into.core.push_back(fmt::format("{} COMPRESSION {}", alter, body.compression));
    }
    append(into.core, restore_parts_of_indexes(p_.from, id));
    append(into.core, Statements(targets));
  };
  script(out.forward, p_.from, p_.to, b, up.expression);
  script(out.undo, p_.to, p_.from, a, down.expression);
  if (a.type != b.type) {
    out.todo = negate(column_has_type(id, b.type));
    out.undo_todo = negate(column_has_type(id, a.type));
  }
  out.tables = with_descendants(id);
  if (down.loses) {
    out.grade = Grade::data;
    out.notes.push_back(fmt::format("the way back of {} can lose information: {} -> {}", describe(id), b.type, a.type));
  }
  if (up.changes) {
    out.grade = Grade::data;
    out.notes.push_back(fmt::format("the conversion of {} can lose information: {} -> {} does not keep every value as it is, and the way back brings what is left", describe(id), a.type, b.type));
  }
  if (up.through_text) {
    out.notes.push_back(fmt::format("no cast is known from {} to {}: {} is converted through its text form; give another conversion with --using",
                                    a.type, b.type, describe(id)));
  }
}

// A column whose generation expression is new: no ALTER leads there before 17, the values are computed anew anyway.
void Replacements::regenerate(const ObjectId& id) {
  const Object& a = p_.from.objects.at(id);
  const Object& b = p_.to.objects.at(id);
  Item& out = item(id);
  regenerated_.insert(id);
  // On the way back it comes again at the end.
  const ObjectId table = table_id({id.schema, id.relation});
  if (p_.is_small(name_of(table)) && stands_alone(p_.from, table)) p_.moved_columns.insert(id);
  const auto script = [&](Stages& into, const Database& database, const Object& object) {
    into.before.push_back(fmt::format("{} DROP COLUMN IF EXISTS {}", alter_table(database, id.schema, id.relation),
                                      sql::quote_identifier(id.name)));
    append(into.core, create_all(object, database));
  };
  script(out.forward, p_.to, b);
  script(out.undo, p_.from, a);
  out.phase = Phase::contract;
  out.work = "rewrite";
  out.grade = std::get<Column>(a.body).generated == Generated::none ? Grade::data : Grade::order;
  out.tables = with_descendants(id);
  out.touches.insert(id);
  const auto generated_as = [&](const Column& column) {
    return fmt::format(
        "EXISTS (SELECT FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = "
        "to_regclass({}) AND a.attname = {} AND a.attgenerated <> '' AND pg_get_expr(d.adbin, d.adrelid) = {})",
        sql::quote_literal(sql::quote(QualifiedName{id.schema, id.relation})), sql::quote_literal(id.name),
        sql::quote_literal(column.default_expression));
  };
  out.todo = negate(generated_as(std::get<Column>(b.body)));
  const Column& old_column = std::get<Column>(a.body);
  out.undo_todo = old_column.generated == Generated::none ? generated_as(std::get<Column>(b.body)) : negate(generated_as(old_column));
  p_.done.insert(id);
  out.notes.push_back(fmt::format("{} is dropped and added with its new generation expression; its place among the columns changes", describe(id)));
}

void Replacements::add_shadow(ShadowColumn column) {
  if (!shadowed_.insert(column.id).second) return;
  if (column.converted) converted_.insert(column.id);
  const QualifiedName table{column.id.schema, column.id.relation};
  shadow_tables_[table].push_back(std::move(column));
}

// The original keeps its place when it only takes a new name: then everything on it stays.
bool Replacements::winning_shadow(const ObjectId& id) const {
  if (heirs_.contains(id)) return true;
  auto it = shadow_tables_.find({id.schema, id.relation});
  if (it == shadow_tables_.end()) return false;
  return std::any_of(it->second.begin(), it->second.end(), [&](const ShadowColumn& c) { return c.id == id && c.shadow_wins; });
}

// Tables that a foreign key between two changing columns joins swap together; all others on their own.
std::vector<ShadowTables> Replacements::joined_shadow_tables() const {
  std::vector<ShadowTables> out;
  for (const auto& [table, columns] : shadow_tables_) out.push_back({{table, columns}});
  const auto group_of = [&](const QualifiedName& table) {
    return std::find_if(out.begin(), out.end(), [&](const ShadowTables& group) { return group.contains(table); });
  };
  const auto join = [&](const QualifiedName& a, const QualifiedName& b) {
    auto first = group_of(a), second = group_of(b);
    if (first == out.end() || second == out.end() || first == second) return;
    first->insert(second->begin(), second->end());
    out.erase(second);
  };
  if (out.empty()) return out;
  for (const auto& [id, object] : catalog::of_kind(p_.from, Kind::constraint)) {
    const auto* key = std::get_if<Constraint>(&object.body);
    if (key && key->type == ConstraintType::foreign_key && key->references) join({id.schema, id.relation}, *key->references);
  }
  return out;
}

void Replacements::emit_shadows() {
  for (const auto& [table, shadows] : shadow_tables_) {
    for (const QualifiedName& heir : Planner::descendants(p_.from, table)) {
      const auto own = shadow_tables_.find(heir);
      const auto wins = [](const ShadowColumn& shadow) { return shadow.shadow_wins; };
      if (own == shadow_tables_.end() || (std::none_of(shadows.begin(), shadows.end(), wins) && std::none_of(own->second.begin(), own->second.end(), wins))) continue;
      p_.refuse(fmt::format("{} and {}, whose table inherits from the other's, change through second columns at once: make two plans", describe(own->second.front().id), describe(shadows.front().id)));
    }
  }
  for (const ShadowTables& group : joined_shadow_tables()) {
    ShadowSwap swap = plan_shadow_columns(p_, group);
    std::vector<ObjectId> columns;
    for (const auto& [table, shadows] : group) {
      for (const ShadowColumn& shadow : shadows) {
        if (shadow.shadow_wins || shadow.converted || &shadow == &shadows.front()) columns.push_back(shadow.id);
        for (const QualifiedName& heir : shadow.shadow_wins ? Planner::descendants(p_.from, table) : std::vector<QualifiedName>{}) {
          const ObjectId copy = column_id(heir.schema, heir.name, shadow.id.name);
          if (!in_both(copy)) continue;
          heirs_.insert(copy);
          shadowed_.insert(copy);
          columns.push_back(copy);
        }
      }
    }
    Item& first = item(columns.front());
    first.forward.core = std::move(swap.forward);
    first.undo.core = std::move(swap.undo);
    first.undo_dress = std::move(swap.undo_dress);
    first.undo_undress = std::move(swap.undo_undress);
    first.todo = std::move(swap.todo);
    first.undo_todo = std::move(swap.undo_todo);
    first.phase = Phase::contract;
    first.grade = swap.grade;
    first.preconditions = std::move(swap.preconditions);
    first.undo_preconditions = std::move(swap.undo_preconditions);
    first.notes = std::move(swap.notes);
    first.touches = std::move(swap.touches);
    first.provides = std::move(swap.provides);
    first.preceded_by = std::move(swap.before);
    first.followed_by = std::move(swap.after);
    for (const auto& [table, shadows] : group) {
      first.tables.push_back(table);
      if (std::any_of(shadows.begin(), shadows.end(), [](const ShadowColumn& shadow) { return shadow.shadow_wins; })) {
        for (QualifiedName& heir : Planner::descendants(p_.from, table)) first.tables.push_back(std::move(heir));
      }
      for (const ShadowColumn& shadow : shadows) {
        if (shadow.two_way()) first.renamed.push_back(shadow.id);
      }
    }
    // Whatever is made anew on the way back reads the columns' new names: those of originals go when all of it stands.
    const bool any_wins = std::any_of(columns.begin(), columns.end(), [&](const ObjectId& column) { return winning_shadow(column); });
    std::vector<ObjectId> converted;
    std::copy_if(columns.begin(), columns.end(), std::back_inserter(converted), [&](const ObjectId& column) { return converted_.contains(column); });
    if (!converted.empty()) {
      if (any_wins) p_.refuse(fmt::format("{} gets another name and another type in a tree of tables, which a foreign key joins to {}, which changes through a second column: make two plans", describe(converted.front()), describe(columns.front())));
      first.undo.after = std::exchange(first.undo.core, {});
      first.undo_dress.clear();
      first.undo_undress.clear();
      for (const ObjectId& id : converted) convert_in_swap(first, id);
    }
    for (const ObjectId& column : columns) {
      item(column);
      unite(column, columns.front());
      // A renamed original takes its dependents along; nothing has to be made anew for it.
      if (!winning_shadow(column) && !converted_.contains(column)) std::erase(queue_, column);
      for (const auto& type : exchanged_through_shadow_) {
        if (p_.from.objects.at(column).depends_on.contains(type)) unite(column, type);
      }
    }
  }
}

// A default (or generation expression) that calls something that is made anew is taken off and put back.
void Replacements::untie_default(const ObjectId& id, const ObjectId& because) {
  unite(id, because);
  if (items_.contains(id)) return;
  if (id.kind != Kind::column) {
    if (id.kind != Kind::domain) {
      p_.refuse(fmt::format("{} must be made anew, but {} is built on it", describe(because), describe(id)));
      return;
    }
    const Domain& a = std::get<Domain>(p_.from.objects.at(id).body);
    const Domain& b = std::get<Domain>(p_.to.objects.at(id).body);
    Item& out = item(id);
    const auto script = [&](Stages& into, const Domain& domain) {
      into.before.push_back(fmt::format("ALTER DOMAIN {} DROP DEFAULT", quoted_name(id)));
      if (!domain.default_expression.empty()) {
        into.after.push_back(fmt::format("ALTER DOMAIN {} SET DEFAULT {}", quoted_name(id), domain.default_expression));
      }
    };
    script(out.forward, b);
    script(out.undo, a);
    return;
  }
  const Column& a = std::get<Column>(p_.from.objects.at(id).body);
  const Column& b = std::get<Column>(p_.to.objects.at(id).body);
  if (a.generated != Generated::none) {
    if (b.generated != Generated::none && !(b.inherited && !b.local)) regenerate(id);
    unite(id, because);
    return;
  }
  if (a.default_expression.empty()) {
    p_.refuse(fmt::format("{} must be made anew, but {} is built on it: drop or retype the column first", describe(because), describe(id)));
    return;
  }
  Item& out = item(id);
  const auto script = [&](Stages& into, const Column& column) {
    into.before.push_back(default_clause(id, Column{}));
    if (!column.default_expression.empty()) into.after.push_back(default_clause(id, column));
  };
  script(out.forward, b);
  script(out.undo, a);
  out.tables = {{id.schema, id.relation}};
}

}  // namespace contraflow::plan
