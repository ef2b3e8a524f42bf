#!/usr/bin/env bash
# RUSTC_WORKSPACE_WRAPPER of .ci/run: whatever is built of this package is read by Clippy first, and the library by rustdoc.
#
# `cargo clippy` and `cargo doc` check every dependency anew before they come to us: four minutes on two cores. Here both read the
# dependencies as they were built. Warnings are errors. What was built so has passed: Cargo builds it again when it changes.
set -euo pipefail

rustc=$1
shift

# What Cargo asks of the compiler itself is not ours.
case " $* " in
*' --emit='*) ;;
*) exec "$rustc" "$@" ;;
esac

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

clippy=()
rustdoc=()
kind= # of crate
is_test=
previous=
for argument; do
    case $previous in
    --crate-type) kind=$argument ;;
    # Where the compiler writes, nobody else does.
    --out-dir)
        clippy+=("$scratch")
        previous=
        continue
        ;;
    esac
    previous=$argument
    case $argument in
    --out-dir) clippy+=("$argument") ;;
    --emit=*) clippy+=(--emit=metadata) ;;
    # Without the notes of what was written: Cargo would take them for its own.
    --json=*) clippy+=("${argument/artifacts,/}") ;;
    --error-format=*) clippy+=("$argument") ;;
    *)
        [[ $argument == --test ]] && is_test=yes
        clippy+=("$argument")
        rustdoc+=("$argument")
        ;;
    esac
done

# Beside the compiler, with what they say kept apart: Cargo reads it line by line.
(
    clippy-driver "$rustc" "${clippy[@]}" -Dwarnings
    if [[ $kind == lib && ! $is_test ]]; then
        rustdoc "${rustdoc[@]}" -Dwarnings --out-dir "$scratch/doc"
    fi
) >"$scratch/said" 2>&1 &
status=0
"$rustc" "$@" || status=$?
wait $! || status=$?
cat "$scratch/said" >&2
exit $status
