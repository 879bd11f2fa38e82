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

// Which locks a step takes, and how long its action holds them, in words.
std::string locks_text(const Step& step);
std::string duration_text(const Action& action);

// What a reviewer reads: phases, gates, each statement with its lock and how long it is held.
std::string overview(const Plan& plan, bool color);

// The same for a terminal of this width, to be read in a minute: what comes in which phase first, a step's lock beside its title, statements cut at the edge.
std::string terminal_overview(const Plan& plan, int width, bool color);

}  // namespace contraflow::plan
