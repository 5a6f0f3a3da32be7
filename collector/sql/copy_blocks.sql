-- Blocks, as collector/blockcopy.h draws them. No parameters, no columns.
copy blocks (run_id, keyset_id, first_step, last_step, rank, attempt, steps, times, values)
from stdin (format binary);
