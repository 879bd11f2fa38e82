// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "catalog/source_files.h"
#include "catalog/source_script.h"

namespace contraflow::catalog {

// One file of a source, ready to run.
struct ScriptUnit {
  std::shared_ptr<const ScriptFile>
      file;           // name as in messages; the text holds the up part alone, at its own lines
  std::string path;   // as the Files know it
  bool whole = true;  // the text is the file as it is
  bool one_transaction = false;
};

struct Migrations {
  std::string layout;              // "flyway", "golang-migrate", … or "plain"
  std::vector<ScriptUnit> units;   // in the order in which they run
  std::vector<std::string> notes;  // files that are left out, and why
  std::vector<std::string>
      bookkeeping;  // tables in which the runner keeps its state, "table" or "schema.table"
};

// Reads a folder of migrations: recognises the layout from names and contents, takes the up parts in the
// runner's order. Throws Error{usage} where the folder has no SQL, naming the tool whose files it has
// instead.
Migrations read_migrations(const Files& files, const std::string& folder);

bool is_plan_folder(const Files& files, const std::string& folder);
// The forward files of a plan folder, preceded by the migrations that come before it in the folder that it is
// in.
Migrations read_plan_folder(const Files& files, const std::string& folder);

// The part of a migration that goes forward, with everything else blanked so that line numbers stay.
struct UpPart {
  std::string text;
  std::string layout;  // which markers it has; empty: none
  bool transaction = true;
};
UpPart up_part(const std::string& text);
// The part that goes back; empty where there is no marker of one.
UpPart down_part(const std::string& text);

}  // namespace contraflow::catalog
