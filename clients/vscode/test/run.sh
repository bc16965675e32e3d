#!/bin/sh
# Runs the extension's tests in Node against a daemon. FIXLIPD names the program (default: fixlipd on the PATH).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
command -v node >/dev/null || { echo "needs Node.js 18 or later: apt-get install -y nodejs" >&2; exit 1; }
program=$(command -v "${FIXLIPD:-fixlipd}") || { echo "needs the program fixlipd; set FIXLIPD to its path" >&2; exit 1; }
folder=$(mktemp -d)
chmod 700 "$folder"
export FIXLIPD="$program" FIXLIPD_MODELS="${FIXLIPD_MODELS:-$here/../../../models}" FIXLIPD_SOCKET="$folder/daemon.sock" FIXLIP_TEST_FOLDER="$folder"
finish() {
    "$program" stop --no-spawn >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap finish EXIT
# One file after the other: they share a daemon, and one of them kills it.
: >"$folder/output"
for file in "$here"/*.test.js; do
    timeout 300 node --test "$file" >>"$folder/output" 2>&1 </dev/null || true
done
passed=$(awk '$2 == "pass" { n += $3 } END { print n + 0 }' "$folder/output")
failed=$(awk '$2 == "fail" { n += $3 } END { print n + 0 }' "$folder/output")
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] || cat "$folder/output" >&2
echo "$passed passed, $failed failed" >&2
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
