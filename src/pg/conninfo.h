// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libpq-fe.h>

#include <string>
#include <string_view>

// Inside the module only: connection strings, and how they are shown without what is secret in them.
namespace contraflow::pg {

// Throws Error{usage} for a connection string that libpq cannot read; the message repeats nothing of its
// values.
void check_conninfo(const std::string& conninfo);

// A value as a connection string wants it (documentation 34.1.1.1: quotes and backslashes escaped).
std::string quoted_value(std::string_view value);

// The same connection string with one setting replaced. Contains the password where the original does.
std::string with_setting(const std::string& conninfo, const std::string& keyword, const std::string& value);

// `message` with every password of the connection masked. libpq does not print them; servers and poolers may.
std::string without_secrets(std::string message, PGconn* connection);

// "host=/run/postgresql port=5432 dbname=shop user=app": what was connected to, without the password.
std::string describe(const PGconn* connection);

}  // namespace contraflow::pg
