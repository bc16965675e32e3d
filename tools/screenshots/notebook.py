"""Executes the Python client's example notebook against a daemon and takes a picture of the page.

    FIXLIPD=.build/release/fixlipd python tools/screenshots/notebook.py OUTPUT_FOLDER

Writes OUTPUT_FOLDER/explain.html and, where Chromium is installed, OUTPUT_FOLDER/explain.png. Ends with an error if a
cell fails, if an explanation's frame does not take the height of its content, or if the page reports a script error.
Needs nbclient, nbconvert, ipykernel and NumPy.
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
            notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    finally:
        stop = "import fixlipd; fixlipd.Client(spawn=False).stop_daemon()"
        subprocess.run([sys.executable, "-c", stop], check=False)
    return notebook


def shows_explanations(notebook: nbformat.NotebookNode) -> int:
    """How many outputs are drawings in frames."""
    return sum(
        "<iframe" in output.get("data", {}).get("text/html", "")
        for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs)


def main(output: pathlib.Path) -> None:
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fixlipd-") as folder:
        notebook = execute(pathlib.Path(folder))
    drawings = shows_explanations(notebook)
    if drawings != 2:
        sys.exit(f"the notebook shows {drawings} drawings; there should be 2")
    page, _ = nbconvert.HTMLExporter(template_name="lab").from_notebook_node(notebook)
    html = output / "explain.html"
    html.write_text(page, encoding="utf-8")
    print(html)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("no Chromium, so no picture")
        return
    picture = output / "explain.png"
    # A frame in a process of its own is not drawn again in a headless picture after it grew.
    options = [
        "--headless=new", "--disable-features=IsolateSandboxedIframes", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1200,8000",
        "--run-all-compositor-stages-before-draw", "--virtual-time-budget=15000",
    ]
    subprocess.run(
        [chromium, *options, f"--screenshot={picture}", html.as_uri()],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
    print(picture)
    dom = subprocess.run(
        [chromium, *options, "--dump-dom", html.as_uri()], check=True, capture_output=True, text=True, timeout=120).stdout
    heights = re.findall(r'style="width: ?100%; ?height: ?(\d+)px;[^"]*" title="explanation"', dom)
    print("heights of the frames:", ", ".join(heights))
    if len(heights) != drawings or "900" in heights:
        sys.exit("a frame has kept its initial height")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/notebook"))
