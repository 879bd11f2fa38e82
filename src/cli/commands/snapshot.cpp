// SPDX-License-Identifier: Apache-2.0
#include "rehearse/snapshot.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "pg/connection.h"

namespace contraflow::cli {
namespace {

struct Options {
  std::string url, out;
};

int run(Context& context, const Options& options) {
  const std::string url = options.url.empty() ? context.config.database_url : options.url;
  if (url.empty())
    throw Error(ErrorCode::usage, "which database?",
                "contraflow snapshot URL -o FILE, or [database] url in contraflow.toml");
  pg::Connection connection(url, "contraflow snapshot");
  const rehearse::Statistics statistics = rehearse::read_statistics(connection);
  const std::string text = rehearse::statistics_json(statistics, CONTRAFLOW_VERSION);
  if (options.out.empty() || options.out == "-") {
    context.console.print(text);
    return 0;
  }
  write_file(options.out, text);
  double rows = 0;
  for (const auto& [name, table] : statistics.tables) rows += table.rows;
  context.console.note(fmt::format("wrote {}: {}, {:.0f} rows; no value of any row is in it", options.out,
                                   count_of(static_cast<long long>(statistics.tables.size()), "table"),
                                   rows));
  return 0;
}

Runner add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("url", options->url, "database to read (default: [database] url)")->type_name("URL");
  app.add_option("-o,--out", options->out, "file to write (default: standard output)")->type_name("FILE");
  return [options](Context& context) { return run(context, *options); };
}

}  // namespace

extern const Command snapshot_command;
const Command snapshot_command{
    "snapshot", "production's sizes and statistics, without a single value",
    "Row counts, sizes, NULL fractions and numbers of distinct values from pg_class and pg_stats, in a "
    "read-only transaction. rehearse and review take the file "
    "with --statistics: rows are made up to match, and durations are scaled to it.",
    "contraflow snapshot \"$DATABASE_URL\" -o production.json\n"
    "contraflow rehearse add_tier.sql --schema schema.sql --statistics production.json",
    add_options};

}  // namespace contraflow::cli
