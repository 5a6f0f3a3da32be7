-- sql/erase_setup.sql
-- A transaction that waits holds up those who wait for it: it gives up soon. No parameters, no columns that
-- anybody reads.
select set_config('lock_timeout', '5s', false)
