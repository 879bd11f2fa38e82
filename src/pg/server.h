// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pg/guardian.h"
#include "pg/sandbox.h"
#include "pg/sandbox_folder.h"

namespace contraflow::pg {

// A running throwaway server of our own. Stops, and its folder goes, with the object.
class Server {
 public:
  // Returns when the server accepts connections. Throws Error{environment} with the server's own words.
  // `programs`: COPY … PROGRAM and the like can start programs of this machine, with the server's rights.
  Server(const ServerBinaries& binaries, const std::vector<std::string>& settings, bool programs);

  std::string host() const { return folder_.socket_folder(); }
  std::string conninfo(const std::string& database) const;

 private:
  void start(const ServerBinaries& binaries, bool programs);

  ServerUser user_;
  SandboxFolder folder_;
  std::unique_ptr<Guardian> guardian_;  // last: stops the server before the folder's lock is given up
};

constexpr int kServerPort = 5432;  // part of the socket's file name, no TCP port
constexpr const char* kServerUser = "postgres";

}  // namespace contraflow::pg
