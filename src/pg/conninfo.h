// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libpq-fe.h>

#include <string>

// Inside the module only: connection strings, and how they are shown without what is secret in them.
namespace contraflow::pg {

// Throws Error{usage} for a connection string that libpq cannot read; the message repeats nothing of its values.
void check_conninfo(const std::string& conninfo);

// `message` with every password of the connection masked. libpq does not print them; servers and poolers may.
std::string without_secrets(std::string message, PGconn* connection);

// "host=/run/postgresql port=5432 dbname=shop user=app": what was connected to, without the password.
std::string describe(const PGconn* connection);

}  // namespace contraflow::pg
