# SPDX-License-Identifier: Apache-2.0
"""A name server for the names *.test, which says what the name's first letters want it to say."""

import itertools
import socket
import struct
import threading

from rig.netns import RESOLVER

A, AAAA = 1, 28
PUBLIC, PRIVATE = "93.184.216.34", "10.1.2.3"
PUBLIC6, PRIVATE6 = "2a00:1450:4001:80b::200e", "fd00:ec2::254"
NXDOMAIN = 3


class MockDns:
    """public-*, private-*: always the same answer; both-*: both at once; flip-*: public and private in
    turns; many-*: twenty private ones and a public one; all with a time to live of 0. hang-*: none.
    Anything else does not exist. answers: addresses that were given, with how often; replies: how many
    of them had an address."""

    def __init__(self, namespace):
        self.answers, self.replies = {}, 0
        self._turns = {A: itertools.count(), AAAA: itertools.count()}
        self._closing = threading.Event()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(namespace, ready), daemon=True)
        self._thread.start()
        assert ready.wait(10), "the name server does not listen"

    def close(self):
        self._closing.set()
        self._thread.join(10)

    def _serve(self, namespace, ready):
        namespace.enter_thread()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 ** 2)
            sock.bind((RESOLVER, 53))
            sock.settimeout(0.1)
            ready.set()
            while not self._closing.is_set():
                try:
                    query, peer = sock.recvfrom(4096)
                except TimeoutError:
                    continue
                answer = self._answer(query)
                if answer:
                    sock.sendto(answer, peer)

    def _answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1").lower())
            at += 1 + query[at]
        kind, _ = struct.unpack_from(">HH", query, at + 1)
        given = self._addresses(labels, kind)
        if given is None:
            return None
        code, addresses = given
        family, size = (socket.AF_INET, 4) if kind == A else (socket.AF_INET6, 16)
        records = b"".join(struct.pack(">HHHIH", 0xC00C, kind, 1, 0, size) + socket.inet_pton(family, address)
                           for address in addresses)
        head = query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(addresses), 0, 0)
        return head + query[12:at + 5] + records

    def _addresses(self, labels, kind):
        what = labels[0].split("-")[0]
        if labels[-1] != "test" or what not in ("public", "private", "both", "flip", "many", "hang"):
            return NXDOMAIN, []
        if what == "hang":
            return None
        if kind not in (A, AAAA):
            return 0, []
        public, private = (PUBLIC, PRIVATE) if kind == A else (PUBLIC6, PRIVATE6)
        if what == "flip":
            addresses = [(private, public)[next(self._turns[kind]) % 2]]
        else:
            addresses = {"public": [public], "private": [private], "both": [private, public],
                         "many": [private] * 20 + [public]}[what]
        self.replies += 1
        for address in addresses:
            self.answers[address] = self.answers.get(address, 0) + 1
        return 0, addresses
