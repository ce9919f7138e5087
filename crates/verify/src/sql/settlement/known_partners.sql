-- What does the settlement service know of each partner?
select partner_id::text,
       format('version=%s reference=%s name=%s kind=%s status=%s', version, reference, name, kind, status)
  from known_partners
 order by partner_id
