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

# Starts the daemon if none runs; FIXLIPD names the program.
fixlip_start() {
    "${FIXLIPD:-fixlipd}" call server/ping >/dev/null || fixlip_fail "cannot reach the daemon"
}

# Requests on standard input, one a line; replies and notifications on standard output.
fixlip_talk() {
    socat -t 86400 - "UNIX-CONNECT:$(fixlip_socket)"
}

# An absolute path, which the daemon understands whatever its own folder is.
fixlip_path() {
    case "$1" in
        /*) printf '%s\n' "$1" ;;
        *) printf '%s/%s\n' "$PWD" "$1" ;;
    esac
}
