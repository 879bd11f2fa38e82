// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "plan/layouts/layouts.h"
#include "plan/write_sql.h"

namespace contraflow::plan {
namespace {

// add_tier_expand -> AddTierExpand, as ActiveSupport's camelize does it: Rails finds the class by the file's name.
std::string camelized(const std::string& name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool first = i == 0 || name[i - 1] == '_';
    if (name[i] == '_') continue;
    out += first && name[i] >= 'a' && name[i] <= 'z' ? static_cast<char>(name[i] - 'a' + 'A') : name[i];
  }
  return out;
}

// A heredoc in single quotes takes its lines as they are, up to one that is the tag alone.
std::string heredoc_tag(const std::string& text) {
  std::string tag = "SQL";
  const std::vector<std::string> lines = split_lines(text);
  while (std::find(lines.begin(), lines.end(), tag) != lines.end()) tag += "_";
  return tag;
}

std::string method(const char* name, const Script& script) {
  std::string out = fmt::format("  def {}\n", name);
  for (const std::string& line : split_lines(script.comment)) out += "    # " + line + "\n";
  if (script.statements.empty()) out += "    # Nothing to run in this direction.\n";
  for (const std::string& statement : script.statements) {
    const std::string tag = heredoc_tag(statement);
    out += fmt::format("    execute <<'{0}'\n{1}\n{0}\n", tag, statement);
  }
  return out + "  end\n";
}

std::map<std::string, std::string> files(const Plan&, const std::vector<Migration>& migrations) {
  std::map<std::string, std::string> out;
  for (const Migration& migration : migrations) {
    const bool transaction = migration.forward.transaction && migration.back.transaction;
    // A class does not begin with a digit.
    const std::string name = (migration.name.front() >= '0' && migration.name.front() <= '9' ? "plan_" : "") + migration.name;
    out[fmt::format("{}/{}_{}.rb", phase_folder(migration.phase), migration.version, name)] =
        fmt::format("# frozen_string_literal: true\n\nclass {} < ActiveRecord::Migration[6.1]\n{}{}\n{}end\n", camelized(name),
                    transaction ? "" : "  disable_ddl_transaction!\n\n", method("up", migration.forward), method("down", migration.back));
  }
  return out;
}

std::string how_to_run(const std::vector<Migration>& migrations) {
  return fmt::format(
      "```sh\ngit mv {}/* db/migrate/\nbin/rails db:migrate\n```\n\n"
      "Rails runs every pending version, also one that is lower than the newest. A migration that fails is not recorded: `db:migrate` runs it again. Class names are unique in a project: give each "
      "plan a `--name` of its own. What `db/schema.rb` cannot hold (triggers, views, domains) needs `config.active_record.schema_format = :sql`. Columns that are on their way out belong into the "
      "model's `ignored_columns` in the deploy before contract, because Rails caches the column list.\n",
      phase_folder(migrations.front().phase));
}

std::string way_back(const std::vector<Migration>& migrations) {
  return fmt::format("```sh\nbin/rails db:rollback STEP=N   # N: files of the phases that ran; all phases: {}\n```\n", migrations.size());
}

}  // namespace

// Each statement is sent by itself, all on one connection.
const Layout kRails{"rails", "Rails", false, files, how_to_run, way_back};

}  // namespace contraflow::plan
