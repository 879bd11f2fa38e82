// SPDX-License-Identifier: Apache-2.0
#include "cli/fix.h"

#include "base/error.h"
#include "cli/command.h"

namespace contraflow::cli {
namespace {

Runner add_options(CLI::App& app) {
  auto options = std::make_shared<FixOptions>();
  app.add_option("FILE", options->subject, "the migration: a file, the folder of one, a folder of migrations (the last one is meant), or - for standard input")->required();
  app.add_option("--schema", options->schema,
                 "schema before the migration: connection string, SQL file, migrations folder, git:REV:PATH (default: the migrations before it in its folder)")
      ->type_name("SOURCE");
  app.add_option("--rollback", options->rollback, "file that goes back, to judge it too (default: found beside the migration, or in it)")->type_name("FILE");
  app.add_option("--data", options->data,
                 "statements that change rows and cannot become a step of the plan: refuse, or by-hand: the plan is written without them, and says so")
      ->check(CLI::IsMember(std::vector<std::string>{"refuse", "by-hand"}))
      ->default_str("refuse");
  app.add_flag("--force", options->force, "write the plan although nothing unsafe was found");
  add_plan_choices(app, options->choices, options->output);
  const auto format = add_format_option(app, {"text", "json", "markdown"});
  return [options, format](Context& context) {
    const Fix fix = run_fix(context, *options);
    context.console.print(*format == "json" ? fix_json(fix) : *format == "markdown" ? fix_markdown(fix)
                                                                                    : fix_text(fix, context.console.color_out()));
    if (!fix.refusals.empty()) return refuse(context.console, fix.refusals);
    if (!fix.folder.empty()) context.console.note("wrote " + fix.folder);
    return 0;
  };
}

}  // namespace

extern const Command fix_command;
const Command fix_command{
    "fix", "an unsafe migration -> the safe plan that reaches the same schema",
    "Runs the migration on a throwaway server, as it was meant where only its form fails (CONCURRENTLY inside BEGIN), and writes the plan that leads to the schema after it. "
    "Renames, USING expressions and an UPDATE that gives a new column its first value are taken over; every other statement that changes rows is named, and refuses (--data). "
    "The plan is proven: same schema by pg_dump, same made-up rows, a way back, no error of contraflow check. Writes nothing (exit 0) where nothing is unsafe.",
    "contraflow fix db/migrations/0042_add_tier.sql               # on the migrations before it\n"
    "contraflow fix add_tier.sql --schema \"$DATABASE_URL\" --out plan\n"
    "contraflow fix db/migrations --layout flyway                 # the last one, for the runner in use\n"
    "generate-migration | contraflow fix - --schema schema.sql --format json",
    add_options};

}  // namespace contraflow::cli
