-- Which entries are in the sums?
select entry_id::text, format('posted_on=%s', posted_on)
  from seen_entries
 order by entry_id
