// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "apply/options.h"
#include "pg/connection.h"

namespace contraflow::apply {

// A connection of the runner's on which nothing waits without a limit: lock_timeout and statement_timeout are set before anything else runs, the
// server looks after our end of a long statement, and a server that stops answering counts as lost. Not thread-safe.
class Session {
 public:
  using Prepare = std::function<void(pg::Connection&)>;
  // `role` ends up in application_name ("contraflow step"). Does not connect yet.
  Session(std::string conninfo, std::string application_name, std::shared_ptr<std::atomic<bool>> stop, Prepare prepare = {});

  // The connection; makes it where there is none. Error{environment}.
  pg::Connection& get();
  bool connected() const { return connection_.has_value(); }
  void drop() { connection_.reset(); }
  // Ends whatever transaction is open; drops the connection where that does not work.
  void abandon_transaction();

  // While an object of this kind lives a stop request cancels the statement in progress, where that is safe.
  class Interruptible {
   public:
    explicit Interruptible(Session& session) : session_(session) { session_.interruptible_ = true; }
    ~Interruptible() { session_.interruptible_ = false; }
    Interruptible(const Interruptible&) = delete;
    Interruptible& operator=(const Interruptible&) = delete;

   private:
    Session& session_;
  };
  // From another thread: the server says that the statement in progress has ended, and no answer has come. It will be treated as lost.
  void presume_lost() { presumed_lost_ = true; }
  // While an object of this kind lives an answer is waited for so long: more than the server's own statement_timeout, for a server that is gone.
  class Patience {
   public:
    Patience(Session& session, Milliseconds longest) : session_(session), before_(session.longest_) { session_.set_longest(longest); }
    ~Patience() { session_.set_longest(before_); }
    Patience(const Patience&) = delete;
    Patience& operator=(const Patience&) = delete;

   private:
    Session& session_;
    Milliseconds before_;
  };

 private:
  void limit();
  void set_longest(Milliseconds longest);

  std::string conninfo_;
  std::string application_name_;
  std::shared_ptr<std::atomic<bool>> stop_;
  Prepare prepare_;
  std::optional<pg::Connection> connection_;
  std::atomic<bool> interruptible_{false};
  std::atomic<bool> presumed_lost_{false};
  Milliseconds longest_{65s};  // of statements under the statement_timeout that get() sets
};

// SQL fragments.
// A session's own search_path is empty. What calls functions of the user's (defaults, conversions, checks, triggers) runs under the one that the session came with: they may rely on it.
inline constexpr std::string_view kUsersPathLocal = "SELECT set_config('search_path', current_setting('contraflow.search_path'), true)";
inline constexpr std::string_view kUsersPath = "SELECT set_config('search_path', current_setting('contraflow.search_path'), false)";
inline constexpr std::string_view kOwnPathLocal = "SET LOCAL search_path = ''";
inline constexpr std::string_view kOwnPath = "SET search_path = ''";
std::string set_local(std::string_view setting, Milliseconds value);  // SET LOCAL lock_timeout = '53ms'

// What an error says about how to go on.
enum class Failure {
  lock,        // 55P03, 40P01: the attempt gave way
  cancelled,   // 57014: a timeout of ours, or a stop request
  connection,  // lost, or the server is going down or coming up: connect again
  statement,   // everything else
};
Failure failure_of(const Error& error);

}  // namespace contraflow::apply
