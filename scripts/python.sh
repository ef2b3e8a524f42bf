#!/usr/bin/env bash
# Builds the wheel, installs it into a virtual environment of its own, and tests it as its users have it: pytest, doctests, mypy over the package and
# its examples, the examples, the notebooks.
#
#   scripts/python.sh                     everything
#   scripts/python.sh TESTS               what pytest is given instead: python/tests/test_files.py
#   scripts/python.sh --prepare           only installs what is tested with, which needs the network and no build
#
# Needs Python 3.11; what it tests with is installed as scripts/python.txt pins it, below the target folder (scripts/venv.sh). The wheel shares the
# library's build.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$PWD/${CARGO_TARGET_DIR:-target}
pins=$PWD/scripts/python.txt

environment=$target/python
bash scripts/venv.sh "$environment" "$pins"

[[ ${1-} != --prepare ]] || exit 0

rm -rf "$target/wheels"
"$environment/bin/maturin" build --quiet --release --locked --out "$target/wheels"
"$environment/bin/pip" install --quiet --no-deps --force-reinstall "$target"/wheels/cotejo-*.whl

# What is installed is tested, not what lies here; the program is that of the same build.
export COTEJO_PROGRAM=${COTEJO_PROGRAM-$target/release/cotejo}
[[ -x $COTEJO_PROGRAM ]] || unset COTEJO_PROGRAM
run() { "$environment/bin/python" "$@"; }
if [[ $# -gt 0 ]]; then
    run -m pytest --quiet "$@"
    exit
fi
run -m pytest --quiet
run -m pytest --quiet --doctest-modules --pyargs cotejo
run -m mypy
# The stub says what the native part is.
run -m mypy.stubtest cotejo._native --mypy-config-file pyproject.toml --ignore-disjoint-bases
for example in examples/python/*.py; do
    run "$example" >/dev/null
done
run -m pytest --quiet --nbmake -W ignore examples/notebooks
