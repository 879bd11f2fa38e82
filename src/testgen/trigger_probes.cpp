// SPDX-License-Identifier: Apache-2.0
//
// Triggers and rules: what a row looks like that was inserted, updated or deleted, and what stands in the tables that the trigger's function names.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "testgen/probes.h"

namespace contraflow::testgen {
namespace {

using catalog::Column;
using catalog::Database;
using catalog::Kind;
using catalog::ObjectId;
using catalog::Routine;
using catalog::Trigger;

const Routine* function_of(const Database& database, const ObjectId& id) {
  const auto* trigger = database.find_body<Trigger>(id);
  return trigger ? database.find_body<Routine>(trigger->function) : nullptr;
}

// The row as text; of times and the like, whether they are as they were written.
std::string shown(const Database& database, const QualifiedName& table, const Row& written, const std::string& where) {
  std::vector<std::string> columns;
  for (auto at = database.objects.lower_bound(ObjectId{Kind::column, table.schema, table.name, {}, {}}); at != database.objects.end(); ++at) {
    if (at->first.kind != Kind::column || at->first.schema != table.schema || at->first.relation != table.name) break;
    const auto& column = std::get<Column>(at->second.body);
    const std::string name = sql::quote_identifier(at->first.name);
    const std::string as_written = literal(written.contains(at->first.name) ? written.at(at->first.name) : pg::Value());
    if (column.type_base.starts_with("timestamp") || column.type_base == "date")
      columns.push_back(time_of(name, as_written));
    else if (made_up_type(column.type_base))
      columns.push_back(fmt::format("({}::text IS NOT DISTINCT FROM {})::text AS {}", name, as_written, name));
    else
      columns.push_back(name + "::text");
  }
  return columns.empty() ? std::string() : fmt::format("SELECT {} FROM {} WHERE {}", join(columns, ", "), sql::quote(table), where);
}

struct Side {
  RowMaker& rows;
  QualifiedName name;
  std::optional<Row> row, other;
};

void find_probes(const ObjectId& id, World& world, Subject& subject) {
  const QualifiedName table{id.schema, id.relation};
  const Written written = written_rows(world, table, 421);
  Side sides[] = {{world.before, written.old_name, written.old_row, written.old_other}, {world.desired, written.new_name, written.new_row, written.new_other}};
  const auto add = [&](const std::string& says, const std::function<Probe(const Side&)>& make) {
    ProbePair pair{.says = says, .before = {}, .desired = {}};
    if (sides[0].row) pair.before = make(sides[0]);
    if (sides[1].row) pair.desired = make(sides[1]);
    if (!pair.before.query.empty() || !pair.desired.query.empty()) subject.probes.push_back(pair);
  };
  const auto where = [](const Side& side) { return where_row(side.rows.database(), side.name, *side.row); };
  const auto insert = [](const Side& side) { return side.rows.insert(side.name, *side.row); };
  const auto update = [&](const Side& side, const std::vector<std::string>& columns) {
    std::vector<std::string> parts;
    for (const std::string& column : columns) {
      if (side.other && side.other->contains(column)) parts.push_back(fmt::format("{} = {}", sql::quote_identifier(column), literal(side.other->at(column))));
    }
    return parts.empty() ? std::string() : fmt::format("UPDATE {} SET {} WHERE {}", sql::quote(side.name), join(parts, ", "), where(side));
  };
  const auto plain = [](const Side& side) {
    std::vector<std::string> out;
    const std::vector<std::string> key = key_of(side.rows.database(), side.name);
    for (const auto& [column, value] : *side.row) {
      if (std::find(key.begin(), key.end(), column) == key.end()) out.push_back(column);
    }
    return out;
  };
  std::set<std::string> columns;
  for (const Side& side : sides) {
    if (!side.row) continue;
    for (const std::string& column : plain(side)) columns.insert(column);
  }
  // What is looked at afterwards: the row itself, or one of the tables that the function names.
  std::vector<std::pair<std::string, std::function<std::string(const Side&)>>> looks;
  std::map<std::string, std::string> emptied;  // what the rows of before left there says nothing of the write
  looks.emplace_back("the row", [&](const Side& side) { return shown(side.rows.database(), side.name, *side.row, where(side)); });
  std::set<QualifiedName> others;
  for (const Database* database : {&world.before.database(), &world.desired.database()}) {
    std::string text;
    if (const Routine* function = function_of(*database, id)) text = function->body;
    if (const auto* rule = database->find_body<catalog::Rule>(id)) text = rule->definition;
    for (const QualifiedName& name : named_in(*database, text)) {
      if (name != written.old_name && name != written.new_name) others.insert(name);
    }
  }
  for (const QualifiedName& name : others) {
    if (looks.size() < 4) emptied[sql::quote(name)] = "DELETE FROM " + sql::quote(name);
    if (looks.size() < 4) looks.emplace_back(sql::quote(name), [name](const Side& side) { return contents(side.rows.database(), name); });
  }
  for (const auto& [what, look] : looks) {
    const std::string empty = emptied.contains(what) ? emptied.at(what) : std::string();
    const auto probe = [&look = look, &empty](const Side& side, std::vector<std::string> statements) {
      if (std::any_of(statements.begin(), statements.end(), [](const std::string& statement) { return statement.empty(); })) return Probe{};
      if (!empty.empty()) statements.insert(statements.begin(), empty);
      return Probe{std::move(statements), look(side)};
    };
    // The row comes in without triggers, so that those of an INSERT are not taken for those of the write that is asked about.
    const auto there = [&](const Side& side, const std::string& statement) { return std::vector<std::string>{kTriggersOff, insert(side), kTriggersOn, statement}; };
    add(what + " after an INSERT", [&](const Side& side) { return probe(side, {insert(side)}); });
    add(what + " after an UPDATE of all columns", [&](const Side& side) { return probe(side, there(side, update(side, plain(side)))); });
    add(what + " after a DELETE", [&](const Side& side) { return probe(side, there(side, fmt::format("DELETE FROM {} WHERE {}", sql::quote(side.name), where(side)))); });
    for (const std::string& column : columns) add(fmt::format("{} after an UPDATE of {}", what, sql::quote_identifier(column)), [&](const Side& side) { return probe(side, there(side, update(side, {column}))); });
    for (const std::string& column : columns) {  // conditions on what was there before, or is there then
      add(fmt::format("{} after an UPDATE of {} to NULL", what, sql::quote_identifier(column)), [&](const Side& side) {
        return probe(side, there(side, fmt::format("UPDATE {} SET {} = NULL WHERE {}", sql::quote(side.name), sql::quote_identifier(column), where(side))));
      });
    }
    add(what + " after a TRUNCATE", [&](const Side& side) { return probe(side, {insert(side), fmt::format("TRUNCATE {}", sql::quote(side.name))}); });
    add(what + " after an INSERT by replication", [&](const Side& side) { return probe(side, {kTriggersOff, insert(side)}); });
  }
  if (subject.probes.empty()) subject.why_none = "no row of its table was found";
}

}  // namespace

void add_triggers(const World& world, std::vector<Subject>& out) {
  const Database &from = world.before.database(), &to = world.desired.database();
  for (const Kind kind : {Kind::trigger, Kind::rule}) {
    for (const ObjectId& id : ids_of(world, kind)) {
      const catalog::Object *was = from.find(id), *becomes = to.find(id);
      const Routine *old_function = function_of(from, id), *new_function = function_of(to, id);
      const bool same_function = (old_function == nullptr) == (new_function == nullptr) && (!old_function || *old_function == *new_function);
      const bool same = was && becomes && was->body == becomes->body && same_function;
      const auto* copy = becomes ? std::get_if<Trigger>(&becomes->body) : std::get_if<Trigger>(&was->body);
      if (copy && copy->inherited) continue;  // its parent's is tested
      Subject subject{.heading = fmt::format("{} {} on {}", kind == Kind::trigger ? "trigger" : "rule", sql::quote_identifier(id.name), sql::quote(QualifiedName{id.schema, id.relation})),
                      .made = !was,
                      .gone = !becomes,
                      .same = same,
                      .group = "writes to " + sql::quote(QualifiedName{id.schema, id.relation}),
                      .ids = {id},
                      .tables = {{id.schema, id.relation}},
                      .changed_by = {},
                      .find = {},
                      .probes = {},
                      .why_none = {}};
      if (from.find(catalog::relation_id(Kind::table, id.schema, id.relation)) == nullptr && to.find(catalog::relation_id(Kind::table, id.schema, id.relation)) == nullptr) {
        subject.tables.clear();
        for (const Database* database : {&from, &to}) subject.tables.merge(tables_below(*database, catalog::relation_id(Kind::view, id.schema, id.relation)));
      }
      for (const Database* database : {&from, &to}) {
        if (const Routine* function = function_of(*database, id)) {
          for (const QualifiedName& table : named_in(*database, function->body)) subject.tables.insert(table);
          tables_below(*database, std::get<Trigger>(database->find(id)->body).function, &subject.uses);
        }
      }
      std::vector<std::string> functions;
      for (const Database* database : {&from, &to}) {
        if (const auto* trigger = database->find_body<Trigger>(id); trigger && !same_function) functions.push_back(sql::quote(QualifiedName{trigger->function.schema, trigger->function.name}));
      }
      const std::string name = sql::quote_identifier(id.name), relation = sql::quote(QualifiedName{id.schema, id.relation});
      const std::string word = kind == Kind::trigger ? "TRIGGER " : "RULE ";
      subject.changed_by = [=](const std::string& statement) {
        if (statement.starts_with("COMMENT ")) return false;
        if ((has_name(statement, word, name) || has_name(statement, word + "IF EXISTS ", name)) && has_name(statement, " ", relation)) return true;
        return std::any_of(functions.begin(), functions.end(), [&](const std::string& function) {
          const std::size_t at = statement.find("FUNCTION " + function + "(");
          return at < 24 && statement.find(" OWNER TO ") == std::string::npos;
        });
      };
      subject.decided_by = subject.group;
      if (same && !made_anew(world, subject)) continue;
      subject.find = [id](World& w, Subject& s) { find_probes(id, w, s); };
      out.push_back(std::move(subject));
    }
  }
  // Triggers that wait for a superuser's commands would meet the tests' own.
  for (const ObjectId& id : ids_of(world, Kind::event_trigger)) {
    const catalog::Object *was = from.find(id), *becomes = to.find(id);
    if (was && becomes && was->body == becomes->body) continue;
    out.push_back({.heading = catalog::describe(id), .made = !was, .gone = !becomes, .tables = {}, .changed_by = [](const std::string&) { return false; }, .find = [](World&, Subject&) {}, .probes = {}, .why_none = "event triggers have no tests: what one does would happen to the tests' own commands"});
  }
}

}  // namespace contraflow::testgen
