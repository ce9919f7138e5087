-- What was answered under each key?
select encode(scope, 'hex') as scope, subject, status, answer, claimed_at
  from once.keys
 where status is not null or subject is not null
