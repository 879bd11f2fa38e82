// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "catalog/model.h"
#include "catalog/read.h"
#include "cli/command.h"
#include "pg/connection.h"

namespace contraflow::cli {

struct KnownSchema {
  catalog::Database database;
  std::shared_ptr<pg::Connection> connection;  // to it, open
  bool cached = false;                         // the catalog was not read
  std::string read_at;                         // when it was, "2026-04-08T12:00:00Z"
};

struct KnownSchemaOptions {
  std::string source;
  std::vector<std::string> bindirs;
  std::string sandbox_url;
  bool offline = false;  // a live database is not asked: as it was when it was read last
};

// The schema of a source, from the user's cache where that still holds: for a live database its stamp says so (catalog/stamp.h), for files their
// content. What was loaded is kept for the next time. Error{environment} for `offline` where the database was never read.
KnownSchema known_schema(const Context& context, const KnownSchemaOptions& options);

// Rows and bytes of these tables and of those around them, as they are now: they change without any change of the catalog that a stamp would show.
void refresh_sizes(KnownSchema& schema, const std::vector<sql::QualifiedName>& tables);

}  // namespace contraflow::cli
