#!/usr/bin/env bash
# SoftHSM for tests: a token in software, spoken to by PKCS #11. Its keys are those of the tests, in folders of theirs.
#
#   scripts/softhsm.sh                    installs SoftHSM and pkcs11-tool where they are missing (Debian), prints the module's path
#
# Everything else goes to standard error.
set -euo pipefail
exec 3>&1 1>&2

module() {
    local found
    for found in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so /usr/lib64/pkcs11/libsofthsm2.so /usr/local/lib/softhsm/libsofthsm2.so; do
        [[ -e $found ]] && { echo "$found"; return; }
    done
    return 1
}

if ! { module && command -v softhsm2-util && command -v pkcs11-tool; } >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    sudo=
    [[ $(id -u) == 0 ]] || sudo=sudo
    $sudo apt-get update -qq
    $sudo apt-get install -y -qq softhsm2 opensc
fi
module >&3
