# SPDX-License-Identifier: Apache-2.0
"""Large projects, put into the tables within seconds: the shapes of their curves differ, their blocks are those of a
trainer that logs often (docs/performance.md)."""

CALLS = 125  # of a block: with 50 metrics a frame holds no more
TEMPLATES = 10  # runs whose blocks are made; the others have copies of these

PROJECT = """
alter table blocks set unlogged; -- half of the writing
insert into projects (name) values ('{project}');
insert into runs (run_id, project_id, name, config, created, last_seen)
select run, project_id, 'run-' || run, jsonb_build_object('lr', run * 1e-4, 'optimizer', (array['adamw', 'sgd'])[1 + run % 2]),
       now() - make_interval(mins => 60 + run), now() - interval '1 hour'
  from projects, generate_series(1, {runs}) run where name = '{project}';
insert into attempts (run_id, rank, attempt, producer_id, world_size, host, pid, client, started, ended, ending)
select run, 0, 0, gen_random_uuid(), 1, 'node' || run % 8, 1, 'bulk', now() - make_interval(mins => 60 + run), now() - interval '1 hour', 'finished'
  from generate_series(1, {runs}) run;
insert into series
select run, 1, m, (array['train', 'val', 'optim'])[1 + m % 3] || '/metric' || to_char(m, 'FM00'), 'metric'
  from generate_series(1, {runs}) run, generate_series(1, {metrics}) m;
"""

# Values of single precision, as loss.item() gives. A block of run r has step s as row and metric m as column.
BLOCKS = """
insert into blocks
select run, 1, first, first + {calls} - 1, 0, 0, array(select generate_series(first, first + {calls} - 1)),
       array(select timestamptz '2026-11-01' + make_interval(secs => s) from generate_series(first, first + {calls} - 1) s),
       array(select (m / (1 + s / (200.0 + 100 * run)) + 0.1 * random())::float4
               from generate_series(1, {metrics}) m, generate_series(first, first + {calls} - 1) s)
  from generate_series(1, {templates}) run, generate_series(0, {steps} - 1, {calls}) first;
insert into blocks
select run, b.keyset_id, b.first_step, b.last_step, b.rank, b.attempt, b.steps, b.times, b.values
  from generate_series({templates} + 1, {runs}) run join blocks b on b.run_id = 1 + run % {templates};
insert into run_state
select run, 1, 0, 0, {steps}, 0, {steps} - 1, timestamptz '2026-11-01' + make_interval(secs => {steps}), v.last, v.low, v.high
  from generate_series(1, {runs}) run,
       lateral (select array_agg(m / (1 + {steps} / (200.0 + 100 * (1 + run % {templates}))) order by m) as last,
                       array_agg(0.0::float8 order by m) as low, array_agg(m + 0.1::float8 order by m) as high
                  from generate_series(1, {metrics}) m) v;
"""


def fill(db, project, runs, metrics, steps):
    """A project of its own database: runs that have ended, each with as many metrics and steps."""
    db.query((PROJECT + BLOCKS).format(project=project, runs=runs, metrics=metrics, steps=steps, calls=CALLS,
                                       templates=min(runs, TEMPLATES)))
    db.query("vacuum analyze")
