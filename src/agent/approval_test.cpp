// SPDX-License-Identifier: Apache-2.0
#include "agent/approval.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/signature.h"
#include "base/text.h"

namespace contraflow::agent {
namespace {

const std::string kHash(64, 'a');

class ApprovalTest : public testing::Test {
 protected:
  SignedApproval signed_by(const SigningKey& key, const Approval& approval) {
    const std::string text = approval_text(approval);
    return {text, sign(key.private_pem, "passphrase", text)};
  }
  std::string refusal(const SignedApproval& given, const std::string& key, long long now = 1500, const std::string& hash = kHash) {
    try {
      judge_approval(given, key, hash, now);
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::refused);
      return error.message();
    }
  }
  SigningKey person_ = make_signing_key("passphrase"), assistant_ = make_signing_key("passphrase");
  Approval approval_{kHash, "plan", {"expand"}, "local:5432/shop", "ann", 1000, 2000};
};

TEST_F(ApprovalTest, HoldsForItsPlanAndTime) {
  const SignedApproval given = signed_by(person_, approval_);
  EXPECT_EQ(refusal(given, person_.public_pem), "");
  EXPECT_EQ(judge_approval(given, person_.public_pem, kHash, 1500).phases, std::vector<std::string>{"expand"});
  EXPECT_NE(refusal(given, person_.public_pem, 2000).find("expired"), std::string::npos);
  EXPECT_NE(refusal(given, person_.public_pem, 100).find("future"), std::string::npos);
  EXPECT_NE(refusal(given, person_.public_pem, 1500, std::string(64, 'b')).find("another plan"), std::string::npos);
}

// What an assistant that can write the approvals folder may try.
TEST_F(ApprovalTest, CannotBeForged) {
  const SignedApproval given = signed_by(person_, approval_);
  EXPECT_NE(refusal(signed_by(assistant_, approval_), person_.public_pem), "") << "signed with a key of its own";
  EXPECT_NE(refusal({given.text, ""}, person_.public_pem), "") << "not signed";
  EXPECT_NE(refusal({replace_all(given.text, "expand", "purge"), given.signature}, person_.public_pem), "") << "another phase";
  EXPECT_NE(refusal({replace_all(given.text, "2000", "9000"), given.signature}, person_.public_pem), "") << "a longer time";
  EXPECT_NE(refusal({replace_all(given.text, "shop", "prod"), given.signature}, person_.public_pem), "") << "another database";
  EXPECT_NE(refusal({replace_all(given.text, kHash, std::string(64, 'b')), given.signature}, person_.public_pem, 1500, std::string(64, 'b')), "") << "another plan";
  EXPECT_NE(refusal(given, ""), "") << "no key is there";
  EXPECT_NE(refusal({"{}", sign(person_.private_pem, "passphrase", "{}")}, person_.public_pem), "") << "signed, but no approval";
}

TEST_F(ApprovalTest, AHashIsNoPath) {
  for (const char* hash : {"", "../../etc/passwd", "A", "/etc/passwd"}) EXPECT_THROW(approval_file(hash), Error) << hash;
}

}  // namespace
}  // namespace contraflow::agent
