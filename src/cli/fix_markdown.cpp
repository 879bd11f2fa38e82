// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.h"
#include "cli/fix.h"
#include "lint/rule.h"
#include "report/comment.h"

namespace contraflow::cli {
namespace {

using report::comment_text;

std::string said_block(const std::string& title, const std::vector<SaidStatement>& statements) {
  if (statements.empty()) return {};
  std::string body;
  for (const SaidStatement& statement : statements) {
    body += fmt::format("{}:{}: {}\n\n{}\n", comment_text(statement.place.file), statement.place.line, comment_text(statement.verb), report::comment_sql(statement.place.statement));
    body += fmt::format("{}{}{}\n\n", comment_text(statement.why), statement.why.empty() ? "" : " ", comment_text(statement.todo));
  }
  return report::comment_folded(title, body);
}

const char* mark(rehearse::Verdict verdict) { return verdict == rehearse::Verdict::proven ? "✅" : verdict == rehearse::Verdict::unknown ? "❔"
                                                                                                                                        : "❌"; }

}  // namespace

std::string fix_markdown(const Fix& fix) {
  std::string head = fmt::format("### contraflow fix: {}\n\n`{}`: {}\n\n", fix.safe ? "nothing unsafe" : !fix.refusals.empty() ? "refused"
                                                                                                                               : "a safe plan",
                                 replace_all(fix.file, "`", "'"),
                                 fix.safe ? "nothing unsafe was found, and it runs" : "unsafe");
  if (!fix.fails.empty()) head += fmt::format("- **fails as written** ({}): {}\n", comment_text(fix.fails_at), comment_text(split_lines(fix.fails).front()));
  if (!fix.rollback_fails.empty()) head += fmt::format("- **the rollback fails as written** ({}): {}\n", comment_text(fix.rollback_fails_at), comment_text(split_lines(fix.rollback_fails).front()));
  for (const std::string& reason : fix.refusals) head += fmt::format("- **refused**: {}\n", comment_text(reason));

  std::vector<std::string> unsafe, steps, proofs, blocks;
  for (const lint::Finding& finding : fix.report.findings) {
    if (finding.severity != lint::Severity::error) continue;
    unsafe.push_back(fmt::format("| {}:{} | `{}` | {} | {} |\n", comment_text(finding.file), finding.line, finding.rule->name, comment_text(finding.message), comment_text(replacement_of(fix, finding.relation))));
  }
  if (!unsafe.empty()) head += "\n| where | rule | what happens | instead |\n| --- | --- | --- | --- |\n" + report::comment_rows(unsafe, "finding");
  if (fix.plan) {
    for (const plan::Step& step : fix.plan->steps) steps.push_back(fmt::format("| {} | {} | {} |\n", plan::phase_name(step.phase), comment_text(step.title), plan::mode_name(step.forward.mode)));
  }
  if (!steps.empty()) blocks.push_back("\n| phase | step | how |\n| --- | --- | --- |\n" + report::comment_rows(steps, "step") + "\n");
  for (const rehearse::Proof& proof : fix.proofs) {
    proofs.push_back(fmt::format("| {} | {}: {} | {} |\n", mark(proof.verdict), rehearse::verdict_name(proof.verdict), comment_text(proof.claim), comment_text(proof.reason)));
  }
  if (!proofs.empty()) blocks.push_back("\n| | claim | how it is known |\n| --- | --- | --- |\n" + report::comment_rows(proofs, "proof") + "\n");
  if (!fix.taken.empty()) {
    std::string body;
    for (const std::string& line : fix.taken) body += "- " + comment_text(line) + "\n";
    blocks.push_back(report::comment_folded("Taken from the migration", body));
  }
  for (std::string block : {said_block("Statements that change rows and are not part of the plan", fix.said.data), said_block("Left out", fix.said.left_out)}) {
    if (!block.empty()) blocks.push_back(std::move(block));
  }
  if (fix.no_change) head += "\nNo change of the schema.\n";
  if (!fix.folder.empty()) head += fmt::format("\nPlan: `{}`\n", replace_all(fix.folder, "`", "'"));
  return report::comment(head, blocks, "`contraflow fix` has them");
}

}  // namespace contraflow::cli
