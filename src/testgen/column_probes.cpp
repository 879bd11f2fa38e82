// SPDX-License-Identifier: Apache-2.0
//
// What a column does by itself: what it generates, whether its identity takes a value that is given, how its collation sorts.
#include <fmt/format.h>

#include "testgen/probes.h"

namespace contraflow::testgen {
namespace {

using catalog::Column;
using catalog::Database;
using catalog::Generated;
using catalog::Identity;
using catalog::Kind;
using catalog::ObjectId;

void find_probes(const ObjectId& id, World& world, Subject& subject) {
  const QualifiedName table{id.schema, id.relation};
  const Written rows = written_rows(world, table, 461);
  const auto *was = world.before.database().find_body<Column>(id), *becomes = world.desired.database().find_body<Column>(id);
  const std::string name = sql::quote_identifier(id.name);
  const auto side = [&](const RowMaker& maker, const QualifiedName& of, std::optional<Row> row, int what) -> Probe {
    const auto* column = maker.database().find_body<Column>(catalog::column_id(of.schema, of.name, id.name));
    if (!row || !column) return {};
    if (what == 0) return {{maker.insert(of, *row)}, fmt::format("SELECT {}::text FROM {} WHERE {}", name, sql::quote(of), where_row(maker.database(), of, *row))};
    std::string statement = maker.insert(of, *row);
    if (const std::size_t at = statement.find(" OVERRIDING SYSTEM VALUE"); at != std::string::npos) statement.erase(at, std::string(" OVERRIDING SYSTEM VALUE").size());
    return {{statement}, "SELECT 'taken'"};
  };
  const auto add = [&](const std::string& says, int what) {
    ProbePair pair{says, side(world.before, rows.old_name, rows.old_row, what), side(world.desired, rows.new_name, rows.new_row, what)};
    if (!pair.before.query.empty() || !pair.desired.query.empty()) subject.probes.push_back(pair);
  };
  const auto has = [&](auto&& of) { return (was && of(*was)) || (becomes && of(*becomes)); };
  if (has([](const Column& column) { return column.generated != Generated::none; })) add("what it holds in a row that is written", 0);
  if (has([](const Column& column) { return column.identity == Identity::always; })) add("a row that brings a value for it", 1);
  if (has([](const Column& column) { return !column.collation.empty(); })) {
    const Probe sorted{{}, fmt::format("SELECT value::text, row_number() OVER (ORDER BY value)::text AS place FROM (SELECT {} AS value FROM {} WHERE false UNION ALL SELECT unnest(ARRAY['a', 'B', 'b', 'A', 'Z', '-a'])) AS made", name, sql::quote(table))};
    subject.probes.push_back({"the order of its values", sorted, sorted});
  }
}

}  // namespace

void add_columns(const World& world, std::vector<Subject>& out) {
  const Database &from = world.before.database(), &to = world.desired.database();
  for (const ObjectId& id : ids_of(world, Kind::column)) {
    const auto *was = from.find_body<Column>(id), *becomes = to.find_body<Column>(id);
    const QualifiedName table{id.schema, id.relation};
    if (from.find(catalog::relation_id(Kind::table, id.schema, id.relation)) == nullptr || to.find(catalog::relation_id(Kind::table, id.schema, id.relation)) == nullptr) continue;
    const auto of = [](const Column* column, auto&& get) { return column ? get(*column) : decltype(get(*column)){}; };
    const bool generated = of(was, [](const Column& c) { return std::pair{c.generated, c.generated == Generated::none ? std::string() : c.default_expression}; }) !=
                           of(becomes, [](const Column& c) { return std::pair{c.generated, c.generated == Generated::none ? std::string() : c.default_expression}; });
    const bool identity = of(was, [](const Column& c) { return c.identity == Identity::always; }) != of(becomes, [](const Column& c) { return c.identity == Identity::always; });
    const bool collation = was && becomes && was->collation != becomes->collation;
    if (!generated && !identity && !collation) continue;
    Subject subject{.heading = fmt::format("column {}.{}", sql::quote(table), sql::quote_identifier(id.name)), .made = !was, .gone = !becomes, .tables = {table}, .changed_by = [](const std::string&) { return false; }, .find = {}, .probes = {}, .why_none = {}};
    subject.find = [id](World& w, Subject& s) { find_probes(id, w, s); };
    out.push_back(std::move(subject));
  }
}

}  // namespace contraflow::testgen
