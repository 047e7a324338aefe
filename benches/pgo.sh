#!/usr/bin/env bash
# Builds smtp-audit twice: the second time with a profile of what the first one did, so that the
# compiler knows what is usual. See benches/README.md.
set -euo pipefail

cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/pgo"
target=$(cd "$target" && pwd)
work=$target/pgo
host=$(rustc -vV | sed -n 's/^host: //p')
llvm=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')

# What was counted is written in a format of the compiler's version.
profdata=
for one in ${LLVM_PROFDATA:-} "$(rustc --print sysroot)/lib/rustlib/$host/bin/llvm-profdata" \
    "llvm-profdata-$llvm"; do
    if [ -z "$profdata" ] && command -v "$one" > /dev/null; then profdata=$one; fi
done
[ -n "$profdata" ] || {
    echo "pgo.sh: llvm-profdata of LLVM $llvm is not installed" \
        "(rustup component add llvm-tools, or apt-get install llvm-$llvm)" >&2
    exit 1
}

build() { # flag
    CARGO_TARGET_DIR=$work RUSTFLAGS="${RUSTFLAGS:-} $1" \
        cargo build --release --locked --bin smtp-audit --target "$host" >&2
}

# Of the kinds that are measured, but other ones: another seed, other sizes, with faults.
captures=$work/captures
mkdir -p "$captures"
cargo build --release --locked --example generate >&2
generate=$target/release/examples/generate
seed=7001
make() { # name option…
    local name=$1
    shift
    "$generate" "$@" --seed "$((seed += 1))" "$captures/$name.pcap"
}
make a --preset A --scale 0.03
make b --preset B --scale 0.03
make c --preset C --scale 0.03
# So many are open at once that they are not in the cache: they are followed another way then.
make d --preset D --scale 0.15
make faults --bytes 20000000 --faults 2
make six --bytes 10000000 --ipv6 50 --message 3000

rm -rf "$work/counts"
build "-Cprofile-generate=$work/counts"
counting=$work/$host/release/smtp-audit
for capture in "$captures"/*.pcap; do
    for threads in 1 2; do
        "$counting" --threads "$threads" --format ndjson "$capture" > /dev/null
    done
    "$counting" "$capture" > /dev/null
    "$counting" --check "$capture" > /dev/null || [ $? -eq 1 ]
done
# What is wrong with these is told; that is no matter here.
"$counting" --format ndjson testdata/captures > /dev/null 2>&1 || true
"$counting" testdata/transcripts > /dev/null 2>&1 || true
"$profdata" merge -o "$work/counts.profdata" "$work/counts"

build "-Cprofile-use=$work/counts.profdata"
cp "$counting" "$work/smtp-audit"
echo "$work/smtp-audit"
