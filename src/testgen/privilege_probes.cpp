// SPDX-License-Identifier: Apache-2.0
//
// Privileges and owners: what a role may do with the object, done as that role.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "testgen/probes.h"

namespace contraflow::testgen {
namespace {

using catalog::Column;
using catalog::Database;
using catalog::Grant;
using catalog::Kind;
using catalog::Object;
using catalog::ObjectId;

constexpr const char* kMade = "contraflow_made";

std::string role_of(const std::string& grantee) { return grantee.empty() ? kReader : sql::quote_identifier(grantee); }

bool is_relation(Kind kind) { return kind == Kind::table || kind == Kind::view || kind == Kind::materialized_view || kind == Kind::foreign_table; }

std::string a_column(const Database& database, const ObjectId& id) {
  if (id.kind == Kind::view || id.kind == Kind::materialized_view) {
    const auto* view = database.find_body<catalog::View>(id);
    const auto* stored = database.find_body<catalog::MaterializedView>(id);
    const auto& columns = view ? view->columns : stored ? stored->columns
                                                        : std::vector<catalog::ViewColumn>{};
    return columns.empty() ? std::string() : columns.front().name;
  }
  std::string out;
  for (auto at = database.objects.lower_bound(ObjectId{Kind::column, id.schema, id.name, {}, {}}); at != database.objects.end(); ++at) {
    if (at->first.kind != Kind::column || at->first.schema != id.schema || at->first.relation != id.name) break;
    const auto& column = std::get<Column>(at->second.body);
    if (column.generated == catalog::Generated::none && column.identity == catalog::Identity::none) out = at->first.name;
  }
  return out;
}

// What the privilege lets one do with the object, as statements and a query of the role. Nothing where there is no such thing to do.
Probe use_of(const Database& database, const ObjectId& id, const std::string& privilege) {
  const QualifiedName named = id.kind == Kind::column ? QualifiedName{id.schema, id.relation} : QualifiedName{id.schema, id.name};
  const std::string name = sql::quote(named);
  const std::string column = sql::quote_identifier(id.kind == Kind::column ? id.name : a_column(database, id));
  const std::string done = "SELECT 'allowed'";
  if (is_relation(id.kind) || id.kind == Kind::column) {
    if (column.empty()) return {};
    // None of them reaches a row: the right to do it is asked for before.
    if (privilege == "SELECT") return {{}, fmt::format("SELECT count({})::text FROM {} WHERE false", column, name)};
    if (privilege == "INSERT") return {{fmt::format("INSERT INTO {} ({}) SELECT NULL WHERE false", name, column)}, done};
    if (privilege == "UPDATE") return {{fmt::format("UPDATE {} SET {} = DEFAULT WHERE false", name, column)}, done};
    if (privilege == "DELETE") return {{fmt::format("DELETE FROM {} WHERE false", name)}, done};
    if (privilege == "TRUNCATE") return {{fmt::format("TRUNCATE {}", name)}, done};
    if (privilege == "TRIGGER") return {{fmt::format("CREATE TRIGGER {} BEFORE UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()", kMade, name)}, done};
    return {};
  }
  if (id.kind == Kind::sequence) {
    if (privilege == "SELECT") return {{}, fmt::format("SELECT 'allowed' FROM {}", name)};
    if (privilege == "UPDATE") return {{}, fmt::format("SELECT 'allowed' FROM (SELECT pg_catalog.setval({}, 7)) AS moved", sql::quote_literal(name))};
    return {{}, fmt::format("SELECT 'allowed' FROM (SELECT pg_catalog.nextval({})) AS moved", sql::quote_literal(name))};
  }
  if (id.kind == Kind::schema) {
    const std::string schema = sql::quote_identifier(id.name);
    if (privilege == "CREATE") return {{fmt::format("CREATE TABLE {}.{} (id integer)", schema, kMade)}, done};
    return {{}, fmt::format("SELECT 'allowed' FROM {}.{}_seen", schema, kMade)};
  }
  if (id.kind == Kind::enum_type || id.kind == Kind::domain || id.kind == Kind::composite_type || id.kind == Kind::range_type) return {{fmt::format("CREATE TABLE {0}.{0} (value {1})", kMade, name)}, done};
  return {};
}

// A call of the routine with nothing but NULL: whether it may be called is asked before.
Probe call_of(const Database& database, const ObjectId& id) {
  const auto* routine = database.find_body<catalog::Routine>(id);
  if (routine == nullptr || routine->result == "trigger" || routine->result == "event_trigger") return {};
  std::vector<std::string> nothing, given, names;
  int depth = 0;
  std::string type;
  for (const char c : id.arguments + ",") {
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c != ',' || depth != 0) {
      type += c;
      continue;
    }
    if (!trim(type).empty()) {
      nothing.push_back(fmt::format("NULL::{}", trim(type)));
      given.push_back(fmt::format("NULL::{} AS a{}", trim(type), given.size() + 1));
      names.push_back(fmt::format("a{}", names.size() + 1));
    }
    type.clear();
  }
  const std::string call = fmt::format("{}({})", sql::quote(QualifiedName{id.schema, id.name}), join(nothing, ", "));
  if (routine->kind == 'p') return {{"CALL " + call}, "SELECT 'allowed'"};
  if (routine->kind != 'f') return {};
  // From rows that the planner knows nothing of: it would leave out what nobody looks at, and calls with a constant NULL.
  return {{}, fmt::format("SELECT count(value)::text FROM (SELECT {}({}) AS value FROM (SELECT {} OFFSET 0) AS given OFFSET 0) AS called", sql::quote(QualifiedName{id.schema, id.name}), join(names, ", "), given.empty() ? "1" : join(given, ", "))};
}

std::string on(const ObjectId& id) {  // as GRANT names it
  const std::string name = sql::quote(QualifiedName{id.schema, id.kind == Kind::column ? id.relation : id.name});
  switch (id.kind) {
    case Kind::sequence: return "SEQUENCE " + name;
    case Kind::schema: return "SCHEMA " + sql::quote_identifier(id.name);
    case Kind::routine: return fmt::format("ROUTINE {}({})", name, id.arguments);
    case Kind::enum_type:
    case Kind::composite_type:
    case Kind::range_type: return "TYPE " + name;
    case Kind::domain: return "DOMAIN " + name;
    default: return name;
  }
}

Probe as_role(const ObjectId& id, const std::string& grantee, const Probe& use) {
  if (use.query.empty()) return {};
  const std::string role = role_of(grantee);
  std::vector<std::string> first;
  first.push_back(grantee.empty() ? fmt::format("CREATE ROLE {}", kReader) : as_ordinary(role));
  if (id.kind == Kind::schema) {
    const std::string seen = fmt::format("{}.{}_seen", sql::quote_identifier(id.name), kMade);
    first.push_back(fmt::format("CREATE TABLE {} (id integer)", seen));
    first.push_back(fmt::format("GRANT SELECT ON {} TO PUBLIC", seen));
    first.push_back(fmt::format("INSERT INTO {} VALUES (1)", seen));
  } else {
    first.push_back(fmt::format("GRANT USAGE ON SCHEMA {} TO {}", sql::quote_identifier(id.schema), role));
    first.push_back(fmt::format("CREATE SCHEMA {} AUTHORIZATION {}", kMade, role));
  }
  if (id.kind == Kind::routine) first.push_back(fmt::format("GRANT pg_read_all_data, pg_write_all_data TO {}", role));  // whether it may call is asked, not what the body needs
  if (!grantee.empty()) first.push_back(fmt::format("REVOKE ALL ON {} FROM PUBLIC", on(id)));                           // what everybody may do says nothing of the role
  first.push_back(fmt::format("SET LOCAL ROLE {}", role));
  first.insert(first.end(), use.first.begin(), use.first.end());
  return {first, use.query};
}

std::set<std::pair<std::string, std::string>> granted(const Object* object) {  // (grantee, privilege): what the owner has by itself is no grant
  std::set<std::pair<std::string, std::string>> out;
  if (object == nullptr) return out;
  for (const Grant& grant : object->grants) {
    if (grant.grantee != object->owner || object->owner.empty()) out.insert({grant.grantee, grant.privilege});
  }
  return out;
}

std::set<std::pair<std::string, std::string>> grantable(const Object* object) {
  std::set<std::pair<std::string, std::string>> out;
  if (object == nullptr) return out;
  for (const Grant& grant : object->grants) {
    if (grant.grantable && grant.grantee != object->owner) out.insert({grant.grantee, grant.privilege});
  }
  return out;
}

void find_probes(const ObjectId& id, const std::string& old_owner, const std::string& new_owner, World& world, Subject& subject) {
  const Object *was = world.before.database().find(id), *becomes = world.desired.database().find(id);
  const auto use = [&](const Database& database, const std::string& privilege) { return id.kind == Kind::routine ? call_of(database, id) : use_of(database, id, privilege); };
  subject.each = true;
  subject.most = 24;
  const auto old_grants = granted(was), new_grants = granted(becomes);
  std::set<std::pair<std::string, std::string>> all = old_grants;
  all.insert(new_grants.begin(), new_grants.end());
  for (const auto& [grantee, privilege] : all) {
    const Probe old_probe = was ? as_role(id, grantee, use(world.before.database(), privilege)) : Probe{};
    const Probe new_probe = becomes ? as_role(id, grantee, use(world.desired.database(), privilege)) : Probe{};
    if (old_probe.query.empty() && new_probe.query.empty()) {
      if (subject.same || old_grants.contains({grantee, privilege}) == new_grants.contains({grantee, privilege})) continue;
      world.notes.push_back(fmt::format("{} on {}: what this privilege allows has no test", privilege, catalog::describe(id)));
      continue;
    }
    subject.probes.push_back({fmt::format("{} by {}", privilege, grantee.empty() ? "anybody" : grantee), old_probe, new_probe});
  }
  // WITH GRANT OPTION: the role gives it on.
  const auto old_options = grantable(was), new_options = grantable(becomes);
  std::set<std::pair<std::string, std::string>> options = old_options;
  options.insert(new_options.begin(), new_options.end());
  for (const auto& [grantee, privilege] : options) {
    if (grantee.empty() || (was && becomes && old_options.contains({grantee, privilege}) == new_options.contains({grantee, privilege})) || id.kind == Kind::column || id.kind == Kind::schema) continue;
    const auto side = [&, grantee = grantee, privilege = privilege](const Object* object, const Database& database) -> Probe {
      if (object == nullptr) return {};
      const Probe used = as_role(id, "", use(database, privilege));
      if (used.query.empty()) return {};
      std::vector<std::string> first(used.first);
      const auto role = std::find_if(first.begin(), first.end(), [](const std::string& statement) { return statement.starts_with("SET LOCAL ROLE "); });
      return {[&] {
                std::vector<std::string> out(first.begin(), role);
                out.push_back(as_ordinary(sql::quote_identifier(grantee)));
                out.push_back(fmt::format("SET LOCAL ROLE {}", sql::quote_identifier(grantee)));
                out.push_back(fmt::format("GRANT {} ON {} TO {}", privilege, on(id), kReader));
                out.insert(out.end(), role, first.end());
                return out;
              }(),
              used.query};
    };
    subject.probes.push_back({fmt::format("{} by somebody to whom {} gives it on", privilege, grantee), side(was, world.before.database()), side(becomes, world.desired.database())});
  }
  if (was && becomes && old_owner != new_owner) {
    for (const std::string& owner : {old_owner, new_owner}) {
      const std::string kind(catalog::kind_name(id.kind));
      const std::string named = id.kind == Kind::routine ? on(id) : id.kind == Kind::schema ? on(id)
                                                                                            : fmt::format("{} {}", id.kind == Kind::enum_type || id.kind == Kind::composite_type || id.kind == Kind::range_type ? "TYPE" : kind, sql::quote(QualifiedName{id.schema, id.name}));
      const Probe one{{as_ordinary(sql::quote_identifier(owner)), fmt::format("SET LOCAL ROLE {}", sql::quote_identifier(owner)), fmt::format("COMMENT ON {} IS 'by its owner'", named)}, "SELECT 'allowed'"};
      subject.probes.push_back({fmt::format("what only its owner may do, by {}", owner), one, one});
    }
  }
  std::erase_if(subject.probes, [](const ProbePair& pair) { return pair.before.query.empty() && pair.desired.query.empty(); });
}

// A table that has another name from expand on: who may use it may use it by its old name as long as the deployed version does.
void add_old_names(const World& world, std::vector<Subject>& out) {
  for (const TablePair& table : world.shape.tables) {
    if (!table.from || !table.to || table.renamed == 0 || table.new_name == table.old_name || world.shape.contract == 99) continue;
    const ObjectId id = catalog::relation_id(Kind::table, table.old_name.schema, table.old_name.name);
    const std::string name = sql::quote(table.old_name);
    if (granted(world.before.database().find(id)).empty()) continue;
    Subject subject{.heading = "privileges on " + name + " by its old name", .made = false, .gone = true, .tables = {}, .changed_by = {}, .find = {}, .probes = {}, .why_none = {}};
    subject.changed_by = [name](const std::string& statement) { return has_name(statement, "DROP VIEW IF EXISTS ", name); };
    subject.each = true;
    subject.find = [id](World& w, Subject& s) {
      for (const auto& [grantee, privilege] : granted(w.before.database().find(id))) {
        if (privilege != "SELECT" && privilege != "INSERT" && privilege != "UPDATE" && privilege != "DELETE") continue;  // there is nothing else that a view has, too
        const Probe probe = as_role(id, grantee, use_of(w.before.database(), id, privilege));
        if (!probe.query.empty()) s.probes.push_back({fmt::format("{} by {}", privilege, grantee.empty() ? "anybody" : grantee), probe, probe});
      }
    };
    out.push_back(std::move(subject));
  }
}

// Objects that a role makes from then on.
void find_defaults(const ObjectId& id, World& world, Subject& subject) {
  const Object *was = world.before.database().find(id), *becomes = world.desired.database().find(id);
  std::set<std::pair<std::string, std::string>> all = granted(was);
  all.merge(granted(becomes));
  const std::string schema = id.schema.empty() ? kMade : sql::quote_identifier(id.schema), owner = sql::quote_identifier(id.relation), made = fmt::format("{}.{}", schema, "contraflow_made_of_it");
  for (const auto& [grantee, privilege] : all) {
    const std::string role = role_of(grantee);
    std::string make;
    Probe use;
    if (id.name == "tables") {
      make = fmt::format("CREATE TABLE {} (id integer)", made);
      if (privilege == "SELECT") use = {{}, fmt::format("SELECT count(id)::text FROM {}", made)};
      if (privilege == "INSERT") use = {{fmt::format("INSERT INTO {} VALUES (1)", made)}, "SELECT 'allowed'"};
      if (privilege == "UPDATE") use = {{fmt::format("UPDATE {} SET id = 1", made)}, "SELECT 'allowed'"};
      if (privilege == "DELETE") use = {{fmt::format("DELETE FROM {}", made)}, "SELECT 'allowed'"};
      if (privilege == "TRUNCATE") use = {{fmt::format("TRUNCATE {}", made)}, "SELECT 'allowed'"};
    } else if (id.name == "sequences") {
      make = fmt::format("CREATE SEQUENCE {}", made);
      if (privilege == "SELECT") use = {{}, fmt::format("SELECT last_value::text FROM {}", made)};
      if (privilege == "USAGE") use = {{}, fmt::format("SELECT pg_catalog.nextval({})::text", sql::quote_literal(made))};
      if (privilege == "UPDATE") use = {{}, fmt::format("SELECT pg_catalog.setval({}, 7)::text", sql::quote_literal(made))};
    } else if (id.name == "functions" || id.name == "routines") {
      make = fmt::format("CREATE FUNCTION {}() RETURNS integer LANGUAGE sql RETURN 1", made);
      use = {{}, fmt::format("SELECT {}()::text", made)};
    }
    if (use.query.empty()) continue;
    std::vector<std::string> first;
    first.push_back(grantee.empty() ? fmt::format("CREATE ROLE {}", kReader) : as_ordinary(role));
    first.push_back(as_ordinary(owner));
    if (id.schema.empty()) first.push_back(fmt::format("CREATE SCHEMA {}", kMade));
    first.push_back(fmt::format("GRANT ALL ON SCHEMA {} TO {}", schema, owner));
    first.push_back(fmt::format("GRANT USAGE ON SCHEMA {} TO {}", schema, role));
    first.push_back(fmt::format("SET LOCAL ROLE {}", owner));
    first.push_back(make);
    first.push_back(fmt::format("SET LOCAL ROLE {}", role));
    first.insert(first.end(), use.first.begin(), use.first.end());
    const Probe probe{first, use.query};
    subject.probes.push_back({fmt::format("{} by {} on what {} makes", privilege, grantee.empty() ? "anybody" : grantee, id.relation), probe, probe});
  }
}

}  // namespace

void add_privileges(const World& world, std::vector<Subject>& out) {
  const Database &from = world.before.database(), &to = world.desired.database();
  add_old_names(world, out);
  std::set<ObjectId> ids;
  for (const Database* database : {&from, &to}) {
    for (const auto& [id, object] : database->objects) ids.insert(id);
  }
  for (const ObjectId& id : ids) {
    const Object *was = from.find(id), *becomes = to.find(id);
    const auto old_grants = granted(was), new_grants = granted(becomes);
    const bool owners = was && becomes && was->owner != becomes->owner;
    const bool same = old_grants == new_grants && grantable(was) == grantable(becomes) && !owners;
    if (same && new_grants.empty()) continue;
    if (!was && becomes && becomes->grants == becomes->default_grants) continue;                                                                                           // what each new object of its kind has
    if (!becomes || (id.kind == Kind::column && !was && from.find(catalog::relation_id(Kind::table, id.schema, id.relation)) == nullptr && new_grants.empty())) continue;  // it goes, and is tested as gone
    const std::string name = id.kind == Kind::schema ? sql::quote_identifier(id.name) : sql::quote(QualifiedName{id.schema, id.kind == Kind::column ? id.relation : id.name});
    Subject subject{.heading = "privileges on " + catalog::describe(id), .made = !was, .gone = false, .same = same, .tables = {}, .changed_by = {}, .find = {}, .probes = {}, .why_none = {}};
    if (id.kind == Kind::default_privileges) {
      subject.heading = catalog::describe(id);
      subject.changed_by = [role = sql::quote_identifier(id.relation)](const std::string& statement) { return statement.starts_with("ALTER DEFAULT PRIVILEGES ") && has_name(statement, " FOR ROLE ", role); };
      subject.find = [id](World& w, Subject& s) { find_defaults(id, w, s); };
      subject.why_none = "these default privileges have no test";
    } else {
      const bool usable = is_relation(id.kind) || id.kind == Kind::column || id.kind == Kind::sequence || id.kind == Kind::schema || id.kind == Kind::routine || id.kind == Kind::enum_type || id.kind == Kind::domain ||
                          id.kind == Kind::composite_type || id.kind == Kind::range_type;
      if (id.kind == Kind::table || id.kind == Kind::column) subject.tables = {{id.schema, id.kind == Kind::column ? id.relation : id.name}};
      subject.changed_by = [=](const std::string& statement) {
        if (id.kind == Kind::view && statement.find("SET (security_invoker") != std::string::npos) return true;  // of it, or of a view that it reads
        if (statement.starts_with("GRANT ") || statement.starts_with("REVOKE ")) return has_name(statement, " ", name) || statement.find(" " + name + "(") != std::string::npos;
        if (statement.starts_with("CREATE ") || statement.starts_with("DROP ") || statement.find(" OWNER TO ") != std::string::npos || statement.find(" RENAME TO ") != std::string::npos)
          return has_name(statement, " ", name) || statement.find(" " + name + "(") != std::string::npos;
        return false;
      };
      const std::string old_owner = was ? was->owner : "", new_owner = becomes->owner;
      if (usable)
        subject.find = [=](World& w, Subject& s) { find_probes(id, old_owner, new_owner, w, s); };
      else
        subject.find = [](World&, Subject&) {};
      subject.why_none = usable ? "its owner is a superuser on one side, who may do everything, or the privilege lets one do nothing that a test could" : "privileges on this kind have no tests";
    }
    if (same && !made_anew(world, subject)) continue;
    out.push_back(std::move(subject));
  }
}

}  // namespace contraflow::testgen
