"""Records the messages of one session with the demo model into docs/lsp-session.md.

record.py [PROGRAM]   needs lsprotocol: .peers/lsp/bin/python, which clients/lsp/tests/run.sh makes
"""

import json
import os
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE / "tests"))
if len(sys.argv) > 1:
    os.environ["FIXLIPD"] = sys.argv[1]

from lsp_client import EVERYTHING, Server  # noqa: E402

TEXT = "![a dog next to a guitar](scene-01.png)\n\n![a postbox next to a whale](scene-03.png)\n\n![](scene-02.png)\n"


def shown(message, folder):
    """A message as a reader wants it: members of the base protocol left out, long ones cut."""
    text = json.dumps(message, ensure_ascii=False).replace(str(folder), "/home/me/site")
    text = text.replace('{"jsonrpc": "2.0", ', "{")
    return text if len(text) <= 700 else text[:700] + "…"


def main():
    folder = pathlib.Path(tempfile.mkdtemp())
    for name in ("scene-01.png", "scene-02.png", "scene-03.png"):
        shutil.copy(ROOT / "models" / "demo" / "scenes" / name, folder)
    uri = f"file://{folder}/page.md"
    record = []
    document = {"textDocument": {"uri": uri}}
    with Server(record=record) as server:
        server.initialize(EVERYTHING, folder, {"budget": 64})
        server.open(uri, TEXT)
        server.wait(lambda: "word-against-image" in (server.codes(uri) or []), "a finding")
        server.wait(
            lambda: [m for m in server.notifications if m.get("params", {}).get("value") == {"kind": "end"}],
            "the end of the work",
        )
        whole = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
        server.ask("textDocument/inlayHint", document | {"range": whole})
        server.ask("textDocument/hover", document | {"position": {"line": 2, "character": 24}})
        server.ask("textDocument/semanticTokens/full", document)
        at = {"start": {"line": 4, "character": 0}, "end": {"line": 4, "character": 0}}
        server.ask("textDocument/codeAction", document | {"range": at, "context": {"diagnostics": []}})
        server.ask("textDocument/codeLens", document)
        word = {"start": {"line": 2, "character": 22}, "end": {"line": 2, "character": 27}}
        server.change(uri, 2, {"range": word, "text": "cocktail glass"})
        server.wait(lambda: server.published(uri, 2) is not None, "diagnostics of the change")
        server.ask("textDocument/hover", document | {"position": {"line": 2, "character": 24}})
        server.close()
    lines = [
        "# A session of the language server",
        "",
        "<!-- Written by clients/lsp/record.py. -->",
        "",
        "What an editor (→) and `fixlipd lsp` (←) said to each other over a document of three images, with the demo model and `budget` 64.",
        "`jsonrpc` is left out, and long messages are cut at “…”. [editors.md](editors.md#any-editor-with-the-language-server-protocol) says what it is good for.",
        "",
        "```",
    ]
    lines += [f"{'→' if side == 'client' else '←'} {shown(message, folder)}" for side, message in record]
    lines.append("```")
    (ROOT / "docs" / "lsp-session.md").write_text("\n".join(lines) + "\n")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
