"""A daemon for all tests of a run, on a private socket in a private folder."""

from __future__ import annotations

import faulthandler
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import fixlipd
import peer
import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
SCENES = REPOSITORY / "models" / "demo" / "scenes"


def program():
    """``$FIXLIPD``, else the repository's own build."""
    named = os.environ.get("FIXLIPD")
    built = REPOSITORY / ".build" / "release" / "fixlipd"
    return named or (str(built) if built.exists() else None)


class RunningDaemon:
    """A daemon of its own that a test may stop or kill."""

    def __init__(self, socket, *arguments):
        self.socket = str(socket)
        reading, writing = os.pipe()
        self.log = open(self.socket + ".log", "ab")  # noqa: SIM115 (written to until the daemon's end)
        self.process = subprocess.Popen(
            [program(), "serve", "--socket", self.socket, "--ready-fd", str(writing), *arguments],
            pass_fds=(writing,),
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
        )
        os.close(writing)
        with open(reading, "rb") as ready:
            assert ready.read(), "the daemon did not start; see " + self.socket + ".log"

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


TIME_LIMIT = 120
"""Seconds that one test may take."""


@pytest.fixture(autouse=True)
def time_limit():
    """Ends a test that hangs: with a traceback in it, or, where it does not come to that, the whole run."""

    def late(number, frame):
        raise TimeoutError(f"the test took more than {TIME_LIMIT} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(TIME_LIMIT)
    faulthandler.dump_traceback_later(TIME_LIMIT + 30, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session", autouse=True)
def interrupts():
    """SIGINT interrupts, also where the run was started with it ignored, as `nohup make test &` does."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    hangup = signal.signal(signal.SIGHUP, signal.SIG_DFL) if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else None
    yield
    signal.signal(signal.SIGINT, before)
    if hangup is not None:
        signal.signal(signal.SIGHUP, hangup)


@pytest.fixture(scope="session", autouse=True)
def private_environment():
    """No test touches the user's own daemon; the demo model is the one beside the scenes."""
    folder = tempfile.mkdtemp(prefix="fixlipd-test-")
    changed = {"XDG_RUNTIME_DIR": folder, "FIXLIPD_SOCKET": "", "FIXLIPD_MODELS": str(REPOSITORY / "models")}
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    yield pathlib.Path(folder)
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def short_path():
    """A folder whose name leaves room for a socket's."""
    folder = tempfile.mkdtemp(prefix="fixlipd-")
    yield pathlib.Path(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make_peer(short_path):
    """Makes a scripted peer: ``make_peer(script)``."""
    peers = []

    def make(script=None, **settings):
        peers.append(peer.Peer(short_path / "peer.sock", script, **settings))
        return peers[-1]

    yield make
    for made in peers:
        made.close()


@pytest.fixture(scope="session")
def daemon(private_environment):
    if program() is None:
        pytest.skip("no daemon: set $FIXLIPD or build one")
    running = RunningDaemon(private_environment / "live.sock")
    yield running
    running.close()


@pytest.fixture
def own_daemon(short_path):
    """A daemon for one test, which may kill it."""
    if program() is None:
        pytest.skip("no daemon: set $FIXLIPD or build one")
    running = RunningDaemon(short_path / "own.sock")
    yield running
    running.close()


@pytest.fixture
def client(daemon):
    with fixlipd.Client(daemon.socket, model="demo", spawn=False) as made:
        yield made


@pytest.fixture(scope="session")
def scenes():
    if not SCENES.exists():
        pytest.skip("the demo scenes are not there")
    return SCENES


@pytest.fixture(scope="session")
def scene(scenes):
    """One image of the demo model's world and a caption that fits it."""
    return str(scenes / "scene-00.png"), "there is a whale on an orange background"
