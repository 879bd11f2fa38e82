// SPDX-License-Identifier: Apache-2.0
#include "report/rehearsal_text.h"

#include <fmt/format.h>

#include "base/terminal.h"
#include "base/text.h"

namespace contraflow::report {
namespace {

using namespace rehearse;

Style style_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::proven:
      return Style::green;
    case Verdict::refuted:
      return Style::red;
    case Verdict::unknown:
      return Style::yellow;
  }
  return Style::bold;
}

std::string names(const std::vector<sql::QualifiedName>& list) {
  std::string out;
  for (const sql::QualifiedName& name : list) out += (out.empty() ? "" : ", ") + sql::quote(name);
  return out;
}

std::string first_line(const std::string& text) {
  const std::vector<std::string> lines = split_lines(trim(text));
  return lines.empty() ? "" : lines.front() + (lines.size() > 1 ? " …" : "");
}

void write_proofs(const Rehearsal& rehearsal, bool color, std::string& out) {
  for (const Proof& proof : rehearsal.proofs) {
    out +=
        fmt::format("  {} {}\n",
                    styled(fmt::format("{:<8}", verdict_name(proof.verdict)), style_of(proof.verdict), color),
                    proof.claim);
    if (!proof.reason.empty()) out += indent(proof.reason, 11) + "\n";
    if (proof.place && !proof.place->file.empty())
      out += fmt::format("           {}:{}: {}\n", proof.place->file, proof.place->line,
                         first_line(proof.place->statement));
    for (const std::string& detail : proof.details)
      out += styled(indent("- " + detail, 11), Style::dim, color) + "\n";
  }
}

void write_step(const Observation& step, bool color, std::string& out) {
  out += "  " + styled(step.title, Style::bold, color) + "\n";
  std::string line = duration_text(step.duration_ms);
  if (step.wal_bytes > 0) line += ", WAL " + bytes_text(static_cast<double>(step.wal_bytes));
  if (step.pages > 0)
    line += ", " + count_of(step.pages, "buffer") + (step.pages_missed > 0 ? fmt::format(" ({} read)", step.pages_missed) : "");
  if (step.transaction == 0) line += ", outside any transaction (locks sampled)";
  out += "      " + line + "\n";
  for (const HeldLock& lock : step.locks) {
    const bool blocks = effects::blocks_writes(lock.mode);
    out += styled(fmt::format("      {} on {}{}, held {}{}", effects::lock_name(lock.mode),
                              sql::quote(lock.relation), lock.implied ? " (not named in the statement)" : "",
                              duration_text(lock.held_ms),
                              effects::blocks_reads(lock.mode) ? ": blocks reads and writes"
                              : blocks                         ? ": blocks writes"
                                                               : ""),
                  effects::blocks_reads(lock.mode) ? Style::red
                  : blocks                         ? Style::yellow
                                                   : Style::dim,
                  color) +
           "\n";
  }
  for (const LateLock& lock : step.late) out += styled(fmt::format("      locks {} after {}: queries take them the other way round\n", sql::quote(lock.relation), sql::quote(lock.behind)), Style::red, color);
  for (const FiredFunction& fired : step.fired) out += fmt::format("      fires {} {}\n", fired.function, count_of(fired.calls, "time"));
  if (!step.emptied.empty())
    out += styled("      empties " + names(step.emptied), Style::red, color) + "\n";
  if (!step.rewritten.empty())
    out += styled("      rewrites " + names(step.rewritten), Style::red, color) + "\n";
  if (!step.indexes_rebuilt.empty()) out += "      rebuilds index " + names(step.indexes_rebuilt) + "\n";
  if (!step.built.empty()) out += "      builds index " + names(step.built) + "\n";
  for (const Scan& scan : step.scans)
    out += fmt::format("      reads all of {} ({})\n", sql::quote(scan.relation), count_of(scan.rows, "row"));
  for (const TouchedRows& rows : step.rows) {
    std::vector<std::string> parts;
    if (rows.inserted > 0) parts.push_back(fmt::format("{} inserted", rows.inserted));
    if (rows.updated > 0) parts.push_back(fmt::format("{} updated", rows.updated));
    if (rows.deleted > 0) parts.push_back(fmt::format("{} deleted", rows.deleted));
    out += fmt::format("      rows of {}: {}\n", sql::quote(rows.relation), join(parts, ", "));
  }
  for (const std::string& more : step.predicted)
    out += styled("      beyond what was predicted: " + more, Style::red, color) + "\n";
}

}  // namespace

std::string duration_text(double ms) {
  if (ms < 10) return fmt::format("{:.1f} ms", ms);
  if (ms < 1000) return fmt::format("{:.0f} ms", ms);
  if (ms < 120'000) return fmt::format("{:.1f} s", ms / 1000);
  if (ms < 7'200'000) return fmt::format("{:.0f} min", ms / 60'000);
  return fmt::format("{:.1f} h", ms / 3'600'000);
}

std::string bytes_text(double bytes) {
  if (bytes < 1024) return fmt::format("{:.0f} B", bytes);
  if (bytes < 1024 * 1024) return fmt::format("{:.0f} kB", bytes / 1024);
  if (bytes < 1024.0 * 1024 * 1024) return fmt::format("{:.1f} MB", bytes / 1024 / 1024);
  return fmt::format("{:.1f} GB", bytes / 1024 / 1024 / 1024);
}

std::string rehearsal_text(const Rehearsal& rehearsal, bool color) {
  const Verdict verdict = rehearsal.verdict();
  std::string out =
      fmt::format("{}  {}\n", styled(std::string(verdict_name(verdict)), style_of(verdict), color),
                  styled(rehearsal.subject, Style::bold, color));
  out += fmt::format("PostgreSQL {}", rehearsal.server);
  if (!rehearsal.run_as.empty()) out += ", " + rehearsal.run_as;
  if (!rehearsal.rollback.empty()) out += ", rollback " + rehearsal.rollback;
  long long rows = 0;
  for (const TableData& table : rehearsal.data.tables) rows += table.rows;
  out += rows == 0 ? ", no rows\n"
                   : fmt::format(", {} in {} ({})\n", count_of(rows, "row"),
                                 count_of(static_cast<long long>(rehearsal.data.tables.size()), "table"),
                                 rehearsal.data.kind);
  out += "\n" + styled("Proofs", Style::bold, color) + "\n";
  write_proofs(rehearsal, color, out);
  if (!rehearsal.steps.empty()) {
    out += "\n" + styled("What each statement did", Style::bold, color) + "\n";
    std::string phase;
    for (const Observation& step : rehearsal.steps) {
      if (step.phase != phase) {
        phase = step.phase;
        out += styled(" " + phase, Style::cyan, color) + "\n";
      }
      write_step(step, color, out);
    }
  }
  if (!rehearsal.queries.empty()) {
    out += "\n" + styled("Queries of the application", Style::bold, color) + "\n";
    int proven = 0;
    for (const QueryEvidence& query : rehearsal.queries) {
      if (query.verdict == Verdict::proven) {
        ++proven;
        continue;
      }
      out += fmt::format(
          "  {} {} ({}): {}\n",
          styled(fmt::format("{:<8}", verdict_name(query.verdict)), style_of(query.verdict), color),
          query.name, query.version, query.reason);
      for (const QueryOutcome& failure : query.failures)
        out += styled(fmt::format("           {}, {}: {}", failure.state, failure.how, failure.error),
                      Style::dim, color) +
               "\n";
    }
    out += fmt::format("  {} in every state\n", count_of(proven, "query works", "queries work"));
  }
  if (rehearsal.traffic) {
    const TrafficEvidence& traffic = *rehearsal.traffic;
    out += "\n" + styled("Under traffic", Style::bold, color) +
           fmt::format(" ({}, budget {})\n", count_of(traffic.connections, "connection"),
                       duration_text(traffic.budget_ms));
    for (const TrafficRun& run : traffic.runs) {
      const bool stalled = run.longest_ms > traffic.budget_ms || run.failed > 0;
      out += fmt::format("  {:<8} {}, {} failed, longest {}, p99 {}{}\n", run.how,
                         count_of(run.executed, "query", "queries"), run.failed,
                         styled(duration_text(run.longest_ms), stalled ? Style::red : Style::green, color),
                         duration_text(run.p99_ms), run.completed ? "" : ", did not end: " + run.error);
    }
    for (const std::string& note : traffic.notes) out += "  note: " + note + "\n";
  }
  for (const auto* notes : {&rehearsal.data.notes, &rehearsal.notes})
    for (const std::string& note : *notes) out += "note: " + note + "\n";
  return out;
}

}  // namespace contraflow::report
