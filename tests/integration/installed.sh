#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# installed.sh <cmake> <build directory> <its library directory>: installs where no loader looks, as a user
# does in ~/.local. Every program must start from there, and a program of one's own must link.
set -eu
place=$(mktemp -d /tmp/tocsin-installed-XXXXXX)
trap 'rm -rf "$place"' EXIT
"$1" --install "$2" --prefix "$place" >"$place.log" 2>&1 || { cat "$place.log"; exit 1; }
rm -f "$place.log"
unset LD_LIBRARY_PATH

for program in tocsin tocsind; do
  "$place/bin/$program" --version
done
# With the library beside it, and not another one of this machine.
LD_DEBUG=files "$place/bin/tocsin" ship --dir "$place" --json 2>&1 | grep "calling init: $place/.*/libtocsin"
rc=0
said=$("$place/libexec/tocsin/charlm" --nonsense 2>&1) || rc=$?
case $rc:$said in
  2:*usage*) ;;
  *) echo "charlm does not start: $rc: $said"; exit 1 ;;
esac
include=$(PKG_CONFIG_PATH=$place/$3/pkgconfig pkg-config --variable=includedir tocsin)
[ -f "$include/tocsin.h" ] || { echo "pkg-config finds no tocsin.h in $include"; exit 1; }
