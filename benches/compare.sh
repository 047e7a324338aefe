#!/usr/bin/env bash
# Measures smtp-audit against cat, a bare loop over the packets, and tcpdump, on generated
# captures. See benches/README.md.
set -euo pipefail

usage() {
    echo "usage: benches/compare.sh [--scale X] [--runs N] [--presets 'A B C D'] [--tshark PART]" \
        "[--pgo PROGRAM]" >&2
    exit 2
}

scale=1 runs=5 presets='A B C D' tshark='' pgo=''
while [ $# -gt 0 ]; do
    case $1 in
        --scale | --runs | --presets | --tshark | --pgo)
            [ $# -ge 2 ] || usage
            declare "${1#--}=$2"
            shift
            ;;
        *) usage ;;
    esac
    shift
done

need() {
    command -v "$1" > /dev/null || {
        echo "compare.sh: $1 is not installed (apt-get install $2)" >&2
        exit 1
    }
}
need hyperfine hyperfine
need tcpdump tcpdump
need jq jq
[ -x /usr/bin/time ] || need /usr/bin/time time
[ -z "$tshark" ] || need tshark tshark

cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
captures=${BENCH_DIR:-$work}
mkdir -p "$captures"

cargo build --release --bin smtp-audit --example generate --example bare >&2
target=${CARGO_TARGET_DIR:-target}/release
audit=$target/smtp-audit
generate=$target/examples/generate

# Captures of BENCH_DIR are used again: the same generator makes the same bytes.
make_capture() { # preset scale file
    [ -s "$3" ] && [ "$3" -nt "$generate" ] && return
    "$generate" --preset "$1" --scale "$2" --verify "$3.part" 2> "$3.truth"
    mv "$3.part" "$3"
}

names=() commands=()
add() {
    names+=("$1")
    commands+=("$2")
}

peak_memory() { # command; in kB
    /usr/bin/time -v -o "$work/time" bash -c "exec $1" > /dev/null 2> "$work/stderr" || {
        cat "$work/stderr" >&2
        exit 1
    }
    sed -n 's/.*Maximum resident set size (kbytes): //p' "$work/time"
}

measure() { # title file
    local title=$1 file=$2 size i kilobytes
    size=$(stat -c %s "$file")
    cat "$file" > /dev/null
    # One run of each after the other, and again: what else the machine does then meets all alike.
    # Each runs once before it is measured: who needs two processors would be measured with one of
    # them asleep, if the program before it needed one.
    for ((i = 0; i <= runs; i++)); do
        hyperfine --style none --shell sh --warmup 1 --runs 1 --export-json "$work/round.json" \
            "${commands[@]}" >&2
        # The first is to warm up.
        [ "$i" -eq 0 ] || cat "$work/round.json"
    done | jq -s '[.[].results | map({command, time: .times[0]})] | transpose
        | map({command: .[0].command, times: map(.time)})' > "$work/times.json"
    for i in "${!names[@]}"; do
        kilobytes=$(peak_memory "${commands[$i]}")
        jq -r --argjson i "$i" --argjson size "$size" --argjson kb "$kilobytes" \
            --arg title "$title" --arg name "${names[$i]}" '
            def digits($n): . * pow(10; $n) | round / pow(10; $n);
            def median: sort | (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2;
            (map(select(.command | startswith("tcpdump"))) | .[0].times) as $tcpdump
            | .[$i].times
            | ([., $tcpdump] | transpose | map(.[0] / .[1]) | median) as $ratio
            | "| \($title) | \($name) | \(median | digits(3)) | \(min | digits(3))–\(max | digits(3))"
              + " | \($ratio | digits(2)) | \($size / median / 1e6 | round)"
              + " | \($kb / 1024 | digits(1)) |"' "$work/times.json"
    done
}

# A report that differs from what was generated makes its time worthless.
verify() { # file
    "$audit" --format ndjson "$1" | tail -n 1 | jq -e --slurpfile truth "$1.truth" '
        $truth[0] as $t | .summary as $s
        | {sessions: [$s.sessions, $t.sessions], messages: [$s.messages, $t.messages],
           accepted: [$s.outcomes.accepted // 0, $t.accepted],
           rejected: [$s.outcomes.rejected // 0, $t.rejected],
           quit: [$s.ends.quit // 0, $t.ends_quit],
           packets: [.inputs[0].packets, $t.packets]}
        | map_values(select(.[0] != .[1]))
        | if . == {} then true else error("reported and generated differ: \(.)") end' > /dev/null
}

{
    echo "$(nproc) cores, load $(cut -d ' ' -f 1 /proc/loadavg), $(uname -sm), $(rustc --version),"
    echo "$(tcpdump --version 2>&1 | sed -n '1p'); medians of $runs rounds after one to warm up, scale $scale;"
    echo "in each round each program runs twice, the second time is measured;"
    echo "× tcpdump: the median of the ratios in each round."
    echo
    echo '| capture | program | median s | min–max s | × tcpdump | MB/s | peak MB |'
    echo '| --- | --- | ---: | ---: | ---: | ---: | ---: |'
} > "$work/table.md"

has_threads=$("$audit" --help | grep -c -e '--threads' || true)
for preset in $presets; do
    file=$captures/$preset-$scale.pcap
    make_capture "$preset" "$scale" "$file"
    verify "$file"
    names=() commands=()
    add 'cat' "cat '$file'"
    add 'pcap-parser, etherparse' "'$target/examples/bare' '$file'"
    add 'tcpdump port 25' "tcpdump -r '$file' -w /dev/null port 25"
    if [ "$has_threads" -gt 0 ]; then
        add 'smtp-audit, 1 thread' "'$audit' --threads 1 --format ndjson '$file'"
    fi
    add 'smtp-audit' "'$audit' --format ndjson '$file'"
    if [ -n "$pgo" ]; then
        add 'smtp-audit with a profile, 1 thread' "'$pgo' --threads 1 --format ndjson '$file'"
        add 'smtp-audit with a profile' "'$pgo' --format ndjson '$file'"
    fi
    measure "$preset" "$file" >> "$work/table.md"
    if [ -n "$tshark" ]; then
        # tshark holds every connection, so it may be given a part only: 1/20 with --tshark 20.
        small=$(awk "BEGIN { print $scale / $tshark }")
        file=$captures/$preset-$small.pcap
        make_capture "$preset" "$small" "$file"
        names=() commands=()
        add 'tcpdump port 25' "tcpdump -r '$file' -w /dev/null port 25"
        add 'tshark -Y smtp' "tshark -r '$file' -Y smtp"
        add 'tshark, fields' "tshark -r '$file' -Y smtp -T fields -e frame.time_epoch \
            -e smtp.req.command -e smtp.req.parameter -e smtp.response.code -e smtp.rsp.parameter"
        add 'smtp-audit' "'$audit' --format ndjson '$file'"
        measure "$preset / $tshark" "$file" >> "$work/table.md"
    fi
done
cat "$work/table.md"
