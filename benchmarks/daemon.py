"""A daemon of its own for a benchmark, and calls to it over its socket."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Daemon:
    """Starts `fixlipd serve` with the given options; ends it on leaving the `with` block.

    Args:
        told: whether `stages` can be asked where the time of requests went. What else the daemon logs is then not shown.
    """

    def __init__(self, *options, told=False):
        self.folder = tempfile.mkdtemp(prefix="fixlip-bench-")
        self.path = os.path.join(self.folder, "f.sock")
        program = os.environ.get("FIXLIPD", str(ROOT / ".build/release/fixlipd"))
        environment = dict(os.environ, FIXLIPD_MODELS=str(ROOT / "models"))
        self.process = subprocess.Popen(
            [
                program,
                "serve",
                "--socket",
                self.path,
                "--ready-fd",
                "1",
                "--log-level",
                "notice" if told else "warning",
                *(["--slow-request-log", "0"] if told else []),
                *options,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if told else None,
            stdin=subprocess.DEVNULL,
            env=environment,
        )
        if not self.process.stdout.readline():
            raise SystemExit("the daemon did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self):
        return Connection(self.path)

    def stages(self, method):
        """Seconds by stage of the next request of a method that the daemon tells of, in the order in which they were answered."""
        for line in self.process.stderr:
            told = re.search(r"slow request: (\S+) [\d.]+ ms: (.*)$", line.decode())
            if told and told[1] == method:
                return {name: float(value) / 1000 for name, value in (part.split() for part in told[2].split(", "))}
        raise RuntimeError(f"the daemon ended without telling of {method}")

    def resident(self):
        """Resident memory in bytes."""
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024


class Connection:
    """One request at a time."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rwb")
        self.id = 0
        self.progress = []

    def call(self, method, **params):
        self.id += 1
        request = {"jsonrpc": "2.0", "id": self.id, "method": method, "params": params}
        self.file.write(json.dumps(request).encode() + b"\n")
        self.file.flush()
        self.progress = []
        while True:
            reply = json.loads(self.file.readline())
            if reply.get("method") == "$/progress":
                self.progress.append(reply["params"]["value"])
            elif "error" in reply:
                raise RuntimeError(reply["error"]["message"])
            elif "result" in reply:
                return reply["result"]

    def close(self):
        self.socket.close()
