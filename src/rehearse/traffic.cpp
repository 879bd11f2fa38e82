// SPDX-License-Identifier: Apache-2.0
#include "rehearse/traffic.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <random>
#include <thread>

#include "base/text.h"
#include "rehearse/parameters.h"

namespace contraflow::rehearse {

using Clock = std::chrono::steady_clock;

namespace {

constexpr int kSamples = 50;
constexpr std::size_t kPointsKept = 600;

// Errors of values that were made up: the query itself works. A missing value (23502) or a CHECK (23514) that
// refuses what it took before is the schema's doing.
bool about_values(const std::string& sqlstate) {
  return sqlstate.starts_with("22") || sqlstate == "23505" || sqlstate == "23503" || sqlstate == "23P01";
}

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const std::size_t at =
      std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

}  // namespace

struct Traffic::Impl {
  struct Sample {
    double at, took;
    std::size_t query;
  };
  struct Failed {
    std::size_t query;
    std::string error;
  };

  std::string conninfo;
  std::vector<AppQuery> queries;
  TrafficOptions options;
  Clock::time_point started = Clock::now();
  std::atomic<bool> stop = false, reading = false;
  std::atomic<long long> inserted = 0;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Sample> samples;
  std::vector<Failed> failures;
  std::vector<std::string> notes;
  std::vector<TrafficRun::Mark> marks;
  std::vector<std::thread> threads;

  double now() const { return std::chrono::duration<double, std::milli>(Clock::now() - started).count(); }

  void work(std::size_t number) {
    std::optional<pg::Connection> connection;
    std::vector<std::optional<Prepared>> prepared;
    std::mt19937 random(static_cast<unsigned>(number) + 1);
    const auto pause = std::chrono::duration<double>(options.connections / std::max(options.rate, 0.1));
    std::size_t turn = number;
    while (!stop) {
      const auto next = Clock::now() + std::chrono::duration_cast<Clock::duration>(pause);
      const std::size_t chosen = random() % queries.size();
      const double begin = now();
      std::string error;
      try {
        if (!connection) {
          connection.emplace(conninfo, "contraflow traffic");
          prepared.assign(queries.size(), std::nullopt);
        }
        if (!prepared[chosen])
          prepared[chosen] = prepare(*connection, fmt::format("q{}", chosen), queries[chosen].text, kSamples);
        connection->execute(execute_text(*prepared[chosen], ++turn));
      } catch (const pg::ServerError& failure) {
        if (!about_values(failure.sqlstate())) error = failure.message();
        // A driver prepares again after an error; the query that failed has failed.
        if (prepared[chosen]) {
          try {
            connection->execute(fmt::format("DEALLOCATE q{}", chosen));
          } catch (const Error&) {
            connection.reset();
          }
        }
        if (connection) prepared[chosen].reset();
      } catch (const Error& failure) {
        error = failure.message();
        connection.reset();
      }
      const double took = now() - begin;
      {
        const std::lock_guard guard(mutex);
        samples.push_back({begin, took, chosen});
        if (!error.empty()) failures.push_back({chosen, error});
      }
      if (Clock::now() < next) std::this_thread::sleep_until(next);
    }
  }

  void read_long() {
    try {
      pg::Connection connection(conninfo, "contraflow long reader");
      while (!stop) {
        connection.execute("BEGIN");
        for (const std::string& table : options.read_tables) {
          try {
            connection.execute(fmt::format("SAVEPOINT s; SELECT 1 FROM {} LIMIT 1", table));
          } catch (const pg::ServerError&) {
            connection.execute("ROLLBACK TO s");  // renamed or dropped by now
          }
        }
        reading = true;
        changed.notify_all();
        const auto until = Clock::now() + options.reader_holds;
        while (!stop && Clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        connection.execute("COMMIT");
        reading = false;
        // Time for others: a reader without a pause would never let a short attempt through.
        for (int i = 0; i < 20 && !stop; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    } catch (const Error& error) {
      const std::lock_guard guard(mutex);
      notes.push_back("the long reader ended: " + error.message());
    }
  }

  void insert_always() {
    try {
      pg::Connection connection(conninfo, "contraflow writer");
      connection.execute("SET client_min_messages = error");
      long long number = 100'000'000;
      while (!stop) {
        for (std::size_t i = 0; i < options.inserts.size() && !stop; ++i) {
          const double begin = now();
          try {
            inserted += connection.execute(replace_all(options.inserts[i], "{n}", std::to_string(++number)))
                            .rows_affected();
            const std::lock_guard guard(mutex);
            samples.push_back({begin, now() - begin, queries.size() + i});
          } catch (const pg::ServerError& error) {
            const std::lock_guard guard(mutex);
            samples.push_back({begin, now() - begin, queries.size() + i});
            if (!about_values(error.sqlstate())) failures.push_back({queries.size() + i, error.message()});
          }
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    } catch (const Error& error) {
      const std::lock_guard guard(mutex);
      notes.push_back("the constant writer ended: " + error.message());
    }
  }
};

Traffic::Traffic(const std::string& conninfo, std::vector<AppQuery> queries, const TrafficOptions& options)
    : impl_(std::make_unique<Impl>()) {
  impl_->conninfo = conninfo;
  impl_->queries = std::move(queries);
  impl_->options = options;
  if (!impl_->queries.empty())
    for (int i = 0; i < options.connections; ++i)
      impl_->threads.emplace_back([this, i] { impl_->work(static_cast<std::size_t>(i)); });
  if (!options.read_tables.empty()) impl_->threads.emplace_back([this] { impl_->read_long(); });
  if (!options.inserts.empty()) impl_->threads.emplace_back([this] { impl_->insert_always(); });
}

Traffic::~Traffic() {
  impl_->stop = true;
  for (std::thread& thread : impl_->threads)
    if (thread.joinable()) thread.join();
}

void Traffic::begin(const std::string& title) {
  const std::lock_guard guard(impl_->mutex);
  impl_->marks.push_back({impl_->now(), impl_->now(), title});
}

void Traffic::end() {
  const std::lock_guard guard(impl_->mutex);
  if (!impl_->marks.empty()) impl_->marks.back().to_ms = impl_->now();
}

void Traffic::wait_for_reader() {
  if (impl_->options.read_tables.empty()) return;
  // From the start of a transaction of the reader's: it then has all of its time before it.
  const auto until = Clock::now() + impl_->options.reader_holds + std::chrono::seconds(2);
  bool was = impl_->reading;
  while (Clock::now() < until) {
    const bool is = impl_->reading;
    if (is && !was) return;
    was = is;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

TrafficRun Traffic::stop(const std::string& how) {
  impl_->stop = true;
  for (std::thread& thread : impl_->threads) thread.join();
  impl_->threads.clear();
  TrafficRun out;
  out.how = how;
  out.seconds = impl_->now() / 1000;
  out.inserted = impl_->inserted;
  out.reader_holds_ms = static_cast<double>(impl_->options.reader_holds.count());
  out.marks = impl_->marks;
  const std::size_t count = impl_->queries.size() + impl_->options.inserts.size();
  std::vector<std::vector<double>> times(count);
  std::vector<double> all;
  for (std::size_t i = 0; i < count; ++i) {
    TrafficQuery query;
    query.text = i < impl_->queries.size() ? impl_->queries[i].text
                                           : impl_->options.inserts[i - impl_->queries.size()];
    query.name = i < impl_->queries.size() ? impl_->queries[i].name
                                           : "constant insert: " + query.text.substr(0, query.text.find('('));
    out.queries.push_back(std::move(query));
  }
  // Before the first statement nothing can stall: that time is the baseline.
  const double first = impl_->marks.empty() ? out.seconds * 1000 : impl_->marks.front().from_ms;
  std::vector<std::vector<double>> calm(count);
  for (const Impl::Sample& sample : impl_->samples) {
    TrafficQuery& query = out.queries[sample.query];
    ++query.executed;
    query.longest_ms = std::max(query.longest_ms, sample.at + sample.took < first ? 0.0 : sample.took);
    (sample.at + sample.took < first ? calm : times)[sample.query].push_back(sample.took);
    if (sample.at + sample.took >= first) all.push_back(sample.took);
  }
  for (const Impl::Failed& failed : impl_->failures) {
    TrafficQuery& query = out.queries[failed.query];
    ++query.failed;
    if (query.error.empty()) query.error = failed.error;
  }
  for (std::size_t i = 0; i < count; ++i) {
    out.queries[i].p99_ms = percentile(times[i], 0.99);
    out.queries[i].baseline_p99_ms = percentile(calm[i], 0.99);
    out.executed += out.queries[i].executed;
    out.failed += out.queries[i].failed;
    out.longest_ms = std::max(out.longest_ms, out.queries[i].longest_ms);
  }
  out.p99_ms = percentile(all, 0.99);
  // The worst of each interval tells the story; thousands of quick ones do not.
  const double width = std::max(1.0, out.seconds * 1000 / static_cast<double>(kPointsKept));
  std::vector<const Impl::Sample*> worst(kPointsKept + 1, nullptr);
  for (const Impl::Sample& sample : impl_->samples) {
    const Impl::Sample*& slot = worst[std::min(kPointsKept, static_cast<std::size_t>(sample.at / width))];
    if (!slot || slot->took < sample.took) slot = &sample;
  }
  for (const Impl::Sample* sample : worst)
    if (sample) out.points.push_back({sample->at, sample->took, out.queries[sample->query].name});
  for (const std::string& note : impl_->notes) out.error += (out.error.empty() ? "" : "; ") + note;
  return out;
}

std::vector<AppQuery> ordinary_queries(pg::Connection& connection, const std::vector<sql::QualifiedName>& tables, const catalog::Database* before) {
  std::vector<AppQuery> out;
  for (const sql::QualifiedName& table : tables) {
    const pg::Result columns = connection.query(
        "SELECT a.attname, coalesce(a.attnum = ANY (i.indkey::smallint[]), false), "
        "coalesce(pg_catalog.array_length(i.indkey::smallint[], 1), 0), a.attgenerated <> '' OR "
        "a.attidentity = 'a', pg_catalog.format_type(a.atttypid, a.atttypmod)"
        " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN "
        "pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
        " LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary WHERE n.nspname = $1 AND "
        "c.relname = $2 AND c.relkind IN ('r', 'p') ORDER BY a.attnum",
        {table.schema, table.name});
    if (columns.rows() == 0) continue;
    std::string list, key, other;
    bool single = false;
    for (int row = 0; row < columns.rows(); ++row) {
      const std::string name = sql::quote_identifier(columns.string(row, 0));
      list += (list.empty() ? "" : ", ") + name;
      const auto* old = before ? before->find_body<catalog::Column>({catalog::Kind::column, table.schema, table.name, columns.string(row, 0), ""}) : nullptr;
      if (old && old->type != columns.string(row, 4)) list += fmt::format("::{} AS {}", columns.text(row, 4), name);
      if (columns.boolean(row, 1)) {
        key = name;
        single = columns.integer(row, 2) == 1;
      } else if (!columns.boolean(row, 3) && other.empty()) {
        other = name;
      }
    }
    const std::string target = sql::quote(table);
    out.push_back({"read of " + target, "deployed",
                   single ? fmt::format("SELECT {} FROM {} WHERE {} = $1", list, target, key)
                          : fmt::format("SELECT {} FROM {} LIMIT 5", list, target),
                   1});
    if (single && !other.empty())
      out.push_back({"update of " + target, "deployed",
                     fmt::format("UPDATE {} SET {} = {} WHERE {} = $1", target, other, other, key), 1});
  }
  return out;
}

}  // namespace contraflow::rehearse
