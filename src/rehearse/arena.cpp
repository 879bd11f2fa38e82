// SPDX-License-Identifier: Apache-2.0
#include "rehearse/arena.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "base/text.h"
#include "catalog/ddl.h"
#include "catalog/source_run.h"
#include "pg/connection.h"
#include "rehearse/load_dump.h"
#include "sql/name.h"

namespace contraflow::rehearse {

namespace fs = std::filesystem;

namespace {

constexpr const char* kRole = "contraflow_migration";

std::vector<std::string> role_names(pg::Connection& connection) {
  std::vector<std::string> out;
  const pg::Result rows = connection.query("SELECT rolname FROM pg_catalog.pg_roles ORDER BY 1");
  for (int row = 0; row < rows.rows(); ++row) out.push_back(rows.string(row, 0));
  return out;
}

// A dump of a superuser's names the sandbox's own superuser as owner: to the migration's role, which stands
// for whoever owns things there. REASSIGN OWNED refuses the bootstrap superuser.
constexpr const char* kHandOver = R"sql(
DO $$
DECLARE
  change text;
BEGIN
  FOR change IN
    SELECT pg_catalog.format('ALTER SCHEMA %I OWNER TO contraflow_migration', nspname) FROM pg_catalog.pg_namespace WHERE nspowner = 10 AND nspname !~ '^pg_' AND nspname <> 'information_schema'
    UNION ALL
    SELECT pg_catalog.format('ALTER %s %s OWNER TO contraflow_migration', CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, c.oid::pg_catalog.regclass)
      FROM pg_catalog.pg_class c WHERE relowner = 10 AND c.oid >= 16384 AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND relnamespace::pg_catalog.regnamespace::text !~ '^pg_'
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND (d.deptype = 'e' OR relkind = 'S' AND d.deptype IN ('a', 'i')))
    UNION ALL
    SELECT pg_catalog.format('ALTER ROUTINE %s OWNER TO contraflow_migration', p.oid::pg_catalog.regprocedure) FROM pg_catalog.pg_proc p
     WHERE proowner = 10 AND p.oid >= 16384 AND prokind <> 'a' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')
    UNION ALL
    SELECT pg_catalog.format('ALTER %s %s OWNER TO contraflow_migration', CASE typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, t.oid::pg_catalog.regtype) FROM pg_catalog.pg_type t
     WHERE typowner = 10 AND t.oid >= 16384 AND typelem = 0 AND (typtype IN ('e', 'd', 'r') OR typtype = 'c' AND (SELECT relkind FROM pg_catalog.pg_class WHERE oid = typrelid) = 'c')
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e')
  LOOP
    EXECUTE change;
  END LOOP;
END $$)sql";

// A schema-only dump leaves materialized views unpopulated, and they cannot be read then: production's are.
std::string populated(const std::string& conninfo) {
  pg::Connection connection(conninfo, "contraflow load");
  const pg::Result views = connection.query(
      "SELECT c.oid::pg_catalog.regclass::text FROM pg_catalog.pg_class c WHERE relkind = 'm' AND NOT "
      "relispopulated ORDER BY c.oid");
  for (int row = 0; row < views.rows(); ++row) {
    try {
      connection.execute("REFRESH MATERIALIZED VIEW " + views.string(row, 0));
    } catch (const pg::ServerError&) {
      // It computes what empty tables do not give: it stays as it is.
    }
  }
  return conninfo;
}

}  // namespace

struct Arena::Impl {
  ArenaOptions options;
  catalog::SourceLoader loader;
  std::string control_conninfo;
  std::optional<pg::Connection> control;
  bool own_server = true;
  bool settled = false;
  std::set<std::string> supplied;  // roles that the migration refers to; they outlive the trials

  explicit Impl(ArenaOptions given)
      : options(std::move(given)),
        loader(
            catalog::LoadOptions{.sandbox = options.sandbox,
                                 .progress = options.progress,
                                 .load_as = options.sandbox.url.empty() && !options.superuser ? kRole : ""}),
        own_server(options.sandbox.url.empty()) {
    pg::Sandbox& sandbox = loader.sandbox(options.major);
    control_conninfo = sandbox.create_database("control");
    control.emplace(control_conninfo, "contraflow rehearsal control");
    // Superuser until the schema is loaded, so that it owns everything without a REASSIGN; an ordinary role
    // from settle() on.
    if (limited()) control->execute(fmt::format("CREATE ROLE {} LOGIN SUPERUSER", kRole));
  }
  bool limited() const { return own_server && !options.superuser; }

  // A member of every role: a migration's runner may hand objects to the application's roles.
  void join_roles() {
    const pg::Result rows = control->query(
        "SELECT rolname FROM pg_catalog.pg_roles r WHERE rolname <> $1 AND rolname !~ '^pg_' AND NOT rolsuper"
        " AND NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members m WHERE m.roleid = r.oid AND m.member = "
        "(SELECT oid FROM pg_catalog.pg_roles WHERE rolname = $1))"
        // Not of its own members: roles cannot be members of each other.
        " AND NOT pg_catalog.pg_has_role(rolname, $1, 'MEMBER')",
        {kRole});
    for (int row = 0; row < rows.rows(); ++row)
      control->execute(fmt::format("GRANT {} TO {}", sql::quote_identifier(rows.string(row, 0)), kRole));
  }
};

Arena::Arena(ArenaOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Arena::~Arena() = default;

pg::Sandbox& Arena::sandbox() { return impl_->loader.sandbox(); }
int Arena::major() const { return impl_->control->server_major(); }
const std::vector<std::string>& Arena::bindirs() const { return impl_->options.sandbox.bindirs; }
bool Arena::superuser() const { return !impl_->limited(); }

std::string Arena::empty_database() { return sandbox().create_database("base"); }

std::string Arena::load_clone(const std::string& url, bool is_safe) {
  const std::string copy = empty_database();
  copy_clone(url, migrator(copy), is_safe, notes_, impl_->options.sandbox.bindirs);
  return copy;
}

std::string Arena::load(const std::string& text, const std::string& before_file) {
  if (is_archive(text)) {
    const std::string copy = empty_database();
    restore_archive(text, migrator(copy), notes_, impl_->options.sandbox.bindirs);
    return copy;
  }
  catalog::Source source = catalog::recognise_source(text);
  source.before_file = before_file;
  catalog::LoadedSource loaded = impl_->loader.load(source, major());
  notes_.insert(notes_.end(), loaded.notes.begin(), loaded.notes.end());
  if (!loaded.live) {
    if (impl_->limited()) pg::Connection(loaded.conninfo, "contraflow load").execute(kHandOver);
    return populated(loaded.conninfo);
  }
  // A live database is never touched: its schema is built again here.
  const std::string copy = empty_database();
  pg::Connection connection(migrator(copy), "contraflow load");
  std::vector<std::string> statements = {"SET check_function_bodies = off", "SET search_path = ''"};
  const std::vector<std::string> create = catalog::create_database(loaded.database);
  statements.insert(statements.end(), create.begin(), create.end());
  catalog::run_statements(connection, statements);
  return populated(copy);
}

void Arena::settle() {
  if (!impl_->limited() || impl_->settled) return;
  impl_->join_roles();
  impl_->control->execute(fmt::format("ALTER ROLE {} NOSUPERUSER", kRole));
  impl_->settled = true;
}

std::string Arena::migrator(const std::string& admin) const {
  return impl_->limited() ? pg::Sandbox::as_user(admin, kRole) : admin;
}

std::function<void(bool)> Arena::elevate() {
  if (!impl_->limited()) return {};
  return [this](bool superuser) {
    impl_->control->execute(fmt::format("ALTER ROLE {} {}SUPERUSER", kRole, superuser ? "" : "NO"));
    if (!superuser) impl_->join_roles();  // of those that the statement has made
  };
}

bool Arena::supply(const Error& error) {
  if (!impl_->own_server) return false;
  if (catalog::missing_role(error).empty() && catalog::missing_tablespace(error).empty()) return false;
  if (!catalog::supply_missing(*impl_->control, error)) return false;
  impl_->supplied.insert(catalog::missing_role(error));
  if (impl_->limited()) impl_->join_roles();
  return true;
}

Arena::Trial::Trial(Arena& arena, const std::string& base)
    : arena_(&arena), admin_(arena.sandbox().create_database("trial", base)) {
  if (arena.impl_->limited()) {
    roles_ = role_names(*arena.impl_->control);
    pg::Connection connection(admin_);
    // A copy belongs to whoever made it: the owner of the database may create schemas, and objects in public.
    connection.execute(
        fmt::format("ALTER DATABASE {} OWNER TO {}", sql::quote_identifier(connection.database()), kRole));
  }
}

Arena::Trial::Trial(Trial&& other) noexcept
    : arena_(std::exchange(other.arena_, nullptr)),
      admin_(std::move(other.admin_)),
      roles_(std::move(other.roles_)) {}

Arena::Trial::~Trial() {
  if (!arena_) return;
  try {
    arena_->sandbox().drop_database(admin_);
    if (!arena_->impl_->limited()) return;
    for (const std::string& role : role_names(*arena_->impl_->control)) {
      if (std::find(roles_.begin(), roles_.end(), role) == roles_.end() &&
          !arena_->impl_->supplied.contains(role))
        arena_->impl_->control->execute("DROP ROLE IF EXISTS " + sql::quote_identifier(role));
    }
  } catch (const Error&) {
    // It goes with the sandbox.
  }
}

std::string Arena::Trial::migrator() const { return arena_->migrator(admin_); }

}  // namespace contraflow::rehearse
