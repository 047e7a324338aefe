#!/usr/bin/env bash
# Counts the instructions that each stage takes for each packet, on small captures of the four
# kinds: the same number on every run and under any load. See benches/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

need() {
    command -v "$1" > /dev/null || {
        echo "stages.sh: $1 is not installed ($2)" >&2
        exit 1
    }
}
need valgrind 'apt-get install valgrind'
need gungraun-runner 'cargo install gungraun-runner, of the version in benches/stages/Cargo.lock'
need jq 'apt-get install jq'

SMTP_AUDIT_BENCH=$(mktemp -d)
export SMTP_AUDIT_BENCH
trap 'rm -rf "$SMTP_AUDIT_BENCH"' EXIT
cargo build --release --example generate >&2
for preset in A B C D; do
    case $preset in
        A) scale=0.01 ;;
        B) scale=0.01 ;;
        C) scale=0.005 ;;
        D) scale=0.02 ;;
    esac
    "${CARGO_TARGET_DIR:-target}/release/examples/generate" --preset "$preset" --scale "$scale" \
        --verify "$SMTP_AUDIT_BENCH/$preset" 2> "$SMTP_AUDIT_BENCH/$preset.truth"
done

cargo bench --manifest-path benches/stages/Cargo.toml --bench stages \
    > "$SMTP_AUDIT_BENCH/counts" 2> "$SMTP_AUDIT_BENCH/errors" || {
    cat "$SMTP_AUDIT_BENCH/errors" "$SMTP_AUDIT_BENCH/counts" >&2
    exit 1
}

# Each stage does what those before it do, too.
echo "$(rustc --version), $(valgrind --version); instructions a packet, those of each stage alone"
echo
echo '| capture | packets | read | decode | reassemble | understand | report | all |'
echo '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |'
for preset in A B C D; do
    packets=$(jq .packets "$SMTP_AUDIT_BENCH/$preset.truth")
    awk -v preset="$preset" -v packets="$packets" '
        /^stages::/ { wanted = index($0, "(\"" preset "\")") }
        /Instructions:/ && wanted { split($2, count, "|"); all[++stage] = count[1] }
        END {
            printf "| %s | %d |", preset, packets
            before = 0
            for (stage = 1; stage <= 5; stage++) {
                printf " %d |", (all[stage] - before) / packets
                before = all[stage]
            }
            printf " %d |\n", before / packets
        }' "$SMTP_AUDIT_BENCH/counts"
done
