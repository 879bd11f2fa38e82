// SPDX-License-Identifier: Apache-2.0
#include "base/signature.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace contraflow {
namespace {

TEST(Signature, OnlyThisKeySignsThisMessage) {
  const SigningKey key = make_signing_key("correct horse");
  const SigningKey other = make_signing_key("correct horse");
  const std::string signature = sign(key.private_pem, "correct horse", "message");
  EXPECT_TRUE(verify_signature(key.public_pem, "message", signature));
  EXPECT_FALSE(verify_signature(key.public_pem, "message.", signature));
  EXPECT_FALSE(verify_signature(other.public_pem, "message", signature));
  EXPECT_FALSE(verify_signature("", "message", signature));
  EXPECT_FALSE(verify_signature(key.private_pem, "message", signature));
  for (std::string altered : {std::string(), std::string(128, '0'), signature + "0", "G" + signature.substr(1)}) EXPECT_FALSE(verify_signature(key.public_pem, "message", altered));
}

TEST(Signature, ThePrivateKeyIsOfNoUseWithoutItsPassphrase) {
  const SigningKey key = make_signing_key("correct horse");
  EXPECT_NE(key.private_pem.find("ENCRYPTED"), std::string::npos);
  for (const char* guess : {"", "correct hors", "correct horse "}) EXPECT_THROW(sign(key.private_pem, guess, "m"), Error) << guess;
  EXPECT_THROW(sign("no key", "correct horse", "m"), Error);
  EXPECT_THROW(sign(key.public_pem, "correct horse", "m"), Error);
}

}  // namespace
}  // namespace contraflow
