#!/bin/sh
# Runs the package's tests in Emacs against a daemon. FIXLIPD names the program (default: fixlipd on the PATH).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
command -v emacs >/dev/null || { echo "needs Emacs 28 or later: apt-get install -y emacs-nox" >&2; exit 1; }
program=$(command -v "${FIXLIPD:-fixlipd}") || { echo "needs the program fixlipd; set FIXLIPD to its path" >&2; exit 1; }
folder=$(mktemp -d)
chmod 700 "$folder"
export FIXLIPD="$program" FIXLIPD_MODELS="${FIXLIPD_MODELS:-$here/../../../models}" FIXLIPD_SOCKET="$folder/daemon.sock" HOME="$folder" FIXLIP_TEST_FOLDER="$folder"
finish() {
    "$program" stop --no-spawn >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap finish EXIT
# Compiled without a warning, into the temporary folder.
emacs --batch --no-site-file -L "$here/.." --eval "(setq byte-compile-error-on-warn t
    byte-compile-dest-file-function (lambda (file) (concat \"$folder/\" (file-name-nondirectory file) \"c\")))" \
    -f batch-byte-compile "$here"/../fixlip*.el 2>"$folder/output" || { cat "$folder/output" >&2; echo "0 passed, 1 failed"; exit 1; }
timeout 300 emacs --batch --no-site-file -L "$here/.." -L "$here" -l fixlip-tests.el -f fixlip-tests-run 2>"$folder/output" </dev/null \
    && status=0 || status=$?
grep -v "^\[jsonrpc\]\|^   passed " "$folder/output" >&2 || true
grep -q "[0-9] passed, 0 failed" "$folder/output" && [ "$status" -eq 0 ] || exit 1
