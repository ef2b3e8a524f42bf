#!/usr/bin/env bash
# Gives a throwaway PostgreSQL of scripts/postgres.sh a database `vectors` with pgvector's types: what tests copy (CREATE DATABASE ... TEMPLATE vectors).
#
#   scripts/pgvector.sh STRING
#
# Where pgvector is installed, it is taken from there. Otherwise, on Debian, it is built of Debian's source package, and nothing is installed:
# bookworm has no package of it.
set -euo pipefail

source=http://deb.debian.org/debian/pool/main/p/pgvector/pgvector_0.8.0.orig.tar.gz
sha256=867a2c328d4928a5a9d6f052cd3bc78c7d60228a9b914ad32aa3db88e9de27b0

folder=
for pair in ${1-}; do
    [[ $pair =~ ^host=(/tmp/cotejo-postgres\.[A-Za-z0-9]+)$ ]] && folder=${BASH_REMATCH[1]}
done
[[ $folder ]] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }

export PGOPTIONS='-c client_min_messages=warning'
ask() { psql -X -q -A -t -v ON_ERROR_STOP=1 -h "$folder" -U cotejo "$@"; }

ask -d cotejo -c 'CREATE DATABASE vectors'
if [[ $(ask -d cotejo -c "SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'") == 1 ]]; then
    ask -d vectors -c 'CREATE EXTENSION vector'
    exit
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
version=$(ask -d cotejo -c 'SHOW server_version_num')
major=$((version / 10000))

# The server's headers, without all that their package asks for.
headers() {
    local package=postgresql-server-dev-$major
    (cd "$scratch" && apt-get download -qq -o APT::Sandbox::User=root "$package") && dpkg -x "$scratch/$package"_*.deb "$scratch/headers"
}
sudo=
[[ $(id -u) == 0 ]] || sudo=sudo
headers || { $sudo apt-get update -qq && headers; }

python3 - "$source" "$scratch/pgvector.tar.gz" <<'PYTHON'
import sys, urllib.request
urllib.request.urlretrieve(sys.argv[1], sys.argv[2])
PYTHON
echo "$sha256  $scratch/pgvector.tar.gz" | sha256sum --check --quiet
tar -xzf "$scratch/pgvector.tar.gz" -C "$scratch"

cc -O1 -fPIC -shared -I"$scratch/headers/usr/include/postgresql/$major/server" "$scratch"/pgvector-*/src/*.c -o "$folder/vector.so" -lm
chmod 644 "$folder/vector.so"
# What the extension's script says, with the module where it is.
sed -e '/\\quit$/d' -e "s#MODULE_PATHNAME#$folder/vector#" "$scratch"/pgvector-*/sql/vector.sql | ask -d vectors -f -
