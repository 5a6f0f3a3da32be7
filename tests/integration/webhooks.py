# SPDX-License-Identifier: Apache-2.0
"""Endpoints of a test, what was posted to them and what SQL says about it."""

import hashlib

from rig.wait import wait_for

TIMEOUT_S = 8  # of a post, in these tests


def settings(mock, timeout_s=TIMEOUT_S):
    """tocsind's flags that let it post to a mock endpoint on loopback."""
    return [f"--webhook-allow={mock.host}", f"--webhook-ca-file={mock.certificates.ca}",
            f"--webhook-timeout-ms={int(timeout_s * 1000)}"]


class Endpoints:
    """Writes endpoints as `tocsin endpoint add` does, and reads what became of the alerts."""

    def __init__(self, db):
        self.db = db

    def add(self, url, project=None, min_level=0, repeat_s=60, secret=None):
        if project:
            self.db.query("insert into projects (name) values (%s) on conflict do nothing", project)
        return self.db.value(
            """insert into endpoints (project_id, origin, kind, url, url_hash, shown, min_level, repeat_s,
                                      secret)
               values ((select project_id from projects where name = %s), 'command', endpoint_kind(%s), %s,
                       %s, endpoint_shown(%s), %s, %s, %s) returning endpoint_id""",
            project, url, url, hashlib.sha256(url.encode()).digest(), url, min_level, repeat_s, secret)

    def message(self, endpoint_id, which=-1):
        """The endpoint's latest message as a dictionary, or the which-th; None: there is none."""
        rows = self.db.query(
            """select webhook_id, form, alerts, state, attempts, status, answer, body,
                      extract(epoch from next_try)::float8, claim is not null
                 from messages where endpoint_id = %s order by message_id""", endpoint_id)
        names = ("webhook_id", "form", "alerts", "state", "attempts", "status", "answer", "body", "next_try",
                 "claimed")
        return dict(zip(names, rows[which])) if rows else None

    def wait_answered(self, endpoint_id, deadline_s=40):
        """The endpoint's first message once an attempt of it has been written down."""
        def answered():
            message = self.message(endpoint_id, 0)
            return message if message and not message["claimed"] and message["answer"] is not None else None
        return wait_for(answered, deadline_s, lambda: f"endpoint {endpoint_id}: {self.message(endpoint_id)}")

    def wait_state(self, endpoint_id, state, deadline_s=20):
        def reached():
            message = self.message(endpoint_id)
            return message if message and message["state"] == state else None
        return wait_for(reached, deadline_s, lambda: f"endpoint {endpoint_id}: {self.message(endpoint_id)}")

    def states(self, endpoint_id):
        """How many alerts are in which state at an endpoint."""
        return dict(self.db.query("select state, count(*) from deliveries_overview where endpoint_id = %s "
                                  "group by state", endpoint_id))

    def wait_states(self, endpoint_id, deadline_s=20, **states):
        wait_for(lambda: self.states(endpoint_id) == states, deadline_s,
                 lambda: f"endpoint {endpoint_id}: {self.states(endpoint_id)}, wanted {states}")

    def is_enabled(self, endpoint_id):
        return self.db.value("select enabled from endpoints where endpoint_id = %s", endpoint_id)
