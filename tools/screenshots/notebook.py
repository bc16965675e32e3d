"""Executes the Python client's example notebook against a daemon and takes a picture of the page.

    FIXLIPD=.build/release/fixlipd python tools/screenshots/notebook.py OUTPUT_FOLDER [PICTURE]

Writes OUTPUT_FOLDER/explain.html and, where Chromium is installed, OUTPUT_FOLDER/explain.png, and a picture of the first
explanation alone to PICTURE. Ends with an error if a cell fails, if an explanation's frame does not take the height of
its content. Needs nbclient, nbconvert, ipykernel and NumPy.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import nbclient
import nbconvert
import nbformat

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
NOTEBOOK = REPOSITORY / "clients" / "python" / "examples" / "explain.ipynb"


def execute(folder: pathlib.Path) -> nbformat.NotebookNode:
    """The notebook with its outputs, made with a daemon of its own."""
    os.environ.update(
        FIXLIPD=os.path.abspath(os.environ.get("FIXLIPD") or REPOSITORY / ".build" / "release" / "fixlipd"),
        FIXLIPD_SOCKET=str(folder / "fixlipd.sock"),
        FIXLIPD_MODELS=str(REPOSITORY / "models"),
        PYTHONPATH=str(REPOSITORY / "clients" / "python" / "src"),
    )
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    try:
        nbclient.NotebookClient(
            notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOK.parent)}}
        ).execute()
    finally:
        stop = "import fixlipd; fixlipd.Client(spawn=False).stop_daemon()"
        subprocess.run([sys.executable, "-c", stop], check=False)
    return notebook


def shows_explanations(notebook: nbformat.NotebookNode) -> int:
    """How many outputs are drawings in frames."""
    return sum(
        "<iframe" in output.get("data", {}).get("text/html", "")
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )


# A frame in a process of its own is not drawn again in a headless picture after it grew.
OPTIONS = [
    "--headless=new",
    "--disable-features=IsolateSandboxedIframes",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--run-all-compositor-stages-before-draw",
    "--virtual-time-budget=15000",
]


def page(notebook: nbformat.NotebookNode) -> str:
    return str(nbconvert.HTMLExporter(template_name="lab").from_notebook_node(notebook)[0])


def first_explanation(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The cell of the first explanation, and the text before it."""
    shown = next(
        index
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and shows_explanations(nbformat.v4.new_notebook(cells=[cell]))
    )
    return nbformat.v4.new_notebook(cells=notebook.cells[shown - 1 : shown + 1], metadata=notebook.metadata)


class Browser:
    def __init__(self, program: str) -> None:
        self.program = program

    def _run(self, html: pathlib.Path, *options: str) -> str:
        with tempfile.TemporaryDirectory(prefix="fixlipd-") as profile:
            command = [self.program, *OPTIONS, f"--user-data-dir={profile}", *options, html.as_uri()]
            return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout

    def picture(self, html: pathlib.Path, path: pathlib.Path, width: int, height: int) -> None:
        self._run(html, f"--window-size={width},{height}", f"--screenshot={path}")
        print(path)

    def document(self, html: pathlib.Path) -> str:
        """The page after its scripts have run."""
        return self._run(html, "--window-size=1200,8000", "--dump-dom")


def main(output: pathlib.Path, picture: pathlib.Path | None) -> None:
    output = output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fixlipd-") as folder:
        notebook = execute(pathlib.Path(folder))
    drawings = shows_explanations(notebook)
    if drawings != 2:
        sys.exit(f"the notebook shows {drawings} drawings; there should be 2")
    html = output / "explain.html"
    html.write_text(page(notebook), encoding="utf-8")
    print(html)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("no Chromium, so no picture\n1 passed, 0 failed")
        return
    browser = Browser(chromium)
    heights = re.findall(r'style="width: ?100%; ?height: ?(\d+)px;[^"]*" title="explanation"', browser.document(html))
    print("heights of the frames:", ", ".join(heights))
    if len(heights) != drawings or "900" in heights:
        sys.exit("a frame has kept its initial height")
    if picture is None:
        browser.picture(html, output / "explain.png", 1200, 8000)
    else:
        part = output / "first.html"
        part.write_text(page(first_explanation(notebook)), encoding="utf-8")
        browser.picture(part, picture.resolve(), 1000, 1150)
    print("2 passed, 0 failed")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(
        pathlib.Path(arguments[0] if arguments else "build/notebook"),
        pathlib.Path(arguments[1]) if len(arguments) > 1 else None,
    )
