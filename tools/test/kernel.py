"""What only a real Jupyter kernel shows: an explanation refreshes one output while it is refined, and an interrupt keeps the
result so far.

    FIXLIPD=.build/release/fixlipd .peers/notebook/bin/python tools/test/kernel.py

Prints "N passed, M failed". Needs ipykernel.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import tempfile
from typing import Any, Callable

from jupyter_client.manager import start_new_kernel

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SCENE = REPOSITORY / "models" / "demo" / "scenes" / "scene-03.png"
TIMEOUT = 120


class Cell:
    """A cell that was run: its messages, and the content of its reply."""

    def __init__(self, client: Any, code: str, watch: Callable[[dict[str, Any]], None] = lambda message: None) -> None:
        request = client.execute(code)
        self.messages: list[dict[str, Any]] = []
        while True:
            message = client.get_iopub_msg(timeout=TIMEOUT)
            if message["parent_header"].get("msg_id") != request:
                continue
            self.messages.append(message)
            watch(message)
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
        reply = client.get_shell_msg(timeout=TIMEOUT)
        while reply["parent_header"].get("msg_id") != request:
            reply = client.get_shell_msg(timeout=TIMEOUT)
        self.reply = reply["content"]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message["content"] for message in self.messages if message["msg_type"] == kind]

    @property
    def text(self) -> str:
        return "".join(content["text"] for content in self.of("stream"))


def checks(manager: Any, client: Any) -> dict[str, bool]:
    opened = Cell(
        client, f"import fixlipd\nclient = fixlipd.Client(model='demo')\nclient.load()\nscene = {str(SCENE)!r}"
    )
    whole = Cell(client, "shown = client.explain(scene, 'a postbox next to a cocktail glass', image_masks=400)\nshown")
    displays, updates = whole.of("display_data"), whole.of("update_display_data")
    names = {content["transient"]["display_id"] for content in displays + updates}

    def interrupt(message: dict[str, Any]) -> None:
        # The first picture: the refinement has an estimate.
        if not interrupted and "<img" in message["content"].get("data", {}).get("text/html", ""):
            interrupted.append(True)
            manager.interrupt_kernel()

    interrupted: list[bool] = []
    stopped = Cell(client, "long = client.explain(scene, 'a postbox', image_masks=60000)\nlong", interrupt)
    after = Cell(
        client,
        "print(long.stop_reason, 0 < long.image_masks < 60000, long.refine(image_masks=long.image_masks + 64) is long)",
    )
    final = stopped.of("update_display_data")[-1:]
    return {
        "a cell runs without an error": opened.reply["status"] == whole.reply["status"] == "ok",
        "one output is refreshed": len(displays) == 1 and len(updates) >= 1 and len(names) == 1,
        "the explanation is the cell's value, drawn in a frame": "<iframe"
        in whole.of("execute_result")[0]["data"]["text/html"],
        "an interrupted refinement ends without an error": bool(interrupted) and stopped.reply["status"] == "ok",
        "what stays of its output is a line": bool(final) and "<img" not in final[0]["data"]["text/html"],
        "it has its result and goes on when asked": after.text.strip() == "stopped True True",
    }


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="fixlipd-") as folder:
        os.environ.update(
            FIXLIPD=os.path.abspath(os.environ.get("FIXLIPD") or REPOSITORY / ".build" / "release" / "fixlipd"),
            FIXLIPD_SOCKET=f"{folder}/fixlipd.sock",
            FIXLIPD_MODELS=str(REPOSITORY / "models"),
            PYTHONPATH=str(REPOSITORY / "clients" / "python" / "src"),
        )
        manager, client = start_new_kernel(kernel_name="python3", startup_timeout=TIMEOUT)
        try:
            results = checks(manager, client)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
            subprocess.run(
                [sys.executable, "-c", "import fixlipd; fixlipd.Client(spawn=False).stop_daemon()"], check=False
            )
    for name, fine in results.items():
        if not fine:
            print("FAILED:", name)
    failed = sum(not fine for fine in results.values())
    print(f"{len(results) - failed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
