// SPDX-License-Identifier: Apache-2.0
#include "base/late_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include "base/error.h"

namespace contraflow {

void* late_function(const char* library, const char* package, const char* name) {
  // Never closed: functions of it are called until the process ends. The same handle is given for each call.
  void* handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw Error(ErrorCode::environment, fmt::format("{} cannot be loaded: {}", library, dlerror()), fmt::format("install it: apt install {}", package));
  void* address = dlsym(handle, name);
  if (address == nullptr) throw Error(ErrorCode::environment, fmt::format("{} has no function {}", library, name), fmt::format("install the version that contraflow was built for: apt install {}", package));
  return address;
}

}  // namespace contraflow
