#!/bin/sh
# Runs the plugin's tests in Neovim against a daemon. FIXLIPD names the program (default: fixlipd on the PATH).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
command -v nvim >/dev/null || { echo "needs Neovim 0.7 or later: apt-get install -y neovim" >&2; exit 1; }
program=$(command -v "${FIXLIPD:-fixlipd}") || { echo "needs the program fixlipd; set FIXLIPD to its path" >&2; exit 1; }
folder=$(mktemp -d)
chmod 700 "$folder"
export FIXLIPD="$program" FIXLIPD_MODELS="${FIXLIPD_MODELS:-$here/../../../models}" FIXLIPD_SOCKET="$folder/daemon.sock" HOME="$folder" XDG_CONFIG_HOME="$folder" XDG_DATA_HOME="$folder" \
    XDG_STATE_HOME="$folder" XDG_CACHE_HOME="$folder" FIXLIP_TEST_FOLDER="$folder" FIXLIP_TEST_CASES="$here"
finish() {
    "$program" stop --no-spawn >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap finish EXIT
timeout 300 nvim --headless -u NONE -i NONE -n --cmd "set runtimepath^=$here/.." \
    -c "luafile $here/runner.lua" 2>"$folder/output" </dev/null && status=0 || status=$?
cat "$folder/output"
grep -q "[0-9] passed, 0 failed" "$folder/output" && [ "$status" -eq 0 ] || exit 1
