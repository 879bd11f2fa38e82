// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace contraflow {

struct SigningKey {
  std::string private_pem;  // PKCS #8, encrypted with the passphrase
  std::string public_pem;
};

// A new Ed25519 key pair.
SigningKey make_signing_key(const std::string& passphrase);

// 128 hexadecimal digits. Error{refused} for a wrong passphrase, Error{usage} for what is no such key.
std::string sign(const std::string& private_pem, const std::string& passphrase, std::string_view message);

// False for whatever is not this key's signature of this message; a key that cannot be read signs nothing.
bool verify_signature(const std::string& public_pem, std::string_view message, std::string_view signature);

}  // namespace contraflow
