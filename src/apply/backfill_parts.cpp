// SPDX-License-Identifier: Apache-2.0
#include "apply/backfill_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "sql/name.h"

namespace contraflow::apply {
namespace {

constexpr long long kRowsOfBlock = 50;

std::string regclass(const sql::QualifiedName& table) { return fmt::format("to_regclass({})", sql::quote_literal(sql::quote(table))); }

// Partitions at the bottom; or the table itself and those that inherit from it, and from these.
std::string leaves(const sql::QualifiedName& table) {
  return fmt::format(
      "WITH RECURSIVE family (relid) AS (SELECT {0}::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN family ON i.inhparent = relid) "
      "SELECT relid::regclass FROM family JOIN pg_class c ON c.oid = relid WHERE c.relkind <> 'p'",
      regclass(table));
}

std::string columns(const std::vector<std::string>& key, std::string_view suffix = "", std::string_view prefix = "") {
  std::string out;
  for (const std::string& column : key) out += (out.empty() ? "" : ", ") + std::string(prefix) + sql::quote_identifier(column) + std::string(suffix);
  return out;
}

// ORDER BY id would mean the output column of `SELECT id::text`, which sorts as text: names in it are qualified.
std::string order(const std::vector<std::string>& key, std::string_view direction = "") { return columns(key, direction, "r."); }

std::string row(const std::vector<std::string>& values) {
  std::string out;
  for (const std::string& value : values) out += (out.empty() ? "" : ", ") + sql::quote_literal(value);
  return values.size() == 1 ? out : "(" + out + ")";
}

std::string row_of(const std::vector<std::string>& key) { return key.size() == 1 ? columns(key) : "(" + columns(key) + ")"; }

std::vector<std::string> values(const pg::Result& result, int index, std::size_t count) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(result.string(index, static_cast<int>(i)));
  return out;
}

// The key serves where this very table has a unique index over it whose columns are NOT NULL (children of an inheritance tree have none), and
// where its types' operators are pg_catalog's: with an empty search_path `citext > 'x'` would compare as text, in another order than the index.
bool has_key(pg::Connection& connection, const std::string& relation, const std::vector<std::string>& key) {
  if (key.empty()) return false;
  std::string names;
  for (const std::string& column : key) names += (names.empty() ? "" : ", ") + sql::quote_literal(column);
  return connection
      .execute(fmt::format(
          "SELECT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = {0}::regclass AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL "
          "AND (SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(i.indkey) WITH ORDINALITY AS k(attnum, n) JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum "
          "WHERE k.n <= i.indnkeyatts) = ARRAY[{1}] AND (SELECT bool_and(a.attnotnull) FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attname = ANY (ARRAY[{1}])) "
          "AND (SELECT amname FROM pg_am JOIN pg_class c ON c.relam = pg_am.oid WHERE c.oid = i.indexrelid) = 'btree' "
          "AND NOT EXISTS (SELECT FROM unnest(i.indoption) AS o(flags) WHERE flags <> 0)) "
          "AND NOT EXISTS (SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type b ON b.oid = t.typbasetype WHERE a.attrelid = {0}::regclass "
          "AND a.attname = ANY (ARRAY[{1}]) AND coalesce(b.typtype, t.typtype) <> 'e' AND coalesce(b.typnamespace, t.typnamespace) <> 'pg_catalog'::regnamespace)",
          sql::quote_literal(relation), names))
      .boolean(0, 0);
}

bool is_number(const std::string& text) { return !text.empty() && text.find_first_not_of("-0123456789") == std::string::npos && text.size() < 19; }

// Cuts that make `pieces` parts: by arithmetic between whole numbers, else by a sample of the keys.
std::vector<std::vector<std::string>> cuts(pg::Connection& connection, const Part& part, const std::vector<std::string>& first, int pieces) {
  std::vector<std::vector<std::string>> out;
  if (pieces < 2) return out;
  if (part.upper.size() == 1 && is_number(first.front()) && is_number(part.upper.front())) {
    const long long low = std::stoll(first.front()), high = std::stoll(part.upper.front());
    if (high - low < pieces * 1000LL) return out;
    for (int i = 1; i < pieces; ++i) out.push_back({std::to_string(low + (high - low) / pieces * i)});
    return out;
  }
  const pg::Result sample = connection.execute(fmt::format(
      "SELECT {0} FROM (SELECT {1} FROM ONLY {2} TABLESAMPLE SYSTEM ((SELECT least(100, 100.0 * 200 / greatest(pg_relation_size({3}::regclass) / 8192, 1)))) LIMIT 20000) AS r ORDER BY {4}",
      columns(part.key, "::text"), columns(part.key), part.relation, sql::quote_literal(part.relation), order(part.key)));
  if (sample.rows() < pieces * 20) return out;
  for (int i = 1; i < pieces; ++i) out.push_back(values(sample, sample.rows() / pieces * i, part.key.size()));
  return out;
}

}  // namespace

std::string identity_of(pg::Connection& connection, const plan::Backfill& backfill) {
  // A whole statement names the table that it fills as well: INSERT INTO schema.table …
  std::string target = "NULL";
  constexpr std::string_view kInsert = "INSERT INTO ";
  if (backfill.pending.empty() && backfill.assignments.starts_with(kInsert)) {
    const std::string rest = backfill.assignments.substr(kInsert.size());
    bool quoted = false;
    std::size_t end = 0;
    for (; end < rest.size() && (quoted || (rest[end] != ' ' && rest[end] != '(')); ++end) quoted ^= rest[end] == '"';
    target = sql::quote_literal(rest.substr(0, end));
  }
  return connection
             .execute(fmt::format("SELECT coalesce(to_regclass({})::oid::text, '') || ' ' || (SELECT string_agg(relid::oid::text, ' ' ORDER BY relid::oid) FROM ({}) AS l)", target,
                                  leaves(backfill.table)))
             .string(0, 0) +
         " " + std::to_string(backfill.key.size());
}

std::vector<Part> parts_of(pg::Connection& connection, const plan::Backfill& backfill, int pieces) {
  std::vector<Part> out;
  const pg::Result tables = connection.execute(fmt::format("SELECT relid::regclass::text, pg_relation_size(relid) / current_setting('block_size')::int FROM ({}) AS l WHERE relid IS NOT NULL ORDER BY relid::oid",
                                                           leaves(backfill.table)));
  for (int i = 0; i < tables.rows(); ++i) {
    Part part;
    part.relation = tables.string(i, 0);
    const long long blocks = tables.integer(i, 1);
    const auto add = [&] {
      part.number = static_cast<int>(out.size());
      out.push_back(part);
    };
    if (!has_key(connection, part.relation, backfill.key)) {
      if (blocks == 0) continue;
      const int cut = blocks < pieces * 10 ? 1 : pieces;
      for (int k = 0; k < cut; ++k) {
        part.lower = {std::to_string(blocks * k / cut)};
        part.upper = {std::to_string(blocks * (k + 1) / cut)};
        add();
      }
      continue;
    }
    part.key = backfill.key;
    const auto end = [&](const char* direction) {
      return connection.execute(fmt::format("SELECT {} FROM ONLY {} AS r ORDER BY {} LIMIT 1", columns(part.key, "::text"), part.relation, order(part.key, direction)));
    };
    const pg::Result last = end(" DESC");
    if (last.rows() == 0) continue;
    part.upper = values(last, 0, part.key.size());
    const pg::Result first = end("");
    const std::vector<std::string> bottom = first.rows() > 0 ? values(first, 0, part.key.size()) : part.upper;
    const std::vector<std::string> top = part.upper;
    for (const std::vector<std::string>& cut : cuts(connection, part, bottom, pieces)) {
      part.upper = cut;
      add();
      part.lower = cut;
    }
    part.upper = top;
    add();
  }
  return out;
}

long long expected_rows(pg::Connection& connection, const plan::Backfill& backfill) {
  return connection.execute(fmt::format("SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint FROM pg_class JOIN ({}) AS l ON l.relid = pg_class.oid", leaves(backfill.table))).integer(0, 0);
}

std::string range_condition(const Part& part, const std::vector<std::string>& lower, const std::vector<std::string>& upper) {
  if (part.key.empty()) return fmt::format("ctid >= '({},0)' AND ctid < '({},0)'", lower.empty() ? "0" : lower.front(), upper.front());
  const std::string below = fmt::format("{} <= {}", row_of(part.key), row(upper));
  return lower.empty() ? below : fmt::format("{} > {} AND {}", row_of(part.key), row(lower), below);
}

std::vector<std::string> next_bound(pg::Connection& connection, const Part& part, const std::vector<std::string>& lower, long long size) {
  if (part.key.empty()) {
    const long long from = lower.empty() ? 0 : std::stoll(lower.front());
    return {std::to_string(std::min(from + std::max(1LL, size / kRowsOfBlock), std::stoll(part.upper.front())))};
  }
  const pg::Result found = connection.execute(fmt::format("SELECT {} FROM ONLY {} AS r WHERE {} ORDER BY {} OFFSET {} LIMIT 1", columns(part.key, "::text"), part.relation,
                                                          range_condition(part, lower, part.upper), order(part.key), size - 1));
  return found.rows() == 0 ? part.upper : values(found, 0, part.key.size());
}

double fraction_of(const std::vector<std::string>& lower, const std::vector<std::string>& upper, const std::vector<std::string>& reached) {
  if (upper.size() != 1 || reached.size() != 1 || !is_number(upper.front()) || !is_number(reached.front())) return -1;
  const double from = lower.empty() || !is_number(lower.front()) ? 0 : std::stod(lower.front());
  const double to = std::stod(upper.front());
  return to <= from ? 1 : std::clamp((std::stod(reached.front()) - from) / (to - from), 0.0, 1.0);
}

std::string describe(const Part& part) {
  const std::string from = part.lower.empty() ? "the start" : join(part.lower, ", ");
  return fmt::format("{} {} {} to {}", part.relation, part.key.empty() ? "blocks" : columns(part.key), from, join(part.upper, ", "));
}

}  // namespace contraflow::apply
