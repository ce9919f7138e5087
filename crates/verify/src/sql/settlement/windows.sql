-- Which windows are there?
select id, partner_id, currency, starts_on, ends_on, time_zone, ends_at from windows
