// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "plan/layouts/layouts.h"
#include "plan/write_sql.h"

namespace contraflow::plan {
namespace {

void add(std::map<std::string, std::string>& out, const std::string& path, const Script& script) {
  const std::string text = script_text(script);
  std::string settings;
  if (!script.transaction) settings += "executeInTransaction=false\n";
  // Flyway would put a value of its own in the place of ${…}.
  if (text.find("${") != std::string::npos) settings += "placeholderReplacement=false\n";
  out[path] = text;
  if (!settings.empty()) out[path + ".conf"] = settings;
}

std::map<std::string, std::string> files(const Plan&, const std::vector<Migration>& migrations) {
  std::map<std::string, std::string> out;
  for (const Migration& migration : migrations) {
    const std::string stem = fmt::format("{}__{}.sql", migration.version, migration.name);
    add(out, fmt::format("{}/V{}", phase_folder(migration.phase), stem), migration.forward);
    add(out, fmt::format("{}/U{}", phase_folder(migration.phase), stem), migration.back);
  }
  return out;
}

std::string how_to_run(const std::vector<Migration>& migrations) {
  return fmt::format(
      "```sh\ngit mv {}/* db/migration/\nflyway -postgresql.transactional.lock=false migrate\n```\n\n"
      "- `postgresql.transactional.lock=false`: Flyway's own lock otherwise sits in an open transaction, for which `CREATE INDEX CONCURRENTLY` waits without end.\n"
      "- The `.conf` files beside the scripts say which run outside a transaction; move them along. `group` must be off.\n"
      "- Flyway looks into sub-folders: keep this folder outside its locations.\n"
      "- A version lower than the newest is refused without `outOfOrder`.\n"
      "- After a failure run `flyway repair` and `migrate` again: every file can run again.\n",
      phase_folder(migrations.front().phase));
}

std::string way_back(const std::vector<Migration>& migrations) {
  return fmt::format(
      "With Flyway Teams, `flyway undo -target=VERSION` runs the `U` files. Other editions pass over them: run those of the phases that ran with psql, the highest version "
      "first, and remove their rows:\n\n"
      "```sh\nfor f in $(ls -r {}/U*.sql); do psql -X -v ON_ERROR_STOP=1 -f \"$f\" || break; done\n"
      "psql -c \"DELETE FROM flyway_schema_history WHERE version BETWEEN '{}' AND '{}'\"\n```\n",
      phase_folder(migrations.back().phase), migrations.front().version, migrations.back().version);
}

}  // namespace

const Layout kFlyway{"flyway", "Flyway", false, files, how_to_run, way_back};

}  // namespace contraflow::plan
