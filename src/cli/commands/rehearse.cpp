// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "agent/evidence.h"
#include "base/error.h"
#include "cli/plan_life.h"
#include "cli/rehearsal.h"
#include "report/rehearsal_json.h"
#include "report/rehearsal_text.h"

namespace contraflow::cli {
namespace {

// For `next` and `status`: evidence.json in the plan folder.
void record(Context& context, const RehearsalOptions& options, const std::string& plan, const rehearse::Rehearsal& rehearsal) {
  if (plan.empty() || options.no_record) return;
  try {
    agent::record_rehearsal(options.subject, plan, recorded_rehearsal(rehearsal));
  } catch (const Error& error) {
    context.console.warning(fmt::format("not recorded: {}", error.message()));
  }
}

Runner add_options(CLI::App& app) {
  auto options = std::make_shared<RehearsalOptions>();
  add_rehearsal_options(app, *options);
  const auto format = add_format_option(app, {"text", "json"});
  return [options, format](Context& context) {
    const std::string plan = plan_hash_of(options->subject);
    const rehearse::Rehearsal rehearsal = run_rehearsal(context, *options);
    record(context, *options, plan, rehearsal);
    context.console.print(*format == "json" ? report::rehearsal_json(rehearsal, CONTRAFLOW_VERSION)
                                            : report::rehearsal_text(rehearsal, context.console.color_out()));
    return rehearsal.verdict() == rehearse::Verdict::refuted ? static_cast<int>(ErrorCode::refused) : 0;
  };
}

}  // namespace

extern const Command rehearse_command;
const Command rehearse_command{
    "rehearse", "run a plan or a migration on a sandbox under observation",
    "Runs it on throwaway copies and says what each statement locked, rewrote and read, whether the rollback "
    "restores schema and rows, whether it can run "
    "twice and after an interruption. Every claim is proven, refuted (exit 1) or unknown. The schema before "
    "a file: --schema, or the migrations before it in its folder.",
    "contraflow rehearse db/migrations/0042_add_tier.up.sql        # on the migrations before it\n"
    "contraflow rehearse add_tier.sql --schema schema.sql --rows users=1e6\n"
    "contraflow rehearse add_tier.sql --schema \"$DATABASE_URL\" --rollback undo.sql\n"
    "contraflow rehearse db/migrations/20260408120000_add_tier --schema schema.sql --format json",
    add_options};

}  // namespace contraflow::cli
