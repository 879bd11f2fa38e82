// SPDX-License-Identifier: Apache-2.0
#include "rehearse/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "base/text.h"
#include "catalog/psql_commands.h"
#include "catalog/source_migrations.h"
#include "catalog/source_psql.h"
#include "catalog/source_run.h"
#include "catalog/source_scan.h"
#include "rehearse/observe.h"

namespace contraflow::rehearse {
namespace {

using catalog::ItemKind;
using catalog::ScriptItem;
using Clock = std::chrono::steady_clock;

enum class Control { none,
                     begin,
                     end };

Control control_of(const ScriptItem& item) {
  if (item.kind != ItemKind::statement || item.words.empty()) return Control::none;
  const std::string& word = item.words[0];
  if (word == "begin" || item.starts_with({"start", "transaction"})) return Control::begin;
  if (word == "commit" || word == "end" || word == "abort" || item.starts_with({"prepare", "transaction"}))
    return Control::end;
  if (word == "rollback" && !item.starts_with({"rollback", "to"})) return Control::end;
  return Control::none;
}

// Settings work on the session or the transaction as such: a transaction of their own, or a query before
// them, would change what they mean.
bool is_setting(const ScriptItem& item) {
  if (item.words.empty()) return false;
  const std::string& word = item.words[0];
  return word == "set" || word == "reset" || word == "discard" || word == "show" || word == "savepoint" ||
         word == "release" || word == "rollback" || word == "lock" || word == "listen" || word == "prepare" ||
         word == "deallocate";
}

// These words one behind the other, outside of quotes and comments.
bool has_words(const ScriptItem& item, std::initializer_list<std::string_view> words) {
  catalog::SqlScanner scanner(item.text());
  auto next = words.begin();
  for (catalog::Token token = scanner.next(); token.kind != catalog::TokenKind::end; token = scanner.next()) {
    if (token.kind == catalog::TokenKind::comment) continue;
    const std::string word = token.kind == catalog::TokenKind::word ? to_lower(scanner.text(token)) : std::string();
    if (word != *next) next = words.begin();
    if (word == *next && ++next == words.end()) return true;
  }
  return false;
}

bool needs_superuser(const ScriptItem& item) {
  if (catalog::starts_program(item)) return true;  // it got here: it is allowed
  if (item.words.size() < 2) return false;
  const std::string& verb = item.words[0];
  const std::string& what = item.words[1];
  // The triggers of foreign keys are the system's.
  if (verb == "alter" && what == "table" && has_words(item, {"trigger", "all"})) return true;
  if (verb == "set" && (what == "session_replication_role" ||
                        (item.words.size() > 2 && item.words[2] == "session_replication_role")))
    return true;
  if (verb != "create" && verb != "alter" && verb != "drop" && verb != "comment" && verb != "grant" &&
      verb != "revoke" && verb != "security")
    return false;
  if (verb == "comment" || verb == "security")
    return item.words.size() > 2 &&
           (item.words[2] == "extension" || item.words[2] == "role" || item.words[2] == "event");
  if (verb == "grant" || verb == "revoke") return false;
  return what == "extension" || what == "role" || what == "user" || what == "group" || what == "event" ||
         what == "publication" || what == "subscription" || what == "foreign" || what == "server" ||
         what == "language" || what == "trusted" || what == "operator" || what == "access" ||
         what == "type" || what == "text" || what == "cast" || what == "tablespace" || what == "database";
}

bool about_the_database(const ScriptItem& item) {
  return item.starts_with({"alter", "database"}) || item.starts_with({"comment", "on", "database"});
}

// Ends a statement that takes too long: asks first, then ends its session.
class Watchdog {
 public:
  Watchdog(pg::Connection& connection, const std::string& admin, Clock::time_point deadline)
      : connection_(connection),
        admin_(admin),
        pid_(connection.backend_pid()),
        deadline_(deadline),
        thread_([this] { run(); }) {}
  ~Watchdog() {
    {
      const std::lock_guard guard(mutex_);
      over_ = true;
    }
    woken_.notify_all();
    thread_.join();
  }
  bool fired() const { return fired_; }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    if (woken_.wait_until(lock, deadline_, [this] { return over_; })) return;
    fired_ = true;
    connection_.cancel();
    if (woken_.wait_for(lock, std::chrono::seconds(3), [this] { return over_; }) || admin_.empty()) return;
    try {
      pg::Connection admin(admin_, "contraflow watchdog");
      admin.query("SELECT pg_catalog.pg_terminate_backend($1::int)", {std::to_string(pid_)});
    } catch (const Error&) {
      // Nothing more can be done from here; the server goes with the sandbox.
    }
  }

  pg::Connection& connection_;
  std::string admin_;
  int pid_;
  Clock::time_point deadline_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool over_ = false;
  std::atomic<bool> fired_ = false;
  std::thread thread_;
};

class Run {
 public:
  Run(const Script& script, const RunRequest& request)
      : script_(script),
        request_(request),
        connection_(request.conninfo, "contraflow rehearsal"),
        watchdog_(connection_, request.admin, Clock::now() + request.budget) {}

  RunResult run() {
    send_text("SET lc_messages = 'C'");  // the sandbox has it; elsewhere only a superuser may say so
    if (request_.observe) watcher_.emplace(connection_);
    wrapped_ = script_.one_transaction;
    std::size_t i = 0;
    if (wrapped_) connection_.execute("BEGIN");
    for (; i < script_.items.size(); ++i) {
      if (request_.stop_after && i >= *request_.stop_after) break;
      if (request_.progress && script_.items.size() > 1)
        request_.progress(fmt::format("statement {} of {}", i + 1, script_.items.size()));
      if (!step(script_.items[i])) {
        if (!restart_) break;
        restart_ = false;
        i = static_cast<std::size_t>(-1);  // from the first statement, now one by one
        continue;
      }
      result_.done = i + 1;
      if (request_.between && !connection_.in_transaction()) request_.between(result_.done);
    }
    result_.one_transaction = wrapped_;
    if (result_.failure) return std::move(result_);
    // Interrupted: whoever was in a transaction loses it, as with a killed runner.
    if (request_.stop_after) return std::move(result_);
    if (wrapped_ || connection_.in_transaction()) commit();
    return std::move(result_);
  }

 private:
  // False where the run ends here: a failure, or (restart_) where all of it has to run again.
  bool step(const ScriptItem& item) {
    if (item.kind == ItemKind::meta_command) {
      fail(item,
           Error(ErrorCode::usage, fmt::format("psql meta-command \\{} can only be run by psql",
                                               item.words.empty() ? "" : item.words[0])),
           {});
      return false;
    }
    if (about_the_database(item)) return true;  // the sandbox's database has another name
    const bool lifted = request_.elevate && needs_superuser(item);
    if (lifted) lift(true);
    const bool went = execute(item);
    if (lifted) lift(false);
    return went;
  }

  // A session learns of a change of its role when it locks something new (AcceptInvalidationMessages() in
  // LockRelationOid()), not at the start of each statement of a transaction.
  void lift(bool superuser) {
    request_.elevate(superuser);
    if (connection_.in_transaction())
      send_text(
          "SAVEPOINT contraflow_rights; SELECT FROM pg_catalog.pg_auth_members LIMIT 0; ROLLBACK TO "
          "contraflow_rights; RELEASE contraflow_rights");
  }

  bool execute(const ScriptItem& item) {
    const Control control = control_of(item);
    if (control == Control::begin) ++transaction_;
    const bool watched = watcher_ && control == Control::none && !is_setting(item);
    if (!watched) {
      const bool was_open = connection_.in_transaction();
      if (const auto error = send(item)) return handle(item, *error);
      if (watcher_ && was_open && !connection_.in_transaction()) end_transaction();
      return true;
    }
    if (connection_.in_transaction()) {
      if (wrapped_ && transaction_ == 0) transaction_ = 1;
      Observation observation = blank(item, transaction_);
      watcher_->before(true);
      if (const auto error = send(item)) return handle(item, *error);
      watcher_->after(observation, connection_.in_transaction());
      result_.observations.push_back(std::move(observation));
      if (!connection_.in_transaction()) end_transaction();
      return true;
    }
    // On its own: inside a transaction it can be looked at before its locks go; what refuses one is watched
    // from outside.
    const std::size_t first = result_.observations.size();
    if (!refuses_transaction(item)) {
      Observation observation = blank(item, ++transaction_);
      connection_.execute("BEGIN");
      watcher_->before(true);
      const auto error = send(item);
      if (!error) {
        watcher_->after(observation, true);
        result_.observations.push_back(std::move(observation));
        if (const auto late = send_text("COMMIT")) return handle(item, *late);
        watcher_->ended(result_.observations, first);
        open_ = result_.observations.size();
        return true;
      }
      connection_.execute("ROLLBACK");
      // 25001: cannot run inside a transaction block; 2D000: a procedure that commits as it goes.
      if (error->sqlstate() != "25001" && error->sqlstate() != "2D000") return handle(item, *error);
    }
    Observation observation = blank(item, 0);
    watcher_->before(false);
    std::optional<pg::ServerError> error;
    {
      LockSampler sampler(request_.admin.empty() ? request_.conninfo : request_.admin,
                          connection_.backend_pid());
      error = send(item);
      if (!error) watcher_->after(observation, false);
      sampler.finish(observation);
    }
    if (error) return handle(item, *error);
    result_.observations.push_back(std::move(observation));
    open_ = result_.observations.size();
    return true;
  }

  static bool refuses_transaction(const ScriptItem& item) {
    return item.words[0] == "vacuum" ||
           std::find(item.words.begin(), item.words.end(), "concurrently") != item.words.end();
  }

  Observation blank(const ScriptItem& item, int transaction) const {
    Observation out;
    out.place = place_of(item);
    out.title = title_of(item.text());
    out.transaction = transaction;
    return out;
  }

  std::optional<pg::ServerError> send(const ScriptItem& item) {
    try {
      if (item.copies_from_stdin) {
        connection_.copy_in(item.text(), item.data());
      } else {
        connection_.execute(item.text());
      }
      return {};
    } catch (const pg::ServerError& error) {
      return error;
    }
  }

  std::optional<pg::ServerError> send_text(std::string_view text) {
    try {
      connection_.execute(text);
      return {};
    } catch (const pg::ServerError& error) {
      return error;
    }
  }

  void end_transaction() {
    watcher_->ended(result_.observations, open_);
    open_ = result_.observations.size();
  }

  void commit() {
    const bool open = connection_.in_transaction();
    // Deferred constraints are checked here.
    if (const auto error = send_text("COMMIT")) {
      fail(script_.items.back(), *error, error->sqlstate());
      return;
    }
    if (watcher_ && open) end_transaction();
  }

  bool handle(const ScriptItem& item, const pg::ServerError& error) {
    if (wrapped_ && !watchdog_.fired() && (error.sqlstate() == "25001" || error.sqlstate() == "55P04" || error.sqlstate() == "2D000")) {
      connection_.execute("ROLLBACK");
      wrapped_ = false;
      transaction_ = 0;
      result_.observations.clear();
      open_ = 0;
      if (watcher_) {
        watcher_.reset();
        watcher_.emplace(connection_);
      }
      restart_ = true;
      return false;
    }
    fail(item, catalog::script_error(error, item, server_major_), error.sqlstate());
    return false;
  }

  void fail(const ScriptItem& item, const Error& error, std::string sqlstate) {
    Failure failure;
    failure.error = error;
    failure.sqlstate = std::move(sqlstate);
    failure.place = place_of(item);
    failure.timed_out = watchdog_.fired();
    failure.session_lost = failure.sqlstate.starts_with("57P");
    result_.failure = std::move(failure);
    try {
      if (connection_.in_transaction()) connection_.execute("ROLLBACK");
    } catch (const Error&) {
      // The session is gone, its transaction with it.
    }
  }

 public:
  // A connection that is lost in the middle of a statement is the statement's doing: the server is our own.
  RunResult run_guarded() {
    try {
      return run();
    } catch (const pg::ServerError& error) {
      const std::size_t at = std::min(result_.done, script_.items.size() - 1);
      fail(script_.items[at], error, error.sqlstate());
    } catch (const Error& error) {
      const std::size_t at = std::min(result_.done, script_.items.size() - 1);
      fail(script_.items[at], error, error.sqlstate());
      result_.failure->session_lost = true;
    }
    result_.one_transaction = wrapped_;
    return std::move(result_);
  }

 private:
  const Script& script_;
  const RunRequest& request_;
  pg::Connection connection_;
  int server_major_ = connection_.server_major();
  Watchdog watchdog_;
  std::optional<Watcher> watcher_;
  RunResult result_;
  std::size_t open_ = 0;  // the first observation of the open transaction
  int transaction_ = 0;
  bool wrapped_ = false;
  bool restart_ = false;
};

// psql's own language: the file runs as a whole, as a person would run it.
RunResult run_by_psql(const Script& script, const RunRequest& request) {
  RunResult out;
  catalog::ScriptUnit unit;
  unit.file = script.items.front().file;
  unit.path = script.path;
  try {
    catalog::run_with_psql(request.conninfo, unit, false);
    out.done = script.items.size();
  } catch (const Error& error) {
    Failure failure;
    failure.error = error;
    failure.sqlstate = error.sqlstate();
    if (error.location())
      failure.place = {error.location()->file, error.location()->line,
                       std::string(trim(error.location()->source_line))};
    out.failure = std::move(failure);
  }
  return out;
}

}  // namespace

std::string Failure::message() const {
  if (timed_out) return "did not end within the budget and was cancelled";
  if (session_lost) return "ended its own session: " + error.message();
  return error.message();
}

Place place_of(const ScriptItem& item) {
  const Location at = item.location();
  return {at.file, at.line, std::string(item.text())};
}

std::string title_of(std::string_view statement) {
  std::string out;
  for (const std::string& line : split_lines(statement)) {
    const std::string_view words = trim(line);
    if (words.empty() || words.starts_with("--")) continue;
    out += (out.empty() ? "" : " ") + std::string(words);
    if (out.size() > 90) break;
  }
  if (out.size() <= 90) return out;
  std::size_t cut = 87;
  while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xC0) == 0x80) --cut;  // not inside a character
  return out.substr(0, cut) + "…";
}

RunResult run_migration(const Script& script, const RunRequest& request) {
  if (script.items.empty()) return {};
  if (script.needs_psql) return run_by_psql(script, request);
  return Run(script, request).run_guarded();
}

std::vector<std::pair<std::string, Place>> forbidden_in(const Script& script, bool programs) {
  std::vector<std::pair<std::string, Place>> out;
  for (const ScriptItem& item : script.items) {
    const bool program = catalog::starts_program(item);
    if (program && programs) continue;
    std::string why = catalog::reaches_outside(item, script.needs_psql);
    if (program) why += " (contraflow rehearse --allow-programs lets it)";
    if (why.empty() && (item.starts_with({"create", "database"}) || item.starts_with({"drop", "database"})))
      why = "it makes or removes a whole database";
    if (why.empty() && item.starts_with({"alter", "system"})) why = "ALTER SYSTEM configures the server";
    if (!why.empty()) out.emplace_back(std::move(why), place_of(item));
  }
  return out;
}

}  // namespace contraflow::rehearse
