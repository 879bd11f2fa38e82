// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "plan/plan.h"

namespace contraflow::plan {

// What NOTES.md says where another runner than psql runs the files: each phase is a folder of its own.
struct NotesLayout {
  std::string how_to_run;  // Markdown
  std::string way_back;
};

// NOTES.md: when each deploy happens, what to watch, how to go back. `layout` null: the plain psql files.
std::string notes_markdown(const Plan& plan, const NotesLayout* layout = nullptr);

// What a reviewer reads in a minute on a terminal: phases, gates, each statement with its lock and how long it is held.
std::string overview(const Plan& plan, bool color);

}  // namespace contraflow::plan
