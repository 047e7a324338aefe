#!/usr/bin/env bash
# Measures how time and memory of smtp-audit grow: with the size of a capture, with the sessions
# open at once, with a flood; and what threads are worth. See benches/README.md.
set -euo pipefail

usage() {
    echo "usage: benches/curves.sh [size] [open] [flood] [stream] [files]   (default: all)" >&2
    exit 2
}

[ -x /usr/bin/time ] || {
    echo "curves.sh: time is not installed (apt-get install time)" >&2
    exit 1
}
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo build --release --bin smtp-audit --example generate >&2
target=${CARGO_TARGET_DIR:-target}/release
audit=$target/smtp-audit
generate=$target/examples/generate

# What a run on standard input takes: seconds of wall and CPU, peak MB; and what it found.
stream() { # generator's options...
    "$generate" "$@" - 2> /dev/null |
        /usr/bin/time -f '%e %U %S %M' -o "$work/time" "$audit" --format ndjson - 2> "$work/err" |
        tail -n 1 > "$work/summary"
    read -r wall user system kilobytes < "$work/time"
    packets=$(jq '.inputs[0].packets' "$work/summary")
    bytes=$(jq '.inputs[0].bytes' "$work/summary")
    sessions=$(jq '.summary.sessions' "$work/summary")
    cpu=$(awk "BEGIN { print $user + $system }")
    megabytes=$(awk "BEGIN { printf \"%.1f\", $kilobytes / 1024 }")
}

row() { # title
    local each
    each=$(awk "BEGIN { printf \"%.2f\", $cpu * 1e6 / ($packets ? $packets : 1) }")
    echo "| $1 | $(numfmt --to=si "$bytes") | $packets | $sessions | $wall | $cpu | $each | $megabytes |"
}

head_of_table() { # title
    echo
    echo "| $1 | bytes | packets | sessions | wall s | CPU s | CPU µs a packet | peak MB |"
    echo '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |'
}

size() {
    head_of_table 'size'
    for scale in 0.1 1 10; do
        stream --preset B --scale "$scale" && row "B × $scale (200 at once)"
    done
    for scale in 0.1 1 10; do
        stream --preset C --scale "$scale" && row "C × $scale (200 at once)"
    done
    for scale in 0.1 1 10; do
        stream --preset A --scale "$scale" && row "A × $scale (200 at once)"
    done
}

open() {
    head_of_table 'open at once'
    for scale in 0.1 1 10 20; do
        stream --preset D --scale "$scale"
        row "D × $scale: $(awk "BEGIN { printf \"%.2f\", $kilobytes / $sessions }") kB a session"
    done
}

flood() {
    head_of_table 'SYN flood'
    for syns in 100000 1000000 10000000; do
        stream --sessions 1000 --flood "$syns" && row "$syns SYNs, 1000 sessions"
    done
}

whole_stream() {
    head_of_table 'stream'
    stream --bytes 20000000000 && row '20 GB through a pipe'
}

# Seconds that the command takes, the best of five.
best() { # command...
    local best=1e9 i
    for i in 1 2 3 4 5; do
        /usr/bin/time -f '%e' -o "$work/time" "$@" > /dev/null 2> "$work/err"
        best=$(awk "BEGIN { t = $(cat "$work/time"); print t < $best ? t : $best }")
    done
    echo "$best"
}

files() {
    local preset one two seed made
    echo
    echo '| four independent files | 1 thread s | 2 threads s | × |'
    echo '| --- | ---: | ---: | ---: |'
    for preset in A B C D; do
        made=()
        for seed in 1 2 3 4; do
            "$generate" --preset "$preset" --scale 0.5 --seed "$seed" "$work/$preset$seed.pcap"
            made+=("$work/$preset$seed.pcap")
        done
        one=$(best "$audit" --threads 1 --format ndjson "${made[@]}")
        two=$(best "$audit" --threads 2 --format ndjson "${made[@]}")
        echo "| $preset | $one | $two | $(awk "BEGIN { printf \"%.2f\", $one / $two }") |"
        rm "${made[@]}"
    done
}

echo "$(nproc) cores, load $(cut -d ' ' -f 1 /proc/loadavg), $(uname -sm), $(rustc --version)"
[ $# -gt 0 ] || set -- size open flood stream files
for part in "$@"; do
    case $part in
        size | open | flood | files) "$part" ;;
        stream) whole_stream ;;
        *) usage ;;
    esac
done
