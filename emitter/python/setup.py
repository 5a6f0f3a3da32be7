# SPDX-License-Identifier: Apache-2.0
"""Builds the package from the tree, offline: the extension holds its own copy of libtocsin, compiled
from the sources beside it, so nothing has to be installed before. Needs the headers of libzmq,
msgpack-c and Python, and pkg-config; docs/python.md names the packages."""

import pathlib
import re
import subprocess

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
LIMITED_API = "0x030A0000"  # 3.10: one wheel for it and all later ones


def pkg_config(flag, *names):
    """What pkg-config says of the first of these packages that it knows."""
    for name in names:
        done = subprocess.run(["pkg-config", flag, name], capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout.split()
    raise SystemExit(f"setup.py: pkg-config does not know {names[-1]}: install the development "
                     "packages, on Debian libzmq3-dev libmsgpack-dev pkg-config python3-dev")


def version():
    return re.search(r"project\(tocsin VERSION (\S+)", (TOP / "CMakeLists.txt").read_text())[1]


class BuildWithLibrary(build_ext):
    """Adds the sources of libtocsin: setuptools takes no paths outside of its folder before this."""

    def build_extension(self, ext):
        library = [path for folder in ("emitter", "schema/wire") for path in (TOP / folder).glob("*.c")]
        ext.sources = ext.sources + sorted(map(str, library))
        super().build_extension(ext)


def packages(flag):
    # msgpack-c changed its pkg-config name twice; Debian 12 calls it msgpack.
    return pkg_config(flag, "libzmq") + pkg_config(flag, "msgpack-c", "msgpackc", "msgpack")


setup(
    version=version(),
    cmdclass={"build_ext": BuildWithLibrary},
    ext_modules=[Extension(
        "tocsin._core",
        sorted(str(path.relative_to(HERE)) for path in (HERE / "src").glob("*.c")),
        include_dirs=[str(TOP)],
        define_macros=[("_GNU_SOURCE", None), ("Py_LIMITED_API", LIMITED_API),
                       ("TOCSIN_VERSION_TEXT", f'"{version()}"')],
        extra_compile_args=["-std=c11", "-O2", "-UNDEBUG", "-fvisibility=hidden",
                            *packages("--cflags")],
        extra_link_args=["-Wl,-z,relro,-z,now", *packages("--libs")],
        py_limited_api=True)],
    options={"bdist_wheel": {"py_limited_api": "cp310"}})
