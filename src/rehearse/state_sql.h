// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace contraflow::rehearse {

// Everything that the catalog functions say about the user's objects: one row (title, text) an object. The
// members of extensions are the extension's. The contraflow journal's schema is no part of the user's schema.
// Whether a materialized view is populated is its data's state, as in pg_dump.
// attoptions: Debian's 15 keeps a version of its own there (pg_attver), which pg_dump leaves out too.
inline constexpr std::string_view kStateQuery = R"sql(
WITH spaces AS (
  SELECT oid, nspname, nspowner, nspacl FROM pg_catalog.pg_namespace
   WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'contraflow')
), owned AS MATERIALIZED (
  SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'
), rel AS MATERIALIZED (
  SELECT c.*, pg_catalog.format('%I.%I', s.nspname, c.relname) AS name
    FROM pg_catalog.pg_class c JOIN spaces s ON s.oid = c.relnamespace
   WHERE NOT EXISTS (SELECT FROM owned o WHERE o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND o.objid = c.oid)
), found(title, body) AS (
  SELECT 'schema ' || pg_catalog.quote_ident(nspname), pg_catalog.concat_ws(' ', nspowner::pg_catalog.regrole, pg_temp.sorted(COALESCE(nspacl, pg_catalog.acldefault('n', nspowner)))) FROM spaces
  UNION ALL
  SELECT 'relation ' || name, pg_catalog.concat_ws(' ', relkind, relpersistence, relowner::pg_catalog.regrole,
         pg_temp.sorted(COALESCE(relacl, pg_catalog.acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))),
         CASE WHEN reloptions IS NOT NULL THEN (SELECT pg_catalog.string_agg(o, ',' ORDER BY o) FROM pg_catalog.unnest(reloptions) o) END,
         relrowsecurity, relforcerowsecurity, relreplident, relispartition, pg_catalog.pg_get_expr(relpartbound, oid),
         CASE WHEN relkind = 'p' THEN pg_catalog.pg_get_partkeydef(oid) END, reltablespace,
         (SELECT amname FROM pg_catalog.pg_am WHERE pg_am.oid = relam), NULLIF(reloftype, 0)::pg_catalog.regtype,
         (SELECT pg_catalog.string_agg(inhparent::pg_catalog.regclass::text, ',' ORDER BY inhseqno) FROM pg_catalog.pg_inherits WHERE inhrelid = rel.oid))
    FROM rel WHERE relkind NOT IN ('i', 'I')
  UNION ALL
  SELECT 'column ' || name || '.' || pg_catalog.quote_ident(attname),
         pg_catalog.concat_ws(' ', pg_catalog.format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'NOT NULL' END, attidentity, attgenerated,
         attstorage, attcompression, NULLIF(attstattarget, -1),
         CASE WHEN attoptions IS NOT NULL THEN (SELECT pg_catalog.string_agg(o, ',' ORDER BY o) FROM pg_catalog.unnest(attoptions) o WHERE o NOT LIKE 'pg_attver=%') END,
         CASE WHEN attfdwoptions IS NOT NULL THEN (SELECT pg_catalog.string_agg(o, ',' ORDER BY o) FROM pg_catalog.unnest(attfdwoptions) o) END,
         CASE WHEN NOT attislocal THEN 'inherited' END, NULLIF(attinhcount, 0), NULLIF(attcollation, 100)::pg_catalog.regcollation,
         CASE WHEN attacl IS NOT NULL THEN NULLIF(pg_temp.sorted(attacl), '') END, 'DEFAULT ' || pg_catalog.pg_get_expr(adbin, adrelid))
    FROM rel JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_catalog.pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE relkind NOT IN ('i', 'I', 'S')
  UNION ALL
  SELECT 'column order ' || name, pg_catalog.string_agg(pg_catalog.quote_ident(attname), ', ' ORDER BY attnum)
    FROM rel JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND attnum > 0 AND NOT attisdropped
   WHERE relkind IN ('r', 'p', 'f') GROUP BY name
  UNION ALL
  SELECT 'columns of ' || name, pg_catalog.string_agg(pg_catalog.quote_ident(attname), ', ' ORDER BY attnum)
    FROM rel JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND attnum > 0 AND NOT attisdropped
   WHERE relkind IN ('v', 'm', 'c') GROUP BY name
  UNION ALL
  SELECT 'constraint ' || CASE WHEN conrelid <> 0 THEN rel.name ELSE contypid::pg_catalog.regtype::text END
         || ' ' || pg_catalog.quote_ident(conname),
         pg_catalog.concat_ws(' ', contype, CASE WHEN NOT convalidated THEN 'NOT VALID' END, conislocal, coninhcount,
         connoinherit AND contype IN ('c', 'n'), pg_catalog.pg_get_constraintdef(k.oid),
         CASE WHEN conindid <> 0 THEN conindid::pg_catalog.regclass END)
    FROM pg_catalog.pg_constraint k LEFT JOIN rel ON rel.oid = conrelid
   WHERE connamespace IN (SELECT oid FROM spaces) AND (conrelid = 0 OR rel.oid IS NOT NULL)
  UNION ALL
  SELECT 'index ' || indexrelid::pg_catalog.regclass, pg_catalog.concat_ws(' ', pg_catalog.pg_get_indexdef(indexrelid),
         CASE WHEN NOT indisvalid THEN 'INVALID' END, CASE WHEN NOT indisready THEN 'not ready' END, indisclustered, indisreplident, indimmediate,
         (SELECT pg_catalog.string_agg(COALESCE(attstattarget, -1)::text, ',' ORDER BY attnum) FROM pg_catalog.pg_attribute WHERE attrelid = indexrelid))
    FROM pg_catalog.pg_index WHERE indrelid IN (SELECT oid FROM rel)
  UNION ALL
  SELECT 'view ' || name, pg_catalog.pg_get_viewdef(oid) FROM rel WHERE relkind IN ('v', 'm')
  UNION ALL
  SELECT 'rule ' || name || ' ' || pg_catalog.quote_ident(rulename), ev_enabled::text || pg_catalog.pg_get_ruledef(r.oid)
    FROM rel JOIN pg_catalog.pg_rewrite r ON ev_class = rel.oid WHERE rulename <> '_RETURN'
  UNION ALL
  SELECT 'trigger ' || name || ' ' || pg_catalog.quote_ident(tgname), tgenabled::text || ' ' || pg_catalog.pg_get_triggerdef(t.oid)
    FROM rel JOIN pg_catalog.pg_trigger t ON tgrelid = rel.oid WHERE NOT tgisinternal
  UNION ALL
  SELECT 'event trigger ' || pg_catalog.quote_ident(evtname), pg_catalog.concat_ws(' ', evtevent, evtenabled, evtfoid::pg_catalog.regprocedure, evttags::text)
    FROM pg_catalog.pg_event_trigger e
   WHERE NOT EXISTS (SELECT FROM owned o WHERE o.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass AND o.objid = e.oid)
  UNION ALL
  SELECT 'policy ' || name || ' ' || pg_catalog.quote_ident(polname), pg_catalog.concat_ws(' ', polcmd, polpermissive, polroles::pg_catalog.regrole[]::text,
         pg_catalog.pg_get_expr(polqual, polrelid), '|', pg_catalog.pg_get_expr(polwithcheck, polrelid))
    FROM rel JOIN pg_catalog.pg_policy ON polrelid = rel.oid
  UNION ALL
  SELECT 'statistics ' || pg_catalog.format('%I.%I', s.nspname, stxname), pg_catalog.concat_ws(' ', pg_catalog.pg_get_statisticsobjdef(x.oid), stxowner::pg_catalog.regrole, NULLIF(stxstattarget, -1))
    FROM pg_catalog.pg_statistic_ext x JOIN spaces s ON s.oid = stxnamespace
  UNION ALL
  SELECT 'routine ' || p.oid::pg_catalog.regprocedure, pg_catalog.concat_ws(' ', CASE WHEN prokind = 'a' THEN
           (SELECT pg_catalog.concat_ws(' ', aggtransfn, aggfinalfn, aggtranstype::pg_catalog.regtype, agginitval, aggkind) FROM pg_catalog.pg_aggregate WHERE aggfnoid = p.oid)
         ELSE pg_catalog.pg_get_functiondef(p.oid) END, proowner::pg_catalog.regrole, pg_temp.sorted(COALESCE(proacl, pg_catalog.acldefault('f', proowner))))
    FROM pg_catalog.pg_proc p WHERE pronamespace IN (SELECT oid FROM spaces)
     AND NOT EXISTS (SELECT FROM owned o WHERE o.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND o.objid = p.oid)
  UNION ALL
  SELECT 'sequence ' || name, pg_catalog.concat_ws(' ', seqtypid::pg_catalog.regtype, seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle)
    FROM rel JOIN pg_catalog.pg_sequence ON seqrelid = rel.oid
  UNION ALL
  SELECT 'sequence owner ' || name, pg_catalog.concat_ws(' ', d.deptype, d.refobjid::pg_catalog.regclass, pg_catalog.quote_ident(attname))
    FROM rel JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = rel.oid AND d.deptype IN ('a', 'i')
     AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjsubid > 0
    JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid WHERE relkind = 'S'
  UNION ALL
  SELECT 'type ' || t.oid::pg_catalog.regtype, pg_catalog.concat_ws(' ', typtype, typowner::pg_catalog.regrole, pg_temp.sorted(COALESCE(typacl, pg_catalog.acldefault('T', typowner))),
         NULLIF(typbasetype, 0)::pg_catalog.regtype, pg_catalog.format_type(NULLIF(typbasetype, 0), typtypmod), CASE WHEN typnotnull THEN 'NOT NULL' END, typdefault,
         NULLIF(NULLIF(typcollation, 100), 0)::pg_catalog.regcollation,
         (SELECT pg_catalog.concat_ws(' ', rngsubtype::pg_catalog.regtype, NULLIF(rngcollation, 0)::pg_catalog.regcollation) FROM pg_catalog.pg_range WHERE rngtypid = t.oid),
         (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(enumlabel), ',' ORDER BY enumsortorder) FROM pg_catalog.pg_enum WHERE enumtypid = t.oid))
    FROM pg_catalog.pg_type t WHERE typnamespace IN (SELECT oid FROM spaces) AND (typrelid = 0 OR typrelid IN (SELECT oid FROM rel WHERE relkind = 'c')) AND typelem = 0
     AND NOT EXISTS (SELECT FROM owned o WHERE o.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND o.objid = t.oid)
  UNION ALL
  SELECT 'extension ' || pg_catalog.quote_ident(extname), extversion || ' ' || extnamespace::pg_catalog.regnamespace FROM pg_catalog.pg_extension
  UNION ALL
  SELECT 'cast ' || castsource::pg_catalog.regtype || ' AS ' || casttarget::pg_catalog.regtype, pg_catalog.concat_ws(' ', castfunc::pg_catalog.regprocedure, castcontext, castmethod)
    FROM pg_catalog.pg_cast c WHERE oid >= 16384
     AND NOT EXISTS (SELECT FROM owned o WHERE o.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass AND o.objid = c.oid)
  UNION ALL
  SELECT 'operator ' || o.oid::pg_catalog.regoperator, pg_catalog.concat_ws(' ', oprcode::pg_catalog.regprocedure, oprowner::pg_catalog.regrole, oprcom, oprnegate, oprrest, oprjoin)
    FROM pg_catalog.pg_operator o WHERE oprnamespace IN (SELECT oid FROM spaces)
     AND NOT EXISTS (SELECT FROM owned w WHERE w.classid = 'pg_catalog.pg_operator'::pg_catalog.regclass AND w.objid = o.oid)
  UNION ALL
  SELECT 'collation ' || pg_catalog.format('%I.%I', s.nspname, collname), pg_catalog.concat_ws(' ', collprovider, collcollate, collctype, collowner::pg_catalog.regrole)
    FROM pg_catalog.pg_collation k JOIN spaces s ON s.oid = collnamespace
   WHERE NOT EXISTS (SELECT FROM owned o WHERE o.classid = 'pg_catalog.pg_collation'::pg_catalog.regclass AND o.objid = k.oid)
  UNION ALL
  SELECT 'publication ' || pg_catalog.quote_ident(pubname), pg_catalog.concat_ws(' ', pubowner::pg_catalog.regrole, puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot,
         (SELECT pg_catalog.string_agg(prrelid::pg_catalog.regclass::text, ',' ORDER BY prrelid::pg_catalog.regclass::text) FROM pg_catalog.pg_publication_rel WHERE prpubid = p.oid))
    FROM pg_catalog.pg_publication p
  UNION ALL
  SELECT 'foreign server ' || pg_catalog.quote_ident(srvname), pg_catalog.concat_ws(' ', srvowner::pg_catalog.regrole, srvtype, srvversion, srvoptions::text, pg_temp.sorted(COALESCE(srvacl, pg_catalog.acldefault('S', srvowner)))) FROM pg_catalog.pg_foreign_server
  UNION ALL
  SELECT 'default privileges ' || pg_catalog.concat_ws(' ', defaclrole::pg_catalog.regrole, NULLIF(defaclnamespace, 0)::pg_catalog.regnamespace, defaclobjtype), pg_temp.sorted(defaclacl) FROM pg_catalog.pg_default_acl
  UNION ALL
  SELECT 'comment ' || (i).type || ' ' || (i).identity, description FROM (
    SELECT pg_catalog.pg_identify_object(classoid, objoid, objsubid) AS i, description FROM pg_catalog.pg_description WHERE objoid >= 16384) d
)
SELECT title, COALESCE(body, '') FROM found WHERE title IS NOT NULL ORDER BY 1, 2
)sql";

// Privileges have no order; none at all mean the kind's default, as in pg_dump.
inline constexpr std::string_view kSortedFunction =
    "CREATE OR REPLACE FUNCTION pg_temp.sorted(list pg_catalog.aclitem[]) RETURNS text LANGUAGE sql AS "
    "$$SELECT pg_catalog.string_agg(item::text, ' ' ORDER BY item::text) FROM pg_catalog.unnest(list) item$$";

}  // namespace contraflow::rehearse
