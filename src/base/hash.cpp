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
  return hex({digest.data(), length});
}

}  // namespace

std::string hex(std::span<const unsigned char> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const unsigned char byte : bytes) {
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 0xFU];
  }
  return out;
}

std::string sha256(std::string_view data) { return hex_digest(data, EVP_sha256()); }
std::string md5(std::string_view data) { return hex_digest(data, EVP_md5()); }

}  // namespace contraflow
