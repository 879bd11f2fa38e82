// SPDX-License-Identifier: Apache-2.0
#include "pg/server.h"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "pg/cluster.h"
#include "pg/conninfo.h"

namespace contraflow::pg {
namespace {

namespace fs = std::filesystem;

std::string setting(const std::string& text) { return "'" + replace_all(text, "'", "''") + "'"; }

// The whole configuration: initdb's own file depends on the machine.
std::string configuration(const SandboxFolder& folder, const std::vector<std::string>& settings) {
  std::string out = fmt::format("unix_socket_directories = {}\n", setting(folder.socket_folder()));
  out +=
      "listen_addresses = ''\n"
      "port = 5432\n"
      "cluster_name = 'contraflow sandbox'\n"
      "max_connections = 100\n"
      "max_locks_per_transaction = 1024\n"  // schemas of thousands of tables in one transaction
      "fsync = off\n"
      "full_page_writes = off\n"
      "synchronous_commit = off\n"
      "checkpoint_timeout = 1h\n"
      "max_wal_size = 256MB\n"
      "min_wal_size = 2MB\n"
      "autovacuum = off\n"  // locks and statistics change only by what we run
      "jit = off\n"
      "track_functions = all\n"  // which triggers a statement fires
      // In the data folder, so that nothing is left in /dev/shm after SIGKILL.
      "dynamic_shared_memory_type = mmap\n"
      "huge_pages = off\n"
      "update_process_title = off\n"
      "log_min_messages = log\n"  // above error: the statements' errors are the client's to see
      "log_min_error_statement = panic\n"
      "log_checkpoints = off\n"
      "timezone = 'UTC'\n"
      "log_timezone = 'UTC'\n"
      "datestyle = 'iso, mdy'\n"
      "lc_messages = 'C'\n"
      "lc_monetary = 'C'\n"
      "lc_numeric = 'C'\n"
      "lc_time = 'C'\n"
      "default_text_search_config = 'pg_catalog.english'\n";
  for (const std::string& line : settings) out += line + "\n";
  return out;
}

// Line 8 of postmaster.pid says "ready" when connections are accepted (pg_ctl -w reads the same line).
bool ready(const fs::path& data) {
  std::ifstream file(data / "postmaster.pid");
  std::string line;
  for (int i = 0; i < 8; ++i)
    if (!std::getline(file, line)) return false;
  return line.starts_with("ready");
}

}  // namespace

Server::Server(const ServerBinaries& binaries, const std::vector<std::string>& settings, bool programs)
    : user_(server_user()), folder_(user_) {
  try {
    make_cluster(binaries, user_, folder_);
    write_file(folder_.settings(), configuration(folder_, settings));
    fs::permissions(folder_.settings(),
                    fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
    start(binaries, programs);
  } catch (...) {
    if (guardian_) guardian_->stop();
    folder_.remove();
    throw;
  }
}

void Server::start(const ServerBinaries& binaries, bool programs) {
  guardian_ = std::make_unique<Guardian>(
      GuardedProgram{.arguments = {binaries.bindir + "/postgres", "-D", folder_.data(), "-c",
                                   "config_file=" + folder_.settings().string()},
                     .environment = server_environment(binaries),
                     .working_folder = folder_.data(),
                     .log = folder_.log(),
                     .user = user_,
                     .stop_signal = SIGQUIT,  // immediate: there is nothing to save
                     .remove = folder_.path(),
                     .lock = folder_.lock(),
                     .alone = !programs});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!ready(folder_.data())) {
    const auto ended = guardian_->wait(std::chrono::milliseconds(2));
    if (!ended && std::chrono::steady_clock::now() < deadline) continue;
    throw Error(ErrorCode::environment,
                fmt::format("the sandbox server (PostgreSQL {}) {}:\n{}", binaries.version,
                            ended ? "did not start" : "was not ready within 60 s", log_tail(folder_.log())),
                fmt::format("if the cached cluster is damaged, remove {}", clusters_folder().string()));
  }
}

std::string Server::conninfo(const std::string& database) const {
  // Spelled out, so that PGOPTIONS, PGSSLMODE or a service of the user's mean nothing here.
  return fmt::format("host={} port={} user={} dbname={} sslmode=disable options=''", quoted_value(host()),
                     kServerPort, kServerUser, database);
}

}  // namespace contraflow::pg
