// SPDX-License-Identifier: Apache-2.0
//
// Partitions that come, go and take other bounds: where a row that is written to the parent stands then, or that none takes it; and what the partition itself takes.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "testgen/partition_values.h"
#include "testgen/probes.h"

namespace contraflow::testgen {
namespace {

using catalog::Database;
using catalog::Kind;
using catalog::ObjectId;
using catalog::Table;

const Table* table_in(const Database& database, const QualifiedName& name) { return database.find_body<Table>(catalog::relation_id(Kind::table, name.schema, name.name)); }

// The uppermost table of which it is a part, on the side where it is one.
QualifiedName root_of(const Database& database, QualifiedName name) {
  for (const Table* body = table_in(database, name); body && body->partition_of; body = table_in(database, name)) name = *body->partition_of;
  return name;
}

void find_probes(const QualifiedName& part, const QualifiedName& root, World& world, Subject& subject) {
  Written rows = written_rows(world, root, 451);
  if (!rows.old_row) rows.old_row = rows.new_row;  // without its partitions the parent takes none
  if (!rows.new_row) rows.new_row = rows.old_row;
  // Values of the key: what stands where depends on the partition's own, what it takes itself is asked for all that any partition has.
  using Values = std::map<std::string, std::vector<std::string>>;
  const auto values_of_either = [&](const QualifiedName& name) {
    Values out;
    for (const Database* database : {&world.before.database(), &world.desired.database()}) {
      for (auto& [column, listed] : partition_values(*database, name)) {
        for (const std::string& value : listed) {
          if (std::find(out[column].begin(), out[column].end(), value) == out[column].end()) out[column].push_back(value);
        }
      }
    }
    return out;
  };
  const auto side = [&](const RowMaker& maker, const QualifiedName& into, const std::optional<Row>& row, const Values& values, std::size_t round) -> Probe {
    if (!row || !table_in(maker.database(), into)) return {};
    std::string statement = maker.insert(into, *row);  // values of bounds are SQL and no text
    std::vector<std::string> names, given, where;
    for (const auto& [column, value] : *row) {
      const auto listed = values.find(column);
      const std::string sql = listed == values.end() ? literal(value) : listed->second[round % listed->second.size()];
      names.push_back(sql::quote_identifier(column));
      given.push_back(sql);
    }
    const std::size_t at = statement.find(" VALUES (");
    if (at == std::string::npos) return {};
    statement = statement.substr(0, at) + fmt::format(" VALUES ({})", join(given, ", "));
    const std::string quoted = sql::quote(root);
    return {{fmt::format("DELETE FROM {}", quoted), fmt::format("DELETE FROM {}", sql::quote(into)), statement}, into == root ? fmt::format("SELECT tableoid::regclass::text FROM {}", quoted) : "SELECT 'taken'"};
  };
  const auto add = [&](const QualifiedName& into, const Values& values, const char* says) {
    std::size_t most = 1;
    for (const auto& [column, listed] : values) most = std::max(most, listed.size());
    for (std::size_t round = 0; round < most; ++round) {
      std::vector<std::string> shown;
      for (const auto& [column, listed] : values) shown.push_back(listed[round % listed.size()]);
      const std::string text = shown.empty() ? "" : " with " + join(shown, ", ");
      ProbePair pair{fmt::format(fmt::runtime(says), text, sql::quote(into)), side(world.before, into, rows.old_row, values, round), side(world.desired, into, rows.new_row, values, round)};
      if (!pair.before.query.empty() || !pair.desired.query.empty()) subject.probes.push_back(pair);
    }
  };
  add(root, values_of_either(part), "where a row{} stands that is written to {}");
  add(part, values_of_either(root), "a row{} that is written to {}");
  if (subject.probes.empty()) subject.why_none = "no row of " + sql::quote(root) + " was found";
}

}  // namespace

void add_partitions(const World& world, std::vector<Subject>& out) {
  const Database &from = world.before.database(), &to = world.desired.database();
  for (const ObjectId& id : ids_of(world, Kind::table)) {
    const QualifiedName part{id.schema, id.name};
    const Table *was = table_in(from, part), *becomes = table_in(to, part);
    const bool old_part = was && was->partition_of, new_part = becomes && becomes->partition_of;
    if (!old_part && !new_part) continue;
    if (old_part && new_part && was->partition_of == becomes->partition_of && was->partition_bound == becomes->partition_bound) continue;
    const QualifiedName root = new_part ? root_of(to, part) : root_of(from, part);
    const Table *old_root = table_in(from, root), *new_root = table_in(to, root);
    if (!old_root || !new_root || !old_root->partitioned || !new_root->partitioned) continue;  // the whole table comes, goes or becomes another
    Subject subject{.heading = "partition " + sql::quote(part), .made = false, .gone = false, .group = {}, .decided_by = "partitions that leave " + sql::quote(root), .tables = {root, part}, .changed_by = {}, .find = {}, .probes = {}, .why_none = {}};
    if (old_part || becomes->partition_bound == "DEFAULT") subject.group = subject.decided_by;
    const std::string name = sql::quote(part);
    subject.changed_by = [name](const std::string& statement) {
      return has_name(statement, " ATTACH PARTITION ", name) || has_name(statement, " DETACH PARTITION ", name) || has_name(statement, "DROP TABLE IF EXISTS ", name) || has_name(statement, "CREATE TABLE ", name) ||
             (has_name(statement, "ALTER TABLE ", name) && statement.find(" RENAME TO ") != std::string::npos) || (has_name(statement, "ALTER TABLE ", name) && statement.find("__bound") != std::string::npos);
    };
    subject.find = [=](World& w, Subject& s) { find_probes(part, root, w, s); };
    out.push_back(std::move(subject));
  }
}

}  // namespace contraflow::testgen
