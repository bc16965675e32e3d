"""What accidents and bad clients do to `fixlipd lsp`: every request is answered once, and the server lives on."""

import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import unittest

from lsp_client import EVERYTHING, PROGRAM, Server
from test_messages import QUICK, TEXT, Case

METHODS = (
    "textDocument/hover",
    "textDocument/inlayHint",
    "textDocument/codeAction",
    "textDocument/codeLens",
    "textDocument/documentLink",
    "textDocument/semanticTokens/full",
    "textDocument/diagnostic",
)


def params(method, uri, line=2):
    place = {"line": line, "character": 5}
    result = {"textDocument": {"uri": uri}}
    if method == "textDocument/hover":
        result["position"] = place
    if method in ("textDocument/inlayHint", "textDocument/codeAction"):
        result["range"] = {"start": place, "end": place}
    if method == "textDocument/codeAction":
        result["context"] = {"diagnostics": []}
    return result


class Accidents(Case):
    def test_the_text_changes_in_the_middle_of_everything(self):
        rng = random.Random(1)
        server = self.running()
        server.open(self.uri(), TEXT)
        numbers = []
        for version in range(2, 80):
            line = rng.randrange(8)
            at = {"line": line, "character": rng.randrange(30)}
            end = {"line": line + rng.randrange(2), "character": rng.randrange(30)}
            server.change(
                self.uri(), version, {"range": {"start": at, "end": max(at, end, key=key)}, "text": "![a dog](x"}
            )
            method = rng.choice(METHODS)
            numbers.append(server.begin(method, params(method, self.uri(), line)))
        server.change(self.uri(), 80, {"text": TEXT})
        for number in numbers:
            reply = server.wait_reply(number)
            if "error" in reply:
                self.assertIn(reply["error"]["code"], (-32801, -32800))
        server.wait(lambda: "word-against-image" in (server.codes(self.uri(), 80) or []), "the last text is judged")
        self.assertEqual(server.close(), 0)

    def test_cancelled_at_any_moment(self):
        rng = random.Random(2)
        server = self.running()
        server.open(self.uri(), TEXT)
        numbers = []
        for _ in range(120):
            method = rng.choice(METHODS)
            number = server.begin(method, params(method, self.uri()))
            numbers.append(number)
            if rng.random() < 0.7:
                server.notify("$/cancelRequest", {"id": rng.choice(numbers)})
        for number in numbers:
            reply = server.wait_reply(number)
            if "error" in reply:
                self.assertEqual(reply["error"]["code"], -32800)
        server.notify("$/cancelRequest", {"id": "never sent"})
        server.notify("$/cancelRequest", {})
        self.assertEqual(server.close(), 0)

    def test_ten_thousand_lines(self):
        lines = [
            f"line {n} ![a dog next to a guitar](scene-0{n % 5}.png)" if n % 10 == 0 else "text" for n in range(10_000)
        ]
        server = self.running(
            options=QUICK | {"rules": {"word-against-image": "off", "fits-another-image-better": "off"}}
        )
        server.open(self.uri(), "\n".join(lines) + "\n![](scene-01.png)\n")
        server.wait(lambda: "alt-missing" in (server.codes(self.uri()) or []), "the last line is read")
        for version in range(2, 30):
            place = {"line": 9_990, "character": 0}
            server.change(self.uri(), version, {"range": {"start": place, "end": place}, "text": "x"})
        server.wait(lambda: "alt-missing" in (server.codes(self.uri(), 29) or []), "the last change is read")
        links = server.ask("textDocument/documentLink", {"textDocument": {"uri": self.uri()}})
        self.assertEqual(len(links), 1_001)
        self.assertEqual(server.close(), 0)

    def test_a_model_that_cannot_be_loaded_is_told_once(self):
        server = self.running(options={"model": "no/such-model"})
        for name in ("a.md", "b.md"):
            server.open(self.uri(name), TEXT)
        for version in range(2, 6):
            server.change(self.uri(), version, {"text": TEXT + "\n" * version})
            server.wait(lambda: server.codes(self.uri(), version) is not None, "what needs no model")  # noqa: B023
        error = server.refused("textDocument/hover", params("textDocument/hover", self.uri()))
        self.assertIn("no/such-model", error["message"])
        shown = [m["params"]["message"] for m in server.notifications if m["method"] == "window/showMessage"]
        self.assertEqual(len(shown), 1, shown)
        self.assertIn("no/such-model", shown[0])
        self.assertEqual(server.codes(self.uri(), 5), ["alt-missing"])
        self.assertEqual(server.close(), 0)

    def test_an_image_that_is_replaced(self):
        server = self.judged()
        shutil.copy(self.folder / "scene-00.png", self.folder / "scene-03.png")
        server.notify("workspace/didChangeWatchedFiles", {"changes": []})
        server.wait(
            lambda: "“whale” lowers" not in str(server.published(self.uri())), "the whale is in the picture by now"
        )
        (self.folder / "scene-03.png").write_bytes((self.folder / "scene-00.png").read_bytes()[:20_000])
        server.notify("workspace/didChangeWatchedFiles", {"changes": []})
        server.wait(lambda: "image-unreadable" in server.codes(self.uri()), "half a picture")
        self.assertEqual(server.close(), 0)


class Daemons(unittest.TestCase):
    """With a daemon of their own."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.folder.chmod(0o700)
        self.environment = {
            "FIXLIPD_SOCKET": f"{self.folder}/f.sock",
            "HOME": str(self.folder),
            "XDG_STATE_HOME": str(self.folder / "state"),
        }
        scenes = pathlib.Path(__file__).resolve().parents[3] / "models" / "demo" / "scenes"
        for scene in scenes.glob("scene-*.png"):
            shutil.copy(scene, self.folder)
        self.uri = f"file://{self.folder}/a.md"

    def server(self, *arguments):
        server = Server(*arguments, environment=self.environment)
        self.addCleanup(server.__exit__)
        server.initialize(EVERYTHING, self.folder, QUICK)
        return server

    def start_daemon(self):
        program = os.environ.get("FIXLIPD_DAEMON", PROGRAM)
        daemon = subprocess.Popen(
            [program, "serve", "--socket", self.environment["FIXLIPD_SOCKET"], "--ready-fd", "1"],
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        daemon.stdout.read(1)

        def end():
            daemon.kill()
            daemon.wait()
            daemon.stdout.close()

        self.addCleanup(end)
        return daemon

    def test_the_daemon_is_killed(self):
        daemon = self.start_daemon()
        server = self.server("--no-spawn")
        server.open(self.uri, TEXT)
        server.wait(lambda: "word-against-image" in (server.codes(self.uri) or []), "a first answer")
        daemon.send_signal(signal.SIGKILL)
        daemon.wait()
        self.start_daemon()
        server.change(self.uri, 2, {"text": "![a postbox next to a camel](scene-03.png)\n"})
        server.wait(lambda: "“camel” lowers" in str(server.published(self.uri, 2)), "an answer of the next daemon")
        self.assertEqual(server.close(), 0)

    def test_no_daemon(self):
        server = self.server("--no-spawn")
        server.open(self.uri, TEXT)
        server.wait(lambda: server.codes(self.uri) == ["alt-missing"], "what needs no model")
        server.wait(
            lambda: [m for m in server.notifications if m["method"] == "window/showMessage"], "what is wrong is told"
        )
        for version in range(2, 5):
            server.change(self.uri, version, {"text": TEXT})
            server.wait(lambda: server.published(self.uri, 1) is not None, "it lives on")
        server.ask("textDocument/documentLink", {"textDocument": {"uri": self.uri}})
        shown = [m for m in server.notifications if m["method"] == "window/showMessage"]
        self.assertEqual(len(shown), 1, shown)
        self.assertEqual(server.close(), 0)


class Clients(Case):
    def test_one_that_answers_nothing(self):
        server = self.running(answers=False)
        server.open(self.uri(), TEXT)
        server.wait(lambda: "word-against-image" in (server.codes(self.uri()) or []), "diagnostics all the same")
        self.assertEqual(server.close(), 0)

    def test_one_without_capabilities(self):
        server = self.running({})
        server.open(self.uri(), TEXT)
        server.wait(lambda: "word-against-image" in (server.codes(self.uri()) or []), "diagnostics")
        hover = server.ask("textDocument/hover", params("textDocument/hover", self.uri()))
        self.assertEqual(hover["contents"]["kind"], "plaintext")
        actions = server.ask("textDocument/codeAction", params("textDocument/codeAction", self.uri()))
        self.assertEqual({type(a["command"]) for a in actions}, {str})
        self.assertEqual(server.requests, [])
        self.assertEqual(server.close(), 0)

    def test_nonsense(self):
        server = self.running()
        server.methods[5] = "a message that is no request"
        for body in (b"[]", b"{", b"1", b'{"jsonrpc":"2.0","id":{},"method":"x"}', b'{"id":5}', b"[1,2]"):
            server.send_raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        for notification in ("textDocument/didOpen", "textDocument/didChange", "textDocument/didClose"):
            server.notify(notification, {"textDocument": 5})
        server.change("file:///never-opened.md", 2, {"text": "x"})
        server.open(self.uri("a.cobol"), "x", "cobol")
        links = server.ask("textDocument/documentLink", {"textDocument": {"uri": self.uri("a.cobol")}})
        self.assertEqual(links, [])
        server.open("untitled:Untitled-1", TEXT)
        self.assertEqual(server.ask("textDocument/documentLink", {"textDocument": {"uri": "untitled:Untitled-1"}}), [])
        self.assertEqual(server.close(), 0)

    def test_a_broken_frame(self):
        server = self.running()
        server.send_raw(b"nonsense\r\n\r\n")
        self.assertEqual(server.process.wait(20), 1)


def key(position):
    return position["line"], position["character"]


if __name__ == "__main__":
    unittest.main()
