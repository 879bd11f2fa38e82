// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pg/sandbox.h"
#include "pg/sandbox_folder.h"
#include "pg/unprivileged.h"

namespace contraflow::pg {

// Fills `folder.data()` with a fresh cluster (superuser postgres, UTF8, C.UTF-8, trust on the private
// socket): a copy of the cached one, or, the first time, by `initdb`, which fills the cache too. Where the
// cache cannot be used `initdb` runs every time. Throws Error{environment}.
void make_cluster(const ServerBinaries& server, const ServerUser& user, const SandboxFolder& folder);

// Where the clusters are cached; empty where there is no folder that only we can write.
std::filesystem::path clusters_folder();

// The environment of a server's programs: nothing of ours (PGDATA, PGOPTIONS, TZ, locale) may change what
// they do.
std::vector<std::string> server_environment(const ServerBinaries& server);

// The last lines of a server's log, for messages.
std::string log_tail(const std::filesystem::path& log);

}  // namespace contraflow::pg
