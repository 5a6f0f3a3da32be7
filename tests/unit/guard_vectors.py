# SPDX-License-Identifier: Apache-2.0
"""Prints guard_vectors.def: addresses, and whether the collector may connect to them, from Python's ipaddress.

What ipaddress does not know, or not in every version, is below: addresses of IPv4 in those of IPv6, and ranges that it
calls global.
"""

import ipaddress
import random

# Special by their registries or by what clouds put there, global to some versions of Python.
ALSO_REFUSED = [ipaddress.ip_network(text) for text in (
    "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32",
    "64:ff9b:1::/48", "2001::/23", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10")]
EDGES = """0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
    192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
    ::/128 ::1/128 ::/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2000::/3 2001::/23 2001:db8::/32
    2002::/16 3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8""".split()
PUBLIC = ["8.8.8.8", "1.1.1.1", "104.16.0.1", "162.159.128.233", "2606:4700::1111", "2a00:1450:4001::1"]
METADATA = ["169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"]
INNER = ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.1.1", "172.31.255.255", "0.0.0.0", "8.8.8.8", "1.1.1.1"]


def v6(high, v4=0, low=0):
    """high: the bits before an IPv4 address, as text of the prefix."""
    return ipaddress.IPv6Address(int(ipaddress.IPv6Address(high)) | v4 | low)


def disguises(v4):
    n = int(ipaddress.IPv4Address(v4))
    google = int(ipaddress.IPv4Address("8.8.8.8"))
    return [v6("::ffff:0:0", n), v6("::", n), v6("64:ff9b::", n), v6("64:ff9b:1::", n), v6("2002::", n << 80, 1),
            v6("2001::", n << 64, google ^ 0xffffffff), v6("2001::", google << 64, n ^ 0xffffffff),
            v6("::ffff:0:0:0", n)]


def carried(address):
    if address.version == 4:
        return []
    n = int(address)
    if address in ipaddress.ip_network("64:ff9b::/96"):
        return [ipaddress.IPv4Address(n & 0xffffffff)]
    return [inner for inner in [address.sixtofour, *(address.teredo or ())] if inner]


def may_connect(address):
    if address.version == 6 and address.ipv4_mapped:
        return may_connect(address.ipv4_mapped)
    if not all(may_connect(inner) for inner in carried(address)):
        return False
    if any(address.version == network.version and address in network for network in ALSO_REFUSED):
        return False
    if address.version == 6 and address in ipaddress.ip_network("64:ff9b::/96"):
        return True
    return address.is_global and not (address.is_multicast or address.is_reserved)


def addresses():
    for text in PUBLIC + METADATA:
        yield ipaddress.ip_address(text)
    for edge in map(ipaddress.ip_network, EDGES):
        first, last = int(edge[0]), int(edge[-1])
        for n in (first - 1, first, first + 1, (first + last) // 2, last, last + 1):
            if 0 <= n < 2 ** edge.max_prefixlen:
                yield type(edge[0])(n)
    for inner in INNER:
        yield from disguises(inner)
    rng = random.Random(4)
    for _ in range(60):
        yield ipaddress.IPv4Address(rng.getrandbits(32))
        yield ipaddress.IPv6Address(0x2 << 124 | rng.getrandbits(125))


def main():
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* Made by guard_vectors.py: an address, and whether the collector may connect to it. */")
    for address in dict.fromkeys(addresses()):
        print(f'X("{address}", {"true" if may_connect(address) else "false"})')


main()
