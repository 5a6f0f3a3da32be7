# SPDX-License-Identifier: Apache-2.0
"""Writes each vector, and texts for the parsers of text, as bytes, which is how fuzzers want their seeds:
seeds.py VECTORS OUT."""

import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "integration"))

from rig import tfevents as tf  # noqa: E402

ADDRESS = bytes.fromhex("0064ff9b00000000000000000a010203") + b"\x01\xbb"
EVENT = tf.event(7, tf.scalar("loss", 0.5), tf.tensor("t", 1, tf.bytes_field(4, struct.pack("<f", 2.5))),
                 tf.tensor("d", 2, tf.bytes_field(6, struct.pack("<d", 2.5))), tf.value("h", tf.bytes_field(5, b"x")),
                 tf.tensor("text", 7, tf.bytes_field(8, b"hello"), of="text"))
TEXTS = {
    "csv_quotes": b'\xef\xbb\xbfstep,"a ""b"", c",timestamp\r\n1,"2\n3",2026-11-23T12:30:30.5+02:00\r\n\n2,nan,1.7e9\n',
    "csv_wandb": b'"Step","run - loss","run - loss__MIN"\n"0","2.5","2.4"\n"10","","-Infinity"\n',
    "tfevent_file": tf.begin() + EVENT + EVENT[:-5],
    "tfevent_record": EVENT[12:-4],
    "json_row": b'{"a": 1e3, "b": {"c": "NaN", "d": {"_type": "x"}}, "e": [1], "f": true, "g": null, "\\u00e9": -0.0}',
    "guard_ranges": ADDRESS + b"10.1.2.3, 10.0.0.0/8 127.0.0.1:8080,fd00::/8\t[::1]:8443 [fd00::]/8:443 ::ffff:10.0.0.0/104",
    "guard_mapped": bytes(10) + b"\xff\xff\x7f\0\0\1\0\x50" + b"0.0.0.0/0:80 ::/0",
    **{f"payload_{kind}_{form}": bytes([kind, form, 1, 7]) + b"\0".join([
        b"p & <!channel>", b"run_[a](https://e)", "\u202e@everyone *loss* \U0001f600".encode(), b"text\r\n# <@U1> `x` \x1b[0m",
        b"2026-11-23T12:30:30+00:00", b"node-7", b"https://dash.example/"]) for kind in range(3) for form in range(3)},
    "verdict_paced": b"\0\0" + b"\0".join([
        b"1.5", b"0", b"2", b"https://hooks.slack.com/services/T01ABCDEF/B01ABCDEF/XXcanaryXX123456",
        b'{"retry_after": 0.65, "path": "/services/T01ABCDEF/B01ABCDEF/xxCANARYxx123456"}']),
    "mcp_hello": b"\x3f" + rb"""{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25"}}
{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "x\ud83d\ude00"}}

{"jsonrpc": "2.0", "id": "a", "method": "tools/list", "params": {"_meta": {"io.modelcontextprotocol/protocolVersion":
 "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}}}""".replace(b":\n", b":") + b"\n",
    **{f"mcp_{name}": b"\xff" + f'{{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {{"name": "{name}", "arguments": {args}}}}}\n'.encode()
       for name, args in {
           "get_metrics": '{"project": "p", "run": "r", "metric": "m", "around": -7, "max_points": 9.0, "rank": null}',
           "compare_runs": '{"project": "p", "runs": ["a", "--b", 3], "all": true}',
           "poll_alerts": '{"project": "p", "cursor": "start", "level": "warn", "wait_s": 30, "limit": 9}',
           "sweep_summary": '{"project": "p", "metric": "m", "by": ["config.lr"], "goal": "max"}'}.items()},
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
