// SPDX-License-Identifier: Apache-2.0
#include "pg/unprivileged.h"

#include <pwd.h>
#include <unistd.h>

#include <array>

#include "base/error.h"

namespace contraflow::pg {

ServerUser server_user() {
  if (::geteuid() != 0) return {.uid = ::geteuid(), .gid = ::getegid(), .name = "", .other = false};
  for (const char* name : {"postgres", "nobody"}) {
    std::array<char, 4096> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwnam_r(name, &entry, buffer.data(), buffer.size(), &found) == 0 && found && found->pw_uid != 0)
      return {.uid = found->pw_uid, .gid = found->pw_gid, .name = name, .other = true};
  }
  throw Error(ErrorCode::environment,
              "a PostgreSQL server refuses to run as root, and there is no user postgres or nobody to run it",
              "run contraflow as an ordinary user, or name a server with --sandbox-url");
}

}  // namespace contraflow::pg
