#!/usr/bin/env bash
# RUSTC_WRAPPER of scripts/fuzz.sh: measures coverage where it says something.
#
# cargo-fuzz instruments everything that it builds. `tfhe` and its transforms take very long to build so, run slowly, and decode nothing: only
# this crate, the targets, and the parsers in front of ours keep the flags.
set -euo pipefail

name=
previous=
for argument; do
    [[ $previous == --crate-name ]] && name=$argument
    previous=$argument
done

# Cargo says which packages are those that it was asked for: the targets.
if [[ -z ${CARGO_PRIMARY_PACKAGE-} ]]; then
    case $name in
    cotejo | toml | toml_parser | csv | csv_core | serde_json | npyz | zip) ;;
    *)
        kept=()
        for argument; do
            case $argument in
            -Cpasses=sancov-module | -Cllvm-args=-sanitizer-coverage-* | -Cllvm-args=-simplifycfg-*) ;;
            # One unit each would leave the other cores idle.
            -Ccodegen-units=1) ;;
            *) kept+=("$argument") ;;
            esac
        done
        exec "${kept[@]}"
        ;;
    esac
fi
exec "$@"
