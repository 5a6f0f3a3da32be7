# SPDX-License-Identifier: Apache-2.0
"""The people's side of webhooks: one endpoint, silences, acknowledgements, deliveries."""

import base64
import hmac
import os
import re
import subprocess
import threading
import time

import pytest

from rig.wait import wait_for
from webhook_support import GENERIC, SLACK, add, endpoints, owner, stored

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


# One endpoint


def test_disable_and_enable(owner, cli, db):
    add(owner)
    done = owner.run("endpoint", "disable", "1", env={"USER": "ann"})
    assert done.rc == 0 and "Endpoint 1 (https://example.org:8443/" in done.stderr
    assert [(e["enabled"], e["why_disabled"]) for e in endpoints(cli)] == [
        (False, "by hand, by ann")]
    db.query("update endpoints set failures = 7, available = now() + interval '1 hour'")
    assert owner.run("endpoint", "enable", "1", "--json").json() == {"id": "1", "enabled": True}
    assert db.query("""select enabled, why_disabled, failures, available <= now()
                         from endpoints""") == [(True, None, 0, True)]


def test_remove_keeps_the_record_and_no_secret(owner, cli, stored, db):
    add(owner)
    add(owner, "--project=p", url=SLACK)
    sent, waits = stored.alert(11, "sent"), stored.alert(11, "waits")
    db.query("""insert into messages (webhook_id, endpoint_id, form, alerts, body, state)
                values ('a', 1, 'alerts', 1, '{}', 'delivered'),
                       ('b', 1, 'test', 0, '', 'waiting'), ('c', 2, 'test', 0, '', 'waiting')""")
    db.query("""insert into deliveries (run_id, alert_id, endpoint_id, group_key, state, message_id)
                values (11, %s, 1, 1, 'sent', 1), (11, %s, 1, 2, 'waiting', null),
                       (11, %s, 2, 2, 'waiting', null)""", sent, waits, waits)
    done = owner.run("endpoint", "remove", "1", "--json").json()
    assert done == {"id": "1", "alerts_abandoned": 1, "messages_abandoned": 1}
    assert db.query("""select url, secret, old_secret, removed is not null, enabled
                         from endpoints where endpoint_id = 1""") == [
                             ("", None, None, True, False)]
    assert db.query("select state from messages order by message_id") == [
        ("delivered",), ("failed",), ("waiting",)]
    listed = cli.run("list", "deliveries", "--json").json()["deliveries"]
    assert [(d["endpoint"], d["title"], d["state"]) for d in listed] == [
        ("1", "waits", "abandoned"), ("2", "waits", "waiting"), ("1", "sent", "delivered")]
    assert [e["id"] for e in endpoints(cli)] == ["2"]
    assert owner.run("endpoint", "remove", "1").rc == 3


def test_a_delivery_that_came_too_late_for_its_endpoint_is_abandoned(owner, cli, stored, db):
    add(owner)
    owner.run("endpoint", "remove", "1")
    db.query("""insert into deliveries (run_id, alert_id, endpoint_id, group_key)
                values (11, %s, 1, 1)""", stored.alert(11, "late"))
    (late,) = cli.run("list", "deliveries", "--json").json()["deliveries"]
    assert (late["state"], late["next_try"]) == ("abandoned", None)


def test_rotation_keeps_the_old_secret_for_a_day(owner, db):
    first = add(owner)["secret"]
    second = owner.run("endpoint", "rotate", "1", "--json").json()["secret"]
    assert second.startswith("whsec_") and second != first
    assert db.query("""select secret, old_secret, old_secret_until between now() + interval '23 hours'
                                                                     and now() + interval '24 hours'
                         from endpoints""") == [(second, first, True)]
    said = owner.run("endpoint", "rotate", "1")
    assert "signing secret    whsec_" in said.stdout and "24 hours" in said.stderr
    assert db.value("select old_secret from endpoints") == second


def test_an_endpoint_that_came_with_an_alert_gets_its_first_secret(owner, stored, db):
    stored.alert(11, "diverged", url=GENERIC)
    said = owner.run("endpoint", "rotate", "1")
    assert said.rc == 0 and "24 hours" not in said.stderr
    assert db.query("""select old_secret, old_secret_until from endpoints""") == [(None, None)]


def test_slack_checks_no_signatures(owner, db):
    add(owner, url=SLACK)
    done = owner.run("endpoint", "rotate", "1")
    assert done.rc == 2 and "is for slack" in done.stderr and "whsec_" not in done.stdout
    assert db.value("select secret from endpoints") is None


@pytest.fixture
def documented():
    """verify() of docs/alerts.md."""
    with open(os.path.join(ROOT, "docs", "alerts.md"), encoding="utf-8") as page:
        (code,) = re.findall(r"```python\n(.*?)```", page.read(), re.S)
    scope = {}
    exec(code, scope)
    return scope["verify"]


def signature(secret, body, number, timestamp):
    key = base64.b64decode(secret[6:])
    signed = b"%s.%d.%s" % (number.encode(), timestamp, body)
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def test_the_documented_verification(owner, documented):
    secret, old, now = add(owner)["secret"], add(owner, "--project=p")["secret"], int(time.time())
    mine, other = (signature(s, b"{}", "msg_1", now) for s in (secret, old))
    for given, good in ((mine, True), (f"{other} {mine}", True), (other, False), ("", False)):
        headers = {"webhook-id": "msg_1", "webhook-timestamp": str(now), "webhook-signature": given}
        assert documented(secret, headers, b"{}") is good
        assert documented(secret, headers, b"{ }") is False
        assert documented(secret, {**headers, "webhook-id": "msg_2"}, b"{}") is False
    late = {"webhook-id": "msg_1", "webhook-timestamp": str(now - 400),
            "webhook-signature": signature(secret, b"{}", "msg_1", now - 400)}
    assert documented(secret, late, b"{}") is False


# Tests


def settle(db, **values):
    """Does what the notifier does with a test that waits."""
    wait_for(lambda: db.query("select 1 from messages where state = 'waiting'"))
    sets = ", ".join(f"{name} = %s" for name in values)
    db.query(f"update messages set {sets} where state = 'waiting'", *values.values())


def run_test(owner, db, *argv, **values):
    results = []
    thread = threading.Thread(
        target=lambda: results.append(owner.run("endpoint", "test", "1", *argv)))
    thread.start()
    settle(db, **values)
    thread.join(60)
    return results[0]


def test_a_test_that_is_taken(owner, db):
    add(owner)
    done = run_test(owner, db, "--json", state="delivered", status=204, attempts=1, answer="")
    got = done.json()
    assert got.pop("webhook_id") == db.value("select webhook_id from messages")
    assert got == {"id": "1", "delivered": True, "status": 204, "answer": ""}
    ((webhook_id, form, alerts, body),) = db.query(
        "select webhook_id, form, alerts, body from messages")
    assert re.fullmatch("msg_[0-9a-f]{32}", webhook_id) and (form, alerts, body) == ("test", 0, "")


def test_a_test_that_is_refused(owner, db):
    add(owner)
    done = run_test(owner, db, state="failed", status=400, attempts=1, answer="invalid_payload")
    assert done.rc == 1
    assert re.search(r"Endpoint 1 \(https://example\.org:8443/…#....\) did not take the message: "
                     "status 400: invalid_payload$", done.stderr.strip())


def test_a_test_is_tried_once(owner, db):
    add(owner)
    done = run_test(owner, db, attempts=1, answer="connection refused")
    assert done.rc == 1 and "did not take the message: connection refused" in done.stderr
    assert db.query("select state, answer, settled is not null from messages") == [
        ("failed", "connection refused", True)]


def test_a_test_that_must_wait_longer_than_we_do(owner, db):
    add(owner)
    done = run_test(owner, db, "--timeout=1s", status=429, answer="slow down")
    assert done.rc == 8 and "in 1s: status 429: slow down" in done.stderr
    assert db.value("select state from messages") == "failed"


def test_nobody_posts_the_test(owner, db):
    add(owner)
    done = owner.run("endpoint", "test", "1", "--timeout=1s", "--json")
    assert done.rc == 8 and "does tocsind run?" in done.stderr
    assert '"delivered": false' in done.stdout
    assert db.query("select state, answer from messages") == [("failed", "not posted in time")]
    db.query("update endpoints set available = now() + interval '100 s'")
    done = owner.run("endpoint", "test", "1", "--timeout=1s")
    assert done.rc == 8 and re.search("left alone for (100|9.) s more", done.stderr)


# Silences


def test_a_silence_comes_and_goes(owner, cli, stored, db):
    made = owner.run("silence", "add", "--project=p", "--run=r", "--max-level=warn",
                     "--title=loss *", "--for=2h", "--comment=night", "--json",
                     env={"USER": "ann"}).json()
    (listed,) = cli.run("silence", "list", "--json").json()["silences"]
    assert listed.pop("created")
    assert listed == {"id": "1", "project": "p", "run": "r", "max_level": "warn",
                      "title": "loss *", "ends": made["ends"], "who": "ann", "comment": "night",
                      "run_id": "11"}
    assert db.value("""select ends between now() + interval '119 min' and now() + interval '2 h'
                         from silences""")
    done = owner.run("silence", "remove", "1")
    assert done.rc == 0 and "Silence 1 is over" in done.stderr
    assert cli.run("silence", "list", "--json").json() == {"project": None, "silences": []}
    assert owner.run("silence", "remove", "1").rc == 3


def test_a_silence_of_everything(owner, cli, stored):
    done = owner.run("silence", "add", "--for", "90s")
    assert done.rc == 0 and "To end it: tocsin silence remove 1" in done.stderr
    (listed,) = cli.run("silence", "list", "--project=q", "--json").json()["silences"]
    assert (listed["project"], listed["run"], listed["max_level"], listed["title"],
            listed["comment"]) == (None, None, "error", None, None)


def test_silences_of_a_project(owner, cli, stored):
    for project in ("p", "q"):
        assert owner.run("silence", "add", f"--project={project}", "--for=1d").rc == 0
    silences = cli.run("silence", "list", "--project=q", "--json").json()["silences"]
    assert [silence["project"] for silence in silences] == ["q"]


# Acknowledgements


def test_ack(owner, cli, stored):
    first, second = stored.alert(11, "diverged"), stored.alert(11, "slow")
    done = owner.run("ack", first, "--comment=looking", second, "--json", env={"USER": "ann"})
    assert done.json() == {"alerts": [str(first), str(second)], "who": "ann", "comment": "looking"}
    third = stored.alert(11, "other")
    alerts = {alert["id"]: alert for alert in
              cli.run("list", "alerts", "--project=p", "--json").json()["alerts"]}
    assert list(alerts[str(first)])[-2:] == ["acknowledged", "acknowledged_by"]
    assert alerts[str(first)]["acknowledged_by"] == "ann" and alerts[str(first)]["acknowledged"]
    assert alerts[str(third)]["acknowledged_by"] is None
    assert owner.run("ack", first, first, env={"USER": "bob"}).rc == 0


def test_the_latest_acknowledgement_counts(owner, stored, db):
    alert = stored.alert(11, "diverged")
    for user in ("ann", "bob"):
        assert owner.run("ack", alert, env={"USER": user}).rc == 0
    assert db.query("select who from acks") == [("bob",)]


def test_all_or_none_is_acknowledged(owner, stored, db):
    alert = stored.alert(11, "diverged")
    done = owner.run("ack", "998", alert, "999")
    assert done.rc == 3 and "There is no alert 998, 999; nothing is acknowledged" in done.stderr
    assert db.query("select 1 from acks") == []


def test_without_user_the_system_says_who(owner, stored, db):
    alert = stored.alert(11, "diverged")
    for user in (None, "", "\udcff", "x" * 256):
        assert owner.run("ack", alert, env={"USER": user}).rc == 0
        assert db.value("select who from acks") == subprocess.run(
            ["id", "-un"], capture_output=True, check=True).stdout.decode().strip()


# Deliveries


def test_deliveries_of_project_run_alert_and_state(owner, cli, stored, db):
    add(owner)
    alerts = [stored.alert(run, title) for run, title in ((11, "one"), (11, "two"), (12, "three"))]
    db.query("""insert into messages (webhook_id, endpoint_id, form, alerts, body, state, status)
                values ('msg_1', 1, 'digest', 2, '{}', 'failed', 400)""")
    for alert, run, state, message in zip(alerts, (11, 11, 12), ("waiting", "silenced", "sent"),
                                          (None, None, 1)):
        db.query("insert into deliveries values (%s, %s, 1, 1, %s, %s)", run, alert, state, message)

    def titles(*argv):
        got = cli.run("list", "deliveries", "--json", *argv).json()
        assert list(got) == ["project", "run", "alert", "state", "deliveries", "has_more"]
        return [delivery["title"] for delivery in got["deliveries"]]

    assert titles() == ["three", "two", "one"]
    assert titles("--project=p") == ["two", "one"]
    assert titles("--project=p", "--run=11") == ["two", "one"]
    assert titles(f"--alert={alerts[0]}") == ["one"]
    assert titles("--state=failed") == ["three"]
    assert titles("--state=acknowledged") == []
    three = cli.run("list", "deliveries", "--json", "--state=failed").json()["deliveries"][0]
    assert (three["in_message"], three["form"], three["status"], three["webhook_id"]) == (
        2, "digest", 400, "msg_1")
    assert stored.tsv("list", "deliveries")[0][:3] == ["alert_id", "level", "title"]


# Errors


@pytest.mark.parametrize("argv, rc, sentence", [
    (["endpoint", "test"], 2, "endpoint test takes the id of an endpoint"),
    (["endpoint", "test", "1", "2"], 2, "endpoint test takes the id of an endpoint"),
    (["endpoint", "test", "x"], 2, "'x' is not the id of an endpoint. See: tocsin endpoint list"),
    (["endpoint", "test", "-1"], 2, "'-1' is not the id"),
    (["endpoint", "test", "0"], 2, "'0' is not the id"),
    (["endpoint", "test", "9223372036854775808"], 2, "is not the id"),
    (["endpoint", "test", "7", "--timeout=1s"], 3, "There is no endpoint 7"),
    (["endpoint", "enable", "7"], 3, "There is no endpoint 7"),
    (["endpoint", "disable", "7"], 3, "There is no endpoint 7"),
    (["endpoint", "remove", "7"], 3, "There is no endpoint 7"),
    (["endpoint", "rotate", "7"], 3, "There is no endpoint 7"),
    (["endpoint", "add", "--repeat=8d"], 2, "from 0s to 7d, not '8d'"),
    (["endpoint", "add", "--repeat=60"], 2, "--repeat is a time such as 90s"),
    (["endpoint", "add", "--project="], 2, "--project is a text of 1 to 255 bytes"),
    (["endpoint", "add", f"--project={'x' * 256}"], 2, "--project is a text of 1 to 255 bytes"),
    (["silence", "add"], 2, "silence add needs --for TIME"),
    (["silence", "add", "--for=0"], 2, "from 1s to 366d"),
    (["silence", "add", "--for=1h", "--run=r"], 2, "--run needs --project"),
    (["silence", "add", "--for=1h", "--project=P"], 3, "Did you mean 'p'?"),
    (["silence", "add", "--for=1h", "--project=p", "--run=x"], 3, "Run 'x' not found"),
    (["silence", "remove", "7"], 3, "No silence 7 is in force"),
    (["ack"], 2, "ack takes the id of an alert, or several"),
    (["ack", "1", "one"], 2, "'one' is not the id of an alert"),
    (["list", "deliveries", "--run=r"], 2, "--run needs --project"),
    (["list", "deliveries", "--project=P"], 3, "Did you mean 'p'?"),
    (["list", "deliveries", "--state=sent"], 2, "--state is one of waiting|"),
])
def test_errors_say_what_to_do(owner, stored, argv, rc, sentence):
    done = owner.run(*argv)
    assert (done.rc, done.stdout) == (rc, "") and sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("argv", [
    ["endpoint", "add"], ["endpoint", "test", "1"], ["endpoint", "disable", "1"],
    ["endpoint", "remove", "1"], ["endpoint", "rotate", "1"], ["silence", "add", "--for=1h"],
    ["silence", "remove", "1"], ["ack", "1"],
])
def test_a_reader_changes_nothing(cli, argv):
    done = cli.run(*argv, stdin=SLACK.encode())
    assert done.rc == 4 and "tocsin_owner" in done.stderr and "canary" not in done.stderr
