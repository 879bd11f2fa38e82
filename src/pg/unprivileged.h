// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

namespace contraflow::pg {

// The user that runs the server: ourselves, or an unprivileged one where we are root, because initdb and
// postgres refuse root.
struct ServerUser {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;
  bool other = false;  // not ourselves: own folders first, then setuid
};

// Throws Error{environment} where we are root and the system knows neither `postgres` nor `nobody`.
ServerUser server_user();

}  // namespace contraflow::pg
