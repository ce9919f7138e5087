-- What did connectors tell, but for what nothing here belongs to?
select connector, event_id, body, state = 'done' as is_done
  from webhooks
 where state <> 'ignored'
