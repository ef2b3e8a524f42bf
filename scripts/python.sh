#!/usr/bin/env bash
# Builds the wheel, installs it into a virtual environment of its own, and tests it as its users have it: pytest, doctests, mypy over the package and
# its examples, the examples, the notebooks.
#
#   scripts/python.sh                     everything
#   scripts/python.sh TESTS               what pytest is given instead: python/tests/test_files.py
#   scripts/python.sh --prepare           only installs what is tested with, which needs the network and no build
#
# Needs Python 3.11, whose venv it installs where it is missing (Debian); what it tests with is installed as scripts/python.txt pins it, below the
# target folder. The wheel shares the library's build.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$PWD/${CARGO_TARGET_DIR:-target}
pins=$PWD/scripts/python.txt

if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    sudo=
    [[ $(id -u) == 0 ]] || sudo=sudo
    $sudo apt-get update -qq
    $sudo apt-get install -y -qq python3-venv
fi
# One that is whole has its pins beside it.
environment=$target/python
mkdir -p "$target"
if ! cmp -s "$pins" "$environment/pins"; then
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --no-deps --only-binary :all: --require-hashes --requirement "$pins"
    cp "$pins" "$environment/pins"
fi

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
for example in examples/python/*.py; do
    run "$example" >/dev/null
done
run -m pytest --quiet --nbmake -W ignore examples/notebooks
