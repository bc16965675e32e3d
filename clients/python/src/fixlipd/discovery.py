"""Where the daemon is, and how to start it."""

from __future__ import annotations

import contextlib
import os
import selectors
import shlex
import shutil
import socket
import stat
import struct
import subprocess
import time
from collections.abc import Mapping

from .errors import DaemonUnavailable

PACKAGED_PROGRAM = os.path.join(os.path.dirname(__file__), "program", "bin", "fixlipd")
"""Where the wheel for Linux has the program; a package made from source has none."""

SUN_PATH_BYTES = 107  # what sun_path holds besides its closing NUL, unix(7)

_started: list[subprocess.Popen[bytes]] = []  # daemons outlive the client; kept so that ended ones are reaped


def socket_path(environment: Mapping[str, str] | None = None) -> str:
    """``$FIXLIPD_SOCKET``, else ``$XDG_RUNTIME_DIR/fixlipd/fixlipd.sock``, else ``/tmp/fixlipd-<uid>/fixlipd.sock``."""
    environment = os.environ if environment is None else environment
    if environment.get("FIXLIPD_SOCKET"):
        return environment["FIXLIPD_SOCKET"]
    if environment.get("XDG_RUNTIME_DIR", "").startswith("/"):
        return os.path.join(environment["XDG_RUNTIME_DIR"], "fixlipd", "fixlipd.sock")
    return f"/tmp/fixlipd-{os.geteuid()}/fixlipd.sock"


def executable_path(environment: Mapping[str, str] | None = None) -> str | None:
    """The daemon's program; ``None`` where there is none.

    It is ``$FIXLIPD``, else the one that the wheel brings, else ``fixlipd`` on the ``PATH``.
    """
    environment = os.environ if environment is None else environment
    if environment.get("FIXLIPD"):
        return environment["FIXLIPD"]
    if os.access(PACKAGED_PROGRAM, os.X_OK):
        return PACKAGED_PROGRAM
    return shutil.which("fixlipd", path=environment.get("PATH"))


def connect(path: str) -> socket.socket | None:
    """A connection to the daemon of a socket, or ``None`` where nobody listens.

    Raises:
        DaemonUnavailable: the path is too long, may not be opened, or belongs to another user's process.
    """
    if len(os.fsencode(path)) > SUN_PATH_BYTES:
        raise DaemonUnavailable(
            f"the socket path {path} is longer than {SUN_PATH_BYTES} bytes; set $FIXLIPD_SOCKET to a shorter one"
        )
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(path)
        _, user, _ = struct.unpack(
            "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        )
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    except OSError as error:
        connection.close()
        raise DaemonUnavailable(f"cannot connect to {path}: {error.strerror or error}") from None
    if user not in (os.geteuid(), 0):
        connection.close()
        raise DaemonUnavailable(
            f"{path} is served by another user (uid {user}); set $FIXLIPD_SOCKET to a path of your own"
        )
    return connection


def connect_or_start(path: str, *, spawn: bool, executable: str | None, timeout: float) -> socket.socket:
    """A connection to the daemon of a socket, which is started if nobody listens there.

    Of several processes that start one at the same time one wins, and the others use its daemon.

    Raises:
        DaemonUnavailable: nobody listens, and a daemon may not be started, is not found, ends at once, or is not
            ready within ``timeout`` seconds.
    """
    deadline = time.monotonic() + timeout
    connection = connect(path)
    if connection is not None:
        return connection
    if not spawn:
        raise DaemonUnavailable(f"no daemon runs on {path}; start one with 'fixlipd serve', or allow spawn=True")
    program = executable or executable_path()
    if program is None:
        raise DaemonUnavailable(
            f"no daemon runs on {path}, and 'fixlipd' is not on the PATH; set $FIXLIPD to the program"
        )
    log = path + ".log"
    earlier = os.path.getsize(log) if os.path.exists(log) else 0
    process = _start(program, path, log, deadline)
    while True:
        connection = connect(path)
        if connection is not None:
            return connection
        if time.monotonic() > deadline:
            raise DaemonUnavailable(f"the daemon on {path} was not ready after {timeout:g} s (see {log})")
        if process.poll() is not None and not _is_starting(path):
            connection = connect(path)
            if connection is not None:
                return connection
            reason = _last_line(log, earlier)
            raise DaemonUnavailable(f"the daemon did not start{': ' + reason if reason else ''} (see {log})")
        # The daemon of another process has the lock and does not listen yet: nothing tells when it will.
        time.sleep(0.01)


def _start(program: str, path: str, log: str, deadline: float) -> subprocess.Popen[bytes]:
    """Starts ``fixlipd serve`` in a session of its own and waits for its line on the ready descriptor, or its end."""
    _started[:] = [process for process in _started if process.poll() is None]
    try:
        _prepare(os.path.dirname(os.path.abspath(path)))
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise DaemonUnavailable(f"cannot write {log}: {error.strerror or error}") from None
    reading, writing = os.pipe()
    try:
        try:
            process = subprocess.Popen(
                [program, "serve", "--socket", os.path.abspath(path), "--ready-fd", str(writing)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=descriptor,
                pass_fds=(writing,),
                start_new_session=True,
            )
        except OSError as error:
            raise DaemonUnavailable(f"cannot start {program}: {error.strerror or error}") from None
        finally:
            os.close(writing)
            os.close(descriptor)
        _started.append(process)
        # Not select.select, which takes no descriptor above 1,023.
        with selectors.DefaultSelector() as selector:
            selector.register(reading, selectors.EVENT_READ)
            is_readable = bool(selector.select(max(0.0, deadline - time.monotonic())))
        if is_readable and not os.read(reading, 64):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
        return process
    finally:
        os.close(reading)


def _prepare(folder: str) -> None:
    """Makes the socket's folder, or checks that nobody else can put files into the one that is there.

    Raises:
        DaemonUnavailable: the folder, or a link that leads to it, is another user's, or others may enter it.
    """
    user = os.geteuid()
    os.makedirs(folder, mode=0o700, exist_ok=True)
    link, status = os.lstat(folder), os.stat(folder)
    # Someone else could point a link of theirs elsewhere at any time.
    owners = [status.st_uid] if not stat.S_ISLNK(link.st_mode) or link.st_uid == 0 else [status.st_uid, link.st_uid]
    for owner in owners:
        if owner != user:
            raise DaemonUnavailable(
                f"{folder} belongs to another user (uid {owner}); set $FIXLIPD_SOCKET to a path of your own"
            )
    if status.st_mode & 0o077:
        raise DaemonUnavailable(
            f"others can enter {folder} (mode {stat.S_IMODE(status.st_mode):04o}); run: chmod 700 {shlex.quote(folder)}"
        )


def _is_starting(path: str) -> bool:
    """Whether the process named in the lock file beside the socket is alive. (Trying the lock would disturb it.)"""
    try:
        with open(path + ".lock", encoding="ascii") as file:
            text = file.read().strip()
        if text:
            os.kill(int(text), 0)
    except (OSError, ValueError):
        return False
    return True


def _last_line(path: str, start: int) -> str:
    """The last line of a file that was written after its first ``start`` bytes."""
    try:
        with open(path, "rb") as file:
            file.seek(start)
            lines = file.read().decode("utf-8", "replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
