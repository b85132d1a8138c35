#!/bin/sh
# Builds the starter of proxy-init, static and without a libc, into the file given; further arguments go to the compiler. Needs clang or gcc.
set -e
here=$(cd "$(dirname "$0")" && pwd)
out=$1
shift
compiler=${CC:-$(command -v clang || command -v gcc)}
exec "$compiler" -static -nostdlib -ffreestanding -fno-builtin -fno-stack-protector -fno-asynchronous-unwind-tables -fno-pic \
  -Os -Wall -Wextra -Werror -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-s -Wl,-no-pie "$@" -o "$out" "$here/starter.c"
