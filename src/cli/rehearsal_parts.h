// SPDX-License-Identifier: Apache-2.0
//
// The parts of a rehearsal on the command line: what it runs on, and what of the application runs beside it.
#pragma once

#include <set>
#include <string>

#include "catalog/model.h"
#include "cli/rehearsal.h"
#include "rehearse/application.h"
#include "rehearse/arena.h"
#include "rehearse/rehearse_file.h"

namespace contraflow::cli {

// "90s", "2min", "500ms", or seconds. Error{usage} where it is none.
std::chrono::milliseconds duration(const std::string& option, const std::string& text);

rehearse::ArenaOptions arena_options(Context& context, const RehearsalOptions& options);

// The schema before a file: what --schema says, else what the migrations before it in its folder make.
std::string load_before(rehearse::Arena& arena, const RehearsalOptions& options, const std::string& file, std::string& said);

// Puts made-up rows into a copy of the empty base where they are wanted; `filled` are columns in which none is NULL.
void fill(rehearse::Arena& arena, const RehearsalOptions& options, rehearse::Bases& bases, const catalog::Database& database, rehearse::Rehearsal& out, Context& context,
          const std::set<catalog::ObjectId>& filled = {});

// What fails because the disk under the sandbox is full is reported as that: the server itself may have gone down with it.
void explain_full_disk(rehearse::Arena& arena, const Error& error);

// The queries that are tried, of files and of the code's two versions; the traffic.
rehearse::ApplicationOptions application_options(const RehearsalOptions& options, const catalog::Database& database, rehearse::Rehearsal& rehearsal);

}  // namespace contraflow::cli
