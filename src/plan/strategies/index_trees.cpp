// SPDX-License-Identifier: Apache-2.0
//
// No statement detaches an index from its parent's, and none puts a constraint on an index that a partitioned table has. So the indexes that are
// attached to each other, before or after, go and come together: the partitions' are built one by one, concurrently, under spare names; then one brief
// transaction drops the old parent, which takes its parts along, makes the new one ON ONLY its table, which builds nothing, and attaches the parts.
#include "plan/strategies/index_trees.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "catalog/alter.h"
#include "catalog/ddl.h"
#include "plan/strategies/index_parts.h"
#include "plan/strategies/replace.h"
#include "plan/strategies/second_table.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

using Ids = std::set<ObjectId>;

const Index* index_in(const Database& database, const ObjectId& id) { return database.find_body<Index>(id); }

ObjectId table_of(const ObjectId& id, const Index& index) { return {Kind::table, id.schema, "", index.table, ""}; }

ObjectId parent_of(const Index& index) { return {Kind::index, index.parent->schema, "", index.parent->name, ""}; }

ObjectId key_of(const ObjectId& id, const Index& index) { return {Kind::constraint, id.schema, index.table, index.constraint, ""}; }

bool partitioned(const Database& database, const ObjectId& id) {
  const auto* table = database.find_body<Table>(table_of(id, *index_in(database, id)));
  return table && table->partitioned;
}

const Constraint* key_in(const Database& database, const ObjectId& id) {
  const Index* index = index_in(database, id);
  return index && !index->constraint.empty() ? database.find_body<Constraint>(key_of(id, *index)) : nullptr;
}

// The index of `a` cannot become that of `b`: it must be made anew.
bool must_go(const Database& a, const Database& b, const ObjectId& id) {
  const Index *old_index = index_in(a, id), *new_index = index_in(b, id);
  if (!new_index || new_index->table != old_index->table || new_index->definition != old_index->definition || new_index->tablespace != old_index->tablespace) return true;
  const bool is_partitioned = partitioned(a, id);
  if (!is_partitioned && old_index->valid != new_index->valid) return true;
  if (old_index->parent && new_index->parent != old_index->parent) return true;
  const Constraint *old_key = key_in(a, id), *new_key = key_in(b, id);
  if (old_key && (!new_key || old_key->definition != new_key->definition)) return true;
  return !old_key && new_key && is_partitioned;
}

// With an index goes all that it is attached to, or that is attached to it.
Ids going(const Database& a, const Database& b, const Ids& members) {
  Ids out;
  for (const ObjectId& id : members) {
    if (index_in(a, id) && must_go(a, b, id)) out.insert(id);
  }
  for (bool grown = true; grown;) {
    grown = false;
    for (const ObjectId& id : members) {
      const Index* index = index_in(a, id);
      if (!index || !index->parent || !members.contains(parent_of(*index))) continue;
      const bool child = out.contains(id), parent = out.contains(parent_of(*index));
      if (child == parent) continue;
      out.insert(child ? parent_of(*index) : id);
      grown = true;
    }
  }
  return out;
}

// Parents before those that are attached to them.
std::vector<ObjectId> downwards(const Database& database, const Ids& members) {
  const auto depth = [&](ObjectId id) {
    int out = 0;
    for (const Index* index = index_in(database, id); index && index->parent && out < 64; index = index_in(database, id)) {
      id = parent_of(*index);
      ++out;
    }
    return out;
  };
  std::vector<std::pair<int, ObjectId>> sorted;
  for (const ObjectId& id : members) {
    if (index_in(database, id)) sorted.emplace_back(depth(id), id);
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<ObjectId> out;
  for (auto& [level, id] : sorted) out.push_back(id);
  return out;
}

// A key of a partition that is attached to a plain index: dropping that one needs CASCADE.
bool key_under_index(const Database& database, const Ids& members, const ObjectId& root) {
  return std::any_of(members.begin(), members.end(), [&](const ObjectId& id) {
    const Index* index = index_in(database, id);
    return index && index->parent && !index->constraint.empty() && (root.name.empty() || parent_of(*index) == root) &&
           index_in(database, parent_of(*index)) && index_in(database, parent_of(*index))->constraint.empty();
  });
}

std::string literal_or_null(const std::optional<QualifiedName>& name) { return name ? sql::quote_literal(sql::quote(*name)) : "NULL"; }

struct Build {
  ObjectId id;
  std::string name;  // until all change places
};

// All members are as in `database`, and no others are there but those that are built beforehand under their own names.
std::string stands(const Database& database, const Ids& members, const std::vector<Build>& beforehand) {
  std::vector<std::string> rows, conditions;
  for (const ObjectId& id : members) {
    const Index* index = index_in(database, id);
    if (!index) {
      if (std::none_of(beforehand.begin(), beforehand.end(), [&](const Build& build) { return build.id == id; })) conditions.push_back(absent(id));
      continue;
    }
    rows.push_back(fmt::format("({}, {}, {}, {})", sql::quote_literal(quoted_name(id)), sql::quote_literal(index->definition), literal_or_null(index->parent),
                               index->constraint.empty() ? "false" : "true"));
  }
  if (!rows.empty()) {
    conditions.push_back(fmt::format(
        "(SELECT count(*) FROM (VALUES {}) AS want (name, definition, parent, key) JOIN pg_index ON indexrelid = to_regclass(name) WHERE "
        "pg_get_indexdef(indexrelid) = definition AND (SELECT inhparent FROM pg_inherits WHERE inhrelid = indexrelid) IS NOT DISTINCT FROM to_regclass(parent) "
        "AND EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u')) = key) = {}",
        contraflow::join(rows, ", "), rows.size()));
  }
  return all_of(conditions);
}

// One direction: what is built beforehand, under which name, and the transaction in which all change places.
struct Way {
  Ids goes;
  std::vector<Build> builds;
  Statements exchange;
};

Statements without_attachment(Statements statements) {
  std::erase_if(statements, [](const std::string& s) { return s.starts_with("ALTER INDEX ") && s.find(" ATTACH PARTITION ") != std::string::npos; });
  return statements;
}

Way lead(const Planner& p, const Database& a, const Database& b, const Ids& members, std::string_view suffix) {
  Way way;
  way.goes = going(a, b, members);
  for (const ObjectId& id : downwards(a, way.goes)) {
    const Index& index = *index_in(a, id);
    if (index.parent && way.goes.contains(parent_of(index))) continue;  // goes along
    if (!index.constraint.empty()) {
      way.exchange.push_back(fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter_table(a, id.schema, index.table), sql::quote_identifier(index.constraint)));
    } else {
      way.exchange.push_back(fmt::format("DROP INDEX IF EXISTS {}{}", quoted_name(id), key_under_index(a, way.goes, {}) ? " CASCADE" : ""));
    }
  }
  Statements attachments, described;
  for (const ObjectId& id : downwards(b, members)) {
    const Object& object = b.objects.at(id);
    const Index& index = std::get<Index>(object.body);
    const bool kept = index_in(a, id) && !way.goes.contains(id);
    const bool keyed = key_in(b, id) && !(kept && key_in(a, id));
    if (!kept && partitioned(b, id)) {
      append(way.exchange, without_attachment(create(keyed ? b.objects.at(key_of(id, index)) : object, b)));
    } else {
      if (!kept) {
        const std::string name = way.goes.contains(id) ? p.spare_relation(id.schema, id.name, suffix) : id.name;
        way.builds.push_back({id, name});
        if (name != id.name) way.exchange.push_back(fmt::format("ALTER INDEX {} RENAME TO {}", sql::quote(QualifiedName{id.schema, name}), sql::quote_identifier(id.name)));
      }
      if (keyed) way.exchange.push_back(add_key_using_index(b, key_of(id, index), id.name));
    }
    if (index.parent && !(kept && index_in(a, id)->parent)) attachments.push_back(fmt::format("ALTER INDEX {} ATTACH PARTITION {}", sql::quote(*index.parent), quoted_name(id)));
    if (keyed) append(described, describe_state(b.objects.at(key_of(id, index)), b));
    if (!kept) append(described, describe_state(object, b));
  }
  append(way.exchange, std::move(attachments));
  append(way.exchange, std::move(described));
  return way;
}

class Trees {
 public:
  explicit Trees(Planner& planner) : p_(planner) {}

  void run() {
    for (const Ids& members : components()) {
      if (concerned(members)) exchange(members);
    }
  }

 private:
  Planner& p_;

  // Indexes that belong together: the same name, or attached to each other, in either schema.
  std::vector<Ids> components() const {
    std::map<ObjectId, Ids> neighbours;
    for (const Database* database : {&p_.from, &p_.to}) {
      for (auto it = database->objects.lower_bound(ObjectId{Kind::index, "", "", "", ""}); it != database->objects.end() && it->first.kind == Kind::index; ++it) {
        const Index& index = std::get<Index>(it->second.body);
        if (!index.parent && !index.partitioned) continue;
        neighbours[it->first];
        if (!index.parent) continue;
        neighbours[it->first].insert(parent_of(index));
        neighbours[parent_of(index)].insert(it->first);
      }
    }
    std::vector<Ids> out;
    Ids seen;
    for (const auto& [start, unused] : neighbours) {
      if (seen.contains(start)) continue;
      Ids members;
      std::vector<ObjectId> queue{start};
      while (!queue.empty()) {
        const ObjectId id = queue.back();
        queue.pop_back();
        if (!seen.insert(id).second) continue;
        members.insert(id);
        for (const ObjectId& next : neighbours.at(id)) queue.push_back(next);
      }
      // The parts of a table that is new come with it.
      std::erase_if(members, [&](const ObjectId& id) {
        const Index* index = index_in(p_.to, id);
        return index && !index_in(p_.from, id) && p_.created.contains(table_of(id, *index));
      });
      out.push_back(std::move(members));
    }
    return out;
  }

  // ALTER COLUMN … TYPE converts plain indexes with the column; where a second table takes its place they are that one's.
  bool carried_along(const Ids& members) const {
    return std::all_of(members.begin(), members.end(), [&](const ObjectId& id) {
      const Index* index = index_in(p_.from, id);
      if (!index) return true;
      if (!index->constraint.empty() || !index->predicate.empty() || std::find(index->columns.begin(), index->columns.end(), "") != index->columns.end()) return false;
      ObjectId table = table_of(id, *index);
      for (const auto* body = p_.from.find_body<Table>(table); body && body->partition_of; body = p_.from.find_body<Table>(table)) table = table_id(*body->partition_of);
      return !must_exchange(p_, table);
    });
  }

  static bool renames_in(const diff::Rename& rename, const ObjectId& table) { return rename.to.kind == Kind::column && rename.to.schema == table.schema && rename.to.relation == table.name; }

  // What changes with the tables themselves is theirs to plan. A column that only gets another name has it when the parts are built.
  bool tables_stay(const Ids& members) const {
    Ids tables;
    for (const ObjectId& id : members) {
      for (const Database* database : {&p_.from, &p_.to}) {
        if (const Index* index = index_in(*database, id)) tables.insert(table_of(id, *index));
      }
    }
    const bool carried = carried_along(members);
    const auto moves = [&](const ObjectId& id) {
      auto it = p_.altered.find(id);
      if (it == p_.altered.end()) return false;
      const auto& aspects = it->second;
      if (id.kind == Kind::column) return (aspects.contains(Aspect::type) && !carried) || aspects.contains(Aspect::generated);
      return aspects.contains(Aspect::partition) || aspects.contains(Aspect::definition) || aspects.contains(Aspect::inheritance);
    };
    const auto of_exchanged_type = [&](const ObjectId& column) {
      const Object* before = p_.from.find(column);
      return before && std::any_of(before->depends_on.begin(), before->depends_on.end(), [&](const ObjectId& id) { return is_exchanged_type(p_, id); });
    };
    return std::all_of(tables.begin(), tables.end(), [&](const ObjectId& table) {
      if (!p_.from.find(table) || !p_.to.find(table) || moves(table)) return false;
      for (const Object* member : Planner::members(p_.to, table)) {
        if (member->id.kind == Kind::column && (moves(member->id) || of_exchanged_type(member->id))) return false;
      }
      return std::none_of(p_.renames.begin(), p_.renames.end(), [&](const diff::Rename& rename) { return renames_in(rename, table) && (!p_.to.find(rename.to) || moves(rename.to)); });
    });
  }

  // A foreign key that stays points at a key that would go.
  bool referenced(const Database& database, const Ids& goes) const {
    return std::any_of(database.objects.begin(), database.objects.end(), [&](const auto& entry) {
      const auto* key = std::get_if<Constraint>(&entry.second.body);
      if (!key || key->type != ConstraintType::foreign_key || !p_.from.find(entry.first) || !p_.to.find(entry.first)) return false;
      return std::any_of(entry.second.depends_on.begin(), entry.second.depends_on.end(), [&](const ObjectId& id) {
        if (id.kind == Kind::index) return goes.contains(id);
        return id.kind == Kind::constraint && goes.contains(ObjectId{Kind::index, id.schema, "", id.name, ""});
      });
    });
  }

  bool concerned(const Ids& members) const {
    const auto any_in = [&](const Database& database) {
      return std::any_of(members.begin(), members.end(), [&](const ObjectId& id) { return index_in(database, id) != nullptr; });
    };
    const Ids forward = going(p_.from, p_.to, members), back = going(p_.to, p_.from, members);
    const bool both = any_in(p_.from) && any_in(p_.to);
    const bool changes = (both && !(forward.empty() && back.empty())) ||
                         (!both && (key_under_index(p_.from, members, {}) || key_under_index(p_.to, members, {})));
    return changes && tables_stay(members) && !referenced(p_.from, forward) && !referenced(p_.to, back);
  }

  Phase phase_of(const Ids& members, const Way& way) const {
    Phase phase = Phase::expand;
    for (const ObjectId& id : members) {
      const Index *old_index = index_in(p_.from, id), *new_index = index_in(p_.to, id);
      if (old_index && (!new_index || (way.goes.contains(id) && !old_index->constraint.empty()))) phase = Phase::contract;
      if (new_index && !(old_index && !way.goes.contains(id))) phase = std::max(phase, index_phase(p_, p_.to.objects.at(id)));
    }
    return phase;
  }

  void exchange(const Ids& members) {
    const Way way = lead(p_, p_.from, p_.to, members, "new"), back = lead(p_, p_.to, p_.from, members, "old");
    const std::string arrived = stands(p_.to, members, back.builds), returned = stands(p_.from, members, way.builds);
    const Phase phase = phase_of(members, way);
    std::vector<std::size_t> built;
    for (const auto& [id, name] : way.builds) {
      const Object& object = p_.to.objects.at(id);
      const Index& index = std::get<Index>(object.body);
      Action undo = drop_index_concurrently(id, name);
      if (name == id.name) undo.todo = fmt::format("NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass({}))", sql::quote_literal(quoted_name(id)));
      Operation& build = p_.add(phase, "build", id, build_index(id, index, name, negate(arrived)), std::move(undo));
      for (const ObjectId& needed : object.depends_on) {
        if (needed.kind != Kind::index && needed.kind != Kind::constraint) build.needs.insert(needed);
      }
      build.detaches.insert(id);
      build.step.preconditions = unique_precondition(p_, id, index);
      build.step.effects = {{{id.schema, index.table}, effects::LockMode::share_update_exclusive, effects::Work::index_build}};
      built.push_back(p_.operations.size() - 1);
    }
    const Database& described = std::any_of(members.begin(), members.end(), [&](const ObjectId& id) { return index_in(p_.to, id); }) ? p_.to : p_.from;
    const ObjectId root = downwards(described, members).front();
    Operation& operation = p_.add(phase, "change all parts of", root, brief(way.exchange, negate(arrived)), brief(back.exchange, negate(returned)));
    operation.after = built;
    operation.groupable = false;
    std::set<QualifiedName> tables;
    for (const ObjectId& id : members) {
      const Index *old_index = index_in(p_.from, id), *new_index = index_in(p_.to, id);
      for (const Index* index : {old_index, new_index}) {
        if (index) tables.insert({id.schema, index->table});
      }
      const bool kept = old_index && !way.goes.contains(id);
      if (old_index && !kept) take(operation.removes, id, *old_index, true);
      if (new_index && !kept) take(operation.provides, id, *new_index, true);
      if (kept) {
        operation.detaches.insert(id);
        take(operation.provides, id, *new_index, false);
      }
      if (new_index) {
        const auto& needs = p_.to.objects.at(id).depends_on;
        operation.needs.insert(needs.begin(), needs.end());
      }
    }
    for (const ObjectId& id : operation.provides) operation.needs.erase(id);
    for (const ObjectId& id : members) operation.needs.erase(id);
    operation.step.tables.assign(tables.begin(), tables.end());
    for (const QualifiedName& table : tables) operation.step.effects.push_back({table, effects::LockMode::access_exclusive, effects::Work::none});
    const std::size_t exchanged = p_.operations.size() - 1;
    for (const auto& [id, name] : back.builds) {
      Operation& build = p_.add(phase, "way back: build", id, Action{}, build_index(id, *index_in(p_.from, id), name, negate(returned)));
      build.after.push_back(exchanged);
      build.detaches.insert(id);
    }
  }

  // The index and its constraint are taken care of; of those that stay, what makes their place.
  void take(Ids& into, const ObjectId& id, const Index& index, bool whole) {
    for (const ObjectId& part : {id, key_of(id, index)}) {
      if (part.kind == Kind::constraint && index.constraint.empty()) continue;
      if (whole || !p_.from.find(part)) {
        p_.take(part);
        into.insert(part);
        continue;
      }
      for (const Aspect aspect : {Aspect::definition, Aspect::validated, Aspect::partition_parent, Aspect::local}) p_.claim(part, aspect);
    }
  }
};

// As the server names the index of a partition that comes with its parent's: where the name is free.
std::string chosen_name(const Database& database, const ObjectId& id) {
  const Index& index = *index_in(database, id);
  const Constraint* key = key_in(database, id);
  if (key && key->type == ConstraintType::primary_key) return index.table + "_pkey";
  std::string columns;
  for (const auto* list : {&index.columns, &index.include}) {
    for (const std::string& column : *list) columns += "_" + (column.empty() ? "expr" : column);
  }
  return index.table + columns + (key ? "_key" : "_idx");
}

}  // namespace

Statements restore_parts_of_indexes(const Database& database, const ObjectId& column) {
  Ids parts;
  std::set<std::string> chosen;
  bool differs = false;
  for (const QualifiedName& table : Planner::descendants(database, {column.schema, column.relation})) {
    for (const Object* member : Planner::members(database, table_id(table))) {
      const Index* index = index_in(database, member->id);
      if (!index || !index->parent) continue;
      const auto* key = key_in(database, member->id);  // whose index depends on it alone
      const std::set<ObjectId>& reads = key ? database.objects.at(key_of(member->id, *index)).depends_on : member->depends_on;
      if (!reads.contains(column_id(table.schema, table.name, column.name))) continue;
      const bool computes = !index->predicate.empty() || std::find(index->columns.begin(), index->columns.end(), "") != index->columns.end();
      if (!key && computes) continue;  // is dropped before and made again after it
      parts.insert(member->id);
      const Index* above = index_in(database, parent_of(*index));
      differs = differs || member->id.name != chosen_name(database, member->id) || !chosen.insert(member->id.name).second || (above && above->options != index->options);
    }
  }
  if (!differs) return {};
  std::string values;
  Statements names, options;
  std::map<QualifiedName, QualifiedName> parked;
  for (const ObjectId& id : downwards(database, parts)) {
    const Index& index = *index_in(database, id);
    const QualifiedName spare{id.schema, fmt::format("contraflow_part_{}", parked.size() + 1)};
    const auto above = parked.find(*index.parent);
    values += fmt::format("{}({}, {}, {})", values.empty() ? "" : ", ", sql::quote_literal(sql::quote(QualifiedName{id.schema, index.table})),
                          sql::quote_literal(sql::quote(above == parked.end() ? *index.parent : above->second)), sql::quote_literal(spare.name));
    parked.emplace(QualifiedName{id.schema, id.name}, spare);
    names.push_back(fmt::format("ALTER INDEX {} RENAME TO {}", sql::quote(spare), sql::quote_identifier(id.name)));
    const Index* over = index_in(database, parent_of(index));
    if (over && over->options != index.options) append(options, alter_index_options(id, over->options, index.options));
    append(options, describe_state(database.objects.at(id), database));
  }
  Statements out{fmt::format(
      "DO $parts$ DECLARE part record; BEGIN\n  FOR part IN SELECT * FROM (VALUES {}) AS v (home, parent, name) LOOP\n"
      "    EXECUTE (SELECT format('ALTER INDEX %s RENAME TO %I', i.indexrelid::regclass, part.name) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_inherits h ON h.inhrelid = i.indexrelid\n"
      "      WHERE h.inhparent = to_regclass(part.parent) AND i.indrelid = to_regclass(part.home));\n  END LOOP;\nEND $parts$",
      values)};
  append(out, std::move(names));
  append(out, std::move(options));
  return out;
}

void plan_index_trees(Planner& planner) { Trees(planner).run(); }

}  // namespace contraflow::plan
