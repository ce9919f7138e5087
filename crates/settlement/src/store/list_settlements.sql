-- Which statements fit the filter, newest first?
select s.*, p.reference as "partner_reference?", p.name as "partner_name?"
  from settlements s
  left join known_partners p on p.partner_id = s.partner_id
 where ($1::uuid is null or s.partner_id = $1)
   and ($2::text is null or s.currency = $2)
   and ($3::date is null or s.ends_on >= $3)
   and ($4::date is null or s.ends_on <= $4)
   and ($5::uuid is null or s.id < $5)
 order by s.id desc
 limit $6
