#!/bin/sh
# Compiles the BPF objects into the folder given, bpf/objects by default. Needs clang and the headers of libbpf.
set -e
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/objects}
mkdir -p "$out"
for name in mesh inbound; do
  ${CLANG:-clang} -target bpf -O2 -Wall -Werror -I"/usr/include/$(uname -m)-linux-gnu" -c "$here/$name.bpf.c" -o "$out/$name.bpf.o"
done
