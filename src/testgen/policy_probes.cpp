// SPDX-License-Identifier: Apache-2.0
//
// Row security: what each role that a policy names, and anybody else, sees, writes and takes away. The roles get the table's privileges for the moment, so that the
// policies alone decide.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "testgen/probes.h"

namespace contraflow::testgen {
namespace {

using catalog::Database;
using catalog::Kind;
using catalog::ObjectId;
using catalog::Policy;
using catalog::Table;

struct Secured {
  bool enabled = false, forced = false;
  std::map<std::string, Policy> policies;
  bool operator==(const Secured&) const = default;
};

Secured security_of(const Database& database, const QualifiedName& table) {
  Secured out;
  if (const auto* body = database.find_body<Table>(catalog::relation_id(Kind::table, table.schema, table.name))) {
    out.enabled = body->row_security;
    out.forced = body->force_row_security;
  }
  for (const auto& [id, object] : database.objects) {
    if (id.kind == Kind::policy && id.schema == table.schema && id.relation == table.name) out.policies[id.name] = std::get<Policy>(object.body);
  }
  return out;
}

// The settings that the policies read: current_setting('app.user_id', true).
std::set<std::string> settings_in(const std::string& text) {
  std::set<std::string> out;
  for (std::size_t at = text.find("current_setting('"); at != std::string::npos; at = text.find("current_setting('", at + 1)) {
    const std::size_t begin = at + 17, end = text.find('\'', begin);
    if (end != std::string::npos && text.substr(begin, end - begin).find('.') != std::string::npos) out.insert(text.substr(begin, end - begin));
  }
  return out;
}

// `enabled`: row security is turned on for the moment, so that policies show that wait for it.
void find_probes(const QualifiedName& table, bool enabled, World& world, Subject& subject) {
  const Secured was = security_of(world.before.database(), table), becomes = security_of(world.desired.database(), table);
  std::set<std::string> roles{kReader};
  std::string text;  // all that the policies say, functions that they call included
  for (const Secured* side : {&was, &becomes}) {
    for (const auto& [name, policy] : side->policies) {
      for (const std::string& role : policy.roles) {
        if (!role.empty()) roles.insert(role);
      }
      text += policy.using_expression + " " + policy.check_expression + " ";
    }
  }
  for (const Database* database : {&world.before.database(), &world.desired.database()}) {
    for (const auto& [id, object] : database->objects) {
      const auto* routine = std::get_if<catalog::Routine>(&object.body);
      if (routine && text.find(id.name + "(") != std::string::npos) text += routine->body;
    }
  }
  const TablePair* pair = pair_of(world, table);
  const Written rows = written_rows(world, table, 431);
  const std::set<std::string> settings = settings_in(text);
  // Contents of the columns that the policies name, in all the rows that are there and in the one that is written.
  struct Given {
    std::string column;  // empty: as the rows are
    pg::Value value;
  };
  const Row some = rows.new_row.value_or(rows.old_row.value_or(Row{}));
  std::set<std::string> key;  // one value for all rows is no key
  for (const Database* database : {&world.before.database(), &world.desired.database()}) {
    for (const std::string& column : key_of(*database, table)) key.insert(column);
  }
  subject.most = 10 * roles.size();
  for (const std::string& role : roles) {
    std::vector<Given> given{{"", {}}};
    for (const auto& [column, value] : some) {
      if (key.contains(column) || text.find(column) == std::string::npos) continue;
      given.push_back({column, role});
      for (const char* known : {"true", "false", ""}) given.push_back({column, known});
      given.push_back({column, std::nullopt});
      if (const TablePair* other = pair; other && world.seeds.contains(other->old_name)) {
        for (const Seed& seed : world.seeds.at(other->old_name)) {
          if (const auto at = seed.old_row.find(column); at != seed.old_row.end()) given.push_back({column, at->second});
        }
      }
    }
    for (const Given& one : given) {
      std::vector<pg::Value> set{std::nullopt};
      if (!settings.empty()) {
        set.clear();
        for (const auto& [column, value] : some) {
          if (value && text.find(column) != std::string::npos) set.push_back(value);
        }
        if (one.value) set.push_back(one.value);
        for (const auto& [name, seeds] : world.seeds) {
          for (const auto& [column, value] : seeds.empty() ? Row{} : seeds.front().old_row) {
            if (value && set.size() < 6 && text.find(column) != std::string::npos) set.push_back(value);
          }
        }
      }
      for (const pg::Value& setting : set) {
        const auto side = [&](const RowMaker& maker, const QualifiedName& name, const std::optional<Row>& row, const std::optional<Row>& other, int action) -> Probe {
          if (!row || (!one.column.empty() && !row->contains(one.column))) return {};
          const std::string quoted = sql::quote(name);
          std::vector<std::string> first;
          first.push_back(role == kReader ? fmt::format("CREATE ROLE {}", kReader) : as_ordinary(sql::quote_identifier(role)));
          first.push_back(fmt::format("GRANT USAGE ON SCHEMA {} TO {}", sql::quote_identifier(name.schema), sql::quote_identifier(role)));
          first.push_back(fmt::format("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {}", quoted, sql::quote_identifier(role)));
          if (enabled) first.push_back(fmt::format("ALTER TABLE {} ENABLE ROW LEVEL SECURITY", quoted));
          if (!one.column.empty()) first.push_back(fmt::format("UPDATE {} SET {} = {}", quoted, sql::quote_identifier(one.column), literal(one.value)));
          Row written = *row;
          if (!one.column.empty()) written[one.column] = one.value;
          if (action >= 2) first.push_back(maker.insert(name, written));
          if (action == 4) first.push_back(fmt::format("ALTER TABLE {} OWNER TO {}", quoted, sql::quote_identifier(role)));
          for (const std::string& name_of : settings) first.push_back(fmt::format("SET LOCAL {} = {}", name_of, literal(setting)));
          first.push_back(fmt::format("SET LOCAL ROLE {}", sql::quote_identifier(role)));
          const std::string where = where_row(maker.database(), name, written);
          if (action == 1) first.push_back(maker.insert(name, written));
          if (action == 2) first.push_back(fmt::format("DELETE FROM {}", quoted));
          if (action == 3) {
            std::string changes;
            for (const auto& [column, value] : other.value_or(Row{})) {
              if (!key.contains(column) && column != one.column) changes += fmt::format("{}{} = {}", changes.empty() ? "" : ", ", sql::quote_identifier(column), literal(value));
            }
            if (changes.empty() && one.column.empty()) return {};
            if (changes.empty()) changes = fmt::format("{0} = {0}", sql::quote_identifier(one.column));
            first.push_back(fmt::format("UPDATE {} SET {} WHERE {}", quoted, changes, where));
          }
          if (action != 0 && action != 4) first.emplace_back("RESET ROLE");
          return {first, contents(maker.database(), name)};
        };
        static constexpr const char* kSays[] = {"the rows that {} sees", "a row that {} writes", "what {} can delete", "what {} can change", "the rows that {} sees as the table's owner"};
        for (int action = 0; action < 5; ++action) {
          std::string says = fmt::format(fmt::runtime(kSays[action]), role == kReader ? "anybody with the privileges" : role);
          if (!one.column.empty()) says += fmt::format(" where {} is {}", sql::quote_identifier(one.column), literal(one.value));
          if (setting) says += fmt::format(", with {} for what is set", literal(setting));
          ProbePair probes{says, side(world.before, rows.old_name, rows.old_row, rows.old_other, action), side(world.desired, rows.new_name, rows.new_row, rows.new_other, action)};
          if (probes.before.query.empty() || probes.desired.query.empty()) continue;
          if (subject.probes.size() < 250) subject.probes.push_back(std::move(probes));
        }
      }
    }
  }
  if (subject.probes.empty()) subject.why_none = "no row of its table was found";
}

}  // namespace

void add_policies(const World& world, std::vector<Subject>& out) {
  const Database &from = world.before.database(), &to = world.desired.database();
  for (const ObjectId& id : ids_of(world, Kind::table)) {
    const QualifiedName table{id.schema, id.name};
    if (security_of(from, table) == security_of(to, table)) continue;
    if (!from.find(id) || !to.find(id)) {  // it comes or goes, and its policies with it
      if (security_of(from, table) != Secured{} || to.find(id) == nullptr) continue;
    }
    Subject subject{.heading = "row security of table " + sql::quote(table), .made = false, .gone = false, .tables = {table}, .changed_by = {}, .find = {}, .probes = {}, .why_none = {}};
    for (const Database* database : {&from, &to}) {
      for (const auto& [other, object] : database->objects) {
        if (other.kind == Kind::policy && other.schema == id.schema && other.relation == id.name) {
          for (const ObjectId& needed : object.depends_on) {
            if (needed != id) subject.tables.merge(tables_below(*database, needed, &subject.uses));
          }
        }
      }
    }
    const std::string name = sql::quote(table);
    const auto policies = [name](const std::string& statement) {
      for (const char* verb : {"CREATE POLICY ", "DROP POLICY ", "ALTER POLICY "}) {
        if (statement.starts_with(verb)) return has_name(statement, " ON ", name);
      }
      return false;
    };
    const Secured was = security_of(from, table), becomes = security_of(to, table);
    if (was.policies != becomes.policies && (!was.enabled || !becomes.enabled)) {
      Subject waiting = subject;
      waiting.heading = "policies of table " + name + ", with row security on";
      waiting.changed_by = policies;
      waiting.find = [table](World& w, Subject& s) { find_probes(table, true, w, s); };
      out.push_back(std::move(waiting));
      if (was.enabled == becomes.enabled && was.forced == becomes.forced) continue;
    }
    subject.changed_by = [=](const std::string& statement) { return policies(statement) || (statement.find(" ROW LEVEL SECURITY") != std::string::npos && has_name(statement, " ", name)); };
    subject.find = [table](World& w, Subject& s) { find_probes(table, false, w, s); };
    out.push_back(std::move(subject));
  }
}

}  // namespace contraflow::testgen
