// SPDX-License-Identifier: Apache-2.0
#include "testgen/object_tests.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "rehearse/row_values.h"

namespace contraflow::testgen {
namespace {

constexpr std::size_t kOthers = 4;  // probes of one object that give the same on both sides, for a plan that does a third thing

// Of a table's own contents or columns, so that what is shown may change with it.
bool changes_contents(const plan::Step& step, const QualifiedName& table) {
  const std::string name = sql::quote(table);
  if (step.forward.backfill && step.forward.backfill->table == table) return true;
  return std::any_of(step.forward.statements.begin(), step.forward.statements.end(), [&](const std::string& statement) {
    if (statement.starts_with("ALTER TABLE ")) {
      for (const char* harmless : {" OWNER TO ", " ROW LEVEL SECURITY", " VALIDATE CONSTRAINT ", " SET STATISTICS ", " SET STORAGE ", " ATTACH PARTITION ", " DETACH PARTITION ", "__bound"}) {
        if (statement.find(harmless) != std::string::npos) return false;
      }
      if (statement.find("ABLE TRIGGER ") != std::string::npos) return false;
      return has_name(statement, " ", name);
    }
    return has_name(statement, "CREATE TABLE ", name) || has_name(statement, "DROP TABLE IF EXISTS ", name) || (statement.find("zz_contraflow_sync") != std::string::npos && has_name(statement, " ", name)) ||
           has_name(statement, "UPDATE ", name);
  });
}

bool moved_to(const plan::Plan& plan, const std::string& schema) {
  const std::string end = " SET SCHEMA " + sql::quote_identifier(schema);
  return std::any_of(plan.steps.begin(), plan.steps.end(), [&](const plan::Step& step) {
    return std::any_of(step.forward.statements.begin(), step.forward.statements.end(), [&](const std::string& statement) { return statement.starts_with("ALTER TABLE ") && statement.ends_with(end); });
  });
}

// What fills the materialized views that the object reads, those that others read first: they show the rows of when they were made.
std::vector<std::string> refreshes(const Database& database, const Subject& subject) {
  std::vector<std::pair<std::size_t, std::string>> found;
  std::set<catalog::ObjectId> all = subject.ids;
  all.insert(subject.uses.begin(), subject.uses.end());
  for (const catalog::ObjectId& id : std::set<catalog::ObjectId>(all)) {  // a view may be a materialized one on the other side
    if (id.kind == catalog::Kind::view) all.insert(catalog::relation_id(catalog::Kind::materialized_view, id.schema, id.name));
  }
  for (const catalog::ObjectId& id : all) {
    if (id.kind != catalog::Kind::materialized_view || database.find(id) == nullptr) continue;
    std::set<catalog::ObjectId> below;
    tables_below(database, id, &below);
    const auto stored = std::count_if(below.begin(), below.end(), [](const catalog::ObjectId& one) { return one.kind == catalog::Kind::materialized_view; });
    found.emplace_back(static_cast<std::size_t>(stored), "REFRESH MATERIALIZED VIEW " + sql::quote(QualifiedName{id.schema, id.name}));
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> out;
  for (const auto& [depth, statement] : found) out.push_back(statement);
  return out;
}

// Behind what the probe writes, and before it takes the role that looks.
void add_refreshes(Probe& probe, const std::vector<std::string>& refreshes) {
  const auto role = std::find_if(probe.first.begin(), probe.first.end(), [](const std::string& statement) { return statement.find(" ROLE ") != std::string::npos && !statement.starts_with("INSERT "); });
  probe.first.insert(role, refreshes.begin(), refreshes.end());
}

}  // namespace

ObjectTests::ObjectTests(World& world) : world_(world) {
  add_columns(world, subjects_);
  add_partitions(world, subjects_);
  add_types(world, subjects_);
  add_sequences(world, subjects_);
  add_views(world, subjects_);
  add_routines(world, subjects_);
  add_triggers(world, subjects_);
  add_policies(world, subjects_);
  add_privileges(world, subjects_);
  add_publications(world, subjects_);
}

std::set<QualifiedName> ObjectTests::tables() const {
  std::set<QualifiedName> out;
  for (const Subject& subject : subjects_) {
    // What a trigger writes elsewhere it has written for the rows of its own table as well: no rows are made for it.
    for (const QualifiedName& table : subject.tables) {
      if (!subject.group.starts_with("writes to ") || subject.group == "writes to " + sql::quote(table)) out.insert(table);
    }
  }
  return out;
}

void ObjectTests::find() {
  for (const auto& [name, seeds] : world_.seeds) {
    const TablePair* table = pair_of(world_, name);
    if (table == nullptr || !table->to || seeds.empty()) continue;
    int salt = 500;
    for (const ColumnPair& pair : table->columns) {
      if (pair.from || !pair.to || constant(*pair.to, world_) || pair.to->generated != catalog::Generated::none) continue;
      const std::string expression = rehearse::value_expression({.type = pair.to->type, .unique = true, .salt = ++salt}, world_.desired.database());
      const std::string column = sql::quote_identifier(pair.new_name), new_name = sql::quote(table->new_name);
      perturbed_.push_back(expression.empty() ? fmt::format("UPDATE {} SET {} = NULL", new_name, column)
                                              : fmt::format("UPDATE {0} SET {1} = made.value FROM (SELECT at, ({2})::{3} AS value FROM (SELECT ctid, 7000 + row_number() OVER () FROM {0}) AS numbered(at, i)) AS made WHERE {0}.ctid = made.at",
                                                            new_name, column, expression, pair.to->type));
    }
  }
  // Where several decide what a probe shows, it is known before the first of them changes and after the last.
  std::vector<States> own;
  for (const Subject& subject : subjects_) own.push_back(states_of(subject));
  for (std::size_t i = 0; i < subjects_.size(); ++i) {
    States states = own[i];
    for (std::size_t other = 0; other < subjects_.size(); ++other) {
      if (other == i || !decided_by(subjects_[i], subjects_[other])) continue;
      states = {std::min(states.first, own[other].first), std::max(states.second, own[other].second)};
    }
    judge(subjects_[i], states);
  }
}

bool ObjectTests::decided_by(const Subject& subject, const Subject& other) const {
  if (!subject.decided_by.empty() && subject.decided_by == other.group) return true;
  if (std::any_of(other.ids.begin(), other.ids.end(), [&](const catalog::ObjectId& id) { return subject.uses.contains(id); })) return true;
  // Triggers see what others write.
  return other.group.starts_with("writes to ") && std::any_of(subject.tables.begin(), subject.tables.end(), [&](const QualifiedName& table) { return other.group == "writes to " + sql::quote(table); });
}

ObjectTests::States ObjectTests::states_of(const Subject& subject) const {
  struct {
    State first = 99, last = 0;
  } found;
  State gone = 0;
  for (const plan::Step& step : world_.plan.steps) {
    for (const std::string& statement : step.forward.statements) {
      if (!subject.changed_by(statement)) continue;
      found.first = std::min(found.first, after(step.phase));
      // What goes is gone with the first of its statements; it may stay, renamed, until purge.
      const bool goes = statement.starts_with("DROP ") || statement.find(" RENAME TO ") != std::string::npos;
      if (subject.gone && goes && gone == 0) gone = after(step.phase);
      found.last = std::max(found.last, after(step.phase));
    }
  }
  if (gone != 0) found.last = gone;
  if (found.last == 0) {  // it follows something else
    found.first = 1;
    found.last = world_.shape.last;
  }
  const State shape = std::min(world_.shape.contract, world_.shape.last);
  for (const plan::Step& step : world_.plan.steps) {
    for (const QualifiedName& table : subject.tables) {
      if (!changes_contents(step, table)) continue;
      found.first = std::min(found.first, after(step.phase));
      if (after(step.phase) <= shape) found.last = std::max(found.last, after(step.phase));
    }
  }
  // Where the table's new shape stands only from contract on, so do its readers.
  for (const QualifiedName& table : subject.tables) {
    const TablePair* pair = pair_of(world_, table);
    if (pair == nullptr || !pair->from) continue;
    const bool moves = pair->old_name != pair->new_name || std::any_of(pair->columns.begin(), pair->columns.end(), [](const ColumnPair& column) { return column.from && (!column.to || !column.beside.empty() || !column.conversion.empty() || column.old_name != column.new_name); });
    if (!moves) continue;
    found.first = std::min(found.first, State{1});
    found.last = std::max(found.last, shape);
  }
  return {found.first, found.last};
}

void ObjectTests::judge(Subject& subject, const States& states) {
  subject.find(world_, subject);
  Found found{.heading = subject.heading, .first = states.first, .last = states.second};
  std::string why = subject.why_none.empty() ? "no made-up row or call shows what changes" : subject.why_none;
  const std::string today = world_.desired.evaluate("current_date::text").value_or("never");
  const auto outcome = [&](RowMaker& rows, const Probe& probe, bool perturb) -> std::optional<std::vector<std::string>> {
    const std::vector<std::string> out = rows.outcome(probe.first, probe.query);
    bool known = out == rows.outcome(probe.first, probe.query);  // random(), nextval()
    if (perturb && known && !perturbed_.empty()) {
      std::vector<std::string> first = perturbed_;
      first.insert(first.end(), probe.first.begin(), probe.first.end());
      known = out == rows.outcome(first, probe.query);
    }
    for (const std::string& row : out) known = known && row != "refused: 57014" && row.find(today) == std::string::npos;
    if (known) return out;
    why = "what it gives is another thing each time";
    return std::nullopt;
  };
  for (const QualifiedName& table : subject.tables) {
    const TablePair* pair = pair_of(world_, table);
    if (pair == nullptr || pair->from || subject.heading.starts_with("privileges ") || !moved_to(world_.plan, table.schema)) continue;
    why = "a table of it moves to another schema with its rows";
    subject.probes.clear();
  }
  std::set<std::pair<std::vector<std::string>, std::vector<std::string>>> seen;
  std::size_t telling = 0, others = 0;
  std::vector<Found::Outcome> same;
  const std::vector<std::string> fresh_before = refreshes(world_.before.database(), subject), fresh_desired = refreshes(world_.desired.database(), subject);
  for (ProbePair& pair : subject.probes) {
    if (pair.before.query.empty()) pair.before = pair.desired;
    if (pair.desired.query.empty()) pair.desired = pair.before;
    if (telling == subject.most) break;
    add_refreshes(pair.before, fresh_before);
    add_refreshes(pair.desired, fresh_desired);
    const auto before = outcome(world_.before, pair.before, false);
    if (!before) continue;
    const auto desired = outcome(world_.desired, pair.desired, true);
    if (!desired || (!seen.insert({*before, *desired}).second && !subject.each)) continue;
    const Found::Outcome one{.says = pair.says, .before = pair.before, .desired = pair.desired, .old_rows = *before, .new_rows = *desired};
    if (*before != *desired) {
      found.outcomes.push_back(one);
      ++telling;
    } else if ((others < kOthers || subject.each) && (before->empty() || !before->front().starts_with("refused: "))) {
      same.push_back(one);
      ++others;
    }
  }
  if (telling == 0 && !subject.same) world_.notes.push_back(fmt::format("{}: {}", subject.heading, why));
  found.outcomes.insert(found.outcomes.end(), same.begin(), same.end());
  if (!found.outcomes.empty()) found_.push_back(found);
}

void ObjectTests::write(TestFile& file, State state) const {
  for (const Found& found : found_) {
    if (state >= found.first && state < found.last) continue;
    const bool old = state < found.first;
    file.heading(found.heading);
    for (const Found::Outcome& outcome : found.outcomes) {
      const Probe& probe = old ? outcome.before : outcome.desired;
      file.shows(probe.first, probe.query, old ? outcome.old_rows : outcome.new_rows, fmt::format("{}: {}, {}", found.heading, outcome.says, old ? "as the deployed version has it" : "as the plan makes it"));
    }
  }
}

}  // namespace contraflow::testgen
