// SPDX-License-Identifier: Apache-2.0
//
// The slice of a schema, its code and a plan's state that somebody needs who works on a few tables, within a budget of tokens. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/model.h"
#include "code/query_site.h"
#include "plan/plan.h"

namespace contraflow::agent {

struct PlanState {
  std::string folder;
  plan::Plan plan;
  std::vector<std::string> edited;    // files that plan.json no longer describes
  std::vector<std::string> progress;  // what the journal says, a sentence each
  std::vector<std::string> findings;  // of check, on its files
};

struct ContextRequest {
  const catalog::Database* database = nullptr;
  std::string source;  // where the schema came from, without secrets
  std::vector<sql::QualifiedName> tables;
  std::optional<PlanState> plan;
  std::vector<code::QuerySite> sites;
  std::string code_note;  // why no code was read; empty: it was
};

// One line of the slice. `group` is a table, "plan" or "code"; what is left out is named by group, section and name.
struct Item {
  int rank = 0;
  std::string group, section, name, line;
};

// Everything that matters, most relevant first. Text of the database and of the code is one line each, cut at 300 characters, with control characters
// and invisible ones escaped; comments stand in JSON quotes.
std::vector<Item> context_items(const ContextRequest& request);

inline constexpr std::size_t kLeastBudget = 300;

struct Slice {
  std::string text;  // text or JSON
  std::size_t tokens = 0;
  std::size_t shown = 0, left_out = 0;  // items
};

// The longest beginning of the items that fits, with what is left out named as far as a sixth of the budget allows.
// estimate_tokens(text) <= budget for every budget from kLeastBudget on.
Slice slice_text(const ContextRequest& request, const std::vector<Item>& items, std::size_t budget);
Slice slice_json(const ContextRequest& request, const std::vector<Item>& items, std::size_t budget);

// One line that shows what is in `text`: control and invisible characters escaped, cut at `most` bytes.
std::string shown_text(std::string_view text, std::size_t most = 300);

// The whole text with its lines and tabs; other control characters and invisible ones escaped.
std::string visible_text(std::string_view text);

}  // namespace contraflow::agent
