// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "code/scan.h"

namespace contraflow::cli {

enum class Standing { proven,
                      broken,
                      unknown };

// What became of a site's statement in each state of a plan.
struct SiteProof {
  Standing standing = Standing::unknown;
  std::string state;    // the first state in which it failed: "after contract"
  std::string message;  // the server's, or why nothing was tried
};

struct QueriesReport {
  code::ScanResult result;
  std::vector<std::string> tables;  // asked for
  std::string schema;               // resolved against
  std::vector<SiteProof> proofs;    // one for each site; empty without --plan
};

std::string queries_text(const QueriesReport& report, bool color);
std::string queries_json(const QueriesReport& report);
std::string queries_markdown(const QueriesReport& report);
std::string queries_sarif(const QueriesReport& report);  // broken sites, and columns that the schema does not have
std::string queries_summary(const QueriesReport& report);

}  // namespace contraflow::cli
