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
  const Written rows = written_rows(world, root, 451);
  // Values of the key from either side's bounds.
  std::map<std::string, std::vector<std::string>> values;
  for (const Database* database : {&world.before.database(), &world.desired.database()}) {
    for (const QualifiedName& name : {root, part}) {
      for (auto& [column, listed] : partition_values(*database, name)) {
        for (const std::string& value : listed) {
          if (std::find(values[column].begin(), values[column].end(), value) == values[column].end()) values[column].push_back(value);
        }
      }
    }
  }
  std::size_t most = 0;
  for (const auto& [column, listed] : values) most = std::max(most, listed.size());
  const auto side = [&](const RowMaker& maker, const QualifiedName& into, const std::optional<Row>& row, std::size_t round) -> Probe {
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
  for (std::size_t round = 0; round < std::max<std::size_t>(most, 1); ++round) {
    std::vector<std::string> shown;
    for (const auto& [column, listed] : values) shown.push_back(listed[round % listed.size()]);
    const std::string text = shown.empty() ? "" : " with " + join(shown, ", ");
    ProbePair pair{fmt::format("where a row{} stands that is written to {}", text, sql::quote(root)), side(world.before, root, rows.old_row, round), side(world.desired, root, rows.new_row, round)};
    if (!pair.before.query.empty() || !pair.desired.query.empty()) subject.probes.push_back(pair);
    ProbePair direct{fmt::format("a row{} that is written to {}", text, sql::quote(part)), side(world.before, part, rows.old_row, round), side(world.desired, part, rows.new_row, round)};
    if (!direct.before.query.empty() || !direct.desired.query.empty()) subject.probes.push_back(direct);
  }
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
    Subject subject{.heading = "partition " + sql::quote(part), .made = false, .gone = false, .group = "partitions of " + sql::quote(root), .tables = {root, part}, .changed_by = {}, .find = {}, .probes = {}, .why_none = {}};
    const std::string name = sql::quote(part);
    subject.changed_by = [name](const std::string& statement) {
      return has_name(statement, " ATTACH PARTITION ", name) || has_name(statement, " DETACH PARTITION ", name) || has_name(statement, "DROP TABLE IF EXISTS ", name) || has_name(statement, "CREATE TABLE ", name) ||
             (has_name(statement, "ALTER TABLE ", name) && statement.find(" RENAME TO ") != std::string::npos) || has_name(statement, "ADD CONSTRAINT", name + "__bound");
    };
    subject.find = [=](World& w, Subject& s) { find_probes(part, root, w, s); };
    out.push_back(std::move(subject));
  }
}

}  // namespace contraflow::testgen
