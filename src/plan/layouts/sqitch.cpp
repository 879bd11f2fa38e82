// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "plan/layouts/layouts.h"
#include "plan/write_sql.h"

namespace contraflow::plan {
namespace {

// Sqitch runs its scripts with psql, each for itself and in no transaction: a change is a phase, and its scripts are the plan's own files.
std::string change_of(const Migration& migration) { return migration.plan + "_" + phase_folder(migration.phase); }

std::map<std::string, std::string> files(const Plan& plan, const std::vector<Migration>& migrations) {
  std::map<std::string, std::string> out;
  for (const Migration& migration : migrations) {
    const std::string folder = phase_folder(migration.phase), file = change_of(migration) + ".sql";
    if (out.contains(folder + "/deploy/" + file)) continue;
    out[folder + "/deploy/" + file] = phase_sql(plan, migration.phase, false);
    out[folder + "/revert/" + file] = phase_sql(plan, migration.phase, true);
  }
  return out;
}

// The first migration of each phase.
std::vector<const Migration*> changes_of(const std::vector<Migration>& migrations) {
  std::vector<const Migration*> out;
  for (const Migration& migration : migrations) {
    if (out.empty() || out.back()->phase != migration.phase) out.push_back(&migration);
  }
  return out;
}

std::string how_to_run(const std::vector<Migration>& migrations) {
  std::string out = "Each phase is one change, whose scripts are the plan's own psql files:\n\n```sh\n";
  for (const Migration* first : changes_of(migrations)) {
    out += fmt::format("{0}git mv {1}/deploy/* deploy/ && git mv {1}/revert/* revert/\nsqitch add {2} --without verify -n '{3}'   # keeps scripts that are there\nsqitch deploy\n",
                       first == &migrations.front() ? "" : "# when its gate holds\n", phase_folder(first->phase), change_of(*first), phase_name(first->phase));
  }
  return out +
         "```\n\nA change that fails is not recorded, but what it has done stays: `sqitch deploy` again goes on where it stopped. Where a deploy of several changes is to stay as far as it "
         "came, give `--mode change`: otherwise Sqitch reverts the earlier ones too. Change names are unique in a project: give each plan a `--name` of its own.\n";
}

std::string way_back(const std::vector<Migration>& migrations) {
  std::string out = "```sh\n";
  const auto changes = changes_of(migrations);
  for (auto it = changes.rbegin(); it != changes.rend(); ++it) {
    out += fmt::format("sqitch revert --to {}^   # {}\n", change_of(**it), phase_name((*it)->phase));
  }
  return out + "```\n";
}

}  // namespace

const Layout kSqitch{"sqitch", "Sqitch", true, files, how_to_run, way_back, true};

}  // namespace contraflow::plan
