# Sourced by the scripts of this folder: where the daemon's socket is, and one call over it.

fixlip_socket() {
    if [ -n "${FIXLIPD_SOCKET:-}" ]; then
        printf '%s\n' "$FIXLIPD_SOCKET"
    elif [ -n "${XDG_RUNTIME_DIR:-}" ]; then
        printf '%s\n' "$XDG_RUNTIME_DIR/fixlipd/fixlipd.sock"
    else
        printf '/tmp/fixlipd-%s/fixlipd.sock\n' "$(id -u)"
    fi
}

fixlip_fail() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit 1
}

fixlip_need() {
    for tool in "$@"; do
        command -v "$tool" >/dev/null || fixlip_fail "needs $tool (Debian: apt install $tool)"
    done
}

# The version of the protocol that these scripts speak.
fixlip_protocol=1

# Starts the daemon if none runs, and asks whether it speaks our version; FIXLIPD names the program.
fixlip_start() {
    hello=$("${FIXLIPD:-fixlipd}" call initialize \
        "{\"protocolVersion\": $fixlip_protocol, \"clientInfo\": {\"name\": \"fixlipd-shell\"}}") ||
        fixlip_fail "cannot use the daemon on $(fixlip_socket)"
    theirs=$(printf '%s' "$hello" | jq -r .protocolVersion)
    [ "$theirs" = "$fixlip_protocol" ] ||
        fixlip_fail "the daemon speaks version $theirs of the protocol, and this script version $fixlip_protocol:\
 end it with 'fixlipd stop' and run the command again"
}

# Requests on standard input, one a line; replies and notifications on standard output.
fixlip_talk() {
    socat -t 86400 - "UNIX-CONNECT:$(fixlip_socket)"
}

# One request on standard input; its reply on standard output, once it is known to have the member $1 in its result.
fixlip_ask() {
    reply=$(fixlip_talk)
    [ -n "$reply" ] || fixlip_fail "the daemon closed the connection before it replied"
    problem=$(printf '%s' "$reply" | jq -r --arg member "$1" '
        .error.message // if (.result | objects | has($member)) // false then empty
            else "the daemon\u0027s reply has no \u0027\($member)\u0027" end')
    [ -z "$problem" ] || fixlip_fail "$problem"
    printf '%s\n' "$reply"
}

# An absolute path, which the daemon understands whatever its own folder is.
fixlip_path() {
    case "$1" in
        /*) printf '%s\n' "$1" ;;
        *) printf '%s/%s\n' "$PWD" "$1" ;;
    esac
}
