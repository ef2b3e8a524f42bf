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
export CARGO_INCREMENTAL=0 RUSTC_WRAPPER=$PWD/scripts/fuzz-rustc.sh

if ! cargo fuzz --version >/dev/null 2>&1; then
    # Not with our wrapper.
    env -u RUSTC_WRAPPER cargo install cargo-fuzz --locked --quiet
fi
# Assertions of this crate alone, by the profile; cargo-fuzz would have them in `tfhe` as well.
build=(--sanitizer none --release)
cargo fuzz build "${build[@]}"

# To choose a scheme for an agreement takes up to three seconds with all assertions on: ten times that is too long.
# Memory of a whole run in MiB; what a single allocation may take is in fuzz/src/allocator.rs. The longest seed is a query of half a MiB.
limits=(-rss_limit_mb=1024 -timeout=30 -max_len=524288)
# The corpus as it grows is of no interest; a finding is printed all the same.
quiet=(-verbosity=0 -print_funcs=0 -print_final_stats=1)
for target in ${*:-$(cargo fuzz list)}; do
    printf '\n== fuzz %s for %s s\n' "$target" "$seconds"
    corpus=fuzz/corpus/$target
    mkdir -p "$corpus"
    COTEJO_SEEDS=$corpus cargo fuzz run "${build[@]}" "$target"
    cargo fuzz run "${build[@]}" "$target" -- -max_total_time="$seconds" "${quiet[@]}" "${limits[@]}"
done
