// SPDX-License-Identifier: Apache-2.0
#include "testgen/suite.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "catalog/read.h"
#include "testgen/domain_tests.h"
#include "testgen/enum_tests.h"
#include "testgen/object_tests.h"
#include "testgen/probes.h"
#include "testgen/table_tests.h"

namespace contraflow::testgen {
namespace {

using catalog::Constraint;

constexpr long long kRows = 3, kReferencedRows = 9;

std::set<QualifiedName> references_of(const Database& database, const QualifiedName& table) {
  std::set<QualifiedName> out;
  for (const auto& [id, object] : database.objects) {
    const auto* key = std::get_if<Constraint>(&object.body);
    if (key && key->references && id.schema == table.schema && id.relation == table.name && *key->references != table) out.insert(*key->references);
  }
  return out;
}

// The changed tables, those that refer to them, those whose rows changed views and the like show, and all that any of them refers to; referenced tables first.
std::vector<const TablePair*> in_order(const Shape& shape, const Database& from, const Database& to, const std::set<QualifiedName>& shown) {
  std::map<QualifiedName, const TablePair*> by_name;
  std::map<QualifiedName, std::set<QualifiedName>> references;
  for (const TablePair& table : shape.tables) {
    by_name[table.new_name] = by_name[table.old_name] = &table;
    references[table.old_name] = table.from ? references_of(from, table.old_name) : std::set<QualifiedName>{};
    if (table.to) references[table.old_name].merge(references_of(to, table.new_name));
  }
  std::set<QualifiedName> wanted;
  for (const TablePair& table : shape.tables) {
    bool refers = table.changed || shown.contains(table.old_name) || shown.contains(table.new_name);
    for (const QualifiedName& other : references[table.old_name]) refers = refers || (by_name.contains(other) && by_name.at(other)->changed);
    if (refers) wanted.insert(table.old_name);
  }
  std::vector<const TablePair*> out;
  std::set<QualifiedName> seen;
  const auto visit = [&](const auto& self, const QualifiedName& name) -> void {
    const auto at = by_name.find(name);
    if (at == by_name.end() || !seen.insert(at->second->old_name).second) return;
    for (const QualifiedName& other : references[at->second->old_name]) self(self, other);
    out.push_back(at->second);
  };
  for (const QualifiedName& name : wanted) visit(visit, name);
  return out;
}

// Whether a trigger or rule of the table's, on either side, names another table: rows that come in may then bring others, as they will not by the triggers that the plan makes.
bool writes_elsewhere(const World& world, const TablePair& table) {
  for (const Database* database : {&world.before.database(), &world.desired.database()}) {
    for (const auto& [id, object] : database->objects) {
      if (const QualifiedName on{id.schema, id.relation}; on != table.old_name && on != table.new_name) continue;
      std::string text;
      if (const auto* trigger = std::get_if<catalog::Trigger>(&object.body)) {
        if (const auto* function = database->find_body<catalog::Routine>(trigger->function)) text = function->body;
      }
      if (const auto* rule = std::get_if<catalog::Rule>(&object.body)) text = rule->definition;
      for (const QualifiedName& name : named_in(*database, text)) {
        if (name != table.old_name && name != table.new_name) return true;
      }
    }
  }
  return false;
}

void make_seeds(World& world, const TablePair& table, bool referenced, std::vector<std::string>& statements) {
  if (!table.from) return;
  std::vector<Seed>& seeds = world.seeds[table.old_name];
  const long long wanted = referenced ? kReferencedRows : kRows;
  const bool silent = writes_elsewhere(world, table);
  for (long long number = 1; number <= wanted; ++number) {
    std::optional<Seed> made;
    if (table.to)
      made = row_of_both(world, table, number, 50'021);
    else if (const std::optional<Row> row = world.before.make(table.old_name, number))
      made = Seed{*row, {}};
    if (!made) {
      world.notes.push_back(fmt::format("{}: no row was found that both schemas take: it has {} instead of {}", sql::quote(table.old_name), number - 1, wanted));
      return;
    }
    if (silent) statements.emplace_back(kTriggersOff);
    statements.push_back(world.before.insert(table.old_name, made->old_row));
    if (silent) statements.emplace_back(kTriggersOn);
    Seed seed{.old_row = world.before.keep(table.old_name, made->old_row, silent), .new_row = {}};
    for (const ColumnPair& pair : table.columns) {  // a generated column that becomes a plain one keeps what it had
      if (pair.from && pair.to && pair.from->generated != catalog::Generated::none && pair.to->generated == catalog::Generated::none) made->new_row[pair.new_name] = seed.old_row.at(pair.old_name);
    }
    if (table.to) seed.new_row = world.desired.keep(table.new_name, made->new_row, silent);
    seeds.push_back(seed);
  }
}

// What the plan changes and no test asks for, because neither rows nor calls show it.
void untold(const Database& from, const Database& to, std::vector<std::string>& notes) {
  long long comments = 0;
  std::map<std::string, std::vector<std::string>> others;
  std::set<catalog::ObjectId> ids;
  for (const Database* database : {&from, &to}) {
    for (const auto& [id, object] : database->objects) ids.insert(id);
  }
  for (const catalog::ObjectId& id : ids) {
    const catalog::Object *was = from.find(id), *becomes = to.find(id);
    if (was && becomes && was->comment != becomes->comment) ++comments;
    if (was && becomes && was->body == becomes->body) continue;
    switch (id.kind) {
      case catalog::Kind::index: {
        const auto* index = std::get_if<catalog::Index>(becomes ? &becomes->body : &was->body);
        if (index && !index->unique) others["an index that is not unique changes no answer"].push_back(sql::quote_identifier(id.name));
        break;
      }
      case catalog::Kind::schema:
      case catalog::Kind::table:
      case catalog::Kind::column:
      case catalog::Kind::constraint:
      case catalog::Kind::domain_constraint:
      case catalog::Kind::enum_type:
      case catalog::Kind::domain:
      case catalog::Kind::composite_type:
      case catalog::Kind::range_type:
      case catalog::Kind::view:
      case catalog::Kind::materialized_view:
      case catalog::Kind::routine:
      case catalog::Kind::trigger:
      case catalog::Kind::rule:
      case catalog::Kind::policy:
      case catalog::Kind::sequence:
      case catalog::Kind::publication:
      case catalog::Kind::event_trigger:
      case catalog::Kind::default_privileges:
      case catalog::Kind::privileges: break;  // have tests, or say themselves that they have none
      default: others["changes of this kind have no tests"].push_back(catalog::describe(id)); break;
    }
  }
  if (comments > 0) notes.push_back(fmt::format("{}: no data shows a comment", count_of(comments, "comment")));
  for (const auto& [why, names] : others) notes.push_back(fmt::format("{}: {}", join(names, ", "), why));
}

}  // namespace

std::string file_of(plan::Phase phase) { return fmt::format("{}_{}", static_cast<int>(phase) + 1, plan::phase_name(phase)); }

std::string objects_file_of(const std::string& file) { return file + "_objects"; }

std::string reads_file_of(plan::Phase phase) { return file_of(phase) + "_reads"; }

Suite make_suite(const Stack& stack, const plan::Plan& plan, pg::Connection& before, pg::Connection& desired, const std::vector<CodeRead>& reads) {
  const Database from = catalog::read(before, {.sizes = false});
  const Database to = catalog::read(desired, {.sizes = false});
  const Shape shape = shape_of(plan, from, to);
  RowMaker old_rows(before, from, to), new_rows(desired, to, from);
  World world{.plan = plan, .shape = shape, .before = old_rows, .desired = new_rows, .seeds = {}, .notes = {}};
  Suite suite;
  ObjectTests objects(world);

  const std::vector<const TablePair*> tables = in_order(shape, from, to, objects.tables());
  std::set<QualifiedName> referenced;
  for (const TablePair* table : tables) {
    if (table->from) referenced.merge(references_of(from, table->old_name));
    if (table->to) referenced.merge(references_of(to, table->new_name));
  }
  const std::string rows = "-- Rows as the deployed version has them, before the plan. Written by contraflow tests.\n\\set ON_ERROR_STOP on\nBEGIN;\n";
  // Numbers go on behind the rows, as they do in a database that is in use. 32,000 fits a smallint.
  std::vector<std::string> statements, sequences;
  for (const TablePair* table : tables) {
    for (const ColumnPair& pair : table->columns) {
      if (!table->from || !pair.from || (pair.from->identity == catalog::Identity::none && !pair.from->default_expression.starts_with("nextval("))) continue;
      const auto next = [&](const QualifiedName& name, const std::string& column, int number) {
        return fmt::format("SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence({}, {})::regclass, {})", sql::quote_literal(sql::quote(name)), sql::quote_literal(column), number);
      };
      for (const int number : {32000, 500}) {  // a sequence may have bounds of its own
        const std::string statement = next(table->old_name, pair.old_name, number);
        if (!old_rows.accepts(statement)) continue;
        sequences.push_back(statement);
        if (pair.to) new_rows.accepts(next(table->new_name, pair.new_name, number));
        break;
      }
    }
  }
  for (const TablePair* table : tables) make_seeds(world, *table, referenced.contains(table->old_name) || referenced.contains(table->new_name), statements);
  suite.files[kRowsFile] = fmt::format("{}{};\n{}COMMIT;\n", rows, join(statements, ";\n"), sequences.empty() ? "" : join(sequences, ";\n") + ";\n");

  objects.find();  // beside the rows of before alone: the tests of tables add theirs
  std::vector<std::unique_ptr<TableTests>> tests;
  for (const TablePair* table : tables) {
    if (table->from && world.seeds[table->old_name].empty()) continue;  // told by make_seeds
    tests.push_back(std::make_unique<TableTests>(world, *table));
  }
  TestFile kept;
  for (const auto& table : tests) table->rows_kept(kept);
  for (const auto& table : tests) table->rules_kept(kept);
  suite.files[kKeptFile + stack.ending()] = stack.text(kept, "The rows are all there as they were: before the plan, and after its way back.");
  suite.tests += kept.tests();
  suite.test_files = 1;
  suite.files.merge(stack.shared_files());
  const auto write = [&](const std::string& name, const std::string& title, State state) {
    TestFile file;
    for (const auto& table : tests) table->rows_of_before(file, state);  // all of them first: triggers write to other tables
    for (const auto& table : tests) table->write(file, state);
    enum_tests(world, from, to, file, state);
    domain_tests(world, file, state);
    suite.files[name + stack.ending()] = stack.text(file, title);
    ++suite.test_files;
    suite.tests += file.tests();
  };
  write(kBeforeFile, "Before the plan, and after its way back: the deployed version's schema.", 0);
  for (const plan::Phase phase : shape.phases) write(file_of(phase), fmt::format("After {}.", plan::phase_name(phase)), after(phase));
  const auto write_objects = [&](const std::string& name, const std::string& title, State state) {
    TestFile file;
    objects.write(file, state);
    if (file.tests() == 0) return;
    suite.files[objects_file_of(name) + stack.ending()] = stack.text(file, title);
    ++suite.test_files;
    suite.tests += file.tests();
  };
  write_objects(kBeforeFile, "Before the plan, and after its way back: the deployed version's views, functions, triggers, policies and so on.", 0);
  for (const plan::Phase phase : shape.phases) write_objects(file_of(phase), fmt::format("After {}: views, functions, triggers, policies and so on.", plan::phase_name(phase)), after(phase));
  if (std::any_of(plan.steps.begin(), plan.steps.end(), [](const plan::Step& step) { return step.grade == plan::Grade::data; })) {  // the same where the way back has given contents up: on the rows of before, written anew
    TestFile file;
    std::vector<std::string> emptied;
    for (const TablePair* table : tables) {
      if (table->from) emptied.push_back(sql::quote(table->old_name));
    }
    file.run(kTriggersOff);
    if (!emptied.empty()) file.run(fmt::format("TRUNCATE {} CASCADE", join(emptied, ", ")));
    file.run(kTriggersOn);
    for (const std::string& statement : statements) file.run(statement);
    objects.write(file, 0);
    if (file.tests() > 0) {
      suite.files[kAnewFile + stack.ending()] = stack.text(file, "After a way back that gives contents up: the deployed version's views, functions, triggers, policies and so on, with its rows written anew.");
      ++suite.test_files;
      suite.tests += file.tests();
    }
  }
  const CodeReadTests code_reads(world, reads);
  for (const plan::Phase phase : shape.phases) {
    TestFile file;
    code_reads.write(file, after(phase));
    if (file.tests() == 0) continue;
    suite.files[reads_file_of(phase) + stack.ending()] = stack.text(file, fmt::format("After {}: what the code base reads of deleted rows.", plan::phase_name(phase)));
    ++suite.test_files;
    suite.tests += file.tests();
  }

  untold(from, to, world.notes);
  for (const std::string& note : world.notes)
    if (std::find(suite.notes.begin(), suite.notes.end(), note) == suite.notes.end()) suite.notes.push_back(note);
  return suite;
}

}  // namespace contraflow::testgen
