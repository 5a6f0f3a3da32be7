-- Settings of the writer's connection. No parameters, no columns.
--
-- synchronous_commit: an acknowledgement means that the commit is on disk. The timeouts end what a
-- hung collector holds: a transaction it left idle, and a COPY whose client went silent.
select set_config('synchronous_commit', 'on', false),
       set_config('idle_in_transaction_session_timeout', '5s', false),
       set_config('lock_timeout', '10s', false),
       set_config('statement_timeout', '60s', false),
       set_config('tcp_keepalives_idle', '10', false),
       set_config('tcp_keepalives_interval', '5', false),
       set_config('tcp_keepalives_count', '3', false);
