#!/usr/bin/env bash
# Makes a virtual environment with what a file of pins names, by its hashes; leaves one that has these pins as it is.
#
#   scripts/venv.sh FOLDER PINS
#
# Needs Python 3.11, whose venv it installs where it is missing (Debian).
set -euo pipefail
environment=${1:?usage: scripts/venv.sh FOLDER PINS}
pins=${2:?usage: scripts/venv.sh FOLDER PINS}

if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    sudo=
    [[ $(id -u) == 0 ]] || sudo=sudo
    $sudo apt-get update -qq
    $sudo apt-get install -y -qq python3-venv
fi
# One that is whole has its pins beside it.
if ! cmp -s "$pins" "$environment/pins"; then
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --no-deps --only-binary :all: --require-hashes --requirement "$pins"
    cp "$pins" "$environment/pins"
fi
