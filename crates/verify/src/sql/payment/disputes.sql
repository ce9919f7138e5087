-- Which tenders are not what their disputes took of them? Which disputes, and what was said against them, can't be right?
with taken as (
    select payment_id, tender_number as number, sum(amount_minor::numeric) as withdrawn
      from disputes
     where is_withdrawn
     group by payment_id, tender_number),
part as (
    select d.dispute_id,
           sum((p.value ->> 'amount_minor')::numeric) as amount,
           bool_or((p.value ->> 'amount_minor')::numeric <= 0) as is_empty,
           count(*) <> count(distinct p.value ->> 'line_number') as is_twice,
           bool_or(l.line_number is null) as is_of_none
      from disputes d
     cross join jsonb_array_elements(d.parts) as p (value)
      left join payment_lines l on l.payment_id = d.payment_id and l.line_number = (p.value ->> 'line_number')::int
     group by d.dispute_id),
faulty as (
    select d.*, coalesce(part.amount, 0) as in_parts, part.is_empty, part.is_twice, part.is_of_none,
           p.connector as of_connector,
           case when d.state in ('needs_response', 'lost') then not d.is_withdrawn
                when d.state in ('warning', 'warning_closed', 'won') then d.is_withdrawn
                else false end as is_held_otherwise
      from disputes d
      left join payments p using (payment_id)
      left join part using (dispute_id))
select 'pay:' || t.payment_id || ' tnd:' || t.tender_id as id,
       format('disputed %s, its disputes took %s', t.disputed_minor, coalesce(taken.withdrawn, 0)) as detail
  from tenders t
  left join taken using (payment_id, number)
 where t.disputed_minor <> coalesce(taken.withdrawn, 0)
 union all
select 'pay:' || f.payment_id || ' dsp:' || f.dispute_id,
       concat_ws('; ',
           case when f.is_held_otherwise then format('is %s, and withdrawn: %s', f.state, f.is_withdrawn) end,
           case when f.amount_minor <= 0 then 'is about nothing' end,
           case when f.in_parts > f.amount_minor then format('is of %s, its parts add up to %s', f.amount_minor, f.in_parts) end,
           case when f.is_empty then 'has a part of nothing' end,
           case when f.is_twice then 'has two parts of one line' end,
           case when f.is_of_none then 'has a part of no line' end,
           case when f.of_connector is distinct from f.connector
                then format('was told of by %s, the payment is of %s', f.connector, f.of_connector) end)
  from faulty f
 where f.is_held_otherwise
    or f.amount_minor <= 0
    or f.in_parts > f.amount_minor
    or f.is_empty
    or f.is_twice
    or f.is_of_none
    or f.of_connector is distinct from f.connector
 union all
select 'dsp:' || e.dispute_id,
       concat_ws('; ',
           case when d.dispute_id is null then 'evidence against no dispute' end,
           case when e.submitted_at < d.opened_at then 'evidence was given before it was opened' end,
           case when (e.state = 'waiting') <> (e.due_at is not null)
                then format('evidence is %s, due at %s', e.state, e.due_at) end,
           case when e.state = 'accepted' and e.problem is not null then 'evidence was accepted, and has a problem' end,
           case when e.state = 'refused' and e.problem is null then 'evidence was refused for no reason' end,
           case when e.attempts < 0 or (e.attempts = 0 and e.state <> 'waiting')
                then format('evidence is %s after %s attempts', e.state, e.attempts) end,
           case when e.submitted_by !~ '^((usr|key)_[0-7][0-9a-hjkmnp-tv-z]{25}|service:[a-z]+)$'
                then 'evidence was given by nobody known' end,
           case when f.files <> f.last or f.first <> 1 then 'files are not numbered from 1' end,
           case when e.text = '' and f.files is null then 'evidence says nothing' end)
  from dispute_evidence e
  left join disputes d using (dispute_id)
  left join (select evidence_id, count(*) as files, min(number) as first, max(number) as last
               from dispute_files
              group by evidence_id) as f using (evidence_id)
 where d.dispute_id is null
    or e.submitted_at < d.opened_at
    or (e.state = 'waiting') <> (e.due_at is not null)
    or (e.state = 'accepted' and e.problem is not null)
    or (e.state = 'refused' and e.problem is null)
    or e.attempts < 0
    or (e.attempts = 0 and e.state <> 'waiting')
    or e.submitted_by !~ '^((usr|key)_[0-7][0-9a-hjkmnp-tv-z]{25}|service:[a-z]+)$'
    or f.files <> f.last
    or f.first <> 1
    or (e.text = '' and f.files is null)
 union all
-- Evidence is taken in under a key, and keys are forgotten in the order of their age: what is younger than the oldest that
-- is left has its own. (One that was claimed again was answered late, and may be older than what is forgotten.)
select 'dsp:' || e.dispute_id, format('%s pieces of evidence were given at %s under %s keys', e.given, e.submitted_at,
                                      coalesce(k.answered, 0))
  from (select submitted_at, count(*) as given, min(dispute_id::text) as dispute_id
          from dispute_evidence
         group by submitted_at) as e
  left join (select claimed_at, count(*) as answered
               from once.keys
              where subject like 'evd\_%'
              group by claimed_at) as k on k.claimed_at = e.submitted_at
 where e.given > coalesce(k.answered, 0)
   and e.submitted_at > (select min(claimed_at) from once.keys where status is not null and fence = 1)
