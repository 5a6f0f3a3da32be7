# SPDX-License-Identifier: Apache-2.0
"""Keys for tests: pairs made by tocsin itself, a collector that asks for them, emitters with them."""

import re

import zmq

from rig.emitter import FakeEmitter
from rig.process import Process, program
from rig.programs import Cli, Tocsind
from rig.wait import wait_for


class Key:
    """A client's pair, made by `tocsin keys client`."""

    def __init__(self, place, name):
        self.name = name
        self.file = place / f"{name}.key"
        self.public = Cli(place).run("keys", "client", "--out", self.file, "--json").json()[
            "public_key"]
        self.secret = re.search(r"^secret = (.*)$", self.file.read_text(), re.M).group(1)


class Keyring:
    """A collector's key and the list of who may write, for one test."""

    def __init__(self, place, db):
        self.place = place
        self.db = db
        self.owner = Cli(place, db.dsn_superuser)
        server = Cli(place).run("keys", "server", "--json").json()
        self.server, self.server_file = server["public_key"], server["file"]

    def key(self, name, *argv, authorised=True):
        key = Key(self.place, name)
        if authorised:
            self.authorize(key, *argv)
        return key

    def authorize(self, key, *argv):
        done = self.owner.run("keys", "authorize", f"--name={key.name}",
                              f"--public-key={key.public}", *argv)
        assert done.rc == 0, done.stderr

    def revoke(self, key):
        assert self.owner.run("keys", "revoke", f"--name={key.name}").rc == 0

    def environment(self, key, tocsind):
        """Of a trainer that uses libtocsin."""
        return {"TOCSIN_ENDPOINT": tocsind.endpoint, "TOCSIN_SERVER_KEY": self.server,
                "TOCSIN_KEY_FILE": str(key.file), "TOCSIN_RING_DIR": str(self.place / "rings")}


class KeyedEmitter(FakeEmitter):
    """A fake emitter with a pair. key None: without, or with a password instead (plain)."""

    def __init__(self, endpoint, server, key, plain=False, **fields):
        self._server = server
        self._plain = plain
        self._key = key
        super().__init__(endpoint, **fields)

    def connect(self, endpoint):
        self._socket = self._zmq.socket(zmq.DEALER)
        self._socket.linger = 0
        if self._key is not None:
            self._socket.curve_serverkey = self._server.encode()
            self._socket.curve_publickey = self._key.public.encode()
            self._socket.curve_secretkey = self._key.secret.encode()
        if self._plain:
            self._socket.plain_username, self._socket.plain_password = b"root", b"root"
        self._socket.connect(endpoint)

    def send_raw(self, *parts):
        """A socket that was refused takes no messages, for ever: nothing is sent then."""
        try:
            self._socket.send_multipart(list(parts), zmq.NOBLOCK)
        except zmq.Again:
            pass


class Trainee:
    """tests/integration/trainee.c: libtocsin in a process that trains until it is told to stop."""

    def __init__(self, place, env, name="trainee", alerts=0, prefix=()):
        self.place = place
        self.stop_file = place / f"{name}.stop"
        env = {"TOCSIN_PROJECT": "p", "TOCSIN_RING_DIR": str(place / "rings"), **env}
        self.process = Process([*prefix, program("trainee"), self.stop_file, alerts], place,
                               place / f"{name}.log", env)

    @property
    def log(self):
        return self.process.log

    def says(self, text, deadline_s=20):
        wait_for(lambda: text in self.log, deadline_s, lambda: self.log)

    def finish(self, deadline_s=70):
        """Tells it to stop and waits; returns how many calls it logged, all of them delivered."""
        self.stop_file.touch()
        wait_for(lambda: self.process.code is not None, deadline_s, lambda: self.log)
        assert self.process.code == 0, self.log
        return int(re.search(r"logged (\d+)", self.log).group(1))


def start_keyed(place, db, keyring, listen="tcp://127.0.0.1:*", *argv, prefix=()):
    """A collector that listens with keys; endpoint is its tcp address with the real port."""
    tocsind = Tocsind(place, db.dsn_collector, "keyed")
    tocsind.endpoint = listen
    tocsind.prefix = list(prefix)
    tocsind.start(f"--server-key={keyring.server_file}", *argv)
    listening = re.findall(r"listen=(\S+)", tocsind.log)[-1].split(",")
    tocsind.endpoint = next(a for a in listening if a.startswith("tcp://"))
    return tocsind


def wait_count(tocsind, name, least=1, deadline_s=15):
    """Waits until a figure of /metrics is at least that large."""
    wait_for(lambda: tocsind.metrics()[name] >= least, deadline_s,
             lambda: f"{name} is {tocsind.metrics()[name]}\n{tocsind.log}")
