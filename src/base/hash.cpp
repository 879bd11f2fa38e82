// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace contraflow {

namespace {

std::string hex_digest(std::string_view data, const EVP_MD* algorithm) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (EVP_Digest(data.data(), data.size(), digest.data(), &length, algorithm, nullptr) != 1) {
    throw std::logic_error("the digest is not available in OpenSSL");
  }
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned int i = 0; i < length; ++i) {
    hex += kDigits[digest[i] >> 4U];
    hex += kDigits[digest[i] & 0xFU];
  }
  return hex;
}

}  // namespace

std::string sha256(std::string_view data) { return hex_digest(data, EVP_sha256()); }
std::string md5(std::string_view data) { return hex_digest(data, EVP_md5()); }

}  // namespace contraflow
