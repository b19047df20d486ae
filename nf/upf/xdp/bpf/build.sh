#!/bin/sh
# Builds the programs into the folder $1 with the pinned compiler. The bytes depend on the sources alone.
set -eu
out=${1:?folder}
cd "$(dirname "$0")"
for name in limpid tcx bench; do
	clang-19 -target bpfel -mcpu=v3 -O2 -g -std=gnu17 -Wall -Werror \
		-nostdinc -fno-ident -fdebug-compilation-dir=. -c "$name.bpf.c" -o "$out/$name.bpf.o"
	llvm-strip-19 -g "$out/$name.bpf.o"
done
cd "$out"
sha256sum limpid.bpf.o tcx.bpf.o bench.bpf.o >objects.sha256
