// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.h"
#include "plan/layouts/layouts.h"
#include "plan/write_sql.h"

namespace contraflow::plan {
namespace {

// The text of a template literal: nothing in it is JavaScript's.
std::string escaped(const std::string& text) { return replace_all(replace_all(replace_all(text, "\\", "\\\\"), "`", "\\`"), "${", "\\${"); }

std::string function(const char* name, const Script& script) {
  std::string out = fmt::format("exports.{} = (pgm) => {{\n", name);
  // U+2028 and U+2029 end a line of JavaScript.
  for (const std::string& line : split_lines(replace_all(replace_all(script.comment, "\u2028", " "), "\u2029", " "))) out += "  // " + line + "\n";
  // Without it all pending migrations would share one transaction, and with it the locks of them all.
  out += "  pgm.noTransaction();\n";
  if (script.statements.empty()) out += "  // Nothing to run in this direction.\n";
  for (const std::string& statement : script.statements) out += "  pgm.sql(`" + escaped(statement) + "`);\n";
  return out + "};\n";
}

std::map<std::string, std::string> files(const Plan&, const std::vector<Migration>& migrations) {
  std::map<std::string, std::string> out;
  for (const Migration& migration : migrations) {
    // .cjs is CommonJS whatever the project's package.json says; 17 digits are its form of a UTC time, milliseconds included.
    out[fmt::format("{}/{}000_{}.cjs", phase_folder(migration.phase), migration.version, migration.name)] =
        function("up", migration.forward) + "\n" + function("down", migration.back);
  }
  return out;
}

std::string how_to_run(const std::vector<Migration>& migrations) {
  return fmt::format(
      "```sh\ngit mv {}/* migrations/\nnpx node-pg-migrate up\n```\n\n"
      "node-pg-migrate refuses a version that is lower than the newest applied one unless it is run with `--no-check-order`. Every migration leaves the runner's common transaction "
      "(`pgm.noTransaction()`): its warning about that is expected. A migration that fails is not recorded: `up` runs it again.\n",
      phase_folder(migrations.front().phase));
}

std::string way_back(const std::vector<Migration>& migrations) {
  return fmt::format("```sh\nnpx node-pg-migrate down N   # N: files of the phases that ran; all phases: {}\n```\n", migrations.size());
}

}  // namespace

// Each pgm.sql() is sent by itself, all on one connection.
const Layout kNodePgMigrate{"node-pg-migrate", "node-pg-migrate", false, files, how_to_run, way_back};

}  // namespace contraflow::plan
