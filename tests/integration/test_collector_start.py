# SPDX-License-Identifier: Apache-2.0
"""Starting and stopping tocsind: settings, places, and one plain sentence when something is wrong."""

import os
import pathlib
import signal
import socket
import subprocess

from rig.process import environment, program
from rig.programs import Tocsind
from rig.wait import wait_for
from rig.wire import WELCOME


def run(place, *argv, env=None):
    """tocsind to its end: exit code, stdout, stderr."""
    done = subprocess.run([program("tocsind"), *map(str, argv)], cwd=place, timeout=60,
                          env=environment(place, env), capture_output=True)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def sentence(place, code, *argv, env=None):
    """The one line it ends with, at the exit code expected."""
    rc, _, err = run(place, *argv, env=env)
    assert rc == code, (rc, err)
    lines = err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("tocsind: "), err
    return lines[0]


def test_an_address_of_the_world_is_refused_with_the_remedy(place, db):
    for address in ("tcp://0.0.0.0:5555", "tcp://*:5555", "tcp://10.0.0.1:5555", "tcp://[::]:5555"):
        line = sentence(place, 1, "--listen", address, "--dsn", db.dsn_collector)
        assert address in line and "not a loopback address" in line and "ssh -R" in line
    line = sentence(place, 1, f"--listen=ipc://{place}/s", "--health=0.0.0.0:0", "--dsn",
                    db.dsn_collector)
    assert "not a loopback address" in line


def test_loopback_addresses_are_taken_several_at_once(place, db, make_emitter):
    tocsind = Tocsind(place, db.dsn_collector)
    tocsind.endpoint = f"ipc://{place}/a.sock,tcp://127.0.0.1:*"
    tocsind.start()
    listen = tocsind.log.split("listen=")[1].split()[0].split(",")
    assert listen[0] == f"ipc://{place}/a.sock"
    for i, endpoint in enumerate(listen):
        tocsind.endpoint = endpoint
        emitter = make_emitter(tocsind, rank=i, run_id=5)
        emitter.hello()
        emitter.log(["x"], [(i, (1.0,))])
    assert db.query("select step from metrics order by step") == [(0,), (1,)]
    assert tocsind.stop() == 0


def test_a_port_in_use_is_named(place, db):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = sentence(place, 1, f"--listen=tcp://127.0.0.1:{port}", "--dsn", db.dsn_collector)
        assert f"127.0.0.1:{port} is in use" in line and "--listen" in line
        line = sentence(place, 1, f"--listen=ipc://{place}/s", f"--health=127.0.0.1:{port}",
                        "--dsn", db.dsn_collector)
        assert f"127.0.0.1:{port} is in use" in line and "--health" in line


def test_a_second_tocsind_is_told_of_the_first_and_harms_it_not(place, db, tocsind, make_emitter):
    line = sentence(place, 1, "--listen", tocsind.endpoint, "--dsn", db.dsn_collector)
    assert f"another tocsind listens on {tocsind.endpoint}" in line
    emitter = make_emitter(tocsind)
    emitter.hello()


def test_the_socket_of_a_killed_tocsind_is_no_obstacle(tocsind, make_emitter):
    tocsind.kill9()
    assert os.path.exists(tocsind.endpoint.removeprefix("ipc://"))
    tocsind.start()
    make_emitter(tocsind).hello()


def test_a_directory_that_cannot_be_made_or_written_is_named(place, db):
    (place / "file").write_text("")
    line = sentence(place, 1, f"--listen=ipc://{place}/file/dir/s", "--dsn", db.dsn_collector)
    assert f"{place}/file/dir" in line and "--listen" in line
    line = sentence(place, 1, "--listen=ipc:///proc/s", "--dsn", db.dsn_collector)  # not even root
    assert "cannot write /proc/s.lock" in line and "--listen" in line
    (place / "open").mkdir()
    (place / "open").chmod(0o777)
    line = sentence(place, 1, f"--listen=ipc://{place}/open/s", "--dsn", db.dsn_collector)
    assert "only this user controls" in line


def test_a_database_without_schema_names_the_command(place, empty_db):
    line = sentence(place, 1, f"--listen=ipc://{place}/s", "--dsn", empty_db.dsn_superuser)
    assert "run: tocsin migrate" in line


def test_a_user_who_may_not_store_is_told_what_to_grant(place, db):
    line = sentence(place, 1, f"--listen=ipc://{place}/s", "--dsn", db.dsn_reader)
    assert "grant tocsin_collector to" in line


def test_an_unreachable_database_is_exit_5_without_the_password(place):
    line = sentence(place, 5, f"--listen=ipc://{place}/s", "--db-wait-ms=300",
                    "--dsn", f"host={place}/nowhere dbname=x password=secret-word")
    assert f"{place}/nowhere" in line and "secret-word" not in line


def test_it_waits_for_a_database_that_is_starting(place, own_cluster, make_emitter):
    db = own_cluster.create()
    own_cluster.stop()
    tocsind = Tocsind(place, db.dsn_collector).spawn("--db-wait-ms=30000")
    own_cluster.start()
    tocsind.health = wait_for(tocsind._ready, 30, lambda: tocsind.log)
    make_emitter(tocsind).hello()
    assert tocsind.stop() == 0


def test_usage_errors_are_exit_2_and_name_the_nearest(place):
    assert '"queue_bytes"' in sentence(place, 2, "--queu-bytes", "1")
    assert "needs a value" in sentence(place, 2, "--listen")
    assert "unexpected argument" in sentence(place, 2, "start")
    assert "from 1 to 16" in sentence(place, 2, "--io-threads", "0")
    (place / "t.ini").write_text("[tocsind]\nlisten_on = x\n")
    line = sentence(place, 2, "--config", place / "t.ini")
    assert "t.ini" in line and '"listen"' in line


def test_flags_beat_environment_beats_file_beats_default(place):
    (place / "t.ini").write_text("io_threads = 2\nqueue_bytes = 5000000\nbacklog = 7\n")
    env = {"TOCSIND_IO_THREADS": "3", "TOCSIND_QUEUE_BYTES": "6000000", "TOCSIN_DSN": "host=/d"}
    _, out, _ = run(place, "--print-config", "--config", place / "t.ini", "--io-threads=4", env=env)
    shown = dict(line.split(" = ", 1) for line in out.splitlines()[1:])
    assert (shown["io_threads"], shown["queue_bytes"], shown["backlog"], shown["send_hwm"]) \
        == ("4", "6000000", "7", "1000")
    assert shown["dsn"] == "host=/d"
    assert shown["listen"] == f"ipc://{place}/run/ingest.sock"


def test_the_printed_config_masks_the_password(place):
    for dsn in ("host=h password=secret-word", "postgresql://u:secret-word@h/d"):
        _, out, _ = run(place, "--print-config", "--dsn", dsn)
        assert "secret-word" not in out and "***" in out


def test_systemd_is_told_when_it_is_ready(place, db):
    path = f"{place}/notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(path)
        notified.settimeout(20)
        tocsind = Tocsind(place, db.dsn_collector).spawn(env={"NOTIFY_SOCKET": path})
        assert notified.recv(100) == b"READY=1"
        assert tocsind.stop(signal.SIGINT) == 0
        assert notified.recv(100) == b"STOPPING=1"


def test_everything_it_makes_is_for_its_user_only(place, db):
    tocsind = Tocsind(place, db.dsn_collector)
    tocsind.endpoint = f"ipc://{place}/made/a.sock"
    tocsind.start()
    assert (place / "made").stat().st_mode & 0o777 == 0o700
    assert (place / "made" / "a.sock").stat().st_mode & 0o077 == 0
    assert tocsind.stop() == 0
    assert not (place / "made" / "a.sock").exists()


def test_few_open_files_are_told_or_refused(place, db):
    for limit, code in ((40, 2), (500, None)):
        tocsind = Tocsind(place, db.dsn_collector, f"files{limit}")
        tocsind.prefix = ["prlimit", f"--nofile={limit}:{limit}"]
        tocsind.spawn()
        wait_for(lambda: "LimitNOFILE" in tocsind.log, 20, lambda: tocsind.log)
        if code is None:
            wait_for(tocsind._ready, 20, lambda: tocsind.log)
            assert f"event=few_open_files limit={limit}" in tocsind.log
            assert tocsind.stop() == 0
        else:
            wait_for(lambda: tocsind.process.code is not None)
            assert tocsind.process.code == code and f"only {limit} files" in tocsind.log


def test_the_limit_of_open_files_is_raised(place, db):
    tocsind = Tocsind(place, db.dsn_collector)
    tocsind.prefix = ["prlimit", "--nofile=100:5000"]
    tocsind.start()
    with open(f"/proc/{tocsind.pid}/limits", encoding="ascii") as limits:
        (line,) = [line for line in limits if line.startswith("Max open files")]
    assert line.split()[3:5] == ["5000", "5000"]
    assert "few_open_files" not in tocsind.log
    assert tocsind.stop() == 0


def test_health_answers_and_says_what_is_there(tocsind):
    assert tocsind.get("/healthz") == (200, '{"status":"ok"}\n')
    assert tocsind.metrics()["tocsin_database_up"] == 1
    status, text = tocsind.get("/")
    assert status == 404 and "/metrics" in text


def test_its_threads_carry_their_names(tocsind):
    assert tocsind.get("/healthz")[0] == 200  # health has its name since its first connection
    tasks = pathlib.Path(f"/proc/{tocsind.pid}/task").glob("*/comm")
    assert {"tocsind", "ingest", "writer", "notifier", "health"} <= {path.read_text().strip() for path in tasks}


def test_health_says_when_the_database_is_gone_and_back(place, own_cluster, make_emitter):
    db = own_cluster.create()
    tocsind = Tocsind(place, db.dsn_collector).start()
    own_cluster.stop()
    emitter = make_emitter(tocsind)
    emitter.send_raw(emitter.hello_frame())
    wait_for(lambda: tocsind.get("/healthz") == (
        503, '{"status":"unavailable","reason":"database_unreachable"}\n'))
    assert tocsind.metrics()["tocsin_database_up"] == 0
    own_cluster.start()
    wait_for(lambda: tocsind.get("/healthz")[0] == 200)
    emitter.expect(WELCOME)
    assert tocsind.stop() == 0


def test_health_notices_a_gone_database_when_nothing_is_stored(place, own_cluster):
    tocsind = Tocsind(place, own_cluster.create().dsn_collector).start()
    own_cluster.stop()
    wait_for(lambda: tocsind.get("/healthz")[0] == 503)
    own_cluster.start()
    wait_for(lambda: tocsind.get("/healthz")[0] == 200)
    assert tocsind.stop() == 0


def test_health_notices_a_database_that_takes_no_writes_when_nothing_is_stored(place, own_cluster):
    tocsind = Tocsind(place, own_cluster.create().dsn_collector).start()
    for value, status in (("on", 503), ("off", 200)):
        own_cluster.execute(f"alter system set default_transaction_read_only = {value}")
        own_cluster.execute("select pg_reload_conf()")
        wait_for(lambda: tocsind.get("/healthz")[0] == status)
    assert tocsind.stop() == 0


def test_it_stops_in_time_without_a_database(place, own_cluster, make_emitter):
    db = own_cluster.create()
    tocsind = Tocsind(place, db.dsn_collector).start("--shutdown-ms=2000")
    emitter = make_emitter(tocsind)
    emitter.hello()
    own_cluster.stop()
    emitter.log(["x"], [(0, (1.0,))], wait=False)
    wait_for(lambda: tocsind.metrics()["tocsin_database_up"] == 0)
    assert tocsind.process.stop(signal.SIGTERM, 10) == 0
    assert "stopped_early" in tocsind.log
    own_cluster.start()
