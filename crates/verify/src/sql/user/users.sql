-- What is each user?
select u.id::text,
       format('login=%s roles=%s active=%s version=%s created_at=%s updated_at=%s', u.login,
              coalesce((select string_agg(r.role, ',' order by r.role) from user_roles r where r.user_id = u.id), ''),
              u.active, u.version, (extract(epoch from u.created_at) * 1000000)::bigint,
              (extract(epoch from u.updated_at) * 1000000)::bigint)
  from users u
 order by u.id
