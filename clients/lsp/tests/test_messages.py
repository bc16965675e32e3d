"""Every message of `fixlipd lsp`, with the demo model."""

import base64
import pathlib
import shutil
import tempfile
import unittest

from lsp_client import EVERYTHING, Server, pulling

SCENES = pathlib.Path(__file__).resolve().parents[3] / "models" / "demo" / "scenes"
QUICK = {"budget": 32}

TEXT = """# Scenes

![a dog next to a guitar](scene-01.png)

![a postbox next to a whale](scene-03.png)

![](scene-02.png)
"""


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("scene-00", "scene-01", "scene-02", "scene-03", "scene-04"):
            shutil.copy(SCENES / f"{name}.png", self.folder)

    def uri(self, name="a.md"):
        return f"file://{self.folder}/{name}"

    def server(self, *arguments, **options):
        server = Server(*arguments, **options)
        self.addCleanup(server.__exit__)
        return server

    def running(self, capabilities=None, options=None, **more):
        server = self.server(configuration=more.pop("configuration", None), **more)
        server.initialize(capabilities, self.folder, QUICK if options is None else options)
        return server

    def judged(self, text=TEXT, name="a.md", language="markdown", **more):
        """A server with a document whose captions are explained, and its diagnostics."""
        server = self.running(**more)
        server.open(self.uri(name), text, language)
        server.wait(
            lambda: "word-against-image" in (server.codes(self.uri(name)) or []), "a word is found to lower the match"
        )
        return server


class Lifecycle(Case):
    def test_what_is_offered(self):
        server = self.server()
        result = server.initialize()
        self.assertEqual(result["serverInfo"]["name"], "fixlipd")
        self.assertEqual(result["capabilities"]["positionEncoding"], "utf-16")
        self.assertEqual(server.close(), 0)

    def test_encodings_are_negotiated(self):
        for offered, taken in ((["utf-16", "utf-8"], "utf-8"), (["utf-32", "utf-16"], "utf-16"), ([], "utf-16")):
            server = self.server()
            result = server.initialize({"general": {"positionEncodings": offered}})
            self.assertEqual(result["capabilities"]["positionEncoding"], taken)
            server.close()

    def test_requests_before_initialize_are_refused(self):
        server = self.server()
        self.assertEqual(server.refused("textDocument/hover", {})["code"], -32002)
        server.notify("textDocument/didOpen", {"nonsense": 1})
        server.initialize()
        self.assertEqual(server.refused("initialize", {"capabilities": {}})["code"], -32600)
        self.assertEqual(server.close(), 0)

    def test_after_shutdown_all_is_refused(self):
        server = self.server()
        server.initialize()
        server.ask("shutdown")
        self.assertEqual(server.refused("textDocument/hover", {})["code"], -32600)
        server.notify("exit")
        self.assertEqual(server.process.wait(20), 0)

    def test_exit_without_shutdown_is_a_failure(self):
        server = self.server()
        server.initialize()
        server.notify("exit")
        self.assertEqual(server.process.wait(20), 1)

    def test_the_end_of_input_ends_it(self):
        server = self.server()
        server.initialize()
        server.process.stdin.close()
        self.assertEqual(server.process.wait(20), 1)

    def test_unknown_methods(self):
        server = self.running()
        self.assertEqual(server.refused("textDocument/nonsense", {})["code"], -32601)
        server.notify("nonsense/more")
        server.notify("$/setTrace", {"value": "verbose"})
        self.assertEqual(server.refused("textDocument/hover", {"position": 1})["code"], -32602)
        self.assertEqual(server.close(), 0)


class Diagnostics(Case):
    def test_rules_that_need_no_model(self):
        text = """![](scene-01.png)
![scene-02.png](scene-02.png)
![a cat](nowhere.png)
![a dog](broken.png)
![a bird](scene-03.png) ![a bird](scene-04.png)
"""
        (self.folder / "broken.png").write_bytes(b"no picture")
        off = {"caption-truncated", "fits-another-image-better", "word-against-image", "low-match"}
        server = self.running(options={"rules": {code: "off" for code in off}})
        server.open(self.uri(), text)
        server.wait(lambda: server.published(self.uri()), "diagnostics")
        found = [(d["code"], d["range"]["start"]["line"], d["severity"]) for d in server.published(self.uri())]
        self.assertEqual(
            found,
            [
                ("alt-missing", 0, 2),
                ("alt-is-file-name", 1, 2),
                ("image-not-found", 2, 1),
                ("image-unreadable", 3, 1),
                ("alt-duplicate", 4, 3),
            ],
        )
        last = server.published(self.uri())[-1]
        self.assertEqual(last["relatedInformation"][0]["location"]["range"]["start"], {"line": 4, "character": 2})
        self.assertTrue(last["codeDescription"]["href"].endswith("docs/lint.md#alt-duplicate"))
        server.notify("textDocument/didClose", {"textDocument": {"uri": self.uri()}})
        server.wait(lambda: server.published(self.uri()) == [], "diagnostics are taken away")
        self.assertEqual(server.close(), 0)

    def test_a_word_against_the_image(self):
        server = self.judged()
        word = next(d for d in server.published(self.uri()) if d["code"] == "word-against-image")
        self.assertEqual(word["range"], {"start": {"line": 4, "character": 22}, "end": {"line": 4, "character": 27}})
        self.assertIn("“whale” lowers the match by", word["message"])
        self.assertEqual(server.close(), 0)

    def test_swapped_captions(self):
        server = self.running()
        server.open(self.uri(), "![a snake next to a cat](scene-01.png)\n![a dog next to a guitar](scene-02.png)\n")
        server.wait(
            lambda: (server.codes(self.uri()) or []).count("fits-another-image-better") == 2, "both captions are found"
        )
        first = next(d for d in server.published(self.uri()) if d["code"] == "fits-another-image-better")
        self.assertEqual(first["relatedInformation"][0]["location"]["range"]["start"]["line"], 1)

    def test_a_caption_that_is_too_long(self):
        words = " ".join(["a dog next to a guitar"] * 8)
        server = self.running()
        server.open(self.uri(), f"![{words}](scene-01.png)\n")
        server.wait(lambda: "caption-truncated" in (server.codes(self.uri()) or []), "the end is marked")
        cut = next(d for d in server.published(self.uri()) if d["code"] == "caption-truncated")
        self.assertEqual(cut["range"]["end"]["character"], 2 + len(words))
        self.assertGreater(cut["range"]["start"]["character"], 40)

    def test_pull_with_refresh(self):
        server = self.running(pulling())
        server.open(self.uri(), TEXT)
        params = {"textDocument": {"uri": self.uri()}}
        first = server.ask("textDocument/diagnostic", params)
        self.assertIn("alt-missing", [d["code"] for d in first["items"]])

        def refreshes():
            return sum(r["method"] == "workspace/diagnostic/refresh" for r in server.requests)

        report, seen = first, 0
        while "word-against-image" not in [d["code"] for d in report["items"]]:
            server.wait(lambda: refreshes() > seen, "the client is told to ask again")  # noqa: B023
            seen = refreshes()
            report = server.ask("textDocument/diagnostic", params)
        again = server.ask("textDocument/diagnostic", params | {"previousResultId": report["resultId"]})
        self.assertIn(again["kind"], ("unchanged", "full"))
        whole = server.ask("workspace/diagnostic", {"previousResultIds": []})
        self.assertEqual([item["uri"] for item in whole["items"]], [self.uri()])
        self.assertIsNone(server.published(self.uri()))
        self.assertEqual(server.close(), 0)

    def test_pull_without_refresh_waits_for_all(self):
        server = self.running(pulling(refreshes=False))
        server.open(self.uri(), TEXT)
        report = server.ask("textDocument/diagnostic", {"textDocument": {"uri": self.uri()}})
        self.assertIn("word-against-image", [d["code"] for d in report["items"]])

    def test_the_whole_workspace(self):
        (self.folder / "closed.md").write_text("![](scene-01.png)\n")
        (self.folder / "other.txt").write_text("![](scene-01.png)\n")
        server = self.running(pulling(), options={"wholeWorkspace": True, **QUICK})
        whole = server.ask("workspace/diagnostic", {"previousResultIds": []})
        found = {item["uri"]: [d["code"] for d in item["items"]] for item in whole["items"]}
        self.assertEqual(found, {self.uri("closed.md"): ["alt-missing"]})

    def test_changes_of_files(self):
        server = self.running()
        server.open(self.uri(), "![a rose](new.png)\n")
        server.wait(lambda: server.codes(self.uri()) == ["image-not-found"], "the image is missed")
        shutil.copy(self.folder / "scene-04.png", self.folder / "new.png")
        server.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": self.uri("new.png"), "type": 1}]})
        server.wait(lambda: "image-not-found" not in server.codes(self.uri()), "it is found")

    def test_settings_of_editor_and_project(self):
        server = self.running(configuration={"rules": {"alt-missing": "error"}})
        server.open(self.uri(), "![](scene-01.png)\n")
        server.wait(lambda: [d["severity"] for d in server.published(self.uri()) or []] == [1], "the editor's severity")
        (self.folder / ".fixlip.toml").write_text('[rules]\nalt-missing = "off"\n')
        server.notify("workspace/didChangeWatchedFiles", {"changes": []})
        server.wait(lambda: server.published(self.uri()) == [], "the project's settings")
        (self.folder / ".fixlip.toml").write_text("[rules\n")
        server.notify("workspace/didChangeWatchedFiles", {"changes": []})

        def told():
            shown = [m["params"]["message"] for m in server.notifications if m["method"] == "window/showMessage"]
            return [text for text in shown if ".fixlip.toml:" in text]

        server.wait(told, "what is wrong with the file")
        server.notify("workspace/didChangeConfiguration", {"settings": {}})
        self.assertEqual(server.close(), 0)


class Positions(Case):
    def test_changes_and_ranges_in_every_encoding(self):
        before = "é🐍 ![süß 🐍 "
        units = {
            "utf-8": lambda text: len(text.encode()),
            "utf-16": lambda text: len(text.encode("utf-16-le")) // 2,
            "utf-32": len,
        }
        for encoding, count in units.items():
            with self.subTest(encoding):
                capabilities = dict(EVERYTHING, general={"positionEncodings": [encoding, "utf-16"]})
                if encoding == "utf-32":
                    capabilities["general"] = {"positionEncodings": ["utf-32"]}
                server = self.running(capabilities)
                server.open(self.uri(), f"\n{before}whale](scene-01.png)\r\n\n![a cat](nowhere.png)")
                start = {"line": 1, "character": count(before)}
                end = {"line": 1, "character": count(before + "whale")}
                server.change(
                    self.uri(),
                    2,
                    {"range": {"start": start, "end": end}, "text": "a dog next to a whale"},
                    {"range": {"start": {"line": 3, "character": 2}, "end": {"line": 3, "character": 99}}, "text": "x"},
                )
                server.wait(
                    lambda: "word-against-image" in (server.codes(self.uri(), 2) or []), "the word after the change"
                )
                found = next(d for d in server.published(self.uri(), 2) if "whale" in d["message"])
                self.assertEqual(
                    found["range"],
                    {
                        "start": {"line": 1, "character": count(before + "a dog next to a ")},
                        "end": {"line": 1, "character": count(before + "a dog next to a whale")},
                    },
                )
                server.close()


class Features(Case):
    def test_inlay_hints(self):
        server = self.judged()
        whole = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
        hints = server.ask("textDocument/inlayHint", {"textDocument": {"uri": self.uri()}, "range": whole})
        self.assertEqual([h["position"] for h in hints], [{"line": 2, "character": 24}, {"line": 4, "character": 27}])
        self.assertRegex(hints[0]["label"], r"^0\.\d{3} ± 0\.\d{3}$")
        part = {"start": {"line": 4, "character": 0}, "end": {"line": 5, "character": 0}}
        self.assertEqual(
            len(server.ask("textDocument/inlayHint", {"textDocument": {"uri": self.uri()}, "range": part})), 1
        )
        self.assertTrue([r for r in server.requests if r["method"] == "workspace/inlayHint/refresh"])

    def test_hover(self):
        server = self.judged(options=QUICK | {"pictures": True})
        here = {"textDocument": {"uri": self.uri()}, "position": {"line": 2, "character": 5}}
        hover = server.ask("textDocument/hover", here)
        text = hover["contents"]["value"]
        self.assertRegex(text, r"^\*\*“dog”\*\* \+\d+\.\d\d ± \d+\.\d\d logits")
        self.assertRegex(text, r"\* row \d, column \d: \+\d+\.\d\d")
        picture = text.split("base64,")[1].rstrip(")")
        self.assertIn(b"<svg", base64.b64decode(picture))
        self.assertEqual(hover["range"], {"start": {"line": 2, "character": 4}, "end": {"line": 2, "character": 7}})
        here["position"] = {"line": 2, "character": 30}
        self.assertIn("Cosine", server.ask("textDocument/hover", here)["contents"]["value"])
        here["position"] = {"line": 0, "character": 3}
        self.assertIsNone(server.ask("textDocument/hover", here))

    def test_semantic_tokens(self):
        server = self.judged()
        data = server.ask("textDocument/semanticTokens/full", {"textDocument": {"uri": self.uri()}})["data"]
        tokens, line, column = [], 0, 0
        for index in range(0, len(data), 5):
            line, column = line + data[index], data[index + 1] + (0 if data[index] else column)
            start = TEXT.splitlines()[line][column : column + data[index + 2]]
            tokens.append((start, data[index + 3]))
        self.assertIn(("dog", 0), tokens)
        self.assertIn(("guitar", 0), tokens)
        self.assertIn(("whale", 1), tokens)

    def test_code_actions_for_swapped_captions(self):
        server = self.running()
        text = "![a snake next to a cat](scene-01.png)\n![a dog next to a guitar](scene-02.png)\n"
        server.open(self.uri(), text)
        server.wait(lambda: "fits-another-image-better" in (server.codes(self.uri()) or []), "the swap is found")
        place = {"start": {"line": 0, "character": 3}, "end": {"line": 0, "character": 3}}
        params = {"textDocument": {"uri": self.uri()}, "range": place, "context": {"diagnostics": []}}
        actions = {a["title"]: a for a in server.ask("textDocument/codeAction", params)}
        edits = actions["Swap with the caption of the image that this one matches better"]["edit"]["changes"]
        self.assertEqual([e["newText"] for e in edits[self.uri()]], ["a dog next to a guitar", "a snake next to a cat"])
        params["context"]["only"] = ["quickfix"]
        self.assertEqual(len(server.ask("textDocument/codeAction", params)), 1)
        command = actions["Explain against the other image's caption"]["command"]
        page = server.ask(
            "workspace/executeCommand", {"command": command["command"], "arguments": command["arguments"]}
        )
        self.assertIn("a snake", pathlib.Path(page.removeprefix("file://")).read_text())
        swap = {"uri": self.uri(), "position": {"line": 0, "character": 0}}
        server.ask("workspace/executeCommand", {"command": "fixlip.swapCaptions", "arguments": [swap]})
        self.assertEqual(len(server.applied), 1)

    def test_decorative_in_every_language(self):
        cases = {
            "markdown": ("![](scene-01.png)", '<img src="scene-01.png" alt="">'),
            "mdx": ("![](scene-01.png)", '<img src="scene-01.png" alt="" />'),
            "html": ('<p><img src="scene-01.png"></p>', '<p><img alt="" src="scene-01.png"></p>'),
            "javascriptreact": (
                'const a = <img src="./scene-01.png" />;',
                'const a = <img alt="" src="./scene-01.png" />;',
            ),
            "rst": (".. image:: scene-01.png\n   :width: 3em", ".. image:: scene-01.png\n   :alt:\n   :width: 3em"),
        }
        server = self.running()
        for language, (text, wanted) in cases.items():
            with self.subTest(language):
                uri = self.uri(f"a.{language}")
                server.open(uri, text, language)
                server.wait(lambda: server.codes(uri) == ["alt-missing"], f"a missing text in {language}")  # noqa: B023
                at = server.published(uri)[0]["range"]
                params = {"textDocument": {"uri": uri}, "range": at, "context": {"diagnostics": []}}
                action = server.ask("textDocument/codeAction", params)[0]
                self.assertEqual(action["title"], "Mark the image as decorative")
                edit = action["edit"]["changes"][uri][0]
                self.assertEqual(apply(text, edit), wanted)
                server.change(uri, 2, {"text": apply(text, edit)})
                server.wait(lambda: server.codes(uri, 2) == [], "nothing is missing")  # noqa: B023

    def test_lenses_and_links(self):
        server = self.judged()
        lenses = server.ask("textDocument/codeLens", {"textDocument": {"uri": self.uri()}})
        self.assertEqual([lens["range"]["start"]["line"] for lens in lenses], [2, 4])
        self.assertRegex(lenses[0]["command"]["title"], r"^0\.\d+ ± 0\.\d+ · why\?$")
        links = server.ask("textDocument/documentLink", {"textDocument": {"uri": self.uri()}})
        self.assertEqual(links[0]["target"], self.uri("scene-01.png"))
        self.assertEqual(
            links[0]["range"], {"start": {"line": 2, "character": 26}, "end": {"line": 2, "character": 38}}
        )
        command = lenses[0]["command"]
        page = server.ask(
            "workspace/executeCommand", {"command": command["command"], "arguments": command["arguments"]}
        )
        self.assertIn("guitar", pathlib.Path(page.removeprefix("file://")).read_text())
        shown = next(r for r in server.requests if r["method"] == "window/showDocument")
        self.assertEqual(shown["params"], {"uri": page, "external": True, "takeFocus": True})
        self.assertEqual(server.close(), 0)
        self.assertFalse(pathlib.Path(page.removeprefix("file://")).exists())

    def test_commands(self):
        server = self.judged()
        target = {"uri": self.uri(), "position": {"line": 2, "character": 0}}
        self.assertIsNone(server.ask("workspace/executeCommand", {"command": "fixlip.refine", "arguments": [target]}))
        self.assertIsNone(server.ask("workspace/executeCommand", {"command": "fixlip.check"}))
        decorative = {"uri": self.uri(), "position": {"line": 6, "character": 0}}
        server.ask("workspace/executeCommand", {"command": "fixlip.markDecorative", "arguments": [decorative]})
        self.assertIn('alt=""', str(server.applied))
        for command, arguments in (
            ("fixlip.nonsense", []),
            ("fixlip.openPage", []),
            ("fixlip.openPage", [{"uri": "file:///nowhere.md", "position": {"line": 0, "character": 0}}]),
            ("fixlip.openPage", [{"uri": self.uri(), "position": {"line": 1, "character": 0}}]),
            ("fixlip.markDecorative", [target]),
        ):
            error = server.refused("workspace/executeCommand", {"command": command, "arguments": arguments})
            self.assertEqual(error["code"], -32602, error)

    def test_progress(self):
        server = self.judged(TEXT + "".join(f"\n![a dog and {n} cats](scene-00.png)\n" for n in "abcdefgh"))

        def kinds():
            return [m["params"]["value"]["kind"] for m in server.notifications if m["method"] == "$/progress"]

        server.wait(lambda: "end" in kinds(), "progress ends")
        self.assertEqual(kinds()[0], "begin")
        self.assertTrue([r for r in server.requests if r["method"] == "window/workDoneProgress/create"])


def apply(text, edit):
    lines = text.split("\n")

    def offset(position):
        return sum(len(line) + 1 for line in lines[: position["line"]]) + position["character"]

    return text[: offset(edit["range"]["start"])] + edit["newText"] + text[offset(edit["range"]["end"]) :]


if __name__ == "__main__":
    unittest.main()
