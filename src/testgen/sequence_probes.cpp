// SPDX-License-Identifier: Apache-2.0
//
// Sequences, those of identity columns as well: the values that they give from their start, and beyond their bounds. RESTART makes a new file for the sequence, which goes
// with the rollback: none of it moves the numbers that the application gets.
#include <fmt/format.h>

#include "testgen/probes.h"

namespace contraflow::testgen {
namespace {

using catalog::Column;
using catalog::Database;
using catalog::Kind;
using catalog::ObjectId;
using catalog::Sequence;
using catalog::SequenceOptions;

void probe_options(const QualifiedName& name, const SequenceOptions* was, const SequenceOptions* becomes, Subject& subject) {
  const std::string quoted = sql::quote(name), literal_name = sql::quote_literal(quoted);
  const std::string next = fmt::format("SELECT pg_catalog.nextval({})::text FROM generate_series(1, 3)", literal_name);
  const std::string restart = fmt::format("ALTER SEQUENCE {} RESTART", quoted);
  subject.probes.push_back({"its first values", {{restart}, next}, {{restart}, next}});
  for (const SequenceOptions* options : {was, becomes}) {
    if (options == nullptr) continue;
    for (const std::string& bound : {options->maximum, options->minimum}) {
      if (bound.empty()) continue;
      const Probe probe{{restart, fmt::format("SELECT pg_catalog.setval({}, {})", literal_name, bound)}, fmt::format("SELECT pg_catalog.nextval({})::text", literal_name)};
      subject.probes.push_back({"the value after " + bound, probe, probe});
    }
  }
}

}  // namespace

void add_sequences(const World& world, std::vector<Subject>& out) {
  const Database &from = world.before.database(), &to = world.desired.database();
  for (const ObjectId& id : ids_of(world, Kind::sequence)) {
    const auto *was = from.find_body<Sequence>(id), *becomes = to.find_body<Sequence>(id);
    if (was && becomes && was->options == becomes->options) continue;
    const QualifiedName name{id.schema, id.name};
    Subject subject{.heading = catalog::describe(id), .made = !was, .gone = !becomes, .ids = {id}, .tables = {}, .changed_by = {}, .find = {}, .probes = {}, .why_none = {}};
    const std::string quoted = sql::quote(name);
    // It comes and goes with its column.
    for (const auto& [side, database] : {std::pair{was, &from}, std::pair{becomes, &to}}) {
      if (side && side->owned_by) subject.tables.insert({side->owned_by->schema, side->owned_by->relation});
    }
    subject.changed_by = [quoted](const std::string& statement) {
      for (const char* verb : {"CREATE SEQUENCE ", "CREATE SEQUENCE IF NOT EXISTS ", "ALTER SEQUENCE ", "DROP SEQUENCE IF EXISTS "}) {
        if (statement.starts_with(verb)) return has_name(statement, verb, quoted) && statement.find(" OWNE") == std::string::npos;
      }
      return false;
    };
    const SequenceOptions* old_options = was ? &was->options : nullptr;
    const SequenceOptions* new_options = becomes ? &becomes->options : nullptr;
    subject.find = [=](World&, Subject& s) { probe_options(name, old_options, new_options, s); };
    subject.why_none = "only its cache changes, which no session can see";
    out.push_back(std::move(subject));
  }
  for (const ObjectId& id : ids_of(world, Kind::column)) {
    const auto *was = from.find_body<Column>(id), *becomes = to.find_body<Column>(id);
    if (!was || !becomes || was->identity == catalog::Identity::none || becomes->identity == catalog::Identity::none) continue;
    if (was->identity_options == becomes->identity_options || was->identity_sequence != becomes->identity_sequence) continue;
    Subject subject{.heading = fmt::format("identity of column {}.{}", sql::quote(QualifiedName{id.schema, id.relation}), sql::quote_identifier(id.name)), .made = false, .gone = false, .tables = {{id.schema, id.relation}}, .changed_by = {}, .find = {}, .probes = {}, .why_none = "only its cache changes, which no session can see"};
    const std::string table = sql::quote(QualifiedName{id.schema, id.relation}), column = "ALTER COLUMN " + sql::quote_identifier(id.name) + " ";
    subject.changed_by = [=](const std::string& statement) { return statement.starts_with("ALTER TABLE ") && has_name(statement, " ", table) && statement.find(column) != std::string::npos; };
    const QualifiedName name = was->identity_sequence;
    const SequenceOptions *old_options = &was->identity_options, *new_options = &becomes->identity_options;
    subject.find = [=](World&, Subject& s) { probe_options(name, old_options, new_options, s); };
    out.push_back(std::move(subject));
  }
}

}  // namespace contraflow::testgen
