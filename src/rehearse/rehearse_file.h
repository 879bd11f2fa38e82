// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "rehearse/arena.h"
#include "rehearse/evidence.h"
#include "rehearse/migration.h"

namespace contraflow::rehearse {

struct FileOptions {
  std::chrono::milliseconds budget{120'000};  // of one run of the migration
  std::size_t most_prefixes =
      40;  // interruptions that are tried; evenly spread where there are more statements
  bool data_proofs = true;
  bool programs = false;  // COPY … PROGRAM may start programs
  bool samples = true;    // keys of rows that are in the way may be shown
};

// The schema before the migration, with and without rows; the same where nothing could be put in.
struct Bases {
  std::string empty;
  std::string filled;
  bool has_rows() const { return filled != empty; }
};

// Runs a hand-written migration on copies of the bases under observation, and proves or refutes what is
// claimed of it. Adds to `rehearsal`.
void rehearse_file(Arena& arena, const Bases& bases, const Migration& migration, const FileOptions& options,
                   Rehearsal& rehearsal, const std::function<void(const std::string&)>& progress = {});

}  // namespace contraflow::rehearse
