// SPDX-License-Identifier: Apache-2.0
#include "rehearse/observe.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "rehearse/mentions.h"

namespace contraflow::rehearse {

using Clock = std::chrono::steady_clock;
using effects::LockMode;

namespace {

constexpr const char* kRelations =
    "SELECT c.oid::text, n.nspname, c.relname, c.relkind::text, c.relfilenode::text, coalesce(i.indrelid, "
    "0)::text"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN "
    "pg_catalog.pg_index i ON i.indexrelid = c.oid"
    " WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S', 'i', 'I') AND n.nspname !~ '^pg_' "
    "AND n.nspname NOT IN ('information_schema', 'contraflow')";
constexpr const char* kLocks =
    "SELECT relation::text, mode FROM pg_catalog.pg_locks WHERE pid = pg_catalog.pg_backend_pid() AND "
    "locktype = 'relation' AND granted AND relation >= 16384";
constexpr const char* kCounters =
    "SELECT c.oid::text, pg_catalog.pg_stat_get_xact_numscans(c.oid), "
    "pg_catalog.pg_stat_get_xact_tuples_returned(c.oid), pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid),"
    " pg_catalog.pg_stat_get_xact_tuples_updated(c.oid), pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid)"
    " FROM pg_catalog.pg_class c WHERE c.oid >= 16384 AND c.relkind IN ('r', 'm')"
    " AND pg_catalog.pg_stat_get_xact_numscans(c.oid) + pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid) + "
    "pg_catalog.pg_stat_get_xact_tuples_updated(c.oid)"
    " + pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid) > 0";
// Asked for and found in shared buffers by this transaction, of tables and indexes that are there now (pgstatfuncs.c). TOAST tables lie in pg_toast, with
// user OIDs.
constexpr const char* kBuffers =
    "SELECT coalesce(sum(pg_catalog.pg_stat_get_xact_blocks_fetched(c.oid)), 0)::bigint, "
    "coalesce(sum(pg_catalog.pg_stat_get_xact_blocks_hit(c.oid)), 0)::bigint FROM pg_catalog.pg_class c WHERE "
    "c.oid >= 16384 AND c.relkind IN ('r', 'm', 't', 'i')";
// Functions are counted where track_functions is on, as in a sandbox.
constexpr const char* kFired =
    "SELECT p.oid::text, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.proname) || '()', "
    "coalesce(pg_catalog.pg_stat_get_xact_function_calls(p.oid), 0) FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace"
    " WHERE p.oid >= 16384 AND p.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype";
// Who is locked before whom by a query: a view before what it shows, a table before its partitions and children.
constexpr const char* kAbove =
    "SELECT r.ev_class::text, d.refobjid::text FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class AND c.relkind = 'v'"
    " JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass"
    " WHERE r.ev_class >= 16384 AND d.refobjid >= 16384 AND d.refobjid <> r.ev_class"
    " UNION SELECT inhparent::text, inhrelid::text FROM pg_catalog.pg_inherits";
constexpr const char* kLockTimeout = "SELECT (pg_catalog.date_part('epoch', pg_catalog.current_setting('lock_timeout')::pg_catalog.interval) * 1000)::bigint";
constexpr const char* kWal =
    "SELECT (pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_catalog.pg_lsn)::bigint";

struct Relation {
  sql::QualifiedName name;
  char kind = 'r';
  std::string file, table;  // table: of an index, its oid
};
using Relations = std::map<std::string, Relation>;
struct Counters {
  long long scans = 0, read = 0, inserted = 0, updated = 0, deleted = 0;
};

Relations relations_in(const pg::Result& rows) {
  Relations out;
  for (int row = 0; row < rows.rows(); ++row) {
    out.emplace(rows.string(row, 0), Relation{{rows.string(row, 1), rows.string(row, 2)},
                                              rows.text(row, 3).empty() ? 'r' : rows.text(row, 3)[0],
                                              rows.string(row, 4),
                                              rows.string(row, 5)});
  }
  return out;
}

std::map<std::string, Counters> counters_in(const pg::Result& rows) {
  std::map<std::string, Counters> out;
  for (int row = 0; row < rows.rows(); ++row)
    out[rows.string(row, 0)] = {rows.integer(row, 1), rows.integer(row, 2), rows.integer(row, 3),
                                rows.integer(row, 4), rows.integer(row, 5)};
  return out;
}

// What ALTER TABLE and CREATE INDEX say about their work at debug1, in C locale (tablecmds.c, index.c,
// nbtree).
bool tells_work(std::string_view text) {
  for (const std::string_view part :
       {"rewriting table", "verifying table", "building index", "validating foreign key constraint",
        "sufficient to prove", "drop auto-cascades", "implied by"})
    if (text.find(part) != std::string_view::npos) return true;
  return false;
}

double since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

}  // namespace

struct Watcher::Impl {
  pg::Connection& connection;
  Relations known;                       // before the migration, by oid
  Relations current;                     // after the latest statement
  std::map<std::string, LockMode> held;  // in this transaction
  std::map<std::string, Counters> counters;
  std::map<std::string, long long> sizes;
  std::vector<ObservedNotice> notices;
  std::vector<Clock::time_point> starts;                 // of each statement in this transaction
  std::map<std::string, std::set<std::string>> below;    // oids that a query on this one locks after it
  std::map<std::string, std::string> trigger_functions;  // those that were there before the migration
  std::map<std::string, long long> calls;                // of them, in this transaction
  std::optional<long long> lock_timeout_ms;
  long long wal = 0;
  long long fetched = 0, hit = 0;  // before the statement, in this transaction
  Clock::time_point started;
  bool outside = false;

  explicit Impl(pg::Connection& given) : connection(given) {}

  void take_stock() {
    known = current = relations_in(connection.query(kRelations));
    std::set<std::string> oids;
    for (const auto& [oid, relation] : known)
      if (relation.kind == 'r' || relation.kind == 'm') oids.insert(oid);
    sizes = sizes_of(oids);
    const pg::Result above = connection.query(kAbove);
    for (int row = 0; row < above.rows(); ++row) below[above.string(row, 0)].insert(above.string(row, 1));
    const pg::Result functions = connection.query(kFired);
    for (int row = 0; row < functions.rows(); ++row) trigger_functions.emplace(functions.string(row, 0), functions.string(row, 1));
  }

  // Whether a query on the one locks the other after it, directly or through others.
  bool is_above(const std::string& one, const std::string& other, int depth = 0) const {
    const auto under = below.find(one);
    if (under == below.end() || depth > 20) return false;
    return std::any_of(under->second.begin(), under->second.end(), [&](const std::string& oid) { return oid == other || is_above(oid, other, depth + 1); });
  }

  void take_fired(const pg::Result& rows, Observation& observation) {
    for (int row = 0; row < rows.rows(); ++row) {
      const auto known_one = trigger_functions.find(rows.string(row, 0));
      if (known_one == trigger_functions.end()) continue;
      const long long more = rows.integer(row, 2) - calls[known_one->first];
      if (more > 0) observation.fired.push_back({known_one->second, more});
    }
  }

  std::set<std::string> without_pages;  // of those that sizes_of() was asked for last

  std::map<std::string, long long> sizes_of(const std::set<std::string>& oids) {
    std::map<std::string, long long> out;
    without_pages.clear();
    if (oids.empty()) return out;
    const pg::Result rows =
        connection.query(fmt::format("SELECT c.oid::text, pg_catalog.pg_total_relation_size(c.oid), pg_catalog.pg_relation_size(c.oid) FROM "
                                     "pg_catalog.pg_class c WHERE c.oid IN ({}) AND c.relkind IN ('r', 'm')",
                                     join(std::vector<std::string>(oids.begin(), oids.end()), ", ")));
    for (int row = 0; row < rows.rows(); ++row) {
      out[rows.string(row, 0)] = rows.integer(row, 1);
      if (rows.integer(row, 2) == 0) without_pages.insert(rows.string(row, 0));
    }
    return out;
  }

  // Counters are per session until they are sent away, which this makes happen at the end of the transaction
  // (15 and later).
  static void look(pg::Connection& own, std::vector<pg::Result>& results) {
    std::vector<std::string> queries = {kWal, kLocks, kRelations, kCounters, kBuffers, kFired};
    if (own.server_major() >= 15) queries.push_back("SELECT pg_catalog.pg_stat_force_next_flush()");
    results = own.pipeline(queries);
  }

  // By its own name or by that of an index on it: who drops an index knows its table.
  bool named(const std::string& statement, const std::string& oid) const {
    if (mentions(statement, known.at(oid).name)) return true;
    return std::any_of(known.begin(), known.end(), [&](const auto& entry) {
      return entry.second.table == oid && mentions(statement, entry.second.name);
    });
  }

  void take_locks(const pg::Result& rows, Observation& observation) {
    std::map<std::string, LockMode> now;
    for (int row = 0; row < rows.rows(); ++row) {
      LockMode& mode = now[rows.string(row, 0)];
      mode = std::max(mode, lock_mode_named(rows.text(row, 1)));
    }
    for (const auto& [oid, mode] : now) {
      const auto relation = known.find(oid);
      if (relation == known.end() || mode <= LockMode::access_share) continue;
      const auto before = held.find(oid);
      if (before != held.end() && before->second >= mode) continue;
      if (mode == LockMode::access_exclusive && below.contains(oid)) {
        for (const auto& [other, earlier] : held)
          if (earlier == LockMode::access_exclusive && known.contains(other) && is_above(oid, other)) observation.late.push_back({relation->second.name, known.at(other).name});
      }
      // What is locked with its table blocks nobody that the table's lock does not.
      if (relation->second.kind == 'i' || relation->second.kind == 'I') {
        const auto table = now.find(relation->second.table);
        if (mode < LockMode::access_exclusive ||
            (table != now.end() && table->second >= LockMode::access_exclusive))
          continue;
      }
      observation.locks.push_back({relation->second.name, mode, !named(observation.place.statement, oid), 0});
    }
    std::sort(observation.locks.begin(), observation.locks.end(), [](const HeldLock& a, const HeldLock& b) {
      return std::pair(b.mode, a.relation) < std::pair(a.mode, b.relation);
    });
    held = std::move(now);
  }

  void take_buffers(const pg::Result& rows, Observation& observation) const {
    const long long fetched_now = rows.integer(0, 0) - fetched, hit_now = rows.integer(0, 1) - hit;
    // The counters of an index that was rebuilt go with its old file.
    observation.pages += std::max(0LL, fetched_now);
    observation.pages_missed += std::max(0LL, fetched_now - hit_now);
  }

  void take_relations(const pg::Result& rows, Observation& observation,
                      const std::map<std::string, Counters>& changed) {
    Relations now = relations_in(rows);
    std::set<std::string> rewritten;
    for (const auto& [oid, relation] : now) {
      const auto before = current.find(oid);
      if (before == current.end() || before->second.file == relation.file || !known.contains(oid)) continue;
      if (relation.kind == 'r' || relation.kind == 'm') rewritten.insert(oid);
    }
    for (const std::string& oid : rewritten) observation.rewritten.push_back(now.at(oid).name);
    for (const auto& [oid, relation] : now) {
      if (relation.kind != 'i') continue;
      const auto before = current.find(oid);
      if (before == current.end()) {
        if (known.contains(relation.table)) observation.built.push_back(relation.name);
      } else if (before->second.file != relation.file && known.contains(oid) &&
                 !rewritten.contains(relation.table)) {
        observation.indexes_rebuilt.push_back(relation.name);
      }
    }
    for (const auto& [oid, counts] : changed) {
      const auto relation = known.find(oid);
      if (relation == known.end()) continue;
      const auto earlier = counters.find(oid);
      const Counters base = earlier == counters.end() ? Counters{} : earlier->second;
      if (counts.scans > base.scans)
        observation.scans.push_back(
            {relation->second.name, counts.scans - base.scans, counts.read - base.read});
      if (counts.inserted > base.inserted || counts.updated > base.updated || counts.deleted > base.deleted)
        observation.rows.push_back({relation->second.name, counts.inserted - base.inserted,
                                    counts.updated - base.updated, counts.deleted - base.deleted});
    }
    current = std::move(now);
  }
};

Watcher::Watcher(pg::Connection& connection) : impl_(std::make_unique<Impl>(connection)) {
  impl_->take_stock();
  connection.on_notice([this](const pg::Notice& notice) {
    if (notice.severity.starts_with("DEBUG") && !tells_work(notice.message)) return;
    if (impl_->notices.size() < 200) impl_->notices.push_back({notice.severity, notice.message});
  });
  connection.execute("SET client_min_messages = debug1");
}

Watcher::Watcher(pg::Connection& side, FromOutside) : impl_(std::make_unique<Impl>(side)) {
  impl_->outside = true;
  impl_->take_stock();
}

Watcher::~Watcher() {
  if (!impl_->outside) impl_->connection.on_notice({});
}

void Watcher::inside(pg::Connection& own, Observation& observation) {
  std::vector<pg::Result> results;
  Impl::look(own, results);
  impl_->held.clear();
  Observation seen;
  seen.place = observation.place;
  impl_->take_locks(results[1], seen);
  impl_->counters.clear();
  impl_->take_relations(results[2], seen, counters_in(results[3]));
  impl_->fetched = impl_->hit = 0;
  impl_->take_buffers(results[4], observation);
  impl_->calls.clear();
  impl_->take_fired(results[5], seen);
  for (const FiredFunction& fired : seen.fired) {
    const auto same = std::find_if(observation.fired.begin(), observation.fired.end(), [&](const FiredFunction& other) { return other.function == fired.function; });
    if (same == observation.fired.end())
      observation.fired.push_back(fired);
    else
      same->calls += fired.calls;
  }
  for (HeldLock& lock : seen.locks) {
    const auto known = std::find_if(observation.locks.begin(), observation.locks.end(),
                                    [&](const HeldLock& held) { return held.relation == lock.relation; });
    if (known == observation.locks.end())
      observation.locks.push_back(lock);
    else
      known->mode = std::max(known->mode, lock.mode);
  }
  for (const auto& name : seen.rewritten) observation.rewritten.push_back(name);
  for (const auto& name : seen.indexes_rebuilt) observation.indexes_rebuilt.push_back(name);
  for (const auto& name : seen.built) observation.built.push_back(name);
  for (const Scan& scan : seen.scans) {
    const auto known = std::find_if(observation.scans.begin(), observation.scans.end(),
                                    [&](const Scan& other) { return other.relation == scan.relation; });
    if (known == observation.scans.end())
      observation.scans.push_back(scan);
    else
      known->scans += scan.scans, known->rows += scan.rows;
  }
  for (const TouchedRows& rows : seen.rows) {
    const auto known =
        std::find_if(observation.rows.begin(), observation.rows.end(),
                     [&](const TouchedRows& other) { return other.relation == rows.relation; });
    if (known == observation.rows.end())
      observation.rows.push_back(rows);
    else
      known->inserted += rows.inserted, known->updated += rows.updated, known->deleted += rows.deleted;
  }
}

void Watcher::before(bool in_transaction) {
  impl_->notices.clear();
  if (in_transaction) {
    std::vector<pg::Result> results = impl_->connection.pipeline({kCounters, kWal, kBuffers, kFired, kLockTimeout});
    impl_->counters = counters_in(results[0]);
    impl_->wal = results[1].integer(0, 0);
    impl_->fetched = results[2].integer(0, 0);
    impl_->hit = results[2].integer(0, 1);
    impl_->calls.clear();
    for (int row = 0; row < results[3].rows(); ++row) impl_->calls[results[3].string(row, 0)] = results[3].integer(row, 2);
    impl_->lock_timeout_ms = results[4].integer(0, 0);
  } else {
    impl_->counters.clear();
    impl_->calls.clear();
    if (!impl_->outside) impl_->lock_timeout_ms = impl_->connection.query(kLockTimeout).integer(0, 0);
    impl_->wal = impl_->connection.query(kWal).integer(0, 0);
  }
  impl_->notices.clear();
  impl_->started = Clock::now();
}

void Watcher::after(Observation& observation, bool in_transaction) {
  observation.duration_ms = since(impl_->started);
  observation.notices = std::move(impl_->notices);
  impl_->notices.clear();
  observation.lock_timeout_ms = impl_->lock_timeout_ms;
  if (in_transaction) {
    std::vector<pg::Result> results;
    Impl::look(impl_->connection, results);
    observation.wal_bytes = results[0].integer(0, 0) - impl_->wal;
    impl_->take_locks(results[1], observation);
    impl_->take_relations(results[2], observation, counters_in(results[3]));
    impl_->take_buffers(results[4], observation);
    impl_->take_fired(results[5], observation);
    impl_->starts.push_back(impl_->started);
  } else {
    std::vector<pg::Result> results = impl_->connection.pipeline({kWal, kRelations});
    observation.wal_bytes = results[0].integer(0, 0) - impl_->wal;
    impl_->take_relations(results[1], observation, {});
  }
  std::set<std::string> oids;
  for (const auto& [oid, relation] : impl_->known) {
    const auto touches = [&, &relation = relation](const sql::QualifiedName& name) { return name == relation.name; };
    const bool grows =
        std::any_of(observation.rewritten.begin(), observation.rewritten.end(), touches) ||
        std::any_of(observation.rows.begin(), observation.rows.end(),
                    [&](const TouchedRows& rows) { return touches(rows.relation); }) ||
        (!observation.built.empty() && impl_->sizes.contains(oid)) ||
        std::any_of(observation.locks.begin(), observation.locks.end(), [&](const HeldLock& lock) {
          return touches(lock.relation) && lock.mode > LockMode::row_share;
        });
    if (grows) oids.insert(oid);
  }
  for (const auto& [oid, bytes] : impl_->sizes_of(oids)) {
    const auto before = impl_->sizes.find(oid);
    const long long was = before == impl_->sizes.end() ? 0 : before->second;
    const sql::QualifiedName& name = impl_->known.at(oid).name;
    if (was != bytes) observation.sizes.push_back({name, was, bytes});
    const auto rewritten = std::find(observation.rewritten.begin(), observation.rewritten.end(), name);
    if (rewritten != observation.rewritten.end() && was > bytes && impl_->without_pages.contains(oid)) {
      observation.rewritten.erase(rewritten);
      observation.emptied.push_back(name);
    }
    impl_->sizes[oid] = bytes;
  }
}

void Watcher::ended(std::vector<Observation>& observations, std::size_t from) {
  // Each statement that took part was watched in the transaction, in this order.
  std::size_t start = 0;
  for (std::size_t i = from; i < observations.size() && start < impl_->starts.size(); ++i, ++start) {
    for (HeldLock& lock : observations[i].locks) lock.held_ms = since(impl_->starts[start]);
  }
  impl_->starts.clear();
  impl_->held.clear();
}

}  // namespace contraflow::rehearse
