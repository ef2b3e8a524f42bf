#!/usr/bin/env bash
# Runs every fuzz target for so many seconds, beginning from real files: see fuzz/README.md.
#
#   scripts/fuzz.sh SECONDS [TARGET...]
#
# Stable Rust will do: without a sanitizer, which only nightly has, coverage is measured by flags that stable knows. What is looked for are
# panics, failed assertions, overflow, inputs that take long, and decoders that allocate more than they may.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?usage: scripts/fuzz.sh SECONDS [TARGET...]}
shift

# In the library's folder, whose dependencies are taken as they are there.
target=${CARGO_TARGET_DIR:-target}
RUSTC_WRAPPER=$PWD/scripts/fuzz-rustc.sh CARGO_INCREMENTAL=0 \
    cargo build --locked --release --manifest-path fuzz/Cargo.toml --target-dir "$target"

# To choose a scheme for an agreement takes up to three seconds with all assertions on: ten times that is too long.
# Memory of a whole run in MiB; what a single allocation may take is in fuzz/src/allocator.rs. The longest seed is a query of half a MiB.
limits=(-rss_limit_mb=1024 -timeout=30 -max_len=524288)
# The corpus as it grows is of no interest; a finding is printed all the same.
quiet=(-verbosity=0 -print_funcs=0 -print_final_stats=1)
for name in ${*:-$(cd fuzz/targets && ls | sed 's/\.rs$//')}; do
    printf '\n== fuzz %s for %s s\n' "$name" "$seconds"
    corpus=fuzz/corpus/$name
    findings=fuzz/artifacts/$name/
    mkdir -p "$corpus" "$findings"
    COTEJO_SEEDS=$corpus "$target/release/$name"
    "$target/release/$name" -artifact_prefix="$findings" -max_total_time="$seconds" "${quiet[@]}" "${limits[@]}" "$corpus"
done
