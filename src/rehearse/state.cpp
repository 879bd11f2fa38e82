// SPDX-License-Identifier: Apache-2.0
#include "rehearse/state.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <optional>

#include "base/process.h"
#include "base/text.h"
#include "pg/sandbox.h"
#include "rehearse/state_sql.h"

namespace contraflow::rehearse {
namespace {

constexpr std::size_t kMostDifferences = 24;

std::optional<int> version_of(const std::string& program) {
  const ProcessResult result = run_process({program, "--version"});
  for (std::size_t i = 0; i < result.output.size(); ++i) {
    if (result.output[i] >= '0' && result.output[i] <= '9') return std::stoi(result.output.substr(i));
  }
  return {};
}

// "-- Name: users; Type: TABLE; Schema: public; Owner: app" opens each entry of a dump.
std::map<std::string, std::string> dump_entries(const std::string& text) {
  std::map<std::string, std::string> out;
  std::string title, body;
  const auto finish = [&] {
    if (!title.empty()) {
      std::string& entry = out["dump " + title];
      entry += (entry.empty() ? "" : "\n") + std::string(trim(body));
    }
    body.clear();
  };
  const std::vector<std::string> lines = split_lines(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    if (line == "--" && i + 2 < lines.size() && lines[i + 2] == "--" && lines[i + 1].starts_with("-- ")) {
      finish();
      title = lines[i + 1].starts_with("-- Name: ") ? lines[i + 1].substr(9) : "";
      i += 2;
      continue;
    }
    // \restrict lines are random (August 2025 releases); SET default_… belongs to whichever entry comes
    // first.
    if (line.starts_with("\\restrict ") || line.starts_with("\\unrestrict ") ||
        line.starts_with("SET default_"))
      continue;
    body += line + "\n";
  }
  finish();
  return out;
}

std::string sorted_lines(const std::string& text) {
  std::vector<std::string> lines = split_lines(text);
  for (std::string& line : lines)
    if (line.ends_with(',')) line.pop_back();
  std::sort(lines.begin(), lines.end());
  return join(lines, "\n");
}

bool is_table_entry(const std::string& title) {
  return title.starts_with("dump ") && (title.find("; Type: TABLE; ") != std::string::npos ||
                                        title.find("; Type: FOREIGN TABLE; ") != std::string::npos);
}

// The state in which table columns have no order; `only` restricts that to these tables where not empty.
std::map<std::string, std::string> without_column_order(const std::map<std::string, std::string>& entries,
                                                        const std::set<std::string>& only) {
  const auto chosen = [&](const std::string& title) {
    if (only.empty()) return true;
    return std::any_of(only.begin(), only.end(), [&](const std::string& table) {
      if (title == "column order " + table) return true;
      const std::size_t dot = table.rfind('.');
      const std::string name = dot == std::string::npos ? table : table.substr(dot + 1),
                        schema = dot == std::string::npos ? "public" : table.substr(0, dot);
      const auto bare = [](const std::string& text) { return replace_all(text, "\"", ""); };
      return title.starts_with("dump " + bare(name) + ";") &&
             title.find("; Schema: " + bare(schema) + ";") != std::string::npos;
    });
  };
  std::map<std::string, std::string> out;
  for (const auto& [title, text] : entries) {
    if (title.starts_with("column order ")) {
      if (!chosen(title)) out.emplace(title, text);
    } else {
      out.emplace(title, is_table_entry(title) && chosen(title) ? sorted_lines(text) : text);
    }
  }
  return out;
}

void list_differences(const std::map<std::string, std::string>& want,
                      const std::map<std::string, std::string>& got, std::vector<std::string>& out) {
  std::set<std::string> titles;
  for (const auto* side : {&want, &got})
    for (const auto& [title, text] : *side) titles.insert(title);
  std::size_t hidden = 0;
  for (const std::string& title : titles) {
    const auto a = want.find(title), b = got.find(title);
    if (a != want.end() && b != got.end() && a->second == b->second) continue;
    if (out.size() >= kMostDifferences) {
      ++hidden;
      continue;
    }
    const std::string what =
        title.starts_with("dump ")
            ? title.substr(5, title.find("; Owner:") == std::string::npos ? std::string::npos
                                                                          : title.find("; Owner:") - 5)
            : title;
    if (a == want.end()) {
      out.push_back(fmt::format("left behind: {}", what));
    } else if (b == got.end()) {
      out.push_back(fmt::format("not restored: {}", what));
    } else {
      const std::vector<std::string> left = split_lines(a->second), right = split_lines(b->second);
      std::string before, after;
      for (const std::string& line : left)
        if (std::find(right.begin(), right.end(), line) == right.end())
          before += " " + std::string(trim(line));
      for (const std::string& line : right)
        if (std::find(left.begin(), left.end(), line) == left.end()) after += " " + std::string(trim(line));
      if (before.empty() && after.empty()) before = after = " the same lines in another order";
      out.push_back(fmt::format("differs: {}: was{}; is{}", what, before.empty() ? " (nothing)" : before,
                                after.empty() ? " (nothing)" : after));
    }
  }
  if (hidden > 0) out.push_back(fmt::format("and {} more", hidden));
}

}  // namespace

Judge::Judge(int server_major, const std::vector<std::string>& bindirs) {
  std::vector<std::string> candidates;
  if (const auto found = find_program("pg_dump")) candidates.push_back(*found);
  for (const pg::ServerBinaries& server : pg::find_servers(bindirs))
    candidates.push_back(server.bindir + "/pg_dump");
  std::string seen;
  for (const std::string& program : candidates) {
    try {
      const auto version = version_of(program);
      if (version && *version >= server_major) {
        pg_dump_ = program;
        return;
      }
      if (version)
        seen = fmt::format("pg_dump is of PostgreSQL {}, the server of {}", *version, server_major);
    } catch (const Error&) {
      // Not installed in this folder: the next one.
    }
  }
  why_not_ = seen.empty() ? "pg_dump is not installed" : seen;
}

StateReader::StateReader(const std::string& conninfo) : connection_(conninfo, "contraflow judge") {
  connection_.execute("SET search_path = ''");
  connection_.execute(kSortedFunction);
  connection_.execute("SET plan_cache_mode = force_generic_plan");
  connection_.execute(fmt::format("PREPARE contraflow_state AS {}", kStateQuery));
}

SchemaState StateReader::read() {
  SchemaState out;
  const pg::Result rows = connection_.query("EXECUTE contraflow_state");
  for (int row = 0; row < rows.rows(); ++row) {
    std::string& entry = out.entries[rows.string(row, 0)];
    entry += (entry.empty() ? "" : "\n") + rows.string(row, 1);
  }
  return out;
}

SchemaState Judge::state(const std::string& conninfo, bool dumped) const {
  if (!dumped || pg_dump_.empty()) return StateReader(conninfo).read();
  // Most of its time pg_dump waits for its many queries, and so do we.
  auto dumping = std::async(std::launch::async, [&] {
    return run_process({pg_dump_, "--schema-only", "--exclude-schema=contraflow", "-d", conninfo});
  });
  SchemaState out = StateReader(conninfo).read();
  const ProcessResult result = dumping.get();
  if (!result.succeeded()) {
    throw Error(ErrorCode::environment,
                "pg_dump failed on the sandbox: " + std::string(trim(result.error_output)));
  }
  out.entries.merge(dump_entries(result.output));
  out.dumped = true;
  return out;
}

Comparison compare(const SchemaState& want, const SchemaState& got,
                   const std::set<std::string>& ignored_order) {
  std::map<std::string, std::string> a = want.entries, b = got.entries;
  // A state that no dump was made of is compared by what both have.
  if (want.dumped != got.dumped) {
    for (auto* side : {&a, &b})
      std::erase_if(*side, [](const auto& entry) { return entry.first.starts_with("dump "); });
  }
  if (!ignored_order.empty()) {
    a = without_column_order(a, ignored_order);
    b = without_column_order(b, ignored_order);
  }
  Comparison out;
  if (a == b) return out;
  const auto left = without_column_order(a, {}), right = without_column_order(b, {});
  out.likeness = left == right ? Likeness::order : Likeness::differs;
  // The dump and the catalog functions say most things twice: the dump's entries only where they alone see
  // it.
  const auto part = [](const std::map<std::string, std::string>& entries, bool dump) {
    std::map<std::string, std::string> chosen;
    for (const auto& [title, text] : entries)
      if (title.starts_with("dump ") == dump) chosen.emplace(title, text);
    return chosen;
  };
  list_differences(part(a, false), part(b, false), out.differences);
  if (out.differences.empty()) list_differences(part(a, true), part(b, true), out.differences);
  return out;
}

SchemaChanges changes_between(const SchemaState& before, const SchemaState& after) {
  const auto counts = [](const std::string& title) {
    return !title.starts_with("dump ") && !title.starts_with("column order ") &&
           !title.starts_with("columns of ") && !title.starts_with("sequence owner ");
  };
  SchemaChanges out;
  for (const auto& [title, text] : before.entries) {
    if (!counts(title)) continue;
    const auto other = after.entries.find(title);
    if (other == after.entries.end()) {
      out.removed.push_back(title);
    } else if (other->second != text) {
      out.changed.push_back(title);
    }
  }
  for (const auto& [title, text] : after.entries)
    if (counts(title) && !before.entries.contains(title)) out.added.push_back(title);
  return out;
}

}  // namespace contraflow::rehearse
