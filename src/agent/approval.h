// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace contraflow::agent {

// That a person lets an assistant run phases of one plan on one database, until a time. Signed with a key (Ed25519) that is encrypted with a passphrase: who can
// read the person's files cannot sign, and who can write them cannot forge.
struct Approval {
  std::string plan_hash;  // SHA-256 of plan.json, which names the hashes of all its SQL files
  std::string plan_name;
  std::vector<std::string> phases;
  std::string database;  // database_identity()
  std::string by;
  long long approved_at = 0, expires_at = 0;  // seconds since 1970
};

struct SignedApproval {
  std::string text;  // what is signed, byte for byte
  std::string signature;
};

std::string approval_text(const Approval& approval);

// Error{refused}, with which of them: not signed by this key, of another plan, expired or not begun.
Approval judge_approval(const SignedApproval& given, const std::string& public_pem, const std::string& plan_hash, long long now);

// Where they lie. /etc/contraflow/approval.pub, where there is one, is the only key that counts: an account that runs an assistant cannot exchange it.
std::filesystem::path private_key_file();                           // $XDG_CONFIG_HOME/contraflow/approval.key, or below ~/.config
std::filesystem::path public_key_file();                            // /etc/contraflow/approval.pub, else beside the private one
std::filesystem::path approval_file(const std::string& plan_hash);  // contraflow/approvals/HASH.json in $XDG_STATE_HOME or ~/.local/state

// The key that approvals are judged by; empty where there is none. Error{refused} where others than its owner may write it.
std::string approver_key();

// Error{refused} where the plan was not approved.
SignedApproval read_approval(const std::string& plan_hash);
void write_approval(const std::string& plan_hash, const SignedApproval& given);
// Whether a person approved this very plan and the approval has not expired, by the key as it is now. For overviews: `apply_phase` judges by the key that it began with.
bool is_approved(const std::string& plan_hash);

// "host:port/database": without user and password.
std::string database_identity(const std::string& host, int port, const std::string& database);

}  // namespace contraflow::agent
