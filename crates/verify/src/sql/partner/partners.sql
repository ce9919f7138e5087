-- What is each partner?
select id::text,
       format('reference=%s name=%s kind=%s status=%s version=%s created_at=%s updated_at=%s',
              reference, name, kind, status, version,
              (extract(epoch from created_at) * 1000000)::bigint, (extract(epoch from updated_at) * 1000000)::bigint)
  from partners
 order by id
