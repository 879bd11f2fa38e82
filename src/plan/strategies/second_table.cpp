// SPDX-License-Identifier: Apache-2.0
#include "plan/strategies/second_tables.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/alter.h"
#include "catalog/ddl.h"
#include "effects/type_change.h"
#include "plan/strategies/column_parts.h"
#include "plan/strategies/conversion.h"
#include "plan/strategies/domain_parts.h"
#include "plan/strategies/enum_labels.h"
#include "plan/strategies/refused_rows.h"
#include "plan/strategies/family.h"
#include "plan/strategies/replace.h"
#include "plan/strategies/table_parts.h"

namespace contraflow::plan {

using namespace catalog;

TableExchange SecondTable::plan() {
  find_renamed();
  choose_names();
  choose_columns();
  if (old_key_.empty() || new_key_.empty()) {
    at_once_ = p_.is_small(table()) || p_.options.allow_blocking.contains("rewrite");
    if (!at_once_) {
      p_.refuse(fmt::format(
          "{} changes online only through a second table, which needs a primary key or a UNIQUE constraint, not deferrable, in both "
          "schemas over columns of both: give it one first, or --allow-blocking rewrite",
          describe(id_)));
    } else if (!references_to_itself(old_).empty() || !references_to_itself(new_).empty()) {
      p_.refuse(fmt::format("{} references itself and has no key by which the rows of a second table could be told apart: give it one first", describe(id_)));
    }
    if (at_once_) out_.work = "rewrite";
  }
  refuse_moving_partitions();
  take();
  name_twice();
  collect_references();
  collect_crossing();
  collect_publications();
  expect_all_kept();
  const std::size_t made = make();
  const std::size_t filled = fill(made);
  exchange(filled);
  purge();
  return std::move(out_);
}

void SecondTable::choose_names() {
  const std::vector<QualifiedName> coming = new_.names();
  for (const QualifiedName& name : coming) {
    if (name == table() || taken(name) || gives_up(name)) next_.emplace(name, QualifiedName{name.schema, p_.spare_relation(name.schema, name.name, "next")});
  }
  for (const QualifiedName& name : old_.names()) {
    if (name == table() || std::find(coming.begin(), coming.end(), name) != coming.end()) {
      retired_.emplace(name, QualifiedName{name.schema, p_.spare_relation(name.schema, name.name, "retired")});
    }
  }
}

bool SecondTable::taken(const QualifiedName& name) const {
  const std::vector<QualifiedName> leaving = old_.names();
  return std::find(leaving.begin(), leaving.end(), name) != leaving.end();
}

void SecondTable::choose_columns() {
  const bool at_once = key_of(p_.to, p_.from).empty() || key_of(p_.from, p_.to).empty();
  for (const Object* member : Planner::members(p_.to, id_)) {
    const auto* column = std::get_if<Column>(&member->body);
    if (!column || column->generated != Generated::none) continue;
    const auto* before = p_.from.find_body<Column>(member->id);
    const auto given = p_.options.fill.find(fmt::format("{}.{}.{}", member->id.schema, member->id.relation, member->id.name));
    const std::string quoted = sql::quote_identifier(member->id.name);
    if (const std::optional<ObjectId> type = exchanged_type_of(p_, member->id)) {
      if (type->kind == Kind::domain) choose_domain(member->id, *type);
      else choose_labels(member->id, *type);
    } else if (before) {
      columns_.push_back(member->id.name);
      const Conversion forward = forward_conversion(p_, member->id, before->type, column->type);
      std::string up = forward.expression;
      if (given != p_.options.fill.end() && !before->not_null) up = fmt::format("coalesce({}, {})", up, given->second);
      kept_.push_back(up);
      if (!at_once) up = before_rename(up, member->id.name, before->type != column->type || before->collation != column->collation);
      up_.push_back(std::move(up));
      const Conversion down = back_conversion(p_, member->id, column->type, before->type);
      down_.push_back(before->generated == Generated::none ? down.expression : std::string());
      hold(member->id, *before, before->type, before->generated == Generated::none && down.may_fail);
      if (down.loses || forward.changes) out_.grade = Grade::data;
      if (forward.changes) out_.notes.push_back(fmt::format("the conversion of {} can lose information: {} -> {} does not keep every value as it is", describe(member->id), before->type, column->type));
    } else if (given != p_.options.fill.end()) {
      new_only_.push_back(member->id.name);
      fills_.push_back(given->second);
    } else if (column->not_null && column->default_expression.empty() && column->identity == Identity::none) {
      p_.refuse(fmt::format("{} is NOT NULL and new, in a table that is exchanged for a second one: say what its rows hold with --fill {}.{}=EXPR", describe(member->id),
                            member->id.relation, member->id.name));
    }
  }
  for (const Object* member : Planner::members(p_.from, id_)) {
    const auto* column = std::get_if<Column>(&member->body);
    if (!column || column->generated != Generated::none || p_.to.find(member->id)) continue;
    out_.grade = Grade::data;
    if (!column->not_null || !column->default_expression.empty() || column->identity != Identity::none) continue;
    const std::string neutral = neutral_value(p_.from, *column);
    if (neutral.empty()) {
      p_.refuse(fmt::format("{} is NOT NULL and goes, in a table that is exchanged for a second one: drop its NOT NULL first", describe(member->id)));
      continue;
    }
    old_only_.push_back(member->id.name);
    neutral_.push_back(neutral);
  }
  new_key_ = key_of(p_.to, p_.from);
  old_key_ = key_of(p_.from, p_.to);
}

// Its values go by the base type. Rows that are copied within the exchange meet the domain under its own name.
void SecondTable::choose_domain(const ObjectId& column, const ObjectId& type) {
  const std::string& whole = std::get<Column>(p_.to.objects.at(column).body).type;
  const std::string brackets = whole.substr(quoted_name(type).size()), name = sql::quote_identifier(column.name);
  const bool at_once = key_of(p_.to, p_.from).empty() || key_of(p_.from, p_.to).empty();
  new_types_[name_of(type)] = name_beside(p_, type);
  old_types_[name_of(type)] = name_retired(p_, type);
  const std::string beside = at_once ? whole : sql::quote(name_beside(p_, type)) + brackets, retired = at_once ? whole : sql::quote(name_retired(p_, type)) + brackets;
  columns_.push_back(column.name);
  up_.push_back(through_base(p_, type, name, whole, beside, false));
  kept_.push_back(through_base(p_, type, name, whole, whole, false));
  down_.push_back(through_base(p_, type, name, whole, retired, true));
  hold(column, std::get<Column>(p_.from.objects.at(column).body), retired, true);
  if (auto rows = refused_rows(p_, column, column.name, false)) preconditions_.push_back(std::move(*rows));
  if (auto rows = refused_rows(p_, column, column.name, true)) undo_preconditions_.push_back(std::move(*rows));
}

// Its values go by their labels. Rows that are copied within the exchange meet the types under their own names.
void SecondTable::choose_labels(const ObjectId& column, const ObjectId& type) {
  const std::string& whole = std::get<Column>(p_.to.objects.at(column).body).type;
  const std::string brackets = whole.substr(quoted_name(type).size());
  const bool at_once = key_of(p_.to, p_.from).empty() || key_of(p_.from, p_.to).empty();
  new_types_[name_of(type)] = name_beside(p_, type);
  old_types_[name_of(type)] = name_retired(p_, type);
  const std::string name = sql::quote_identifier(column.name);
  const std::string beside = at_once ? whole : sql::quote(name_beside(p_, type)) + brackets, retired = at_once ? whole : sql::quote(name_retired(p_, type)) + brackets;
  LabelConversion up = convert_labels(p_, {column, name, !brackets.empty()}, type, beside, fmt::format("{}::text{}::{}", name, brackets, beside));
  const std::vector<std::string> keys[] = {key_of(p_.to, p_.from), key_of(p_.from, p_.to)};
  for (const std::vector<std::string>& key : keys) {
    if (up.merges && std::find(key.begin(), key.end(), column.name) != key.end()) {
      p_.refuse(fmt::format("{} is part of the key by which the rows of a second table are told apart, and --map of {} may make two of them equal: change the rows first, then drop the value", describe(column), describe(type)));
      break;
    }
  }
  columns_.push_back(column.name);
  up_.push_back(up.expression);
  kept_.push_back(convert_labels(p_, {column, name, !brackets.empty()}, type, whole, fmt::format("{}::text{}::{}", name, brackets, whole)).expression);
  down_.push_back(convert_labels_back(p_, {column, name, !brackets.empty()}, type, retired, fmt::format("{}::text{}::{}", name, brackets, retired)));
  hold(column, std::get<Column>(p_.from.objects.at(column).body), retired, !up.undo_preconditions.empty());
  undo_preconditions_.insert(undo_preconditions_.end(), up.undo_preconditions.begin(), up.undo_preconditions.end());
  out_.grade = std::max(out_.grade, up.grade);
  out_.notes.insert(out_.notes.end(), up.notes.begin(), up.notes.end());
  preconditions_.insert(preconditions_.end(), up.preconditions.begin(), up.preconditions.end());
}

// Columns of a unique constraint of `database` that the other schema has too; the primary key before others.
std::vector<std::string> SecondTable::key_of(const Database& database, const Database& other) const { return key_of_rows(id_, database, other); }

std::vector<std::string> key_of_rows(const ObjectId& id, const Database& database, const Database& other) {
  std::vector<std::string> out;
  for (const Object* member : Planner::members(database, id)) {
    const auto* constraint = std::get_if<Constraint>(&member->body);
    if (!constraint || (constraint->type != ConstraintType::primary_key && constraint->type != ConstraintType::unique) || constraint->deferrable) continue;
    const bool usable = std::all_of(constraint->columns.begin(), constraint->columns.end(), [&](const std::string& name) {
      const auto* here = database.find_body<Column>(column_id(id.schema, id.name, name));
      const auto* there = other.find_body<Column>(column_id(id.schema, id.name, name));
      return here && there && here->not_null && here->generated == Generated::none;
    });
    if (!usable) continue;
    if (constraint->type == ConstraintType::primary_key) return constraint->columns;
    if (out.empty()) out = constraint->columns;
  }
  return out;
}

// The rows of the second table are those of the first: a partition that only leaves or joins in the same plan has rows that one of the two must not have.
void SecondTable::refuse_moving_partitions() {
  const auto among = [](const Family& family, const ObjectId& id) { return std::find(family.relations.begin(), family.relations.end(), id) != family.relations.end(); };
  for (const ObjectId& id : old_.relations) {
    if (p_.to.find(id) && !among(new_, id)) {
      p_.refuse(fmt::format("{} leaves {}, which is exchanged for a second table ({}): make two plans, detach it first", describe(id), describe(id_), reason_.why));
    }
  }
  for (const ObjectId& id : new_.relations) {
    if (p_.from.find(id) && !among(old_, id)) {
      p_.refuse(fmt::format("{} joins {}, which is exchanged for a second table ({}): make two plans, attach it afterwards", describe(id), describe(id_), reason_.why));
    }
  }
  const auto &before = std::get<Table>(p_.from.objects.at(id_).body), &after = std::get<Table>(p_.to.objects.at(id_).body);
  if (before.partition_key != after.partition_key) return;
  // A row without a partition would stop the application's own statement, in the trigger.
  const bool takes_all = std::any_of(new_.relations.begin(), new_.relations.end(), [&](const ObjectId& id) {
    return !among(old_, id) || std::get<Table>(p_.to.objects.at(id).body).partition_bound == "DEFAULT";
  });
  for (const ObjectId& id : old_.relations) {
    if (!p_.to.find(id) && !takes_all) {
      p_.refuse(fmt::format("{} goes from {}, which is exchanged for a second table ({}): make two plans, drop it first", describe(id), describe(id_), reason_.why));
    }
  }
}

void SecondTable::take() {
  for (const Family* family : {&old_, &new_}) {
    for (const ObjectId& id : family->ids()) {
      p_.done.insert(id);
      p_.claim(id, Aspect::not_null_name);
      out_.touches.insert(id);
    }
  }
  // A sequence that only the old table owns goes with it.
  for (const Object* sequence : owned_sequences(p_.from, id_)) {
    if (!p_.to.find(sequence->id)) p_.done.insert(sequence->id);
  }
  for (const Object* sequence : owned_sequences(p_.to, id_)) {
    if (!p_.from.find(sequence->id)) p_.done.insert(sequence->id);
  }
  const std::set<ObjectId> family = old_.ids();
  for (const ObjectId& id : family) {
    auto it = p_.dependents.find(id);
    if (it == p_.dependents.end()) continue;
    for (const ObjectId& dependent : it->second) {
      if (family.contains(dependent) || (dependent.kind != Kind::column && dependent.kind != Kind::table)) continue;
      p_.refuse(fmt::format("{} is of the row type of {}, which is exchanged for a second table", describe(dependent), describe(id_)));
    }
  }
}

void SecondTable::collect_references() {
  const std::set<ObjectId> family = old_.ids();
  for (const ObjectId& id : family) {
    auto it = p_.dependents.find(id);
    if (it == p_.dependents.end()) continue;
    for (const ObjectId& dependent : it->second) {
      const Object* object = p_.from.find(dependent);
      if (!object || !is_foreign_key(*object) || family.contains(dependent) || out_.carried.contains(dependent)) continue;
      if (!p_.to.find(dependent)) continue;  // it goes before the exchange
      const auto& key = std::get<Constraint>(object->body);
      if (key.inherited && !key.local) {  // goes with its parent's
        out_.carried.insert(dependent);
        continue;
      }
      if (p_.altered.contains(dependent)) {
        p_.refuse(fmt::format("{} changes together with {}, which it references and which is exchanged for a second table: make two plans", describe(dependent), describe(id_)));
      }
      out_.carried.insert(dependent);
      if (exchanged_too({dependent.schema, dependent.relation})) continue;  // that one's, see below
      references_.push_back(object);
      join_renamed(*object);
      for (const std::string& column : key.columns) {
        if (changes_type(column_id(dependent.schema, dependent.relation, column))) cross(dependent, column_id(dependent.schema, dependent.relation, column));
      }
    }
  }
}

bool SecondTable::changes_type(const ObjectId& column) const {
  const auto *before = p_.from.find_body<Column>(column), *after = p_.to.find_body<Column>(column);
  return before && after && before->type != after->type;
}

// It, or the key of the parent whose copy it is.
bool SecondTable::crosses(const Object& member) const {
  if (!is_foreign_key(member)) return false;
  const auto& key = std::get<Constraint>(member.body);
  return p_.crossing_foreign_keys.contains(member.id) || std::any_of(new_crossing_.begin(), new_crossing_.end(), [&](const Object* other) {
           return key.inherited && std::get<Constraint>(other->body).definition == key.definition;
         });
}

void SecondTable::cross(const ObjectId& key, const ObjectId& column) {
  p_.crossing_foreign_keys.insert(key);
  out_.joined.insert(column);
}

// Both are exchanged, in one transaction: a foreign key between them is off from its beginning to its end, for the second tables come and go one by one.
bool SecondTable::exchanged_too(const QualifiedName& table) const {
  const ObjectId root = root_of(p_.from, table_id(table));
  return root != id_ && must_exchange(p_, root);
}

// Whether a foreign key of one tree of partitions points into the other.
bool SecondTable::references(const Database& database, const ObjectId& from_root, const ObjectId& to_root) {
  std::vector<QualifiedName> tables = Planner::descendants(database, name_of(from_root));
  tables.push_back(name_of(from_root));
  return std::any_of(tables.begin(), tables.end(), [&](const QualifiedName& table) {
    const std::vector<const Object*> members = Planner::members(database, table_id(table));
    return std::any_of(members.begin(), members.end(), [&](const Object* member) {
      const auto* key = std::get_if<Constraint>(&member->body);
      return key && key->references && root_of(database, table_id(*key->references)) == to_root;
    });
  });
}

// Its foreign keys to columns that change their type: neither table of the two can have them while both types are about. One that goes or changes leaves the old table with the exchange,
// too: there it would stop what the next version may do with the rows that it points at.
void SecondTable::collect_crossing() {
  for (const auto& [family, crossing] : {std::pair{&old_, &old_crossing_}, std::pair{&new_, &new_crossing_}}) {
    for (const Object* member : family->of_kinds({Kind::constraint})) {
      const auto& key = std::get<Constraint>(member->body);
      if (key.type != ConstraintType::foreign_key || !key.references || (key.inherited && !key.local) || family->ids().contains(table_id(*key.references))) continue;
      const auto* other = (family == &old_ ? p_.to : p_.from).find_body<Constraint>(member->id);
      bool crosses = other ? other->definition != key.definition : family == &old_;
      if (exchanged_too(*key.references)) {
        crosses = true;
        const Database& database = family == &old_ ? p_.from : p_.to;
        const ObjectId other_table = root_of(database, table_id(*key.references));
        out_.joined.insert(other_table);
        if (references(database, other_table, id_)) {
          p_.refuse(fmt::format("{} and {} reference each other and are both exchanged for second tables: make two plans, one for each", describe(id_), describe(other_table)));
        }
      }
      if (crosses) p_.crossing_foreign_keys.insert(member->id);
      for (const std::string& name : key.referenced_columns) {
        const ObjectId column = column_id(key.references->schema, key.references->name, name);
        if (!changes_type(column)) continue;
        crosses = true;
        cross(member->id, column);
      }
      if (crosses) crossing->push_back(member);
    }
  }
}

// The publication loses the first table and gets the second one in the exchange. Where the publication itself changes in this plan, it becomes what it is to be in that moment, too:
// what it says of the one table need not be allowed for the other.
void SecondTable::collect_publications() {
  const auto without = [&](const Publication& publication) {
    Publication out = publication;
    std::erase_if(out.tables, [&](const PublicationTable& member) { return member.table == table(); });
    return out;
  };
  for (const auto& [id, object] : p_.from.objects) {
    const auto *before = std::get_if<Publication>(&object.body), *after = p_.to.find_body<Publication>(id);
    if (!before || !after || (without(*before) == *before && without(*after) == *after)) continue;
    const auto leave = alter_publication(id, *before, without(*before)), join = alter_publication(id, without(*before), *after);
    const auto leave_back = alter_publication(id, *after, without(*after)), join_back = alter_publication(id, without(*after), *before);
    if (!leave || !join || !leave_back || !join_back) continue;  // made anew around the exchange
    if (before->tables != after->tables || before->options != after->options || before->schemas != after->schemas) {
      const bool taken = p_.claim(id, Aspect::membership) | p_.claim(id, Aspect::options) | p_.claim(id, Aspect::definition);
      if (!taken) {
        p_.refuse(fmt::format("{} changes together with {} and another of its tables, which are both exchanged for second tables: make two plans", describe(id), describe(id_)));
        continue;
      }
      out_.touches.insert(id);
      for (const ObjectId& need : p_.to.objects.at(id).depends_on) {
        const Object* object_needed = p_.to.find(need);
        if (object_needed && Planner::home(p_.to, *object_needed) != table()) out_.needs.insert(need);
      }
    }
    append(leave_publications_, *leave);
    append(join_publications_, *join);
    append(leave_back_, *leave_back);
    append(join_back_, *join_back);
  }
}

Operation& SecondTable::add(Phase phase, const std::string& verb, Action forward, Action undo) {
  Operation& operation = p_.add(phase, verb, id_, std::move(forward), std::move(undo));
  operation.groupable = false;
  operation.step.tables = {table()};
  operation.step.effects.clear();  // the second table is nobody's yet; who touches the first says so
  return operation;
}

TableExchange plan_second_table(Planner& planner, const ObjectId& table, const ExchangeReason& reason) { return SecondTable(planner, table, reason).plan(); }

}  // namespace contraflow::plan
