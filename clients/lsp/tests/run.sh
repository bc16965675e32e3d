#!/bin/sh
# The language server and the linter against the program that $FIXLIPD names: every message, faults, reports, and the clients of
# Neovim and Emacs. Packages of Python that know the protocol are installed into .peers if they are missing.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
program=$(command -v "${FIXLIPD:-fixlipd}") || { echo "needs the program fixlipd; set FIXLIPD to its path" >&2; exit 1; }
peers=$root/.peers/lsp
[ -x "$peers/bin/python" ] || python3 -m venv "$peers"
"$peers/bin/python" -c 'import lsprotocol, pydantic_sarif' 2>/dev/null ||
    "$peers/bin/pip" install -q lsprotocol==2025.0.0 pydantic-sarif==0.1.1 || exit 1

folder=$(mktemp -d)
chmod 700 "$folder"
export FIXLIPD="$program" FIXLIPD_MODELS="${FIXLIPD_MODELS:-$root/models}" FIXLIPD_SOCKET="$folder/daemon.sock" HOME="$folder" \
    XDG_CONFIG_HOME="$folder" XDG_DATA_HOME="$folder" XDG_STATE_HOME="$folder" XDG_CACHE_HOME="$folder" PYTHONDONTWRITEBYTECODE=1
finish() {
    "$program" stop --no-spawn >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap finish EXIT
passed=0
failed=0
add() { # LOG: the numbers of a runner's last line
    ok=$(sed -nE 's/(.*[^0-9])?([0-9]+) passed.*/\2/p' "$1" | tail -1)
    bad=$(sed -nE 's/(.*[^0-9])?([0-9]+) failed.*/\2/p' "$1" | tail -1)
    passed=$((passed + ${ok:-0}))
    failed=$((failed + ${bad:-0}))
    if [ -z "$ok" ] || [ "${bad:-0}" -ne 0 ]; then
        cat "$1"
        [ -n "$ok" ] || failed=$((failed + 1))
    fi
}

log=$folder/log
(cd "$here" && timeout 900 "$peers/bin/python" -m unittest 'test_types' test_messages test_faults test_lint) >"$log" 2>&1
count=$(sed -nE 's/^Ran ([0-9]+) tests?.*/\1/p' "$log")
bad=$(grep -cE '^(FAIL|ERROR):' "$log")
[ -n "$count" ] && echo "$((count - bad)) passed, $bad failed" >>"$log"
add "$log"

scenes() { # a fresh folder with scenes
    export FIXLIP_TEST_FOLDER="$folder/$1"
    mkdir -p "$FIXLIP_TEST_FOLDER"
    cp "$root"/models/demo/scenes/scene-0*.png "$FIXLIP_TEST_FOLDER"
}
if command -v nvim >/dev/null; then
    scenes neovim
    timeout 300 nvim --headless -u NONE -i NONE -n -c "luafile $here/neovim_test.lua" >"$log" 2>&1 </dev/null
    add "$log"
else
    echo "Neovim is not installed: its client is not tested"
fi
if emacs -q --batch -l package -f package-initialize -l eglot >/dev/null 2>&1; then
    scenes emacs
    timeout 300 emacs -q --batch -l package -f package-initialize -l "$here/eglot-test.el" \
        -f ert-run-tests-batch-and-exit >"$log" 2>&1 </dev/null
    status=$?
    [ $status -eq 0 ] && echo "1 passed, 0 failed" >>"$log" || echo "0 passed, 1 failed" >>"$log"
    add "$log"
else
    echo "Eglot is not installed: Emacs' client is not tested"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
