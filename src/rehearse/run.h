// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "pg/connection.h"
#include "rehearse/evidence.h"
#include "rehearse/migration.h"

namespace contraflow::rehearse {

// Why a run stopped: the statement and the server's words.
struct Failure {
  Error error{ErrorCode::refused, ""};
  std::string sqlstate;
  Place place;
  bool timed_out = false;     // the budget was used up
  bool session_lost = false;  // the migration ended its own session
  std::string message() const;
};

struct RunResult {
  std::optional<Failure> failure;
  std::vector<Observation> observations;  // of observed runs
  bool one_transaction = false;           // how it ran in the end
  std::size_t done = 0;                   // statements that ran
};

struct RunRequest {
  std::string conninfo;
  bool observe = false;
  // Run only this many statements; outside of a transaction they stay, in the file's one transaction the
  // session is ended before COMMIT.
  std::optional<std::size_t> stop_after;
  std::chrono::milliseconds budget{120'000};
  std::string admin;  // superuser connection string, for ending a run that does not end; empty: only its own
                      // cancel request
  // Around a statement that only a superuser may run (CREATE EXTENSION, …); empty: the session has all rights
  // that there are.
  std::function<void(bool superuser)> elevate;
  // After each statement that has been committed by itself.
  std::function<void(std::size_t done)> between;
  std::function<void(const std::string&)> progress;
};

// Runs one direction of a hand-written migration as its runner would: in one transaction where the file
// allows that (with PostgreSQL's own exceptions: what refuses a transaction makes the whole file run
// statement by statement), else statement by statement. A failing statement is a result; a lost server is
// Error{environment}.
RunResult run_migration(const Script& script, const RunRequest& request);

// Statements that no sandbox runs: COPY … PROGRAM (unless `programs`), CREATE/DROP DATABASE, ALTER SYSTEM, psql's commands that leave the
// database. Each as a sentence with its place; empty: all may run.
std::vector<std::pair<std::string, Place>> forbidden_in(const Script& script, bool programs = false);

Place place_of(const catalog::ScriptItem& item);
std::string title_of(std::string_view statement);  // its first words, on one line

}  // namespace contraflow::rehearse
