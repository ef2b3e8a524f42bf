#!/usr/bin/env bash
# A day of a trial between two ministries, on this machine: a custodian that is online with a synthetic gallery, a querier that asks
# it, and what both sides' auditors see afterwards. Takes half a minute; everything is in a folder that goes when the day is over.
#
#   examples/two_ministries.sh [--keep]        --keep: leave the folder, to look around
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
[[ $target == /* ]] || target=$PWD/$target
cotejo=$target/release/cotejo
[[ -x $cotejo ]] || cargo build --release --quiet
folder=$(mktemp -d "${TMPDIR:-/tmp}/two-ministries.XXXXXX")
server=
finish() {
    [[ -z $server ]] || kill "$server" 2>/dev/null || true
    [[ -z $server ]] || wait "$server" 2>/dev/null || true
    if [[ ${1-} == --keep ]]; then echo "left in $folder"; else rm -rf "$folder"; fi
}
trap 'finish "${1-}"' EXIT
cd "$folder"

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() {
    printf '$ cotejo'
    printf ' %s' "$@"
    printf '\n'
    "$cotejo" "$@"
}

say "1. What the two agree on"
run --quiet agreement init --modality face --dimension 128 --threshold 0.4 --references 1000 --scheme tfhe \
    --querier "Ministry A" --custodian "Ministry B" --title "Trial of hit/no-hit checks at the border" \
    --service --purpose identification --purpose return --require justification --probes-per-day 8
run agreement check

say "2. Certificates for the trial, and keys: each side makes its own"
"$cotejo" --quiet certificates authority --name "Trial authority" --out authority
"$cotejo" --quiet certificates issue --authority authority --name B-REGISTRY --server 127.0.0.1,localhost --out b
"$cotejo" --quiet certificates issue --authority authority --name A-BORDER --client --out a
"$cotejo" --quiet certificates signing-key --out b
"$cotejo" --quiet certificates signing-key --out a
run --quiet keygen --out a/keys
run certificates show a/tls.pem

say "3. Ministry B enrols 40 persons; S000039 is exempt: an automatic no-match, which nobody can tell from any other"
"$cotejo" --quiet synthesize --modality face --dimension 128 --subjects 40 --seed 7 --out b/data
"$cotejo" --quiet enroll --templates b/data/sample-1.npy --out b/gallery.cotejo
(umask 077 && echo S000039 >b/exempt.txt)
cat >b/custodian.toml <<TOML
party = "B-REGISTRY"
database = "custodian.sqlite"
signing_key = "signing.key"
listen = "127.0.0.1:0"
operations = "127.0.0.1:0"
[tls]
certificate = "tls.pem"
key = "tls.key"
authority = "authority.pem"
[[agreement]]
file = "../agreement.toml"
gallery = "gallery.cotejo"
exempt = "exempt.txt"
[[requester]]
code = "A-BORDER"
certificate = "../a/tls.pem"
signing_key = "../a/signing.pub"
TOML
run serve --config b/custodian.toml --init-database
run serve --config b/custodian.toml --check

say "4. Ministry B serves"
"$cotejo" --json serve --config b/custodian.toml --log error >b/serving.json 2>b/server.log &
server=$!
for _ in $(seq 600); do
    grep -q address b/serving.json && break
    kill -0 "$server" || { cat b/server.log; exit 1; }
    sleep 0.1
done
grep -q address b/serving.json || { echo "after a minute nothing is served"; exit 1; }
value() { sed -n "s/.*\"$1\": \"\([^\"]*\)\".*/\1/p" b/serving.json; }
# What the operator's own tools see, where there is a tool.
look() { ! command -v curl >/dev/null || curl --silent --max-time 5 "http://$(value operations)/$1"; }
echo "https://$(value address), operations on http://$(value operations)"
look readyz

say "5. Ministry A asks about four travellers: S000038 to S000041"
"$cotejo" --quiet synthesize --modality face --dimension 128 --first-subject 38 --subjects 4 --seed 7 --out a/data
cat >a/querier.toml <<TOML
party = "A-BORDER"
database = "querier.sqlite"
signing_key = "signing.key"
keys = "keys"
[tls]
certificate = "tls.pem"
key = "tls.key"
authority = "authority.pem"
[custodian]
party = "B-REGISTRY"
url = "https://$(value address)"
signing_key = "../b/signing.pub"
TOML
ask() { run ask --config a/querier.toml "$@" || [[ $? == 1 ]]; }
ask --templates a/data/sample-2.npy --purpose identification --justification "file 7/2026" --number 2026-0001

say "6. Ministry B enrols S000041 while it serves; Ministry A asks again about that traveller"
"$cotejo" --quiet synthesize --modality face --dimension 128 --first-subject 41 --subjects 1 --seed 7 --out b/more
run enroll --append --templates b/more/sample-1.npy --out b/gallery.cotejo
"$cotejo" --quiet synthesize --modality face --dimension 128 --first-subject 41 --subjects 1 --seed 7 --out a/again
sleep 2 # a server looks for another version every second
ask --templates a/again/sample-2.npy --purpose return --justification "file 7/2026" --number 2026-0002

say "7. What is refused: a missing justification, more than a day's quota, and everything while the breaker is pulled"
run ask --config a/querier.toml --templates a/again/sample-2.npy --purpose return || true
run ask --config a/querier.toml --templates a/data/sample-2.npy --purpose return --justification "file 8/2026" --number 2026-0003 || true
run breaker pull --config b/custodian.toml --reason "incident 17"
run ask --config a/querier.toml --templates a/again/sample-2.npy --purpose return --justification "file 9/2026" \
    --number 2026-0004 --patience 1 || true
run breaker reset --config b/custodian.toml --reason "incident 17 closed"
ask --resume 2026-0004
ask --show 2026-0001 # kept, encrypted, until --forget

say "8. What each side sees at the end of the day"
run jobs list --config a/querier.toml
run accounts --config b/custodian.toml
look metrics | grep -E "^cotejo_jobs" || true
kill "$server" && wait "$server"
server=

say "9. The auditors: both logs are whole, and alike"
run audit verify --database a/querier.sqlite --key "$(cat a/signing.pub)"
run audit verify --database b/custodian.sqlite --key "$(cat b/signing.pub)"
run audit export --database a/querier.sqlite --format log --out a/log.jsonl
run audit export --database b/custodian.sqlite --format log --out b/log.jsonl
run audit compare --log b/log.jsonl --key "$(cat b/signing.pub)" --with a/log.jsonl --with-key "$(cat a/signing.pub)"
run audit export --log b/log.jsonl --format csv --out b/requests.csv
cut -d, -f1-6,9,12-16 b/requests.csv
run audit transparency --log b/log.jsonl
# Ministry A, before its auditor: key and query are what an honest querier makes, and nothing else.
run audit key --keys a/keys
run audit query 2026-0001 --config a/querier.toml --templates a/data/sample-2.npy

say "10. One altered character of a log is found: of 'identification' in the first request"
awk '!done { done = sub(/identification/, "identificatiom") } 1' b/log.jsonl >b/altered.jsonl
code=0
run audit verify --log b/altered.jsonl --key "$(cat b/signing.pub)" || code=$?
[[ $code == 1 ]] || { echo "an altered log ended with $code, and not with 1"; exit 1; }
