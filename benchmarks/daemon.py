"""A daemon of its own for a benchmark, and calls to it over its socket."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Daemon:
    """Starts `fixlipd serve` with the given options; ends it on leaving the `with` block."""

    def __init__(self, *options):
        self.folder = tempfile.mkdtemp(prefix="fixlip-bench-")
        self.path = os.path.join(self.folder, "f.sock")
        program = os.environ.get("FIXLIPD", str(ROOT / ".build/release/fixlipd"))
        environment = dict(os.environ, FIXLIPD_MODELS=str(ROOT / "models"))
        self.process = subprocess.Popen(
            [program, "serve", "--socket", self.path, "--ready-fd", "1", "--log-level", "warning", *options],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=environment)
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
