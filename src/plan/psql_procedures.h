// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace contraflow::plan {

// The procedures that plan files define in pg_temp, gone with the session. Each is written once, only where the file calls it. The file's own search_path is empty; what calls functions of the
// user's (defaults, conversions, checks, triggers) runs under the one that the session came with, which the file keeps in contraflow.search_path: they may rely on it.

// Runs statements as one transaction, asking for each lock for about 60 ms at a time and letting the traffic pass in between. lock_timeout stays below
// deadlock_timeout, so in a deadlock it is always this side that gives up.
inline constexpr std::string_view kBriefProcedure = R"sql(CREATE OR REPLACE PROCEDURE pg_temp.brief(statements text, small_tables text[] DEFAULT '{}')
LANGUAGE plpgsql AS $procedure$
DECLARE
  give_up timestamptz := clock_timestamp() + interval '10 minutes';
  attempt int := 0;
  done boolean := false;
  small text;
  reason text;
BEGIN
  LOOP
    attempt := attempt + 1;
    FOREACH small IN ARRAY small_tables LOOP
      IF pg_table_size(to_regclass(small)) > 1024 * 1024 THEN
        RAISE EXCEPTION '% has grown beyond 1 MB since this was planned: this step would block it for too long', small
          USING HINT = 'Plan again, or run the statement in a maintenance window.';
      END IF;
    END LOOP;
    BEGIN
      PERFORM set_config('lock_timeout', (50 + 20 * random())::int || 'ms', true), set_config('search_path', coalesce(current_setting('contraflow.search_path', true), ''), true);
      EXECUTE statements;
      done := true;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      reason := sqlerrm;
    END;
    COMMIT;
    EXIT WHEN done;
    IF clock_timestamp() > give_up THEN
      RAISE EXCEPTION 'no lock after % attempts: %', attempt, reason
        USING HINT = 'See who holds it (pg_stat_activity, pg_blocking_pids) and run this file again: it goes on where it stopped.';
    END IF;
    IF attempt % 20 = 0 THEN RAISE NOTICE 'still waiting for a lock, attempt %: %', attempt, reason; END IF;
    PERFORM pg_sleep(least(2.0, 0.1 * attempt) * (0.5 + random()));
  END LOOP;
END
$procedure$;
)sql";

// Stops the file where rows stand in the way of the next step.
inline constexpr std::string_view kExpectNoneProcedure = R"sql(CREATE OR REPLACE PROCEDURE pg_temp.expect_none(query text, what text, remedy text)
LANGUAGE plpgsql AS $procedure$
DECLARE
  found bigint;
BEGIN
  PERFORM set_config('search_path', coalesce(current_setting('contraflow.search_path', true), ''), true);
  EXECUTE query INTO found;
  IF found > 0 THEN RAISE EXCEPTION '% %', found, what USING HINT = remedy; END IF;
END
$procedure$;
)sql";

// Updates the pending rows of a table in ranges of its key (or of its blocks), a transaction a range, about 100 ms each. The upper bound is
// taken at the start: rows that come later are the trigger's. The key serves where the table (or this leaf) has a unique index over it and its type is an integer
// now: a key that has become citext since would be compared as text, by the empty search_path, and sorted as citext, by its index. A locked row is waited for in short attempts, below deadlock_timeout: in a deadlock with the
// application it is this side that gives up. Without a condition `assignments` is a whole statement over {rows}. Triggers do not fire for these updates where the role may say so.
inline constexpr std::string_view kBackfillProcedure = R"sql(CREATE OR REPLACE PROCEDURE pg_temp.backfill(target text, key text, assignments text, pending text)
LANGUAGE plpgsql AS $procedure$
DECLARE
  batch numeric := 1000;
  last text;
  upto text;
  bound text;
  range text;
  leaf regclass;
  first_block bigint;
  next_block bigint;
  blocks bigint;
  started timestamptz;
  elapsed numeric;
  changed bigint;
  total bigint := 0;
  failures int := 0;
  silent boolean := true;
  by_key boolean;
BEGIN
  FOR leaf IN WITH RECURSIVE family (relid) AS (
                SELECT to_regclass(target)::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN family ON i.inhparent = relid)
              SELECT relid FROM family JOIN pg_class c ON c.oid = relid WHERE c.relkind <> 'p' ORDER BY relid LOOP
    last := NULL;
    first_block := 0;
    blocks := pg_relation_size(leaf) / current_setting('block_size')::int;
    by_key := EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                      WHERE i.indrelid = leaf AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts = 1
                        AND a.attname = key AND a.attnotnull AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype));
    IF by_key THEN
      EXECUTE format('SELECT max(%I)::text FROM ONLY %s', key, leaf) INTO bound;
      CONTINUE WHEN bound IS NULL;
    END IF;
    LOOP
      PERFORM set_config('lock_timeout', '500ms', true), set_config('contraflow.backfill', 'on', true);
      IF silent THEN
        BEGIN
          PERFORM set_config('session_replication_role', 'replica', true);
        EXCEPTION WHEN insufficient_privilege THEN
          silent := false;
          RAISE WARNING 'triggers of % fire for rows that the backfill writes: only a superuser may keep them from it', leaf;
        END;
      END IF;
      started := clock_timestamp();
      changed := NULL;
      IF by_key THEN
        EXECUTE format('SELECT r.%1$I::text FROM ONLY %2$s AS r WHERE (%3$L IS NULL OR r.%1$I > %3$L) AND r.%1$I <= %4$L ORDER BY r.%1$I OFFSET %5$s LIMIT 1',
                       key, leaf, last, bound, batch::bigint - 1) INTO upto;
        upto := coalesce(upto, bound);
        range := format('(%2$L IS NULL OR %1$I > %2$L) AND %1$I <= %3$L', key, last, upto);
      ELSE
        next_block := first_block + greatest(1, (batch / 50)::bigint);
        range := format('ctid >= %L AND ctid < %L', format('(%s,0)', first_block), format('(%s,0)', next_block));
      END IF;
      BEGIN
        PERFORM set_config('search_path', coalesce(current_setting('contraflow.search_path', true), ''), true);
        IF pending = '' THEN
          EXECUTE replace(assignments, '{rows}', format('ONLY %s AS source WHERE %s', leaf, range));
        ELSE
          EXECUTE format('UPDATE ONLY %s SET %s WHERE %s AND (%s)', leaf, assignments, range, pending);
        END IF;
        GET DIAGNOSTICS changed = ROW_COUNT;
      EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
        failures := failures + 1;
        IF failures > 1000 THEN RAISE; END IF;
      END;
      COMMIT;
      IF changed IS NULL THEN
        batch := greatest(100, batch / 2);
        PERFORM pg_sleep(0.05 + 0.1 * random());
        CONTINUE;
      END IF;
      last := upto;
      first_block := next_block;
      total := total + changed;
      elapsed := extract(epoch FROM clock_timestamp() - started);
      batch := greatest(100, least(batch * 1.2, batch * 0.1 / greatest(elapsed, 0.001), 50000));
      EXIT WHEN by_key AND last = bound;
      EXIT WHEN NOT by_key AND first_block >= blocks;
    END LOOP;
  END LOOP;
  RAISE NOTICE 'backfill of %: % rows', target, total;
END
$procedure$;
)sql";

}  // namespace contraflow::plan
