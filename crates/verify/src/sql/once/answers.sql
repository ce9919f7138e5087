-- What was answered under each key, and to which request where something may have been asked of what existed?
select encode(scope, 'hex') as scope, subject, status, answer, claimed_at,
       case when status in (200, 202) then encode(fingerprint, 'hex') end as fingerprint
  from once.keys
 where status is not null or subject is not null
