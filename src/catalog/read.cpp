// SPDX-License-Identifier: Apache-2.0
#include "catalog/read.h"

#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "catalog/reader.h"

namespace contraflow::catalog {

namespace {

using detail::Reader;

// The text of constants in expressions depends on these settings; fixed, so that two servers' texts compare.
// The empty search_path makes the pg_get_*def functions qualify every name outside pg_catalog.
constexpr const char* kSettings =
    "SELECT set_config('search_path', '', true), set_config('quote_all_identifiers', 'off', true), "
    "set_config('DateStyle', 'ISO, YMD', true), set_config('IntervalStyle', 'postgres', true), "
    "set_config('TimeZone', 'UTC', true), set_config('bytea_output', 'hex', true), "
    "set_config('extra_float_digits', '1', true), set_config('standard_conforming_strings', 'on', true), "
    "set_config('statement_timeout', '0', true), set_config('row_security', 'off', true), "
    "set_config('lock_timeout', '1s', true), set_config('jit', 'off', true)";

// Ends the transaction, or gives back the settings of the one that the caller has open, on every way out.
class Snapshot {
 public:
  explicit Snapshot(pg::Connection& connection)
      : connection_(connection), nested_(connection.in_transaction()) {
    connection_.execute(nested_ ? "SAVEPOINT contraflow_read"
                                : "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
  }
  ~Snapshot() {
    try {
      connection_.execute(nested_ ? "ROLLBACK TO SAVEPOINT contraflow_read; RELEASE SAVEPOINT contraflow_read"
                                  : "ROLLBACK");
    } catch (const Error&) {
      // The connection is lost: the server has ended the transaction, and the first error is the one that
      // counts.
    }
  }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  pg::Connection& connection_;
  bool nested_;
};

// Sends the batches one after the other while the consumers of earlier ones run. One thread for all of them: each new one would begin with a
// heap of its own.
class Fetcher {
 public:
  using Results = std::vector<pg::Result>;
  Fetcher(pg::Connection& connection, const std::deque<Reader::Batch>& batches)
      : connection_(connection), batches_(batches), thread_([this] { run(); }) {}
  ~Fetcher() {
    wanted_.push(kNone);
    thread_.join();
  }
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  // The batch is complete: nothing is added to it any more.
  void want(std::size_t batch) { wanted_.push(batch); }
  // The results of the next one that was wanted; throws what the server answered.
  Results get() {
    Answer answer = answers_.pop();
    if (answer.error) std::rethrow_exception(answer.error);
    return std::move(answer.results);
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  struct Answer {
    Results results;
    std::exception_ptr error;
  };
  template <class T>
  class Queue {
   public:
    void push(T value) {
      {
        const std::lock_guard lock(mutex_);
        values_.push_back(std::move(value));
      }
      filled_.notify_one();
    }
    T pop() {
      std::unique_lock lock(mutex_);
      filled_.wait(lock, [this] { return !values_.empty(); });
      T value = std::move(values_.front());
      values_.pop_front();
      return value;
    }

   private:
    std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<T> values_;
  };

  void run() {
    for (std::size_t batch = wanted_.pop(); batch != kNone; batch = wanted_.pop()) {
      Answer answer;
      try {
        answer.results = connection_.pipeline(batches_[batch].queries);
      } catch (...) {
        answer.error = std::current_exception();
      }
      answers_.push(std::move(answer));
    }
  }

  pg::Connection& connection_;
  const std::deque<Reader::Batch>& batches_;
  Queue<std::size_t> wanted_;
  Queue<Answer> answers_;
  std::thread thread_;  // last: it uses the rest
};

void run_batches(pg::Connection& connection, Reader& reader) {
  Fetcher fetcher(connection, reader.batches);
  fetcher.want(0);
  for (std::size_t batch = 0; batch < reader.batches.size(); ++batch) {
    const Fetcher::Results results = fetcher.get();
    if (batch + 1 == reader.batches.size() && !reader.end.queries.empty()) reader.batches.push_back(std::exchange(reader.end, {}));
    if (batch + 1 < reader.batches.size()) fetcher.want(batch + 1);
    for (std::size_t i = 0; i < results.size(); ++i) reader.batches[batch].consumers[i](results[i]);
  }
  if (!reader.end.queries.empty()) throw std::logic_error("internal error, please report: asked for more when all was read");
}

Database read_once(pg::Connection& connection, const ReadOptions& options) {
  Database database;
  database.server_version = connection.server_version();
  const Snapshot snapshot(connection);
  connection.execute(kSettings);
  const pg::Result privileges = connection.execute(
      "SELECT (" + detail::held_catalogs_query() +
      "), current_setting('is_superuser') = 'on', "
      "coalesce(bool_and(has_column_privilege('pg_catalog.pg_subscription', attname, 'SELECT')), true) "
      "FROM pg_attribute WHERE attrelid = 'pg_catalog.pg_subscription'::regclass AND attname = "
      "'subconninfo'");
  detail::Session session;
  for (const std::string& oid : privileges.text_array(0, 0)) session.holds.insert(static_cast<std::uint32_t>(std::stoul(oid)));
  session.superuser = privileges.boolean(0, 1);
  session.subscriptions = privileges.boolean(0, 2);

  Reader reader(database, connection.server_major(), options, session);
  // Four batches of about the same weight for the server.
  detail::ask_basics(reader);
  detail::ask_relations(reader);
  detail::ask_sequences(reader);
  detail::ask_inheritance(reader);
  reader.next_batch();
  detail::ask_types(reader);
  detail::ask_constraints(reader);
  detail::ask_indexes(reader);
  reader.next_batch();
  detail::ask_actions(reader);
  detail::ask_routines(reader);
  reader.next_batch();
  detail::ask_publications(reader);
  detail::ask_generic(reader);
  detail::ask_privileges(reader);
  detail::ask_dependencies(reader);
  run_batches(connection, reader);
  constexpr int kNewest = 18;
  if (connection.server_major() > kNewest) {
    reader.unsupported(ObjectId{},
                       fmt::format("PostgreSQL {}: its catalog may hold what this program does not know",
                                   connection.server_major()));
  }
  detail::apply_filters(database, reader.not_supported, options);
  return database;
}

}  // namespace

Database read(pg::Connection& connection, const ReadOptions& options) {
  constexpr int kOldest = 13;
  if (connection.server_major() < kOldest) {
    throw Error(ErrorCode::usage, fmt::format("PostgreSQL {} is not supported", connection.server_major()),
                fmt::format("use a server of PostgreSQL {} or later", kOldest));
  }
  // The pg_get_*def functions look at the newest catalog, not at the transaction's snapshot: an object that
  // is dropped meanwhile fails with "cache lookup failed" (XX000) or as undefined. The next snapshot no
  // longer has it. Some of them take ACCESS SHARE, and so wait for a running ALTER TABLE (55P03).
  constexpr int kAttempts = 3;
  constexpr int kLockAttempts = 20;
  for (int attempt = 1;; ++attempt) {
    try {
      return read_once(connection, options);
    } catch (const pg::ServerError& error) {
      const std::string& state = error.sqlstate();
      const bool locked = state == "55P03";
      const bool moved = state == "XX000" || (state.starts_with("42") && state != "42501");
      if (connection.in_transaction() || !(locked || moved) ||
          attempt >= (locked ? kLockAttempts : kAttempts))
        throw;
    }
  }
}

}  // namespace contraflow::catalog
