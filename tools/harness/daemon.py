"""Daemons of one's own: private folder, private socket, log kept, the process watched."""

import os
import pathlib
import resource
import select
import shutil
import signal
import subprocess
import tempfile
import time

from harness.client import Client, PipeStream, connect
from harness.wire import LINES

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("FIXLIPD", str(REPOSITORY / ".build/release/fixlipd"))
FIXTURES = REPOSITORY / "Tests" / "Fixtures"
# The quickest to load and to run.
SMALL_MODEL = str(FIXTURES / "clip-small")
SCENES = sorted((REPOSITORY / "models" / "demo" / "scenes").glob("scene-*.png"))

# What a Swift program writes to its standard error when it traps, and sanitizers when they find something.
CRASH_WORDS = (
    "Fatal error",
    "Crash",
    "Illegal instruction",
    "Precondition failed",
    "SWIFT TASK CONTINUATION MISUSE",
    "AddressSanitizer",
    "ThreadSanitizer",
)


class Failure(Exception):
    """The daemon did not do what the case demands."""


def check(condition, message):
    if not condition:
        raise Failure(message)


def wait_for(what, condition, seconds=30.0, interval=0.05):
    """Polls until `condition()` is true and returns it; a Failure that names `what` after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {seconds:g} s")
        time.sleep(interval)


def heed_signals():
    """SIGINT and SIGHUP end this program and what it starts, also where they were ignored (`nohup make test &`)."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Daemon:
    """Runs `fixlipd serve` on a socket in a folder, which is its own and temporary where none is given.

    On leaving the context it must still be alive, end by SIGTERM with status 0, and have logged no crash; a case that
    ends it on purpose says so with `kill`, `wait` or `terminate`. `close` ends it without any of that.
    """

    def __init__(
        self,
        program=PROGRAM,
        folder=None,
        *options,
        descriptor_limit=None,
        log_level="warning",
        socket=None,
        inherited=None,
        expect_start=True,
        variables=None,
        log_pipe=False,
    ):
        self.program = str(program)
        self.own_folder = None if folder else tempfile.TemporaryDirectory(prefix="flt-", ignore_cleanup_errors=True)
        self.folder = pathlib.Path(folder or self.own_folder.name)
        self.options = [str(option) for option in options]
        self.descriptor_limit = descriptor_limit
        self.log_level = log_level
        self.socket = str(socket or self.folder / "f.sock")
        self.inherited = inherited
        self.expect_start = expect_start
        self.variables = variables or {}
        self.log_path = self.folder / "log"
        # The log goes to a pipe that is read by `read_log` only.
        self.log_pipe = os.pipe() if log_pipe else None
        self.process = None
        self.ended = False
        self.clients = []

    def start(self):
        command = [self.program, "serve", "--socket", self.socket, "--ready-fd", "1", "--log-level", self.log_level]
        command += self.options
        keep = ()
        if self.inherited is not None:
            # LISTEN_PID must be that of the daemon, which the shell becomes; the socket must be descriptor 3.
            number = self.inherited.fileno()
            script = f'exec 3<&{number}; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=fixlipd exec "$@"'
            command = ["sh", "-c", script, "sh", *command]
            keep = (number,)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self.log_pipe[1] if self.log_pipe else log,
                env=environment(self.folder) | self.variables,
                cwd=self.folder,
                preexec_fn=self.limit_descriptors,
                pass_fds=keep,
            )
        ready = self.process.stdout.readline()
        if not ready:
            status = self.process.wait(30)
            self.ended = True
            if self.expect_start:
                raise Failure(f"the daemon did not start (status {status}): {self.log()[-500:]}")
        return self

    def limit_descriptors(self):
        limit = self.descriptor_limit
        if limit:
            resource.setrlimit(resource.RLIMIT_NOFILE, limit if isinstance(limit, tuple) else (limit, limit))

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, trace):
        for client in self.clients:
            client.close()
        try:
            if kind is None:
                if not self.ended:
                    self.check_alive()
                    status = self.terminate()
                    check(status == 0, f"SIGTERM at the end of the case gave status {status}: {self.crash()}")
                self.check_log()
            elif not self.ended and self.process.poll() is not None:
                raise Failure(f"the daemon ended with status {self.process.returncode}: {self.crash()}") from error
        finally:
            self.close()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        for descriptor in self.log_pipe or ():
            os.close(descriptor)
        if self.own_folder:
            self.own_folder.cleanup()

    @property
    def pid(self):
        return self.process.pid

    def connect(self, framing=LINES, timeout=60.0, **settings):
        client = connect(self.socket, framing, timeout, **settings)
        self.clients.append(client)
        return client

    def check_alive(self):
        status = self.process.poll()
        check(status is None, f"the daemon ended with status {status}: {self.crash()}")
        with connect(self.socket, timeout=60.0) as client:
            check("result" in client.call("server/ping"), "the daemon does not answer a ping")

    def check_log(self):
        for line in self.log().splitlines():
            check(not any(word in line for word in CRASH_WORDS), f"the log tells of a crash: {line}")

    def read_log(self, count):
        """What the pipe of the log holds and brings within a second, up to `count` bytes."""
        data = b""
        while len(data) < count and select.select([self.log_pipe[0]], [], [], 1)[0]:
            data += os.read(self.log_pipe[0], count - len(data))
        return data

    def log(self):
        return self.log_path.read_text(errors="replace")

    def crash(self):
        """What the log says of a crash, without the registers and images of the report; else its end."""
        lines = self.log().splitlines()
        for number, line in enumerate(lines):
            if "crashed" in line:
                crashed = next(
                    (i for i, text in enumerate(lines) if text.startswith("Thread") and "crashed" in text), number
                )
                frames = [text.strip() for text in lines[crashed : crashed + 25] if " in " in text]
                return " | ".join([line.strip("* "), *frames[:8]])
        return self.log()[-800:]

    def resident(self):
        """VmRSS in bytes (proc(5))."""
        return self.memory("VmRSS:")

    def peak(self):
        """VmHWM, the most that was ever resident, in bytes."""
        return self.memory("VmHWM:")

    def memory(self, field):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) * 1024
        raise Failure("the daemon is gone")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def wait(self, seconds=20.0):
        """Waits for the daemon to end by itself and returns its status."""
        self.ended = True
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"the daemon did not end within {seconds:g} s") from None

    def terminate(self, seconds=20.0):
        self.process.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self):
        self.process.kill()
        return self.wait()


PATIENCE = 120.0
"""Seconds until a daemon that says nothing counts as hung."""


class SocketDaemon(Daemon):
    """A running daemon on a socket, whose clients read all the time and take either framing."""

    def __init__(self, program=PROGRAM, options=()):
        super().__init__(program, None, *options)
        self.start()

    def connect(self):
        return super().connect(timeout=PATIENCE, eager=True, lenient=True)


class StdioDaemon:
    """`fixlipd serve --stdio`: one connection, which the process ends with."""

    def __init__(self, program=PROGRAM, options=()):
        self.folder = tempfile.TemporaryDirectory(prefix="flt-", ignore_cleanup_errors=True)
        with open(pathlib.Path(self.folder.name) / "log", "ab") as log:
            self.process = subprocess.Popen(
                [str(program), "serve", "--stdio", *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment(self.folder.name),
            )
        self.client = Client(PipeStream(self.process), timeout=PATIENCE, eager=True, lenient=True)

    def connect(self):
        return self.client

    def status(self):
        """Its exit status, once it has ended."""
        return self.process.wait(self.client.timeout)

    def close(self):
        self.client.close_input()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()


# What a program that was built with a sanitizer is told, and what narrows the processor.
PASSED_ON = {
    name: os.environ[name]
    for name in ("ASAN_OPTIONS", "TSAN_OPTIONS", "LD_PRELOAD", "FIXLIPD_INSTRUCTION_SET")
    if name in os.environ
}


def environment(folder):
    """Nothing of the user's own daemon, cache or state is touched."""
    return PASSED_ON | {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "FIXLIPD_MODELS": str(REPOSITORY / "models"),
        "FIXLIPD_SOCKET": str(pathlib.Path(folder) / "f.sock"),
        "HF_HUB_CACHE": str(pathlib.Path(folder) / "hub"),
    }


def copy_model(folder, name="model", fixture="clip-small"):
    """A copy of a fixture model that a case may damage."""
    target = pathlib.Path(folder) / name
    shutil.copytree(FIXTURES / fixture, target)
    return target
