// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/terminal.h"
#include "base/text.h"
#include "cli/fix.h"
#include "lint/rule.h"
#include "sql/name.h"

namespace contraflow::cli {
namespace {

using Json = nlohmann::ordered_json;

bool is_unsafe(const lint::Finding& finding) { return finding.severity == lint::Severity::error; }

// Steps that work on the relation that a finding is about; all where it names none that the plan knows.
std::vector<std::string> steps_for(const Fix& fix, const std::string& relation) {
  std::vector<std::string> out;
  if (!fix.plan || relation.empty()) return out;
  for (const plan::Step& step : fix.plan->steps) {
    const bool same = std::any_of(step.tables.begin(), step.tables.end(), [&](const sql::QualifiedName& table) { return table.schema + "." + table.name == relation || sql::quote(table) == relation; });
    if (same) out.push_back(step.id);
  }
  return out;
}

std::string step_line(const plan::Step& step) { return fmt::format("{:<9} {}  ({})", plan::phase_name(step.phase), step.title, plan::mode_name(step.forward.mode)); }

Json json_of(const SaidStatement& statement) {
  return {{"file", statement.place.file}, {"line", statement.place.line}, {"statement", statement.place.statement}, {"kind", statement.verb}, {"why", statement.why}, {"todo", statement.todo}};
}

std::string said_lines(const std::vector<SaidStatement>& statements) {
  std::string out;
  for (const SaidStatement& statement : statements) {
    out += fmt::format("  {}:{}: {}: {}\n", statement.place.file, statement.place.line, statement.verb, statement.place.statement);
    if (!statement.why.empty()) out += fmt::format("    {}\n", statement.why);
    out += fmt::format("    {}\n", statement.todo);
  }
  return out;
}

}  // namespace

std::string replacement_of(const Fix& fix, const std::string& relation) {
  constexpr std::size_t kMost = 4;
  const std::vector<std::string> ids = steps_for(fix, relation);
  std::vector<std::string> names;
  for (const plan::Step& step : fix.plan ? fix.plan->steps : std::vector<plan::Step>{}) {
    if (std::find(ids.begin(), ids.end(), step.id) != ids.end()) names.push_back(fmt::format("{} ({})", step.title, plan::phase_name(step.phase)));
  }
  const std::size_t more = names.size() > kMost ? names.size() - kMost : 0;
  names.resize(names.size() - more);
  return join(names, ", ") + (more == 0 ? "" : fmt::format(" and {} more", more));
}

std::string fix_text(const Fix& fix, bool color) {
  std::string out;
  const auto heading = [&](const std::string& text) { out += styled(text, Style::bold, color) + "\n"; };
  const auto findings = std::count_if(fix.report.findings.begin(), fix.report.findings.end(), is_unsafe);
  if (fix.safe) {
    heading(fmt::format("{}: nothing unsafe was found, and it runs", fix.file));
    if (!fix.plan && !fix.no_change) out += "nothing was written (--force writes the plan for it all the same)\n";
  } else {
    heading(fmt::format("{}: unsafe", fix.file));
  }
  if (!fix.fails.empty()) out += fmt::format("  {}: {}: {}\n", fix.fails_at, styled("fails as written", Style::red, color), split_lines(fix.fails).front());
  if (!fix.rollback_fails.empty()) out += fmt::format("  {}: {}: {}\n", fix.rollback_fails_at, styled("the rollback fails as written", Style::red, color), split_lines(fix.rollback_fails).front());
  std::vector<std::string> replaced;
  for (const lint::Finding& finding : fix.report.findings) {
    if (!is_unsafe(finding)) continue;
    out += fmt::format("  {}:{}: {}[{}] {}\n", finding.file, finding.line, severity_name(finding.severity), finding.rule->name, finding.message);
    for (const std::string& line : split_lines(trim(finding.source_line))) out += "    " + line + "\n";
    if (const std::string instead = replacement_of(fix, finding.relation); !instead.empty()) out += "    instead: " + instead + "\n";
  }
  if (!fix.taken.empty()) {
    heading("taken from the migration");
    for (const std::string& line : fix.taken) out += "  " + line + "\n";
  }
  if (fix.plan) {
    heading(findings > 0 || !fix.fails.empty() ? "steps that replace it" : "steps");
    for (const plan::Step& step : fix.plan->steps) out += "  " + step_line(step) + "\n";
  }
  if (!fix.said.data.empty()) {
    heading("statements that change rows and are not part of the plan");
    out += said_lines(fix.said.data);
  }
  if (!fix.said.left_out.empty()) {
    heading("left out");
    out += said_lines(fix.said.left_out);
  }
  if (fix.no_change) out += "no change of the schema\n";
  if (!fix.proofs.empty()) {
    heading("proof");
    for (const rehearse::Proof& proof : fix.proofs) {
      out += fmt::format("  {}: {}: {}\n", rehearse::verdict_name(proof.verdict), proof.claim, proof.reason);
      if (proof.verdict == rehearse::Verdict::refuted && fix.refusals.empty()) {
        for (const std::string& line : proof.details) out += "    " + line + "\n";
      }
    }
  }
  return out;
}

std::string fix_json(const Fix& fix) {
  Json unsafe = Json::array();
  for (const lint::Finding& finding : fix.report.findings) {
    if (!is_unsafe(finding)) continue;
    unsafe.push_back({{"rule", finding.rule->name}, {"severity", severity_name(finding.severity)}, {"file", finding.file}, {"line", finding.line}, {"column", finding.column}, {"message", finding.message}, {"relation", finding.relation}, {"lock", effects::lock_name(finding.lock)}, {"work", effects::work_name(finding.work)}, {"replaced_by", steps_for(fix, finding.relation)}});
  }
  Json proofs = Json::array();
  for (const rehearse::Proof& proof : fix.proofs)
    proofs.push_back({{"id", proof.id}, {"claim", proof.claim}, {"verdict", rehearse::verdict_name(proof.verdict)}, {"reason", proof.reason}, {"details", proof.details}});
  Json data = Json::array(), left_out = Json::array();
  for (const SaidStatement& statement : fix.said.data) data.push_back(json_of(statement));
  for (const SaidStatement& statement : fix.said.left_out) left_out.push_back(json_of(statement));
  Json out;
  out["file"] = fix.file;
  out["safe"] = fix.safe;
  out["fails_as_written"] = fix.fails.empty() ? Json() : Json{{"at", fix.fails_at}, {"message", fix.fails}};
  out["rollback_fails_as_written"] = fix.rollback_fails.empty() ? Json() : Json{{"at", fix.rollback_fails_at}, {"message", fix.rollback_fails}};
  out["unsafe"] = std::move(unsafe);
  out["taken"] = fix.taken;
  out["data"] = std::move(data);
  out["left_out"] = std::move(left_out);
  out["refusals"] = fix.refusals;
  out["proofs"] = std::move(proofs);
  out["folder"] = fix.folder.empty() ? Json() : Json(fix.folder);
  out["plan"] = fix.plan_json.empty() ? Json() : Json::parse(fix.plan_json);
  return out.dump(2) + "\n";
}

}  // namespace contraflow::cli
