#!/bin/sh
# Runs the shell scripts against a daemon of their own. FIXLIPD names the program.
set -u
here=$(cd "$(dirname "$0")" && pwd)
scripts=$here/..
root=$here/../../..
: "${FIXLIPD:=$root/.build/release/fixlipd}"
FIXLIPD_MODELS=$root/models
folder=$(mktemp -d)
FIXLIPD_SOCKET=$folder/f.sock
export FIXLIPD FIXLIPD_MODELS FIXLIPD_SOCKET
passed=0
failed=0
trap '"$FIXLIPD" stop >/dev/null 2>&1; rm -rf "$folder"' EXIT

check() { # NAME, then a command that must succeed
    name=$1
    shift
    if "$@" >"$folder/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $name"
        sed 's/^/    /' "$folder/log"
    fi
}

scenes=$root/models/demo/scenes

embeds_in_order() {
    "$scripts/fixlip-embed" "$scenes/scene-00.png" "$scenes/scene-01.png" >"$folder/out"
    [ "$(jq -r '.input | split("/") | last' "$folder/out" | tr '\n' ' ')" = "scene-00.png scene-01.png " ] &&
        [ "$(jq -r '.embedding | length' "$folder/out" | sort -u)" = 192 ]
}

reports_an_unreadable_image() {
    if "$scripts/fixlip-embed" "$scenes/scene-00.png" "$folder/missing.png" >"$folder/out"; then return 1; fi
    jq -se 'length == 2 and (map(select(.error)) | length == 1) and (map(select(.embedding)) | length == 1)' "$folder/out"
}

ranks_the_right_image_first() {
    "$scripts/fixlip-rank" "$scenes" "a postbox next to a cocktail glass" >"$folder/out" &&
        head -1 "$folder/out" | grep -q 'scene-03.png$' &&
        [ "$(cut -f1 "$folder/out" | sort -rg)" = "$(cut -f1 "$folder/out")" ]
}

refuses_a_folder_that_is_none() {
    ! "$scripts/fixlip-rank" "$folder/none" "a dog" 2>"$folder/errors" && grep -q 'is no folder' "$folder/errors"
}

refines_with_progress() {
    "$scripts/fixlip-refine" "$scenes/scene-03.png" "a postbox next to a cocktail glass" 150 \
        >"$folder/out" 2>"$folder/errors" &&
        grep -q '^150/150 masks' "$folder/errors" &&
        [ "$(wc -l <"$folder/out")" = 10 ] &&
        head -2 "$folder/out" | cut -f2 | grep -q cocktail
}

says_what_is_wrong_with_an_explanation() {
    ! "$scripts/fixlip-refine" "$folder/missing.png" "a dog" 2>"$folder/errors" && grep -q 'missing.png' "$folder/errors"
}

refuses_a_caption_without_words() {
    for caption in "" "  "; do
        if "$scripts/fixlip-refine" "$scenes/scene-03.png" "$caption" 16 >"$folder/out" 2>"$folder/errors"; then return 1; fi
        grep -q 'no words' "$folder/errors" && ! [ -s "$folder/out" ] || return 1
    done
}

# In the daemon's place: every result is {"protocolVersion": $1}. Each script must fail with the words $2 and print nothing.
refuses_a_stand_in() {
    cat >"$folder/stand-in" <<END
#!/bin/sh
while IFS= read -r line; do
    printf '%s\\n' "\$line" | jq -c '{jsonrpc: "2.0", id, result: {protocolVersion: $1}}'
done
END
    chmod +x "$folder/stand-in"
    rm -f "$folder/stand-in.sock"
    socat "UNIX-LISTEN:$folder/stand-in.sock,fork" "EXEC:$folder/stand-in" &
    stand_in=$!
    until [ -S "$folder/stand-in.sock" ]; do :; done
    result=0
    for command in "fixlip-embed $scenes/scene-00.png" "fixlip-rank $scenes dog" "fixlip-refine $scenes/scene-00.png dog"; do
        # shellcheck disable=SC2086
        if FIXLIPD_SOCKET=$folder/stand-in.sock "$scripts/"$command >"$folder/out" 2>"$folder/errors"; then result=1; fi
        grep -q "$2" "$folder/errors" && ! [ -s "$folder/out" ] || result=1
        cat "$folder/errors"
    done
    kill "$stand_in"
    return $result
}

speaks_to_plain_tools() {
    printf '%s\n' '{"jsonrpc":"2.0","id":1,"method":"server/ping"}' |
        socat -t 10 - "UNIX-CONNECT:$FIXLIPD_SOCKET" | jq -e '.result.pid > 0'
}

check "embeddings come as lines in the order of the arguments" embeds_in_order
check "an unreadable image is a line with an error, and the exit status says so" reports_an_unreadable_image
check "the image of the caption ranks first, and ranks descend" ranks_the_right_image_first
check "a folder that is none is refused" refuses_a_folder_that_is_none
check "an explanation reports progress and lists the strongest pairs" refines_with_progress
check "a missing image is named" says_what_is_wrong_with_an_explanation
check "a caption without words is an error" refuses_a_caption_without_words
check "a daemon of another version is an error that names both" refuses_a_stand_in 2 'version 2.*version 1.*fixlipd stop'
check "a reply without results is an error" refuses_a_stand_in 1 'reply has no'
check "jq and socat are enough" speaks_to_plain_tools

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
