#!/usr/bin/env bash
# The pages of `cotejo console` in a real browser: the two officers' day from end to end, every page's accessibility and layout in both
# languages, and what other pages of the same browser can do to it.
#
#   scripts/browser.sh                          as in the gate
#   scripts/browser.sh --screenshot FILE.png    only the picture of the README, made again
#
# Needs cotejo as it is built for release, Node.js 20 with npm, and Chromium; Debian's package is installed where there is none. playwright-core and
# axe-core are fetched as tests/browser/package-lock.json pins them. What is made lies below the target folder: screenshots in browser/shots.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$PWD/${CARGO_TARGET_DIR:-target}
[[ ${CARGO_TARGET_DIR:-} != /* ]] || target=$CARGO_TARGET_DIR
export COTEJO=$target/release/cotejo
[[ -x $COTEJO || ${1-} == --prepare ]] || cargo build --locked --release --all-features
if ! command -v chromium >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core >/dev/null
fi
export CHROMIUM=${CHROMIUM:-$(command -v chromium)}

place=$target/browser
mkdir -p "$place"
cp tests/browser/*.mjs tests/browser/package.json tests/browser/package-lock.json "$place"
cd "$place"
[[ -f node_modules/.package-lock.json && node_modules/.package-lock.json -nt package-lock.json ]] ||
    npm ci --silent --no-audit --no-fund --ignore-scripts
case ${1-} in
--prepare) ;;
--screenshot) node screenshot.mjs "$(realpath "$OLDPWD")/$2" ;;
*) node --test --test-concurrency=1 ./*.test.mjs ;;
esac
