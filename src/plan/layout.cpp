// SPDX-License-Identifier: Apache-2.0
#include "plan/layout.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "plan/layout_script.h"
#include "plan/layouts/layouts.h"
#include "plan/write_notes.h"
#include "plan/write_sql.h"

namespace contraflow::plan {
namespace {

constexpr std::array kLayouts{&kPrisma, &kFlyway, &kGolangMigrate, &kGoose, &kDbmate, &kDiesel, &kSqitch, &kRails, &kNodePgMigrate};

// A file name part: lower-case ASCII letters, digits and single underscores, at most `limit` bytes.
std::string slug(std::string_view text, std::size_t limit) {
  std::string out;
  for (const char c : text) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      out += upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!out.empty() && out.back() != '_') {
      out += '_';
    }
    if (out.size() >= limit) break;
  }
  while (!out.empty() && out.back() == '_') out.pop_back();
  return out;
}

std::string version_at(std::chrono::sys_seconds time) {
  return fmt::format("{:%Y%m%d%H%M%S}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

}  // namespace

const Layout* find_layout(std::string_view name) {
  const auto found = std::find_if(kLayouts.begin(), kLayouts.end(), [&](const Layout* layout) { return layout->name == name; });
  return found == kLayouts.end() ? nullptr : *found;
}

std::vector<std::string> layout_names() {
  std::vector<std::string> out{"psql"};
  for (const Layout* layout : kLayouts) out.emplace_back(layout->name);
  return out;
}

std::string script_text(const Script& script) {
  std::string out;
  for (const std::string& line : split_lines(script.comment)) out += "-- " + line + "\n";
  if (script.statements.empty()) return out + "-- Nothing to run in this direction.\n";
  for (const std::string& statement : script.statements) out += statement + ";\n";
  return out;
}

std::vector<Migration> migrations_of(const Plan& plan, const Layout& layout, std::chrono::sys_seconds now) {
  std::vector<Migration> out;
  std::set<std::string> names;
  const std::string named = slug(plan.name, 40);
  for (const Phase phase : kPhases) {
    for (const Step* step : plan.in_phase(phase)) {
      std::vector<Script> forward = step_scripts(*step, false, layout.one_statement);
      std::vector<Script> back = step_scripts(*step, true, layout.one_statement);
      const std::size_t count = std::max(forward.size(), back.size());
      // Both directions meet at the last migration of the step: stopped anywhere inside it, the way back runs only what undoes more than
      // was done, and an undo of what was not done changes nothing.
      for (std::size_t i = 0; i < count; ++i) {
        Migration migration;
        migration.phase = phase;
        migration.version = version_at(now + std::chrono::seconds(out.size()));
        migration.plan = named.empty() ? "plan" : named;
        migration.name = fmt::format("{}_{}_{}", migration.plan, phase_name(phase), slug(step->title, 80));
        const bool checks = i + forward.size() >= count && forward.size() > 1 && forward[i + forward.size() - count].transaction;
        if (checks) migration.name += "_check";
        else if (count > 1) migration.name += fmt::format("_{}", i + 1);
        // Two steps may differ in what a file name cannot show; Rails finds a class by it.
        for (int other = 2; !names.insert(migration.name).second; ++other) migration.name = fmt::format("{}_{}", migration.name, other);
        const Script nothing{fmt::format("contraflow: step {}\n{}", sql::quote_identifier(step->id), replace_all(step->title, "\n", " ")), {}, true};
        migration.forward = i + forward.size() >= count ? std::move(forward[i + forward.size() - count]) : nothing;
        migration.back = count - 1 - i < back.size() ? std::move(back[count - 1 - i]) : nothing;
        out.push_back(std::move(migration));
      }
    }
  }
  return out;
}

LayoutFiles layout_files(const Plan& plan, const Layout& layout, std::chrono::sys_seconds now) {
  const std::vector<Migration> migrations = migrations_of(plan, layout, now);
  LayoutFiles out;
  out.sql = layout.files(plan, migrations);
  NotesLayout notes;
  notes.how_to_run = fmt::format(
      "The steps are laid out for {}, each phase in a folder of its own that the runner does not look into: move the files of one phase into "
      "the runner's folder when its gate holds, and run the migrations as always. ",
      layout.runner);
  if (!layout.psql) {
    notes.how_to_run +=
        "The versions are those of the time of planning. Where other migrations were released in between, give the phases that are left new versions with "
        "`contraflow plan --from-plan THIS_FOLDER --layout " +
        std::string(layout.name) +
        " --phase contract --out NEW_FOLDER`.\n\n"
        "Every step is a single `DO` block: it asks for its locks for about 60 ms at a time and lets the traffic pass in between, does nothing where it is done already, and "
        "leaves the session's settings as they were. `CONCURRENTLY` statements and backfills run outside a transaction. Roles or databases with a `statement_timeout` "
        "need `0` for the migrating role: it would end backfills and index builds.\n\n";
  }
  notes.how_to_run += layout.how_to_run(migrations);
  notes.way_back = layout.way_back(migrations);
  out.notes = notes_markdown(plan, &notes);
  return out;
}

}  // namespace contraflow::plan
