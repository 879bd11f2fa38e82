// SPDX-License-Identifier: Apache-2.0
//
// ATTACH PARTITION reads the table under ACCESS EXCLUSIVE, and its parent's default partition too, unless a validated CHECK implies the bound: a large
// one gets such a CHECK beforehand, and the indexes, keys and constraints that it would be given under that lock. DETACH PARTITION … CONCURRENTLY adds
// a CHECK under a name of its own unless one is there: it gets one under ours, so that nothing stays behind. Interrupted, it stays half detached: FINALIZE.
#include "plan/strategies/partitions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "base/text.h"
#include "catalog/ddl.h"
#include "catalog/of_kind.h"
#include "plan/strategies/column_parts.h"
#include "plan/strategies/index_parts.h"
#include "plan/strategies/partition_columns.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

using effects::LockMode;
using effects::Work;

const Table* table_in(const Database& database, const ObjectId& id) { return database.find_body<Table>(id); }

// A CHECK that stands only as long as the plan needs it.
class Proof {
 public:
  Proof(Planner& planner, ObjectId table, std::string expression, std::string_view suffix)
      : p_(planner), table_(std::move(table)), expression_(std::move(expression)) {
    check_ = {Kind::constraint, table_.schema, table_.name, p_.spare_constraint(table_.schema, table_.name, table_.name, suffix), ""};
    alter_ = "ALTER TABLE " + quoted_name(table_);
    quoted_ = sql::quote_identifier(check_.name);
  }

  const ObjectId& check() const { return check_; }
  std::string drop() const { return fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter_, quoted_); }
  Action prepare(const std::string& todo) const {
    return brief({fmt::format("{} ADD CONSTRAINT {} CHECK ({}) NOT VALID", alter_, quoted_, expression_)}, all_of({todo, absent(check_)}));
  }
  Action validate() const {
    return scan({fmt::format("{} VALIDATE CONSTRAINT {}", alter_, quoted_)}, all_of({exists(check_), negate(constraint_is_validated(check_))}));
  }
  Action remove() const { return brief({drop()}, exists(check_)); }

  // Two operations before the main one, which must follow the one that is returned.
  std::size_t forward(Phase phase, const std::string& todo, const std::string& why) {
    Operation& first = p_.add(phase, "prepare " + why + " of", table_, prepare(todo), remove());
    first.step.effects = {{name_of(table_), LockMode::access_exclusive, Work::none}};
    first.groupable = false;
    const std::size_t prepared = p_.operations.size() - 1;
    Operation& second = p_.add(phase, "prove " + why + " of", table_, validate(), Action{});
    second.step.effects = {{name_of(table_), LockMode::share_update_exclusive, Work::scan}};
    second.after.push_back(prepared);
    return p_.operations.size() - 1;
  }
  // The CHECK goes when the main operation is done.
  void forward_end(Phase phase, std::size_t main, const std::string& why) {
    Operation& last = p_.add(phase, "end the proof for " + why + " of", table_, remove(), Action{});
    last.after.push_back(main);
    last.groupable = false;
    last.step.effects = {{name_of(table_), LockMode::access_exclusive, Work::none}};
  }
  // The same for the way back: undo runs from the last operation to the first.
  void back_begin(Phase phase, const std::string& why) {
    p_.add(phase, "way back: end the proof for " + why + " of", table_, Action{}, remove()).groupable = false;
  }
  void back(Phase phase, std::size_t main, const std::string& todo, const std::string& why) {
    p_.add(phase, "way back: prove " + why + " of", table_, Action{}, validate()).after.push_back(main);
    const std::size_t validated = p_.operations.size() - 1;
    Operation& last = p_.add(phase, "way back: prepare " + why + " of", table_, Action{}, prepare(todo));
    last.after.push_back(validated);
    last.groupable = false;
  }

 private:
  Planner& p_;
  ObjectId table_, check_;
  std::string expression_, alter_, quoted_;
};

std::string half_detached(const ObjectId& id, const QualifiedName& parent) {
  return fmt::format("EXISTS (SELECT FROM pg_inherits AS i WHERE inhrelid = to_regclass({}) AND inhparent = to_regclass({}) AND to_jsonb(i) ->> 'inhdetachpending' = 'true')",
                     sql::quote_literal(quoted_name(id)), sql::quote_literal(sql::quote(parent)));
}

std::optional<ObjectId> default_partition(const Database& database, const QualifiedName& parent) {
  for (const QualifiedName& child : Planner::children(database, parent)) {
    const Table* body = table_in(database, table_id(child));
    if (body && body->partition_bound == "DEFAULT") return table_id(child);
  }
  return std::nullopt;
}

// What ATTACH compares: key columns, uniqueness, predicate. Direction, storage parameters and tablespace it does not look at.
std::string attach_form(const Index& index) {
  std::string out = index.definition.starts_with("CREATE UNIQUE ") ? "unique" : "plain";
  out += index.definition.substr(std::min(index.definition.find(" ON "), index.definition.size()));
  return out;
}

// ATTACH gives the parent's index the first one that is alike, and the server goes through them by OID: where another index of the table is just like the one
// that is to be the part, the two change names so that the older one has the part's. Nothing but their names tells them apart.
Statements name_parts_by_age(const Database& database, const ObjectId& table) {
  std::vector<const Object*> indexes;
  for (const Object* member : Planner::members(database, table)) {
    if (const auto* index = std::get_if<Index>(&member->body); index && index->constraint.empty()) indexes.push_back(member);
  }
  std::map<ObjectId, const Object*> described;
  Statements out;
  const auto oid = [](const QualifiedName& name) { return fmt::format("to_regclass({})::oid", sql::quote_literal(sql::quote(name))); };
  for (std::size_t i = 0; i < indexes.size(); ++i) {
    for (std::size_t j = 0; j < indexes.size(); ++j) {
      const auto &part = std::get<Index>(indexes[i]->body), &other = std::get<Index>(indexes[j]->body);
      if (i == j || !part.parent || attach_form(part) != attach_form(other) || (other.parent && j < i)) continue;
      const QualifiedName a = name_of(indexes[i]->id), b = name_of(indexes[j]->id);
      const std::string wrong = other.parent ? fmt::format("({} < {}) <> ({} < {})", oid(*part.parent), oid(*other.parent), oid(a), oid(b)) : fmt::format("{} > {}", oid(a), oid(b));
      const std::string aside = sql::quote_identifier(sql::truncate_identifier(a.name.substr(0, 50) + "__aside"));
      const auto rename = [](const std::string& from, const std::string& to) { return fmt::format("ALTER INDEX {} RENAME TO {};\n  ", from, to); };
      const std::string schema = sql::quote_identifier(a.schema) + ".";
      out.push_back("DO " + sql::dollar_quote(fmt::format("BEGIN IF {} THEN\n  {}{}{}END IF; END", wrong, rename(sql::quote(a), aside), rename(sql::quote(b), sql::quote_identifier(a.name)),
                                                          rename(schema + aside, sql::quote_identifier(b.name))),
                                              "swap"));
      described.emplace(indexes[i]->id, indexes[i]);
      described.emplace(indexes[j]->id, indexes[j]);
    }
  }
  for (const auto& [id, object] : described) {
    if (!object->comment) out.push_back(fmt::format("COMMENT ON INDEX {} IS NULL", quoted_name(id)));
    for (std::string& statement : describe_state(*object, database)) out.push_back(std::move(statement));
  }
  return out;
}

std::string attach(const ObjectId& id, const QualifiedName& parent, const std::string& bound) {
  return fmt::format("ALTER TABLE {} ATTACH PARTITION {} {}", sql::quote(parent), quoted_name(id), bound);
}

std::string detach(const ObjectId& id, const QualifiedName& parent) {
  return fmt::format("ALTER TABLE {} DETACH PARTITION {}", sql::quote(parent), quoted_name(id));
}

// DETACH leaves copies of the parent's foreign keys, which would point where the new parent's do not.
Statements drop_left_references(const Database& left, const Database& joined, const ObjectId& id) {
  Statements out;
  for (const Object* member : Planner::members(left, id)) {
    const auto* key = std::get_if<Constraint>(&member->body);
    if (!key || key->type != ConstraintType::foreign_key || !key->inherited || key->local) continue;
    const auto* after = joined.find_body<Constraint>(member->id);
    if (after && after->definition == key->definition) continue;
    out.push_back(fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", quoted_name(id), sql::quote_identifier(member->id.name)));
  }
  return out;
}

// Rows of the partition's bound that came since it left stand in the default partition: before it is attached again they go to it. Not where triggers would fire
// for them, or a foreign key points at them.
Statements fetch_late_rows(const Planner& p, const ObjectId& id, const QualifiedName& parent, const Table& body) {
  const auto present = default_partition(p.from, parent);
  if (!present || default_partition(p.to, parent) != present || body.partition_bound == "DEFAULT" || body.partition_constraint.empty()) return {};
  for (const ObjectId& member : {*present, id}) {
    for (const Object* trigger : Planner::members(p.from, member)) {
      if (trigger->id.kind == Kind::trigger) return {};
    }
  }
  for (const auto& [other, object] : catalog::of_kind(p.from, Kind::constraint)) {
    const auto& constraint = std::get<Constraint>(object.body);
    if (constraint.references && (*constraint.references == parent || *constraint.references == name_of(id) || *constraint.references == name_of(*present))) return {};
  }
  std::vector<std::string> columns;
  for (const Object* member : Planner::members(p.from, id)) {
    const auto* column = std::get_if<Column>(&member->body);
    if (column && column->generated == Generated::none) columns.push_back(sql::quote_identifier(member->id.name));
    if (std::any_of(p.renames.begin(), p.renames.end(), [&](const diff::Rename& rename) { return rename.to == member->id; })) return {};
  }
  const std::string list = contraflow::join(columns, ", "), rest = quoted_name(*present);
  return {fmt::format("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", rest),
          fmt::format("WITH late AS (DELETE FROM {} WHERE {} RETURNING {}) INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM late", rest, body.partition_constraint, list,
                      quoted_name(id), list, list)};
}

// The partition leaves its parent while both are read and written. Returns the operation after which it is out.
std::size_t detach_online(Planner& p, const ObjectId& id, const QualifiedName& parent, const Table& body, bool keeps_proof) {
  const std::string attached = is_partition_of(id, parent), pending = half_detached(id, parent);
  Statements attach_again = name_parts_by_age(p.from, id);
  append(attach_again, fetch_late_rows(p, id, parent, body));
  attach_again.push_back(attach(id, parent, body.partition_bound));
  const Action back = brief(std::move(attach_again), all_of({exists(id), negate(attached)}));
  const std::vector<effects::Effect> on_parent{{parent, LockMode::share_update_exclusive, Work::none}, {name_of(id), LockMode::access_exclusive, Work::none}};
  // CONCURRENTLY is refused where there is a default partition.
  const bool online = p.from.major() >= 14 && !default_partition(p.from, parent) && !default_partition(p.to, parent) && !body.partition_constraint.empty();
  if (!online) {
    p.add(Phase::contract, "detach", id, brief({detach(id, parent)}, attached), back).step.effects = {{parent, LockMode::access_exclusive, Work::none}};
    p.leaves_partition.emplace(id, p.operations.size() - 1);
    return p.operations.size() - 1;
  }
  const std::string why = "the bound";
  Proof proof(p, id, body.partition_constraint, "bound");
  const std::size_t proven = proof.forward(Phase::contract, attached, why);
  Operation& leave = p.add(Phase::contract, "detach", id, concurrent(detach(id, parent) + " CONCURRENTLY", all_of({attached, negate(pending)})), back);
  leave.after.push_back(proven);
  leave.groupable = false;
  leave.step.effects = on_parent;
  const std::size_t left = p.operations.size() - 1;
  Operation& finalize = p.add(Phase::contract, "finish an interrupted detach of", id, brief({detach(id, parent) + " FINALIZE"}, pending),
                              brief({detach(id, parent) + " FINALIZE"}, pending));
  finalize.after.push_back(left);
  finalize.step.effects = on_parent;
  finalize.groupable = false;
  const std::size_t finalized = p.operations.size() - 1;
  p.leaves_partition.emplace(id, finalized);
  if (keeps_proof) return finalized;
  proof.forward_end(Phase::contract, finalized, why);
  const std::size_t end = p.operations.size() - 1;
  proof.back(Phase::contract, end, negate(attached), why);
  return p.operations.size() - 1;
}

// What the parent would give the table while it is locked: made beforehand under the names that it will have.
std::vector<std::size_t> prepare_members(Planner& p, Phase phase, const ObjectId& id) {
  std::vector<std::size_t> out;
  const std::string alter = "ALTER TABLE " + quoted_name(id);
  const auto step = [&](const std::string& verb, const ObjectId& member, Action forward, Action undo, LockMode lock, Work work) -> Operation& {
    Operation& operation = p.add(phase, verb, member, std::move(forward), std::move(undo));
    operation.groupable = false;
    operation.step.effects = {{name_of(id), lock, work}};
    out.push_back(p.operations.size() - 1);
    return operation;
  };
  const auto* leaving = table_in(p.from, id);
  for (const Object* member : Planner::members(p.to, id)) {
    if (p.from.find(member->id)) continue;
    const std::string quoted = sql::quote_identifier(member->id.name);
    if (const auto* index = std::get_if<Index>(&member->body); index && index->parent) {
      // On the way back ATTACH would take the new part for the old parent's index, and it could not be dropped.
      for (const Object* other : Planner::members(p.from, id)) {
        const auto* part = std::get_if<Index>(&other->body);
        if (leaving->partition_of && part && part->parent && attach_form(*part) == attach_form(*index) && !p.to.find(other->id)) {
          p.refuse(fmt::format("{} moves to another parent and its {} gives way to one just like it, {}: make two plans, detach it first", describe(id), describe(other->id), describe(member->id)));
        }
      }
      step("build", member->id, build_index(member->id, *index, member->id.name, {}),
           concurrent("DROP INDEX CONCURRENTLY IF EXISTS " + quoted_name(member->id)), LockMode::share_update_exclusive, Work::index_build);
      const std::size_t built = out.back();
      if (!index->constraint.empty()) {
        const ObjectId key{Kind::constraint, id.schema, id.name, index->constraint, ""};
        Operation& add = step("add", key, brief({add_key_using_index(p.to, key, key.name)}, absent(key)),
                              brief({fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter, sql::quote_identifier(key.name))}, exists(key)),
                              LockMode::access_exclusive, Work::none);
        add.after.push_back(built);
        for (const std::string& column : std::get<Constraint>(p.to.objects.at(key).body).columns) {
          if (auto it = p.not_null_operations.find(column_id(id.schema, id.name, column)); it != p.not_null_operations.end()) {
            add.after.insert(add.after.end(), it->second.begin(), it->second.end());
          }
        }
      }
    } else if (const auto* constraint = std::get_if<Constraint>(&member->body); constraint && constraint->inherited &&
                                                                                (constraint->type == ConstraintType::check || (constraint->type == ConstraintType::foreign_key && constraint->references))) {
      const std::string not_valid = constraint->definition.ends_with(" NOT VALID") ? "" : " NOT VALID";
      step("add NOT VALID", member->id, brief({fmt::format("{} ADD CONSTRAINT {} {}{}", alter, quoted, constraint->definition, not_valid)}, absent(member->id)),
           brief({fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter, quoted)}, exists(member->id)), LockMode::access_exclusive, Work::none);
      if (!constraint->validated) continue;
      const std::size_t added = out.back();
      step("validate", member->id, scan({fmt::format("{} VALIDATE CONSTRAINT {}", alter, quoted)}, negate(constraint_is_validated(member->id))), Action{},
           LockMode::share_update_exclusive, Work::scan)
          .after.push_back(added);
    }
  }
  return out;
}

// Its columns, constraints, indexes and triggers become (or stop being) their parents' copies.
void take_copies(Planner& p, const ObjectId& id, Operation& operation) {
  for (const Database* database : {&p.from, &p.to}) {
    for (const Object* member : Planner::members(*database, id)) {
      // A copy of the parent's foreign key goes with that one, before or after.
      const auto* foreign_key = std::get_if<Constraint>(&member->body);
      if (!foreign_key || foreign_key->type != ConstraintType::foreign_key || !foreign_key->inherited) operation.detaches.insert(member->id);
      const bool copy = [&] {
        if (const auto* constraint = std::get_if<Constraint>(&member->body)) return constraint->inherited;
        if (const auto* index = std::get_if<Index>(&member->body)) return index->parent.has_value();
        if (const auto* trigger = std::get_if<Trigger>(&member->body)) return trigger->inherited;
        return false;
      }();
      const bool only_here = !(database == &p.from ? p.to : p.from).find(member->id);
      if (!copy || !only_here) continue;
      p.take(member->id);
      if (database == &p.to) operation.provides.insert(member->id);
    }
  }
}

// DETACH leaves what the parent gave: indexes, keys and constraints that the table is not to have by itself. On the way back they are there before ATTACH,
// which takes them as the parent's.
void drop_left_copies(Planner& p, const ObjectId& id, std::size_t left) {
  const std::string alter = "ALTER TABLE " + quoted_name(id);
  for (const Object* member : Planner::members(p.from, id)) {
    if (p.to.find(member->id) || p.done.contains(member->id)) continue;
    const auto* index = std::get_if<Index>(&member->body);
    const auto* constraint = std::get_if<Constraint>(&member->body);
    if (index && index->parent && index->constraint.empty()) {
      Operation& operation = p.add(Phase::contract, "drop", member->id, concurrent("DROP INDEX CONCURRENTLY IF EXISTS " + quoted_name(member->id), {}),
                                   build_index(member->id, *index, member->id.name, {}));
      operation.step.effects = {{name_of(id), LockMode::share_update_exclusive, Work::none}};
    } else if (constraint && constraint->inherited) {
      const std::string quoted = sql::quote_identifier(member->id.name);
      Operation& operation = p.add(Phase::contract, "drop", member->id, brief({fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter, quoted)}),
                                   blocking({fmt::format("{} ADD CONSTRAINT {} {}", alter, quoted, constraint->definition)}, all_of({exists(id), absent(member->id)})));
      operation.step.effects = {{name_of(id), LockMode::access_exclusive, Work::none}};
    } else {
      continue;
    }
    p.take(member->id);
    if (constraint && !constraint->index_name.empty()) p.take(index_of(member->id));
    p.operations.back().removes.insert(member->id);
    p.operations.back().after.push_back(left);
    p.operations.back().groupable = false;
  }
}

}  // namespace

namespace {

// Bounds as pg_get_expr() writes them. Where they cannot be compared as text or as numbers, they are taken to overlap.
std::vector<std::string> literals(const std::string& list) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < list.size();) {
    if (list[i] == ' ' || list[i] == ',') {
      ++i;
      continue;
    }
    std::string value;
    if (list[i] == '\'') {
      for (++i; i < list.size() && !(list[i] == '\'' && (i + 1 == list.size() || list[i + 1] != '\'')); ++i) {
        if (list[i] == '\'') ++i;
        value += list[i];
      }
      ++i;
    } else {
      while (i < list.size() && list[i] != ',') value += list[i++];
    }
    out.push_back(std::move(value));
  }
  return out;
}

std::optional<std::vector<std::string>> between(const std::string& bound, std::string_view before) {
  const std::size_t start = bound.find(before);
  if (start == std::string::npos) return std::nullopt;
  const std::size_t open = start + before.size();
  bool quoted = false;
  for (std::size_t i = open; i < bound.size(); ++i) {
    if (bound[i] == '\'') quoted = !quoted;
    if (bound[i] == ')' && !quoted) return literals(bound.substr(open, i - open));
  }
  return std::nullopt;
}

// <0, 0, >0; MINVALUE and MAXVALUE at the ends.
int compare(const std::string& a, const std::string& b) {
  const auto rank = [](const std::string& value) { return value == "MINVALUE" ? -1 : value == "MAXVALUE" ? 1
                                                                                                         : 0; };
  if (rank(a) != rank(b)) return rank(a) - rank(b);
  char *end_a = nullptr, *end_b = nullptr;
  const double x = std::strtod(a.c_str(), &end_a), y = std::strtod(b.c_str(), &end_b);
  if (!a.empty() && !b.empty() && *end_a == 0 && *end_b == 0) return x < y ? -1 : x > y;
  return a.compare(b);
}

bool may_overlap(const std::string& a, const std::string& b) {
  if (a == "DEFAULT" || b == "DEFAULT") return a == b;
  if (const auto x = between(a, " IN ("), y = between(b, " IN ("); x && y) {
    return std::any_of(x->begin(), x->end(), [&](const std::string& value) { return std::find(y->begin(), y->end(), value) != y->end(); });
  }
  const auto a_from = between(a, " FROM ("), a_to = between(a, " TO ("), b_from = between(b, " FROM ("), b_to = between(b, " TO (");
  if (!a_from || !a_to || !b_from || !b_to || a_from->size() != 1 || b_from->size() != 1) return true;
  return compare(a_from->front(), b_to->front()) < 0 && compare(b_from->front(), a_to->front()) < 0;
}

}  // namespace

namespace {

// DETACH refuses a partition whose rows a foreign key to its parent references: such a key that goes does so before, one that stays must find no row.
void release_references(Planner& p, const ObjectId& partition, Operation& leave) {
  const Table* body = table_in(p.from, partition);
  std::set<QualifiedName> above;
  while (body && body->partition_of && above.insert(*body->partition_of).second) body = table_in(p.from, table_id(*body->partition_of));
  for (const auto& [id, object] : p.from.objects) {
    const auto* key = std::get_if<Constraint>(&object.body);
    if (!key || key->type != ConstraintType::foreign_key || !key->references || !above.contains(*key->references) || (key->inherited && !key->local)) continue;
    bool goes = false;
    for (std::size_t i = 0; i < p.operations.size(); ++i) {
      if (&p.operations[i] == &leave || !p.operations[i].removes.contains(id)) continue;
      leave.after.push_back(i);
      goes = true;
    }
    if (goes) continue;
    std::string same;
    for (std::size_t i = 0; i < key->columns.size() && i < key->referenced_columns.size(); ++i) {
      same += fmt::format("{}r.{} = p.{}", same.empty() ? "" : " AND ", sql::quote_identifier(key->columns[i]), sql::quote_identifier(key->referenced_columns[i]));
    }
    const std::string home = sql::quote(QualifiedName{id.schema, id.relation});
    leave.step.preconditions.push_back({fmt::format("rows of {} reference rows of {}, by {}", home, quoted_name(partition), describe(id)),
                                        fmt::format("SELECT count(*) FROM {} AS r JOIN {} AS p ON {}", home, quoted_name(partition), same),
                                        "delete or change them first: a partition whose rows are referenced cannot leave"});
  }
}

// ATTACH proves the new parent's foreign keys: rows of a partition that comes from another parent come after those that they reference.
void follow_references(Planner& p, const ObjectId& partition, Operation& move) {
  const Table *before = table_in(p.from, partition), *after = table_in(p.to, partition);
  if (!before || !after || !after->partition_of || before->partition_of == after->partition_of) return;
  for (const Object* member : Planner::members(p.to, table_id(*after->partition_of))) {
    const auto* key = std::get_if<Constraint>(&member->body);
    if (!key || key->type != ConstraintType::foreign_key || !key->references || key->columns.size() != key->referenced_columns.size()) continue;
    for (const auto& [other, i] : p.leaves_partition) {
      const Table* body = table_in(p.to, other);
      if (other != partition && body && body->partition_of == key->references) move.rather_after.push_back(i);
    }
    std::string same, present;
    for (std::size_t i = 0; i < key->columns.size(); ++i) {
      const std::string mine = "p." + sql::quote_identifier(key->columns[i]);
      same += fmt::format("{}r.{} = {}", same.empty() ? "" : " AND ", sql::quote_identifier(key->referenced_columns[i]), mine);
      present += fmt::format("{}{} IS NOT NULL", present.empty() ? "" : " AND ", mine);
    }
    move.step.preconditions.push_back({fmt::format("rows of {} reference rows that {} does not hold, by {}", quoted_name(partition), sql::quote(*key->references), describe(member->id)),
                                       fmt::format("SELECT count(*) FROM {} AS p WHERE {} AND NOT EXISTS (SELECT FROM {} AS r WHERE {})", quoted_name(partition), present,
                                                   sql::quote(*key->references), same),
                                       "let them reference nothing until both partitions have moved"});
  }
}

// A partition that goes with its parent goes after the foreign keys to that one: through it they reference the partition too.
void order_drops(Planner& p) {
  std::map<ObjectId, std::vector<std::size_t>> removals;  // of foreign keys, by the table that they reference
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    for (const ObjectId& id : p.operations[i].removes) {
      const auto* key = id.kind == Kind::constraint ? p.from.find_body<Constraint>(id) : nullptr;
      if (key && key->references && p.dropped.contains(table_id(*key->references))) removals[table_id(*key->references)].push_back(i);
    }
  }
  for (const auto& [table, operations] : removals) {
    for (const QualifiedName& partition : Planner::descendants(p.from, name_of(table))) {
      for (std::size_t drop = 0; drop < p.operations.size(); ++drop) {
        if (!p.dropped.contains(table_id(partition)) || !p.operations[drop].removes.contains(table_id(partition))) continue;
        for (const std::size_t removal : operations) {
          if (removal != drop) p.operations[drop].after.push_back(removal);
        }
      }
    }
  }
}

}  // namespace

void order_partitions(Planner& p) {
  for (const auto& [partition, i] : p.leaves_partition) {
    release_references(p, partition, p.operations[i]);
    follow_references(p, partition, p.operations[i]);
  }
  for (std::size_t i = 0; i < p.operations.size(); ++i) order_columns_around(p, i);
  order_drops(p);
  // Who takes a place in the parent's range comes after who leaves it.
  for (Operation& operation : p.operations) {
    for (const ObjectId& id : operation.provides) {
      const Table* body = id.kind == Kind::table ? table_in(p.to, id) : nullptr;
      if (!body || !body->partition_of) continue;
      for (const QualifiedName& sibling : Planner::children(p.from, *body->partition_of)) {
        const ObjectId other = table_id(sibling);
        const Table *before = table_in(p.from, other), *after = table_in(p.to, other);
        if (other == id || !before || (after && after->partition_of == before->partition_of && after->partition_bound == before->partition_bound)) continue;
        if (!may_overlap(body->partition_bound, before->partition_bound)) continue;
        for (std::size_t i = 0; i < p.operations.size(); ++i) {
          if (p.leaves_partition.contains({other, i})) operation.after.push_back(i);
        }
      }
    }
  }
}

DefaultProof prove_default_excludes(Planner& p, Phase phase, const ObjectId& partition) {
  DefaultProof out;
  const Table* body = table_in(p.to, partition);
  if (!body || !body->partition_of || body->partition_constraint.empty() || body->partition_bound == "DEFAULT") return out;
  const auto present = default_partition(p.from, *body->partition_of);
  if (!present || default_partition(p.to, *body->partition_of) != present) return out;
  out.holds_rows = present;
  out.preconditions.push_back({fmt::format("rows of the default partition {} that belong to {}", quoted_name(*present), quoted_name(partition)),
                               fmt::format("SELECT count(*) FROM ONLY {} WHERE {}", quoted_name(*present), body->partition_constraint),
                               "move them out of the default partition first"});
  if (p.is_small(name_of(*present)) || table_in(p.from, *present)->partitioned) return out;
  Proof proof(p, *present, fmt::format("NOT ({})", body->partition_constraint), "excludes_" + partition.name);
  out.table = *present;
  out.check = proof.check();
  out.before = {proof.forward(phase, negate(is_partition_of(partition, *body->partition_of)), "what leaves out " + describe(partition))};
  p.operations[out.before.front() - 1].step.preconditions = out.preconditions;
  p.notes.push_back(fmt::format("rows of {} must not be in the default partition {}: they are counted first, and from then until the new partition is attached, as long as it takes to read {}, an INSERT of such a row fails", describe(partition),
                                quoted_name(*present), quoted_name(*present)));
  return out;
}

Statements rows_to_default(const Planner& p, const DefaultProof& proof, const ObjectId& partition) {
  if (!proof.holds_rows) return {};
  const std::string rest = quoted_name(*proof.holds_rows), alter = "ALTER TABLE " + rest;
  Statements out;
  if (!proof.check.name.empty()) out.push_back(fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter, sql::quote_identifier(proof.check.name)));
  std::vector<const Object*> silenced;
  for (const Object* member : Planner::members(p.from, *proof.holds_rows)) {
    const auto* trigger = std::get_if<Trigger>(&member->body);
    if (trigger && trigger->enabled != 'D') silenced.push_back(member);
  }
  for (const Object* trigger : silenced) out.push_back(fmt::format("{} DISABLE TRIGGER {}", alter, sql::quote_identifier(trigger->id.name)));
  // Columns that the plan adds or renames may be there or not.
  out.push_back("DO " + sql::dollar_quote(fmt::format("DECLARE\n  names text;\nBEGIN\n"
                                                      "  SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO names FROM pg_attribute AS a JOIN pg_attribute AS b ON b.attname = a.attname\n"
                                                      "    WHERE a.attrelid = to_regclass({}) AND b.attrelid = to_regclass({}) AND a.attnum > 0 AND NOT a.attisdropped AND NOT b.attisdropped AND b.attgenerated = '';\n"
                                                      "  EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM %s', to_regclass({}), names, to_regclass({}));\nEND",
                                                      sql::quote_literal(quoted_name(partition)), sql::quote_literal(rest), sql::quote_literal(rest), sql::quote_literal(quoted_name(partition))),
                                          "move"));
  for (const Object* trigger : silenced) {
    const char state = std::get<Trigger>(trigger->body).enabled;
    out.push_back(fmt::format("{} ENABLE {}TRIGGER {}", alter, state == 'A' ? "ALWAYS " : state == 'R' ? "REPLICA "
                                                                                                       : "",
                              sql::quote_identifier(trigger->id.name)));
  }
  return out;
}

void drop_default_proof(Planner& p, Phase phase, const DefaultProof& proof, std::size_t attached) {
  if (proof.check.name.empty()) return;
  Operation& last = p.add(phase, "end the proof for a new partition beside", proof.table,
                          brief({fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", quoted_name(proof.table), sql::quote_identifier(proof.check.name))},
                                exists(proof.check)),
                          Action{});
  last.after.push_back(attached);
  last.groupable = false;
  last.step.effects = {{name_of(proof.table), LockMode::access_exclusive, Work::none}};
}

void detach_before_drop(Planner& p, const ObjectId& id, const std::set<ObjectId>& leaving) {
  const Table& body = *table_in(p.from, id);
  const std::size_t first = p.operations.size();
  detach_online(p, id, *body.partition_of, body, true);
  for (std::size_t i = first; i < p.operations.size(); ++i) p.operations[i].detaches.insert(id);
  p.operations.back().removes = leaving;
}

namespace {

// From 18 on NOT NULL has a name, which no RENAME changes while it is a parent's as well.
void rename_not_nulls_in_between(Planner& p, const ObjectId& partition, Statements& forward, Statements& back) {
  for (const Object* column : Planner::columns(p.from, partition)) {
    if (!p.has(column->id, Aspect::not_null_name)) continue;
    const auto *before = p.from.find_body<Column>(column->id), *after = p.to.find_body<Column>(column->id);
    if (!before->not_null_inherited || !after->not_null_inherited) continue;
    p.claim(column->id, Aspect::not_null_name);
    const auto rename = [&](const std::string& a, const std::string& b) {
      return fmt::format("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", quoted_name(partition), sql::quote_identifier(a), sql::quote_identifier(b));
    };
    forward.push_back(rename(before->not_null_name, after->not_null_name));
    back.push_back(rename(after->not_null_name, before->not_null_name));
  }
}

}  // namespace

void change_partition(Planner& p, const ObjectId& id, const std::optional<QualifiedName>& old_parent, const std::string& old_bound,
                      const std::optional<QualifiedName>& new_parent, const std::string& new_bound) {
  const Table *old_body = table_in(p.from, id), *new_body = table_in(p.to, id);
  const bool small = p.is_small(name_of(id));
  if (!new_parent) {
    for (const diff::Rename& rename : p.renames) {
      if (rename.to.kind != Kind::column || rename.to.schema != old_parent->schema || rename.to.relation != old_parent->name) continue;
      p.refuse(fmt::format("{} leaves {}, whose {} gets another name through a second column, which would stay in the partition: make two plans, detach it first", describe(id), sql::quote(*old_parent),
                           describe_renamed(rename.from)));
    }
    const std::size_t first = p.operations.size();
    Table foreign;  // a foreign table has no constraint to prove
    foreign.partition_bound = old_bound;
    detach_online(p, id, *old_parent, old_body ? *old_body : foreign, false);
    for (std::size_t i = first; i < p.operations.size(); ++i) p.operations[i].detaches.insert(id);
    const std::size_t left = p.operations.size() - 1;
    drop_left_copies(p, id, left);
    take_copies(p, id, p.operations[left]);
    return;
  }
  if (old_parent && old_parent != new_parent) refuse_other_columns(p, id, *old_parent, *new_parent);
  const std::string why = "the bound";
  std::string todo, undo_todo;
  Statements forward, back;
  if (old_parent) {
    forward.push_back(detach(id, *old_parent));
    if (old_parent != new_parent) append(forward, drop_left_references(p.from, p.to, id));
    if (old_parent != new_parent) append(back, drop_left_references(p.to, p.from, id));
    rename_not_nulls_in_between(p, id, forward, back);
    append(back, name_parts_by_age(p.from, id));
    back.push_back(attach(id, *old_parent, old_bound));
  }
  const Statements swaps = name_parts_by_age(p.to, id);
  append(forward, Statements(swaps));
  forward.push_back(attach(id, *new_parent, new_bound));
  back.insert(back.begin(), detach(id, *new_parent));
  todo = negate(is_partition_of(id, *new_parent));
  undo_todo = is_partition_of(id, *new_parent);
  if (old_parent == new_parent) {
    const auto bound_is = [&](const std::string& bound) {
      return fmt::format("EXISTS (SELECT FROM pg_class WHERE oid = to_regclass({}) AND pg_get_expr(relpartbound, oid) = {})", sql::quote_literal(quoted_name(id)),
                         sql::quote_literal(bound));
    };
    todo = negate(bound_is(new_bound));
    undo_todo = negate(bound_is(old_bound));
  }
  const Phase phase = old_parent ? Phase::contract : Phase::expand;
  const bool proves = !small && new_body && !new_body->partition_constraint.empty() && (!old_parent || !old_body->partition_constraint.empty());
  std::vector<std::size_t> after;
  const std::size_t first = p.operations.size();
  std::optional<Proof> proof, proof_back;
  // Also where ATTACH would make them at once: what it makes stays behind when the way back detaches the table.
  if (proves || !old_parent || !swaps.empty()) after = prepare_members(p, phase, id);
  if (proves) {
    proof.emplace(p, id, new_body->partition_constraint, "bound");
    after.push_back(proof->forward(phase, todo, why));
    if (old_parent) {
      proof_back.emplace(p, id, old_body->partition_constraint, "old_bound");
      proof_back->back_begin(phase, why);
      after.push_back(p.operations.size() - 1);
    }
  }
  if (!old_parent) {
    const std::vector<std::size_t> lent = lend_leaving_columns(p, id, *new_parent);
    after.insert(after.end(), lent.begin(), lent.end());
  }
  const DefaultProof default_proof = prove_default_excludes(p, phase, id);
  after.insert(after.end(), default_proof.before.begin(), default_proof.before.end());
  Action action = proves ? brief(std::move(forward), todo) : blocking(std::move(forward), todo);
  if (!proves) p.allow_blocking(action, "scan", {name_of(id)}, "attaching " + describe(id));
  Action undo = proves || !old_parent ? brief(std::move(back), undo_todo) : blocking(std::move(back), undo_todo);
  Operation& operation = p.add(phase, old_parent ? "move" : "attach", id, std::move(action), std::move(undo));
  operation.needs = p.to.objects.at(id).depends_on;
  operation.needs.erase(id);
  operation.after = std::move(after);
  operation.groupable = false;
  operation.step.preconditions = default_proof.preconditions;
  if (new_body && !new_body->partition_constraint.empty()) {
    // Before the CHECK, which would refuse what the application writes.
    Operation& earliest = p.operations[proves ? first : p.operations.size() - 1];
    earliest.step.preconditions.push_back({fmt::format("rows of {} outside its bound {}", quoted_name(id), new_bound),
                                           fmt::format("SELECT count(*) FROM {} WHERE NOT ({})", quoted_name(id), new_body->partition_constraint),
                                           "move them out of it first"});
  }
  operation.step.effects = {{*new_parent, old_parent ? LockMode::access_exclusive : LockMode::share_update_exclusive, Work::none},
                            {name_of(id), LockMode::access_exclusive, proves ? Work::none : Work::scan}};
  take_copies(p, id, operation);
  operation.provides.insert(id);
  const std::size_t attached = p.operations.size() - 1;
  if (old_parent) p.leaves_partition.emplace(id, attached);
  if (proof) proof->forward_end(phase, attached, why);
  if (proof_back) proof_back->back(phase, p.operations.size() - 1, undo_todo, why);
  drop_default_proof(p, phase, default_proof, attached);
  for (std::size_t i = first; i < p.operations.size(); ++i) p.operations[i].detaches.insert(id);
}

}  // namespace contraflow::plan
