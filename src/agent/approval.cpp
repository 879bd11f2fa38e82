// SPDX-License-Identifier: Apache-2.0
#include "agent/approval.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/signature.h"

namespace contraflow::agent {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

fs::path user_folder(const char* variable, const char* below_home) {
  const char* given = std::getenv(variable);
  const char* home = std::getenv("HOME");
  if (given != nullptr && given[0] == '/') return fs::path(given) / "contraflow";
  if (home == nullptr || home[0] != '/') throw Error(ErrorCode::environment, "there is no place for keys and approvals: HOME is not set", "");
  return fs::path(home) / below_home / "contraflow";
}

const fs::path kSystemKey = "/etc/contraflow/approval.pub";

bool is_hash(const std::string& text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Error refused(const std::string& why) { return Error(ErrorCode::refused, why, "a person runs contraflow approve PLAN"); }

}  // namespace

std::string approval_text(const Approval& approval) {
  return Json{{"contraflow_approval", 1}, {"plan_sha256", approval.plan_hash}, {"plan", approval.plan_name}, {"phases", approval.phases}, {"database", approval.database}, {"by", approval.by}, {"approved_at", approval.approved_at}, {"expires_at", approval.expires_at}}
      .dump(-1, ' ', true, Json::error_handler_t::replace);
}

Approval judge_approval(const SignedApproval& given, const std::string& public_pem, const std::string& plan_hash, long long now) {
  if (public_pem.empty()) throw refused("nobody can approve here: there is no key");
  // Nothing of the text is looked at before the signature holds.
  if (!verify_signature(public_pem, given.text, given.signature)) throw refused("the approval is not signed by the person's key");
  Approval out;
  try {
    const Json json = Json::parse(given.text);
    if (json.at("contraflow_approval") != 1) throw refused("the approval is of another version");
    out = {json.at("plan_sha256"), json.at("plan"), json.at("phases").get<std::vector<std::string>>(), json.at("database"), json.at("by"), json.at("approved_at"), json.at("expires_at")};
  } catch (const Json::exception&) {
    throw refused("the approval cannot be read");
  }
  if (out.plan_hash != plan_hash) throw refused("the approval is of another plan");
  if (now >= out.expires_at) throw refused(fmt::format("the approval expired at {:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(out.expires_at))));
  if (now < out.approved_at - 300) throw refused("the approval is from the future: a clock is wrong");
  return out;
}

fs::path private_key_file() { return user_folder("XDG_CONFIG_HOME", ".config") / "approval.key"; }

fs::path public_key_file() {
  std::error_code ignored;
  if (fs::exists(kSystemKey, ignored)) return kSystemKey;
  return user_folder("XDG_CONFIG_HOME", ".config") / "approval.pub";
}

fs::path approval_file(const std::string& plan_hash) {
  if (!is_hash(plan_hash)) throw Error(ErrorCode::usage, "a plan's hash has 64 hexadecimal digits", "contraflow status shows it");
  return user_folder("XDG_STATE_HOME", ".local/state") / "approvals" / (plan_hash + ".json");
}

std::string approver_key() {
  const fs::path file = public_key_file();
  struct stat about {};
  if (::stat(file.c_str(), &about) != 0) return "";
  if ((about.st_uid != ::geteuid() && about.st_uid != 0) || (about.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    throw Error(ErrorCode::refused, fmt::format("others may write {}: no approval counts", file.string()), fmt::format("chmod go-w {}", file.string()));
  }
  return read_file(file);
}

SignedApproval read_approval(const std::string& plan_hash) {
  const fs::path file = approval_file(plan_hash);
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) throw refused("this plan was not approved");
  const Json json = Json::parse(read_file(file), nullptr, false);
  if (!json.is_object() || !json.contains("approval") || !json.contains("signature") || !json["approval"].is_string() || !json["signature"].is_string()) throw refused("the approval cannot be read");
  return {json["approval"], json["signature"]};
}

void write_approval(const std::string& plan_hash, const SignedApproval& given) {
  write_file(approval_file(plan_hash), Json{{"approval", given.text}, {"signature", given.signature}}.dump(2) + "\n");
}

bool is_approved(const std::string& plan_hash) {
  try {
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    judge_approval(read_approval(plan_hash), approver_key(), plan_hash, now);
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::string database_identity(const std::string& host, int port, const std::string& database) { return fmt::format("{}:{}/{}", host.empty() ? "local" : host, port, database); }

}  // namespace contraflow::agent
