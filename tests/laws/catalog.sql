-- Everything that the catalog functions say about a schema: one record (title, 0x1F, text, 0x1E) an object.
-- Read directly, on any major from 14 on; knows nothing of contraflow.
-- attoptions: Debian's 15.20 keeps a version of its own there (pg_attver), which pg_dump leaves out too.
set search_path = '';
create or replace function pg_temp.acl(acl aclitem[]) returns text language sql as
$$select coalesce(string_agg(item::text, ' ' order by item::text), '') from pg_catalog.unnest(acl) item$$;

with mine as (  -- user objects only, and none that belong to an extension
  select oid, nspname from pg_catalog.pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
), rel as (
  select c.*, m.nspname, c.oid::regclass::text as name from pg_catalog.pg_class c join mine m on m.oid = c.relnamespace
   where not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
), lines(title, body) as (
  select 'schema ' || nspname, pg_catalog.concat_ws(' ', nspowner::regrole, pg_temp.acl(nullif(nspacl, pg_catalog.acldefault('n', nspowner)))) from pg_catalog.pg_namespace where oid in (select oid from mine)
  union all
  select 'relation ' || name, pg_catalog.concat_ws(' ', relkind, relpersistence, relowner::regrole, pg_temp.acl(relacl), reloptions::text, relrowsecurity, relforcerowsecurity,
         relreplident, relispartition, pg_catalog.pg_get_expr(relpartbound, oid), case when relkind = 'p' then pg_catalog.pg_get_partkeydef(oid) end, reltablespace,
         (select amname from pg_catalog.pg_am where pg_am.oid = relam),
         (select string_agg(inhparent::regclass::text, ',' order by inhseqno) from pg_catalog.pg_inherits where inhrelid = rel.oid))
    from rel where relkind not in ('i', 'I')
  union all
  select 'column ' || name || '.' || attname, pg_catalog.concat_ws(' ', pg_catalog.format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, attstorage, attcompression,
         nullif(attstattarget, -1), (select string_agg(o, ',' order by o) from pg_catalog.unnest(attoptions) o where o not like 'pg_attver=%'), attislocal, attinhcount, nullif(attcollation, 100)::regcollation, pg_temp.acl(attacl), pg_catalog.pg_get_expr(adbin, adrelid))
    from rel join pg_catalog.pg_attribute a on a.attrelid = rel.oid and attnum > 0 and not attisdropped
    left join pg_catalog.pg_attrdef on adrelid = attrelid and adnum = attnum where relkind not in ('i', 'I', 'S')
  union all
  select 'column order ' || name, string_agg(attname, ',' order by attnum)
    from rel join pg_catalog.pg_attribute a on a.attrelid = rel.oid and attnum > 0 and not attisdropped where relkind in ('r', 'p', 'f') group by name
  union all
  select 'constraint ' || case when conrelid <> 0 then conrelid::regclass::text else contypid::regtype::text end || ' ' || conname,
         pg_catalog.concat_ws(' ', contype, convalidated, conislocal, coninhcount, connoinherit and contype in ('c', 'n'), pg_catalog.pg_get_constraintdef(oid), conindid::regclass,
         -- a foreign key to a partitioned table has a row more for each partition, whose name the server makes up by what is free: how many there are counts; before 18 VALIDATE does not
         -- reach them, and by its own name such a row is held against that partition alone
         (select nullif(count(*), 0) || ' rows for partitions' || case when pg_catalog.current_setting('server_version_num')::int >= 180000 then ', validated ' || bool_and(below.convalidated) else '' end from pg_catalog.pg_constraint below where below.conparentid = pg_constraint.oid and below.conrelid = pg_constraint.conrelid))
    from pg_catalog.pg_constraint where connamespace in (select oid from mine) and (conrelid = 0 or conrelid in (select oid from rel))
     and not exists (select from pg_catalog.pg_constraint above where above.oid = pg_constraint.conparentid and above.conrelid = pg_constraint.conrelid)  -- such a row itself
  union all
  select 'index ' || indexrelid::regclass, pg_catalog.concat_ws(' ', pg_catalog.pg_get_indexdef(indexrelid), indisvalid, indisready, indisclustered, indisreplident, indimmediate,
         (select string_agg(coalesce(attstattarget, -1)::text, ',' order by attnum) from pg_catalog.pg_attribute where attrelid = indexrelid))
    from pg_catalog.pg_index where indrelid in (select oid from rel)
  union all
  select 'view ' || name, pg_catalog.pg_get_viewdef(oid) || ' ' || relispopulated from rel where relkind in ('v', 'm')
  union all
  select 'rule ' || name || ' ' || rulename, ev_enabled::text || pg_catalog.pg_get_ruledef(r.oid) from rel join pg_catalog.pg_rewrite r on ev_class = rel.oid where rulename <> '_RETURN'
  union all
  select 'trigger ' || name || ' ' || tgname, tgenabled::text || pg_catalog.pg_get_triggerdef(t.oid) from rel join pg_catalog.pg_trigger t on tgrelid = rel.oid where not tgisinternal
  union all
  select 'policy ' || name || ' ' || polname, pg_catalog.concat_ws(' ', polcmd, polpermissive, polroles::regrole[]::text, pg_catalog.pg_get_expr(polqual, polrelid), '|', pg_catalog.pg_get_expr(polwithcheck, polrelid))
    from rel join pg_catalog.pg_policy on polrelid = rel.oid
  union all
  select 'statistics ' || pg_catalog.quote_ident(stxname), pg_catalog.concat_ws(' ', pg_catalog.pg_get_statisticsobjdef(oid), stxowner::regrole, stxstattarget) from pg_catalog.pg_statistic_ext
  union all
  select 'routine ' || oid::regprocedure, pg_catalog.concat_ws(' ', pg_catalog.pg_get_functiondef(oid), proowner::regrole, pg_temp.acl(proacl))
    from pg_catalog.pg_proc where pronamespace in (select oid from mine) and prokind <> 'a'
     and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = pg_proc.oid and d.deptype = 'e')
  union all
  select 'sequence ' || name, pg_catalog.concat_ws(' ', seqtypid::regtype, seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle)
    from rel join pg_catalog.pg_sequence on seqrelid = rel.oid
  union all
  select 'type ' || t.oid::regtype, pg_catalog.concat_ws(' ', typtype, typowner::regrole, pg_temp.acl(typacl), nullif(typbasetype, 0)::regtype, pg_catalog.format_type(typbasetype, typtypmod), typnotnull, coalesce(pg_catalog.pg_get_expr(typdefaultbin, 0), typdefault),
         (select string_agg(enumlabel, ',' order by enumsortorder) from pg_catalog.pg_enum where enumtypid = t.oid))
    from pg_catalog.pg_type t where typnamespace in (select oid from mine) and (typrelid = 0 or typrelid in (select oid from rel where relkind = 'c')) and typelem = 0
     and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_type'::regclass and d.objid = t.oid and d.deptype = 'e')
  union all
  select 'publication ' || pubname, (to_jsonb(p) - 'oid' - 'pubname' - 'pubowner')::text || pubowner::regrole from pg_catalog.pg_publication p
  union all
  select 'published ' || pubname || ' ' || pg_catalog.quote_ident(schemaname) || '.' || pg_catalog.quote_ident(tablename),
         (to_jsonb(t) ->> 'rowfilter') || ' ' || (select string_agg(a, ',' order by a) from pg_catalog.jsonb_array_elements_text(nullif(to_jsonb(t) -> 'attnames', 'null')) a) from pg_catalog.pg_publication_tables t
  union all
  select 'event trigger ' || evtname, pg_catalog.concat_ws(' ', evtevent, evtowner::regrole, evtfoid::regprocedure, evtenabled, evttags::text) from pg_catalog.pg_event_trigger
  union all
  select 'default privileges ' || defaclrole::regrole || ' ' || coalesce(nullif(defaclnamespace, 0)::regnamespace::text, '') || ' ' || defaclobjtype::text, pg_temp.acl(defaclacl) from pg_catalog.pg_default_acl
  union all
  select 'foreign server ' || srvname, pg_catalog.concat_ws(' ', srvowner::regrole, srvtype, srvversion, pg_temp.acl(srvacl), srvoptions::text, (select fdwname from pg_catalog.pg_foreign_data_wrapper w where w.oid = srvfdw)) from pg_catalog.pg_foreign_server
  union all
  select 'foreign table ' || ftrelid::regclass, (select srvname from pg_catalog.pg_foreign_server s where s.oid = ftserver) || coalesce(ftoptions::text, '') from pg_catalog.pg_foreign_table
  union all
  select 'extension ' || extname, extversion || ' ' || extnamespace::regnamespace from pg_catalog.pg_extension
  union all
  select 'comment ' || (pg_catalog.pg_identify_object(classoid, objoid, objsubid)).type || ' ' || (pg_catalog.pg_identify_object(classoid, objoid, objsubid)).identity, description
    from pg_catalog.pg_description where objoid >= 16384
)
select title || E'\x1f' || coalesce(body, '') || E'\x1e' from lines order by 1;
