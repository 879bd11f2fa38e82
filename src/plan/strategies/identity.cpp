// SPDX-License-Identifier: Apache-2.0
//
// Numbers that a sequence gives: serial, identity, and the ways between them. The sequence goes on above the largest value.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/alter.h"
#include "catalog/ddl.h"
#include "plan/strategies/column_parts.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

// The sequences that the column owns and that the other schema does not have.
std::vector<const Object*> own_sequences(const Database& database, const Database& other, const ObjectId& column) {
  std::vector<const Object*> out;
  for (auto it = database.objects.lower_bound(ObjectId{Kind::sequence, "", "", "", ""});
       it != database.objects.end() && it->first.kind == Kind::sequence; ++it) {
    if (std::get<Sequence>(it->second.body).owned_by == column && !other.find(it->first)) out.push_back(&it->second);
  }
  return out;
}

std::string setval_from(const std::string& target, const std::string& source) {
  return fmt::format("SELECT pg_catalog.setval({}, last_value, is_called) FROM {}", sql::quote_literal(target), source);
}

std::string set_default(const ObjectId& id, const Column& column) {
  return fmt::format("ALTER TABLE ONLY {} ALTER COLUMN {} {}", sql::quote(QualifiedName{id.schema, id.relation}), sql::quote_identifier(id.name),
                     column.default_expression.empty() ? "DROP DEFAULT" : "SET DEFAULT " + column.default_expression);
}

bool ascending(const SequenceOptions& options) { return !options.increment.starts_with('-'); }

// What the column's default draws from and others may draw from too: a sequence that is there in both schemas.
std::optional<std::string> shared_sequence(const Database& database, const Database& other, const ObjectId& column) {
  for (const ObjectId& need : database.objects.at(column).depends_on) {
    const auto* sequence = need.kind == Kind::sequence ? database.find_body<Sequence>(need) : nullptr;
    if (sequence && sequence->owned_by != column && other.find(need) && ascending(sequence->options)) return quoted_name(need);
  }
  return std::nullopt;
}

// Owner, privileges and comment of the sequence that ADD GENERATED has just made.
Statements describe_identity_sequence(const Database& database, const ObjectId& id) {
  const Column& column = std::get<Column>(database.objects.at(id).body);
  const Object* table = Planner::relation(database, id.schema, id.relation);
  const std::string owner = table ? table->owner : std::string();
  Column made = column;
  made.identity_comment.reset();
  made.identity_grants.clear();
  for (const char* privilege : {"SELECT", "UPDATE", "USAGE"}) made.identity_grants.push_back({owner, privilege, false, owner});
  return alter_identity_sequence(made, column, owner);
}

Statements to_identity(const Planner& p, const Database& a, const Database& b, const ObjectId& id) {
  const Column& from = std::get<Column>(a.objects.at(id).body);
  const Column& to = std::get<Column>(b.objects.at(id).body);
  const std::string target = sql::quote(to.identity_sequence);
  Statements out;
  if (!from.default_expression.empty()) out.push_back(set_default(id, Column{}));
  const auto sequences = own_sequences(a, b, id);
  std::vector<std::string> parked;
  for (const Object* sequence : sequences) {
    // The identity's sequence usually has the very name that serial's had.
    const std::string spare = p.spare_relation(sequence->id.schema, sequence->id.name, "old");
    out.push_back(fmt::format("ALTER SEQUENCE {} RENAME TO {}", quoted_name(sequence->id), sql::quote_identifier(spare)));
    parked.push_back(sql::quote(QualifiedName{sequence->id.schema, spare}));
  }
  for (std::string& statement : alter_identity(id, from, to)) out.push_back(std::move(statement));
  if (!parked.empty()) {
    out.push_back(setval_from(target, parked.front()));
    for (const std::string& sequence : parked) out.push_back("DROP SEQUENCE " + sequence);
  } else {
    const std::string largest = fmt::format("SELECT max({}) FROM {}", sql::quote_identifier(id.name), sql::quote(QualifiedName{id.schema, id.relation}));
    const auto shared = shared_sequence(a, b, id);
    if (shared && ascending(to.identity_options)) {
      // Numbers that a session keeps from the old sequence's cache are never given again, also after a way back.
      const std::string& maximum = to.identity_options.maximum;
      const bool bounded = !maximum.empty() && maximum != "9223372036854775807";
      out.push_back(fmt::format("SELECT pg_catalog.setval({}, greatest(({}), {}), true) FROM {}", sql::quote_literal(target), largest,
                                bounded ? fmt::format("CASE WHEN last_value < {} THEN last_value END", maximum) : "last_value", *shared));
    } else {
      out.push_back(fmt::format("SELECT pg_catalog.setval({}, max({}), true) FROM {} HAVING max({}) IS NOT NULL", sql::quote_literal(target),
                                sql::quote_identifier(id.name), sql::quote(QualifiedName{id.schema, id.relation}), sql::quote_identifier(id.name)));
    }
  }
  append(out, describe_identity_sequence(b, id));
  return out;
}

Statements from_identity(const Planner& p, const Database& a, const Database& b, const ObjectId& id) {
  const Column& from = std::get<Column>(a.objects.at(id).body);
  const Column& to = std::get<Column>(b.objects.at(id).body);
  // Nobody draws a number between the old sequence's last one and the new one's first.
  Statements out{fmt::format("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", sql::quote(QualifiedName{id.schema, id.relation}))};
  const auto sequences = own_sequences(b, a, id);
  for (const Object* sequence : sequences) {
    const std::string spare = p.spare_relation(sequence->id.schema, sequence->id.name, "new");
    const QualifiedName spare_name{sequence->id.schema, spare};
    Object made = *sequence;
    made.id.name = spare;
    std::get<Sequence>(made.body).owned_by.reset();
    for (std::string& statement : create(made, b)) out.push_back(std::move(statement));
    out.push_back(setval_from(sql::quote(spare_name), sql::quote(from.identity_sequence)));
  }
  if (const auto shared = shared_sequence(b, a, id); shared && ascending(from.identity_options)) {
    // The sequence that the default draws from stood still meanwhile.
    out.push_back(fmt::format("SELECT pg_catalog.setval({}, i.last_value, true) FROM {} AS i, {} AS s WHERE i.last_value > s.last_value", sql::quote_literal(*shared),
                              sql::quote(from.identity_sequence), *shared));
  }
  for (std::string& statement : alter_identity(id, from, to)) out.push_back(std::move(statement));
  for (const Object* sequence : sequences) {
    const std::string spare = p.spare_relation(sequence->id.schema, sequence->id.name, "new");
    out.push_back(fmt::format("ALTER SEQUENCE {} RENAME TO {}", sql::quote(QualifiedName{sequence->id.schema, spare}), sql::quote_identifier(sequence->id.name)));
    Object free = *sequence;
    std::get<Sequence>(free.body).owned_by.reset();
    for (std::string& statement : alter_sequence(sequence->id, std::get<Sequence>(free.body), std::get<Sequence>(sequence->body))) {
      out.push_back(std::move(statement));
    }
    for (std::string& statement : describe_state(*sequence, b)) out.push_back(std::move(statement));
  }
  if (!to.default_expression.empty()) out.push_back(set_default(id, to));
  return out;
}

Statements script(const Planner& p, const Database& a, const Database& b, const ObjectId& id) {
  const Column& from = std::get<Column>(a.objects.at(id).body);
  const Column& to = std::get<Column>(b.objects.at(id).body);
  if (from.identity == Identity::none) return to_identity(p, a, b, id);
  if (to.identity == Identity::none) return from_identity(p, a, b, id);
  return alter_identity(id, from, to);
}

std::string identity_is(const ObjectId& id, Identity identity) {
  const char* letter = identity == Identity::none ? "" : identity == Identity::always ? "a"
                                                                                      : "d";
  return fmt::format("EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass({}) AND attname = {} AND attidentity = '{}')",
                     sql::quote_literal(sql::quote(QualifiedName{id.schema, id.relation})), sql::quote_literal(id.name), letter);
}

int rank(const std::string& type) { return type == "bigint" ? 2 : type == "integer" ? 1
                                                                                    : 0; }

bool restarts(const Statements& statements) {
  return std::any_of(statements.begin(), statements.end(), [](const std::string& s) { return s.find(" RESTART WITH ") != std::string::npos; });
}

}  // namespace

void plan_identity(Planner& p, const ObjectId& id) {
  const Column& a = std::get<Column>(p.from.objects.at(id).body);
  const Column& b = std::get<Column>(p.to.objects.at(id).body);
  const bool kind_changes = (a.identity == Identity::none) != (b.identity == Identity::none);
  std::set<ObjectId> gone, made;
  for (const Object* sequence : own_sequences(p.from, p.to, id)) gone.insert(sequence->id);
  for (const Object* sequence : own_sequences(p.to, p.from, id)) made.insert(sequence->id);
  if (kind_changes) {
    for (const auto* set : {&gone, &made}) {
      for (const ObjectId& sequence : *set) p.take(sequence);
    }
  }
  // What the deployed version leaves to the identity it must write itself first.
  const bool missed = b.identity == Identity::none && b.default_expression.empty();
  Operation& operation = p.add(missed ? Phase::contract : Phase::expand, "change identity of", id,
                               brief(script(p, p.from, p.to, id), kind_changes ? all_of({exists(id), negate(identity_is(id, b.identity))}) : ""),
                               brief(script(p, p.to, p.from, id), kind_changes ? all_of({exists(id), negate(identity_is(id, a.identity))}) : ""));
  if (!kind_changes) {
    // Numbers that were given since would be given again.
    const auto once = [&](Action& action, const Column& goal) {
      if (restarts(action.statements)) action.todo = all_of({exists(id), negate(sequence_bounds_are(goal.identity_sequence, goal.identity_options))});
    };
    once(operation.step.forward, b);
    once(operation.step.undo, a);
    if (restarts(operation.step.forward.statements)) {
      operation.step.grade = Grade::data;
      operation.step.notes.push_back("the numbers of " + describe(id) + " start anew within the new bounds, and within the old ones after a rollback");
    }
  }
  operation.needs = p.to.objects.at(id).depends_on;
  operation.needs.insert(id);
  operation.detaches.insert(id);
  if (kind_changes) {
    operation.removes = gone;
    operation.provides = made;
    for (const ObjectId& sequence : made) operation.needs.erase(sequence);
  }
  operation.step.effects = {{{id.schema, id.relation}, effects::LockMode::access_exclusive, effects::Work::none}};
  if (kind_changes ? b.identity == Identity::none && a.type != b.type : rank(a.type) > rank(b.type)) {
    // Bounds that the narrower type can hold come before it; the other way round they come after it, with its new range. An identity that goes comes back when its type is there again.
    operation.needs.erase(id);
    const std::size_t bounded = p.operations.size() - 1;
    for (std::size_t i = 0; i < bounded; ++i) {
      if (p.operations[i].provides.contains(id)) p.operations[i].after.push_back(bounded);
    }
  }
}

void add_column_in_stages(Planner& p, const ObjectId& id) {
  const Object& object = p.to.objects.at(id);
  const Column& column = std::get<Column>(object.body);
  const std::string target = alter_table(p.to, id.schema, id.relation);
  const std::string quoted = sql::quote_identifier(id.name);
  const QualifiedName table{id.schema, id.relation};
  Column bare = column;
  bare.not_null = false;
  bare.default_expression.clear();
  bare.identity = Identity::none;
  Statements statements{fmt::format("{} ADD COLUMN IF NOT EXISTS {}", target, column_definition(id, bare, p.to.major()))};
  // Rows that come meanwhile get their value from the default; identity columns have a sequence of their own at first.
  const bool identity = column.identity != Identity::none;
  const std::string meanwhile = identity ? p.spare_relation(id.schema, column.identity_sequence.name, "fill") : std::string();
  const std::string meanwhile_name = sql::quote(QualifiedName{id.schema, meanwhile});
  const std::string value = identity ? fmt::format("pg_catalog.nextval({}::regclass)", sql::quote_literal(meanwhile_name)) : column.default_expression;
  // An identity asks for no privilege on its sequence, a default does: whoever may insert goes on inserting.
  const std::string for_everyone = fmt::format("GRANT USAGE ON SEQUENCE {} TO PUBLIC", meanwhile_name);
  if (identity) {
    statements.push_back("CREATE SEQUENCE IF NOT EXISTS " + meanwhile_name);
    statements.push_back(for_everyone);
  }
  statements.push_back(fmt::format("{} ALTER COLUMN {} SET DEFAULT {}", target, quoted, value));
  for (std::string& statement : describe_state(object, p.to)) statements.push_back(std::move(statement));
  Statements undo{fmt::format("{} DROP COLUMN IF EXISTS {}", target, quoted)};
  if (identity) undo.push_back("DROP SEQUENCE IF EXISTS " + meanwhile_name);
  Operation& add = p.add(Phase::expand, "add", id, brief(std::move(statements), identity ? negate(identity_is(id, column.identity)) : absent(id)), brief(std::move(undo)));
  add.provides.insert(id);
  add.needs = object.depends_on;
  add_after_leaving(p, id, add);
  add.step.effects = {{table, effects::LockMode::access_exclusive, effects::Work::none}};
  const std::size_t added = p.operations.size() - 1;
  backfill_column(p, Phase::backfill, id, value, fmt::format("{} IS NULL", quoted));
  p.operations.back().after.push_back(added);
  if (identity) p.operations.back().step.forward.todo = negate(identity_is(id, column.identity));
  std::vector<std::size_t> after{p.operations.size() - 1};
  if (column.not_null || identity) {
    set_not_null(p, Phase::backfill, id, id.name, after);
    after.push_back(p.operations.size() - 1);
  }
  if (!identity) return;
  Column filled = column;
  filled.identity = Identity::none;
  Statements finish{fmt::format("{} ALTER COLUMN {} DROP DEFAULT", target, quoted)};
  for (std::string& statement : alter_identity(id, filled, column)) finish.push_back(std::move(statement));
  finish.push_back(setval_from(sql::quote(column.identity_sequence), meanwhile_name));
  finish.push_back("DROP SEQUENCE " + meanwhile_name);
  Operation& last = p.add(Phase::backfill, "make identity of", id, brief(std::move(finish), negate(identity_is(id, column.identity))),
                          brief({fmt::format("CREATE SEQUENCE {}", meanwhile_name), for_everyone, setval_from(meanwhile_name, sql::quote(column.identity_sequence)),
                                 fmt::format("{} ALTER COLUMN {} DROP IDENTITY", target, quoted),
                                 fmt::format("{} ALTER COLUMN {} SET DEFAULT {}", target, quoted, value)},
                                identity_is(id, column.identity)));
  last.after = after;
  last.step.effects = {{table, effects::LockMode::access_exclusive, effects::Work::none}};
}

}  // namespace contraflow::plan
