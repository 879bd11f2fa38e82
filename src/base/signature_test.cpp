// SPDX-License-Identifier: Apache-2.0
#include "base/signature.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

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

// What a terminal shows while the process on it verifies with this in the public key's place.
std::string shown_while_verifying(const std::string& public_pem) {
  int terminal = -1;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, nullptr);
  if (child == 0) _exit(verify_signature(public_pem, "message", std::string(128, '0')) ? 1 : 0);
  EXPECT_GT(child, 0);
  EXPECT_EQ(write(terminal, "\n\n\n\n", 4), 4);  // whoever asks gets its answers and ends
  std::string shown;
  std::array<char, 256> part{};
  // EIO: nobody has the other side any more.
  for (ssize_t got = 0; (got = read(terminal, part.data(), part.size())) > 0;) shown.append(part.data(), static_cast<std::size_t>(got));
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  close(terminal);
  std::erase_if(shown, [](char c) { return c == '\r' || c == '\n'; });  // the echo of the answers
  return shown;
}

TEST(Signature, NoPassphraseIsAskedForOnTheTerminalWhenVerifying) {
  const std::string old_form =
      "-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n"
      "MCowBQYDK2VwAyEAMCowBQYDK2VwAyEAMCowBQYDK2VwAyEAMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n";
  EXPECT_EQ(shown_while_verifying(old_form), "");
  EXPECT_EQ(shown_while_verifying(make_signing_key("correct horse").private_pem), "");
}

}  // namespace
}  // namespace contraflow
