-- How is every question asked? Read-only, whatever the role may do; one notation of times and days; no compiling of
-- plans, which costs more than it saves; cursors that are read to their end; room to sort 100,000 rows in memory.
set default_transaction_read_only = on;
set timezone = 'UTC';
set datestyle = 'ISO, YMD';
set statement_timeout = '30min';
set idle_in_transaction_session_timeout = 0;
set jit = off;
set cursor_tuple_fraction = 1;
set work_mem = '64MB';
