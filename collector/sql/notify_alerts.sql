-- Tells whoever listens that alerts are coming with this transaction. No parameters.
select pg_notify('tocsin_alerts', '')
