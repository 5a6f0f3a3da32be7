#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# exports.sh LIBRARY HEADER: what libtocsin brings into a training process. It exports the functions
# of tocsin.h and nothing else, and needs libzmq, msgpack and libc (and a sanitizer's runtime), so
# never libpq or libcurl.
set -eu
library=$1
header=$2
declared=$(grep -o 'tocsin_[a-z_]*(' "$header" | tr -d '(' | sort -u |
  while read -r name; do
    grep -Eq "^TOCSIN_API [^;]*[ *]$name\(" "$header" && echo "$name"
  done)
exported=$(nm -D --defined-only "$library" | awk '$2 != "A" {sub(/@.*/, "", $3); print $3}' | sort)
needed=$(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
rc=0
if [ "$declared" != "$exported" ]; then
  printf 'exported:\n%s\ndeclared in tocsin.h:\n%s\n' "$exported" "$declared"
  rc=1
fi
for name in $needed; do
  case $name in
    libzmq.so.* | libmsgpack*.so.* | libc.so.* | libdl.so.* | libpthread.so.* | ld-linux*) ;;
    lib*san.so.* | libclang_rt.*) ;;
    *) echo "needs $name" && rc=1 ;;
  esac
done
exit $rc
