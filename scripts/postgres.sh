#!/usr/bin/env bash
# A throwaway PostgreSQL for tests: on a socket in a temporary folder, reachable from this machine alone.
#
#   scripts/postgres.sh start             installs PostgreSQL where it is missing (Debian), starts it, prints a connection string
#   scripts/postgres.sh pause STRING      stops it as a failing machine would
#   scripts/postgres.sh resume STRING     starts it again
#   scripts/postgres.sh stop STRING       stops it and removes its folder
#
# Everything else goes to standard error. Its disk is synced as in earnest: what a test has committed must be there after a crash.
set -euo pipefail
exec 3>&1 1>&2

programs() {
    local found
    for found in $(command -v initdb || true) $(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V -r); do
        dirname "$(readlink -f "$found")"
        return
    done
    return 1
}

# The server refuses to run as root.
as_server() {
    if [[ $(id -u) == 0 ]]; then runuser -u postgres -- "$@"; else "$@"; fi
}

# Only folders that `start` has made: they are removed again.
folder_of() {
    local pair
    for pair in $1; do
        [[ $pair =~ ^host=(/tmp/cotejo-postgres\.[A-Za-z0-9]+)$ ]] && { echo "${BASH_REMATCH[1]}"; return; }
    done
    echo "not a connection string of this script's: $1" >&2
    return 1
}

# Without our own standard output, which whoever called us reads to its end.
up() {
    as_server "$bin/pg_ctl" -D "$1/data" -l "$1/log" -w -t 60 \
        -o "-c listen_addresses='' -c unix_socket_directories='$1' -c max_connections=200" start 3>&- || {
        cat "$1/log"
        return 1
    }
}

if ! bin=$(programs); then
    export DEBIAN_FRONTEND=noninteractive
    sudo=
    [[ $(id -u) == 0 ]] || sudo=sudo
    $sudo apt-get update -qq
    # No cluster of the system's own.
    $sudo mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" | $sudo tee /etc/postgresql-common/createcluster.conf >/dev/null
    $sudo apt-get install -y -qq postgresql
    bin=$(programs)
fi

case "${1-}" in
start)
    folder=$(mktemp -d /tmp/cotejo-postgres.XXXXXX)
    # A start that fails leaves nothing.
    trap '[[ $? == 0 ]] || { as_server "$bin/pg_ctl" -D "$folder/data" -m immediate stop || true; rm -rf "$folder" "$folder.initdb"; }' EXIT
    if [[ $(id -u) == 0 ]]; then
        id postgres >/dev/null 2>&1 || useradd --system --no-create-home postgres
        chown postgres "$folder"
    fi
    chmod 755 "$folder"
    as_server "$bin/initdb" -D "$folder/data" -U cotejo -A trust -E UTF8 --locale=C >"$folder.initdb" || {
        cat "$folder.initdb"
        exit 1
    }
    rm -f "$folder.initdb"
    up "$folder"
    "$bin/createdb" -h "$folder" -U cotejo cotejo
    echo "host=$folder user=cotejo dbname=cotejo" >&3
    ;;
pause)
    folder=$(folder_of "${2-}")
    as_server "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop
    ;;
resume)
    folder=$(folder_of "${2-}")
    up "$folder"
    ;;
stop)
    folder=$(folder_of "${2-}")
    as_server "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop || true
    rm -rf "$folder"
    ;;
*)
    sed -n '2,9s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
