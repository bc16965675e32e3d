"""A scripted peer on a Unix socket, for what a real daemon cannot be made to do."""

from __future__ import annotations

import contextlib
import json
import socket
import threading

import fixlipd

WELCOME = {
    "protocolVersion": 1,
    "serverInfo": {"name": "peer", "version": fixlipd.__version__},
    "capabilities": {"limits": {"messageBytes": 1 << 20}},
}


class Peer:
    """Answers requests with what ``script(method, params, peer)`` returns; an ``Exception`` it raises becomes an error.

    The script may also call ``notify`` and ``hang_up``, or return ``Peer.NOTHING``.
    """

    NOTHING = object()

    def __init__(self, path, script=None, welcome=WELCOME):
        self.path = str(path)
        self.script = script or (lambda method, params, peer: {})
        self.welcome = welcome
        self.received = []
        self.arrived = threading.Condition()
        self.connections = []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with connection.makefile("rb") as stream:
                for line in stream:
                    message = json.loads(line)
                    if message["method"] == "initialize":
                        self._send(connection, {"id": message["id"], "result": self.welcome})
                        continue
                    answer = self._answer(message)
                    with self.arrived:
                        self.received.append(message)
                        self.arrived.notify_all()
                    if "id" in message and answer is not self.NOTHING:
                        self._send(connection, {"id": message["id"], **answer})
        except OSError:
            pass

    def _answer(self, message):
        try:
            result = self.script(message["method"], message["params"], self)
        except Exception as error:
            code, text, data = error.args
            return {"error": {"code": code, "message": text, "data": data}}
        return result if result is self.NOTHING else {"result": result}

    def _send(self, connection, message):
        connection.sendall(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def send(self, message):
        self._send(self.connections[-1], message)

    def progress(self, token, value):
        self.send({"method": "$/progress", "params": {"token": token, "value": value}})

    def hang_up(self):
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self.connections.clear()

    def wait_for(self, method, timeout=20):
        """The first message of a method, once it arrived."""

        def found():
            return [message for message in self.received if message["method"] == method]

        with self.arrived:
            assert self.arrived.wait_for(found, timeout), f"{method} did not arrive; there are {self.received}"
            return found()[0]

    def close(self):
        if self.listener.fileno() < 0:
            return
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.hang_up()
