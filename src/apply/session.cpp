// SPDX-License-Identifier: Apache-2.0
#include "apply/session.h"

#include <fmt/format.h>

#include "sql/name.h"

namespace contraflow::apply {

Session::Session(std::string conninfo, std::string application_name, std::shared_ptr<std::atomic<bool>> stop, Prepare prepare)
    : conninfo_(std::move(conninfo)), application_name_(std::move(application_name)), stop_(std::move(stop)), prepare_(std::move(prepare)) {}

void Session::limit() {
  connection_->limit_waits({longest_, [this] { return presumed_lost_ || (interruptible_ && *stop_); }});
}

void Session::set_longest(Milliseconds longest) {
  longest_ = longest;
  if (connection_) limit();
}

pg::Connection& Session::get() {
  if (connection_ && !connection_->alive()) connection_.reset();
  if (connection_) return *connection_;
  presumed_lost_ = false;
  connection_.emplace(conninfo_, application_name_);
  try {
    limit();
    // One message: no statement of this session ever runs without these. application_name may have been given in the connection string.
    connection_->execute(fmt::format(
        "SET lock_timeout = '100ms'; SET statement_timeout = '60s'; SET idle_in_transaction_session_timeout = '60s'; SET application_name = {};"
        "SELECT set_config('contraflow.search_path', current_setting('search_path'), false); SET search_path = ''; SET check_function_bodies = off; SET client_min_messages = warning; SET default_transaction_read_only = off;"
        "SET default_transaction_isolation = 'read committed'; SET default_transaction_deferrable = off",
        sql::quote_literal(application_name_)));
    // A killed runner's statement ends on the server as well (14 and later), instead of going on for hours.
    if (connection_->server_major() >= 14) connection_->execute("SET client_connection_check_interval = '2s'");
    if (prepare_) prepare_(*connection_);
  } catch (...) {
    connection_.reset();
    throw;
  }
  return *connection_;
}

void Session::abandon_transaction() {
  if (!connection_) return;
  try {
    if (!connection_->alive()) return drop();
    if (connection_->in_transaction()) connection_->execute("ROLLBACK");
  } catch (const Error&) {
    drop();
  }
}

std::string set_local(std::string_view setting, Milliseconds value) {
  return fmt::format("SET LOCAL {} = '{}ms'", setting, std::max<long long>(1, value.count()));
}

Failure failure_of(const Error& error) {
  const std::string& state = error.sqlstate();
  if (state == "55P03" || state == "40P01") return Failure::lock;
  if (state == "57014") return Failure::cancelled;
  // 08: connection exceptions; 57P01 to 57P05: shutdown, crash, starting up, idle sessions ended; 25P03: our idle transaction was ended.
  if (state.starts_with("08") || state.starts_with("57P") || state == "25P03" || state == "53300") return Failure::connection;
  const bool from_server = dynamic_cast<const pg::ServerError*>(&error) != nullptr;
  return !from_server && error.code() == ErrorCode::environment ? Failure::connection : Failure::statement;
}

}  // namespace contraflow::apply
