-- Tells whoever listens that runs began or ended, or that their state moved. No parameters.
select pg_notify('tocsin_runs', '')
