-- A checksum per table and the position of each sequence. Temporary helpers of the migration have none of these.
select format('select %L || count(*) || '' '' || coalesce(md5(string_agg(j, '','' order by j)), '''') from (select to_jsonb(t)::text as j from %s t) x',
              c.oid::regclass::text || ' ', c.oid::regclass)
  from pg_class c
 where (relkind = 'r' or relkind = 'm' and relispopulated) and relnamespace::regnamespace::text !~ '^(pg_|information_schema$)'
 order by c.oid::regclass::text
\gexec
select 'sequence ' || quote_ident(schemaname) || '.' || quote_ident(sequencename) || ' ' || coalesce(last_value::text, 'fresh')
  from pg_sequences order by 1;
