# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy in front of a unix socket, whose connections can be cut, stalled or half open."""

import selectors
import socket
import struct
import threading

CHUNK = 65536
PENDING_MAX = 1 << 20


class _Pair:
    """One connection: the client's socket and the server's, and what is on its way between them."""

    def __init__(self, client, server):
        self.client, self.server = client, server
        self.pending = {client: bytearray(), server: bytearray()}  # by destination

    def other(self, sock):
        return self.server if sock is self.client else self.client


class Proxy:
    """A thread of its own. mode of the connections: "open", "stalled" (both directions, nothing is
    closed, as behind a switch that lost power), "deaf" (what the server answers does not arrive)."""

    def __init__(self, target):
        self.target = target  # path of a unix socket
        self.mode = "open"
        self.refusing = False
        self.deaf_after = None  # bytes: once a client sent them the mode is "deaf"
        self._pairs = set()
        self._lock = threading.RLock()
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self.endpoint = f"tcp://127.0.0.1:{self.port}"
        self._wake, self._waker = socket.socketpair()
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._selector.register(self._wake, selectors.EVENT_READ, None)
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def set(self, mode, refusing=False):
        with self._lock:
            self.mode = mode
            self.refusing = refusing
            for pair in self._pairs:
                self._rearm(pair)
        self._waker.send(b"x")

    @property
    def connections(self):
        return len(self._pairs)

    def cut(self):
        """Resets all connections towards the clients. The server gets what was on its way and then
        an end, as from a host that is gone."""
        with self._lock:
            for pair in list(self._pairs):
                self._drop(pair, reset=True)
        self._waker.send(b"x")

    def close(self):
        self._ended = True
        self._waker.send(b"x")
        self._thread.join()

    def _flows(self, destination, pair):
        return self.mode == "open" or (self.mode == "deaf" and destination is pair.server)

    def _rearm(self, pair):
        for sock in (pair.client, pair.server):
            peer = pair.other(sock)
            events = 0
            if self._flows(peer, pair) and len(pair.pending[peer]) < PENDING_MAX:
                events |= selectors.EVENT_READ
            if self._flows(sock, pair) and pair.pending[sock]:
                events |= selectors.EVENT_WRITE
            known = self._selector.get_map().get(sock.fileno())
            if events and known:
                self._selector.modify(sock, events, pair)
            elif events:
                self._selector.register(sock, events, pair)
            elif known:
                self._selector.unregister(sock)

    def _drop(self, pair, reset=False):
        self._pairs.discard(pair)
        if reset:
            pair.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            try:
                pair.server.send(pair.pending[pair.server])
            except OSError:
                pass
        for sock in (pair.client, pair.server):
            if sock.fileno() in self._selector.get_map():
                self._selector.unregister(sock)
            sock.close()

    def _accept(self):
        client, _ = self._listener.accept()
        server = socket.socket(socket.AF_UNIX)
        try:
            if self.refusing:
                raise ConnectionError
            server.connect(str(self.target))
        except OSError:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
            server.close()
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.setblocking(False)
        server.setblocking(False)
        pair = _Pair(client, server)
        self._pairs.add(pair)
        self._rearm(pair)

    def _serve(self, pair, sock, events):
        try:
            if events & selectors.EVENT_READ:
                data = sock.recv(CHUNK)
                if not data:
                    self._drop(pair)
                    return
                pair.pending[pair.other(sock)] += data
                if sock is pair.client and self.deaf_after and self.deaf_after in data:
                    self.mode, self.deaf_after = "deaf", None
            for destination in (pair.client, pair.server):
                if pair.pending[destination] and self._flows(destination, pair):
                    del pair.pending[destination][:destination.send(pair.pending[destination])]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(pair)
            return
        self._rearm(pair)

    def _turn(self):
        for key, events in self._selector.select():
            with self._lock:
                if key.fileobj is self._wake:
                    self._wake.recv(4096)
                elif key.fileobj is self._listener:
                    self._accept()
                elif key.data in self._pairs:
                    self._serve(key.data, key.fileobj, events)

    def _run(self):
        while not self._ended:
            self._turn()
        self.cut()
        for sock in (self._listener, self._wake, self._waker):
            sock.close()
        self._selector.close()
