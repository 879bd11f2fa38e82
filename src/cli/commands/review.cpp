// SPDX-License-Identifier: Apache-2.0
#include "review/review.h"

#include <fmt/format.h>

#include "agent/evidence.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/plan_life.h"
#include "cli/rehearsal.h"
#include "report/review_text.h"

namespace contraflow::cli {
namespace {

// For `next` and `status`: evidence.json in the plan folder.
void record(Context& context, const RehearsalOptions& options, const std::string& plan, const review::Review& review) {
  if (plan.empty() || options.no_record) return;
  agent::RecordedRun run{timestamp_now(), std::string(review::answer_name(review.verdict())), review.rehearsal.server, {}, {}};
  for (const review::Item& item : review.items) {
    if (!item.good) (item.answer == review::Answer::maybe ? run.open : run.bad).push_back(fmt::format("{} {}: {}", item.question, review::answer_name(item.answer), item.because));
  }
  for (const review::Finding& finding : review.findings) {
    if (finding.severity == review::Severity::error) run.bad.push_back(finding.message);
  }
  try {
    agent::record_rehearsal(options.subject, plan, recorded_rehearsal(review.rehearsal));
    agent::record_review(options.subject, plan, run);
  } catch (const Error& error) {
    context.console.warning(fmt::format("not recorded: {}", error.message()));
  }
}

Runner add_options(CLI::App& app) {
  auto options = std::make_shared<RehearsalOptions>();
  auto out = std::make_shared<std::string>();
  add_rehearsal_options(app, *options);
  app.add_option("-o,--out", *out, "file to write (default: standard output)")->type_name("FILE");
  const auto format = add_format_option(app, {"text", "markdown", "html", "json", "sarif"});
  return [options, out, format](Context& context) {
    const std::string plan = plan_hash_of(options->subject);
    std::vector<review::Finding> linted;
    rehearse::Rehearsal rehearsal = run_rehearsal(context, *options, &linted);
    const review::Review review =
        review::make_review(std::move(rehearsal), {.budget_ms = options->stall_budget}, std::move(linted));
    record(context, *options, plan, review);
    std::string text;
    if (*format == "json")
      text = report::review_json(review, CONTRAFLOW_VERSION);
    else if (*format == "markdown")
      text = report::review_markdown(review);
    else if (*format == "sarif")
      text = report::review_sarif(review, CONTRAFLOW_VERSION);
    else if (*format == "html")
      text = report::review_html(review, CONTRAFLOW_VERSION);
    else
      text = report::review_text(review, context.console.color_out() && out->empty());
    if (out->empty() || *out == "-") {
      context.console.print(text);
    } else {
      write_file(*out, text);
      context.console.note(fmt::format("{} wrote {}", review.summary(), *out));
    }
    return review.verdict() == review::Answer::no ? static_cast<int>(ErrorCode::refused) : 0;
  };
}

}  // namespace

extern const Command review_command;
const Command review_command{
    "review", "the checklist for a plan or a migration, each answer with its evidence",
    "Rehearses it, then answers what a careful reviewer asks: can it run twice, is the rollback safe, are "
    "there implicit locks, does going back need a backfill, do foreign keys block, "
    "what breaks, what is lost, how long is each lock held. Exits with 1 where an answer is not the good "
    "one.",
    "contraflow review db/migrations/0042_add_tier.up.sql\n"
    "contraflow review add_tier.sql --schema schema.sql --format html -o review.html\n"
    "contraflow review add_tier.sql --schema schema.sql --format markdown        # a comment for the pull "
    "request\n"
    "contraflow review db/migrations/20260408120000_add_tier --schema schema.sql --format sarif -o "
    "review.sarif",
    add_options};

}  // namespace contraflow::cli
