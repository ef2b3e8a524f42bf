#!/usr/bin/env bash
# Makes src/cli/browser/assets/htmx.js again, of what npm publishes: htmx and its extension for server-sent events, one behind the other.
#
#   scripts/htmx.sh            compares what is there
#   scripts/htmx.sh --write    writes it
set -euo pipefail
cd "$(dirname "$0")/.."
version=4.0.1
integrity=sha512-oF7JgXhDW9UXCy/k1ZYFUQgzu/rm19ORWPSPNL91vPluB2PB9+MV55tyQdH/w7o2EAbTYUG5SDW1R60mdkdqGg==
file=src/cli/browser/assets/htmx.js
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm pack --silent "htmx.org@$version" >/dev/null)
packed=$folder/htmx.org-$version.tgz
found=sha512-$(openssl dgst -sha512 -binary "$packed" | base64 -w0)
[[ $found == "$integrity" ]] || { echo "what npm gives as htmx.org $version is $found, not $integrity"; exit 1; }
tar xzf "$packed" -C "$folder"
{
    sed -n '1,/\*\/$/p' "$file"
    cat "$folder/package/dist/htmx.min.js"
    echo
    cat "$folder/package/dist/ext/hx-sse.min.js"
    echo
} >"$folder/htmx.js"
if [[ ${1-} == --write ]]; then
    cp "$folder/htmx.js" "$file"
else
    cmp "$folder/htmx.js" "$file" && echo "$file is htmx $version as it is published"
fi
