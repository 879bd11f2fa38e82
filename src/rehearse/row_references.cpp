// SPDX-License-Identifier: Apache-2.0
#include "rehearse/row_references.h"

#include <fmt/format.h>

#include <algorithm>

namespace contraflow::rehearse {

using catalog::Column;
using sql::QualifiedName;

const Column* TableToFill::find(const std::string& column) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const auto& entry) { return entry.first == column; });
  return found == columns.end() ? nullptr : found->second;
}

bool TableToFill::is_unique(const std::string& column) const {
  return std::any_of(unique.begin(), unique.end(), [&](const auto& key) { return std::find(key.begin(), key.end(), column) != key.end(); });
}

bool TableToFill::may_be_null(const Reference& reference) const {
  return std::all_of(reference.columns.begin(), reference.columns.end(), [&](const std::string& column) {
    const Column* definition = find(column);
    return definition && !definition->not_null;
  });
}

std::vector<QualifiedName> in_order_of_references(const TablesToFill& tables) {
  std::map<QualifiedName, std::vector<QualifiedName>> partitions;
  for (const auto& [name, table] : tables)
    if (table.table->partition_of) partitions[*table.table->partition_of].push_back(name);
  std::vector<QualifiedName> out, left;
  std::set<QualifiedName> done;
  for (const auto& [name, table] : tables) left.push_back(name);
  const auto ready = [&](const QualifiedName& name, bool only_needed) {
    const TableToFill& table = tables.at(name);
    const auto parts = partitions.find(name);
    if (parts != partitions.end() && !std::all_of(parts->second.begin(), parts->second.end(), [&](const auto& part) { return done.contains(part); })) return false;
    return std::all_of(table.references.begin(), table.references.end(), [&](const Reference& reference) {
      return reference.table == name || done.contains(reference.table) || !tables.contains(reference.table) || (only_needed && table.may_be_null(reference));
    });
  };
  while (!left.empty()) {
    bool went = false;
    const auto take = [&](bool only_needed, bool one) {
      for (auto at = left.begin(); at != left.end() && !(one && went);) {
        if (!ready(*at, only_needed)) {
          ++at;
          continue;
        }
        out.push_back(*at);
        done.insert(*at);
        at = left.erase(at);
        went = true;
      }
    };
    take(false, false);
    if (!went) take(true, true);
    if (went) continue;
    // A circle of references that all need a row: a table without partitions that wait begins.
    auto first = std::find_if(left.begin(), left.end(), [&](const QualifiedName& name) { return !partitions.contains(name); });
    if (first == left.end()) first = left.begin();
    out.push_back(*first);
    done.insert(*first);
    left.erase(first);
  }
  return out;
}

void LateReferences::add(const QualifiedName& table, const Reference& reference, std::set<std::string> shared, std::string nulls) {
  late_.push_back({table, &reference, std::move(shared), std::move(nulls)});
}

long long LateReferences::settle() {
  for (const Late& late : late_) point(late);
  long long gone = 0;
  std::vector<std::pair<QualifiedName, const Reference*>> look;
  for (const Late& late : late_) look.emplace_back(late.table, late.reference);
  while (!look.empty()) {
    const auto [table, reference] = look.back();
    look.pop_back();
    const long long rows = clear(table, *reference);
    gone += rows;
    if (rows == 0) continue;
    // Whoever refers to the table, or to what it is a partition of, may refer to nothing now.
    std::set<QualifiedName> names;
    for (auto at = tables_.find(table); at != tables_.end() && names.insert(at->first).second && at->second.table->partition_of;) at = tables_.find(*at->second.table->partition_of);
    for (const auto& [name, other] : tables_) {
      for (const Reference& one : other.references) {
        if (names.contains(one.table)) look.emplace_back(name, &one);
      }
    }
  }
  return gone;
}

// Row by row the next of those that it may refer to: so a row refers to itself only where there is no other.
void LateReferences::point(const Late& late) {
  const Reference& reference = *late.reference;
  std::string set, keys, shared_here, shared_there, same, differs;
  for (std::size_t i = 0; i < reference.columns.size() && i < reference.referenced.size(); ++i) {
    const std::string column = sql::quote_identifier(reference.columns[i]), key = sql::quote_identifier(reference.referenced[i]);
    if (late.shared.contains(reference.columns[i])) {
      shared_here += (shared_here.empty() ? "PARTITION BY " : ", ") + column;
      shared_there += (shared_there.empty() ? "PARTITION BY " : ", ") + key;
      keys += fmt::format(", {} AS k{}", key, i);
      same += fmt::format(" AND x.k{0} = r.k{0}", i);
      differs += fmt::format(", {} AS k{}", column, i);
    } else {
      keys += fmt::format(", {} AS k{}", key, i);
      set += fmt::format("{}{} = r.k{}", set.empty() ? "" : ", ", column, i);
    }
  }
  if (set.empty()) return;
  const TableToFill& table = tables_.at(late.table);
  const bool once = std::any_of(reference.columns.begin(), reference.columns.end(), [&](const auto& column) { return table.is_unique(column); });
  const std::string statement = fmt::format(
      "UPDATE {0} AS t SET {1} FROM (SELECT tableoid AS of, ctid AS place, row_number() OVER ({2}) AS n{3} FROM {0}) x, (SELECT row_number() OVER ({4}) - 1 AS n, count(*) OVER ({4}) AS c{5} FROM {6}) r"
      " WHERE t.tableoid = x.of AND t.ctid = x.place AND r.n = x.n % r.c{7}{8}{9}",
      sql::quote(late.table), set, shared_here, differs, shared_there, keys, sql::quote(reference.table), same, once ? " AND x.n <= r.c" : "", late.nulls.empty() ? "" : " AND NOT (" + late.nulls + ")");
  try {
    connection_.execute(statement);
  } catch (const pg::ServerError&) {
    // A check or key refuses it: what refers to nothing goes below.
  }
}

long long LateReferences::clear(const QualifiedName& name, const Reference& reference) {
  const TableToFill& table = tables_.at(name);
  std::string filled, same, cleared;
  for (std::size_t i = 0; i < reference.columns.size() && i < reference.referenced.size(); ++i) {
    const std::string column = sql::quote_identifier(reference.columns[i]);
    filled += fmt::format("{}t.{} IS NOT NULL", filled.empty() ? "" : " AND ", column);
    same += fmt::format("{}r.{} = t.{}", same.empty() ? "" : " AND ", sql::quote_identifier(reference.referenced[i]), column);
    if (const Column* definition = table.find(reference.columns[i]); definition && !definition->not_null) cleared += (cleared.empty() ? "" : ", ") + column + " = NULL";
  }
  const std::string orphans = fmt::format("{} AND NOT EXISTS (SELECT FROM {} r WHERE {})", filled, sql::quote(reference.table), same);
  if (!cleared.empty()) {
    try {
      connection_.execute(fmt::format("UPDATE {} AS t SET {} WHERE {}", sql::quote(name), cleared, orphans));
    } catch (const pg::ServerError&) {
      // A check asks for it: the row goes.
    }
  }
  return connection_.execute(fmt::format("DELETE FROM {} AS t WHERE {}", sql::quote(name), orphans)).rows_affected();
}

}  // namespace contraflow::rehearse
