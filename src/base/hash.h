// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace contraflow {

std::string hex(std::span<const unsigned char> bytes);  // two lower-case digits a byte
std::string sha256(std::string_view data);              // 64 lower-case hexadecimal digits
std::string md5(std::string_view data);                 // 32, as the server's md5(); an identity check, not security

}  // namespace contraflow
