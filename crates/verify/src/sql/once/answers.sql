-- What was answered under each key?
select encode(scope, 'hex') as scope, subject, status, answer
  from once.keys
 where status is not null or subject is not null
