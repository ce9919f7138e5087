-- Which holds and requests can't be right?
select 'hld ' || id as id,
       concat_ws('; ',
           case when reason = '' then 'has no reason' end,
           case when held_by !~ '^((usr|key)_[0-7][0-9a-hjkmnp-tv-z]{25}|service:[a-z]+)$' then 'is held by nobody known' end,
           case when expires_at < created_at + make_interval(secs => lease_seconds)
                then 'ends before its first lease does' end,
           case when released_at < created_at then 'ended before it began' end) as detail
  from holds
 where reason = ''
    or held_by !~ '^((usr|key)_[0-7][0-9a-hjkmnp-tv-z]{25}|service:[a-z]+)$'
    or expires_at < created_at + make_interval(secs => lease_seconds)
    or released_at < created_at
