// SPDX-License-Identifier: Apache-2.0
//
// A hand-written migration on copies of a database, one proof after the other: forward (rehearse_file.cpp), back (file_rollback.cpp), a second time and
// after interruptions (file_again.cpp).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rehearse/rehearse_file.h"
#include "rehearse/run.h"
#include "rehearse/state.h"

namespace contraflow::rehearse {

class FileRehearsal {
 public:
  FileRehearsal(Arena& arena, const Bases& bases, const Migration& migration, const FileOptions& options,
                Rehearsal& out, const std::function<void(const std::string&)>& progress)
      : arena_(arena),
        bases_(bases),
        migration_(migration),
        options_(options),
        out_(out),
        progress_(progress),
        judge_(arena.major(), arena.bindirs()) {}
  void run();

 private:
  RunResult go(const Script& script, const Arena::Trial& trial, bool observe = false,
               std::optional<std::size_t> stop_after = {});
  void say(const std::string& what);
  Proof& add(std::string id, std::string claim);
  static void blame(Proof& proof, const Failure& failure, const std::string& when,
                    Verdict verdict = Verdict::refuted);
  // `SET lock_timeout = 0` is none.
  static bool sets_lock_timeout(const catalog::ScriptItem& item);
  // What the server said at each statement, where it was asked.
  void settle_lock_timeout();
  // Rights that the sandbox's role does not have, and a full disk or other resources that this machine lacks (class 53), say nothing
  // about the migration.
  static bool lacks_resources(const Failure& failure) { return failure.sqlstate.starts_with("53"); }
  static bool lacks_rights(const Failure& failure);
  static bool about_data(const Failure& failure);
  // A row that refers to one that is not there, a query that should find one: without any rows that says nothing.
  static bool looks_for_rows(const Failure& failure);
  bool safe();
  // What the throwaway server lacks (roles) is made, and the run begins again on a fresh copy.
  RunResult go_supplied(const std::string& base, std::optional<Arena::Trial>& trial, bool observe);
  bool forward();
  void forward_on_rows();
  // ADD COLUMN … NOT NULL without a default fails on every row that there may be, SET NOT NULL on those that hold NULL.
  bool fails_without_nulls(const Failure& failure);
  // Why the rows refuse it: what the schema that it leads to, without rows, asks of those that are there.
  void rows_in_the_way(const std::string& base, Verdict verdict);
  void observe_empty();
  std::string rows_said() const;
  std::string judged() const;

  // file_rollback.cpp
  void rollback_schema();
  void again(bool restored);
  void rollback_data();
  void prefixes();

  // file_again.cpp
  // A second run must change nothing or stop before it changes anything; only the first is what `twice` asks
  // for.
  void twice();
  void twice_in(const char* id, const char* claim, const Script& script, const Arena::Trial& trial,
                const SchemaState& want);
  std::vector<std::size_t> cuts(std::size_t statements) const;
  // Whether a transaction of the file's own is open after k statements: an interruption there loses it.
  static std::string at(const Script& script, std::size_t k);
  void interrupted();
  // A statement that commits as it goes can end in its middle: here an old transaction keeps it waiting, as in production, until it is cancelled.
  void cancelled_concurrently();
  // False where the statement was over before it could be cancelled.
  bool cancelled_at(std::size_t i, const Arena::Trial& trial);

  Arena& arena_;
  Bases bases_;
  const Migration& migration_;
  const FileOptions& options_;
  Rehearsal& out_;
  const std::function<void(const std::string&)>& progress_;
  Judge judge_;
  SchemaState before_, after_;
  std::optional<Arena::Trial> forward_trial_;
  bool one_transaction_ = false;
  bool changes_ = false;
  bool rows_work_ = false;
};

}  // namespace contraflow::rehearse
