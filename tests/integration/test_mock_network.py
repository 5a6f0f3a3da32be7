# SPDX-License-Identifier: Apache-2.0
"""The network in which every address is ours: it counts whoever connects anywhere."""

import json
import subprocess
import sys

from rig.mock_dns import PRIVATE, PRIVATE6, PUBLIC, PUBLIC6
from rig.wait import wait_for

CONNECT = """
import json, socket, sys
said = []
for host, port in json.load(sys.stdin):
    try:
        addresses = {info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
        socket.create_connection((host, port), 5).close()
        said.append(sorted(addresses))
    except OSError as error:
        said.append(type(error).__name__)
print(json.dumps(said))
"""


def connect_inside(namespace, targets):
    done = subprocess.run([*namespace.prefix, sys.executable, "-c", CONNECT], input=json.dumps(targets),
                          capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


def test_every_address_is_ours_and_every_attempt_counts(namespace, far_mock):
    before = namespace.connects()
    port = far_mock.ports["good"]
    said = connect_inside(namespace, [["169.254.169.254", port], ["8.8.8.8", port], ["fd00::1", port],
                                      ["10.0.0.1", 9]])
    assert said == [["169.254.169.254"], ["8.8.8.8"], ["fd00::1"], "ConnectionRefusedError"]
    wait_for(lambda: far_mock.destinations == {"169.254.169.254": 1, "8.8.8.8": 1, "fd00::1": 1},
             what=lambda: far_mock.destinations)  # it accepts after the kernel did
    assert namespace.connects() == before + 4


def test_names_change_their_minds(namespace, far_mock, far_names):
    port = far_mock.ports["good"]
    said = connect_inside(namespace, [[name, port] for name in ("public-1.hooks.test", "flip-1.hooks.test", "both-1.hooks.test",
                                                                "nobody.test")])
    public, private = [PUBLIC6, PUBLIC], [PRIVATE, PRIVATE6]
    assert said == [sorted(public), sorted(private), sorted(public + private), "gaierror"]
    # Whoever asks again, to connect, gets the other answer.
    wait_for(lambda: sum(far_mock.destinations.get(address, 0) for address in public) >= 2)
    assert far_names.answers[PRIVATE] >= 3 and far_names.answers[PUBLIC] >= 3
