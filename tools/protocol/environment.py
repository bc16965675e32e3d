"""Gets the library the checks need: into a folder of the build tree, once, unless Python can import it already."""

import hashlib
import importlib.util
import os
import pathlib
import subprocess
import sys

from contract import ROOT

REQUIREMENTS = pathlib.Path(__file__).with_name("requirements.txt")
MARK = "FIXLIP_PROTOCOL_CHECK"


def ensure():
    """Starts this program again in an environment that has what requirements.txt names, if this one has not."""
    if importlib.util.find_spec("jsonschema"):
        return
    if os.environ.get(MARK):
        sys.exit("jsonschema cannot be imported although it was just installed")
    folder = ROOT / ".build" / "protocol-check"
    python = folder / "bin" / "python"
    stamp = folder / "installed"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(REQUIREMENTS)],
            check=True,
        )
        stamp.write_text(wanted)
    os.execve(str(python), [str(python), *sys.argv], {**os.environ, MARK: "1"})
