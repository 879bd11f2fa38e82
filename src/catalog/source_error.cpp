// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.h"
#include "base/utf8.h"
#include "catalog/source_run.h"
#include "sql/name.h"

namespace contraflow::catalog {

namespace {

constexpr std::string_view kUndefinedObject = "42704";
constexpr std::string_view kInvalidParameterValue = "22023";  // SET ROLE to a role that does not exist

// The protocol has no field for the name of a missing role: it is only in the message, which is English
// because every session that runs a script sets lc_messages to C.
std::string name_between(const Error& error, std::string_view before, std::string_view after) {
  if (error.sqlstate() != kUndefinedObject && error.sqlstate() != kInvalidParameterValue) return {};
  const std::string& message = error.message();
  const std::size_t begin = message.find(before);
  if (begin == std::string::npos) return {};
  const std::size_t end = message.find(after, begin + before.size());
  if (end == std::string::npos) return {};
  return message.substr(begin + before.size(), end - begin - before.size());
}

bool is_extension_missing(const pg::ServerError& error, const ScriptItem& item) {
  // 0A000 "is not available" since 13; 58P01 where a script of the extension is missing.
  return item.starts_with({"create", "extension"}) &&
         (error.sqlstate() == "0A000" || error.sqlstate() == "58P01");
}

std::string extension_name(const ScriptItem& item) {
  const bool if_not_exists = item.starts_with({"create", "extension", "if", "not", "exists"});
  const std::size_t at = if_not_exists ? 5 : 2;
  // uuid-ossp is usually quoted; where it is not, it is a syntax error anyway.
  return at < item.words.size() ? item.words[at] : std::string();
}

std::string hint_for(const pg::ServerError& error, const ScriptItem& item, int server_major) {
  const std::string& state = error.sqlstate();
  if (is_extension_missing(error, item)) return extension_hint(extension_name(item), server_major);
  if (const std::string role = missing_role(error); !role.empty())
    return fmt::format("create it on that server first: CREATE ROLE {};", sql::quote_identifier(role));
  if (const std::string space = missing_tablespace(error); !space.empty())
    return fmt::format("create tablespace {} on that server first", sql::quote_identifier(space));
  if (const std::string language = name_between(error, "language \"", "\" does not exist"); !language.empty())
    return fmt::format("CREATE EXTENSION {}; must come earlier; Debian has the languages in packages of their own (postgresql-plpython3-{})", sql::quote_identifier(language), server_major);
  if (!error.hint().empty()) return error.hint();
  if (state == "42601")
    return fmt::format("PostgreSQL {} cannot parse this; --server MAJOR chooses another major version",
                       server_major);
  if (state == "42P01" || state == "42704" || state == "42883" || state == "3F000" || state == "42703")
    return "what it refers to must come earlier: is a file or a migration missing, or does the order of the "
           "files matter?";
  if (state == "42P07" || state == "42710" || state == "42701" || state == "42P06")
    return "it exists already: is the same object created by two of the files?";
  if (state == "25001")
    return "this statement cannot run inside a transaction: take it out of BEGIN … COMMIT";
  if (state == "42501")
    return "the connected role may not do this: use a superuser, or leave --sandbox-url out";
  return {};
}

}  // namespace

std::string missing_role(const Error& error) { return name_between(error, "role \"", "\" does not exist"); }

std::string missing_tablespace(const Error& error) {
  return name_between(error, "tablespace \"", "\" does not exist");
}

bool supply_missing(pg::Connection& connection, const Error& error) {
  if (const std::string role = missing_role(error); !role.empty()) {
    // Superuser: the SQL may go on as this role (SET ROLE), and which rights it has elsewhere is not known
    // here.
    connection.execute(fmt::format("CREATE ROLE {} SUPERUSER", sql::quote_identifier(role)));
    return true;
  }
  const std::string space = missing_tablespace(error);
  if (space.empty() || connection.server_major() < 15) return false;  // in-place tablespaces came with 15
  connection.execute("SET allow_in_place_tablespaces = on");
  connection.execute(fmt::format("CREATE TABLESPACE {} LOCATION ''", sql::quote_identifier(space)));
  return true;
}

Error script_error(const pg::ServerError& error, const ScriptItem& item, int server_major) {
  std::size_t offset = item.begin;
  if (error.position() > 0) {
    const auto character = static_cast<std::size_t>(error.position() - 1);
    // "at end of input" points behind the text: the last character is where a reader looks.
    offset +=
        std::min(byte_of_character(item.text(), character), item.text().empty() ? 0 : item.text().size() - 1);
  }
  std::string message = error.message();
  if (!error.detail().empty()) message += "\n" + error.detail();
  // The text of a failing function body is not in the file at that position: the context says where in it.
  if (!error.context().empty()) message += "\n" + error.context();
  const ErrorCode code = is_extension_missing(error, item) ? ErrorCode::environment : ErrorCode::usage;
  return Error(code, message, hint_for(error, item, server_major), error.sqlstate())
      .at(locate(item.file->text, offset, item.file->name));
}

}  // namespace contraflow::catalog
