-- Which users, roles, sessions and keys can't be right?
select 'usr:' || id as id, 'the password is not hashed by Argon2id' as detail
  from users
 where password_hash !~ '^\$argon2id\$v=[0-9]+\$m=[0-9]+,t=[0-9]+,p=[0-9]+\$[A-Za-z0-9+/]{16,}\$[A-Za-z0-9+/]{32,}$'
 union all
select 'usr:' || id, 'has no name' from users where name = '' or name <> trim(name)
 union all
select 'users', 'there is no active administrator'
 where not exists (select from users u join user_roles r on r.user_id = u.id where u.active and r.role = 'administrator')
 union all
select 'roles', format('the role %s is missing', wanted.name)
  from (values ('administrator'), ('operator'), ('auditor')) as wanted (name)
 where not exists (select from roles r where r.name = wanted.name and r.description <> '')
 union all
select 'ses:' || s.id, 'belongs to a user who is deactivated'
  from sessions s join users u on u.id = s.user_id
 where not u.active
 union all
select 'ses:' || id, 'ends sooner than half an hour after it began' from sessions
 where expires_at < created_at + interval '30 minutes'
 union all
select 'key:' || k.id, concat_ws('; ',
           case when length(k.hint) <> 4 then 'the hint is not four characters' end,
           case when k.name = '' then 'has no name' end,
           case when k.created_by !~ '^((usr|key)_[0-7][0-9a-hjkmnp-tv-z]{25}|service:user)$'
                then format('was made by %s', k.created_by) end,
           case when k.revoked_at < k.created_at then 'was revoked before it was made' end,
           case when k.last_used_at < k.created_at then 'was used before it was made' end)
  from api_keys k
 where length(k.hint) <> 4
    or k.name = ''
    or k.created_by !~ '^((usr|key)_[0-7][0-9a-hjkmnp-tv-z]{25}|service:user)$'
    or k.revoked_at < k.created_at
    or k.last_used_at < k.created_at
 union all
select encode(login_hash, 'hex'), concat_ws('; ',
           case when length(login_hash) <> 32 then 'the login is no SHA-256' end,
           format('%s attempts lock from %s to %s', attempts, last_at, locked_until))
  from login_attempts
 where length(login_hash) <> 32
    -- Nine are free; then a second, doubling up to a quarter of an hour.
    or (attempts < 10 and locked_until > last_at)
    or (attempts >= 10 and locked_until <>
            last_at + least(interval '15 minutes', interval '1 second' * (1::bigint << least(attempts - 10, 20))))
