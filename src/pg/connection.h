// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace contraflow::pg {

// A value of a result; `null` values have no text.
using Value = std::optional<std::string>;

// One result set. Owns its memory; columns count from 0. Views stay valid while the result lives.
class Result {
 public:
  Result();
  ~Result();
  Result(Result&&) noexcept;
  Result& operator=(Result&&) noexcept;

  int rows() const;
  int columns() const;
  std::string column_name(int column) const;
  unsigned column_type(int column) const;  // the type's OID in this database
  int column_modifier(int column) const;   // atttypmod; -1: none
  bool is_null(int row, int column) const;
  std::string_view text(int row, int column) const;  // empty for NULL
  bool boolean(int row, int column) const;           // true for 't'
  long long integer(int row, int column) const;      // 0 for NULL
  std::string string(int row, int column) const { return std::string(text(row, column)); }
  // A text array (the server's output format, quoting included), empty for NULL. NULL elements become "".
  std::vector<std::string> text_array(int row, int column) const;
  std::string command_tag() const;
  long long rows_affected() const;

  struct Impl;  // libpq stays inside connection.cpp
  explicit Result(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

// An error that the server reported for a statement. Branch on sqlstate(), never on the text.
class ServerError : public Error {
 public:
  ServerError(std::string message, std::string hint, std::string sqlstate, int position,
              std::string detail = {}, std::string context = {})
      : Error(ErrorCode::environment, std::move(message), std::move(hint), std::move(sqlstate)),
        position_(position),
        detail_(std::move(detail)),
        context_(std::move(context)) {}
  int position() const {
    return position_;
  }  // character in the statement, from 1; 0 where the server names none
  const std::string& detail() const { return detail_; }
  const std::string& context() const { return context_; }

 private:
  int position_;
  std::string detail_;
  std::string context_;
};

struct Notice {
  std::string severity;
  std::string sqlstate;
  std::string message;
};

// One connection to a server: RAII, not thread-safe (except cancel()). Failure to connect and a lost
// connection throw Error{environment}; a failing statement throws ServerError. Passwords never appear in any
// message.
class Connection {
 public:
  // `conninfo`: a libpq connection string or URI; PGHOST, PGSERVICE, .pgpass and so on apply as in psql.
  explicit Connection(const std::string& conninfo, const std::string& application_name = "contraflow");
  ~Connection();
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;

  // One or more statements by the simple protocol; the last result.
  Result execute(std::string_view sql);
  // One statement with text parameters ($1…).
  Result query(std::string_view sql, const std::vector<Value>& parameters = {});
  // Sends all statements in one round trip (libpq pipeline mode) and returns their results in order; the
  // first error is thrown as ServerError, as if the statements had run one after another. One sync ends the
  // pipeline: outside a transaction the statements are one implicit transaction (documentation 55.2.4), and
  // nothing runs after the first error.
  std::vector<Result> pipeline(const std::vector<std::string>& statements);
  // `statement` is a COPY … FROM STDIN; `data` is what it reads, in the format that the statement names.
  Result copy_in(std::string_view statement, std::string_view data);

  int server_version() const;  // 150018
  int server_major() const { return server_version() / 10000; }
  int backend_pid() const;
  // What was connected to; `host` is a socket folder where it starts with "/".
  std::string host() const;
  int port() const;
  std::string database() const;
  std::string user() const;
  bool in_transaction() const;
  // Asks the server to cancel the statement in progress. May be called from another thread.
  void cancel();
  void on_notice(std::function<void(const Notice&)> handler);
  // How long execute() and query() wait for an answer. After `longest` (0: no limit), or when `cancelled` (asked about 20 times a second, may be
  // empty) says so, the statement is cancelled, which shows as ServerError 57014; a server that does not answer that either counts as lost.
  struct WaitLimits {
    std::chrono::milliseconds longest{0};
    std::function<bool()> cancelled;
  };
  void limit_waits(WaitLimits limits);
  // False once the connection is known to be lost.
  bool alive() const;
  // The connection without its password, for messages.
  std::string description() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace contraflow::pg
