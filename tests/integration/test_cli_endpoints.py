# SPDX-License-Identifier: Apache-2.0
"""tocsin endpoint add and list: where URLs come from, and where they and the secrets do not show."""

import base64
import os
import pty
import re
import select
import signal
import subprocess
import termios
import threading

import pytest

from rig.process import environment, program
from rig.programs import Cli
from rig.wait import wait_for
from webhook_support import GENERIC, SLACK, add, endpoints, owner, stored


def ended(process):
    """What a child wrote, once it has ended; it is given a minute."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out.decode(), err.decode()


# Adding


def test_an_endpoint_is_added_and_listed(owner, cli, db):
    made = add(owner, url=SLACK)
    assert re.fullmatch(r"https://hooks\.slack\.com/…#[0-9a-f]{4}", made["url"])
    assert made == {"id": "1", "url": made["url"], "kind": "slack", "project": None,
                    "min_level": "info", "repeat_s": 60, "made": True, "secret": None}
    (listed,) = endpoints(cli)
    assert listed.pop("created")
    assert listed == {"id": "1", "url": made["url"], "kind": "slack", "project": None,
                      "min_level": "info", "enabled": True, "why_disabled": None, "waiting": 0,
                      "last_state": None, "last_status": None, "last_answer": None,
                      "last_message": None, "repeat_s": 60, "signed": False, "failures": 0,
                      "origin": "command"}
    assert db.query("select url, url_hash = sha256(url::bytea) from endpoints") == [(SLACK, True)]


def test_it_says_what_to_do_next(owner):
    done = owner.run("endpoint", "add", stdin=GENERIC.encode())
    assert done.rc == 0
    lines = dict(re.findall(r"^(\S+(?: \S+)*)  +(.*)$", done.stdout, re.M))
    assert lines["endpoint"] == "1" and lines["kind"] == "generic"
    assert lines["signing secret"].startswith("whsec_")
    assert "shown this once" in done.stderr and "tocsin endpoint test 1" in done.stderr


def test_a_generic_endpoint_is_signed_with_a_secret_of_its_own(owner, cli, db):
    first, second = add(owner), add(owner, "--project=p")
    for made in (first, second):
        assert made["secret"].startswith("whsec_")
        assert len(base64.b64decode(made["secret"][6:], validate=True)) == 32
        assert db.value("select secret from endpoints where endpoint_id = %s",
                        made["id"]) == made["secret"]
    assert first["secret"] != second["secret"]
    assert [endpoint["signed"] for endpoint in endpoints(cli)] == [True, True]


def test_options_say_scope_level_repetition_and_kind(owner, cli):
    add(owner, "--project=p", "--min-level=warn", "--repeat=15m", "--kind=discord")
    (listed,) = endpoints(cli)
    assert (listed["project"], listed["min_level"], listed["repeat_s"], listed["kind"]) == (
        "p", "warn", 900, "discord")


def test_adding_again_states_it_anew(owner, cli, db):
    made = add(owner)
    db.query("""update endpoints set enabled = false, why_disabled = 'gone', failures = 9,
                                     available = now() + interval '1 hour'""")
    again = add(owner, "--min-level=error", "--repeat=0")
    assert (again["id"], again["made"], again["secret"]) == (made["id"], False, None)
    (listed,) = endpoints(cli)
    assert (listed["min_level"], listed["repeat_s"], listed["enabled"], listed["why_disabled"],
            listed["failures"], listed["signed"]) == ("error", 0, True, None, 0, True)
    assert db.value("select secret from endpoints") == made["secret"]
    assert db.value("select available <= now() from endpoints")
    assert "endpoint 1 already" in owner.run("endpoint", "add", stdin=GENERIC.encode()).stderr
    assert add(owner, "--project=p")["made"]


def test_a_url_that_came_with_an_alert_becomes_everybodys(owner, cli, stored):
    stored.alert(11, "diverged", url=GENERIC)
    assert endpoints(cli)[0]["origin"] == "run"
    again = add(owner, "--project=p")
    assert not again["made"] and again["secret"].startswith("whsec_")
    assert [(e["origin"], e["signed"]) for e in endpoints(cli)] == [("command", True)]


def test_a_removed_endpoint_can_be_added_again(owner):
    assert owner.run("endpoint", "remove", add(owner)["id"]).rc == 0
    again = add(owner)
    assert again["made"] and again["id"] == "2"


def test_a_project_without_runs_can_have_an_endpoint(owner, cli, db):
    done = owner.run("endpoint", "add", "--project=new", stdin=SLACK.encode())
    assert done.rc == 0 and "Project 'new' has no run yet" in done.stderr
    assert [e["project"] for e in endpoints(cli, "--project=new")] == ["new"]
    assert cli.run("list", "projects", "--json").json()["projects"] == []
    assert "no run yet" not in owner.run("endpoint", "add", "--project=new",
                                         stdin=GENERIC.encode()).stderr


def test_the_list_of_a_project_has_those_that_take_its_alerts(owner, cli, stored):
    add(owner, "--project=p")
    add(owner, "--project=q")
    add(owner, url=SLACK)
    assert [e["project"] for e in endpoints(cli)] == [None, "p", "q"]
    assert [e["project"] for e in endpoints(cli, "--project=q")] == [None, "q"]
    rows = stored.tsv("endpoint", "list")
    assert rows[0][:8] == ["id", "url", "kind", "project", "min_level", "enabled", "why_disabled",
                           "waiting"]


def test_the_list_of_an_unknown_project(cli, stored):
    done = cli.run("endpoint", "list", "--project=P")
    assert done.rc == 3 and "Did you mean 'p'?" in done.stderr


# Where the URL comes from


@pytest.mark.parametrize("content", [GENERIC, f"{GENERIC}\n", f"  {GENERIC} \r\n\n"])
def test_a_url_from_a_file(owner, place, db, content):
    file = place / "url"
    file.write_text(content)
    assert owner.run("endpoint", "add", "--url-file", file).rc == 0
    assert db.value("select url from endpoints") == GENERIC


BAD_URLS = {
    "nothing": (b"", "not the URL of a webhook"),
    "ftp": (b"ftp://canary/x", "not the URL of a webhook"),
    "no host": (b"https:///canary", "not the URL of a webhook"),
    "no address": (b"https://ca nary/canary", "not the URL of a webhook"),
    "capitals": (b"HTTPS://canary/", "not the URL of a webhook"),
    "too long": (b"https://example.org/" + b"x" * 2029, "longer than 2048 bytes"),
    "far too long": (b"x" * 100000, "longer than 4095 bytes"),
    "two lines": (b"https://example.org/a\nhttps://example.org/canary", "one line of text"),
    "NUL": (b"https://example.org/a\0canary", "one line of text"),
    "escape": (b"https://example.org/\x1b[31mcanary", "one line of text"),
    "not UTF-8": (b"https://example.org/\xffcanary", "one line of text"),
}


@pytest.mark.parametrize("url, sentence", BAD_URLS.values(), ids=BAD_URLS)
def test_a_bad_url_is_refused_and_not_repeated(owner, db, url, sentence):
    done = owner.run("endpoint", "add", "--project=p", stdin=url)
    assert (done.rc, done.stdout) == (2, "") and sentence in done.stderr
    assert "canary" not in done.stderr and len(done.stderr.splitlines()) == 1
    assert db.query("select 1 from endpoints") == [] and db.query("select 1 from projects") == []


def test_the_longest_url(owner, db):
    add(owner, url="https://example.org/" + "x" * 2028)
    assert db.value("select length(url) from endpoints") == 2048


def test_a_file_that_is_not_there(owner, place):
    done = owner.run("endpoint", "add", "--url-file", place / "none")
    assert done.rc == 2 and "cannot open" in done.stderr


@pytest.mark.parametrize("argv", [
    [SLACK], ["--url", SLACK], [f"--url={SLACK}"], [f"--project={SLACK}"], ["--kind", SLACK],
    [f"--repeat={SLACK}"], ["--url-file", SLACK], ["--json", "--", SLACK],
    ["hooks.slack.com/services/canary"], ["--url=hooks.slack.com/services/canary"],
])
@pytest.mark.parametrize("verb", ["add", "test"])
def test_a_url_as_an_argument_is_refused_and_not_repeated(place, verb, argv):
    done = Cli(place).run("endpoint", verb, *argv)
    assert (done.rc, done.stdout) == (2, "")
    assert "secret and no argument" in done.stderr and "history" in done.stderr
    assert "canary" not in done.stderr


# Typed


class Typist:
    """endpoint add with a terminal for stdin, whose settings it must give back."""

    def __init__(self, place, dsn):
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            [program("tocsin"), "endpoint", "add", "--json"], stdin=self.slave,
            env=environment(place, {"TOCSIN_DSN": dsn}), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.prompt = os.read(self.process.stderr.fileno(), 1000).decode()
        wait_for(lambda: not self.echoes())

    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def shown(self):
        """What the terminal shows of what is typed."""
        return os.read(self.master, 1000) if select.select([self.master], [], [], 0)[0] else b""

    def close(self):
        assert termios.tcgetattr(self.slave) == self.before
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def typist(place, db):
    typist = Typist(place, db.dsn_superuser)
    yield typist
    typist.process.kill()
    typist.process.wait()
    typist.close()


def test_a_typed_url_is_not_shown(typist, db):
    assert typist.prompt.startswith("URL of the webhook")
    os.write(typist.master, SLACK.encode() + b"\n")
    code, out, err = ended(typist.process)
    assert code == 0 and "canary" not in out + err
    assert b"canary" not in typist.shown()
    assert db.value("select url from endpoints") == SLACK


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_terminal_is_given_back_after_a_signal(typist, number):
    typist.process.send_signal(number)
    assert ended(typist.process)[0] == -number


# Secrets


def test_nothing_that_people_see_has_a_secret(owner, cli, stored, db):
    secret = add(owner)["secret"]
    add(owner, "--project=p", url=SLACK)
    alert = stored.alert(11, "diverged", url=f"{SLACK}/canary")
    db.query("""insert into messages (webhook_id, endpoint_id, form, alerts, body)
                select 'msg_' || endpoint_id, endpoint_id, 'alerts', 1, '{}' from endpoints""")
    db.query("""insert into deliveries (run_id, alert_id, endpoint_id, group_key)
                select 11, %s, endpoint_id, 1 from endpoints""", alert)
    said = ""
    for argv in (["endpoint", "list"], ["list", "deliveries"], ["silence", "list"],
                 ["list", "alerts", "--project=p"], ["endpoint", "disable", "1"],
                 ["endpoint", "enable", "1"], ["endpoint", "remove", "2"]):
        for form in ([], ["--json"]):
            done = (owner if argv[0] == "endpoint" and argv[1] != "list" else cli).run(*argv, *form)
            said += done.stdout + done.stderr
    assert "hooks.slack.com" in said and "example.org" in said
    assert "canary" not in said and secret not in said and "whsec_" not in said


def test_other_sessions_see_no_secret(owner, place, db):
    """The statement waits for a lock while another session looks."""
    blocker = db.connect()
    blocker.autocommit = False
    blocker.cursor().execute("lock table tocsin.endpoints")
    thread = threading.Thread(target=add, args=(owner,))
    thread.start()
    seen = """select query from pg_stat_activity
               where application_name = 'tocsin' and wait_event_type = 'Lock'"""
    wait_for(lambda: db.query(seen))
    ((query,),) = db.query(seen)
    commands = subprocess.run(["ps", "-eo", "args"], capture_output=True, check=True).stdout
    blocker.rollback()
    blocker.close()
    thread.join(60)
    assert "insert into endpoints" in query
    assert "canary" not in query and "whsec_" not in query
    assert b"canary" not in commands and b"whsec_" not in commands
    assert db.value("select count(*) from endpoints") == 1
