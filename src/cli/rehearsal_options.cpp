// SPDX-License-Identifier: Apache-2.0
#include "cli/rehearsal.h"

namespace contraflow::cli {

void add_rehearsal_options(CLI::App& app, RehearsalOptions& options) {
  app.add_option("subject", options.subject,
                 "plan folder, or the file (or folder) of one migration; - for standard input")
      ->required()
      ->type_name("PLAN|FILE");
  app.add_flag("--no-record", options.no_record, "do not note the outcome in the plan folder (evidence.json)");
  app.add_option("--schema", options.schema,
                 "schema before the migration: connection string, SQL file, migrations folder, git:REV:PATH "
                 "(default: the migrations before it in its folder)")
      ->type_name("SOURCE");
  app.add_option("--clone", options.clone,
                 "rehearse on schema and rows of this database, which are copied (a branch, a thin clone, a "
                 "restored backup)")
      ->type_name("URL");
  app.add_flag("--clone-is-not-production", options.clone_is_safe,
               "copy the clone although it looks like a primary that serves traffic");
  app.add_option("--to", options.desired,
                 "plans: the desired schema, to compare with (default: the plan's fingerprint)")
      ->type_name("SOURCE");
  app.add_option("--stall-budget", options.stall_budget,
                 "longest wait or blocking lock that is accepted, in milliseconds")
      ->type_name("MS")
      ->default_str("250");
  app.add_option("--rollback", options.rollback,
                 "file that goes back (default: found beside the migration, or in it)")
      ->type_name("FILE");
  app.add_option("--rows", options.rows, "made-up rows of a table: users=1e6; repeatable")
      ->type_name("TABLE=NUMBER");
  app.add_option("--rows-per-table", options.rows_per_table, "made-up rows of every other empty table")
      ->type_name("NUMBER")
      ->default_str("5");
  app.add_flag("--no-rows", options.no_rows, "make up no rows");
  app.add_flag("--no-samples", options.no_samples,
               "of rows that are in the way say how many, and show no value of any, not in errors and notices of the server either");
  app.add_option("--statistics", options.statistics,
                 "what contraflow snapshot wrote: rows are made up to match, durations scaled to production")
      ->type_name("FILE");
  app.add_option("--scale", options.scale, "share of production's rows to make up, with --statistics")
      ->type_name("NUMBER")
      ->default_str("0.01");
  app.add_option("--queries", options.queries,
                 "the deployed version's queries: SQL file, folder, export of pg_stat_statements (.json, "
                 ".csv), connection string; repeatable")
      ->type_name("SOURCE");
  app.add_option("--next-queries", options.next_queries, "the next version's queries, likewise")
      ->type_name("SOURCE");
  app.add_option("--code", options.code, "the application's source code: its queries are found and tried")
      ->type_name("DIR");
  app.add_option("--deployed-revision", options.deployed_revision,
                 "git revision of the code that is deployed; the working tree is the next version then")
      ->type_name("REV");
  app.add_flag("--traffic", options.traffic,
               "run it beside traffic: the queries (or ordinary ones on the tables that it locks), a long "
               "reader, a constant writer");
  app.add_flag(
      "--compare-naive", options.compare_naive,
      "plans, with --traffic: the same statements without short lock timeouts and batches, to compare");
  app.add_option("--connections", options.connections, "connections of the traffic")
      ->type_name("NUMBER")
      ->default_str("4")
      ->check(CLI::Range(1, 64));
  app.add_option("--rate", options.rate, "queries a second of the traffic")
      ->type_name("NUMBER")
      ->default_str("200")
      ->check(CLI::Range(0.1, 100000.0));
  app.add_option("--reader-holds", options.reader_holds, "how long each transaction of the long reader lasts")
      ->type_name("DURATION")
      ->default_str("1500ms");
  app.add_option("--budget", options.budget,
                 "longest time for one run of the migration; then it is cancelled")
      ->type_name("DURATION")
      ->default_str("120s");
  app.add_flag("--superuser", options.superuser,
               "run the migration as superuser of the sandbox (default: as an ordinary owner, lifted for "
               "statements that need it)");
  app.add_flag("--allow-programs", options.allow_programs,
               "let COPY … PROGRAM start programs of this machine (default: refused, and the sandbox's server can start none)");
  app.add_option("--server", options.server, "PostgreSQL major of the sandbox")->type_name("MAJOR");
  app.add_option("--pg-bindir", options.bindirs, "folder with initdb and postgres for the sandbox")
      ->type_name("DIR");
  app.add_option("--sandbox-url", options.sandbox_url, "use databases on this server instead of a sandbox")
      ->type_name("URL");
}

}  // namespace contraflow::cli
