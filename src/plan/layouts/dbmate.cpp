// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "plan/layouts/layouts.h"
#include "plan/write_sql.h"

namespace contraflow::plan {
namespace {

std::string section(const char* direction, const Script& script) {
  return fmt::format("-- migrate:{}{}\n{}", direction, script.transaction ? "" : " transaction:false", script_text(script));
}

std::map<std::string, std::string> files(const Plan&, const std::vector<Migration>& migrations) {
  std::map<std::string, std::string> out;
  for (const Migration& migration : migrations) {
    out[fmt::format("{}/{}_{}.sql", phase_folder(migration.phase), migration.version, migration.name)] =
        section("up", migration.forward) + "\n" + section("down", migration.back);
  }
  return out;
}

std::string how_to_run(const std::vector<Migration>& migrations) {
  return fmt::format(
      "```sh\ngit mv {}/* db/migrations/\ndbmate up\n```\n\n"
      "dbmate runs every pending version, also one that is lower than the newest (`--strict` refuses those). A file that fails is not recorded: `dbmate up` runs it again. Only after an "
      "interrupted `CONCURRENTLY` build, run first what the comment in its file says.\n",
      phase_folder(migrations.front().phase));
}

std::string way_back(const std::vector<Migration>& migrations) {
  return fmt::format("`dbmate rollback` takes back one file, the newest first: run it once a file of the phases that ran (all phases: {}).\n", migrations.size());
}

}  // namespace

const Layout kDbmate{"dbmate", "dbmate", true, files, how_to_run, way_back};

}  // namespace contraflow::plan
