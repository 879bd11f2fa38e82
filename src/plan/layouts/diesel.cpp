// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "plan/layouts/layouts.h"
#include "plan/write_sql.h"

namespace contraflow::plan {
namespace {

// 20260408120000 -> 2026-04-08-120000-0000, as `diesel migration generate` names them: the hyphens do not count in the version.
std::string dated(const std::string& version) {
  return fmt::format("{}-{}-{}-{}-0000", version.substr(0, 4), version.substr(4, 2), version.substr(6, 2), version.substr(8));
}

// libpq reports a message without any statement as an empty query, which Diesel takes for an error.
std::string text_of(const Script& script) { return script_text(script) + (script.statements.empty() ? "SELECT 1;\n" : ""); }

std::map<std::string, std::string> files(const Plan&, const std::vector<Migration>& migrations) {
  std::map<std::string, std::string> out;
  for (const Migration& migration : migrations) {
    const std::string folder = fmt::format("{}/{}_{}", phase_folder(migration.phase), dated(migration.version), migration.name);
    out[folder + "/up.sql"] = text_of(migration.forward);
    out[folder + "/down.sql"] = text_of(migration.back);
    // The setting is for both directions; a DO block is atomic without the runner's transaction too.
    if (!migration.forward.transaction || !migration.back.transaction) out[folder + "/metadata.toml"] = "run_in_transaction = false\n";
  }
  return out;
}

std::string how_to_run(const std::vector<Migration>& migrations) {
  return fmt::format(
      "```sh\ngit mv {}/* migrations/\ndiesel migration run\n```\n\n"
      "Diesel sends a file as one message, so each holds one statement; `metadata.toml` says which run outside a transaction (Diesel 2.0 and later). Every pending version runs, also one that is "
      "lower than the newest. A migration that fails is not recorded: `diesel migration run` runs it again. Only after an interrupted `CONCURRENTLY` build, run first what the comment in its "
      "file says. `diesel print-schema` shows columns that are on their way in or out between the phases.\n",
      phase_folder(migrations.front().phase));
}

std::string way_back(const std::vector<Migration>& migrations) {
  return fmt::format("```sh\ndiesel migration revert -n N   # N: folders of the phases that ran; all phases: {}\n```\n", migrations.size());
}

}  // namespace

const Layout kDiesel{"diesel", "Diesel", true, files, how_to_run, way_back};

}  // namespace contraflow::plan
