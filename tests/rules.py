# SPDX-License-Identifier: Apache-2.0
"""The rules of the house that no linter knows: who includes what, sizes, what may not be in the tree.

Run from the root of the repository; says one line for each breach.
"""

import os
import re
import subprocess
import sys

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60

# Each folder of programs with the folders whose headers it may include besides its own.
FOLDERS = {"schema": set(), "emitter": {"schema"}, "collector": {"schema"}, "cli": {"schema"}}

# What one folder publishes for others: the header and who may include it.
PUBLIC = {"emitter/include/tocsin.h": {"cli"}}

# Third-party headers with the only files that include them. A header here is never included by
# one of our own headers.
THIRD_PARTY = {
    "zmq.h": {"emitter/link.c", "collector/router.c", "collector/zap.c"},
    "msgpack.h": {"schema/wire/encode.c"},
    "libpq-fe.h": {"schema/db/dsn.c", "schema/db/pg.c"},
    "microhttpd.h": {"collector/health.c", "cli/dashboard/server.c"},
    "zlib.h": {"cli/dashboard/gzip.c"},
    "ini.h": {"collector/settings_load.c"},
    "curl/curl.h": {"collector/notify/post.c"},
    "uthash.h": {"cli/dashboard/events.c", "collector/marks.c", "collector/quota.c", "collector/roster.c", "collector/run_state.c"},
    "libsmartcols.h": {"cli/out.c"},
    "jansson.h": {"cli/dashboard/changes.c", "collector/notify/payload.c", "collector/notify/payload_discord.c",
                  "collector/notify/payload_generic.c", "collector/notify/payload_slack.c",
                  "collector/notify/verdict.c", "cli/flatten.c", "cli/mcp/arguments.c", "cli/mcp/request.c"},
    "sqlite3.h": {"cli/sqlite.c"},
    "sodium.h": {"collector/notify/sign.c"},
    "Python.h": {f"emitter/python/src/{name}.c"
                 for name in ("complain", "core", "keycache", "logcall", "module", "row", "samplecall")},
}

# What libc and the kernel provide.
SYSTEM = re.compile(
    r"(arpa|linux|net|netinet|sys)/\w+\.h|"
    r"(assert|ctype|dirent|dlfcn|errno|fcntl|float|fnmatch|ftw|getopt|glob|grp|"
    r"inttypes|langinfo|limits|locale|math|netdb|poll|pthread|pwd|regex|sched|"
    r"semaphore|setjmp|signal|spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|"
    r"stdio|stdlib|stdnoreturn|string|strings|syslog|termios|threads|time|uchar|"
    r"unistd|wchar|wctype)\.h")

# Paths of one machine. Spelled in two pieces: this file is searched as well.
MACHINE = re.compile(r"(?<![\w.])/(?:work|" + r"root)/")


def files():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                            check=True, capture_output=True).stdout.decode().splitlines()
    return sorted(path for path in set(listed) if os.path.isfile(path))


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def include_breaches(path, text):
    folder = path.split("/", 1)[0]
    if folder not in FOLDERS or not path.endswith((".c", ".h", ".def")):
        return
    for kind, header in re.findall(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', text, re.M):
        other = header.split("/", 1)[0]
        if kind == '"':
            if folder in PUBLIC.get(header, ()):
                continue
            if other in FOLDERS and other != folder and other not in FOLDERS[folder]:
                yield f"includes {header}: {folder} may not know {other}"
        elif header in THIRD_PARTY:
            if path not in THIRD_PARTY[header]:
                yield f"includes <{header}>, which belongs to {', '.join(sorted(THIRD_PARTY[header]))}"
        elif not SYSTEM.fullmatch(header):
            yield f"includes <{header}>: say in tests/rules.py who may"


def size_breaches(path, text):
    if not path.endswith((".c", ".h", ".py", ".sql", ".sh", ".js", ".jsx", ".mjs", ".css")):
        return
    lines = text.splitlines()
    if len(lines) > FILE_LINES_MAX:
        yield f"has {len(lines)} lines, more than {FILE_LINES_MAX}"
    start = None
    for number, line in enumerate(lines if path.endswith((".c", ".h")) else [], 1):
        if line.endswith("{") and not line.startswith((" ", "\t", "/", "*")):
            start = number
        elif line == "}" and start is not None:
            if number - start + 1 > FUNCTION_LINES_MAX:
                yield f"line {start}: a function of {number - start + 1} lines"
            start = None


def licence_breaches(path, text):
    """A program's first line may say who runs it."""
    if path.endswith((".c", ".h", ".py")) or text.startswith("#!"):
        if not any("SPDX-License-Identifier: Apache-2.0" in line for line in text.splitlines()[:2]):
            yield "does not begin with SPDX-License-Identifier: Apache-2.0"


def place_breaches(_, text):
    for number, line in enumerate(text.splitlines(), 1):
        if MACHINE.search(line):
            yield f"line {number} names a path of one machine: {line.strip()[:80]}"


def main():
    rules = (include_breaches, size_breaches, licence_breaches, place_breaches)
    breaches = 0
    for path in files():
        text = read(path)
        for rule in rules:
            for breach in rule(path, text):
                breaches += 1
                print(f"{path}: {breach}")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
