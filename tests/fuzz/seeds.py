# SPDX-License-Identifier: Apache-2.0
"""Writes each vector, and texts for the parsers of text, as bytes, which is how fuzzers want their seeds:
seeds.py VECTORS OUT."""

import pathlib
import sys

ADDRESS = bytes.fromhex("0064ff9b00000000000000000a010203") + b"\x01\xbb"
TEXTS = {
    "guard_ranges": ADDRESS + b"10.1.2.3, 10.0.0.0/8 127.0.0.1:8080,fd00::/8\t[::1]:8443 [fd00::]/8:443 ::ffff:10.0.0.0/104",
    "guard_mapped": bytes(10) + b"\xff\xff\x7f\0\0\1\0\x50" + b"0.0.0.0/0:80 ::/0",
    **{f"payload_{kind}_{form}": bytes([kind, form, 1, 7]) + b"\0".join([
        b"p & <!channel>", b"run_[a](https://e)", "\u202e@everyone *loss* \U0001f600".encode(), b"text\r\n# <@U1> `x` \x1b[0m",
        b"2026-11-23T12:30:30+00:00", b"node-7", b"https://dash.example/"]) for kind in range(3) for form in range(3)},
    "verdict_paced": b"\0\0" + b"\0".join([
        b"1.5", b"0", b"2", b"https://hooks.slack.com/services/T01ABCDEF/B01ABCDEF/XXcanaryXX123456",
        b'{"retry_after": 0.65, "path": "/services/T01ABCDEF/B01ABCDEF/xxCANARYxx123456"}']),
    "verdict_date": b"\xc0\0" + b"\0".join([
        b"Sun, 06 Nov 1994 08:49:37 GMT", b"", b"", b"https://u:secret01@h.example/?key=a%2Bb%2fc%2Bd%2Fe", b"no a+b/c+d/e \xff"]),
}


def main(vectors, out):
    out.mkdir(parents=True, exist_ok=True)
    names = sorted(vectors.glob("*.hex"))
    if not names:
        sys.exit(f"no vectors (*.hex) in {vectors}")
    for name in names:
        (out / name.stem).write_bytes(bytes.fromhex(name.read_text()))
    for name, seed in TEXTS.items():
        (out / name).write_bytes(seed)


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
