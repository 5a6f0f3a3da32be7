# SPDX-License-Identifier: Apache-2.0
"""The command `trackio`, and python -m trackio: it is tocsin, which knows Trackio's commands."""

import os
import sys

import tocsin


def main():
    program = tocsin.Api().program
    if program is None:
        print("Error: the program tocsin is not in PATH", file=sys.stderr)
        return 1
    os.execv(program, [program, *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
