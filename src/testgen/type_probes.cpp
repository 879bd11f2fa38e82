// SPDX-License-Identifier: Apache-2.0
//
// Composite types, domains (what their checks refuse, testgen/domain_tests.cpp has) and the other types of users: values that are made of them, and their defaults.
#include <fmt/format.h>

#include "base/text.h"
#include "rehearse/row_values.h"
#include "testgen/probes.h"

namespace contraflow::testgen {
namespace {

using catalog::CompositeType;
using catalog::Database;
using catalog::Domain;
using catalog::Kind;
using catalog::ObjectId;

void find_composite(const ObjectId& id, World& world, Subject& subject) {
  const std::string name = sql::quote(QualifiedName{id.schema, id.name});
  for (RowMaker* rows : {&world.before, &world.desired}) {
    const auto* type = rows->database().find_body<CompositeType>(id);
    if (type == nullptr) continue;
    std::vector<std::string> values;
    for (std::size_t i = 0; i < type->attributes.size(); ++i) {
      const std::string made = rehearse::value_expression({.type = type->attributes[i].type, .unique = true, .salt = static_cast<int>(i) + 1}, rows->database());
      std::optional<pg::Value> value;
      if (!made.empty()) value = rows->after({}, fmt::format("SELECT (({})::{})::text FROM (VALUES (3::bigint)) AS made(i)", made, type->attributes[i].type));
      values.push_back(value && *value ? literal(*value) : std::string("NULL"));
    }
    const Probe row{{}, fmt::format("SELECT ROW({})::{}::text AS made", join(values, ", "), name)};
    subject.probes.push_back({fmt::format("a value of {}", count_of(static_cast<long long>(values.size()), "attribute")), row, row});
    for (const catalog::CompositeAttribute& attribute : type->attributes) {
      const std::string quoted = sql::quote_identifier(attribute.name);
      const Probe one{{}, fmt::format("SELECT pg_catalog.pg_typeof((NULL::{}).{})::text AS made", name, quoted)};
      subject.probes.push_back({"the attribute " + quoted, one, one});
    }
    for (const char* text : {"123456789.987654321", "a long text of more than twenty letters", "7"}) {  // what a type or a length takes
      for (const catalog::CompositeAttribute& attribute : type->attributes) {
        std::vector<std::string> parts;
        for (const catalog::CompositeAttribute& other : type->attributes) parts.push_back(other.name == attribute.name ? sql::quote_literal(text) : "NULL");
        const Probe one{{}, fmt::format("SELECT (ROW({})::{}).{}::text AS made", join(parts, ", "), name, sql::quote_identifier(attribute.name))};
        subject.probes.push_back({fmt::format("{} in {}", sql::quote_literal(text), sql::quote_identifier(attribute.name)), one, one});
      }
    }
  }
}

void find_domain(const ObjectId& id, Subject& subject) {
  const std::string name = sql::quote(QualifiedName{id.schema, id.name});
  const Probe given{{fmt::format("CREATE TEMPORARY TABLE contraflow_made (place integer, value {})", name), "INSERT INTO contraflow_made (place) VALUES (1)"}, "SELECT value::text FROM contraflow_made"};
  subject.probes.push_back({"its default", given, given});
  for (const char* text : {"123456789.987654321", "7", "-7", "2024-02-29", "true", "A", "a long text of more than twenty letters", "40000", "3000000000"}) {
    const Probe one{{}, fmt::format("SELECT {}::{}::text AS made", sql::quote_literal(text), name)};
    subject.probes.push_back({sql::quote_literal(text), one, one});
  }
  const Probe sorted{{}, fmt::format("SELECT value::text, row_number() OVER (ORDER BY value)::text AS place FROM (SELECT unnest(ARRAY['a', 'B', 'b', 'A', 'Z', '-a'])::{} AS value) AS made", name)};
  subject.probes.push_back({"the order of its values", sorted, sorted});
}

}  // namespace

void add_types(const World& world, std::vector<Subject>& out) {
  const Database &from = world.before.database(), &to = world.desired.database();
  for (const Kind kind : {Kind::composite_type, Kind::domain, Kind::range_type}) {
    for (const ObjectId& id : ids_of(world, kind)) {
      const catalog::Object *was = from.find(id), *becomes = to.find(id);
      if (was && becomes && was->body == becomes->body) continue;
      Subject subject{.heading = catalog::describe(id), .made = !was, .gone = !becomes, .ids = {id}, .tables = {}, .changed_by = {}, .find = {}, .probes = {}, .why_none = {}};
      const std::string name = sql::quote(QualifiedName{id.schema, id.name});
      subject.changed_by = [name](const std::string& statement) {
        for (const char* verb : {"CREATE TYPE ", "ALTER TYPE ", "DROP TYPE IF EXISTS ", "CREATE DOMAIN ", "ALTER DOMAIN ", "DROP DOMAIN IF EXISTS "}) {
          if (statement.starts_with(verb) && statement.find(" OWNER TO ") == std::string::npos && has_name(statement, verb, name)) return true;
        }
        return false;
      };
      subject.find = [id](World& w, Subject& s) {
        if (id.kind == Kind::composite_type) return find_composite(id, w, s);
        if (id.kind == Kind::domain) return find_domain(id, s);
        const Probe empty{{}, fmt::format("SELECT 'empty'::{}::text AS made", sql::quote(QualifiedName{id.schema, id.name}))};
        s.probes.push_back({"an empty range", empty, empty});
      };
      out.push_back(std::move(subject));
    }
  }
}

}  // namespace contraflow::testgen
