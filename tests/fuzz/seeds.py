# SPDX-License-Identifier: Apache-2.0
"""Writes each vector as bytes, which is how fuzzers want their seeds: seeds.py VECTORS OUT."""

import pathlib
import sys


def main(vectors, out):
    out.mkdir(parents=True, exist_ok=True)
    names = sorted(vectors.glob("*.hex"))
    if not names:
        sys.exit(f"no vectors (*.hex) in {vectors}")
    for name in names:
        (out / name.stem).write_bytes(bytes.fromhex(name.read_text()))


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
