"""The wall clock is set forward and back while everything that has to do with time is under way."""

import asyncio
import contextlib
import datetime
import json
import pathlib
import shutil
import struct
import subprocess
import threading
import time

import sessions
from cases import case
from harness.daemon import SCENES, check, environment, wait_for

HOUR = 3600
DAY = 24 * HOUR
JUMPS = (9 * HOUR, -9 * HOUR, 400 * DAY, -400 * DAY)


class WallClock:
    """A wall clock for the programs that are started with `variables`."""

    def __init__(self, folder):
        compiler = shutil.which("cc") or shutil.which("clang")
        check(compiler, "no C compiler (cc or clang) to build wall_clock.c with")
        library, path = folder / "wall_clock.so", folder / "wall-clock"
        source = pathlib.Path(__file__).with_name("wall_clock.c")
        subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, source], check=True)
        path.write_bytes(bytes(8))
        self.file = open(path, "r+b", buffering=0)
        self.jumps = 0
        self.variables = {"LD_PRELOAD": str(library), "WALL_CLOCK_OFFSET": str(path)}

    def set(self, seconds):
        """Sets it this far ahead of the true time."""
        self.file.seek(0)
        self.file.write(struct.pack("=q", seconds))
        self.jumps += 1

    @contextlib.contextmanager
    def jumping(self, generator):
        """Sets it to another time fifty times a second."""
        over = threading.Event()

        def jump():
            while not over.wait(0.02):
                self.set(generator.choice((0, 1, -1) + JUMPS))

        thread = threading.Thread(target=jump)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self.set(0)


def export_time(client, explanation):
    """The time of day as the daemon sees it."""
    content = client.result("explanation/export", {"explanation": explanation, "format": "shapiq"})["content"]
    stamp = json.loads(content)["timestamp"]
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


@case
def wall_clock_jumps_under_load(setting):
    """The wall clock leaps by hours and days fifty times a second under load: each request one reply, and commands work."""
    clock = WallClock(setting.folder)
    ledger = sessions.Ledger()
    with setting.daemon("--keep-alive", 1, variables=clock.variables) as daemon:
        client = daemon.connect()
        opened = client.result("explanation/open", {"image": str(SCENES[0]), "text": "a kite"})["explanation"]
        client.result("explanation/refine", {"explanation": opened, "budget": {"imageMasks": 64}})
        for offset in JUMPS:
            clock.set(offset)
            seen = export_time(client, opened) - time.time()
            check(abs(seen - offset) < 60, f"the daemon's clock is {seen:.0f} s ahead instead of {offset}")
        uptimes = []
        with clock.jumping(setting.random("jumps")):
            generators = [setting.random(f"clock/{index}") for index in range(12)]
            for _ in range(setting.amount(3, 20)):
                asyncio.run(sessions.run(daemon.socket, ledger, generators, 1.5, patience=30.0))
                uptimes.append(client.result("server/status")["uptimeSeconds"])
                command = subprocess.run(
                    [setting.program, "call", "server/ping", "--socket", daemon.socket],
                    capture_output=True,
                    timeout=30,
                    env=environment(setting.folder) | clock.variables,
                )
                check(command.returncode == 0, f"a command fails: {command.stderr!r}")
        check(not ledger.wrong, "; ".join(ledger.wrong[:5]))
        check(uptimes == sorted(uptimes) and uptimes[-1] < 600, f"the daemon counts its life as {uptimes} s")
        for name, method in client.result("server/status")["requests"].items():
            slowest = method.get("p99Milliseconds", 0)
            check(0 <= slowest < 60_000, f"{name} is said to take {slowest} ms")
    return f"{clock.jumps} jumps, {sum(ledger.requests.values())} requests, {len(ledger.latencies)} waited for, each one reply"


@case
def wall_clock_jumps_and_timers(setting):
    """A jump of the wall clock under each timer: nothing is let go of before its time, and nothing stays for ever."""
    clock = WallClock(setting.folder)
    for jump in JUMPS if setting.full else JUMPS[:1]:
        # Timers are set on either side of a jump, and jumps back to the true time are jumps too.
        for before, after in ((0, jump), (jump, 0)):
            timers_fire_in_time(setting, clock, before, after)
    return f"{clock.jumps} jumps: models, explanations, deadlines, unread output, idle exit, the end by a signal"


def timers_fire_in_time(setting, clock, before, after):
    clock.set(before)
    what = f"from {before / HOUR:g} h to {after / HOUR:g} h"
    limits = ("--keep-alive", 1, "--explanation-idle", 1, "--unread-timeout", 2)
    with setting.daemon(*limits, variables=clock.variables) as daemon:
        client = daemon.connect()
        start = time.monotonic()
        client.result("explanation/open", {"image": str(SCENES[0]), "text": "a kite"})
        clock.set(after)
        wait_for(f"{what}: the idle explanation closed", lambda: not client.result("server/status")["explanations"], 20)
        check(time.monotonic() - start >= 1, f"{what}: an explanation was closed before its time")

        clock.set(before)
        start = time.monotonic()
        client.result("embed/text", {"texts": ["a dog"]})
        clock.set(after)
        wait_for(f"{what}: the idle model unloaded", lambda: not client.result("server/status")["models"], 20)
        check(time.monotonic() - start >= 1, f"{what}: a model was unloaded before its time")

        clock.set(before)
        start = time.monotonic()
        number = client.post("explain", {"image": str(SCENES[0]), "text": "a kite", "deadlineMilliseconds": 1500})
        time.sleep(0.3)
        clock.set(after)
        reply = client.reply(number)
        seconds = time.monotonic() - start
        check(reply.get("result", {}).get("stopReason") == "deadline", f"{what}: a deadline gives {str(reply)[:200]}")
        elapsed = reply["result"]["elapsedMilliseconds"] / 1000
        check(
            0.3 < elapsed <= seconds < 20, f"{what}: a deadline of 1.5 s took {seconds:.1f} s, told as {elapsed:.1f} s"
        )

        clock.set(before)
        start = time.monotonic()
        greedy = daemon.connect()
        check("result" in greedy.call("server/ping"), f"{what}: no ping")
        for _index in range(40):
            greedy.post("rpc.discover")
        clock.set(after)
        wait_for(
            f"{what}: a client that does not read dropped",
            lambda: client.result("server/status")["connections"] == 1,
            30,
        )
        check(time.monotonic() - start >= 2, f"{what}: a client that does not read was dropped before its time")

        clock.set(before)
        work = [
            client.post("explain", {"image": str(SCENES[1]), "text": f"a {word}", "budget": {"imageMasks": 4000}})
            for word in ("rose", "boat", "clock")
        ]
        daemon.process.terminate()
        clock.set(after)
        check(daemon.wait(20) == 0, f"{what}: SIGTERM gave another status than 0")
        replies = {message.get("id") for message in client.rest()}
        check(replies >= set(work), f"{what}: SIGTERM lost {set(work) - replies}")

    clock.set(before)
    with setting.daemon("--idle-exit", 1, variables=clock.variables) as daemon:
        client = daemon.connect()
        check("result" in client.call("server/ping"), f"{what}: no ping")
        clock.set(after)
        check("result" in client.call("server/ping"), f"{what}: no ping after the jump")
        clock.set(before)
        start = time.monotonic()
        client.close()
        clock.set(after)
        check(daemon.wait(20) == 0, f"{what}: the idle daemon ended with another status than 0")
        check(time.monotonic() - start >= 1, f"{what}: the daemon ended before its time")
