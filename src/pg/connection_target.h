// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace contraflow::pg {

// What a connection string itself names, without asking anybody; empty where it leaves that to the environment. Error{usage} for what is no connection string.
struct ConnectionTarget {
  std::string host, port, database, service;
};
ConnectionTarget target_of_conninfo(const std::string& conninfo);

}  // namespace contraflow::pg
