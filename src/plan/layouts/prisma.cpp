// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "plan/layouts/layouts.h"
#include "plan/write_sql.h"

namespace contraflow::plan {
namespace {

std::string folder_name(const Migration& migration) { return migration.version + "_" + migration.name; }

std::map<std::string, std::string> files(const Plan&, const std::vector<Migration>& migrations) {
  std::map<std::string, std::string> out;
  for (const Migration& migration : migrations) {
    const std::string folder = phase_folder(migration.phase) + "/" + folder_name(migration);
    out[folder + "/migration.sql"] = script_text(migration.forward);
    out[folder + "/down.sql"] = script_text(migration.back);
  }
  return out;
}

std::string how_to_run(const std::vector<Migration>& migrations) {
  std::string out = fmt::format(
      "```sh\ngit mv {}/* prisma/migrations/\nnpx prisma migrate deploy\n```\n\n"
      "Prisma sends a `migration.sql` as one message, so each holds one statement. A failed one stops all later ones: after a `CONCURRENTLY` build that was interrupted run what its comment "
      "says, then `npx prisma migrate resolve --rolled-back NAME` and `npx prisma migrate deploy`. Bring `schema.prisma` to the new shape in the deploy that the gate names.\n\n"
      "Where the phase was run by other means (psql, `contraflow apply`), tell Prisma so:\n",
      phase_folder(migrations.front().phase));
  for (const Phase phase : kPhases) {
    std::string commands;
    for (const Migration& migration : migrations) {
      if (migration.phase == phase) commands += fmt::format("npx prisma migrate resolve --applied {}\n", folder_name(migration));
    }
    if (!commands.empty()) out += fmt::format("\n```sh\n# {}\n{}```\n", phase_name(phase), commands);
  }
  return out;
}

std::string way_back(const std::vector<Migration>& migrations) {
  std::string out =
      "Prisma knows no way back for migrations that succeeded: run the `down.sql` of the phases that ran, the newest first, then remove their folders from `prisma/migrations` and "
      "their rows:\n\n```sh\n";
  for (auto it = migrations.rbegin(); it != migrations.rend(); ++it) {
    if (!it->back.statements.empty()) out += fmt::format("npx prisma db execute --file prisma/migrations/{}/down.sql   # {}\n", folder_name(*it), phase_name(it->phase));
  }
  out += fmt::format("echo \"DELETE FROM _prisma_migrations WHERE migration_name BETWEEN '{}' AND '{}'\" | npx prisma db execute --stdin\n```\n", folder_name(migrations.front()),
                     folder_name(migrations.back()));
  return out;
}

}  // namespace

const Layout kPrisma{"prisma", "Prisma Migrate", true, files, how_to_run, way_back};

}  // namespace contraflow::plan
