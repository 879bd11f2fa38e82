// SPDX-License-Identifier: Apache-2.0
#include "review/review.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "cli/rehearsal.h"
#include "report/review_text.h"

namespace contraflow::cli {
namespace {

Runner add_options(CLI::App& app) {
  auto options = std::make_shared<RehearsalOptions>();
  auto out = std::make_shared<std::string>();
  add_rehearsal_options(app, *options);
  app.add_option("-o,--out", *out, "file to write (default: standard output)")->type_name("FILE");
  const auto format = add_format_option(app, {"text", "markdown", "html", "json", "sarif"});
  return [options, out, format](Context& context) {
    std::vector<review::Finding> linted;
    rehearse::Rehearsal rehearsal = run_rehearsal(context, *options, &linted);
    const review::Review review =
        review::make_review(std::move(rehearsal), {.budget_ms = options->stall_budget}, std::move(linted));
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
