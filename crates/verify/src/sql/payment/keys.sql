-- Under which key is each operation done once?
select transaction_id::text, coalesce(connector_key, '') from transactions
