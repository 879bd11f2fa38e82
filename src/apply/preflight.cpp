// SPDX-License-Identifier: Apache-2.0
#include "apply/preflight.h"

#include <fmt/format.h>

#include <functional>
#include <set>

#include "base/text.h"
#include "sql/name.h"

namespace contraflow::apply {
namespace {

using Verdict = PreflightItem::Verdict;

constexpr int kLongTransactionSeconds = 60;

std::string array_of(const std::set<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + sql::quote_literal(name);
  return out.empty() ? "ARRAY[]::text[]" : "ARRAY[" + out + "]";
}

// One row a finding, its columns joined.
std::vector<std::string> lines(pg::Connection& connection, const std::string& query) {
  std::vector<std::string> out;
  const pg::Result rows = connection.execute(query);
  for (int i = 0; i < rows.rows(); ++i) out.push_back(rows.string(i, 0));
  return out;
}

class Preflight {
 public:
  Preflight(pg::Connection& connection, const PreflightInput& input) : connection_(connection), input_(input) {
    std::set<std::string> names;
    for (const plan::Step* step : input.steps) {
      for (const sql::QualifiedName& table : step->tables) names.insert(sql::quote(table));
      for (const effects::Effect& effect : step->effects) names.insert(sql::quote(effect.relation));
      const plan::Action& action = input.undo ? step->undo : step->forward;
      if (action.backfill) names.insert(sql::quote(action.backfill->table));
      brief_ = brief_ || action.mode == plan::Mode::brief || action.mode == plan::Mode::blocking || action.mode == plan::Mode::scan;
      concurrent_ = concurrent_ || action.mode == plan::Mode::concurrent;
      builds_ = builds_ || action.builds_index.has_value();
      batched_ = batched_ || action.mode == plan::Mode::batched;
    }
    tables_ = fmt::format("(SELECT to_regclass(n)::oid AS oid FROM unnest({}) AS n WHERE to_regclass(n) IS NOT NULL)", array_of(names));
  }

  std::vector<PreflightItem> run() {
    check("server-version", [&] { server_version(); });
    check("transaction-pooling", [&] { pooling(); });
    // Settings of a session would stay behind in the pooler's.
    if (items_.back().verdict == Verdict::refusal) return std::move(items_);
    connection_.execute("SET search_path = ''; SET lock_timeout = '2s'; SET statement_timeout = '60s'");
    check("read-only", [&] { read_only(); });
    check("privileges", [&] { privileges(); });
    check("journal-privileges", [&] { journal(); });
    check("long-transactions", [&] { long_transactions(); });
    check("prepared-transactions", [&] { prepared_transactions(); });
    check("anti-wraparound", [&] { anti_wraparound(); });
    check("invalid-indexes", [&] { invalid_indexes(); });
    check("slots-and-publications", [&] { slots_and_publications(); });
    check("session-timeouts", [&] { session_timeouts(); });
    check("disk-space", [&] { disk_space(); });
    check("fingerprint", [&] { fingerprint(); });
    return std::move(items_);
  }

 private:
  void check(const char* name, const std::function<void()>& look) {
    name_ = name;
    const std::size_t before = items_.size();
    try {
      look();
      if (items_.size() == before) items_.push_back({Verdict::good, name, "", ""});
    } catch (const pg::ServerError& error) {
      warn(fmt::format("cannot be looked at: {}", error.message()), "grant the role what it needs to see it (docs/apply.md), or look yourself");
    }
  }
  void warn(const std::string& message, const std::string& remedy) { items_.push_back({Verdict::warning, name_, message, remedy}); }
  void refuse(const std::string& message, const std::string& remedy) { items_.push_back({Verdict::refusal, name_, message, remedy}); }

  void server_version() {
    const int major = connection_.server_major();
    if (major < 13) return refuse(fmt::format("the server is PostgreSQL {}", major), "13 is the oldest that is supported");
    if (input_.plan.server_major != 0 && major != input_.plan.server_major) {
      refuse(fmt::format("the plan was made and proven for PostgreSQL {}, the server is {}", input_.plan.server_major, major), fmt::format("plan again with --server {}", major));
    }
    // Release notes of 14.4: CREATE INDEX CONCURRENTLY and REINDEX CONCURRENTLY could miss rows of HOT chains.
    if (concurrent_ && connection_.server_version() >= 140000 && connection_.server_version() < 140004) {
      refuse("14.0 to 14.3 may build corrupt indexes with CREATE INDEX CONCURRENTLY", "update the server to 14.4 or later");
    }
  }

  void pooling() {
    const Pooling found = pooling_of(connection_, input_.conninfo);
    if (found.per_transaction) {
      refuse("the connection goes through a pooler in transaction mode: session locks and settings (lock_timeout, the runner lock) do not survive between transactions there",
             "give --target the server itself, or a database of the pooler in session mode (pgbouncer: pool_mode = session)");
    } else if (found.proxied) {
      warn("the connection goes through a pooler, in session mode as far as can be seen", "the server itself is safer: a pooler may end or share sessions");
    }
  }

  void read_only() {
    const pg::Result row = connection_.execute("SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'");
    if (row.boolean(0, 0)) refuse("the server is a replica", "give --target the primary");
    else if (row.boolean(0, 1)) refuse("transactions are read-only here", "look at default_transaction_read_only of the role and the database");
  }

  void privileges() {
    const auto foreign = lines(connection_, fmt::format("SELECT c.oid::regclass::text || ', owned by ' || c.relowner::regrole::text FROM pg_class c JOIN {} t USING (oid) "
                                                        "WHERE NOT pg_has_role(current_user, c.relowner, 'USAGE') ORDER BY 1",
                                                        tables_));
    if (!foreign.empty()) {
      refuse(fmt::format("{} does not own, and is no member of the owner of: {}", connection_.user(), join(foreign, "; ")),
             fmt::format("GRANT the owner's role TO {}, or connect as the owner", sql::quote_identifier(connection_.user())));
    }
    const auto schemas = lines(connection_, fmt::format("SELECT DISTINCT n.nspname::text FROM pg_class c JOIN {} t USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace "
                                                        "WHERE NOT has_schema_privilege(n.oid, 'CREATE')",
                                                        tables_));
    if (!schemas.empty()) refuse(fmt::format("no CREATE privilege on schema {}", join(schemas, ", ")), fmt::format("GRANT CREATE ON SCHEMA … TO {}", sql::quote_identifier(connection_.user())));
    const bool sees = connection_.execute("SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') OR current_setting('is_superuser') = 'on'").boolean(0, 0);
    if (!sees) warn("queries of other sessions, replication and archiving are not visible to this role: blockers have no query text, and these throttles are off",
                    fmt::format("GRANT pg_monitor TO {}", sql::quote_identifier(connection_.user())));
  }

  void journal() {
    const std::string schema = sql::quote_literal(sql::quote_identifier(input_.options.journal_schema));
    const pg::Result row = connection_.execute(fmt::format(
        "SELECT to_regnamespace({0}) IS NOT NULL, CASE WHEN to_regnamespace({0}) IS NULL THEN has_database_privilege(current_database(), 'CREATE') "
        "ELSE has_schema_privilege({0}, 'CREATE, USAGE') END",
        schema));
    if (!row.boolean(0, 1)) {
      refuse(fmt::format("the journal cannot be kept in schema {}", input_.options.journal_schema),
             fmt::format("CREATE SCHEMA {} AUTHORIZATION {}", sql::quote_identifier(input_.options.journal_schema), sql::quote_identifier(connection_.user())));
    }
  }

  void long_transactions() {
    const auto old = lines(connection_, fmt::format(
                                            "SELECT format('pid %s %s, %s, %s s old%s', a.pid, a.usename, a.state, extract(epoch FROM clock_timestamp() - a.xact_start)::int, CASE WHEN EXISTS (SELECT FROM pg_locks l JOIN {} t "
                                            "ON t.oid = l.relation WHERE l.pid = a.pid) THEN ', holds locks on tables of the plan' ELSE '' END) FROM pg_stat_activity a WHERE a.datname = current_database() "
                                            "AND a.xact_start < clock_timestamp() - interval '{} s' AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend' ORDER BY a.xact_start LIMIT 5",
                                            tables_, kLongTransactionSeconds));
    if (!old.empty()) {
      warn("long transactions: " + join(old, "; "), concurrent_ ? "concurrent index builds wait until they end, and so do locks on what they hold" : "locks on what they hold have to wait until they end");
    }
  }

  void prepared_transactions() {
    const auto held = lines(connection_, fmt::format("SELECT format('%s (%s, since %s)', p.gid, p.owner, p.prepared) FROM pg_prepared_xacts p WHERE p.database = current_database() AND EXISTS (SELECT FROM pg_locks l JOIN {} t "
                                                     "ON t.oid = l.relation WHERE l.virtualtransaction = '-1/' || p.transaction::text)",
                                                     tables_));
    if (!held.empty()) return refuse("prepared transactions hold locks on tables of the plan: " + join(held, "; "), "COMMIT PREPARED or ROLLBACK PREPARED them: no session will ever end them");
    const auto others = lines(connection_, "SELECT format('%s (%s, since %s)', gid, owner, prepared) FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared LIMIT 5");
    if (!others.empty() && concurrent_) warn("prepared transactions: " + join(others, "; "), "concurrent index builds wait for those that are older than they are");
  }

  void anti_wraparound() {
    const auto running = lines(connection_, fmt::format("SELECT format('%s (pid %s)', t.oid::regclass, a.pid) FROM pg_stat_activity a JOIN pg_locks l USING (pid) JOIN {} t ON t.oid = l.relation "
                                                        "WHERE a.backend_type = 'autovacuum worker' AND a.query LIKE '%to prevent wraparound%'",
                                                        tables_));
    if (!running.empty()) refuse("autovacuum to prevent wraparound is at work, and gives way to nobody: " + join(running, "; "), "wait until it has ended (pg_stat_progress_vacuum)");
    const auto near = lines(connection_, fmt::format("SELECT format('%s (age %s)', c.oid::regclass, age(c.relfrozenxid)) FROM pg_class c JOIN {} t USING (oid) WHERE c.relkind IN ('r', 'm') "
                                                     "AND age(c.relfrozenxid) > 0.95 * current_setting('autovacuum_freeze_max_age')::bigint",
                                                     tables_));
    if (!near.empty()) warn("autovacuum to prevent wraparound is about to begin on " + join(near, ", "), "VACUUM (FREEZE) the table first");
  }

  void invalid_indexes() {
    const auto invalid = lines(connection_, fmt::format("SELECT i.indexrelid::regclass::text FROM pg_index i JOIN {} t ON t.oid = i.indrelid JOIN pg_class c ON c.oid = i.indexrelid "
                                                        "WHERE NOT i.indisvalid AND c.relkind = 'i' ORDER BY 1",
                                                        tables_));
    if (!invalid.empty()) warn("INVALID indexes: " + join(invalid, ", "), "those that the plan builds are dropped and built again; others are for you: REINDEX INDEX CONCURRENTLY or DROP INDEX CONCURRENTLY");
  }

  void slots_and_publications() {
    const auto idle = lines(connection_, "SELECT format('%s (%s)', slot_name, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn))) FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL");
    if (!idle.empty() && batched_) warn("replication slots that nobody reads keep WAL, and backfills write a lot of it: " + join(idle, ", "), "drop slots that are not used (pg_drop_replication_slot)");
    const auto all = lines(connection_, "SELECT pubname::text FROM pg_publication WHERE puballtables");
    if (!all.empty()) {
      warn(fmt::format("publication {} publishes all tables, the journal's and new ones too: its subscribers need their definitions first", join(all, ", ")),
           "apply the change on subscribers first; create the journal's tables there (contraflow apply makes them in schema contraflow)");
    }
    const bool lists = connection_.server_major() >= 15;
    const auto some = lines(connection_, fmt::format("SELECT format('%s: %s%s', p.pubname, r.prrelid::regclass, {}) FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid JOIN {} t ON t.oid = r.prrelid",
                                                     lists ? "CASE WHEN r.prattrs IS NOT NULL THEN ' (some columns: new ones are not carried)' ELSE '' END" : "''", tables_));
    if (!some.empty()) warn("logical replication carries rows, not DDL: " + join(some, "; "), "apply the change on subscribers before columns are added, and after columns are taken away");
  }

  void session_timeouts() {
    const pg::Result row = connection_.execute(
        "SELECT coalesce((SELECT setting::bigint FROM pg_settings WHERE name = 'transaction_timeout'), 0), "
        "(SELECT reset_val::bigint FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'), (SELECT reset_val::bigint FROM pg_settings WHERE name = 'deadlock_timeout')");
    if (row.integer(0, 0) > 0) {
      refuse(fmt::format("transaction_timeout is {} ms for this role: it ends index builds and scans", row.integer(0, 0)),
             fmt::format("ALTER ROLE {} SET transaction_timeout = 0", sql::quote_identifier(connection_.user())));
    }
    if (row.integer(0, 1) > 0 && row.integer(0, 1) < 1000) warn(fmt::format("idle_in_transaction_session_timeout is {} ms; runs set their own 60 s", row.integer(0, 1)), "");
    if (row.integer(0, 2) <= input_.options.locks.longest_timeout.count()) {
      refuse(fmt::format("deadlock_timeout is {} ms, not above the longest lock attempt ({} ms): the server might cancel the application instead of the migration", row.integer(0, 2),
                         input_.options.locks.longest_timeout.count()),
             "set deadlock_timeout back to 1s");
    }
  }

  // The server does not tell its free space; a role that may read server files or run programs is not asked for. What is needed is said.
  void disk_space() {
    if (!builds_ && !batched_) return;
    const auto sizes = lines(connection_, fmt::format("SELECT format('%s %s with %s of indexes', c.oid::regclass, pg_size_pretty(pg_table_size(c.oid)), pg_size_pretty(pg_indexes_size(c.oid))) "
                                                      "FROM pg_class c JOIN {} t USING (oid) WHERE c.relkind IN ('r', 'm') AND pg_table_size(c.oid) > 1024 * 1024 * 1024::bigint",
                                                      tables_));
    if (!sizes.empty()) {
      warn("free space on the server cannot be seen from here; the plan works on " + join(sizes, "; "),
           "a backfill may double a table until vacuum has passed and writes WAL of several times its size; an index build needs the index's size twice while it sorts");
    }
  }

  void fingerprint() {
    if (!input_.at_start || input_.live_fingerprint.empty() || input_.plan.from_fingerprint.empty() || input_.live_fingerprint == input_.plan.from_fingerprint) return;
    warn("the live schema is not, to the letter, the one that this was planned from", "contraflow plan --from TARGET --to … shows what differs (owners and filters count): plan again where it matters");
  }

  pg::Connection& connection_;
  const PreflightInput& input_;
  std::string tables_;
  std::string name_;
  bool brief_ = false, concurrent_ = false, builds_ = false, batched_ = false;
  std::vector<PreflightItem> items_;
};

}  // namespace

std::vector<PreflightItem> preflight(pg::Connection& connection, const PreflightInput& input) { return Preflight(connection, input).run(); }

Pooling pooling_of(pg::Connection& connection, const std::string& conninfo) {
  Pooling out;
  const auto session = [](pg::Connection& which) { return which.execute("SELECT pg_backend_pid()").integer(0, 0); };
  const long long here = session(connection);
  out.proxied = here != connection.backend_pid();
  if (!out.proxied) return out;
  // Two others hold a transaction each: in transaction mode one of them is given the server session that this one has just used.
  try {
    pg::Connection first(conninfo, "contraflow preflight"), second(conninfo, "contraflow preflight");
    for (pg::Connection* other : {&first, &second}) {
      other->limit_waits({.longest = 5s, .cancelled = {}});
      other->execute("BEGIN");
      if (session(*other) == here) out.per_transaction = true;
    }
    if (!out.per_transaction && session(connection) != here) out.per_transaction = true;
    for (pg::Connection* other : {&first, &second}) other->execute("ROLLBACK");
  } catch (const Error&) {
    // The pooler has no further session to give: in transaction mode it would have given this one's.
  }
  return out;
}

}  // namespace contraflow::apply
