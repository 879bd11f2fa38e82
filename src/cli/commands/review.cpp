// SPDX-License-Identifier: Apache-2.0
#include "review/review.h"

#include <fmt/format.h>

#include "agent/evidence.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "catalog/source_psql.h"
#include "cli/fix.h"
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

std::string shell_word(const std::string& text) {
  const bool plain = !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@,") == std::string::npos;
  return plain ? text : "'" + replace_all(text, "'", "'\\''") + "'";
}

// A migration of which an answer is the wrong one: the plan that reaches the same schema, or how to have it.
review::Replacement replacement_for(Context& context, const RehearsalOptions& options, const review::Review& review, const std::string& folder) {
  review::Replacement out;
  if (review.rehearsal.kind != "file" || review.verdict() != review::Answer::no || options.subject == "-" || !options.clone.empty()) return out;
  if (const rehearse::Proof* ran = review.rehearsal.find("forward"); !ran || ran->verdict != rehearse::Verdict::proven) return out;
  out.command = "contraflow fix " + shell_word(options.subject);
  if (!options.schema.empty()) out.command += " --schema " + shell_word(catalog::split_password(options.schema).conninfo);
  if (!options.rollback.empty()) out.command += " --rollback " + shell_word(options.rollback);
  if (folder.empty()) return out;
  FixOptions fix;
  fix.subject = options.subject;
  fix.schema = options.schema;
  fix.rollback = options.rollback;
  fix.output.folder = folder;
  fix.choices.bindirs = options.bindirs;
  fix.force = true;  // what the rehearsal saw is reason enough
  try {
    const Fix made = run_fix(context, fix);
    out.folder = made.folder;
    out.refused = made.refusals;
    if (made.folder.empty() && made.refusals.empty()) out.refused.emplace_back("it does not change the schema");
  } catch (const Error& error) {
    out.refused.push_back(error.message());
  }
  return out;
}

Runner add_options(CLI::App& app) {
  auto options = std::make_shared<RehearsalOptions>();
  auto out = std::make_shared<std::string>();
  auto fix_plan = std::make_shared<std::string>();
  add_rehearsal_options(app, *options);
  app.add_option("-o,--out", *out, "file to write (default: standard output)")->type_name("FILE");
  app.add_option("--fix-plan", *fix_plan, "where the migration must not run as it is: write the plan that takes its place into this new folder, as contraflow fix does")->type_name("DIR");
  const auto format = add_format_option(app, {"text", "markdown", "html", "json", "sarif"});
  return [options, out, fix_plan, format](Context& context) {
    const std::string plan = plan_hash_of(options->subject);
    std::vector<review::Finding> linted;
    rehearse::Rehearsal rehearsal = run_rehearsal(context, *options, &linted);
    review::Review review =
        review::make_review(std::move(rehearsal), {.budget_ms = options->stall_budget}, std::move(linted));
    review.replacement = replacement_for(context, *options, review, *fix_plan);
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
