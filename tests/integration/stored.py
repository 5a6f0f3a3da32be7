# SPDX-License-Identifier: Apache-2.0
"""Rows as the collector would write them, for tests of what reads them."""

import zlib
from datetime import datetime, timedelta, timezone

from rig.programs import Cli
from terminal import run_on_terminal

T0 = datetime(2026, 11, 23, 12, 30, 0, tzinfo=timezone.utc)


def iso(seconds):
    """T0 plus seconds, as the CLI prints it."""
    return (T0 + timedelta(seconds=seconds)).isoformat()

_ROLLUPS = """
with points as (
  select b.keyset_id, b.rank, b.attempt, s.position, u.step & -{width} as bucket, u.*,
         u.value not in ('NaN', 'Infinity', '-Infinity') as finite
    from blocks b join series s using (run_id, keyset_id),
         unnest(b.steps, b.times, b.values[(s.position - 1) * cardinality(b.steps) + 1
                                           : s.position * cardinality(b.steps)]) u(step, time, value)
   where b.run_id = {run} and not b.rolled),
buckets as (
  select keyset_id, rank, attempt, position, bucket, count(*) as calls, min(step) as first_step,
         max(step) as last_step, min(time) as first_time, max(time) as last_time,
         coalesce(min(value) filter (where finite), 'NaN') as low,
         coalesce((array_agg(step order by value, step) filter (where finite))[1], 0) as low_step,
         coalesce(max(value) filter (where finite), 'NaN') as high,
         coalesce((array_agg(step order by value desc, step) filter (where finite))[1], 0) as high_step,
         coalesce(sum(value) filter (where finite), 0) as sum,
         (array_agg(value order by step desc, time desc))[1] as last,
         count(*) filter (where not finite) as odd,
         (dense_rank() over (partition by keyset_id, rank, attempt order by bucket) - 1) / {per_row} as part
    from points group by keyset_id, rank, attempt, position, bucket)
insert into rollups
select {run}, keyset_id, {width}, min(first_step), max(last_step), rank, attempt, {level},
       array_agg(calls order by bucket) filter (where position = 1),
       array_agg(first_step order by bucket) filter (where position = 1),
       array_agg(last_step order by bucket) filter (where position = 1),
       array_agg(first_time order by bucket) filter (where position = 1),
       array_agg(last_time order by bucket) filter (where position = 1),
       array_agg(low order by position, bucket), array_agg(low_step order by position, bucket),
       array_agg(high order by position, bucket), array_agg(high_step order by position, bucket),
       array_agg(sum order by position, bucket), array_agg(last order by position, bucket),
       array_agg(odd order by position, bucket)
  from buckets group by keyset_id, rank, attempt, part"""


class Stored:
    """Writes into a migrated database, reads it with the CLI. Times are T0 plus seconds."""

    def __init__(self, db):
        self.db = db
        self._cli = Cli(db.cluster.place, db.dsn_reader)

    def dsn_of(self, user):
        return self.db.cluster.dsn(self.db.name, user)

    def cli(self, *argv, env=None):
        return self._cli.run(*argv, env=env)

    def json(self, *argv):
        return self.cli(*argv, "--json").json()

    def tsv(self, *argv):
        result = self.cli(*argv)
        assert result.rc == 0, result.stderr
        return tsv(result)

    def terminal(self, *argv, columns=100, env=None):
        env = {"TOCSIN_DSN": self.db.dsn_reader, **(env or {})}
        return run_on_terminal(self.db.cluster.place, *argv, columns=columns, env=env)

    def run(self, project, name, run_id, at=0, config="{}", group=None, username=None,
            world_size=1, attempts=((0, 0),), ending=None):
        self.db.query("insert into projects (name) values (%s) on conflict do nothing", project)
        self.db.query("""insert into runs (run_id, project_id, name, group_name, username, config, created)
                    select %s, project_id, %s, %s, %s, %s, %s from projects where name = %s""",
                 run_id, name, group, username, config, T0 + timedelta(seconds=at), project)
        for rank, attempt in attempts:
            self.db.query("""insert into attempts (run_id, rank, attempt, producer_id, world_size, host,
                                              pid, client, started, ended, ending)
                        values (%s, %s, %s, gen_random_uuid(), %s, %s, 42, 'test', %s, %s, %s)""",
                     run_id, rank, attempt, world_size, f"host{rank}", T0 + timedelta(seconds=at + attempt),
                     T0 if ending else None, ending)
        return run_id

    def log(self, run_id, names, calls, rank=0, attempt=0, kind="metric", per_block=2):
        """calls: (step, seconds, values). System calls have no step."""
        keyset = zlib.crc32(repr((kind, names)).encode())
        for position, name in enumerate(names, 1):
            self.db.query("insert into series values (%s, %s, %s, %s, %s) on conflict do nothing",
                     run_id, keyset, position, name, kind)
        for i in range(0, len(calls), per_block):
            self._block(run_id, keyset, calls[i:i + per_block], rank, attempt, kind)
        self._state(run_id, keyset, len(names), rank, attempt)

    def _block(self, run_id, keyset, calls, rank, attempt, kind):
        times = [T0 + timedelta(seconds=second) for _, second, _ in calls]
        steps = [step if kind == "metric" else int(time.timestamp() * 1e6)
                 for (step, _, _), time in zip(calls, times)]
        columns = zip(*(values for _, _, values in calls))
        self.db.query("insert into blocks values (%s, %s, %s, %s, %s, %s, %s, %s::timestamptz[], %s::float8[])",
                 run_id, keyset, min(steps), max(steps), rank, attempt, steps, times,
                 "{" + ",".join(repr(float(value)) for column in columns for value in column) + "}")

    def _state(self, run_id, keyset, n, rank, attempt):
        self.db.query("""insert into run_state
                    select %(run)s, %(keyset)s, %(rank)s, %(attempt)s, sum(cardinality(steps)),
                           min(first_step), max(last_step), max(times[cardinality(times)]),
                           array_fill(0::float8, array[%(n)s]), array_fill(0::float8, array[%(n)s]),
                           array_fill(0::float8, array[%(n)s])
                      from blocks where run_id = %(run)s and keyset_id = %(keyset)s
                       and rank = %(rank)s and attempt = %(attempt)s
                    on conflict (run_id, keyset_id, rank, attempt) do update
                       set calls = excluded.calls, first_step = excluded.first_step,
                           last_step = excluded.last_step, last_time = excluded.last_time"""
                 .replace("%(run)s", str(run_id)).replace("%(keyset)s", str(keyset))
                 .replace("%(rank)s", str(rank)).replace("%(attempt)s", str(attempt))
                 .replace("%(n)s", str(n)))

    def rolled(self, run_id, width=4, per_row=4):
        """All its blocks are rolled, as by compaction: buckets of `width` steps and of 32 times that, so many a row."""
        for level, steps in (1, width), (2, 32 * width):
            self.db.query(_ROLLUPS.format(run=run_id, level=level, width=steps, per_row=per_row))
        self.db.query("""insert into compacted (run_id, keyset_id, rank, attempt, calls, from_step)
                         select run_id, keyset_id, rank, attempt, sum(cardinality(steps)), max(first_step)
                           from blocks where run_id = %s and not rolled group by 1, 2, 3, 4
                         on conflict (run_id, keyset_id, rank, attempt) do update
                            set calls = compacted.calls + excluded.calls, from_step = excluded.from_step""", run_id)
        self.db.query("update blocks set rolled = true where run_id = %s", run_id)

    def refresh_state(self):
        """last, minimum and maximum in run_state as the collector keeps them."""
        self.db.query("""
            update run_state t set last = v.last, minimum = v.low, maximum = v.high
              from (select run_id, keyset_id, rank, attempt,
                           array_agg(last order by position) as last, array_agg(low order by position) as low,
                           array_agg(high order by position) as high
                      from (select s.run_id, s.keyset_id, s.position, b.rank, b.attempt,
                                   (array_agg(u.value order by u.step desc, u.time desc))[1] as last,
                                   coalesce(min(nullif(u.value, 'NaN')), 'NaN') as low,
                                   coalesce(max(nullif(u.value, 'NaN')), 'NaN') as high
                              from series s join blocks b using (run_id, keyset_id),
                                   unnest(b.steps, b.times,
                                          b.values[(s.position - 1) * cardinality(b.steps) + 1
                                                   : s.position * cardinality(b.steps)]) u(step, time, value)
                             group by 1, 2, 3, 4, 5) c
                     group by 1, 2, 3, 4) v
             where (t.run_id, t.keyset_id, t.rank, t.attempt) = (v.run_id, v.keyset_id, v.rank, v.attempt)""")

    def alert(self, run_id, title, text=None, level=1, step=None, at=0, rank=0, attempt=0, url=None):
        """Its id. url: it came with this webhook."""
        return self.db.value("""
            insert into alerts (project_id, run_id, rank, attempt, level, title, text, step, time,
                                endpoint_id)
            values ((select project_id from runs where run_id = %s), %s, %s, %s, %s, %s, %s, %s, %s, %s)
            returning alert_id""",
            run_id, run_id, rank, attempt, level, title, text, step, T0 + timedelta(seconds=at),
            None if url is None else self.endpoint(url, run_id))

    def endpoint(self, url, run_id=None):
        """An endpoint as an alert of that run makes it, or as the configuration does; its id."""
        return self.db.value("""
            insert into endpoints (project_id, origin, kind, url, url_hash, shown)
            select (select project_id from runs where run_id = %s), %s, endpoint_kind(u), u,
                   sha256(convert_to(u, 'UTF8')), endpoint_shown(u)
              from (values (%s)) v(u) returning endpoint_id""",
            run_id, "settings" if run_id is None else "run", url)


def tsv(result):
    return [line.split("\t") for line in result.stdout.splitlines()]
