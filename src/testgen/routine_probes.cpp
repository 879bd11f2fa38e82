// SPDX-License-Identifier: Apache-2.0
//
// Functions and procedures: what calls with made-up arguments, and with values from the sample rows, give and leave behind.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "rehearse/row_values.h"
#include "testgen/probes.h"

namespace contraflow::testgen {
namespace {

using catalog::Column;
using catalog::Database;
using catalog::Kind;
using catalog::ObjectId;
using catalog::Routine;

std::vector<std::string> argument_types(const std::string& arguments) {
  std::vector<std::string> out;
  std::string one;
  int depth = 0;
  for (const char c : arguments + ",") {
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c != ',' || depth != 0) {
      one += c;
      continue;
    }
    if (!trim(one).empty()) out.emplace_back(trim(one));
    one.clear();
  }
  for (std::string& type : out) {
    if (type.starts_with("VARIADIC ")) type = type.substr(9);
  }
  return out;
}

// The literals of a body: what it compares with is often an argument.
void add_texts(const std::string& body, std::vector<std::string>& out) {
  for (std::size_t at = body.find('\''); at != std::string::npos;) {
    const std::size_t end = body.find('\'', at + 1);
    if (end == std::string::npos || out.size() > 7) return;
    const std::string text = body.substr(at + 1, end - at - 1);
    if (text.size() < 60 && std::find(out.begin(), out.end(), text) == out.end()) out.push_back(text);
    at = body.find('\'', end + 1);
  }
}

// SQL of values that a call may bring in an argument of the type, the most telling first.
std::vector<std::string> values_for(World& world, const std::string& type, int place, const std::vector<std::string>& texts) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& value) {
    const std::string cast = fmt::format("{}::{}", value, type);
    if (std::find(out.begin(), out.end(), cast) == out.end() && (world.desired.accepts("SELECT " + cast) || world.before.accepts("SELECT " + cast))) out.push_back(cast);
  };
  for (const auto& [name, seeds] : world.seeds) {
    const TablePair* table = pair_of(world, name);
    if (table == nullptr || out.size() > 5) continue;
    for (const ColumnPair& pair : table->columns) {
      if (!pair.from || pair.from->type != type) continue;
      for (std::size_t i = 0; i < seeds.size() && i < 2; ++i) {
        if (const auto at = seeds[i].old_row.find(pair.old_name); at != seeds[i].old_row.end() && at->second) add(literal(at->second));
      }
    }
  }
  for (const std::string& text : texts) add(sql::quote_literal(text));
  for (const char* text : {"7", "-3", "0", "MiXed Case", "2024-02-29", "true", "false", "", "1000000", "{}", "[]"}) add(sql::quote_literal(text));
  if (const std::string made = rehearse::value_expression({.type = type, .unique = true, .salt = place}, world.desired.database()); !made.empty()) {
    if (const pg::Value value = world.desired.after({}, fmt::format("SELECT (({})::{})::text FROM (VALUES (3::bigint)) AS made(i)", made, type)).value_or(pg::Value())) add(literal(value));
  }
  if (const std::vector<std::string>* labels = labels_of(world.desired.database(), type)) {
    for (const std::string& label : *labels) add(sql::quote_literal(label));
  }
  out.push_back(fmt::format("NULL::{}", type));
  return out;
}

void find_probes(const ObjectId& id, World& world, Subject& subject) {
  const auto *was = world.before.database().find_body<Routine>(id), *becomes = world.desired.database().find_body<Routine>(id);
  const Routine& routine = becomes ? *becomes : *was;
  if (routine.result == "trigger" || routine.result == "event_trigger") {
    subject.why_none = routine.result == "trigger" ? "a trigger's function is seen by the tests of its triggers" : "an event trigger's function has no tests: what it does would happen to the tests' own commands";
    return;
  }
  if (routine.kind != 'f' && routine.kind != 'p') {
    subject.why_none = "a window function has no tests";
    return;
  }
  const std::vector<std::string> types = argument_types(id.arguments);
  std::vector<std::vector<std::string>> values;
  std::size_t most = 1;
  std::vector<std::string> texts;
  for (const Routine* side : {becomes, was}) {
    if (side != nullptr) add_texts(side->body, texts);
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    values.push_back(values_for(world, types[i], static_cast<int>(i) + 1, texts));
    most = std::max(most, values.back().size());
  }
  const std::string name = sql::quote(QualifiedName{id.schema, id.name});
  const auto call = [&](std::size_t round, std::size_t count) {
    std::vector<std::string> arguments;
    for (std::size_t i = 0; i < count; ++i) arguments.push_back(values[i][(round * (i + 1) + round / most) % values[i].size()]);
    return fmt::format("{}({})", name, join(arguments, ", "));
  };
  const std::size_t fewest = types.size() - std::min(types.size(), static_cast<std::size_t>(std::max(routine.default_count, 0)));
  const bool writes = routine.kind == 'p' || routine.volatility == 'v';
  std::vector<std::string> seen;  // tables that it may write, on the side of the desired schema or, where it is gone, of the current one
  for (const QualifiedName& table : named_in(becomes ? world.desired.database() : world.before.database(), routine.body)) {
    if (const std::string query = contents(becomes ? world.desired.database() : world.before.database(), table); !query.empty() && seen.size() < 3) seen.push_back(query);
  }
  for (std::size_t count = types.size() + 1; count-- > fewest;) {
    for (std::size_t round = 0; round < std::min<std::size_t>(most * (types.size() > 1 ? 2 : 1), 24); ++round) {
      const std::string called = call(round, count);
      if (routine.kind == 'f') {
        const Probe probe{{}, fmt::format("SELECT contraflow_value::text FROM {} AS contraflow_value", called)};
        subject.probes.push_back({called.size() > 120 ? "a call" : called, probe, probe});
      }
      for (const std::string& query : writes ? seen : std::vector<std::string>{}) {
        const Probe probe{{(routine.kind == 'p' ? "CALL " : "SELECT ") + called}, query};
        subject.probes.push_back({fmt::format("what {} leaves in {}", called.size() > 120 ? "a call" : called, query.substr(query.rfind(' ') + 1)), probe, probe});
      }
      if (routine.kind == 'p' && seen.empty()) {
        const Probe probe{{"CALL " + called}, "SELECT 'called'"};
        subject.probes.push_back({called, probe, probe});
      }
    }
  }
}

}  // namespace

void add_routines(const World& world, std::vector<Subject>& out) {
  const Database &from = world.before.database(), &to = world.desired.database();
  for (const ObjectId& id : ids_of(world, Kind::routine)) {
    const catalog::Object *was = from.find(id), *becomes = to.find(id);
    const bool same = was && becomes && was->body == becomes->body;
    Subject subject{.heading = catalog::describe(id), .made = !was, .gone = !becomes, .same = same, .group = "routine " + id.schema + "." + id.name, .ids = {id}, .tables = {}, .changed_by = {}, .find = {}, .probes = {}, .why_none = {}};
    for (const Database* database : {&from, &to}) subject.tables.merge(tables_below(*database, id, &subject.uses));
    const auto* routine = std::get_if<Routine>(becomes ? &becomes->body : &was->body);
    if (routine->result == "trigger" || routine->result == "event_trigger") subject.tables.clear();  // its triggers show what it does
    const std::string name = sql::quote(QualifiedName{id.schema, id.name});
    subject.changed_by = [name](const std::string& statement) {
      for (const char* kind : {"FUNCTION ", "PROCEDURE "}) {
        for (const char* verb : {"CREATE OR REPLACE ", "DROP ", "ALTER "}) {
          if (!statement.starts_with(std::string(verb) + kind)) continue;
          const std::size_t at = statement.find(name + "(");
          if (at != std::string::npos && at < 40 && statement.find(" OWNER TO ", at) == std::string::npos) return true;
        }
      }
      return false;
    };
    subject.decided_by = subject.group;
    if (same && !made_anew(world, subject)) continue;
    subject.find = [id](World& w, Subject& s) { find_probes(id, w, s); };
    out.push_back(std::move(subject));
  }
}

}  // namespace contraflow::testgen
