// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.h"
#include "plan/layouts/layouts.h"
#include "plan/write_sql.h"

namespace contraflow::plan {
namespace {

// goose splits at semicolons: a statement that holds some of its own (a DO block) stands between the two annotations.
std::string section(const char* direction, const Script& script) {
  std::string out = fmt::format("-- +goose {}\n", direction);
  for (const std::string& line : split_lines(script.comment)) out += "-- " + line + "\n";
  if (script.statements.empty()) return out + "-- Nothing to run in this direction.\n";
  for (const std::string& statement : script.statements) out += "-- +goose StatementBegin\n" + statement + ";\n-- +goose StatementEnd\n";
  return out;
}

std::map<std::string, std::string> files(const Plan&, const std::vector<Migration>& migrations) {
  std::map<std::string, std::string> out;
  for (const Migration& migration : migrations) {
    // The annotation is for the whole file; a DO block is atomic without the runner's transaction too.
    const bool transaction = migration.forward.transaction && migration.back.transaction;
    out[fmt::format("{}/{}_{}.sql", phase_folder(migration.phase), migration.version, migration.name)] =
        std::string(transaction ? "" : "-- +goose NO TRANSACTION\n") + section("Up", migration.forward) + "\n" + section("Down", migration.back);
  }
  return out;
}

std::string how_to_run(const std::vector<Migration>& migrations) {
  return fmt::format(
      "```sh\ngit mv {}/* db/migrations/\ngoose -dir db/migrations postgres \"$DATABASE_URL\" up\n```\n\n"
      "goose refuses a version that is lower than the newest applied one unless it is run with `-allow-missing`. A file that fails is not recorded: `goose up` runs it again. Leave "
      "environment substitution (`ENVSUB`) off for these files.\n",
      phase_folder(migrations.front().phase));
}

std::string way_back(const std::vector<Migration>& migrations) {
  return fmt::format(
      "```sh\ngoose -dir db/migrations postgres \"$DATABASE_URL\" down-to VERSION   # the version before the first of a phase; before all of them: the one below {}\n```\n",
      migrations.front().version);
}

}  // namespace

// Outside a transaction goose sends a statement at a time.
const Layout kGoose{"goose", "goose", false, files, how_to_run, way_back};

}  // namespace contraflow::plan
