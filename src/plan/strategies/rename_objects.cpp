// SPDX-License-Identifier: Apache-2.0
//
// Renames of everything but columns. A table keeps its old name as an updatable view until contract; indexes, constraints and
// what else no query names are renamed at once; types, sequences, schemas and enum values wait for contract.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "catalog/ddl.h"
#include "catalog/rename.h"
#include "plan/planner.h"
#include "sql/rewrite_definition.h"

namespace contraflow::plan {

using namespace catalog;

std::string old_column_name(const Planner& p, const ObjectId& column) {
  for (const diff::Rename& rename : p.renames) {
    if (rename.from.kind != Kind::column || rename.to.name != column.name) continue;
    if (rename.to == column || Planner::with_copies(p.from, rename.to).contains(column)) return rename.from.name;  // a partition's follows its parent's
  }
  return column.name;
}

namespace {

// What the object is called just before it is renamed: its table has its new name already.
ObjectId before(const Planner& p, const diff::Rename& rename) {
  ObjectId id = rename.to;
  id.name = rename.from.name;
  if (is_moved(rename, p.renames)) id.schema = schema_of_before(rename, p.renames);
  return id;
}

Statements rename_statements(const Planner& p, const ObjectId& now, const ObjectId& then) {
  return move_statements(now, then, [&](const ObjectId& id) { return name_is_taken(p.from, id) || name_is_taken(p.to, id); });
}

ObjectId schema_id(const std::string& name) { return relation_id(Kind::schema, "", name); }

bool is_table(const ObjectId& id) { return id.kind == Kind::table || id.kind == Kind::foreign_table; }

// Who has privileges on single columns.
std::set<std::string> roles_of_columns(const std::vector<const Object*>& columns) {
  std::set<std::string> out;
  for (const Object* column : columns) {
    for (const Grant& grant : column->grants) out.insert(grant.grantee.empty() ? "PUBLIC" : grant.grantee);
  }
  return out;
}

// The view that answers to the old name.
Object old_name_view(const Planner& p, const diff::Rename& rename) {
  const Object& table = p.from.objects.at(rename.to);
  std::vector<const Object*> columns;
  for (const Object* member : Planner::members(p.from, rename.to)) {
    if (member->id.kind == Kind::column) columns.push_back(member);
  }
  std::sort(columns.begin(), columns.end(),
            [](const Object* a, const Object* b) { return std::get<Column>(a->body).position < std::get<Column>(b->body).position; });
  View view;
  std::vector<std::string> names;
  for (const Object* column : columns) {
    const std::string name = old_column_name(p, column->id);
    names.push_back(sql::quote_identifier(name));
    view.columns.push_back({name, std::get<Column>(column->body).type, "", "", {}, column->grants});
  }
  view.definition = fmt::format("SELECT {} FROM {}", contraflow::join(names, ", "), quoted_name(rename.to));
  // Row security and privileges are then the caller's, as on the table itself. But the caller is asked for privileges on all columns that the view names: without
  // row security the owner's do, and who may see which column the view's own privileges say.
  const auto* body = std::get_if<Table>(&table.body);
  if (p.from.major() >= 15 && ((body && body->row_security) || roles_of_columns(columns).empty())) view.options["security_invoker"] = "true";
  Object object;
  object.id = before(p, rename);
  object.id.kind = Kind::view;
  object.owner = table.owner;
  object.grants = table.grants;
  object.default_grants = table.default_grants;
  object.comment = "contraflow: the old name of " + quoted_name(rename.to);
  object.body = std::move(view);
  return object;
}

std::string is_old_name_view(const Object& view) {
  return all_of({exists(view.id), fmt::format("obj_description(to_regclass({}), 'pg_class') = {}", sql::quote_literal(quoted_name(view.id)),
                                              sql::quote_literal(*view.comment))});
}

void name_step(const Planner& p, Operation& operation, const diff::Rename& rename, Phase phase) {
  const bool moved = is_moved(rename, p.renames);
  const char* verb = moved ? "move" : "rename";
  operation.step.title = fmt::format("{} {} to {}", verb, describe_renamed(rename.from), moved ? quoted_name(rename.to) : sql::quote_identifier(rename.to.name));
  operation.step.id = fmt::format("{}.{}-{}", phase_name(phase), verb, replace_all(describe_renamed(rename.from), " ", "-"));
  if (moved) operation.needs.insert(schema_id(rename.to.schema));
}

// What a table takes along to the other schema, and what lies in its old one and has meant it.
void note_move(const Planner& p, const diff::Rename& rename, Step& step) {
  std::vector<std::string> sequences;
  for (const auto& [id, object] : p.from.objects) {
    const auto* sequence = std::get_if<Sequence>(&object.body);
    const auto* column = std::get_if<Column>(&object.body);
    const ObjectId* of = sequence && sequence->owned_by ? &*sequence->owned_by : column && column->identity != Identity::none ? &id
                                                                                                                              : nullptr;
    if (!of || of->schema != rename.to.schema || of->relation != rename.to.name) continue;
    sequences.push_back(sequence ? quoted_name(id) : sql::quote(column->identity_sequence));
  }
  step.notes.push_back(fmt::format("who uses {} under its new name needs USAGE on schema {}; through the view of its old name nobody does", describe(rename.to),
                                   sql::quote_identifier(rename.to.schema)));
  if (!sequences.empty()) {
    step.notes.push_back(fmt::format("{} goes along in expand: nextval() and currval() by the name in the old schema fail from then on, column defaults do not",
                                     contraflow::join(sequences, ", ")));
  }
}

void rename_table(Planner& p, const diff::Rename& rename) {
  const Object& table = p.from.objects.at(rename.to);
  const ObjectId old = before(p, rename);
  if (Planner::relation(p.from, old.schema, old.name)) {
    p.refuse(fmt::format("renaming {}: its old name is taken at once by another rename, so it cannot go on answering to it; make two plans", describe(rename.from)));
    return;
  }
  const auto* body = std::get_if<Table>(&table.body);
  if (body && body->row_security && p.from.major() < 15) {
    p.refuse(fmt::format("renaming {}: it has row security, and a view under the old name would evade it before PostgreSQL 15 (security_invoker)", describe(rename.from)));
    return;
  }
  const Object view = old_name_view(p, rename);
  const Statements make_view = create_all(view, p.from);
  const std::string drop_view = fmt::format("DROP VIEW IF EXISTS {}", quoted_name(view.id));
  Statements forward = rename_statements(p, old, rename.to), back{drop_view};
  append(forward, make_view);
  append(back, rename_statements(p, rename.to, old));
  Operation& operation = p.add(Phase::expand, "rename", rename.to, brief(std::move(forward), all_of({exists(old), absent(rename.to)})),
                               brief(std::move(back), all_of({exists(rename.to), absent(old)})));
  name_step(p, operation, rename, Phase::expand);
  operation.step.effects = {{{old.schema, old.name}, effects::LockMode::access_exclusive, effects::Work::none}};
  operation.groupable = false;
  operation.step.notes.push_back(fmt::format(
      "{} answers to both names until contract: {} is a view that reads and writes {}. Through it these do not work: COPY into it, TRUNCATE, ON CONFLICT ON "
      "CONSTRAINT, system columns such as ctid, and GROUP BY of the primary key alone",
      describe(rename.to), quoted_name(old), quoted_name(rename.to)));
  std::vector<const Object*> columns;
  for (const Object* member : Planner::members(p.from, rename.to)) {
    if (member->id.kind == Kind::column) columns.push_back(member);
  }
  if (const std::set<std::string> roles = roles_of_columns(columns); body && body->row_security && !roles.empty()) {
    operation.step.notes.push_back(fmt::format(
        "roles with privileges on single columns of {} ({}) cannot use it by its old name: a view that keeps row security asks its caller for privileges on all columns. They use the new name "
        "from expand on",
        describe(rename.to), contraflow::join({roles.begin(), roles.end()}, ", ")));
  }
  for (const auto& [id, object] : p.from.objects) {
    if (id.kind == Kind::publication && object.depends_on.contains(rename.to)) {
      operation.step.notes.push_back(fmt::format("{} publishes {}: subscribers find their table by its name, rename it there at the same time", describe(id), describe(rename.from)));
    }
  }
  if (is_moved(rename, p.renames)) note_move(p, rename, operation.step);
  const std::size_t renamed_at = p.operations.size() - 1;
  Operation& farewell = p.add(Phase::contract, "drop the old name of", rename.to, brief({drop_view}, is_old_name_view(view)),
                              brief(make_view, fmt::format("to_regclass({}) IS NULL AND {}", sql::quote_literal(quoted_name(view.id)), exists(rename.to))));
  farewell.removes = {view.id, old};
  farewell.after.push_back(renamed_at);
  farewell.groupable = false;
  farewell.step.effects = {{{old.schema, old.name}, effects::LockMode::access_exclusive, effects::Work::none}};
  p.carried_renames.push_back({rename, renamed_at, renamed_at + 1});
}

}  // namespace

std::pair<Statements, Statements> old_name_again(const Planner& p, const ObjectId& table) {
  for (const Planner::CarriedRename& carried : p.carried_renames) {
    if (!is_table(carried.rename.to) || carried.rename.to != table) continue;
    const Object view = old_name_view(p, carried.rename);
    return {{fmt::format("DROP VIEW IF EXISTS {}", quoted_name(view.id))}, create_all(view, p.from)};
  }
  return {};
}

namespace {

void rename_simply(Planner& p, const diff::Rename& rename) {
  const ObjectId old = before(p, rename);
  Phase phase = Phase::contract;
  effects::LockMode lock = effects::LockMode::access_exclusive;
  // What the statement renames: a key goes with its index, under the weaker lock.
  ObjectId now = old, then = rename.to;
  std::string note;
  switch (rename.to.kind) {
    case Kind::constraint:
      phase = Phase::expand;
      if (const auto* constraint = p.from.find_body<Constraint>(rename.to); constraint && !constraint->index_name.empty()) {
        now = ObjectId{Kind::index, old.schema, "", old.name, ""};
        then = ObjectId{Kind::index, old.schema, "", rename.to.name, ""};
        lock = effects::LockMode::share_update_exclusive;
        note = fmt::format("{} gets its new name in expand: ON CONFLICT ON CONSTRAINT and code that reads the constraint's name from errors must know both names",
                           describe(rename.from));
      }
      break;
    case Kind::index:
      phase = Phase::expand;
      lock = effects::LockMode::share_update_exclusive;
      break;
    case Kind::statistics: lock = effects::LockMode::none; [[fallthrough]];
    case Kind::domain_constraint:
    case Kind::trigger:
    case Kind::rule:
    case Kind::policy: phase = Phase::expand; break;
    case Kind::sequence: note = fmt::format("{} has its new name from contract on: nextval() and currval() by the old name fail then", describe(rename.from)); break;
    case Kind::enum_type:
      note = is_enum_value(rename.to) ? fmt::format(
                                            "{} has its new name from contract on: clients that send or compare with the old one fail then, those that use the new one fail before: "
                                            "deploy a version that understands both first",
                                            describe_renamed(rename.from))
                                      : fmt::format("{} has its new name from contract on: casts to the old one fail then, casts to the new one before", describe(rename.from));
      break;
    case Kind::domain:
    case Kind::composite_type:
    case Kind::range_type: note = fmt::format("{} has its new name from contract on: casts to the old one fail then, casts to the new one before", describe(rename.from)); break;
    case Kind::schema:
      note = fmt::format("{} has its new name from contract on: whoever names it, in queries or in search_path, changes at that moment, and so do functions whose body is text",
                         describe(rename.from));
      break;
    default: p.refuse(fmt::format("renaming {} is not supported", describe(rename.from))); return;
  }
  const bool value = is_enum_value(rename.to);
  const ObjectId subject = value ? type_of_value(rename.to) : rename.to;
  const auto holds = [&](const ObjectId& is, const ObjectId& is_not) {
    if (value) return all_of({enum_has_label(subject, is.name), negate(enum_has_label(subject, is_not.name))});
    return all_of({exists(is), absent(is_not)});
  };
  Operation& operation = p.add(phase, "rename", subject, brief(rename_statements(p, now, then), holds(now, then)), brief(rename_statements(p, then, now), holds(then, now)));
  name_step(p, operation, rename, phase);
  if (!value) operation.removes.insert(old);
  if (!note.empty()) operation.step.notes.push_back(note);
  if (lock != effects::LockMode::none && !operation.step.tables.empty()) {
    operation.step.effects = {{operation.step.tables.front(), lock, effects::Work::none}};
  }
  p.carried_renames.push_back({rename, p.operations.size() - 1, {}});
}

// A routine whose text names the value before and after: while only one of the two has changed, each call of it fails.
bool replaces_routine_of(const Planner& p, const Operation& operation, const diff::Rename& rename) {
  const Step& step = operation.step;
  if (operation.provides.size() != 1 || operation.provides.begin()->kind != Kind::routine || step.forward.mode != Mode::brief || step.undo.mode != Mode::brief || !step.forward.todo.empty()) return false;
  const auto* before = p.from.find_body<Routine>(*operation.provides.begin());
  const auto* after = p.to.find_body<Routine>(*operation.provides.begin());
  return before && after && before->body.find(sql::quote_literal(rename.from.name)) != std::string::npos && after->body.find(sql::quote_literal(rename.to.name)) != std::string::npos;
}

// Both in the transaction of the first; nothing is left of the other.
void join(Planner& p, std::size_t first, std::size_t other) {
  Operation &operation = p.operations[first], &joining = p.operations[other];
  operation.step.title += "; " + joining.step.title;
  append(operation.step.forward.statements, joining.step.forward.statements);
  append(operation.step.undo.statements, joining.step.undo.statements);
  joining.step.forward = joining.step.undo = Action{};
  for (const std::size_t before : joining.after) {
    if (before == first) continue;
    operation.after.push_back(before);
    // What only the way back does follows it there: in the same phase.
    if (p.operations[before].step.forward.empty()) p.operations[before].step.phase = std::max(p.operations[before].step.phase, operation.step.phase);
  }
}

std::string text_of(const Action& action) {
  std::string out = contraflow::join(action.statements, "\n") + "\n" + action.todo;
  if (action.backfill) out += "\n" + sql::quote(action.backfill->table) + "\n" + action.backfill->assignments + "\n" + action.backfill->pending;
  return out;
}

std::string text_of(const Operation& operation) {
  std::string out = text_of(operation.step.forward) + "\n" + text_of(operation.step.undo);
  for (const Precondition& precondition : operation.step.preconditions) out += "\n" + precondition.query;
  return out;
}

bool is_part_of_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '"' || (c & 0x80) != 0; }

// As a whole name, not as the beginning of a longer one.
bool mentions(const std::string& text, const std::string& name) {
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    const bool begins = at == 0 || !is_part_of_word(text[at - 1]) || !is_part_of_word(name.front());
    const bool ends = end == text.size() || !is_part_of_word(text[end]) || !is_part_of_word(name.back());
    if (begins && ends) return true;
  }
  return false;
}

bool uses_new_name(const Operation& operation, const std::string& text, const diff::Rename& rename) {
  if (is_enum_value(rename.to)) return mentions(text, sql::quote_literal(rename.to.name)) && mentions(text, quoted_name(type_of_value(rename.to)));
  if (rename.to.kind == Kind::schema) {
    const std::string name = sql::quote_identifier(rename.to.name);
    return mentions(text, name + ".") || mentions(text, "SCHEMA " + name);  // what it holds, or its own privileges and comment
  }
  if (is_table(rename.to)) {
    const QualifiedName name{rename.to.schema, rename.to.name};
    if (std::find(operation.step.tables.begin(), operation.step.tables.end(), name) != operation.step.tables.end()) return true;
  }
  // Parts of a table by their bare name, together with the table.
  if (!rename.to.relation.empty()) {
    return mentions(text, sql::quote_identifier(rename.to.name)) && mentions(text, sql::quote(QualifiedName{rename.to.schema, rename.to.relation}));
  }
  return mentions(text, quoted_name(rename.to)) || operation.needs.contains(rename.to) || operation.detaches.contains(rename.to) || operation.removes.contains(rename.to);
}

// A view stands in the way of these.
bool changes_shape(const std::string& text) {
  return text.find(" DROP COLUMN ") != std::string::npos || (text.find(" ALTER COLUMN ") != std::string::npos && text.find(" TYPE ") != std::string::npos);
}

}  // namespace

void plan_renames(Planner& p) {
  for (const diff::Rename& rename : p.renames) {
    if (rename.to.kind == Kind::column) continue;
    is_table(rename.to) ? rename_table(p, rename) : rename_simply(p, rename);
  }
}

namespace {

// What goes with a column whose place a second one takes goes before that; on the way back it comes again on the original, which has its old name then.
bool leaves_with_original(const Planner& p, const Operation& operation, const std::set<ObjectId>& spelled) {
  std::set<ObjectId> goes = operation.removes;
  goes.insert(operation.detaches.begin(), operation.detaches.end());
  if (operation.step.phase == Phase::purge || goes.empty() || !operation.provides.empty()) return false;
  return std::all_of(goes.begin(), goes.end(), [&](const ObjectId& id) {
    return p.dropped.contains(id) && spelled.contains(id) && id.kind != Kind::column && id.kind != Kind::table && id.kind != Kind::materialized_view;
  });
}

void come_back_on_original(const Planner& p, Operation& operation, const Planner::RenamedColumn& column) {
  Action& undo = operation.step.undo;
  if (undo.empty()) return;
  const ObjectId original = column_id(column.id.schema, column.id.relation, column.old_name);
  undo.todo = all_of({exists(original), exists(column.id), undo.todo});
  if (undo.mode == Mode::concurrent) {
    for (std::string& statement : undo.statements) {
      if (undo.builds_index && statement.starts_with("CREATE ")) statement = sql::index_over(statement, undo.builds_index->name, {{column.id.name, column.old_name}}, true);
    }
  } else if (undo.mode == Mode::brief || undo.mode == Mode::blocking) {
    const auto rename = [&](const std::string& a, const std::string& b) {
      return fmt::format("{} RENAME COLUMN {} TO {}", alter_table(p.from, column.id.schema, column.id.relation), sql::quote_identifier(a), sql::quote_identifier(b));
    };
    const std::string parked = p.spare_column(column.id.schema, column.id.relation, column.id.name, "swap");
    const catalog::Statements dress{rename(column.id.name, parked), rename(column.old_name, column.id.name)};
    undo.statements.insert(undo.statements.begin(), dress.begin(), dress.end());
    undo.statements.push_back(rename(column.id.name, column.old_name));
    undo.statements.push_back(rename(parked, column.id.name));
  }
}

// What is spelled with a column's new name works only after the swap, and its undo only before the swap back.
void order_after_renamed_columns(Planner& p) {
  std::set<std::pair<std::size_t, std::size_t>> leave_before;  // operation, swap
  std::vector<Planner::RenamedColumn> columns_renamed = p.renamed_columns;
  std::stable_partition(columns_renamed.begin(), columns_renamed.end(), [](const Planner::RenamedColumn& column) { return column.second; });
  for (const Planner::RenamedColumn& column : columns_renamed) {
    std::set<ObjectId> columns{column.id}, spelled;
    for (const QualifiedName& heir : Planner::descendants(p.to, {column.id.schema, column.id.relation})) {  // a column below is renamed with its parent's, also one that is declared there, too
      const ObjectId copy = column_id(heir.schema, heir.name, column.id.name);
      if (p.to.find(copy)) columns.insert(copy);
    }
    for (const ObjectId& one : columns) {
      spelled.insert(one);
      if (auto it = p.dependents.find(one); it != p.dependents.end()) spelled.insert(it->second.begin(), it->second.end());
    }
    for (const auto& [id, object] : p.to.objects) {
      if (std::any_of(object.depends_on.begin(), object.depends_on.end(), [&](const ObjectId& need) { return columns.contains(need); })) spelled.insert(id);
    }
    const std::string not_back = absent(column_id(column.id.schema, column.id.relation, column.old_name));
    for (std::size_t i = 0; i < p.operations.size(); ++i) {
      Operation& operation = p.operations[i];
      if (i == column.operation || std::find(operation.after.begin(), operation.after.end(), column.operation) != operation.after.end()) continue;  // part of the swap, or ordered by it
      const auto touches = [&](const std::set<ObjectId>& ids) {
        return std::any_of(ids.begin(), ids.end(), [&](const ObjectId& id) { return spelled.contains(id); });
      };
      if (!touches(operation.provides) && !touches(operation.removes) && !touches(operation.detaches)) continue;
      if (column.second && leaves_with_original(p, operation, spelled)) leave_before.emplace(i, column.operation);
      if (leave_before.contains({i, column.operation})) {
        p.operations[column.operation].after.push_back(i);
        come_back_on_original(p, operation, column);
        continue;
      }
      operation.after.push_back(column.operation);
      if (!operation.step.undo.empty()) operation.step.undo.todo = all_of({not_back, operation.step.undo.todo});
    }
  }
}

}  // namespace

void order_after_renames(Planner& p) {
  for (const diff::Rename& rename : p.renames) {
    if (rename.to.kind != Kind::column) continue;
    const QualifiedName table{rename.to.schema, rename.to.relation};
    const bool carried = std::any_of(p.operations.begin(), p.operations.end(), [&](const Operation& operation) {
      const auto& tables = operation.step.tables;
      return std::find(tables.begin(), tables.end(), table) != tables.end() && mentions(text_of(operation), sql::quote_identifier(rename.to.name));
    });
    if (!carried) p.refuse(fmt::format("renaming {} is not supported", describe(rename.from)));
  }
  const auto is_rename = [&](std::size_t i) {
    return std::any_of(p.carried_renames.begin(), p.carried_renames.end(), [&](const Planner::CarriedRename& carried) { return carried.operation == i; });
  };
  order_after_renamed_columns(p);
  if (p.carried_renames.empty()) return;
  // A schema goes when what moved out of it no longer answers to its old name there.
  for (Operation& operation : p.operations) {
    for (const Planner::CarriedRename& carried : p.carried_renames) {
      const ObjectId old = before(p, carried.rename);
      if (old.schema != carried.rename.to.schema && operation.removes.contains(schema_id(old.schema))) operation.after.push_back(carried.farewell.value_or(carried.operation));
    }
  }
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    Operation& operation = p.operations[i];
    const std::string text = text_of(operation);
    std::optional<std::size_t> joined;
    for (const Planner::CarriedRename& carried : p.carried_renames) {
      if (carried.operation == i || carried.farewell == i) continue;
      if (is_rename(i)) {
        // Of two renames the outer one comes first, and the one that gives a name up before the one that takes it.
        const diff::Rename& mine = std::find_if(p.carried_renames.begin(), p.carried_renames.end(), [&](const auto& c) { return c.operation == i; })->rename;
        const bool inside = (carried.rename.to.kind == Kind::schema && mine.to.schema == carried.rename.to.name) ||
                            (!mine.to.relation.empty() && carried.rename.to.relation.empty() && mine.to.relation == carried.rename.to.name && mine.to.schema == carried.rename.to.schema);
        const bool on_table = is_table(carried.rename.to) && !is_table(mine.to) &&
                              std::find(operation.step.tables.begin(), operation.step.tables.end(), QualifiedName{carried.rename.to.schema, carried.rename.to.name}) !=
                                  operation.step.tables.end();
        if (inside || on_table || before(p, carried.rename) == mine.to) operation.after.push_back(carried.operation);
        continue;
      }
      if (is_enum_value(carried.rename.to) && operation.by_old_names.contains(type_of_value(carried.rename.to))) continue;
      const bool routine = is_enum_value(carried.rename.to) && replaces_routine_of(p, operation, carried.rename);
      if (!routine && !uses_new_name(operation, text, carried.rename)) continue;
      operation.after.push_back(carried.operation);
      if (routine) {
        if (joined) p.operations[*joined].after.push_back(carried.operation);
        else joined = carried.operation;
        continue;
      }
      // On the second run of the way back the object has its old name again, and everything here is undone.
      if (carried.rename.to.relation.empty() && !operation.step.undo.empty()) {
        operation.step.undo.todo = all_of({exists(carried.rename.to), operation.step.undo.todo});
      }
      if (!carried.farewell) continue;
      const QualifiedName name{carried.rename.to.schema, carried.rename.to.name};
      const bool on_table = std::find(operation.step.tables.begin(), operation.step.tables.end(), name) != operation.step.tables.end();
      if (on_table && !operation.first && (operation.step.phase >= Phase::contract || changes_shape(text_of(operation.step.forward)))) {
        operation.after.push_back(*carried.farewell);
      }
    }
    if (joined) join(p, *joined, i);
  }
}

}  // namespace contraflow::plan
