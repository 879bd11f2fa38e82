// SPDX-License-Identifier: Apache-2.0
#include "cli/fix_proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "apply/executor.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "catalog/source_files.h"
#include "catalog/source_run.h"
#include "effects/effect.h"
#include "lint/check.h"
#include "lint/gather.h"
#include "pg/connection.h"
#include "plan/write_sql.h"
#include "rehearse/checksum.h"
#include "rehearse/plan_observer.h"
#include "rehearse/rows.h"
#include "rehearse/state.h"

namespace contraflow::cli {
namespace {

using rehearse::Proof;
using rehearse::Verdict;

std::string as(const std::string& conninfo, const std::string& user) { return user.empty() ? conninfo : pg::Sandbox::as_user(conninfo, user); }

// Work in proportion to a table while writers wait: SHARE and stronger conflict with ROW EXCLUSIVE (documentation 13.3.1).
bool blocks(const rehearse::Observation& seen) {
  const auto held = [&](const sql::QualifiedName& relation) {
    return std::any_of(seen.locks.begin(), seen.locks.end(), [&](const rehearse::HeldLock& lock) { return lock.relation == relation && lock.mode >= effects::LockMode::share; });
  };
  const auto any_held = [&] { return std::any_of(seen.locks.begin(), seen.locks.end(), [](const rehearse::HeldLock& lock) { return lock.mode >= effects::LockMode::share; }); };
  if (std::any_of(seen.rewritten.begin(), seen.rewritten.end(), held)) return true;
  if (std::any_of(seen.scans.begin(), seen.scans.end(), [&](const rehearse::Scan& scan) { return held(scan.relation); })) return true;
  return (!seen.built.empty() || !seen.indexes_rebuilt.empty()) && any_held();
}

long long count_blocking(const std::vector<rehearse::Observation>& seen) { return std::count_if(seen.begin(), seen.end(), blocks); }

class Prover {
 public:
  Prover(const FixArena& arena, const FixSubject& subject, const std::function<void(const std::string&)>& progress)
      : arena_(arena), subject_(subject), progress_(progress), judge_(arena.sandbox.major()), hash_(sha256(subject.plan_json)) {
    settings_.idle_limit = std::chrono::seconds(60);
    settings_.throttle.commit_latency_factor = 0;  // nobody else works here
    reordered_.insert(subject.plan.column_order.begin(), subject.plan.column_order.end());
    reordered_back_ = reordered_;
    for (const auto& [now, then] : subject.renamed_tables) {
      if (reordered_.contains(now)) reordered_back_.insert(then);
    }
  }

  std::vector<Proof> run() {
    schema_and_way_back();
    rows();
    check();
    return std::move(out_);
  }

 private:
  Proof& add(std::string id, std::string claim) {
    out_.push_back({.id = std::move(id), .claim = std::move(claim)});
    return out_.back();
  }
  std::string copy(const std::string& base) { return arena_.sandbox.create_database("fix", base); }

  static void blame(Proof& proof, const std::string& when, const Error& error) {
    proof.verdict = Verdict::refuted;
    proof.reason = when + error.message();
    if (!error.hint().empty()) proof.details.push_back(error.hint());
  }

  void run_plan(apply::Executor& executor) {
    for (std::size_t i = 0; i < subject_.plan.steps.size(); ++i) executor.forward(i);
  }

  void schema_and_way_back() {
    progress_("proving that the plan ends in the same schema");
    const rehearse::SchemaState before = judge_.state(arena_.before);
    const rehearse::SchemaState after = judge_.state(arena_.after);
    const std::string database = copy(arena_.before);
    Proof schema{.id = "schema", .claim = "the plan ends in the schema that the migration means"};
    Proof back{.id = "rollback", .claim = "its way back restores the schema before"};
    rehearse::PlanObserver observer(database);
    try {
      apply::Executor executor(subject_.plan, hash_, as(database, arena_.user), settings_, observer);
      run_plan(executor);
      judge(schema, after, judge_.state(database), reordered_);
      try {
        executor.undo_from(subject_.plan.steps.size());
        judge(back, before, judge_.state(database), subject_.plan.grade == plan::Grade::exact ? std::set<std::string>{} : reordered_back_);
      } catch (const Error& error) {
        blame(back, "", error);
      }
    } catch (const Error& error) {
      blame(schema, "", error);
    }
    out_.push_back(std::move(schema));
    if (back.verdict != Verdict::unknown) out_.push_back(std::move(back));
  }

  void judge(Proof& proof, const rehearse::SchemaState& want, const rehearse::SchemaState& got, const std::set<std::string>& reordered) {
    const rehearse::Comparison comparison = rehearse::compare(want, got, reordered);
    proof.verdict = comparison.likeness == rehearse::Likeness::exact ? Verdict::proven : Verdict::refuted;
    proof.reason = judge_.dumps() ? "compared by pg_dump --schema-only and the catalog functions" : "compared by the catalog functions";
    proof.details = comparison.differences;
  }

  // Rows that both give the same values; what a sequence numbers, or a volatile expression makes up, is another each time.
  rehearse::Shape comparable(pg::Connection& connection) {
    rehearse::Shape shape = rehearse::shape_of(connection);
    const pg::Result numbered = connection.query(
        "SELECT n.nspname, c.relname, a.attname FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
        "WHERE a.attnum > 0 AND NOT a.attisdropped AND (a.attidentity <> '' OR pg_catalog.pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%')");
    for (int row = 0; row < numbered.rows(); ++row) {
      const sql::QualifiedName table{numbered.string(row, 0), numbered.string(row, 1)};
      if (arena_.schema.find(catalog::ObjectId{catalog::Kind::column, table.schema, table.name, numbered.string(row, 2), ""})) continue;  // its values were there before
      if (const auto it = shape.find(table); it != shape.end()) std::erase(it->second, numbered.string(row, 2));
    }
    return shape;
  }

  void rows() {
    progress_("comparing rows");
    const std::string filled = copy(arena_.before);
    long long made = 0;
    {
      pg::Connection connection(filled, "contraflow fix");
      rehearse::DataUsed used;
      rehearse::make_rows(connection, arena_.schema, {.others = 7}, used);
      for (const rehearse::TableData& table : rehearse::tables_with_rows(connection, nullptr)) made += table.rows;
    }
    const std::string database = copy(filled);
    const ScriptRun original = run_on_copy(arena_.sandbox, filled, arena_.user, subject_.script, true);
    rehearse::PlanObserver observer(database);
    std::optional<Error> stopped;
    try {
      apply::Executor executor(subject_.plan, hash_, as(database, arena_.user), settings_, observer);
      run_plan(executor);
    } catch (const Error& error) {
      stopped = error;
    }
    Proof& rows = add("rows", "rows end with the same values");
    rows.decisive = false;
    if (made == 0) {
      rows.reason = "there were no rows to compare";
    } else if (original.failure) {
      rows.reason = "the migration does not run on the rows that were made up: " + original.failure->message();
    } else if (!subject_.compare_rows) {
      rows.reason = "statements that change rows are left to you";
    } else if (stopped) {
      rows.decisive = true;
      blame(rows, "the plan stops on rows on which the migration runs: ", *stopped);
    } else {
      compare_rows(rows, filled, original.conninfo, database, made);
    }
    locks(original, observer.forward, original.failure || stopped);
  }

  void compare_rows(Proof& rows, const std::string& filled, const std::string& want_in, const std::string& got_in, long long made) {
    pg::Connection want(want_in, "contraflow judge");
    pg::Connection got(got_in, "contraflow judge");
    const rehearse::Shape shape = comparable(want);
    const rehearse::Checksums wanted = rehearse::checksums(want, shape);
    rows.details = rehearse::differences(wanted, rehearse::checksums(got, shape));
    rows.verdict = Verdict::proven;
    rows.reason = fmt::format("{} in every table, compared by checksum after both", count_of(made, "made-up row"));
    if (rows.details.empty()) return;
    const ScriptRun again = run_on_copy(arena_.sandbox, filled, arena_.user, subject_.script);
    pg::Connection other(again.conninfo, "contraflow judge");
    if (!rehearse::differences(wanted, rehearse::checksums(other, shape)).empty()) {
      rows.verdict = Verdict::unknown;
      rows.reason = "the migration itself gives the rows other values each time it runs";
      return;
    }
    rows.verdict = Verdict::refuted;
    rows.reason = "rows are not what the migration makes of them";
    rows.decisive = true;
  }

  void locks(const ScriptRun& original, const std::vector<rehearse::Observation>& plan, bool partly) {
    Proof& proof = add("locks", "it does no more work under locks that block writers");
    const long long then = count_blocking(original.observations), now = count_blocking(plan);
    proof.reason = fmt::format("observed: {} of the migration worked on a whole table while writers waited, {} of the plan",
                               count_of(then, "statement"), count_of(now, "step"));
    if (partly) {
      proof.decisive = false;
      return;
    }
    proof.verdict = now <= then ? Verdict::proven : Verdict::refuted;
    proof.decisive = !subject_.blocking_allowed;
  }

  void check() {
    const TemporaryFolder folder("contraflow-fix");
    write_file(folder.path() / "plan.json", subject_.plan_json);
    for (const auto& [name, text] : plan::sql_files(subject_.plan)) write_file(folder.path() / name, text);
    lint::CheckOptions options;
    const int major = std::clamp(arena_.sandbox.major(), lint::kOldestMajor, lint::kNewestMajor);
    options.majors = {major, major};
    options.schema = &arena_.schema;
    options.threads = 1;
    for (const auto& [name, size] : arena_.schema.sizes) options.stats[name] = {size.rows, size.bytes};
    options.have_stats = !arena_.schema.sizes.empty();
    const lint::Report report = lint::check(lint::gather_folder(*catalog::disk_files(), folder.path().string()).inputs, options);
    Proof& proof = add("check", "contraflow check finds no error in the files that lead there");
    // What a way back costs is the plan's own business: it says so, and guards it by the table's size (undoing ADD VALUE of an enum rewrites).
    long long back = 0;
    for (const lint::Finding& finding : report.findings) {
      if (finding.severity != lint::Severity::error) continue;
      const std::string file = std::filesystem::path(finding.file).filename().string();
      if (file.ends_with(".rollback.sql")) ++back;
      else proof.details.push_back(fmt::format("{}:{}: [{}] {}", file, finding.line, finding.rule->name, finding.message));
    }
    proof.verdict = proof.details.empty() ? Verdict::proven : Verdict::refuted;
    proof.reason = count_of(static_cast<long long>(report.statements), "statement") + " read";
    if (back > 0) proof.reason += fmt::format("; {} in the way back, which contraflow check names", count_of(back, "error"));
    proof.decisive = !subject_.blocking_allowed;
  }

  const FixArena& arena_;
  const FixSubject& subject_;
  std::function<void(const std::string&)> progress_;
  rehearse::Judge judge_;
  std::string hash_;
  apply::Options settings_;
  std::set<std::string> reordered_, reordered_back_;
  std::vector<Proof> out_;
};

}  // namespace

ScriptRun run_on_copy(pg::Sandbox& sandbox, const std::string& base, const std::string& user, const rehearse::Script& script, bool observe,
                      const std::function<void(const Error&)>& made) {
  for (int attempt = 0;; ++attempt) {
    ScriptRun out;
    out.conninfo = sandbox.create_database("fixed", base);
    rehearse::RunRequest request;
    request.conninfo = as(out.conninfo, user);
    request.admin = out.conninfo;
    request.observe = observe;
    rehearse::RunResult result = rehearse::run_migration(script, request);
    out.failure = std::move(result.failure);
    out.observations = std::move(result.observations);
    if (!out.failure || !made || attempt > 50) return out;
    {
      pg::Connection control(out.conninfo, "contraflow fix");
      if (!catalog::supply_missing(control, out.failure->error)) return out;
      made(out.failure->error);
    }
    sandbox.drop_database(out.conninfo);
  }
}

std::vector<Proof> prove_fix(const FixArena& arena, const FixSubject& subject, const std::function<void(const std::string&)>& progress) {
  return Prover(arena, subject, progress).run();
}

}  // namespace contraflow::cli
