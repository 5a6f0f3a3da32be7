# SPDX-License-Identifier: Apache-2.0
"""Whatever dies and whoever comes back: every call is stored, once."""

import random
import signal

from resender import acked, check_stored, drive, wait_for_state
from rig import wire
from rig.programs import Tocsind
from rig.wait import wait_for


def test_a_killed_collector_loses_and_doubles_nothing(db, make_tocsind, make_resenders):
    tocsind = make_tocsind().start()
    resenders = make_resenders(tocsind.endpoint, batches=150, answer_s=0.5)
    for share in (0.2, 0.4, 0.6, 0.8):
        drive(resenders, lambda: acked(resenders) > share * 6 * 150)
        tocsind.kill9()
        tocsind.start()
    drive(resenders)
    check_stored(db, resenders)
    wait_for_state(db)


def test_a_restarted_database_loses_and_doubles_nothing(place, own_cluster, make_resenders):
    db = own_cluster.create()
    tocsind = Tocsind(place, db.dsn_collector).start()
    resenders = make_resenders(tocsind.endpoint, batches=150)
    for i, share in enumerate((0.2, 0.4, 0.6, 0.8)):
        drive(resenders, lambda: acked(resenders) > share * 6 * 150)
        if i % 2:
            own_cluster.kill9()
        else:
            own_cluster.stop(signal.SIGQUIT)
        db.close()
        own_cluster.start()
    drive(resenders)
    check_stored(db, resenders)
    wait_for_state(db)
    assert tocsind.metrics()["tocsin_database_connects_total"] >= 4
    assert tocsind.stop() == 0


def test_ended_sessions_are_replayed(db, tocsind, make_resenders):
    """57P01 in the middle of whatever the writer does."""
    resenders = make_resenders(tocsind.endpoint, batches=200)
    for share in (0.1, 0.3, 0.5, 0.7, 0.9):
        drive(resenders, lambda: acked(resenders) > share * 6 * 200)
        db.query("select pg_terminate_backend(pid) from pg_stat_activity "
                 "where application_name = 'tocsind' and datname = current_database()")
    drive(resenders)
    check_stored(db, resenders)
    wait_for_state(db)


def set_read_only(cluster, on):
    """As a primary that became a standby: the server answers and takes no writes."""
    cluster.execute(f"alter system set default_transaction_read_only = {'on' if on else 'off'}")
    cluster.execute("select pg_reload_conf()")
    wait_for(lambda: cluster.execute("show default_transaction_read_only")
             == [("on" if on else "off",)])


def test_a_database_that_takes_no_writes_is_waited_for(place, own_cluster, make_emitter):
    """A failover leaves the connection at a read-only server. No batch is to blame for that."""
    db = own_cluster.create()
    tocsind = Tocsind(place, db.dsn_collector).start()
    emitter, late = make_emitter(tocsind, rank=0), make_emitter(tocsind, rank=1)
    emitter.hello()
    set_read_only(own_cluster, True)
    connects = tocsind.metrics()["tocsin_database_connects_total"]
    emitter.log(["x"], [(0, (1.0,))], wait=False)
    emitter.alert("up", wait=False)
    late.send_raw(late.hello_frame())
    wait_for(lambda: tocsind.metrics()["tocsin_database_connects_total"] >= connects + 2)
    assert emitter.is_silent(0) and late.is_silent(0)
    set_read_only(own_cluster, False)
    answers = [emitter.expect(wire.ACK) for _ in range(2)]
    assert sorted(a["lane"] for a in answers) == [wire.EVENTS, wire.METRICS]
    late.expect(wire.WELCOME)
    assert db.query("select count(*), (select count(*) from alerts), "
                    "(select count(*) from quarantine) from blocks") == [(1, 1, 0)]
    assert tocsind.stop() == 0


def test_two_collectors_and_zombies_store_everything_once(db, make_tocsind, make_resenders):
    """Producers change sides while a paused collector still holds their batches."""
    collectors = [make_tocsind(name="a").start(), make_tocsind(name="b").start()]
    resenders = make_resenders([t.endpoint for t in collectors], batches=250, answer_s=0.4)
    rng = random.Random(3)
    for share in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        drive(resenders, lambda: acked(resenders) > share * 6 * 250)
        victim = rng.choice(collectors)
        victim.pause()
        before = [r.hellos for r in resenders]
        drive(resenders, lambda: any(r.hellos > n for r, n in zip(resenders, before))
              or all(r.is_done() for r in resenders))
        victim.resume()
    drive(resenders)
    check_stored(db, resenders)
    wait_for_state(db)
