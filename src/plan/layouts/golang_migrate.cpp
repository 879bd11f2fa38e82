// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "plan/layouts/layouts.h"
#include "plan/write_sql.h"

namespace contraflow::plan {
namespace {

std::map<std::string, std::string> files(const Plan&, const std::vector<Migration>& migrations) {
  std::map<std::string, std::string> out;
  for (const Migration& migration : migrations) {
    const std::string stem = fmt::format("{}/{}_{}", phase_folder(migration.phase), migration.version, migration.name);
    out[stem + ".up.sql"] = script_text(migration.forward);
    out[stem + ".down.sql"] = script_text(migration.back);
  }
  return out;
}

std::string how_to_run(const std::vector<Migration>& migrations) {
  return fmt::format(
      "```sh\ngit mv {}/* db/migrations/\nmigrate -path db/migrations -database \"$DATABASE_URL\" up\n```\n\n"
      "golang-migrate never runs a version that is lower than the database's: check that these are higher before each phase. It sends a file as one message, so each file holds one "
      "statement; leave `x-multi-statement` off. Start one runner at a time: a second one that waits for its advisory lock holds up index builds.\n\n"
      "A file that fails leaves the database marked dirty. Nothing is half done but a `CONCURRENTLY` build, whose comment says what to drop: then "
      "`migrate force VERSION_BEFORE` and `up` again.\n",
      phase_folder(migrations.front().phase));
}

std::string way_back(const std::vector<Migration>& migrations) {
  return fmt::format("```sh\nmigrate -path db/migrations -database \"$DATABASE_URL\" down N   # N: files of the phases that ran; all phases: {}\n```\n", migrations.size());
}

}  // namespace

const Layout kGolangMigrate{"golang-migrate", "golang-migrate", true, files, how_to_run, way_back};

}  // namespace contraflow::plan
