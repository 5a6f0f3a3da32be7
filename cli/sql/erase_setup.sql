-- sql/erase_setup.sql
-- Before deletions. A transaction that waits holds up those who wait for it: it gives up soon. And a planner
-- without statistics of a table that grew fast would, for each few rows, read and sort all of a run; these
-- leave it the index, in its order. No parameters, no columns that anybody reads.
select set_config('lock_timeout', '5s', false), set_config('enable_bitmapscan', 'off', false),
       set_config('enable_seqscan', 'off', false), set_config('enable_sort', 'off', false)
