# SPDX-License-Identifier: Apache-2.0
"""Holding up what tocsind does in PostgreSQL, for as long as a test needs."""

import contextlib

from rig.wait import wait_for


@contextlib.contextmanager
def blocks_held(db):
    """Nobody can store a block in here."""
    connection = db.connect()
    connection.autocommit = False
    try:
        connection.cursor().execute("lock table tocsin.blocks in access exclusive mode")
        yield
    finally:
        connection.close()


def wait_blocked(db):
    """Until somebody waits for a lock."""
    wait_for(lambda: db.value("select count(*) from pg_locks where not granted") == 1)
