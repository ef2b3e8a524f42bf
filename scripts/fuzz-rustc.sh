#!/usr/bin/env bash
# RUSTC_WRAPPER of scripts/fuzz.sh: measures coverage where it says something.
#
# These are the targets, this crate, and the parsers in front of ours. All else is built as for the library, so that Cargo takes what it has
# built for that: `tfhe` takes long to build, would run slowly, and decodes nothing. What is named here has a profile of its own in
# fuzz/Cargo.toml: Cargo does not see what a wrapper adds.
set -euo pipefail

name=
previous=
for argument; do
    [[ $previous == --crate-name ]] && name=$argument
    previous=$argument
done

case ${CARGO_PRIMARY_PACKAGE+primary}$name in
# What Cargo was asked for are the targets.
primary* | cotejo | toml | toml_parser | csv | csv_core | serde_json | npyz | zip)
    # The flags of cargo-fuzz, which stable Rust passes on to LLVM. A sanitizer only nightly has.
    llvm() { for option; do flags+=("-Cllvm-args=$option"); done; }
    flags=(--cfg fuzzing -Cpasses=sancov-module)
    llvm -sanitizer-coverage-level=4 -sanitizer-coverage-inline-8bit-counters -sanitizer-coverage-pc-table
    llvm -sanitizer-coverage-trace-compares -simplifycfg-branch-fold-threshold=0
    exec "$@" "${flags[@]}"
    ;;
esac
exec "$@"
