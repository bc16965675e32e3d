"""A client of the Language Server Protocol for tests: every message from the server is held against the protocol's own types
(the package lsprotocol), every request is answered once, and what the server asks is answered."""

import contextlib
import json
import os
import subprocess
import threading
import time

from lsprotocol import converters, types

CONVERTER = converters.get_converter()
PROGRAM = os.environ.get("FIXLIPD", "fixlipd")
TIMEOUT = 90


class ProtocolError(Exception):
    """The server broke the protocol."""


def hold(message, kind, what):
    """Fails unless a message is one of a type of the protocol: nothing in it is unknown, nothing is lost or changed."""
    again = CONVERTER.unstructure(CONVERTER.structure(message, kind), kind)
    if again != message:
        raise ProtocolError(f"{what} is no {kind.__name__}:\n  {json.dumps(message)}\n  {json.dumps(again)}")


EVERYTHING = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {
        "applyEdit": True,
        "configuration": True,
        "workspaceFolders": True,
        "didChangeConfiguration": {},
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "semanticTokens": {"refreshSupport": True},
        "codeLens": {"refreshSupport": True},
        "inlayHint": {"refreshSupport": True},
        "diagnostics": {"refreshSupport": True},
    },
    "textDocument": {
        "publishDiagnostics": {"relatedInformation": True, "versionSupport": True, "codeDescriptionSupport": True},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["", "quickfix", "source"]}}},
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
}


def pulling(refreshes=True):
    """Capabilities of a client that asks for diagnostics."""
    capabilities = json.loads(json.dumps(EVERYTHING))
    capabilities["textDocument"]["diagnostic"] = {}
    if not refreshes:
        del capabilities["workspace"]["diagnostics"]
    return capabilities


class Server:
    """The program as a child, with a thread that reads what it says."""

    def __init__(self, *arguments, configuration=None, environment=None, answers=True, record=None):
        self.configuration = configuration
        self.answers = answers
        self.record = record
        self.process = subprocess.Popen(
            [PROGRAM, "lsp", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
        )
        self.lock = threading.Lock()
        self.replies = {}
        self.methods = {}
        self.notifications = []
        self.requests = []
        self.news = threading.Condition()
        self.failure = None
        self.last = 0
        self.applied = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    # What is sent

    def send_raw(self, data):
        with self.lock:
            self.process.stdin.write(data)
            self.process.stdin.flush()

    def send(self, message):
        if self.record is not None:
            self.record.append(("client", message))
        body = json.dumps(message, ensure_ascii=False).encode()
        self.send_raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def notify(self, method, params=None):
        message = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message["params"] = params
        self.send(message)

    def begin(self, method, params=None):
        """Sends a request; returns its id."""
        self.last += 1
        number = self.last
        self.methods[number] = method
        message = {"jsonrpc": "2.0", "id": number, "method": method}
        if params is not None:
            message["params"] = params
        self.send(message)
        return number

    def wait_reply(self, number, timeout=TIMEOUT):
        self.wait(lambda: number in self.replies, f"reply {number} to {self.methods[number]}", timeout)
        return self.replies[number]

    def ask(self, method, params=None, timeout=TIMEOUT):
        """Sends a request and returns its result; an error reply fails."""
        reply = self.wait_reply(self.begin(method, params), timeout)
        if "error" in reply:
            raise ProtocolError(f"{method}: {reply['error']}")
        return reply["result"]

    def refused(self, method, params=None):
        reply = self.wait_reply(self.begin(method, params))
        if "error" not in reply:
            raise ProtocolError(f"{method} is not refused: {reply}")
        return reply["error"]

    # What comes

    def wait(self, condition, what, timeout=TIMEOUT):
        end = time.monotonic() + timeout
        with self.news:
            while True:
                if self.failure:
                    raise self.failure
                value = condition()
                if value:
                    return value
                left = end - time.monotonic()
                if left <= 0 or (self.process.poll() is not None and not self.reader.is_alive()):
                    raise ProtocolError(f"{what}: did not come; the last were {self.notifications[-3:]}")
                self.news.wait(min(left, 0.5))

    def _read(self):
        stream = self.process.stdout
        try:
            while True:
                length = None
                while line := stream.readline().strip():
                    name, _, value = line.partition(b":")
                    if name.lower() == b"content-length":
                        length = int(value)
                if length is None:
                    break
                self._take(json.loads(stream.read(length)))
        except Exception as error:  # noqa: BLE001  told to whoever waits
            self.failure = error
        with self.news:
            self.news.notify_all()

    def _take(self, message):
        if self.record is not None:
            self.record.append(("server", message))
        if "method" in message:
            self._check_call(message)
        else:
            self._check_reply(message)
        with self.news:
            if "method" not in message:
                number = message["id"]
                # Errors about what is no request have none to belong to.
                if number is not None and number in self.replies:
                    raise ProtocolError(f"request {number} is answered twice")
                self.replies[number] = message
            elif "id" in message:
                self.requests.append(message)
            else:
                self.notifications.append(message)
            self.news.notify_all()
        if "method" in message and "id" in message and self.answers:
            self.send({"jsonrpc": "2.0", "id": message["id"], "result": self._answer(message)})

    def _check_call(self, message):
        method = message["method"]
        if method not in types.METHOD_TO_TYPES:
            raise ProtocolError(f"the server calls '{method}', which is not of the protocol")
        hold(message, types.METHOD_TO_TYPES[method][0], f"the server's {method}")

    def _check_reply(self, message):
        number = message.get("id")
        if number is None:
            # The package leaves a null id out.
            hold(message | {"id": 0}, types.ResponseErrorMessage, "an error without a request")
        elif number not in self.methods:
            raise ProtocolError(f"a reply to nothing: {message}")
        elif "error" in message:
            hold(message, types.ResponseErrorMessage, f"the refusal of {self.methods[number]}")
        elif self.methods[number] == "textDocument/codeAction":
            # Commands and code actions both have a "command": the package takes one for the other.
            for item in message["result"]:
                kind = types.Command if isinstance(item.get("command"), str) else types.CodeAction
                hold(item, kind, "an item of the reply to textDocument/codeAction")
        elif self.methods[number] in types.METHOD_TO_TYPES:
            hold(message, types.METHOD_TO_TYPES[self.methods[number]][1], f"the reply to {self.methods[number]}")

    def _answer(self, message):
        method = message["method"]
        if method == "workspace/configuration":
            return [self.configuration for _ in message["params"]["items"]]
        if method == "workspace/applyEdit":
            self.applied.append(message["params"]["edit"])
            return {"applied": True}
        return {"success": True} if method == "window/showDocument" else None

    # Usual steps

    def initialize(self, capabilities=None, folder=None, options=None, client="test"):
        params = {
            "processId": os.getpid(),
            "clientInfo": {"name": client},
            "rootUri": None,
            "capabilities": EVERYTHING if capabilities is None else capabilities,
        }
        if folder:
            params["workspaceFolders"] = [{"uri": f"file://{folder}", "name": "w"}]
        if options is not None:
            params["initializationOptions"] = options
        result = self.ask("initialize", params)
        self.notify("initialized", {})
        return result

    def open(self, uri, text, language="markdown", version=1):
        self.notify(
            "textDocument/didOpen",
            {"textDocument": {"uri": uri, "languageId": language, "version": version, "text": text}},
        )

    def change(self, uri, version, *changes):
        self.notify(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": version}, "contentChanges": list(changes)},
        )

    def published(self, uri, version=None):
        """The last diagnostics that were published of a document."""
        for message in reversed(self.notifications):
            if message["method"] == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
                if version is None or message["params"].get("version") == version:
                    return message["params"]["diagnostics"]
        return None

    def codes(self, uri, version=None):
        found = self.published(uri, version)
        return None if found is None else sorted(d["code"] for d in found)

    def close(self):
        """Ends the server in good order; returns its status."""
        self.ask("shutdown")
        self.notify("exit")
        status = self.process.wait(20)
        self.reader.join(5)
        if self.failure:
            raise self.failure
        return status

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        # An answer to one of its requests may have been on the way to a server that was ended.
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
