#!/usr/bin/env bash
# Holds a server to docs/openapi.json: schemathesis (https://schemathesis.io) makes requests from the document, right and wrong ones,
# and looks whether what comes back is what the document says.
#
#   scripts/schemathesis.sh [SEED [EXAMPLES]]
#
# Without arguments as in the gate: the same seed each time, and few examples. Needs cotejo as it is built for release, and Python 3.11;
# schemathesis is installed as scripts/schemathesis.txt pins it, below the target folder (scripts/venv.sh). Everything else is in a temporary
# folder that goes.
set -euo pipefail
cd "$(dirname "$0")/.."
seed=${1:-20261130}
examples=${2:-25}

target=$PWD/${CARGO_TARGET_DIR:-target}
cotejo=$target/release/cotejo
document=$PWD/docs/openapi.json
pins=$PWD/scripts/schemathesis.txt
[[ -x $cotejo ]] || cargo build --locked --release --all-features

environment=$target/schemathesis
bash scripts/venv.sh "$environment" "$pins"

folder=$(mktemp -d "${TMPDIR:-/tmp}/cotejo-schemathesis.XXXXXX")
server=
finish() {
    local code=$?
    [[ $code == 0 || ! -s $folder/server.log ]] || { echo "what the server logged last:"; tail -20 "$folder/server.log"; }
    [[ -z $server ]] || kill "$server" 2>/dev/null || true
    [[ -z $server ]] || wait "$server" 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT
cd "$folder"

# A trial of two parties. Quotas are generous: what is asked here is asked within a minute.
{
    "$cotejo" --quiet agreement init --modality face --dimension 128 --threshold 0.4 --references 100 --scheme tfhe \
        --service --probes-per-day 10000
    "$cotejo" --quiet certificates authority --name "Trial authority" --out authority
    "$cotejo" --quiet certificates issue --authority authority --name B-REGISTRY --server 127.0.0.1,localhost --out b
    "$cotejo" --quiet certificates issue --authority authority --name A-BORDER --client --out a
    "$cotejo" --quiet certificates signing-key --out b
    "$cotejo" --quiet certificates signing-key --out a
    "$cotejo" --quiet keygen --out a/keys
    "$cotejo" --quiet synthesize --modality face --dimension 128 --subjects 2 --seed 7 --out data
    "$cotejo" --quiet enroll --templates data/sample-1.npy --out b/gallery.cotejo
} >setup.log 2>&1 || { cat setup.log; exit 1; }
# As it is served in earnest: one requester's connections, uploads and places in the queue are bounded as by default, which is enough for
# a client that does one thing after the other. Bodies that stall are given up sooner, so that nobody waits for them.
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
[[requester]]
code = "A-BORDER"
certificate = "../a/tls.pem"
signing_key = "../a/signing.pub"
[limits]
stall_seconds = 2
TOML
"$cotejo" --quiet serve --config b/custodian.toml --init-database 2>setup.log || { cat setup.log; exit 1; }
"$cotejo" --json serve --config b/custodian.toml --log warn >serving.json 2>server.log &
server=$!
for _ in $(seq 300); do
    grep -q address serving.json && break
    kill -0 "$server" || { cat server.log; exit 1; }
    sleep 0.1
done
value() { sed -n "s/.*\"$1\": \"\([^\"]*\)\".*/\1/p" serving.json; }
url=https://$(value address)

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
url = "$url"
signing_key = "../b/signing.pub"
TOML
ask() {
    local code=0
    "$cotejo" --quiet ask --config a/querier.toml --templates data/sample-2.npy --justification "file 7/2026" --number "$1" \
        >ask.log 2>&1 || code=$?
    # 0 is a hit, 1 none.
    [[ $code -le 1 ]] || { echo "asking $1 ended with $code:"; cat ask.log; return 1; }
}
ask before-1
ask before-2

# What is there, beside what schemathesis makes up: without, nearly everything that it asks about would be unknown.
there() {
    python3 - "$url" "$1" "$2" <<'PYTHON'
import json, ssl, sys, urllib.request
url, path, field = sys.argv[1:]
tls = ssl.create_default_context(cafile="a/authority.pem")
tls.load_cert_chain("a/tls.pem", "a/tls.key")
found = json.load(urllib.request.urlopen(url + path, context=tls, timeout=10))
for item in found["jobs"] if isinstance(found, dict) else found:
    print(json.dumps(item[field]))
PYTHON
}
there /v1/agreements agreement >agreements.txt
there /v1/jobs job >jobs.txt
cat >schemathesis.toml <<TOML
seed = $seed
request-timeout = 10
generation = { max-examples = $examples, database = "none" }

[dictionaries]
agreements = { from-file = "agreements.txt" }
jobs = { from-file = "jobs.txt" }

[parameters]
"path.agreement" = { dictionary = "agreements", probability = 0.7 }
"path.job" = { dictionary = "jobs", probability = 0.7 }
"query.before" = { dictionary = "jobs", probability = 0.7 }

# A body that is too long or of no stated length is refused for that, before anybody looks at what is wrong with it.
[checks]
negative_data_rejection.expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "411", "413", "415", "422", "428", "429"]

# What follows is no fault, and no schema can say it: a statement is right if its signature is, a file if it can be computed with.
[[operations]]
include-operation-id = ["submit", "acknowledge", "abandon"]
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 404]
[[operations]]
include-operation-id = "put_key"
checks.positive_data_acceptance.expected-statuses = ["2xx", 404, 422]
# The answers that are there were acknowledged.
[[operations]]
include-operation-id = "get_answer"
checks.positive_data_acceptance.expected-statuses = ["2xx", 404, 410]
TOML

"$environment/bin/schemathesis" --config-file schemathesis.toml run "$document" --url "$url" \
    --tls-verify a/authority.pem --request-cert a/tls.pem --request-cert-key a/tls.key --checks all --no-color

# It still serves.
python3 - "http://$(value operations)/readyz" <<'PYTHON'
import sys, urllib.request
assert urllib.request.urlopen(sys.argv[1], timeout=10).read() == b"ready\n"
PYTHON
ask after
echo "found nothing, and a request is answered after it"
