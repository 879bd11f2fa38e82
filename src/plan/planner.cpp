// SPDX-License-Identifier: Apache-2.0
#include "plan/planner.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "catalog/ddl.h"
#include "effects/operation.h"

namespace contraflow::plan {

using namespace catalog;

Planner::Planner(const Database& from_schema, const Database& to_schema, const diff::Difference& difference,
                 const Options& user_options)
    : from(from_schema), to(to_schema), options(user_options), renames(user_options.renames) {
  for (const diff::Change& change : difference.changes) {
    if (const auto* create = std::get_if<diff::Create>(&change)) created.insert(create->id);
    if (const auto* drop = std::get_if<diff::Drop>(&change)) dropped.insert(drop->id);
    if (const auto* alter = std::get_if<diff::Alter>(&change)) altered[alter->id].insert(alter->aspect);
  }
  // The objects come in the order of their names: each is the last of its set, and neighbours depend on the same.
  auto last = dependents.end();
  for (const auto& [id, object] : from.objects) {
    for (const ObjectId& dependency : object.depends_on) {
      if (last == dependents.end() || last->first != dependency) last = dependents.try_emplace(dependency).first;
      last->second.insert(last->second.end(), id);
    }
  }
}

bool Planner::has(const ObjectId& id, Aspect aspect) const {
  auto it = altered.find(id);
  return it != altered.end() && it->second.contains(aspect) && !handled.contains({id, aspect});
}

bool Planner::claim(const ObjectId& id, Aspect aspect) {
  if (!has(id, aspect)) return false;
  handled.insert({id, aspect});
  return true;
}

namespace {

// What almost every command on a table, or on what belongs to one, locks that was there before. Strategies that know better say so.
std::vector<effects::Effect> usual_effects(const Database& from, const Object& object, const QualifiedName& table, const Action& forward) {
  const bool at_once = !forward.statements.empty() && (forward.mode == Mode::brief || forward.mode == Mode::blocking);
  const Kind kind = object.id.kind;
  if (!at_once || table.name.empty() || kind == Kind::index || kind == Kind::statistics || !Planner::relation(from, table.schema, table.name)) return {};
  const bool new_trigger = kind == Kind::trigger && !from.find(object.id);
  return {{table, effects::lock_of(new_trigger ? effects::Operation::create_trigger : effects::Operation::alter_column, from.major()), effects::Work::none}};
}

}  // namespace

Operation& Planner::add(Phase phase, std::string verb, const ObjectId& subject, Action forward, Action undo, Grade grade) {
  Operation operation;
  operation.step.phase = phase;
  operation.step.title = verb + " " + describe(subject);
  operation.step.id = fmt::format("{}.{}", phase_name(phase), replace_all(operation.step.title, " ", "-"));
  operation.step.forward = std::move(forward);
  operation.step.undo = std::move(undo);
  operation.step.grade = grade;
  const Object* object = to.find(subject);
  const Database& database = object ? to : from;
  if (!object) object = from.find(subject);
  if (object) {
    const QualifiedName table = home(database, *object);
    if (!table.name.empty()) operation.step.tables.push_back(table);
    operation.step.effects = usual_effects(from, *object, table, operation.step.forward);
  }
  operations.push_back(std::move(operation));
  return operations.back();
}

bool Planner::is_small(const QualifiedName& table) const {
  const Object* object = relation(from, table.schema, table.name);
  if (!object) return true;  // made by this plan
  const auto known_small = [&](const QualifiedName& name) {
    auto it = from.sizes.find(name);
    return it != from.sizes.end() && it->second.bytes <= kSmallTableBytes;
  };
  long long total = 0;
  std::vector<QualifiedName> all = descendants(from, table);
  all.push_back(table);
  for (const QualifiedName& name : all) {
    const auto* body = from.find_body<Table>(ObjectId{Kind::table, name.schema, "", name.name, ""});
    if (body && body->partitioned) continue;  // holds no rows itself
    if (!known_small(name)) return false;
    total += from.sizes.at(name).bytes;
  }
  return total <= kSmallTableBytes;
}

bool Planner::allow_blocking(Action& action, const std::string& kind, const std::vector<QualifiedName>& tables, const std::string& what,
                             effects::LockMode lock, const std::string& instead) {
  std::vector<QualifiedName> large;
  for (const QualifiedName& table : tables) {
    if (!is_small(table)) large.push_back(table);
  }
  action.mode = Mode::blocking;
  if (large.empty()) {
    for (const QualifiedName& table : tables) {
      if (relation(from, table.schema, table.name)) action.small_tables.push_back(table);
    }
    return true;
  }
  if (options.allow_blocking.contains(kind)) return true;
  std::vector<std::string> names;
  for (const QualifiedName& table : large) names.push_back(sql::quote(table));
  refuse(fmt::format("{} has no online way: it holds {} on {} (blocks {}) for work that grows with the data; allow it with --allow-blocking {}{}", what,
                     effects::lock_name(lock), contraflow::join(names, ", "), lock == effects::LockMode::access_exclusive ? "reads and writes" : "writes", kind,
                     instead.empty() ? "" : ", or " + instead));
  return false;
}

namespace {

// `name__suffix` within 63 bytes; a name that would be cut gets part of its hash, so that two of them stay apart.
std::string suffixed(const std::string& name, std::string_view suffix, int attempt) {
  const std::string tail = fmt::format("__{}{}", suffix, attempt == 0 ? "" : std::to_string(attempt + 1));
  if (name.size() + tail.size() <= 63) return name + tail;
  const std::string hash = "_" + md5(name).substr(0, 6);
  std::string head = name.substr(0, 63 - tail.size() - hash.size());
  while (!head.empty() && (static_cast<unsigned char>(head.back()) & 0x80U) != 0) head.pop_back();
  return head + hash + tail;
}

template <class Taken>
std::string spare(const std::string& name, std::string_view suffix, Taken taken) {
  for (int attempt = 0;; ++attempt) {
    std::string candidate = suffixed(name, suffix, attempt);
    if (!taken(candidate)) return candidate;
  }
}

}  // namespace

std::string Planner::spare_column(const std::string& schema, const std::string& table, const std::string& name,
                                  std::string_view suffix) const {
  return spare(name, suffix, [&](const std::string& candidate) {
    const ObjectId id = column_id(schema, table, candidate);
    return from.find(id) || to.find(id);
  });
}

std::string Planner::spare_relation(const std::string& schema, const std::string& name, std::string_view suffix) const {
  return spare(name, suffix, [&](const std::string& candidate) {
    for (const Kind kind : {Kind::table, Kind::foreign_table, Kind::view, Kind::materialized_view, Kind::index, Kind::sequence,
                            Kind::composite_type, Kind::enum_type, Kind::domain, Kind::range_type, Kind::base_type}) {
      const ObjectId id{kind, schema, "", candidate, ""};
      if (from.find(id) || to.find(id)) return true;
    }
    return false;
  });
}

std::string Planner::spare_constraint(const std::string& schema, const std::string& table, const std::string& name,
                                      std::string_view suffix) const {
  return spare(name, suffix, [&](const std::string& candidate) {
    const ObjectId id{Kind::constraint, schema, table, candidate, ""};
    return from.find(id) || to.find(id);
  });
}

const Object* Planner::type_named(const Database& database, Kind kind, const std::string& type) {
  for (auto it = database.objects.lower_bound(ObjectId{kind, "", "", "", ""}); it != database.objects.end() && it->first.kind == kind; ++it) {
    if (sql::quote(QualifiedName{it->first.schema, it->first.name}) == type) return &it->second;
  }
  return nullptr;
}

const Object* Planner::relation(const Database& database, const std::string& schema, const std::string& name) {
  for (const Kind kind : {Kind::table, Kind::view, Kind::materialized_view, Kind::foreign_table}) {
    if (const Object* object = database.find(ObjectId{kind, schema, "", name, ""})) return object;
  }
  return nullptr;
}

QualifiedName Planner::home(const Database&, const Object& object) {
  const ObjectId& id = object.id;
  switch (id.kind) {
    case Kind::column:
    case Kind::constraint:
    case Kind::trigger:
    case Kind::rule:
    case Kind::policy: return {id.schema, id.relation};
    case Kind::index: return {id.schema, std::get<Index>(object.body).table};
    case Kind::statistics: return std::get<StatisticsObject>(object.body).table;
    case Kind::table:
    case Kind::foreign_table:
    case Kind::view:
    case Kind::materialized_view: return {id.schema, id.name};
    default: return {};
  }
}

namespace {

void add_members(const Database& database, Kind kind, const ObjectId& table, std::vector<const Object*>& out) {
  const ObjectId first{kind, table.schema, table.name, "", ""};
  for (auto it = database.objects.lower_bound(first); it != database.objects.end(); ++it) {
    if (it->first.kind != kind || it->first.schema != table.schema || it->first.relation != table.name) break;
    out.push_back(&it->second);
  }
}

}  // namespace

std::vector<const Object*> Planner::columns(const Database& database, const ObjectId& table) {
  std::vector<const Object*> out;
  add_members(database, Kind::column, table, out);
  return out;
}

std::vector<const Object*> Planner::members(const Database& database, const ObjectId& table) {
  std::vector<const Object*> out;
  for (const Kind kind : {Kind::column, Kind::constraint, Kind::rule, Kind::trigger, Kind::policy}) add_members(database, kind, table, out);
  const ObjectId first_index{Kind::index, table.schema, "", "", ""};
  for (auto it = database.objects.lower_bound(first_index); it != database.objects.end(); ++it) {
    if (it->first.kind != Kind::index || it->first.schema != table.schema) break;
    if (std::get<Index>(it->second.body).table == table.name) out.push_back(&it->second);
  }
  for (auto it = database.objects.lower_bound(ObjectId{Kind::statistics, "", "", "", ""});
       it != database.objects.end() && it->first.kind == Kind::statistics; ++it) {
    if (std::get<StatisticsObject>(it->second.body).table == QualifiedName{table.schema, table.name}) out.push_back(&it->second);
  }
  return out;
}

std::vector<QualifiedName> Planner::children(const Database& database, const QualifiedName& table) {
  std::vector<QualifiedName> out;
  for (const Kind kind : {Kind::table, Kind::foreign_table}) {
    for (auto it = database.objects.lower_bound(ObjectId{kind, "", "", "", ""});
         it != database.objects.end() && it->first.kind == kind; ++it) {
      const auto child_of = [&](const auto& body) {
        return body.partition_of == table ||
               std::find(body.inherits.begin(), body.inherits.end(), table) != body.inherits.end();
      };
      const bool child = kind == Kind::table ? child_of(std::get<Table>(it->second.body))
                                             : child_of(std::get<ForeignTable>(it->second.body));
      if (child) out.push_back({it->first.schema, it->first.name});
    }
  }
  return out;
}

std::vector<QualifiedName> Planner::descendants(const Database& database, const QualifiedName& table) {
  std::vector<QualifiedName> out = children(database, table);
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (QualifiedName& child : children(database, out[i])) {
      if (std::find(out.begin(), out.end(), child) == out.end()) out.push_back(std::move(child));
    }
  }
  return out;
}

std::set<ObjectId> Planner::with_copies(const Database& database, const ObjectId& column) {
  std::set<ObjectId> out{column};
  for (const QualifiedName& table : descendants(database, {column.schema, column.relation})) {
    const ObjectId copy = column_id(table.schema, table.name, column.name);
    const auto* body = database.find_body<Column>(copy);
    if (body && body->inherited && !body->local) out.insert(copy);
  }
  return out;
}

std::string option_key(const ObjectId& column) { return fmt::format("{}.{}.{}", column.schema, column.relation, column.name); }

std::string alter_table(const Database& database, const std::string& schema, const std::string& table, bool only) {
  const bool foreign = database.find(ObjectId{Kind::foreign_table, schema, "", table, ""}) != nullptr;
  return fmt::format("ALTER {}TABLE {}{}", foreign ? "FOREIGN " : "", only ? "ONLY " : "", sql::quote(QualifiedName{schema, table}));
}

Action brief(Statements statements, std::string todo) {
  Action action;
  action.mode = statements.empty() ? Mode::none : Mode::brief;
  action.statements = std::move(statements);
  action.todo = std::move(todo);
  return action;
}

Action scan(Statements statements, std::string todo) {
  Action action = brief(std::move(statements), std::move(todo));
  action.mode = Mode::scan;
  return action;
}

Action concurrent(std::string statement, std::string todo) {
  Action action = brief({std::move(statement)}, std::move(todo));
  action.mode = Mode::concurrent;
  return action;
}

Action blocking(Statements statements, std::string todo) {
  Action action = brief(std::move(statements), std::move(todo));
  action.mode = Mode::blocking;
  return action;
}

}  // namespace contraflow::plan
