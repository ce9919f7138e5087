-- Which columns does each table have, and what may stand in them?
select format('%s.%s', n.nspname, c.relname) as table_name,
       a.attname::text as name,
       t.typname::text as kind,
       not a.attnotnull as is_nullable,
       a.attgenerated <> '' as is_computed,
       (select k.place::int
          from pg_index i
         cross join lateral unnest(i.indkey::smallint[]) with ordinality as k (attnum, place)
         where i.indrelid = c.oid and i.indisprimary and k.attnum = a.attnum) as key_place,
       -- The first column of each unique key: enough to make a row one of its own.
       exists (select from pg_index i
                where i.indrelid = c.oid and i.indisunique
                  and a.attnum = coalesce(
                      (select k.attnum from unnest(i.indkey::smallint[]) with ordinality as k (attnum, place)
                         join pg_attribute ka on ka.attrelid = c.oid and ka.attnum = k.attnum
                         join pg_type kt on kt.oid = ka.atttypid
                        where not exists (select from pg_constraint f
                                           where f.conrelid = c.oid and f.contype = 'f' and k.attnum = any (f.conkey))
                        order by case kt.typname when 'uuid' then 1 when 'int4' then 2 when 'int8' then 2
                                                 when 'date' then 3 else 4 end, k.place
                        limit 1),
                      i.indkey[0])) as is_own,
       coalesce((select array_agg(distinct w.word[1])
                   from pg_constraint k
                  cross join lateral regexp_matches(pg_get_constraintdef(k.oid), '''([a-z_]{3,})''', 'g') as w (word)
                  where k.conrelid = c.oid and k.contype = 'c' and a.attnum = any (k.conkey)), '{}') as words
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
 where c.relkind = 'r' and n.nspname in ('public', 'bus', 'once', 'lease') and c.relname not like '\_sqlx%'
 order by 1, a.attnum
