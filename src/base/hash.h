// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace contraflow {

std::string sha256(std::string_view data);  // 64 lower-case hexadecimal digits
std::string md5(std::string_view data);     // 32, as the server's md5(); an identity check, not security

}  // namespace contraflow
