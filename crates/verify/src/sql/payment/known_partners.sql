-- What does the payment service know of each partner?
select partner_id::text, format('version=%s status=%s', version, status)
  from known_partners
 order by partner_id
