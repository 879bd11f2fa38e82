// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace contraflow {

// The bytes of a file in as few system calls as there can be; nothing where no file is there, or a folder. Error{usage} where it cannot be read.
std::optional<std::string> read_if_there(const std::string& path);

}  // namespace contraflow
