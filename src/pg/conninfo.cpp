// SPDX-License-Identifier: Apache-2.0
#include "pg/conninfo.h"

#include "pg/connection_target.h"

#include <fmt/format.h>

#include <memory>

#include "base/error.h"

namespace contraflow::pg {
namespace {

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

// libpq's parse errors quote the piece that they stumble on, which in a badly quoted string is part of the
// password.
std::string without_quoted(std::string message) {
  while (!message.empty() && message.back() == '\n') message.pop_back();
  const std::size_t first = message.find('"');
  const std::size_t last = message.rfind('"');
  if (first == std::string::npos || last == first) return message;
  return message.substr(0, first + 1) + "..." + message.substr(last);
}

// A connection string has "=" or a scheme; anything else is a database name, as in psql.
bool is_conninfo(const std::string& text) {
  return text.find('=') != std::string::npos || text.starts_with("postgres://") ||
         text.starts_with("postgresql://");
}

}  // namespace

std::string quoted_value(std::string_view value) {
  if (!value.empty() && value.find_first_of(" '\\") == std::string_view::npos) return std::string(value);
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

void check_conninfo(const std::string& conninfo) {
  if (!is_conninfo(conninfo)) return;
  char* reason = nullptr;
  const Options options{PQconninfoParse(conninfo.c_str(), &reason)};
  if (options) return;
  const std::string text = reason ? reason : "out of memory";
  PQfreemem(reason);
  throw Error(
      ErrorCode::usage, fmt::format("the connection string cannot be read: {}", without_quoted(text)),
      "write postgresql://user@host:port/database or 'host=… dbname=…' (special characters percent-encoded)");
}

std::string with_setting(const std::string& conninfo, const std::string& keyword, const std::string& value) {
  check_conninfo(conninfo);
  std::string out;
  if (is_conninfo(conninfo)) {
    const Options options{PQconninfoParse(conninfo.c_str(), nullptr)};
    for (const PQconninfoOption* option = options.get(); option && option->keyword; ++option)
      if (option->val && keyword != option->keyword)
        out += fmt::format("{}={} ", option->keyword, quoted_value(option->val));
  } else if (keyword != "dbname" && !conninfo.empty()) {
    out = fmt::format("dbname={} ", quoted_value(conninfo));
  }
  return out + fmt::format("{}={}", keyword, quoted_value(value));
}

std::string without_secrets(std::string message, PGconn* connection) {
  const Options options{PQconninfo(connection)};
  for (const PQconninfoOption* option = options.get(); option && option->keyword; ++option) {
    const std::string_view keyword = option->keyword;
    if (!keyword.ends_with("password") || !option->val || !*option->val) continue;
    const std::string_view secret = option->val;
    if (secret.size() < 4) continue;  // would mask ordinary words; libpq itself never prints it
    for (std::size_t at = message.find(secret); at != std::string::npos; at = message.find(secret, at + 3))
      message.replace(at, secret.size(), "***");
  }
  return message;
}

std::string describe(const PGconn* connection) {
  std::string out;
  const auto add = [&out](std::string_view keyword, const char* value) {
    if (value && *value) out += fmt::format("{}{}={}", out.empty() ? "" : " ", keyword, quoted_value(value));
  };
  add("host", PQhost(connection));
  add("port", PQport(connection));
  add("dbname", PQdb(connection));
  add("user", PQuser(connection));
  return out;
}

ConnectionTarget target_of_conninfo(const std::string& conninfo) {
  check_conninfo(conninfo);
  const Options options{PQconninfoParse(conninfo.c_str(), nullptr)};
  ConnectionTarget out;
  for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string_view keyword = option->keyword;
    if (keyword == "host") out.host = option->val;
    if (keyword == "port") out.port = option->val;
    if (keyword == "dbname") out.database = option->val;
    if (keyword == "service") out.service = option->val;
  }
  return out;
}

}  // namespace contraflow::pg
