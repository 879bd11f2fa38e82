// SPDX-License-Identifier: Apache-2.0
#include "cli/version.h"

#include <fmt/format.h>

#include "pg/sandbox.h"
#include "sql/parser_version.h"

namespace contraflow::cli {

std::string program_version() { return CONTRAFLOW_VERSION; }

std::string version_text() {
  std::string text =
      fmt::format("contraflow {}\nparser: PostgreSQL {}\n", program_version(), sql::parser_version());
  const std::vector<pg::ServerBinaries> servers = pg::find_servers();
  if (servers.empty()) return text + "servers: none found\n";
  const char* label = "servers:";
  for (const pg::ServerBinaries& server : servers) {
    text += fmt::format("{} {} ({})\n", label, server.version, server.bindir);
    label = "        ";
  }
  return text;
}

}  // namespace contraflow::cli
