#!/bin/sh
# Checks the completions that fixlipd writes. FIXLIPD names the program (default: fixlipd on the PATH).
set -eu
program=$(command -v "${FIXLIPD:-fixlipd}") || { echo "needs the program fixlipd; set FIXLIPD to its path" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Completions call the program by its name.
ln -s "$program" "$folder/fixlipd"
export PATH="$folder:$PATH"
passed=0 failed=0
check() {
    what=$1
    shift
    if "$@" >"$folder/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED %s\n' "$what"
        cat "$folder/log"
    fi
}

# What bash offers for the words of a command line, the last being the one at the cursor.
offered() {
    bash --norc -c '
        source "$1"; shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMP_TYPE=9 COMP_KEY=9
        _fixlipd fixlipd "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        printf "%s\n" "${COMPREPLY[@]}"' - "$folder/bash" "$@"
}
offers() {
    expected=$1
    shift
    offered "$@" | sed 's/ *$//' | grep -qxe "$expected" || { echo "'$*' offers:"; offered "$@"; return 1; }
}

fixlipd --generate-completion-script bash >"$folder/bash"
check "bash reads the script" bash -n "$folder/bash"
check "commands are completed" offers explain fixlipd ex
check "commands of commands are completed" offers unload fixlipd models un
check "options are completed" offers --image-root fixlipd serve --ima
check "watch is completed" offers watch fixlipd wa
check "options of watch are completed" offers --text-file fixlipd watch a.png --te
check "values of options are completed" offers bf16 fixlipd serve --precision bf
check "options of batch are completed" offers --retry fixlipd batch --ret
check "values of options of batch are completed" offers shared fixlipd batch --seeds sh
for choice in "--index shapley" "--estimator leastSquares" "--sampling joint" "--masking drop"; do
    check "values of ${choice% *} are completed" offers "${choice#* }" fixlipd explain a.png "${choice% *}" ""
done
check "method names are completed" offers explanation/open fixlipd call explanation/o
check "models are completed" offers demo fixlipd embed --model d
mkdir "$folder/files"
touch "$folder/files/cat.png" "$folder/files/notes.txt"
cd "$folder/files"
check "pictures are completed for an image" offers cat.png fixlipd explain ""
refuses() { ! offers "$@" >/dev/null; }
check "and nothing else" refuses notes.txt fixlipd explain ""
check "files are completed where any file may be" offers notes.txt fixlipd watch --text-file no
cd "$folder"

if command -v fish >/dev/null; then
    fixlipd --generate-completion-script fish >"$folder/fixlipd.fish"
    check "fish reads the script" fish -n "$folder/fixlipd.fish"
    fish_offers() {
        (cd "$folder/files" && fish --no-config -c "source '$folder/fixlipd.fish'; complete -C '$2'") | cut -f1 | grep -qxe "$1" ||
            { echo "fish does not offer $1 for '$2'"; return 1; }
    }
    check "fish completes commands" fish_offers explain 'fixlipd ex'
    check "fish completes options" fish_offers --image-root 'fixlipd serve --ima'
    check "fish completes values" fish_offers shapley 'fixlipd explain a.png --index sh'
    check "fish completes methods" fish_offers explanation/open 'fixlipd call explanation/o'
    check "fish completes pictures" fish_offers cat.png 'fixlipd explain c'
else
    echo "fish is not installed, so that its completions were not checked: apt-get install -y fish"
fi
if command -v zsh >/dev/null; then
    fixlipd --generate-completion-script zsh >"$folder/_fixlipd"
    check "zsh reads the script" zsh -n "$folder/_fixlipd"
    check "zsh finds the completion of fixlipd" zsh -f -c '
        fpath=("$1" $fpath); autoload -Uz compinit; compinit -u -d "$1/dump"; [[ ${_comps[fixlipd]} == _fixlipd ]]' - "$folder"
else
    echo "zsh is not installed, so that its completions were not checked: apt-get install -y zsh"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
