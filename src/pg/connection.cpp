// SPDX-License-Identifier: Apache-2.0
#include "pg/connection.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <thread>
#include <utility>

#include "pg/conninfo.h"
#include "pg/result.h"
#include "pg/row_values.h"

namespace contraflow::pg {
namespace {

struct FinishConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct FreeCancel {
  void operator()(PGcancel* cancel) const { PQfreeCancel(cancel); }
};

std::string trimmed(const char* text) {
  std::string out = text ? text : "";
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  return out;
}

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text ? text : "";
}

ServerWords words_of(const PGresult* result) {
  ServerWords words{.sqlstate = field(result, PG_DIAG_SQLSTATE), .message = field(result, PG_DIAG_MESSAGE_PRIMARY), .detail = field(result, PG_DIAG_MESSAGE_DETAIL), .hint = field(result, PG_DIAG_MESSAGE_HINT), .context = field(result, PG_DIAG_CONTEXT), .source_file = field(result, PG_DIAG_SOURCE_FILE), .source_function = field(result, PG_DIAG_SOURCE_FUNCTION)};
  return row_values_withheld() ? without_row_values(std::move(words)) : words;
}

// libpq takes C strings: a NUL inside would silently cut the statement.
std::string statement_text(std::string_view sql) {
  if (sql.find('\0') != std::string_view::npos)
    throw Error(ErrorCode::usage, "a statement contains a NUL byte", "is the input a text file in UTF-8?");
  return std::string(sql);
}

}  // namespace

struct Connection::Impl {
  std::unique_ptr<PGconn, FinishConnection> connection;
  std::unique_ptr<PGcancel, FreeCancel> cancel;  // made once: PQcancel() alone is safe in another thread
  std::function<void(const Notice&)> handler;
  std::exception_ptr handler_failure;  // no exception may pass through libpq's frames
  WaitLimits limits;
  bool limited = false;

  PGconn* get() const { return connection.get(); }
  static void receive_notice(void* self, const PGresult* result);
  [[noreturn]] void lost(const std::string& sqlstate, const std::string& reason) const;
  [[noreturn]] void fail(const PGresult* result) const;
  [[noreturn]] void refuse_copy();
  Result take(ResultPointer result);
  void rethrow_handler_failure();
  void flush();
  ResultPointer await_result();
  void await_answer();
  std::vector<Result> collect(std::size_t statements, std::exception_ptr& failure);
};

void Connection::Impl::receive_notice(void* self, const PGresult* result) {
  auto* impl = static_cast<Impl*>(self);
  if (!impl->handler || impl->handler_failure) return;
  try {
    const ServerWords words = words_of(result);
    impl->handler({.severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED), .sqlstate = words.sqlstate, .message = words.message});
  } catch (...) {
    impl->handler_failure = std::current_exception();
  }
}

void Connection::Impl::rethrow_handler_failure() {
  if (handler_failure) std::rethrow_exception(std::exchange(handler_failure, nullptr));
}

void Connection::Impl::lost(const std::string& sqlstate, const std::string& reason) const {
  throw Error(ErrorCode::environment, fmt::format("the connection to the server was lost: {}", reason),
              "check that the server is running, then run the command again", sqlstate);
}

void Connection::Impl::fail(const PGresult* result) const {
  const std::string sqlstate = result ? field(result, PG_DIAG_SQLSTATE) : "";
  const std::string primary = result ? field(result, PG_DIAG_MESSAGE_PRIMARY) : "";
  if (PQstatus(get()) == CONNECTION_BAD || sqlstate.empty())
    lost(sqlstate, primary.empty() ? trimmed(PQerrorMessage(get())) : primary);
  const ServerWords words = words_of(result);
  throw ServerError(words.message, words.hint, sqlstate, std::atoi(field(result, PG_DIAG_STATEMENT_POSITION).c_str()), words.detail, words.context);
}

// Ends a COPY that nobody feeds or reads, so that the connection stays usable.
void Connection::Impl::refuse_copy() {
  while (const ResultPointer result{PQgetResult(get())}) {
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_COPY_IN || status == PGRES_COPY_BOTH)
      PQputCopyEnd(get(), "COPY FROM STDIN is not supported here");
    if (status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
      char* line = nullptr;
      while (PQgetCopyData(get(), &line, 0) > 0) PQfreemem(line);
    }
  }
  throw Error(ErrorCode::usage, "COPY from stdin or to stdout cannot be run as a statement",
              "leave the data out (pg_dump --schema-only), or write it as INSERT");
}

Result Connection::Impl::take(ResultPointer result) {
  switch (PQresultStatus(result.get())) {
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
      if (PQresultStatus(result.get()) != PGRES_COPY_OUT)
        PQputCopyEnd(get(), "COPY FROM STDIN is not supported here");
      refuse_copy();
    case PGRES_EMPTY_QUERY:
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_SINGLE_TUPLE:
    case PGRES_PIPELINE_SYNC:
      break;
    case PGRES_BAD_RESPONSE:
    case PGRES_NONFATAL_ERROR:
    case PGRES_FATAL_ERROR:
    case PGRES_PIPELINE_ABORTED:
      fail(result.get());
  }
  rethrow_handler_failure();
  return Result(std::make_unique<Result::Impl>(Result::Impl{std::move(result)}));
}

Connection::Connection(const std::string& conninfo, const std::string& application_name)
    : impl_(std::make_unique<Impl>()) {
  check_conninfo(conninfo);
  // What stands before dbname is a default, what stands behind it wins. A server that does not answer must
  // not hang the program for minutes; PGCONNECT_TIMEOUT still decides where the user set it.
  const bool own_timeout = std::getenv("PGCONNECT_TIMEOUT") == nullptr;
  const char* timeout = own_timeout ? "10" : nullptr;
  // The same for one that goes away without a word: keepalives find it in half a minute instead of two hours.
  const std::array keywords{"fallback_application_name", "connect_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
                            "dbname", "client_encoding", static_cast<const char*>(nullptr)};
  const std::array values{application_name.c_str(), timeout, "15", "5", "3", "30000", conninfo.c_str(), "UTF8", static_cast<const char*>(nullptr)};
  impl_->connection.reset(PQconnectdbParams(keywords.data(), values.data(), 1));
  if (!impl_->get()) throw std::bad_alloc();
  if (PQstatus(impl_->get()) != CONNECTION_OK) {
    throw Error(ErrorCode::environment,
                fmt::format("cannot connect{}: {}", description().empty() ? "" : " (" + description() + ")",
                            without_secrets(trimmed(PQerrorMessage(impl_->get())), impl_->get())),
                "check the connection string, PGHOST/PGSERVICE and that the server accepts the connection");
  }
  PQsetNoticeReceiver(impl_->get(), &Impl::receive_notice, impl_.get());
  impl_->cancel.reset(PQgetCancel(impl_->get()));
}

Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

Result Connection::execute(std::string_view sql) {
  if (!impl_->limited) return impl_->take(ResultPointer(PQexec(impl_->get(), statement_text(sql).c_str())));
  if (PQsendQuery(impl_->get(), statement_text(sql).c_str()) == 0) impl_->lost({}, trimmed(PQerrorMessage(impl_->get())));
  return impl_->take(impl_->await_result());
}

Result Connection::query(std::string_view sql, const std::vector<Value>& parameters) {
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const Value& parameter : parameters) values.push_back(parameter ? parameter->c_str() : nullptr);
  if (impl_->limited) {
    if (PQsendQueryParams(impl_->get(), statement_text(sql).c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr, nullptr, 0) == 0)
      impl_->lost({}, trimmed(PQerrorMessage(impl_->get())));
    return impl_->take(impl_->await_result());
  }
  return impl_->take(
      ResultPointer(PQexecParams(impl_->get(), statement_text(sql).c_str(), static_cast<int>(values.size()),
                                 nullptr, values.data(), nullptr, nullptr, 0)));
}

// Sending waits for room in the socket and reads meanwhile: a server that cannot get rid of its results stops
// reading.
void Connection::Impl::flush() {
  int state = PQflush(get());
  while (state == 1) {
    pollfd wait{.fd = PQsocket(get()), .events = POLLIN | POLLOUT, .revents = 0};
    if (poll(&wait, 1, -1) < 0 && errno != EINTR) lost({}, "poll failed");
    if ((wait.revents & POLLIN) != 0 && PQconsumeInput(get()) == 0) lost({}, trimmed(PQerrorMessage(get())));
    state = PQflush(get());
  }
  if (state < 0) lost({}, trimmed(PQerrorMessage(get())));
}

// Waits until PQgetResult() will not block.
void Connection::Impl::await_answer() {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kTick{50}, kGrace{5000};
  const Clock::time_point begin = Clock::now();
  std::optional<Clock::time_point> cancelled_at;
  while (PQisBusy(get()) != 0) {
    pollfd wait{.fd = PQsocket(get()), .events = POLLIN, .revents = 0};
    const int ready = poll(&wait, 1, static_cast<int>(kTick.count()));
    if (ready < 0 && errno != EINTR) lost({}, "poll failed");
    if (ready > 0 && PQconsumeInput(get()) == 0) lost("08006", trimmed(PQerrorMessage(get())));
    const Clock::time_point now = Clock::now();
    if (cancelled_at) {
      if (now - *cancelled_at < kGrace) continue;
      // Nothing comes back any more: a dead peer or a frozen proxy. The socket is closed, so that nothing of this session can be used again.
      ::shutdown(PQsocket(get()), SHUT_RDWR);
      PQconsumeInput(get());
      lost("08006", "the server does not answer");
    }
    const bool late = limits.longest.count() > 0 && now - begin > limits.longest;
    if (!late && !(limits.cancelled && limits.cancelled())) continue;
    cancelled_at = now;
    // PQcancel() makes a connection of its own and waits for it without a limit: it must not hold up this thread.
    std::thread([own = PQgetCancel(get())] {
      std::array<char, 256> reason{};
      if (own) PQcancel(own, reason.data(), static_cast<int>(reason.size()));
      PQfreeCancel(own);
    }).detach();
  }
}

// PQexec() with a limit: the last result, or the first that is an error or a COPY.
ResultPointer Connection::Impl::await_result() {
  ResultPointer last;
  while (true) {
    await_answer();
    ResultPointer next{PQgetResult(get())};
    if (!next) return last;
    const ExecStatusType status = PQresultStatus(next.get());
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) return next;
    if (!last || PQresultStatus(last.get()) != PGRES_FATAL_ERROR) last = std::move(next);
  }
}

void Connection::limit_waits(WaitLimits limits) {
  impl_->limits = std::move(limits);
  impl_->limited = true;
}

bool Connection::alive() const { return PQstatus(impl_->get()) == CONNECTION_OK; }

std::vector<Result> Connection::Impl::collect(std::size_t statements, std::exception_ptr& failure) {
  std::vector<Result> results;
  results.reserve(statements);
  for (std::size_t i = 0; i < statements; ++i) {
    while (ResultPointer result{PQgetResult(get())}) {
      if (failure) continue;
      try {
        results.push_back(take(std::move(result)));
      } catch (...) {
        failure = std::current_exception();  // rethrown when the pipeline is read to its end
      }
    }
    if (PQstatus(get()) == CONNECTION_BAD) break;
  }
  const ResultPointer sync{PQgetResult(get())};
  return results;
}

std::vector<Result> Connection::pipeline(const std::vector<std::string>& statements) {
  PGconn* connection = impl_->get();
  std::vector<std::string> texts;
  for (const std::string& statement : statements) texts.push_back(statement_text(statement));
  if (PQenterPipelineMode(connection) == 0) impl_->lost({}, trimmed(PQerrorMessage(connection)));
  PQsetnonblocking(connection, 1);
  for (const std::string& text : texts) {
    if (PQsendQueryParams(connection, text.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) == 0)
      impl_->lost({}, trimmed(PQerrorMessage(connection)));
  }
  if (PQpipelineSync(connection) == 0) impl_->lost({}, trimmed(PQerrorMessage(connection)));
  impl_->flush();
  std::exception_ptr failure;
  std::vector<Result> results = impl_->collect(statements.size(), failure);
  PQsetnonblocking(connection, 0);
  PQexitPipelineMode(connection);
  if (failure) std::rethrow_exception(failure);
  if (PQstatus(connection) == CONNECTION_BAD) impl_->lost({}, trimmed(PQerrorMessage(connection)));
  return results;
}

Result Connection::copy_in(std::string_view statement, std::string_view data) {
  PGconn* connection = impl_->get();
  ResultPointer started(PQexec(connection, statement_text(statement).c_str()));
  if (PQresultStatus(started.get()) != PGRES_COPY_IN) {
    impl_->take(std::move(started));
    throw Error(ErrorCode::usage, "data follows a statement that reads none");
  }
  // One message may hold at most 1 GB.
  constexpr std::size_t kChunk = std::size_t{1} << 20;
  for (std::size_t sent = 0; sent < data.size(); sent += kChunk) {
    const std::string_view chunk = data.substr(sent, kChunk);
    if (PQputCopyData(connection, chunk.data(), static_cast<int>(chunk.size())) != 1) break;
  }
  PQputCopyEnd(connection, nullptr);
  ResultPointer result(PQgetResult(connection));
  while (ResultPointer rest{PQgetResult(connection)}) {
  }
  return impl_->take(std::move(result));
}

int Connection::server_version() const { return PQserverVersion(impl_->get()); }
int Connection::backend_pid() const { return PQbackendPID(impl_->get()); }
std::string Connection::host() const { return PQhost(impl_->get()); }
int Connection::port() const { return std::atoi(PQport(impl_->get())); }
std::string Connection::database() const { return PQdb(impl_->get()); }
std::string Connection::user() const { return PQuser(impl_->get()); }
bool Connection::in_transaction() const { return PQtransactionStatus(impl_->get()) != PQTRANS_IDLE; }

void Connection::cancel() {
  std::array<char, 256> reason{};
  if (!impl_->cancel || PQcancel(impl_->cancel.get(), reason.data(), static_cast<int>(reason.size())) == 0)
    throw Error(ErrorCode::environment,
                fmt::format("cannot cancel the statement: {}", trimmed(reason.data())));
}

void Connection::on_notice(std::function<void(const Notice&)> handler) {
  impl_->handler = std::move(handler);
}

std::string Connection::description() const { return describe(impl_->get()); }

}  // namespace contraflow::pg
